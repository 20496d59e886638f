"""What an operator decides: recorded with the revision that was seen, audited, and acted on by the next run only."""

from __future__ import annotations

from psycopg.types.json import Jsonb

from interlock.cli import main as cli
from interlock.store import audit
from interlock.store.database import Database
from tests.plugins.conftest import ACCOUNT


def entry_of(store):
    (row,) = store.sql("SELECT state, decided_by, decided_revision, why FROM interlock.quarantine")
    return row


def due(store):
    return store.sql("SELECT due_at FROM interlock.subject")[0]["due_at"] is not None


def audited(store):
    rows = store.sql(
        "SELECT a.actor, a.action, a.subject, a.why, v.body FROM interlock.audit a JOIN interlock.audit_values v USING (seq)"
    )
    database = Database(store.url)
    with database.begin() as tx:
        assert audit.verify(tx) == len(rows)
    database.close()
    return rows


def test_a_release_is_recorded_with_its_revision_and_audited(store, ops):
    store.account()
    number = store.hold_back()
    answer = ops.post(f"/interlock/held/{number}/release", json={"why": "ERP right repaired", "revision": "r1"})
    assert answer.json() == {"message": "Released: the next run judges the record again."}
    assert entry_of(store) == {
        "state": "released", "decided_by": "ops", "decided_revision": "r1", "why": "ERP right repaired",
    }  # fmt: skip
    assert due(store)
    values = {"entry": number, "code": "vat_id_invalid", "field": "vat_id", "revision": "r1"}
    assert audited(store) == [
        {"actor": "ops", "action": "quarantine release", "subject": ACCOUNT, "why": "ERP right repaired", "body": values}
    ]


def test_an_ignored_record_is_left_until_it_changes(store, ops):
    store.account()
    number = store.hold_back()
    answer = ops.post(f"/interlock/held/{number}/ignore", json={"revision": "r1"})
    assert "until it changes" in answer.json()["message"]
    assert entry_of(store)["state"] == "ignored"
    assert not due(store)


def test_a_newer_version_is_told_and_judged(store, ops):
    store.account(revision="r2")
    number = store.hold_back(revision="r1")
    assert "newer version" in ops.get(f"/interlock/held/{number}").text
    answer = ops.post(f"/interlock/held/{number}/ignore", json={"revision": "r1"})
    assert "the next run judges the newer version" in answer.json()["message"]
    assert entry_of(store)["decided_revision"] == "r1"
    assert due(store)


def test_a_version_judged_while_the_page_was_open_is_not_ignored_unseen(store, ops):
    store.account(revision="r2")
    number = store.hold_back(revision="r2")
    answer = ops.post(f"/interlock/held/{number}/ignore", json={"revision": "r1"})
    assert "the next run judges the newer version" in answer.json()["message"]
    assert due(store)


def test_an_entry_is_decided_once(store, ops):
    number = store.hold_back()
    ops.post(f"/interlock/held/{number}/release", json={})
    answer = ops.post(f"/interlock/held/{number}/ignore", json={})
    assert answer.status_code == 409
    assert "already released by ops" in answer.json()["message"]
    assert ops.post("/interlock/held/999/ignore", json={}).status_code == 409
    assert len(audited(store)) == 1
    assert "<b>released</b> by <bdi>ops</bdi>" in ops.get(f"/interlock/held/{number}").text


def test_an_approval_lets_the_changes_go_and_a_rejection_drops_them(store, ops):
    batch = store.run()
    for action, state, change_state in (("approve", "approved", "pending"), ("reject", "rejected", "cancelled")):
        change = store.change(batch, action)
        number = store.ask(batch, [change])
        assert "Approve all 1" in ops.get(f"/interlock/approvals/{number}").text
        answer = ops.post(f"/interlock/approvals/{number}/{action}", json={"why": "looked at"})
        assert answer.json()["message"].startswith(f"{state.capitalize()}. Changes ")
        assert f"<b>{state}</b> by <bdi>ops</bdi>" in ops.get(f"/interlock/approvals/{number}").text
        assert store.sql("SELECT state FROM interlock.change WHERE id = %s", [change]) == [{"state": change_state}]
        assert ops.post(f"/interlock/approvals/{number}/{action}", json={}).status_code == 409
    assert [(row["actor"], row["action"], row["why"]) for row in audited(store)] == [
        ("ops", "approved", "looked at"), ("ops", "rejected", "looked at"),
    ]  # fmt: skip


def test_an_approval_that_is_another_person_s_is_refused_with_the_rule(store, ops, monkeypatch, tmp_path):
    (tmp_path / "interlock.toml").write_text('[lead_to_customer]\ngo_live = 2026-01-01\n[approval]\nusers = ["chief"]\n')
    monkeypatch.setenv("INTERLOCK_CONFIG", str(tmp_path / "interlock.toml"))
    batch = store.run()
    number = store.ask(batch, [store.change(batch)])
    answer = ops.post(f"/interlock/approvals/{number}/approve", json={})
    assert answer.status_code == 403
    assert "none of approval.users" in answer.text
    assert store.sql("SELECT state FROM interlock.approval") == [{"state": "open"}]


