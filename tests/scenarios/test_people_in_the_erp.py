"""What people do in the ERP while invoices are on their way, and after: it is told, it is held, nothing is made a second time.

A case is what happens to one contract: at each `yield` a run follows, after which exactly these entries are open for it. All
cases of a test go through the same runs; what a case returns is what the ERP holds of its contract in the end.
"""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from interlock.domain.invoice import STEPS
from interlock.errors import Paused
from interlock.store import decisions
from tests.connectors.test_tryton import customer
from tests.connectors.test_tryton_invoices import by_hand, delete, edit_a_price, fields, give_up, lines_of, reverse
from tests.scenarios.test_contract_becomes_invoices import SERVICE, Company
from tests.scenarios.test_lead_becomes_customer import notes_of, win

DRAFT, CONFIRMATION, POSTING = STEPS
OWED = SERVICE | {"unit_price": "134.55", "quantity": "2"}
PLACE = "/2026-01-01"
AGAIN = f"{PLACE}/2"


class Deal:
    """One contract, and what people see of it and do to its invoices."""

    def __init__(self, office, *more, **values):
        self.office, self.erp = office, office.invoicing.erp
        self.contract, self.number = office.contract(office.account, OWED, *more, **values)
        self.reference = self.number + PLACE

    def rpc(self, method, *arguments):
        return self.erp._rpc.call(f"model.{method}", *arguments, safe=False)

    @property
    def invoice(self):
        return self.erp.invoices_of([self.number])[self.number][-1].ref

    def of_period(self, start):
        """Return the invoice of the period that begins on this day."""
        return next(r.ref for r in self.erp.invoices_of([self.number])[self.number] if r.values["key"]["period_start"] == start)

    @property
    def id(self):
        return int(self.invoice.id)

    def write(self, ref=None, **values):
        self.rpc("account.invoice.write", [int((ref or self.invoice).id)], values)

    def lines(self, *names):
        return lines_of(self.erp, self.invoice, "id", *names)

    def by_hand(self, **values):
        return by_hand(self.erp, self.rpc, self.office.buyer, SimpleNamespace(reference=self.reference), **values)

    def there(self):
        """Return reference and state of what the ERP holds."""
        return [(v["reference"].removeprefix(self.number), v["state"]) for v in self.office.billed(self.number)]

    def entries(self):
        with self.office.invoicing.database.begin() as tx:
            rows = tx.execute(
                "SELECT id, code, field, detail FROM interlock.quarantine WHERE state = 'open' AND ref = %s ORDER BY id",
                [str(self.office.invoicing.crm.ref("contract", self.contract))],
            )
            return rows.fetchall()

    def open(self):
        return [(entry["code"], entry["field"].removeprefix(self.number)) for entry in self.entries()]

    def release(self):
        (entry,) = self.entries()
        with self.office.invoicing.database.begin() as tx:
            decisions.decide_entry(tx, entry["id"], "release", "accountant", "as agreed")


class Office(Company):
    """A company whose people can act in the ERP between any two steps of an invoice."""

    def __init__(self, systems, database, sandbox):
        super().__init__(systems, database)
        sandbox.call("POST", "/sandbox/settings", {"rate": 1_000_000, "search_rate": 1_000_000})
        self.sandbox, self.account = sandbox, win(sandbox)
        assert self.makes_customers(self.account)["created"] == 1
        asked = [r for page in self.invoicing.erp.changed("customer", None) for r in page.records]
        reference = str(self.invoicing.crm.ref("account", self.account))
        (self.buyer,) = [record.ref for record in asked if reference in record.values["references"]]
        self.notes_before, self.deals = self.notes(), {}

    def notes(self):
        return len(notes_of(self.sandbox, self.account))

    def bill(self):
        return self.invoices(*(deal.contract for deal in self.deals.values()))

    def bill_up_to(self, kind):
        """Let a run go up to a step of every invoice, and no further."""
        real = self.invoicing.erp.write

        def write(writes):
            outcomes = real(writes)
            if writes[0].kind == kind:
                with self.invoicing.database.begin() as tx:
                    decisions.pause(tx, "erp", "people")
            return outcomes

        self.invoicing.erp.write = write
        with pytest.raises(Paused):
            self.bill()
        self.invoicing.erp.write = real
        with self.invoicing.database.begin() as tx:
            decisions.resume(tx, "erp", "people")

    def go_through(self, cases):
        """Let the cases happen, a run after each of their steps; then everything is at rest and as they say."""
        going, ended = {case: case(self.deals[case]) for case in cases}, {}
        while going:
            expected = {}
            for case in list(going):
                try:
                    expected[case.__name__] = next(going[case])
                except StopIteration as end:
                    ended[case] = end.value
                    del going[case]
            counts, report = self.bill()
            assert counts["read"] == len(cases), report
            assert {case.__name__: self.deals[case].open() for case in going} == expected
        counts, report = self.bill()
        assert (counts["unchanged"], report["changes"]) == (len(cases), [])
        for case, (there, posted_ever) in ended.items():
            self._is_right(case.__name__, self.deals[case], there)
            self.notes_before += posted_ever
        assert self.notes() == self.notes_before

    def _is_right(self, name, deal, there):
        assert deal.there() == there, name
        last = max(self.billed(deal.number), key=lambda v: (v["key"]["period_start"], v["key"]["generation"]))
        said = self.said_of(deal.contract)
        assert {n: said[f"invoice_{n}"] for n in ("number", "gross", "state")} == {
            n: last[n] for n in ("number", "gross", "state")
        }, name
        assert (last["number"] != "", said["sync_state"]) == (True, "ok"), name


