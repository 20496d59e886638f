"""What `interlock doctor` asks of Odoo about invoices: rights, taxes, journal, rounding, time zone, lock dates, terms."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from interlock.connectors.odoo.api import Rpc
from interlock.connectors.odoo.checks import may
from interlock.connectors.odoo.invoice_catalogue import InvoiceCatalogue
from interlock.ports.system import Check, Period

WRITTEN: Final = ("account.move", "account.move.line")
RIGHTS: Final = ("read", "write", "create", "unlink")
READ: Final = (
    "account.tax", "account.journal", "account.payment.term", "product.product", "res.currency",
    "res.company", "res.partner", "mail.message",
)  # fmt: skip
OWN_LOCKS: Final = ("user_fiscalyear_lock_date", "user_sale_lock_date", "user_tax_lock_date", "user_hard_lock_date")
LOCKS: Final = ("fiscalyear_lock_date", "period_lock_date", "tax_lock_date")
"""Up to which day the books are closed: from 18 on with what is excepted for Odoo's user, in 17 for everybody."""
FIRST_DAY: Final = date(1900, 1, 1)


def periods(rpc: Rpc) -> list[Period]:
    """Return the closed days up to the latest lock date, if there is one, and the open ones after it; Odoo has no others."""
    names = rpc.read("res.company", "fields_get", allfields=[*OWN_LOCKS, *LOCKS], attributes=["type"])
    fields = [name for name in OWN_LOCKS if name in names] or [name for name in LOCKS if name in names]
    (row,) = rpc.search("res.company", [["id", "=", rpc.company]], fields)
    locks = [row[name] for name in fields if len(row[name] or "") == len("2026-12-31")]  # `1-01-01` is no lock
    if not locks:
        return [Period(FIRST_DAY, date.max, open=True)]
    closed = max(map(date.fromisoformat, locks))
    return [Period(FIRST_DAY, closed, open=False), Period(closed + timedelta(days=1), date.max, open=True)]


def checks(rpc: Rpc, catalogue: InvoiceCatalogue, tax_codes: Sequence[str]) -> Iterator[Check]:
    """Check what drafting and posting need; `tax_codes` are the names that the tax table gives."""
    missing = [f"{right} {model}" for model in WRITTEN for right in RIGHTS if not may(rpc, model, right)]
    missing += [f"read {model}" for model in READ if not may(rpc, model, "read")]
    if missing:
        cure = "add the user to the group Billing of Odoo's Invoicing"
        yield Check("erp rights on invoices", "error", f"no right to {', '.join(missing)}", cure)
        return
    yield Check("erp rights on invoices", "ok", "to draft and post")
    yield _taxes(catalogue, tax_codes)
    yield _journal(catalogue)
    yield _rounding(rpc)
    yield _terms(rpc)
    yield from _calendar(rpc)


def _taxes(catalogue: InvoiceCatalogue, tax_codes: Sequence[str]) -> Check:
    if missing := sorted(set(tax_codes) - catalogue.taxes.keys()):
        known = ", ".join(sorted(catalogue.taxes))
        cure = f"make or activate them in Odoo (percentage of the net price), or name others in the tax table; there are {known}"
        return Check("erp taxes", "error", f"not there, or twice, in the language of Odoo's user: {', '.join(missing)}", cure)
    return Check("erp taxes", "ok", f"{len(set(tax_codes))} there")


def _journal(catalogue: InvoiceCatalogue) -> Check:
    names = [row["name"] for row in catalogue.journals]
    if not names:
        return Check("erp journal", "error", "there is no journal of type Sales", "make one in Odoo, or activate it")
    if len(names) > 1:
        cure = "put the one for invoices first in Odoo's list of journals"
        return Check("erp journal", "warning", f"of {len(names)} journals of type Sales the first is taken: {names[0]}", cure)
    return Check("erp journal", "ok", names[0])


def _rounding(rpc: Rpc) -> Check:
    (row,) = rpc.search("res.company", [["id", "=", rpc.company]], ["tax_calculation_rounding_method"])
    if row["tax_calculation_rounding_method"] == "round_globally":
        return Check("erp tax rounding", "ok", "once a document")
    cure = "set Rounding Method to Round Globally in Odoo's settings of Invoicing (EN 16931: once a category)"
    return Check("erp tax rounding", "error", "on each line", cure)


def _terms(rpc: Rpc) -> Check:
    domain = [["active", "=", True], ["company_id", "in", [False, rpc.company]]]
    if found := rpc.search("account.payment.term", domain, ["name"]):
        return Check("erp payment terms", "ok", f"{len(found)} there; a customer without one is not invoiced")
    cure = "make one in Odoo and give it to the customers (customers.payment_term: to new ones)"
    return Check("erp payment terms", "error", "there is none", cure)


def _calendar(rpc: Rpc) -> Iterator[Check]:
    (user,) = rpc.search("res.users", [["id", "=", rpc.context["uid"]]], ["tz"])
    if not user["tz"]:
        cure = "set it in the preferences of Odoo's user: it decides which day an invoice is dated"
        yield Check("erp time zone", "error", "the user has none", cure)
        return
    yield Check("erp time zone", "ok", user["tz"])
    today = rpc.server_time.astimezone(ZoneInfo(user["tz"])).date()
    first = periods(rpc)[-1].first_day
    if first > today:
        cure = "take the lock date back in Odoo; it would date invoices after it"
        yield Check("erp periods", "error", f"the books are closed up to {first - timedelta(days=1)}", cure)
    else:
        yield Check("erp periods", "ok", f"open from {first}" if first > FIRST_DAY else "open, without a lock date")
