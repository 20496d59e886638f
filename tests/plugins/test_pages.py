"""What an operator reads: nothing yet, everything, ten thousand changes, hostile text, and a database that is away."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from psycopg.types.json import Jsonb

from interlock.cli import commands
from interlock.cli import main as cli
from interlock.domain.change import result_of
from tests.plugins.conftest import ACCOUNT, written

PAGES = ("/", "/runs", "/held", "/approvals", "/paused")
HOSTILE = """<script>alert(1)</script><img src=x onerror=alert(2)>"'`' onmouseover="alert(3) {{7*7}}{%raw%}\u202egnp.exe</bdi>"""


class Elements(HTMLParser):
    """Collects what a browser would make of a page."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.attributes, self.data = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, name, value) for name, value in attrs]

    def handle_data(self, data):
        self.data.append(data)


def test_an_empty_store_says_what_to_do_next(store, viewer):
    assert "Dry run" in viewer.get("/interlock/").text
    assert "Dry run" in viewer.get("/interlock/runs").text
    assert "Nothing is held back" in viewer.get("/interlock/held").text
    assert "Nothing waits for approval" in viewer.get("/interlock/approvals").text
    assert viewer.get("/interlock/paused").text.count(">running<") == 5
    assert "knows no run" in viewer.get("/interlock/runs/some_dag/manual__1").text


def test_a_run_is_listed_and_shows_each_change(store, viewer):
    store.account()
    number = result_of("customer/x", "number", "Customer {}")
    store.run("older")
    store.run("newer", [written(), written("vat_id", "DE1", "DE2"), written("body", None, number, state="planned")], named=["42"])
    listed = viewer.get("/interlock/runs").text
    assert listed.index("newer") < listed.index("older")
    assert "1 named" in listed
    text = viewer.get("/interlock/runs/lead_to_customer/newer").text
    for words in ("Müller &amp; Söhne GmbH", "account 42", "VAT id", "DE1", "DE2", "won deal since go-live", "held back"):
        assert words in text
    assert "Customer (the new number)" in text
    assert "by hand" in text


def test_a_value_that_another_change_brought_is_shown_once_it_is_there(store, viewer):
    store.account()
    store.sql(
        "INSERT INTO interlock.crosswalk (account, customer, number, origin) VALUES (%s, 'c', '10042', 'created')", [ACCOUNT]
    )
    store.run("done", [written("body", None, result_of("customer/x", "number", "Customer {}"))])
    assert "Customer 10042" in viewer.get("/interlock/runs/lead_to_customer/done").text


def test_a_run_without_a_report_says_where_to_look(store, viewer):
    batch = store.run("broken")
    store.sql("DELETE FROM interlock.run_report WHERE batch_id = %s", [batch])
    store.sql("UPDATE interlock.batch SET finished_at = NULL")
    assert "no report yet" in viewer.get("/interlock/").text
    assert "task log in Airflow says why" in viewer.get("/interlock/runs/lead_to_customer/broken").text


def test_a_dry_run_says_so_although_it_only_kept_its_plan(store, viewer):
    batch = store.run("dry", dry_run=True)
    store.sql("UPDATE interlock.run_report SET body = %s WHERE batch_id = %s", [Jsonb({"changes": []}), batch])
    text = viewer.get("/interlock/runs/lead_to_customer/dry").text
    assert "nothing was written to either system" in text
    assert viewer.get("/interlock/runs").status_code == 200


def test_a_run_tells_what_should_be_known_of_records_that_went_on(store, viewer):
    batch = store.run("noticed")
    notices = [{"ref": f"{ACCOUNT}{n}", "code": "email_shared", "message": f"<b>shared</b> {n}"} for n in range(60)]
    store.sql("UPDATE interlock.run_report SET body = body || %s WHERE batch_id = %s", [Jsonb({"notices": notices}), batch])
    text = viewer.get("/interlock/runs/lead_to_customer/noticed").text
    assert "&lt;b&gt;shared&lt;/b&gt; 49" in text
    assert "&lt;b&gt;shared&lt;/b&gt; 50" not in text
    assert "The first 50 of 60" in text


