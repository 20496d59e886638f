"""The money of a run: what its decisions came to, and what the ERP made of them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import UUID

from interlock.domain.identity import Values
from interlock.domain.invoice import STEPS, Invoice, InvoiceKey, TaxTotal
from interlock.domain.record import Problem
from interlock.engine.context import Engine
from interlock.processes.billing import Held
from interlock.processes.billing.money import as_posted, money_of_run
from interlock.processes.contract_view import Answer
from interlock.store import contracts
from interlock.store.database import Transaction

Row = dict[str, Any]


def kept(answer: Answer) -> Row:
    """Return what is remembered of a decision till the run's end: what it plans, and what it does not, with the reason."""
    stopped = list(answer.billing.held)
    planned = answer.billing.planned
    if answer.wakes or answer.decision.verdict == "rejected":
        reason = Problem(answer.decision.reason, "", "")
        stopped += [Held((reason,), i.key, i.currency, i.net, i.tax, i.taxes) for i in planned]
        planned = ()
    return {"planned": [invoice.model_dump(mode="json") for invoice in planned], "held": [_plain(held) for held in stopped]}


def of_run(engine: Engine, tx: Transaction, batch: UUID, *, dry: bool) -> Values:
    """Add up what was planned, invoiced, held, what waits for approval, what the ERP rounded otherwise, and fiscal years."""
    decided = contracts.billing(tx, batch)
    done = [] if dry else contracts.done(tx, batch, STEPS[-1])
    posted = [(Invoice.model_validate(row["body"]), row["results"]) for row in done]
    waiting = [] if dry else contracts.awaiting(tx, engine.process, STEPS[0])
    money = money_of_run(
        planned=[Invoice.model_validate(body) for row in decided for body in row["planned"]],
        invoiced=[(planned, as_posted(planned, results)) for planned, results in posted],
        held=[_held(body) for row in decided for body in row["held"]],
        awaiting=[Invoice.model_validate(body) for body in waiting],
        fiscal_year_starts=engine.settings.company.fiscal_year_starts,
    )
    found: Values = money.model_dump(mode="json")
    return found


def _plain(held: Held) -> Row:
    return {
        "codes": [problem.code for problem in held.problems], "key": held.key.model_dump(mode="json"), "currency": held.currency,
        "net": str(held.net), "tax": str(held.tax), "taxes": [total.model_dump(mode="json") for total in held.taxes],
    }  # fmt: skip


def _held(body: Row) -> Held:
    taxes = tuple(TaxTotal.model_validate(total) for total in body["taxes"])
    problems = tuple(Problem(code, "", "") for code in body["codes"])
    return Held(
        problems, InvoiceKey.model_validate(body["key"]), body["currency"], Decimal(body["net"]), Decimal(body["tax"]), taxes
    )