@pytest.fixture
def office(systems, database, sandbox):
    office = Office(systems, database, sandbox)
    yield office
    office.invoicing.database.close()


HELD_DELETED = [("draft_deleted", PLACE)]
POSTED = [(PLACE, "posted")], 1


def left_alone(deal):
    yield []
    return POSTED


def deleted(deal):
    delete(deal.rpc, deal.erp, deal.invoice)
    yield HELD_DELETED
    assert deal.there() == []
    yield HELD_DELETED
    deal.release()
    yield []
    return [(AGAIN, "posted")], 1


def given_up(deal):
    give_up(deal.rpc, deal.erp, deal.invoice)
    yield HELD_DELETED
    deal.release()
    yield []
    return [(PLACE, "deleted"), (AGAIN, "posted")], 1


def price_edited(deal):
    """Behind the invoice's back: its taxes still are as planned."""
    (line,) = deal.lines("unit_price")
    edit_a_price(deal.rpc, deal.erp, deal.invoice)
    yield [("invoice_edited", PLACE)]
    yield [("invoice_edited", PLACE)]
    deal.rpc("account.invoice.line.write", [line["id"]], {"unit_price": line["unit_price"]})
    yield []
    return POSTED


def edited(deal):
    """Say as what an edit is told: Tryton reckons the taxes of a draft anew at once, those of a confirmed one at posting."""
    return [("draft_outdated" if deal.there() == [(PLACE, "draft")] else "invoice_edited", PLACE)]


def quantity_edited(deal):
    (line,) = deal.lines()
    told = edited(deal)
    deal.write(lines=[["write", [line["id"]], {"quantity": 3.0}]])
    yield told
    yield told
    deal.write(lines=[["write", [line["id"]], {"quantity": 2.0}]])
    yield []
    return POSTED


def given_to_another_customer(deal):
    before = fields(deal.erp, deal.invoice, "party", "invoice_address", "party_tax_identifier")
    (done,) = deal.erp.write([customer(legal_name="Andere GmbH")])
    (address,) = deal.erp._rpc.search("party.address", [["party", "=", int(done.ref.id)]], ["id"])
    other = {"party": int(done.ref.id), "invoice_address": address["id"], "party_tax_identifier": None}
    deal.write(**other)
    yield [("invoice_edited", PLACE)]
    yield [("invoice_edited", PLACE)]
    deal.write(**{name: before[name] for name in other})
    yield []
    return POSTED


def given_a_date(deal):
    deal.write(invoice_date={"__class__": "date", "year": 2026, "month": 1, "day": 2})
    yield [("invoice_edited", PLACE)]
    deal.write(invoice_date=None)
    yield []
    return POSTED


def a_line_deleted(deal):
    """The difference is told to the cent; deleted altogether, it is made anew as a whole."""
    lines, told = deal.lines("unit_price"), edited(deal)
    deal.write(lines=[["delete", [next(r["id"] for r in lines if float(r["unit_price"]["decimal"]) == 50)]]])
    yield told
    difference = "net 50.00, tax 9.50, gross 59.50 EUR (S 19 %: 50.00 + 9.50)"
    assert deal.entries()[0]["detail"] == (difference if told[0][0] == "draft_outdated" else "lines")
    delete(deal.rpc, deal.erp, deal.invoice)
    yield HELD_DELETED
    deal.release()
    yield []
    assert deal.office.billed(deal.number)[-1]["net"] == "319.1"
    return [(AGAIN, "posted")], 1


def two_of_several_periods(deal):
    """What is held of one period stays while another's is refused, and the others go on."""
    delete(deal.rpc, deal.erp, deal.of_period("2026-01-01"))
    deal.write(deal.of_period("2026-04-01"), invoice_date={"__class__": "date", "year": 2026, "month": 4, "day": 2})
    for _ in range(2):
        yield [("draft_deleted", PLACE), ("invoice_edited", "/2026-04-01")]
    deal.write(deal.of_period("2026-04-01"), invoice_date=None)
    yield HELD_DELETED
    deal.release()
    yield []
    return [("/2026-04-01", "posted"), (AGAIN, "posted")], 2


def posted_by_hand(deal):
    deal.rpc("account.invoice.post", [deal.id])
    yield []
    return POSTED