def test_ten_thousand_changes_are_read_a_page_at_a_time(store, viewer):
    store.account("Needle AG", ref="hubspot:1//account/77777")
    changes = [written(after=f"company {n}", subject=f"hubspot:1//account/{n}") for n in range(10_000)]
    store.run("big", [*changes, written(after="in the haystack", subject="hubspot:1//account/77777")])
    at = "/interlock/runs/lead_to_customer/big"
    first, last, beyond = (viewer.get(at, params={"at": page}).text for page in (1, 101, 999))
    assert "company 99<" in first
    assert "company 100<" not in first
    assert "1&ndash;100 of 10001" in first
    assert last.count("<tbody") == beyond.count("<tbody") == 1
    assert "in the haystack" in last
    assert "in the haystack" in beyond
    for find in ("needle", "77777"):
        found = viewer.get(at, params={"find": find}).text
        assert "in the haystack" in found
        assert "company" not in found.split("<table", 1)[1]
    assert "No change in this run" in viewer.get(at, params={"find": "100%"}).text


def test_held_back_records_carry_reason_and_cure(store, viewer):
    store.account(vat_id="DE111")
    entry = store.hold_back()
    store.hold_back(ref="hubspot:1//account/7", code="refused", field="", message="the ERP refused it", detail="no such term")
    text = viewer.get("/interlock/held").text
    for words in ("2 records", "wrong check digits", "correct it in the CRM", "no such term", "no name", "account 7"):
        assert words in text
    assert "no such term" not in viewer.get("/interlock/held", params={"find": "söhne"}).text
    page = viewer.get(f"/interlock/held/{entry}").text
    assert 'class="culprit"' in page
    assert "DE111" in page
    record = page.split("as last read", 1)[1]
    assert record.index("Legal name") < record.index("VAT id") < record.index("Country")
    assert viewer.get("/interlock/held/999").status_code == 404


AMOUNTS = "net 1080, tax 205.20, gross 1285.20 EUR (S 19 %: 1080 + 205.20)"


def test_a_contract_is_shown_by_number_name_account_and_period(store, viewer, monkeypatch, capsys):
    store.account()
    entry = store.hold_back(
        ref=store.contract(), code="draft_deleted", field="SC-7/2026-01-01", message="deleted in the ERP", detail=AMOUNTS,
        process="renewal_to_invoice",
    )  # fmt: skip
    store.account("Other AG", ref="hubspot:1//account/7")
    store.hold_back(ref="hubspot:1//account/7")
    for find in ("", "sc-7", "SC-7/2026-01-01", "halle", "söhne", "9"):
        text = viewer.get("/interlock/held", params={"find": find}).text.replace("<bdi>", "").replace("</bdi>", "")
        for words in (
            "Wartung Halle 3</a>",
            "contract SC-7, Müller &amp; Söhne GmbH<br>contract 9",
            "Period from 2026-01-01",
            AMOUNTS,
        ):
            assert words in text
        assert ("Other AG" in text) == (find == "")
    assert "Nothing is held back for" in viewer.get("/interlock/held", params={"find": "SC-71"}).text
    page = viewer.get(f"/interlock/held/{entry}").text.replace("<bdi>", "").replace("</bdi>", "")
    for words in (
        "<dt>Contract</dt><dd>SC-7</dd>", "<dt>Account</dt><dd>Müller &amp; Söhne GmbH</dd>", "from 2026-01-01",
        f"<dt>Amounts at stake</dt><dd>{AMOUNTS}</dd>", "invoiced anew", "Wartung (WARTUNG): 2 x 600 EUR, less 10 %",
    ):  # fmt: skip
        assert words in page
    monkeypatch.setattr("interlock.cli.commands.look_up", lambda _: type("E", (), {"url": store.url}))
    monkeypatch.setattr(commands.console, "width", 200)
    assert cli.main(["quarantine", "list", "SC-7"]) == cli.main(["quarantine", "show", str(entry)]) == 0
    said = capsys.readouterr().out
    assert "Other AG" not in said
    for words in (
        "contract: SC-7",
        "account: Müller & Söhne GmbH",
        AMOUNTS,
        "line 1 = Wartung (WARTUNG): 2 x 600 EUR, less 10 %",
    ):
        assert words in said


