"""What `interlock doctor` asks of Odoo."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Final

from interlock.config import CustomerSettings
from interlock.connectors.odoo import objects
from interlock.connectors.odoo.api import Rpc, moment
from interlock.connectors.odoo.catalogue import SEQUENCE, Catalogue
from interlock.errors import ConfigurationError, ContractBroken
from interlock.ports.system import Check

MADE_FOR: Final = range(17, 20)
HAS_ACCESS: Final = 18  # the first version that has this method
NEEDED: Final = {
    "res.partner": ("read", "create", "write", "unlink"),
    "mail.message": ("read", "create", "unlink"),
    "ir.sequence": ("read",),
    "res.country": ("read",),
    "res.lang": ("read",),
    "account.payment.term": ("read",),
}
NEVER: Final = datetime.max.replace(tzinfo=UTC)
WARNED_BEFORE: Final = timedelta(days=14)
NO_SEQUENCE: Final = (
    f"Odoo has no sequence with the code {SEQUENCE}, which numbers customers: add one in Odoo (Settings, Technical, Sequences),"
    ' or set customers.number = "reserved"'
)


def checks(rpc: Rpc, catalogue: Catalogue, customers: CustomerSettings) -> Iterator[Check]:
    """Check version, rights, key and company, and what creating customers needs: numbers, names, languages, VAT ids, the term."""
    yield _version(rpc)
    missing = missing_rights(rpc)
    if missing:
        yield Check("erp rights", "error", f"no right to {', '.join(missing)}", "add the user to a group that has it")
        return
    yield Check("erp rights", "ok", f"to read and write customers ({len(NEEDED)} models)")
    yield _key(rpc)
    yield _company(rpc)
    if customers.number == "sequence":
        yield _sequence(catalogue)
    yield _prefix(rpc)
    yield Check("erp languages", "ok", ", ".join(sorted(catalogue.languages)))
    yield _vat(rpc)
    yield _payment_term(catalogue)


def missing_rights(rpc: Rpc) -> list[str]:
    """Return what the user may not do although the processes do it; rules on single records cannot be told."""
    return [f"{right} {model}" for model, rights in NEEDED.items() for right in rights if not may(rpc, model, right)]


def may(rpc: Rpc, model: str, right: str) -> bool:
    """Tell whether the user has a right on a model; rules on single records cannot be told."""
    if rpc.major >= HAS_ACCESS:
        return bool(rpc.read(model, "has_access", [], operation=right))
    return bool(rpc.read(model, "check_access_rights", operation=right, raise_exception=False))


def _version(rpc: Rpc) -> Check:
    if rpc.major in MADE_FOR:
        return Check("erp version", "ok", rpc.version)
    cure = "use Odoo 17, 18 or 19, or run the connector's tests against it"
    return Check("erp version", "warning", f"{rpc.version}, made for {MADE_FOR[0]} to {MADE_FOR[-1]}", cure)


def _key(rpc: Rpc) -> Check:
    """Warn in time: of several keys it cannot be told which one is in use, so the last to end counts."""
    keys = "res.users.apikeys"
    ends = bool(rpc.read(keys, "fields_get", allfields=["expiration_date"], attributes=["type"]))
    rows = rpc.search(keys, [["user_id", "=", rpc.context["uid"]]], ["expiration_date"]) if ends else []
    last = max((moment(row["expiration_date"]) or NEVER for row in rows), default=NEVER)
    if last - rpc.server_time > WARNED_BEFORE:
        return Check("erp API key", "ok", "does not end" if last == NEVER else f"ends on {last:%Y-%m-%d}")
    cure = "make a new one in the preferences of Odoo's user, and put it into the connection"
    return Check("erp API key", "warning", f"ends on {last:%Y-%m-%d}", cure)


def _company(rpc: Rpc) -> Check:
    fields = ["currency_id", "country_id"]
    (row,) = rpc.search("res.company", [["id", "=", rpc.company]], fields)
    if not row["country_id"]:
        return Check(
            "erp company", "error", f"company {rpc.company} has no country", "set its country in Odoo (Settings, Companies)"
        )
    return Check("erp company", "ok", f"company {rpc.company}, {row['currency_id'][1]}, {row['country_id'][1]}")


def _sequence(catalogue: Catalogue) -> Check:
    if catalogue.has_sequence:
        return Check("erp customer numbers", "ok", f"by the ERP's sequence {SEQUENCE}")
    said, _, cure = NO_SEQUENCE.partition(": ")
    return Check("erp customer numbers", "error", said, cure)


def _prefix(rpc: Rpc) -> Check:
    name = objects.EXTERNAL.rstrip(".")
    if not may(rpc, "ir.module.module", "read"):
        return Check("erp external ids", "ok", f"under {name}; whether a module is called so cannot be seen")
    if rpc.search("ir.module.module", [["name", "=", name], ["state", "!=", "uninstalled"]], ["id"]):
        said = f"a module is called {name}: Odoo would delete our customers with it"
        return Check("erp external ids", "error", said, "remove that module")
    return Check("erp external ids", "ok", f"under {name}, which no module is called")


def _vat(rpc: Rpc) -> Check:
    if rpc.read("res.partner", "fields_get", allfields=["vies_valid"], attributes=["type"]):
        return Check("erp VAT ids", "ok", "are checked by the ERP")
    cure = "install Odoo's module base_vat"
    return Check("erp VAT ids", "warning", "are kept, but Odoo does not check them", cure)


def _payment_term(catalogue: Catalogue) -> Check:
    try:
        term = catalogue.term
    except (ConfigurationError, ContractBroken) as error:
        return Check("customers.payment_term", "error", str(error), "name one that exists in Odoo and that its user may read")
    return Check("customers.payment_term", "ok", "found" if term else "the ERP's own default")