def posted_by_hand_with_another_price(deal):
    """What is too much is told, and settled by a person in the ERP; here with a whole reversal."""
    (line,) = deal.lines()
    price = {"__class__": "Decimal", "decimal": "200"}
    if deal.there() == [(PLACE, "validated")]:
        deal.rpc("account.invoice.draft", [deal.id])
    deal.rpc("account.invoice.line.write", [line["id"]], {"unit_price": price})
    deal.rpc("account.invoice.post", [deal.id])
    yield [("correction_needed", PLACE)]
    reverse(deal.erp, deal.invoice)
    yield [("invoice_reversed", PLACE)]
    deal.release()
    yield []
    return [(PLACE, "cancelled"), (AGAIN, "posted")], 2


def made_a_second_time_by_hand(deal):
    twin = deal.by_hand()
    yield [("draft_outdated", PLACE)]
    assert {state for _, state in deal.there()} <= {"draft", "validated"}
    deal.rpc("account.invoice.delete", [int(twin.id)])
    yield []
    return POSTED


def taken_back(deal):
    deal.rpc("account.invoice.draft", [deal.id])
    yield [("draft_reopened", PLACE)]
    yield [("draft_reopened", PLACE)]
    deal.rpc("account.invoice.validate_invoice", [deal.id])
    yield []
    return POSTED


ON_THE_WAY = (
    left_alone, deleted, given_up, price_edited, quantity_edited, given_to_another_customer, given_a_date, a_line_deleted,
    two_of_several_periods, posted_by_hand, posted_by_hand_with_another_price, made_a_second_time_by_hand,
)  # fmt: skip
AGREED = {a_line_deleted: ([SERVICE | {"unit_price": "50"}], {}), two_of_several_periods: ([], {"interval": "quarter"})}


@pytest.mark.parametrize(("step", "cases"), [(DRAFT, ON_THE_WAY), (CONFIRMATION, (*ON_THE_WAY, taken_back))])
def test_what_people_do_to_an_invoice_on_its_way(office, step, cases):
    for case in cases:
        lines, values = AGREED.get(case, ([], {}))
        office.deals[case] = Deal(office, *lines, **values)
    office.bill_up_to(step)
    office.go_through(cases)


def reversed_and_made_anew(deal):
    first = deal.office.billed(deal.number)[0]
    reverse(deal.erp, deal.invoice)
    for _ in range(2):
        yield [("invoice_reversed", PLACE)]
        assert deal.entries()[0]["detail"] == "net 269.10, tax 51.13, gross 320.23 EUR (S 19 %: 269.10 + 51.13)"
        said = deal.office.said_of(deal.contract)
        assert [said[n] for n in ("invoice_number", "invoice_state", "sync_state")] == [first["number"], "cancelled", "held back"]
    deal.release()
    yield []
    return [(PLACE, "cancelled"), (AGAIN, "posted")], 1


def already_posted(deal):
    yield []
    return [(PLACE, "posted")], 0


def test_what_people_do_to_a_posted_invoice(office):
    cases = (reversed_and_made_anew, already_posted)
    office.deals = {case: Deal(office) for case in cases}
    assert office.bill()[0]["created"] == len(cases)
    office.notes_before += len(cases)
    office.go_through(cases)


def as_owed_and_posted(deal):
    deal.by_hand(post=True)
    yield []
    return POSTED


def as_owed_but_a_draft(deal):
    """It stays with whoever made it."""
    ref = deal.by_hand()
    yield []
    assert deal.there() == [(PLACE, "draft")]
    yield []
    deal.rpc("account.invoice.post", [int(ref.id)])
    yield []
    return POSTED


DIFFERENCE = "net 69.10, tax 13.13, gross 82.23 EUR (S 19 %: 69.10 + 13.13)"


def otherwise_and_posted(deal):
    deal.by_hand(price="100", post=True)
    for _ in range(2):
        yield [("invoice_by_hand", PLACE)]
        assert (deal.entries()[0]["detail"], deal.there()) == (DIFFERENCE, [(PLACE, "posted")])
    reverse(deal.erp, deal.invoice)
    yield [("invoice_reversed", PLACE)]
    deal.release()
    yield []
    return [(PLACE, "cancelled"), (AGAIN, "posted")], 2


def otherwise_and_a_draft(deal):
    ref = deal.by_hand(price="100")
    yield [("draft_outdated", PLACE)]
    assert (deal.entries()[0]["detail"], deal.there()) == (DIFFERENCE, [(PLACE, "draft")])
    deal.rpc("account.invoice.delete", [int(ref.id)])
    yield HELD_DELETED
    deal.release()
    yield []
    return [(AGAIN, "posted")], 1


def test_what_people_invoiced_by_hand_with_our_reference(office):
    cases = (as_owed_and_posted, as_owed_but_a_draft, otherwise_and_posted, otherwise_and_a_draft)
    office.deals = {case: Deal(office) for case in cases}
    office.go_through(cases)