def test_a_run_of_invoices_shows_its_process_and_each_invoice_as_people_read_it(store, viewer, monkeypatch, capsys):
    store.account()
    line = {
        "line": "1",
        "description": "Wartung",
        "quantity": "1",
        "unit_price": "1200",
        "net": "1200",
        "service_to": "2026-12-31",
    }
    invoice = {
        "key": {"contract": "SC-7", "period_start": "2026-01-01"}, "currency": "EUR", "lines": [line], "net": "1200",
        "tax": "228", "taxes": [{"category": "S", "rate": "19", "base": "1200", "tax": "228"}], "gross": "1428",
        "service_from": "2026-01-01", "service_to": "2026-12-31",
    }  # fmt: skip
    about = {
        "subject": store.contract(),
        "system": "erp",
        "operation": "create",
        "before": {},
        "after": invoice,
        "why": "contract",
    }
    given = {"results": {"number": "RE-1", "invoice_date": "2026-01-02", "gross": "1428"}, "reason": ""}
    drafted, posted = (
        about | {"kind": "invoice", "state": "planned"},
        about | given | {"kind": "invoice_posting", "state": "done"},
    )
    store.run("bill", [drafted, posted], process="renewal_to_invoice", as_of="2026-06-01", named=["x"])
    listed = viewer.get("/interlock/runs").text
    assert "<bdi>renewal_to_invoice</bdi>" in listed
    assert "as of 2026-06-01" in listed
    text = viewer.get("/interlock/runs/renewal_to_invoice/bill").text.replace("<bdi>", "").replace("</bdi>", "")
    for words in (
        "Decided as of 2026-06-01", "Wartung Halle 3", "contract SC-7, Müller", "SC-7/2026-01-01", "2026-01-01 to 2026-12-31",
        "Wartung: 1 x 1200 EUR, net 1200, to 2026-12-31", "Tax S 19 %", "228 on 1200", "1428 EUR", "RE-1", "2026-01-02",
    ):  # fmt: skip
        assert words in text
    monkeypatch.setattr("interlock.cli.commands.look_up", lambda _: type("E", (), {"url": store.url}))
    monkeypatch.setattr(commands.console, "width", 200)
    about = {"process": "renewal_to_invoice", "run_id": "bill", "dry_run": False}
    store.sql("UPDATE interlock.run_report SET body = body || %s", [Jsonb(about)])
    assert cli.main(["report", "bill"]) == 0
    said = capsys.readouterr().out
    for words in ("SC-7/2026-01-01", "Wartung: 1 x 1200 EUR, net 1200", "228 on 1200", "1428 EUR", "RE-1"):
        assert words in said


def test_an_endless_text_is_cut(store, viewer):
    store.account("X" * 5000)
    store.hold_back()
    text = viewer.get("/interlock/held").text
    assert "X" * 81 not in text
    assert "(5000 characters)" in text


def test_many_held_back_records_are_paged(store, viewer):
    for number in range(101):
        store.hold_back(ref=f"hubspot:1//account/{number}")
    assert "account 100<" not in viewer.get("/interlock/held").text
    assert "account 100<" in viewer.get("/interlock/held", params={"at": 2}).text
    assert "account 100<" in viewer.get("/interlock/held", params={"at": 50}).text


