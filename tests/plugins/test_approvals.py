"""What a person sees before answering for invoices: contract, period, figures, recipient, and the version of before."""

from __future__ import annotations

import uuid
from decimal import Decimal

import pytest

from interlock.cli import commands
from interlock.cli import main as cli
from interlock.domain.change import Change
from interlock.domain.identity import Ref
from interlock.domain.invoice import Invoice, InvoiceKey
from interlock.store import batches, outbox, requests
from interlock.store.database import Database
from tests.plugins.conftest import ACCOUNT
from tests.plugins.test_pages import HOSTILE, Elements

PROCESS = "renewal_to_invoice"


def draft(net, contract="SC-7", recipient="42", currency="EUR"):
    one = Invoice(
        key=InvoiceKey(contract=contract, period_start="2026-01-01"), recipient=recipient, service_from="2026-01-01",
        service_to="2026-01-31", net=net, tax="1.9", gross=Decimal(net) + Decimal("1.9"), currency=currency,
    )  # fmt: skip
    subject, body = Ref("hubspot:1", "", "contract", contract), one.model_dump(mode="json")
    return Change.create(f"invoice/{one.reference}", process=PROCESS, system="erp", kind="invoice", subject=subject, values=body)


@pytest.fixture
def decide(store):
    """Decide as a run does, and ask about all drafts that are new; returns the open requests."""
    database = Database(store.url)

    def decided(*changes, reason="above the limit", excluded=()):
        with database.begin() as tx:
            scope = {"dry_run": False, "full": False, "named": None, "actor": "manual"}
            outbox.queue_up(tx, PROCESS)
            batch = batches.open_batch(tx, uuid.uuid4(), PROCESS, f"run {uuid.uuid4()}", scope)
            outbox.record(tx, batch, changes)
            requests.renew(tx, PROCESS, batch)
            new = [row["id"] for row in requests.unapproved(tx, batch, ["invoice"])]
            requests.hold(tx, PROCESS, batch, new, reason, excluded=excluded)
        return [row["id"] for row in store.sql("SELECT id FROM interlock.approval WHERE state = 'open' ORDER BY id")]

    yield decided
    database.close()


def plainly(answer):
    return answer.text.replace("<bdi>", "").replace("</bdi>", "")


def test_a_request_shows_the_figures_of_its_invoices(store, viewer, decide):
    store.account("Fährhaus & Söhne")
    store.sql("INSERT INTO interlock.crosswalk (account, customer, number, origin) VALUES (%s, 'c', 'K7', 'created')", [ACCOUNT])
    (number,) = decide(*(draft("1000.5", f"SC-{n}") for n in range(5)))
    listed, page = plainly(viewer.get("/interlock/approvals")), plainly(viewer.get(f"/interlock/approvals/{number}"))
    assert "SC-0, 2026-01-01 to 2026-01-31, Fährhaus &amp; Söhne: 1002.40 EUR gross" in listed
    assert ("SC-2," in listed, "SC-3," in listed, "and 2 more" in listed) == (True, False, True)
    for words in ("SC-4", "2026-01-01 to 2026-01-31", "customer K7", ">1000.50<", ">1.90<", ">1002.40<", "above the limit"):
        assert words in page
    assert "before, as asked" not in page


def test_an_invoice_asked_about_anew_stands_beside_its_former_version(store, viewer, ops, decide):
    store.account()
    decide(draft("1000"), draft("5", "SC-8"))
    (again,) = decide(draft("1200"))
    page = plainly(viewer.get(f"/interlock/approvals/{again}"))
    for words in (">1200.00<", ">1000.00<", "before, as asked about in", ">5.00<", "Replaces"):
        assert words in page
    assert page.count("before, as asked about in") == 1
    assert page.split(">Net</td>", 1)[1].startswith('\n  <td class="before">1000 EUR</td>\n  <td>1200 EUR</td>')
    old = plainly(viewer.get("/interlock/approvals/1"))
    assert "<b>void</b> by newer decision" in old
    assert f'href="/interlock/approvals/{again}">request {again}</a>' in old
    assert ">1200.00<" not in old
    assert "(before: 1001.90 EUR)" in plainly(viewer.get("/interlock/approvals"))
    assert ops.post("/interlock/approvals/1/approve", json={}).status_code == 409
    assert ops.post(f"/interlock/approvals/{again}/approve", json={}).json() == {
        "message": "Approved. Changes that the next run writes: 2."
    }


def test_who_confirmed_the_renewal_cannot_approve_in_the_console(store, ops, decide, monkeypatch, tmp_path):
    settings = '[lead_to_customer]\ngo_live = 2026-01-01\n[approval]\nusers = ["ops", "chief"]\nfour_eyes = true\n'
    (tmp_path / "interlock.toml").write_text(settings)
    monkeypatch.setenv("INTERLOCK_CONFIG", str(tmp_path / "interlock.toml"))
    (number,) = decide(draft("1000"), excluded=["Ops"])
    answer = ops.post(f"/interlock/approvals/{number}/approve", json={})
    assert (answer.status_code, "had a hand in what is asked" in answer.text) == (403, True)


def test_hostile_text_in_what_is_asked_stays_text(store, viewer, decide):
    store.account(HOSTILE)
    for net in ("10", "20"):
        numbers = decide(draft(net, HOSTILE.replace("/", "|"), currency=HOSTILE), reason=HOSTILE)
    for at in ("/interlock/approvals", f"/interlock/approvals/{numbers[0]}"):
        page = Elements(viewer.get(at).text)
        assert page.tags.count("script") == 1
        assert not {"img", "iframe", "object", "style", "base"} & set(page.tags)
        assert [a for a in page.attributes if a[1].startswith("on") or str(a[2]).lower().startswith("javascript:")] == []
        assert any("<script>" in data for data in page.data)


def test_the_command_lists_what_waits(store, decide, monkeypatch, capsys):
    monkeypatch.setattr("interlock.cli.commands.look_up", lambda _: type("E", (), {"url": store.url}))
    monkeypatch.setattr(commands.console, "width", 260)
    assert cli.main(["approvals", "list"]) == 0
    assert "nothing waits" in capsys.readouterr().out
    store.account("[red]Fährhaus")
    decide(*(draft("1000", f"SC-{n}") for n in range(7)))
    decide(draft("1200", "SC-0"))
    assert cli.main(["approvals", "list"]) == 0
    text = capsys.readouterr().out
    for words in (
        "above the limit", "asked anew: replaces request 1", "to [red]Fährhaus", "and 2 more; Interlock > Approvals > 2",
        "SC-0, 2026-01-01 to 2026-01-31: net 1200.00, tax 1.90, gross 1201.90 EUR",
        "before, in request 1: SC-0, 2026-01-01 to 2026-01-31: net 1000.00, tax 1.90, gross 1001.90 EUR",
    ):  # fmt: skip
        assert words in text
