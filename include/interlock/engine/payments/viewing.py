"""From the store's rows to what a decision about an account's receivables sees."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from interlock.domain.change import Change
from interlock.domain.identity import Ref
from interlock.domain.payment import Debtor, Receivable
from interlock.processes.payment_tasks import parse_key
from interlock.processes.payment_to_crm_status import PROCESS
from interlock.processes.payment_view import ContractShown, PaymentView, Seen, Shown, TaskShown

Row = dict[str, Any]


def view_of(row: Row, as_of: date, today: date, currency: str, bank_booked_on: date | None) -> PaymentView:
    """Return the account as a decision of this local date sees it; raises ValidationError for a document that is none."""
    ref = Ref.parse(row["ref"])
    debtor = Debtor.model_validate(row["debtor"] | {"account": ref.id}) if row["debtor"] and row["is_primary"] else None
    return PaymentView(
        ref=ref, as_of=as_of, today=today, currency=currency, archived=bool(row["archived"]), customer=row["is_primary"],
        debtor=debtor,
        owner=str((row["balance"] or {}).get("owner") or ""),
        balance=_shown(row["balance_ref"], row["balance"], row["balance_written"]) if row["balance_ref"] else None,
        documents=tuple(_receivable(found, ref.id) for found in row["documents"]),
        contracts=tuple(
            ContractShown(
                _shown(kept["ref"], kept["body"], kept["written"]), tuple(_receivable(found) for found in kept["receivables"])
            )
            for kept in row["contracts"]
        ),
        tasks={parse_key(task["key"]): TaskShown(Ref.parse(task["ref"]), task["state"]) for task in row["tasks"]},
        before={name: Seen.kept(body) for name, body in row["before"].items()},
        told_on=date.fromisoformat(row["told_on"]) if row["told_on"] and row["is_primary"] else None,
        unsent=tuple(_unsent(kept, ref) for kept in row["unsent"]),
        bank_booked_on=bank_booked_on,
    )  # fmt: skip


def _shown(ref: str, body: Mapping[str, Any], written: Mapping[str, Any] | None) -> Shown:
    return Shown(Ref.parse(ref), body, written or {})


def _receivable(found: Row, account: str = "") -> Receivable:
    """Name a document by its reference, and whom it is addressed to by the account, where it is this one's."""
    own = {"id": found["ref"]} | ({"recipient": account} if account else {})
    return Receivable.model_validate(found["body"] | own)


def _unsent(kept: Row, account: Ref) -> Change:
    return Change.create(
        kept["key"], process=PROCESS, system="crm", kind="note", subject=account, parent=account, values=kept["body"],
        why="sales reads what happened",
    )  # fmt: skip
