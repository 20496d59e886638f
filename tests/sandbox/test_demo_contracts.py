"""Each contract of the demo shows its case: read through the connector and decided as a run does, on any day."""

from __future__ import annotations

import ast
import io
from dataclasses import asdict, dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from rich.console import Console
from stdnum import vatin

from interlock.config import CrmSettings, CustomerSettings, Endpoint, ErpSettings, load
from interlock.connectors.registry import connect
from interlock.domain.change import Rejected, Write
from interlock.domain.contract import Contract
from interlock.domain.party import Party
from interlock.processes.billing import Recipient, Rules, VatAnswer, read_contract
from interlock.processes.billing.calendar import add_months
from interlock_sandbox.demo import invoices
from interlock_sandbox.demo.cases import cases
from interlock_sandbox.demo.contracts import number
from interlock_sandbox.demo.seed import PLACES, Crm, seed
from interlock_sandbox.stack import erp
from interlock_sandbox.stack.processes import Processes
from tests.processes.billing.examples import Erp, ask
from tests.sandbox.conftest import TOKEN

ROOT = Path(__file__).resolve().parents[2]
SETTINGS = load(ROOT / "interlock.toml")
RULES = Rules(SETTINGS.billing_rules, SETTINGS.renewal, SETTINGS.tax, SETTINGS.seller)
TODAY = date(2026, 11, 25)
DAYS = [TODAY, *map(date.fromisoformat, ["2026-11-30", "2026-12-01", "2026-12-31", "2027-02-28", "2027-03-30", "2028-02-29"])]
VAT_IDS = {"DE": "DE136695976", "AT": "ATU13585627", "NL": "NL123456782B12"}
UNKNOWN = "Product that the ERP does not know"
NO_CUSTOMER = "Account that is not a customer yet"


STEPS = ("invoice", "invoice_confirmation", "invoice_posting")


@dataclass(frozen=True)
class Shows:
    """What a case comes to: nets of its invoices, tax categories, codes of what is held, waits, or is told."""

    nets: tuple[str, ...] = ()
    taxes: tuple[str, ...] = ("S",)
    held: tuple[str, ...] = ()
    waits: tuple[str, ...] = ()
    told: tuple[str, ...] = ()


SHOWN = {
    "Renewed by hand": Shows(("1200",)),
    "Renews itself for a fixed term": Shows(("448.50",)),
    "Goes on without an end": Shows(("89",)),
    "Cancelled in time: ends with its term": Shows(("149.50",)),
    "Cancelled too late: runs another term": Shows(("960",)),
    "Ended within a month: part of a period": Shows(("96.45",)),
    "Business in Austria: reverse charge": Shows(("448.50",), ("AE",)),
    "Business in the Netherlands: service and goods": Shows(("538.40",), ("AE", "K")),
    "Business in France without a VAT id": Shows(held=("tax_vat_id_missing",)),
    "Business in Switzerland: service": Shows(("448.50",), ("O",)),
    "Business in the United States: service and goods": Shows(("538.40",), ("G", "O")),
    "Above the approval limit": Shows(("12000",)),
    UNKNOWN: Shows(("99",)),
    "Consumer: no renewal by itself for a fixed term": Shows(told=("consumer_auto_renewal",)),
    "Public buyer without a Leitweg-ID": Shows(held=("buyer_reference_missing",)),
    "Public buyer with a Leitweg-ID": Shows(("89",)),
    "Price rises by 3 % with the renewal": Shows(("1847.82",)),
    "Price follows an index that nobody entered yet": Shows(waits=("price_missing",)),
    "Three months to catch up": Shows(("240", "240", "240")),
    "Support hours without a reading": Shows(waits=("reading_missing",)),
    "Period that began before go-live": Shows(held=("period_straddles_go_live",)),
    NO_CUSTOMER: Shows(("1200",)),
    "Several lines: discount, two rates, from the 16th": Shows(("360.04",), ("S", "S")),
    "Invoice to the parent company: a person confirms it": Shows(held=("recipient_differs",)),
}
LAST_DAY = {
    "Cancelled in time: ends with its term": date(2027, 1, 31),
    "Cancelled too late: runs another term": date(2027, 10, 31),
    "Ended within a month: part of a period": date(2026, 10, 20),
}
YEAR_AFTER = {  # invoices up to 1 November 2027, that day's included
    "Renewed by hand": 1, "Renews itself for a fixed term": 5, "Goes on without an end": 13, "Three months to catch up": 15,
    "Cancelled in time: ends with its term": 4, "Cancelled too late: runs another term": 1,
    "Ended within a month: part of a period": 1, "Business in Austria: reverse charge": 5, "Above the approval limit": 1,
    "Price rises by 3 % with the renewal": 2,
}  # fmt: skip


