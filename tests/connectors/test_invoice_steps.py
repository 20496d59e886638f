"""The three steps of an invoice through the engine: what one made, the next hangs on; taken again, they have one effect."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from interlock.config import parse
from interlock.domain.change import Change
from interlock.engine.apply import apply
from interlock.engine.context import Engine, Scope
from interlock.engine.invoices import INVOICES
from interlock.store import outbox
from interlock.store.database import Database
from tests.connectors.test_hubspot import hubspot
from tests.connectors.test_tryton import customer, tryton
from tests.connectors.test_tryton_invoices import STEPS, delete, drafted, fields, invoice, live

SETTINGS = parse("[lead_to_customer]\ngo_live = 2026-01-01\n[engine]\npoll_seconds = 0.05\ndeadline = 60\n")
PROCESS = "renewal_to_invoice"


@pytest.fixture
def erp_system(erp):
    return tryton(erp, payment_term="30 days")


@pytest.fixture
def buyer(erp_system):
    (done,) = erp_system.write([customer()])
    return done.ref


@pytest.fixture
def engine(database, crm, erp_system):
    engine = Engine(Database(database), hubspot(crm), erp_system, SETTINGS, INVOICES)
    yield engine
    engine.database.close()


def run(engine, changes):
    batch = engine.open(Scope(run_id=f"r{datetime.now(UTC).timestamp()}", actor="test"))
    with engine.database.begin() as tx:
        for change in changes:
            assert outbox.record(tx, batch, [change]) == set()
    apply(engine, batch, "erp")
    with engine.database.begin() as tx:
        rows = tx.execute("SELECT * FROM interlock.change ORDER BY id").fetchall()
        held = tx.execute("SELECT code FROM interlock.quarantine WHERE state = 'open'").fetchall()
    return {row["kind"]: row for row in rows}, [row["code"] for row in held]


def steps(engine, planned, buyer):
    subject, before = engine.crm.ref("contract", "4711"), ()
    for kind in STEPS:
        key = f"{kind}/{planned.reference}"
        parent = None if before else buyer
        yield Change.create(
            key, process=PROCESS, system="erp", kind=kind, subject=subject, values=planned.model_dump(mode="json"), parent=parent,
            depends_on=before,
        )  # fmt: skip
        before = (key,)


def test_one_run_takes_all_three_steps_and_another_none(engine, buyer, erp_system):
    planned = invoice()
    rows, held = run(engine, steps(engine, planned, buyer))
    assert ({kind: row["state"] for kind, row in rows.items()}, held) == (dict.fromkeys(STEPS, "done"), [])
    posting = rows["invoice_posting"]
    assert (
        posting["results"]["number"]
        == erp_system.read("invoice", [posting["result_ref"].rsplit("/", 1)[1]]).popitem()[1].values["number"]
    )
    again, _ = run(engine, steps(engine, planned, buyer))
    assert {kind: row["finished_at"] for kind, row in again.items()} == {kind: row["finished_at"] for kind, row in rows.items()}
    assert live(erp_system, planned) == ["posted"]


def test_what_is_there_already_is_taken_over_step_by_step(engine, buyer, erp_system):
    planned = invoice()
    ref = drafted(erp_system, buyer, planned)
    rows, held = run(engine, steps(engine, planned, buyer))
    assert ({row["result_ref"] for row in rows.values()}, held) == ({str(ref)}, [])
    assert fields(erp_system, ref, "state")["state"] == "posted"


def test_a_draft_that_somebody_deletes_between_the_steps_is_held_and_never_made_again(engine, buyer, erp_system):
    planned = invoice()
    rows, _ = run(engine, [next(steps(engine, planned, buyer))])
    ref = erp_system.ref("invoice", rows["invoice"]["result_ref"].rsplit("/", 1)[1])
    delete(lambda method, *a: erp_system._rpc.call(f"model.{method}", *a, safe=False), erp_system, ref)
    rows, held = run(engine, steps(engine, planned, buyer))
    assert (rows["invoice"]["state"], rows["invoice_confirmation"]["state"], held) == ("done", "rejected", ["draft_deleted"])
    assert live(erp_system, planned) == []
