"""A dry run sees what a run would see, and what that costs does not depend on how much it has read."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

from interlock.domain.identity import Ref
from interlock.domain.record import Page, Record
from interlock.engine.context import Scope
from interlock.engine.gather import gather
from interlock.engine.leads.histories import read_histories
from interlock.engine.run import run
from interlock.store import accounts, batches, contracts, migrations, people, receivables, records, work
from tests.engine.memory import Memory

MANY, PAGE = 600, 5
EACH = 100  # staged rows that may be read for a company of ten records
OF_ACCOUNTS = ("account", "deal", "contact", "contract", "contract_payment", "account_balance")
KINDS = (*OF_ACCOUNTS, "customer", "debtor", "receivable", "invoice")
READ = """
SELECT seq_tup_read + coalesce(idx_tup_fetch, 0) AS rows FROM pg_stat_xact_user_tables
WHERE relid = 'interlock.staged'::regclass
"""


def company(number):
    """Return all records of one company, each kind once."""
    account, customer = Ref("m:crm", "", "account", f"{number:04}"), Ref("m:erp", "", "customer", f"{number:04}")
    said = {
        "account": {"parent": ""}, "contract": {"number": f"SC-{number}", "account": account.id},
        "contract_payment": {"number": f"SC-{number}"}, "receivable": {"contract": f"SC-{number}", "state": "posted"},
        "invoice": {"key": {"contract": f"SC-{number}"}},
    }  # fmt: skip
    for kind in KINDS:
        of = account if kind in OF_ACCOUNTS else customer
        yield Record(
            replace(of, kind=kind), Memory("m").clock, said.get(kind, {}), None if kind in {"account", "customer"} else of
        )


def many(tx, subjects):
    """Stage many companies for a dry run, those that are customers linked, and list the work; returns the batch."""
    batch = uuid.uuid4()
    batches.open_batch(tx, batch, "p", "r1", {"dry_run": True, "full": False, "named": (), "actor": "a"})
    records.stage(tx, batch, (record for number in range(MANY) for record in company(number)))
    tx.execute(
        "INSERT INTO interlock.crosswalk (account, customer, number, origin) SELECT ref, replace(replace(ref, 'account',"
        " 'customer'), 'm:crm', 'm:erp'), ref, 'o' FROM interlock.current_records(%s) WHERE kind = 'account'",
        [batch],
    )
    records.refresh_statistics(tx, batch, "crosswalk")
    assert work.collect(tx, batch, "p", subjects, "m:crm", "", None, batch, datetime.now(UTC)) == MANY
    return batch


def read(tx):
    return tx.execute(READ).fetchone()["rows"]


@pytest.mark.parametrize("subjects", [accounts.ACCOUNTS, contracts.CONTRACTS, receivables.ACCOUNTS])
def test_a_page_of_a_dry_run_reads_no_more_of_what_was_staged_the_more_there_is(world, subjects):
    with world.engine().database.begin() as tx:
        batch = many(tx, subjects)
        before = read(tx)
        assert len(next(work.views(tx, batch, "p", subjects, batch, PAGE))) == PAGE
        assert 0 < read(tx) - before < PAGE * EACH


def test_what_the_checks_of_a_dry_run_read_grows_with_the_work_alone(world):
    with world.engine().database.begin() as tx:
        batch = many(tx, receivables.ACCOUNTS)
        before = read(tx)
        assert receivables.stage(tx, batch, batch) == (MANY, MANY, [])
        assert 0 < read(tx) - before < MANY * EACH


def twice(world, monkeypatch, first, then):
    """List the only account twice in one reading, in different versions."""
    changed = world.crm.changed
    both = [Page([first], first.modified_at), Page([then], then.modified_at)]
    monkeypatch.setattr(world.crm, "changed", lambda kind, since: iter(both) if kind == "account" else changed(kind, since))


@pytest.mark.parametrize("dry", [True, False])
@pytest.mark.parametrize("minutes", [-1, 0, 1])
def test_a_record_listed_twice_counts_once_in_its_newest_version_the_last_of_equals(world, monkeypatch, minutes, dry):
    world.won("1")
    monkeypatch.setattr("interlock.engine.reading.COMMIT", 1)
    first = world.crm.records[world.crm.ref("account", "1")]
    then = replace(first, values=first.values | {"city": "Bonn"}, modified_at=first.modified_at + timedelta(minutes=minutes))
    twice(world, monkeypatch, first, then)
    counts = run(world.engine(), Scope("r1", dry_run=dry))
    assert (counts["read"], counts["created"]) == (1, 1)
    if dry:
        with world.engine().database.begin() as tx:
            said = [change["after"] for change in people.report(tx, "r1")["changes"] if change["kind"] == "customer"]
    else:
        said = [record.values for record in world.erp.of("customer")]
    assert [values["city"] for values in said] == ["Berlin" if minutes < 0 else "Bonn"]


def test_a_retried_decision_of_a_dry_run_tells_each_event_once(world):
    world.won("1")
    account = world.crm.ref("account", "1")
    world.crm.put("activity", "call", parent=account, type="call", time="2026-02-03T08:00:00+00:00", direction="in")
    engine = world.engine()
    batch = engine.open(Scope("r1", dry_run=True))
    gather(engine, batch)
    for _ in range(2):
        read_histories(engine, batch, [account], dry=True)
    with engine.database.begin() as tx:
        found = tx.execute("SELECT ref FROM interlock.current_records(%s) WHERE parent = %s ORDER BY 1", [batch, str(account)])
        assert [row["ref"] for row in found] == ["m:crm//activity/call", "m:crm//deal/d1"]


def definition(connection):
    return connection.exec_driver_sql(
        "SELECT prosrc FROM pg_proc WHERE oid = 'interlock.current_records(uuid)'::regprocedure"
    ).scalar_one()


def test_the_schema_goes_back_to_what_it_was_and_forth_again(database):
    config = Config()
    config.set_main_option("script_location", str(next(iter(migrations.__path__))))
    first = ScriptDirectory.from_config(config).get_revision("0001").module.RECORDS
    engine = create_engine("postgresql+psycopg://", poolclass=NullPool, creator=lambda: psycopg.connect(database))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        now = definition(connection)
        command.downgrade(config, "0013")
        assert " ".join(definition(connection).split()) in " ".join(first.split())
        command.upgrade(config, "head")
        assert definition(connection) == now