def recipient(party, identity, served):
    """An account as a run knows it; the VAT register says valid of every id whose check digits are right."""
    known = vatin.is_valid(party.vat_id)
    answer = VatAnswer(party.vat_id, "valid" if known else "invalid", TODAY if known else None) if party.vat_id else None
    return Recipient(identity, party, is_account=identity == served, vat=answer)


def shown(contract, whom, as_of):
    answer = ask(contract, as_of, recipient=whom, using=RULES)
    return answer, (
        len(answer.planned),
        tuple(problem.code for held in answer.held for problem in held.problems),
        tuple(waiting.reason for waiting in answer.waiting),
        tuple(problem.code for problem in answer.problems),
    )


def wanted(name):
    case = SHOWN[name]
    return len(case.nets), case.held, case.waits, case.told


@pytest.fixture(scope="module")
def system(service):
    """The connector to a CRM that was seeded on the day."""
    service.settings(rate=10_000, per=10, search_rate=1000, index_delay=0)
    assert seed(Crm(service.url, TOKEN), TODAY) == 60
    assert seed(Crm(service.url, TOKEN), TODAY) == 0
    return connect("hubspot", Endpoint(url=service.url, token=TOKEN), CrmSettings(), CustomerSettings())


@pytest.fixture(scope="module")
def found(system):
    """Each contract by its case's name, with its account, whom it invoices, and whether the account was won."""
    accounts = {record.ref.id: record for page in system.changed("account", None) for record in page.records}
    won = {record.parent.id for page in system.changed("deal", None) for record in page.records if record.values["won_at"]}
    read = {}
    for record in (record for page in system.changed("contract", None) for record in page.records):
        contract = read_contract(record.values)
        assert (record.problems, isinstance(contract, Contract)) == ((), True)
        party = Party.model_validate(accounts[contract.recipient].values)
        read[record.values["name"]] = contract, recipient(party, contract.recipient, contract.account), contract.account in won
    return read


def products():
    """Codes of the products that the ERP is set up with."""
    tree = ast.parse((ROOT / "include" / "interlock_sandbox" / "stack" / "tryton_setup.py").read_text())
    (rows,) = (node.value for node in tree.body if isinstance(node, ast.Assign) and node.targets[0].id == "PRODUCTS")
    return {row[0] for row in ast.literal_eval(rows)}


def test_every_case_has_one_contract(found):
    assert list(found) == list(SHOWN)
    assert [contract.number for contract, *_ in found.values()] == [number(n) for n in range(1, len(SHOWN) + 1)]


@pytest.mark.parametrize("name", SHOWN)
def test_a_contract_shows_its_case(found, name):
    contract, whom, _ = found[name]
    answer, outcome = shown(contract, whom, TODAY)
    assert outcome == wanted(name)
    assert [invoice.net for invoice in answer.planned] == [Decimal(net) for net in SHOWN[name].nets]
    assert {tuple(total.category for total in invoice.taxes) for invoice in answer.planned} <= {SHOWN[name].taxes}
    assert answer.plan.ending.last_day == LAST_DAY.get(name)
    assert all(held.net > 0 for held in answer.held)


def test_what_only_the_engine_and_the_erp_can_hold_back_is_there(found):
    assert [name for name, (_, _, won) in found.items() if not won] == [NO_CUSTOMER]
    unknown = [name for name, (contract, *_) in found.items() if {line.product for line in contract.lines} - products()]
    assert unknown == [UNKNOWN]
    limit = SETTINGS.approval.invoice_gross_above
    big = [
        name for name, (contract, whom, _) in found.items() for i in shown(contract, whom, TODAY)[0].planned if i.gross > limit
    ]
    assert big == ["Above the approval limit"]


def test_renewals_are_terms_of_their_own_at_their_prices(found):
    prices = {
        name: [line.unit_price for term in shown(c, w, TODAY)[0].plan.terms for line in term.lines]
        for name, (c, w, _) in found.items()
    }
    assert prices["Price rises by 3 % with the renewal"] == [1794, Decimal("1847.82")]
    assert prices["Price follows an index that nobody entered yet"] == [1068, None]
    assert prices["Renewed by hand"] == [1200, 1200]
    assert prices["Cancelled too late: runs another term"] == [960, 960]
    assert len(prices["Consumer: no renewal by itself for a fixed term"]) == 1


@pytest.mark.parametrize("today", DAYS, ids=str)
def test_the_cases_hold_whenever_they_are_made(today):
    for place, case in enumerate(cases(today, RULES.billing.go_live), 1):
        lines = [{"id": str(n)} | line for n, line in enumerate(case.lines)]
        served, invoiced = str(case.account), "" if case.invoiced is None else str(case.invoiced)
        said = {"number": number(place), "account": served, "invoice_account": invoiced} | case.said
        country = PLACES[case.account]
        party = Party(
            legal_name="A", street="B 1", postal_code="10115", city="C", country=country, vat_id=VAT_IDS.get(country, "")
        )
        whom = recipient(party, invoiced or served, served)
        assert (case.name, shown(Contract.model_validate(said | {"lines": lines}), whom, today)[1]) == (
            case.name,
            wanted(case.name),
        )


