"""What `interlock doctor` asks of Tryton."""

from __future__ import annotations

from collections.abc import Iterator

from interlock.config import CustomerSettings
from interlock.connectors.tryton.api import Rpc
from interlock.connectors.tryton.catalogue import Catalogue
from interlock.connectors.tryton.reading import FIELDS
from interlock.errors import ConfigurationError, ContractBroken
from interlock.ports.system import Check

SERIES = "8.0"
READ = ("country.country", "ir.lang", "party.configuration")
WRITTEN = {
    "party.party": ("name", "code", "lang", "identifiers", "contact_mechanisms", "addresses", "customer_payment_term"),
    "party.identifier": ("type", "code"),
    "party.contact_mechanism": ("type", "value", "name", "comment", "invoice", "active"),
    "party.address": ("attn", "street", "postal_code", "city", "country", "invoice", "active"),
    "ir.note": ("resource", "message"),
}


def checks(rpc: Rpc, catalogue: Catalogue, customers: CustomerSettings) -> Iterator[Check]:
    """Check version and rights, and what creating customers needs: numbers, countries, types of identifiers, the term."""
    yield _version(rpc)
    missing = missing_rights(rpc)
    if missing:
        yield Check("erp rights", "error", f"no right to {', '.join(missing)}", "add the user to a group that has it")
        return
    yield Check("erp rights", "ok", f"to read and write customers ({len(FIELDS)} models)")
    if customers.number == "sequence":
        yield _sequence(rpc)
    yield _countries(catalogue)
    yield _identifiers(catalogue)
    yield _payment_term(catalogue)


def missing_rights(rpc: Rpc) -> list[str]:
    """Return what the user may not do although the processes do it; rules on single records cannot be told."""
    models = list(dict.fromkeys([*FIELDS, *WRITTEN, *READ]))
    access = rpc.read("model.ir.model.access.get_access", models)
    missing: list[str] = []
    for model in models:
        needed = ("read", "write", "create", "delete") if model in WRITTEN else ("read",)
        missing += [f"{right} {model}" for right in needed if not access.get(model, {}).get(right)]
    for model, names in WRITTEN.items():
        fields = rpc.read(f"model.{model}.fields_get", list(names))
        missing += [f"write {model}.{name}" for name in names if fields.get(name, {}).get("readonly")]
    return missing


def _version(rpc: Rpc) -> Check:
    found = rpc.version()
    if f"{found}.".startswith(f"{SERIES}."):
        return Check("erp version", "ok", found)
    cure = "use Tryton 8.0, or run the connector's tests against it"
    return Check("erp version", "warning", f"{found}, made for {SERIES}", cure)


def _sequence(rpc: Rpc) -> Check:
    (row,) = rpc.read("model.party.configuration.read", [1], ["party_sequence"])
    if row["party_sequence"]:
        return Check("erp customer numbers", "ok", "by the ERP's sequence")
    cure = 'set the party sequence in Tryton, or customers.number = "reserved"'
    return Check("erp customer numbers", "error", "the ERP has no sequence for parties", cure)


def _countries(catalogue: Catalogue) -> Check:
    if catalogue.countries:
        return Check("erp countries", "ok", f"{len(catalogue.countries)} there")
    return Check("erp countries", "error", "no countries", "load them in Tryton (trytond_import_countries)")


def _identifiers(catalogue: Catalogue) -> Check:
    if "eu_vat" in catalogue.identifier_types:
        return Check("erp identifiers", "ok", "VAT ids are checked by the ERP")
    cure = "allow the type eu_vat in Tryton's party configuration"
    return Check("erp identifiers", "warning", "VAT ids are kept, but Tryton does not know them as such", cure)


def _payment_term(catalogue: Catalogue) -> Check:
    try:
        term = catalogue.term
    except (ConfigurationError, ContractBroken) as error:
        return Check("customers.payment_term", "error", str(error), "name one that exists in Tryton and that its user may read")
    return Check("customers.payment_term", "ok", "found" if term else "the ERP's own default")
