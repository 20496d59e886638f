"""What `interlock doctor` asks of Tryton about invoices: rights, taxes, journal, rounding, the calendar and its periods."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Final
from zoneinfo import ZoneInfo

from interlock.connectors.tryton.api import Row, Rpc
from interlock.connectors.tryton.invoice_catalogue import InvoiceCatalogue
from interlock.connectors.tryton.wire import read_day
from interlock.errors import ConfigurationError
from interlock.ports.system import Check, Period

WRITTEN: Final = ("account.invoice", "account.invoice.line", "account.move", "account.move.line")
RIGHTS: Final = ("read", "write", "create", "delete")
SOON: Final = 31  # days
READ: Final = (
    "account.invoice.tax", "account.tax", "account.journal", "account.period", "account.configuration", "product.product",
    "currency.currency", "company.company",
)  # fmt: skip


def periods(rpc: Rpc, company: int) -> list[Period]:
    """Return the standard periods of all fiscal years, oldest first."""
    domain = [["company", "=", company], ["type", "=", "standard"]]
    rows = rpc.search("account.period", domain, ["start_date", "end_date", "state"])
    found = [
        Period(first, last, row["state"] == "open")
        for row in rows
        if (first := read_day(row["start_date"])) and (last := read_day(row["end_date"]))
    ]
    return sorted(found, key=lambda period: period.first_day)


def checks(rpc: Rpc, catalogue: InvoiceCatalogue, tax_codes: Sequence[str]) -> Iterator[Check]:
    """Check what drafting and posting need; `tax_codes` are the names that the tax table gives."""
    missing = missing_rights(rpc)
    if missing:
        cure = "add the user to the ERP's accounting group"
        yield Check("erp rights on invoices", "error", f"no right to {', '.join(missing)}", cure)
        return
    yield Check("erp rights on invoices", "ok", "to draft and post")
    yield _taxes(catalogue, tax_codes)
    yield _journal(catalogue)
    yield _rounding(rpc)
    yield from _calendar(rpc, catalogue.company)


def missing_rights(rpc: Rpc) -> list[str]:
    """Return what the user may not do although invoices need it."""
    access = rpc.read("model.ir.model.access.get_access", [*WRITTEN, *READ])
    needed = [(model, right) for model in WRITTEN for right in RIGHTS] + [(model, "read") for model in READ]
    return [f"{right} {model}" for model, right in needed if not access.get(model, {}).get(right)]


def _taxes(catalogue: InvoiceCatalogue, tax_codes: Sequence[str]) -> Check:
    if missing := sorted(set(tax_codes) - catalogue.taxes.keys()):
        cure = f"make them in Tryton, or name others in the tax table; active there are {', '.join(sorted(catalogue.taxes))}"
        return Check("erp taxes", "error", f"not there, or twice: {', '.join(missing)}", cure)
    return Check("erp taxes", "ok", f"{len(set(tax_codes))} there")


def _journal(catalogue: InvoiceCatalogue) -> Check:
    try:
        return Check("erp journal", "ok", f"journal {catalogue.journal}, of type revenue")
    except ConfigurationError as error:
        return Check("erp journal", "error", str(error), "leave one journal of type revenue active")


def _rounding(rpc: Rpc) -> Check:
    (row,) = rpc.read("model.account.configuration.read", [1], ["tax_rounding"])
    if row["tax_rounding"] == "document":
        return Check("erp tax rounding", "ok", "once a document")
    cure = "set tax rounding to Per Document in Tryton's account configuration (EN 16931: once a category)"
    return Check("erp tax rounding", "error", "on each line", cure)


def _calendar(rpc: Rpc, company: int) -> Iterator[Check]:
    row: Row = rpc.search("company.company", [["id", "=", company]], ["timezone"])[0]
    if not row["timezone"]:
        cure = "set it on the company in Tryton: it decides which day an invoice is dated"
        yield Check("erp time zone", "error", "the company has none", cure)
        return
    yield Check("erp time zone", "ok", row["timezone"])
    today = rpc.server_time.astimezone(ZoneInfo(row["timezone"])).date()
    current = [period for period in periods(rpc, company) if period.first_day <= today <= period.last_day]
    if not current:
        yield Check("erp periods", "error", "none holds today", "make the fiscal year and its periods in Tryton")
    elif not current[0].open:
        yield Check("erp periods", "error", "today's is closed", "open it in Tryton; invoices are dated the day they are posted")
    else:
        yield _ahead(rpc, company, today)


def _ahead(rpc: Rpc, company: int, today: date) -> Check:
    last = max(period.last_day for period in periods(rpc, company) if period.open)
    if (last - today).days < SOON:
        return Check("erp periods", "warning", f"the last open one ends on {last}", "make the next fiscal year in Tryton")
    return Check("erp periods", "ok", f"open until {last}")