@pytest.mark.parametrize("name", YEAR_AFTER)
def test_the_cases_go_on_in_the_months_after(found, name):
    contract, whom, _ = found[name]
    erp = Erp(RULES, whom)
    days = [TODAY, *(add_months(TODAY.replace(day=1), months) for months in range(1, 13))]
    answers = [erp.run(contract, day) for day in days]
    assert len(erp.billed) == YEAR_AFTER[name]
    assert not any(answer.held for answer in answers)


@pytest.fixture(scope="module")
def at(cluster, tmp_path_factory):
    """An ERP as the demo sets it up."""
    folder = tmp_path_factory.mktemp("erp")
    processes = Processes(folder)
    try:
        yield erp.start(cluster, processes, folder, "demo_erp")
    finally:
        processes.stop("erp", 0.5)


def write(system, kind, values, parents):
    """Create records under their keys, each below its parent; returns the outcomes by key."""
    writes = [Write(key, "create", kind, values[key], None, parent, parent) for key, parent in parents.items()]
    return {outcome.key: outcome for outcome in system.write(writes)}


def test_the_erp_takes_every_invoice_of_the_demo(found, system, at):
    ledger = connect(
        "tryton",
        Endpoint(url=at.url, login=at.login, password=at.password, database=at.database),
        ErpSettings(),
        SETTINGS.customers,
    )
    assert {check.level for check in ledger.invoice_checks(sorted({row.code for row in SETTINGS.tax.rows}))} == {"ok"}
    parties = {whom.id: whom.party.fields() for _, whom, _ in found.values()}
    bought = write(ledger, "customer", parties, {identity: system.ref("account", identity) for identity in parties})
    planned = {i.reference: (i, whom.id) for contract, whom, _ in found.values() for i in shown(contract, whom, TODAY)[0].planned}
    values = {reference: invoice.model_dump(mode="json") for reference, (invoice, _) in planned.items()}
    refs = {reference: bought[identity].ref for reference, (_, identity) in planned.items()}
    for kind in STEPS:
        outcomes = write(ledger, kind, values, refs)
        refused = {key: outcome.code for key, outcome in outcomes.items() if isinstance(outcome, Rejected)}
        assert refused == ({f"{found[UNKNOWN][0].number}/2026-10-01": "product_unknown"} if kind == "invoice" else {})
        refs = {key: outcome.ref for key, outcome in outcomes.items() if key not in refused}
    names = {contract.number: name for name, (contract, *_) in found.items()}
    posted = invoices.read(asdict(at), names)
    assert [invoice.reference for invoice in posted] == sorted(refs)
    for invoice in posted:
        ours = planned[invoice.reference][0]
        assert (invoice.net, invoice.state, invoice.number[:2]) == (ours.net, "posted", "RE")
        assert abs(invoice.tax - ours.tax) <= Decimal("0.01") * len(ours.taxes)
        assert (invoice.due_date - invoice.invoice_date).days == 30
    text = printed(invoices.made(posted, names))
    assert all(invoice.number in text for invoice in posted)
    assert "14,280.00" in text


def printed(table):
    console = Console(file=io.StringIO(), width=300)
    console.print(table)
    return console.file.getvalue()


def test_a_runs_money_and_what_it_held_back_are_printed_as_they_are():
    euro = {"currency": "EUR", "invoices": 2, "net": "1234.5", "tax": "0.1", "gross": "1234.6"}
    yen = {"currency": "JPY", "invoices": 1, "net": "1234", "tax": "0", "gross": "1234"}
    text = printed(invoices.money({"invoiced": {"sums": [euro]}, "held": {"sums": [yen]}, "rounding": None}))
    cells = [[cell.strip() for cell in line.strip("│").split("│")] for line in text.splitlines() if "1,234" in line]
    assert cells == [
        ["invoiced", "2", "EUR", "1,234.50", "0.10", "1,234.60"],
        ["held back", "1", "JPY", "1,234", "0", "1,234"],
    ]
    rows = [
        {"ref": "hubspot:1//contract/7", "message": "no [red] reason"},
        {"ref": "hubspot:1//contract/8", "message": "another"},
    ]
    text = printed(invoices.held([*rows, rows[0]], {"hubspot:1//contract/7": {"number": "SC-1", "name": "[b]A"}}))
    assert text.count("no [red] reason") == 1
    assert all(words in text for words in ("SC-1", "[b]A", "8", "another"))
