"""What once-only changes left behind: looked after until it is certain, and erased when its time is over."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from interlock.store.database import Transaction

Row = dict[str, Any]
BEHIND: Final = """
WITH RECURSIVE behind AS (
    SELECT c.key, c.subject FROM interlock.change c WHERE c.process = %(process)s AND {begin}
    UNION SELECT c.key, c.subject FROM interlock.change c JOIN behind b ON c.subject = b.subject AND b.key = ANY(c.depends_on)
    WHERE c.process = %(process)s AND c.state IN ('pending', 'held'))
"""


def standing(tx: Transaction, process: str, kind: str, *, months: int = 0, account: str | None = None) -> list[Row]:
    """Return done creates of a kind whose content was not erased: those older than `months`, of all or of one account.

    What an account that was merged into it brought along is its own.
    """
    return tx.execute(
        "SELECT subject, result_ref FROM interlock.change WHERE process = %(process)s AND kind = %(kind)s"
        " AND operation = 'create' AND state = 'done' AND body <> '{}'"
        " AND finished_at <= now() - make_interval(months => %(months)s)"
        " AND (%(account)s::text IS NULL OR subject = %(account)s OR subject IN"
        "   (SELECT from_ref FROM interlock.redirect WHERE to_ref = %(account)s)) ORDER BY id",
        {"process": process, "kind": kind, "months": months, "account": account},
    ).fetchall()


def cancel(tx: Transaction, process: str, keys: Sequence[str], reason: str = "") -> int:
    """Cancel changes that were not sent, with all steps of the same subjects that depend on them; returns how many."""
    begin = "c.key = ANY(%(keys)s) AND c.state IN ('pending', 'held')"
    return tx.execute(
        f"{BEHIND.format(begin=begin)} UPDATE interlock.change c SET state = 'cancelled',"  # noqa: S608 - constants
        " reason = %(reason)s, finished_at = now()"
        " WHERE c.key IN (SELECT key FROM behind) AND c.state IN ('pending', 'held')",
        {"process": process, "keys": list(keys), "reason": reason},
    ).rowcount


def erase(tx: Transaction, process: str, kind: str, subject: str) -> None:
    """Forget the content of a subject's done creates of a kind, in the reports too; that they happened stays on record."""
    tx.execute(
        "UPDATE interlock.run_report SET body = jsonb_set(body, '{changes}', (SELECT jsonb_agg("
        "   CASE WHEN c ->> 'kind' = %(kind)s AND c ->> 'subject' = %(subject)s THEN c || '{\"after\": {}}' ELSE c END)"
        "   FROM jsonb_array_elements(body -> 'changes') AS c))"
        " WHERE body -> 'changes' @> jsonb_build_array(jsonb_build_object('kind', %(kind)s::text, 'subject', %(subject)s::text))",
        {"kind": kind, "subject": subject},
    )
    tx.execute(
        "DELETE FROM interlock.asked q USING interlock.change c WHERE c.id = q.change_id AND c.process = %s AND c.kind = %s"
        " AND c.operation = 'create' AND c.subject = %s",
        [process, kind, subject],
    )
    tx.execute(
        "UPDATE interlock.change SET body = '{}', reason = 'erased' WHERE process = %s AND kind = %s AND operation = 'create'"
        " AND state = 'done' AND subject = %s",
        [process, kind, subject],
    )


def doubtful(tx: Transaction, process: str, kind: str) -> list[Row]:
    """Return done creates of a kind whose first answer was lost, for as long as a late commit is thinkable: two days."""
    return tx.execute(
        "SELECT key, system, operation, kind, body, parent, subject, result_ref FROM interlock.change WHERE process = %s"
        " AND kind = %s AND operation = 'create' AND state = 'done' AND ever_unknown AND finished_at > now() - interval '2 days'"
        " ORDER BY id",
        [process, kind],
    ).fetchall()


def overdue(tx: Transaction, process: str, days: float) -> list[Row]:
    """Return the oldest open change of each subject that waits longer than `days`, but none that waits for a person's answer."""
    begin = "c.state = 'held'"
    return tx.execute(
        f"{BEHIND.format(begin=begin)} SELECT DISTINCT ON (subject) subject, system, state, reason,"  # noqa: S608 - constants
        " extract(day FROM now() - opened_at)::int AS days FROM interlock.change WHERE process = %(process)s"
        " AND state IN ('pending', 'sending', 'unknown') AND opened_at < now() - make_interval(secs => %(seconds)s)"
        " AND key NOT IN (SELECT key FROM behind) ORDER BY subject, opened_at, id",
        {"process": process, "seconds": days * 86_400},
    ).fetchall()