def test_hostile_text_stays_text_on_every_page(store, viewer):
    store.account(HOSTILE, city=HOSTILE, **{HOSTILE: HOSTILE})
    entry = store.hold_back(code=HOSTILE, field=HOSTILE, message=HOSTILE, detail=HOSTILE)
    change = written(HOSTILE, HOSTILE, HOSTILE, why=HOSTILE, state=HOSTILE, reason=HOSTILE, kind=HOSTILE, system=HOSTILE)
    held = [{"id": entry, "ref": ACCOUNT, "code": HOSTILE, "field": HOSTILE, "message": HOSTILE}]
    batch = store.run("hostile" + HOSTILE.replace("/", ""), [change], actor=HOSTILE, held_back=held)
    approval = store.ask(batch, [store.change(batch, HOSTILE, {HOSTILE: HOSTILE})], HOSTILE)
    store.sql("INSERT INTO interlock.paused (name, actor, why) VALUES ('crm', %s, %s), (%s, '', '')", [HOSTILE, HOSTILE, HOSTILE])
    addresses = [*PAGES, f"/held/{entry}", f"/approvals/{approval}", f"/runs/lead_to_customer/{batch}", f"/runs/{batch}/x"]
    for at in addresses:
        answer = viewer.get(f"/interlock{at}", params={"find": ""})
        assert answer.status_code == 200
        page = Elements(answer.text)
        assert page.tags.count("script") == 1
        assert not {"img", "iframe", "object", "style", "base"} & set(page.tags)
        assert [a for a in page.attributes if a[1].startswith("on") or str(a[2]).lower().startswith("javascript:")] == []
        assert {value for tag, name, value in page.attributes if tag == "script"} == {"/interlock/static/console.js"}
        assert "\u202e" not in answer.text
        assert any("{{7*7}}" in data and "<script>" in data for data in page.data) or at.endswith("/x")
    for at in ("/held", f"/runs/lead_to_customer/{batch}"):
        page = Elements(viewer.get(f"/interlock{at}", params={"find": HOSTILE}).text)
        assert page.tags.count("script") == 1
        assert ("input", "value", HOSTILE) in page.attributes


@pytest.mark.parametrize("at", PAGES)
def test_a_database_that_is_away_is_said_with_the_cure(store, viewer, monkeypatch, at):
    monkeypatch.setenv("AIRFLOW_CONN_INTERLOCK_DB", "postgresql://nobody:hush-hush@127.0.0.1:9/gone")
    answer = viewer.get(f"/interlock{at}")
    assert answer.status_code == 503
    assert "interlock doctor" in answer.text
    assert "not reachable" in answer.text
    assert "hush-hush" not in answer.text
    assert "Traceback" not in answer.text


def test_a_decision_while_the_database_is_away_is_refused_in_words(store, ops, monkeypatch):
    monkeypatch.setenv("AIRFLOW_CONN_INTERLOCK_DB", "postgresql://nobody@127.0.0.1:9/gone")
    answer = ops.post("/interlock/paused/crm/pause", json={})
    assert answer.status_code == 503
    assert "not reachable" in answer.json()["message"]


def test_a_missing_schema_or_connection_names_its_cure(cluster, store, viewer, monkeypatch):
    monkeypatch.setenv("AIRFLOW_CONN_INTERLOCK_DB", cluster.create("bare"))
    assert "interlock migrate" in viewer.get("/interlock/").text
    monkeypatch.delenv("AIRFLOW_CONN_INTERLOCK_DB")
    answer = viewer.get("/interlock/")
    assert answer.status_code == 503
    assert "Admin &gt; Connections" in answer.text


def test_an_unexpected_error_shows_no_traceback(store, viewer):
    store.sql("ALTER TABLE interlock.quarantine RENAME TO elsewhere")
    answer = viewer.get("/interlock/held")
    assert answer.status_code == 500
    assert "Something went wrong" in answer.text
    assert "UndefinedTable" not in answer.text
    assert "script-src 'self'" in answer.headers["content-security-policy"]
