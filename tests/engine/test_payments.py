"""What is paid, part-paid, returned and forgotten in the ERP becomes what the CRM shows, each event told once."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from interlock.engine import plan
from interlock.engine.apply import apply
from interlock.engine.context import Scope
from interlock.engine.gather import gather
from interlock.engine.settle import settle
from interlock.store import approvals, decisions
from tests.engine.ledger import TODAY, Company

DAY = timedelta(days=1)


@pytest.fixture
def books(database):
    books = Company(database)
    yield books
    books.database.close()


def test_an_account_learns_what_it_owes_and_its_contract_how_it_stands(books):
    account = books.customer("1")
    books.contract(account, "SC-1")
    books.invoice("1", "R1", "119", contract="SC-1")
    assert books.night() == {
        "read": 1, "rejected": 0, "unchanged": 0, "created": 0, "updated": 1, "waiting": 0, "held": 0, "failed": 0
    }  # fmt: skip
    assert books.shows("1") | {"open": "119", "overdue": "0", "oldest_due": "2026-03-16", "credit_hold": "false"} == books.shows(
        "1"
    )
    assert books.status("SC-1")["payment_status"] == "open"
    assert books.status("SC-1")["invoices"] == "R1 (SC-1/2026-01-01): 119.00 EUR, 119.00 EUR open, due 2026-03-16"
    assert books.notes() == []
    writes = books.crm.calls["write"]
    assert books.night()["unchanged"] == 1
    assert books.crm.calls["write"] == writes


def test_what_happened_before_the_first_run_is_shown_and_not_told(books):
    books.customer("1")
    books.book(books.invoice("1", "R1"), "money", "119")
    books.invoice("1", "R2", "50", due=TODAY - timedelta(days=30))
    books.night()
    assert (books.shows("1")["open"], books.shows("1")["overdue"], books.shows("1")["last_payment"]) == ("50", "50", "119")
    assert books.notes() == []
    assert books.tasks() == ["Invoice R2 is overdue (level 2): 50.00 EUR"]


def test_part_payment_payment_and_return_are_each_told_once(books):
    account = books.customer("1")
    books.contract(account, "SC-1")
    books.invoice("1", "R1", contract="SC-1")
    books.night()
    books.book("R1", "money", "19")
    books.night(1)
    assert books.status("SC-1")["payment_status"] == "partly_paid"
    assert books.notes() == ["19.00 EUR came for invoice R1 on 2026-03-02: 100.00 EUR still open."]
    books.book("R1", "money", "100")
    books.night(1)
    assert books.status("SC-1")["payment_status"] == "paid"
    assert books.notes()[1:] == ["Invoice R1 over 119.00 EUR is paid on 2026-03-03."]
    assert books.shows("1")["last_payment"] == "100"
    books.book("R1", "returned", "-100", reason="MS03")
    books.night(1)
    assert books.status("SC-1") | {"payment_status": "returned", "returned_on": "2026-03-04", "return_reason": "MS03"} == (
        books.status("SC-1")
    )
    assert books.notes()[2:] == ["The bank returned a payment of invoice R1 on 2026-03-04 (MS03): 100.00 EUR open."]
    assert books.tasks() == ["Payment of invoice R1 returned: 100.00 EUR"]
    books.book("R1", "money", "100")
    books.night(1)
    assert (books.tasks(), len(books.tasks("closed")), len(books.notes())) == ([], 1, 4)
    assert books.status("SC-1")["return_reason"] == ""


def test_time_alone_makes_an_invoice_overdue_and_raises_the_task(books):
    books.customer("1")
    books.invoice("1", "R1", due=TODAY)
    books.night()
    assert books.night(0)["unchanged"] == 1
    books.night(1)
    assert (books.shows("1")["overdue"], books.tasks()) == ("119", [])
    assert books.notes() == ["Invoice R1 is overdue: 119.00 EUR."]
    books.booked(60)
    books.night(6)
    assert books.tasks() == ["Invoice R1 is overdue (level 1): 119.00 EUR"]
    books.night(40)
    assert books.tasks() == ["Invoice R1 is overdue (level 3): 119.00 EUR"]
    assert books.tasks("closed") == ["Invoice R1 is overdue (level 1): 119.00 EUR"]
    assert len(books.notes()) == 1


def test_without_bank_statements_no_task_is_made_until_they_are_booked(books):
    books.customer("1")
    books.invoice("1", "R1", due=TODAY - timedelta(days=10))
    books.booked(-6)
    books.night()
    assert books.tasks() == []
    assert [notice["code"] for notice in books.report()["notices"]] == ["bank_outdated"]
    books.booked(0)
    books.night()
    assert (len(books.tasks()), books.report()["notices"]) == (1, [])


def test_what_a_person_did_is_not_asked_again_and_what_somebody_deleted_counts_as_done(books):
    books.customer("1")
    books.invoice("1", "R1", due=TODAY - timedelta(days=10))
    books.night()
    (task,) = books.crm.of("task")
    books.crm.put("task", task.ref.id, state="done")
    assert books.night(1)["updated"] == 0
    books.booked(30)
    books.night(11)
    (further,) = [record for record in books.crm.of("task") if record.values["state"] == "open"]
    assert "level 2" in further.values["title"]
    books.crm.remove(further.ref)
    assert books.night(1)["created"] == 0


def test_a_figure_edited_by_hand_is_put_right_and_reported(books):
    books.customer("1")
    books.invoice("1", "R1")
    books.night()
    books.crm.put("account_balance", "1", open="0")
    books.night()
    assert books.shows("1")["open"] == "119"
    assert [(n["code"], n["ref"]) for n in books.report()["notices"]] == [("edited_in_crm", "m:crm//account_balance/1")]
    books.night()
    assert books.report()["notices"] == []


def test_a_payment_that_leaves_no_trace_is_seen_all_the_same(books):
    books.customer("1")
    books.book(books.invoice("1", "R1"), "money", "119")
    books.invoice("1", "R2", "20")  # the latest change, from which the next night reads on
    books.night()
    at = books.erp.records[books.erp.ref("receivable", "R1")].modified_at
    books.change("R1", open="119", reconciliations=(), state="posted")
    books.erp.records = {
        ref: replace(record, modified_at=at) if ref.id == "R1" else record for ref, record in books.erp.records.items()
    }
    books.night(1)
    assert books.shows("1")["open"] == "139"
    assert books.notes() == ["A payment of invoice R1 was taken back: 119.00 EUR open again."]


def test_an_account_with_a_document_that_cannot_be_read_is_held_back_and_the_others_go_on(books):
    for key in "12":
        books.customer(key)
        books.invoice(key, f"R{key}")
    books.erp.put("receivable", "R1", currency="euro")
    counts = books.night()
    assert (counts["rejected"], counts["updated"]) == (1, 1)
    assert books.shows("1")["open"] == ""
    books.erp.put("receivable", "R1", currency="EUR")
    assert books.night()["updated"] == 1
    assert books.shows("1")["open"] == "119"


def test_currencies_are_never_summed_and_unallocated_money_stands_apart(books):
    books.customer("1")
    books.invoice("1", "R1")
    books.invoice("1", "R2", "20", currency="USD")
    money = {"id": "m1", "day": TODAY.isoformat(), "currency": "EUR", "amount": "30"}
    books.erp.put("debtor", "1", unallocated=[money], credit_hold=True)
    books.night()
    shown = books.shows("1")
    assert (shown["open"], shown["unallocated"], shown["credit_hold"]) == ("119", "30", "true")
    assert shown["other_currencies"] == "USD 20.00 open, 0.00 overdue, 0.00 unallocated"
    assert [row["difference"] for row in books.report()["balances"]["currencies"]] == ["0.00", "0.00"]


def test_a_contract_whose_invoices_go_to_another_account_shows_its_status_and_the_other_the_debt(books):
    served, paying = books.customer("1"), books.customer("2")
    books.contract(served, "SC-1")
    books.invoice("2", "R1", contract="SC-1", due=TODAY - timedelta(days=10))
    books.night()
    assert books.status("SC-1")["payment_status"] == "overdue"
    assert (books.shows("1")["open"], books.shows("2")["open"]) == ("0", "119")
    assert [record.parent for record in books.crm.of("task")] == [paying]


def test_a_run_for_an_invoice_does_its_accounts_only_and_names_what_it_does_not_know(books):
    for key in "12":
        books.customer(key)
        books.invoice(key, f"R{key}")
    books.night()
    for key in "12":
        books.book(f"R{key}", "money", "119")
    counts = books.night(invoice_numbers=("R1", "R7"))
    assert (counts["read"], counts["updated"], counts["rejected"]) == (2, 1, 1)
    assert [books.shows(key)["open"] for key in "12"] == ["0", "119"]
    assert [row["code"] for row in books.report()["held_back"]] == ["invoice_unknown"]
    assert books.night(crm_ids=("2",))["updated"] == 1


def test_a_dry_run_and_a_look_ahead_write_nothing(books):
    books.customer("1")
    books.night()
    books.invoice("1", "R1", due=TODAY)
    assert books.night(dry_run=True)["updated"] == 1
    assert books.shows("1")["open"] == "0"
    books.night()
    writes = books.crm.calls["write"]
    counts = books.night(as_of=TODAY + timedelta(days=30))
    planned = sorted(change["kind"] for change in books.report()["changes"])
    assert (counts["created"], planned, books.crm.calls["write"]) == (1, ["account_balance", "note", "task"], writes)


@pytest.mark.parametrize("fault", ["lost", "dropped", "late", "busy"])
def test_a_note_and_a_task_are_made_once_whatever_becomes_of_the_answer(books, fault):
    books.customer("1")
    books.invoice("1", "R1", due=TODAY + timedelta(days=1))
    books.night()
    books.crm.faults = ["", fault, fault]
    books.booked(60)
    books.night(20)
    books.crm.commit_late()
    for _ in range(2):
        books.night()
    assert (len(books.crm.of("task")), len(books.notes())) == (1, 1)
    assert books.shows("1")["overdue"] == "119"


def test_a_note_decided_by_a_run_that_died_is_told_though_more_happened_since(books):
    books.customer("1")
    books.invoice("1", "R1")
    books.night()
    books.book("R1", "money", "19")
    engine = books.engine()
    batch = engine.open(Scope("dies"))
    gather(engine, batch)
    plan.check(engine, batch)
    plan.decide(engine, batch)
    books.book("R1", "money", "100")
    books.night()
    assert [note.split()[0] for note in books.notes()] == ["19.00", "Invoice"]


def test_more_than_a_run_may_change_waits_for_a_person(database):
    books = Company(database, "[limits]\nmax_updates = 1\n")
    for key in "12":
        books.customer(key)
        books.invoice(key, f"R{key}")
    assert books.night()["held"] == 2
    assert books.shows("1")["open"] == ""
    books.database.close()


def test_balances_that_differ_are_listed(books):
    books.customer("1")
    books.invoice("1", "R1")
    books.night()
    books.erp.put("receivable", "S1", values=books.document("R1").model_dump(mode="json") | {"id": "S1", "number": "S1"},
                  parent=books.erp.ref("customer", "stranger"))  # fmt: skip
    books.night()
    (row,) = books.report()["balances"]["currencies"]
    assert row == {"currency": "EUR", "erp": "119.00", "crm": "119.00", "difference": "0.00", "not_in_crm": "119.00"}


def test_an_account_that_was_told_is_no_work_in_the_next_night(books):
    """Our own figures come back as a change of the account, and wake nothing."""
    books.customer("1")
    books.invoice("1", "R1", due=date(2099, 1, 1))
    books.night()
    engine = books.engine()
    batch = engine.open(Scope("looks"))
    gather(engine, batch)
    plan.check(engine, batch)
    with books.database.begin() as tx:
        rows = tx.execute("SELECT is_work FROM interlock.batch_subject WHERE batch_id = %s", [batch]).fetchall()
    assert [row["is_work"] for row in rows] in ([], [False])


def test_tasks_left_out_for_want_of_bank_statements_are_made_once_they_are_booked(books):
    books.customer("1")
    books.invoice("1", "R1", due=TODAY - timedelta(days=100))
    books.booked(-6)
    books.night()
    assert books.tasks() == []
    with books.database.begin() as tx:
        tx.execute("UPDATE interlock.subject SET due_at = NULL WHERE due_at > now()")
    books.booked(0)
    books.night()
    assert len(books.tasks()) == 1


def test_loose_money_that_vanishes_without_a_trace_is_seen_all_the_same(books):
    books.customer("1")
    books.erp.put("debtor", "1", unallocated=[{"id": "m", "day": "2026-03-01", "currency": "EUR", "amount": "30"}])
    books.customer("2")  # the latest change, from which the next night reads on
    books.night()
    assert books.shows("1")["unallocated"] == "30"
    ref = books.erp.ref("debtor", "1")
    books.erp.records[ref] = replace(books.erp.records[ref], values={"account": "1", "credit_hold": False, "unallocated": []})
    books.night()
    assert books.shows("1")["unallocated"] == "0"


# -- what came to light when the process was read with fresh eyes


def test_a_run_for_a_stranger_s_invoice_touches_nobody(books):
    books.customer("1")
    books.invoice("1", "R1")
    books.invoice("stranger", "S1")
    books.night()
    counts = books.night(invoice_numbers=("S1",))
    assert (counts["read"], counts["rejected"]) == (1, 1)
    assert [row["code"] for row in books.report()["held_back"]] == ["invoice_unknown"]


@pytest.mark.parametrize("number", ["R/1", "R1'; --", "%", "x" * 3000, "R1\nR2"])
def test_a_run_for_a_number_that_no_invoice_can_have_says_so_and_does_the_others(books, number):
    books.customer("1")
    books.invoice("1", "R1")
    books.night()
    books.book("R1", "money", "119")
    counts = books.night(invoice_numbers=(number, "R1"))
    assert (counts["updated"], counts["rejected"], books.shows("1")["open"]) == (1, 1, "0")
    assert [row["code"] for row in books.report()["held_back"]] == ["invoice_unknown"]


def test_a_run_for_an_invoice_finds_a_customer_that_was_never_read(books):
    books.customer("1")
    books.invoice("1", "R1")
    assert books.night(invoice_numbers=("R1",))["updated"] == 1
    assert books.shows("1")["open"] == "119"


def test_an_invoice_without_a_contract_concerns_no_contract_without_a_number(books):
    books.customer("1")
    books.crm.put("contract_payment", "x", parent=books.customer("2"), number="")
    books.invoice("1", "R1")
    books.night()
    assert books.night(invoice_numbers=("R1",))["read"] == 1


def test_a_payment_that_another_run_read_meanwhile_is_not_taken_as_told(books):
    books.customer("1")
    books.invoice("1", "R1", due=date(2099, 1, 1))
    engine = books.engine()
    batch = engine.open(Scope("first"))
    gather(engine, batch)
    plan.check(engine, batch)
    plan.decide(engine, batch)
    apply(engine, batch, "crm")
    books.book("R1", "money", "19")
    gather(engine, engine.open(Scope("dies")))
    settle(engine, batch)
    books.night()
    assert books.shows("1")["open"] == "100"


def test_a_due_date_at_the_end_of_time_stops_nobody(books):
    for key, due in (("1", date.max), ("2", TODAY)):
        books.customer(key)
        books.invoice(key, f"R{key}", due=due)
    assert books.night()["updated"] == 2


def test_a_note_that_was_refused_is_told_later(books):
    books.customer("1")
    books.invoice("1", "R1")
    books.night()
    books.book("R1", "money", "19")
    books.crm.faults = ["", "refused"]
    books.night(1)
    assert books.notes() == []
    books.book("R1", "money", "20")
    books.night(1)
    assert sorted(note.split()[0] for note in books.notes()) == ["19.00", "20.00"]


def test_a_note_without_an_answer_is_told_though_more_happens(books):
    books.customer("1")
    books.invoice("1", "R1")
    books.night()
    books.book("R1", "money", "19")
    engine = books.engine()
    batch = engine.open(Scope("dies"))
    for step in (gather, plan.check, plan.decide):
        step(engine, batch)
    with books.database.begin() as tx:
        tx.execute(
            "UPDATE interlock.change SET state = 'unknown', ever_unknown = true, unknown_since = now() WHERE kind = 'note'"
        )
    books.book("R1", "money", "20")
    books.night()
    assert sorted(note.split()[0] for note in books.notes()) == ["19.00", "20.00"]


def test_what_an_approver_rejected_is_told_once_he_is_content(database):
    books = Company(database, "[limits]\nmax_updates = 1\n")
    for key in "12":
        books.customer(key)
    books.night()
    with books.database.begin() as tx:
        (request,) = approvals.open_requests(tx)
        approvals.decide(tx, request["id"], "approve", "ada")
    books.night()
    for key in "12":
        books.invoice(key, f"R{key}")
        books.book(f"R{key}", "money", "19")
    books.night(1)
    with books.database.begin() as tx:
        (request,) = approvals.open_requests(tx)
        approvals.decide(tx, request["id"], "reject", "ada")
    books.night(1)
    assert books.notes() == []
    with books.database.begin() as tx:
        for row in tx.execute("SELECT id FROM interlock.quarantine WHERE state = 'open'").fetchall():
            decisions.decide_entry(tx, row["id"], "release", "ada")
    books.settings = books.settings.model_copy(update={"limits": books.settings.limits.model_copy(update={"max_updates": 9})})
    books.night(1)
    assert len(books.notes()) == 2
    books.database.close()


def test_an_account_that_becomes_a_customer_later_is_not_told_its_past(books):
    account = books.crm.put("account", "1", name="x")
    books.contract(account, "SC-1")
    books.night()
    books.customer("1")
    for number in range(3):
        books.book(books.invoice("1", f"R{number}", due=TODAY - 400 * DAY), "money", "119", day=TODAY - 400 * DAY)
    books.night(1)
    assert books.notes() == []
    for number in range(3):  # and of another party's invoices that come to it
        books.book(books.invoice("other", f"S{number}", due=TODAY - 400 * DAY), "money", "119", day=TODAY - 400 * DAY)
        books.erp.put("receivable", f"S{number}", parent=books.erp.ref("customer", "1"))
    books.night(1)
    assert books.notes() == []


def test_an_invoice_that_goes_to_another_account_takes_its_task_along(books):
    one, other = books.customer("1"), books.customer("2")
    books.invoice("1", "R1", due=TODAY - 10 * DAY)
    books.night()
    books.erp.put("receivable", "R1", parent=books.erp.ref("customer", "2"))
    books.night(1)
    assert [(task.parent, task.values["state"]) for task in books.crm.of("task")] == [(one, "closed"), (other, "open")]


def test_an_account_whose_customer_went_into_another_s_shows_nothing_any_more(books):
    books.customer("1")
    books.customer("2")
    books.invoice("1", "R1", due=TODAY - 10 * DAY)
    books.night()
    with books.database.begin() as tx:
        tx.execute("UPDATE interlock.crosswalk SET is_primary = false, customer = %s WHERE customer = %s",
                   [str(books.erp.ref("customer", "2")), str(books.erp.ref("customer", "1"))])  # fmt: skip
    books.erp.put("receivable", "R1", parent=books.erp.ref("customer", "2"))
    books.erp.put("customer", "1", active=False, references=[])
    books.night(1)
    assert (books.shows("1")["open"], books.shows("2")["open"]) == ("", "119")
    assert [task.values["state"] for task in books.crm.of("task")] == ["closed", "open"]


def test_what_was_deleted_in_the_crm_is_no_work_for_ever(books):
    account = books.customer("1")
    books.contract(account, "SC-1")
    books.invoice("1", "R1", contract="SC-1", due=TODAY - 10 * DAY)
    books.night()
    (task,) = books.crm.of("task")
    books.crm.remove(books.crm.ref("contract_payment", "SC-1"))
    books.book("R1", "money", "19")
    books.night(1)
    assert books.night(1)["waiting"] == 0
    books.change("R1", due=TODAY + 9 * DAY)
    books.night()
    assert task.ref in books.crm.records
    books.crm.remove(task.ref)
    books.change("R1", due=TODAY - 10 * DAY)
    books.night()
    assert (books.night()["waiting"], books.tasks()) == (0, [])


def test_a_run_as_of_an_earlier_day_only_looks(books):
    books.customer("1")
    books.invoice("1", "R1", due=TODAY - 10 * DAY)
    books.night()
    books.night(as_of=TODAY - 30 * DAY)
    assert (books.shows("1")["overdue"], len(books.tasks())) == ("119", 1)


def test_figures_that_people_typed_over_are_compared_and_put_right(books):
    books.customer("1")
    books.invoice("1", "R1")
    books.invoice("1", "R2", "20", currency="USD")
    books.night()
    books.crm.put("account_balance", "1", open="n/a", other_currencies="USD 1.200.00 open")
    books.night(dry_run=True)
    assert books.report()["balances"]["differing"] == 1
    books.night()
    assert (books.shows("1")["open"], books.report()["balances"]["differing"]) == ("119", 0)


def test_each_payment_of_a_night_is_told_and_one_taken_off_is_no_payment(books):
    books.customer("1")
    books.invoice("1", "R1")
    books.night()
    books.book("R1", "money", "10")
    books.book("R1", "money", "20", day=TODAY - DAY)
    books.night(1)
    assert sorted(note.split()[0] for note in books.notes()) == ["10.00", "20.00"]
    rows = books.document("R1").reconciliations
    books.change("R1", reconciliations=rows[1:], open="99")
    books.night(1)
    assert books.notes()[2:] == ["A payment of invoice R1 was taken back: 99.00 EUR open again."]


def test_a_look_ahead_shows_the_tasks_to_come(books):
    books.customer("1")
    books.invoice("1", "R1", due=TODAY)
    books.night()
    books.night(as_of=TODAY + 30 * DAY)
    assert "task" in [change["kind"] for change in books.report()["changes"]]
    assert books.report()["notices"] == []


def test_reasons_of_banks_are_cut_before_a_crm_refuses_them(books):
    account = books.customer("1")
    books.contract(account, "SC-1")
    for number in range(40):
        books.invoice("1", f"R{number}", contract="SC-1")
        books.book(f"R{number}", "money", "119")
        books.book(f"R{number}", "returned", "-119", reason="ä" * 5000)
    books.night()
    assert len(books.status("SC-1")["return_reason"]) == 200
    assert len(books.status("SC-1")["invoices"]) < 20_000


def test_a_credit_hold_that_the_erp_does_not_tell_is_not_denied(books):
    books.customer("1")
    books.erp.put("debtor", "1", credit_hold=None)
    books.night()
    assert books.shows("1")["credit_hold"] == ""
