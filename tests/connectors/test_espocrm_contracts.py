"""Service contracts, and what is owed and paid, in EspoCRM."""

from __future__ import annotations

import pytest

from interlock.connectors.espocrm.client import EspoCrm
from interlock.domain.change import Done, Write
from interlock.errors import ConfigurationError
from tests.connectors.contract import PARTY
from tests.connectors.espocrm_hands import Hands, tape  # noqa: F401 - a fixture

BALANCE = {
    "open": "119", "overdue": "19.99", "oldest_due": "2026-10-01", "last_payment_on": "2026-11-01", "last_payment": "50.5",
    "unallocated": "0", "credit_hold": "true", "other_currencies": "CHF 12.00",
}  # fmt: skip
PAYMENT = {
    "payment_status": "overdue", "open": "119", "overdue": "19.99", "oldest_due": "2026-10-01", "returned_on": "2026-11-02",
    "return_reason": "AC04", "invoices": "R-1 paid\nR-2 open",
}  # fmt: skip


def listed(pages):
    return {record.ref.id: record for page in pages for record in page.records}


class TestContracts(Hands):
    @pytest.fixture
    def account(self, system):
        return self.made(system, PARTY)[0]

    def one(self, system, record_id, kind="contract"):
        return system.read(kind, [record_id])[record_id]

    def test_a_contract_reads_with_its_lines(self, system, account):
        other = self.made(system, PARTY)[0]
        said = {"initialTermMonths": "12", "renewalMode": "fixed", "invoiceAccountId": other, "publicBuyer": True}
        contract = self.contract(account, **said)
        self.line(contract, price="149.505", quantity="2.5", discountPercent="10")
        record = self.one(system, contract)
        assert record.problems == ()
        assert record.parent == system.ref("account", account)
        values = record.values
        assert (values["number"], values["start"], values["interval"], values["currency"]) == (
            "SC-1",
            "2026-01-01",
            "month",
            "EUR",
        )
        assert (values["initial_term"], values["renewal_mode"], values["public_buyer"]) == (12, "fixed", True)
        assert values["invoice_account"] == other
        (line,) = values["lines"]
        assert (line["product"], line["quantity"], line["unit_price"], line["discount"]) == ("W", "2.5", "149.505", "10")

    def test_what_nothing_can_be_invoiced_without_is_named(self, system, account):
        contract = self.make("CContract", name="Wartung", number="SC-1")
        codes = {(problem.code, problem.field) for problem in self.one(system, contract).problems}
        assert {("contract_without_account", "account"), ("contract_field_missing", "interval")} <= codes

    @pytest.mark.parametrize("links", ["every_run", "full_run"])
    def test_a_changed_line_is_a_change_of_its_contract(self, system, account, links):
        contract = self.contract(account)
        line = self.line(contract, price="10")
        since = self.one(system, contract).modified_at
        self.tape.wait(2.1)
        self.call("PUT", f"CContractLine/{line}", {"price": "11"})
        self.tape.wait(1.1)
        found = listed(self.connected(contract_links=links).changed("contract", since))
        assert found[contract].values["lines"][0]["unit_price"] == "11"

    def test_what_the_process_writes_reads_back(self, system, account):
        contract = self.contract(account)
        record = self.one(system, contract)
        values = {
            "term_number": "2", "term_from": "2026-01-01", "invoice_net": "149.50", "invoice_state": "posted",
            "synced_at": "2026-11-29T04:00:00+00:00", "sync_state": "ok", "invoice_number": "R-1",
        }  # fmt: skip
        (done,) = system.write([Write("u", "update", "contract", values, record.ref, None, record.ref, record)])
        assert isinstance(done, Done), done
        after = self.one(system, contract).values
        assert {name: after[name] for name in values} == values | {"invoice_net": "149.5"}
        record = self.one(system, contract)
        emptied = dict.fromkeys(values, "")
        assert isinstance(
            system.write([Write("e", "update", "contract", emptied, record.ref, None, record.ref, record)])[0], Done
        )
        assert {name: self.one(system, contract).values[name] for name in values} == emptied

    def test_without_the_object_contracts_are_refused_with_the_cure(self, system):
        with pytest.raises(ConfigurationError, match="setup espocrm --apply"):
            self.connected(contract_object="CNope").changed("contract", None)
        with pytest.raises(ConfigurationError, match=r"crm\.contract_object is empty"):
            self.connected(contract_object="").changed("contract", None)

    # -- balances

    @pytest.mark.parametrize(("kind", "values"), [("account_balance", BALANCE), ("contract_payment", PAYMENT)])
    def test_what_is_owed_and_paid_is_written_read_and_emptied(self, system, account, kind, values):
        contract = self.contract(account)
        record_id = account if kind == "account_balance" else contract
        for wanted in (values, dict.fromkeys(values, "")):
            record = self.one(system, record_id, kind)
            (done,) = system.write([Write("u", "update", kind, wanted, record.ref, None, record.ref, record)])
            assert isinstance(done, Done), done
            after = self.one(system, record_id, kind)
            assert {name: after.values[name] for name in wanted} == wanted
            assert after.parent == system.ref("account", account)
        assert [r.ref.id for r in system.children(kind, [system.ref("account", account)])] == [record_id]

    def test_balances_are_read_only_where_the_file_wants_them(self, system):
        assert isinstance(system, EspoCrm)
        with pytest.raises(ConfigurationError, match=r"crm\.balances is false"):
            self.connected(balances=False).changed("account_balance", None)
