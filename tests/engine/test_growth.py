"""What a page of decisions costs must not depend on how much there is already."""

from __future__ import annotations

import uuid

from interlock.domain.change import Change
from interlock.domain.identity import Ref
from interlock.store import outbox

PROCESS = "lead_to_customer"
OPEN, PAGE = 5_000, 100
READ = """
SELECT seq_tup_read + coalesce(idx_tup_fetch, 0) AS rows FROM pg_stat_xact_user_tables
WHERE relid = 'interlock.change'::regclass
"""


def notes(numbers):
    accounts = [Ref("m:crm", "", "account", str(number)) for number in numbers]
    return [
        Change.create(f"note/{ref}", process=PROCESS, system="crm", kind="note", subject=ref, values={"body": "x"})
        for ref in accounts
    ]


def test_a_page_of_decisions_reads_no_more_of_the_outbox_the_more_is_open(world):
    batch = uuid.uuid4()
    with world.engine().database.begin() as tx:
        outbox.record(tx, batch, notes(range(OPEN)))
        before = tx.execute(READ).fetchone()["rows"]
        page = notes(range(OPEN - PAGE // 2, OPEN + PAGE // 2))
        outbox.record(tx, batch, page)
        outbox.withdraw(tx, PROCESS, [str(change.subject) for change in page], page)
        assert tx.execute(READ).fetchone()["rows"] - before < 10 * PAGE
        pending = tx.execute("SELECT count(*) AS n FROM interlock.change WHERE state = 'pending'").fetchone()
        assert pending["n"] == OPEN + PAGE // 2


def test_changes_are_sent_in_the_order_in_which_they_were_decided(world):
    with world.engine().database.begin() as tx:
        decided = notes(reversed(range(PAGE)))
        outbox.record(tx, uuid.uuid4(), decided)
        rows = tx.execute("SELECT key FROM interlock.change ORDER BY id").fetchall()
    assert [row["key"] for row in rows] == [change.key for change in decided]