def test_an_approval_of_changed_content_is_void(store, ops):
    batch = store.run()
    change = store.change(batch)
    number = store.ask(batch, [change])
    store.sql("""UPDATE interlock.change SET body = '{"legal_name": "another"}'""")
    answer = ops.post(f"/interlock/approvals/{number}/approve", json={})
    assert "nothing was approved" in answer.json()["message"]
    assert store.sql("SELECT state FROM interlock.approval") == [{"state": "void"}]
    assert store.sql("SELECT state FROM interlock.change") == [{"state": "cancelled"}]


def test_a_pause_shows_on_every_page_until_it_is_lifted(store, ops):
    assert ops.post("/interlock/paused/crm/pause", json={"why": "Wartung"}).json() == {"message": "crm is paused."}
    assert ops.post("/interlock/paused/crm/pause", json={}).json() == {"message": "crm was paused before."}
    for at in ("/", "/runs", "/held", "/approvals", "/paused"):
        text = ops.get(f"/interlock{at}").text
        assert "is paused" in text
        assert "Wartung" in text
    assert ops.post("/interlock/paused/crm/resume", json={}).json() == {"message": "crm goes on."}
    assert "is paused" not in ops.get("/interlock/").text
    assert [row["action"] for row in audited(store)] == ["pause", "resume"]
    answer = ops.post("/interlock/paused/payroll/pause", json={})
    assert (answer.status_code, "cannot be paused" in answer.json()["message"]) == (409, True)


def test_a_malformed_decision_records_nothing(store, ops):
    number = store.hold_back()
    for body in ({"why": "x" * 501}, {"why": "\x00"}, {"who": "admin"}, {"revision": 5}):
        answer = ops.post(f"/interlock/held/{number}/release", json=body)
        assert (answer.status_code, "not understood" in answer.json()["message"]) == (422, True)
    for at in (f"/held/{number}/delete", f"/held/{10**30}/release", "/held/x/release", "/approvals/0/approve"):
        assert ops.post(f"/interlock{at}", json={}).status_code == 422
    for at in (f"/held/{10**30}", "/held?find=%00", "/runs/a/%00", "/runs?at=0"):
        assert ops.get(f"/interlock{at}").status_code == 422
    assert entry_of(store)["state"] == "open"


def test_the_command_and_the_console_decide_the_same(store, ops, monkeypatch, capsys):
    monkeypatch.setattr("interlock.cli.commands.look_up", lambda _: type("E", (), {"url": store.url}))
    store.account()
    for code in ("one", "two"):
        store.hold_back(code=code)
    ops.post("/interlock/held/1/release", json={"why": "both", "revision": "r1"})
    assert cli.main(["--as", "ops", "quarantine", "release", "2", "--why", "both"]) == 0
    first, second = audited(store)
    assert {**first, "body": None} == {**second, "body": None}
    assert first["body"]["revision"] == second["body"]["revision"] == "r1"
    assert cli.main(["quarantine", "release", "2"]) == 1
    assert "already released by ops" in capsys.readouterr().err


def asked(store, **customer):
    """An account that resembles a customer, held back with its candidate."""
    store.account(owner={"first_name": "Olga", "last_name": "Ober"}, roles=[])
    number = store.hold_back(code="match_resembles", field="", message="a customer resembles it")
    body = {"legal_name": "<b>Müller</b>", "number": "K 7/1", "city": "Bonn", "active": True} | customer
    store.sql(
        "INSERT INTO interlock.snapshot (ref, instance, kind, revision, modified_at, body, problems, archived)"
        " VALUES ('tryton:1/1/customer/7', 'tryton:1', 'customer', 'r', now(), %s, '[]', false)",
        [Jsonb(body)],
    )
    store.sql(
        "INSERT INTO interlock.match_candidate VALUES"
        " (%s, 1, 'tryton:1/1/customer/7', 77.5, '{name,city}', '{form_missing}', true)",
        [ACCOUNT],
    )
    return number


def test_a_question_shows_its_candidates_and_their_differences(store, ops):
    page = ops.get(f"/interlock/held/{asked(store)}").text
    assert "&lt;b&gt;Müller&lt;/b&gt;" in page
    assert "77.5" in page
    assert 'value="is/K%207/1"' in page
    assert 'value="new"' in page
    assert "First name: Olga" in page


def test_the_answer_to_a_question_is_remembered_under_the_operator_s_name(store, ops):
    number = asked(store)
    answer = ops.post(f"/interlock/held/{number}/match/is/K%207/1", json={"why": "same owner"})
    assert answer.json() == {"message": "Recorded: it is customer K 7/1. The next run acts on it."}
    said = store.sql("SELECT account, customer, decided_by, why FROM interlock.match_decision")
    assert said == [{"account": ACCOUNT, "customer": "tryton:1/1/customer/7", "decided_by": "ops", "why": "same owner"}]
    assert entry_of(store)["state"] == "released"
    assert due(store)
    assert [row["action"] for row in audited(store)] == ["match: link to tryton:1/1/customer/7", "quarantine release"]


def test_an_answer_that_is_none_or_names_nobody_is_refused(store, ops):
    number = asked(store)
    assert ops.post(f"/interlock/held/{number}/match/perhaps", json={}).status_code == 404
    unknown = ops.post(f"/interlock/held/{number}/match/is/K404", json={})
    assert unknown.status_code == 409
    assert "K404" in unknown.json()["message"]
    assert store.sql("SELECT * FROM interlock.match_decision") == []
