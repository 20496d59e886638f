"""What `interlock doctor` says of invoicing and of who may approve, and that it fails on an error."""

from __future__ import annotations

import pytest

from interlock.cli import commands
from interlock.cli import main as cli
from interlock.engine.diagnose import diagnose
from interlock.errors import SystemUnavailable
from interlock.ports.system import Check, Invoicing
from tests.engine.memory import Memory

BILLING = "[billing]\ngo_live = 2026-01-01\n"
LIMIT = "[approval]\ninvoice_gross_above = 5000\n"


class Books(Memory):
    """An ERP that invoices, and notes what it was asked."""

    asked: tuple = ()
    away = False

    def invoices_of(self, contracts):
        return {}

    def periods(self):
        return []

    def invoice_checks(self, tax_codes):
        if self.away:
            raise SystemUnavailable("the ERP is down")
        self.asked = tuple(tax_codes)
        yield Check("erp taxes", "ok", f"{len(self.asked)} there")


@pytest.fixture
def books(world):
    world.erp = Books("m:erp")
    assert isinstance(world.erp, Invoicing)
    return world.erp


def said(engine, *names):
    return [(check.level, check.message, check.cure) for check in diagnose(engine) if check.name in names]


def test_the_erp_is_asked_about_the_taxes_of_the_table_each_once(world, books):
    ((level, message, _),) = said(world.engine(BILLING), "erp taxes")
    assert (level, message) == ("ok", "8 there")
    assert books.asked == ("19 %", "16 %", "7 %", "5 %", "AE", "K", "G", "O")
    row = "[[tax.rows]]\ntax_class = 'standard'\nzone = 'domestic'\nrate = '19'\ncode = 'Umsatzsteuer'\nvalid_from = 2021-01-01\n"
    list(diagnose(world.engine(BILLING + row)))
    assert books.asked == ("Umsatzsteuer",)


def test_without_billing_nobody_asks_about_invoices(world, books):
    assert said(world.engine(), "erp taxes", "erp invoices", "approvers") == []
    assert books.asked == ()


def test_an_erp_that_does_not_invoice_or_answer_is_an_error_with_a_cure(world, books):
    books.away = True
    assert said(world.engine(BILLING), "erp invoices") == [
        ("error", "the ERP is down", "check the connection interlock_erp"),
    ]
    world.erp = Memory("m:erp")
    ((level, message, cure),) = said(world.engine(BILLING), "erp invoices")
    assert (level, message) == ("error", "the connector tryton does not invoice")
    assert "erp.system" in cure


@pytest.mark.parametrize("limit", ["invoice_gross_above", "run_gross_above"])
def test_a_limit_wants_somebody_by_name(world, books, limit):
    rules = f"[approval]\n{limit} = 5000\n"
    ((level, message, cure),) = said(world.engine(BILLING + rules), "approvers")
    assert (level, f"approval.{limit}" in message, "approval.users" in cure) == ("error", True, True)
    named = f"{rules}users = ['ada', 'ben']\n"
    assert said(world.engine(BILLING + named), "approvers") == [("ok", "2 named", "")]
    assert [level for level, _, _ in said(world.engine(named), "approvers")] == ["warning"]


@pytest.mark.parametrize(("users", "code"), [("", 1), ("users = ['ada']\n", 0)])
def test_the_command_fails_while_nobody_is_named(world, books, monkeypatch, tmp_path, capsys, users, code):
    (tmp_path / "interlock.toml").write_text("[lead_to_customer]\ngo_live = 2026-01-01\n")
    monkeypatch.setattr(commands, "assemble", lambda *_: world.engine(f"{BILLING}[tax]\nvat_register = 'none'\n{LIMIT}{users}"))
    assert cli.main(["--config", str(tmp_path / "interlock.toml"), "doctor"]) == code
    assert "approvers" in capsys.readouterr().out
