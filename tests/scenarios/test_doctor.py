"""`interlock doctor` looks at a real Tryton's books once the table [billing] is there."""

from __future__ import annotations

from interlock.engine.diagnose import diagnose
from interlock.engine.invoices import INVOICES
from interlock.engine.leads import LEADS
from tests.scenarios.conftest import connected
from tests.scenarios.test_contract_becomes_invoices import BILLING

BOOKS = {"erp rights on invoices", "erp taxes", "erp journal", "erp tax rounding", "erp time zone", "erp periods"}
ROW = "[[tax.rows]]\ntax_class = 'standard'\nzone = 'domestic'\nrate = '19'\ncode = 'Kirchensteuer'\nvalid_from = 2021-01-01\n"


def found(systems, database, more, flow=INVOICES):
    engine = connected(systems, database, more, flow)
    try:
        return {check.name: check for check in diagnose(engine)}
    finally:
        engine.database.close()


def test_the_books_are_looked_at_for_invoices_only(systems, database):
    checks = found(systems, database, BILLING)
    assert {name: checks[name].level for name in BOOKS} == dict.fromkeys(BOOKS, "ok")
    assert not BOOKS & found(systems, database, "", LEADS).keys()


def test_a_tax_that_the_books_lack_is_named_with_those_they_have(systems, database):
    check = found(systems, database, BILLING + ROW)["erp taxes"]
    assert (check.level, check.message) == ("error", "not there, or twice: Kirchensteuer")
    assert "19 %" in check.cure
