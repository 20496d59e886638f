"""Which account is which customer, through merges on either side and after a restore (invariants 8 and 14)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from interlock.store.database import Transaction

Row = dict[str, Any]


def redirect(tx: Transaction, pairs: Sequence[tuple[str, str]]) -> None:
    """Remember merged records, source -> survivor, transitively.

    What was not sent for the source is cancelled, as the survivor is decided anew; what may have been sent goes on
    under its own key, and the survivor waits for it.
    """
    for source, survivor in pairs:
        tx.execute("DELETE FROM interlock.redirect WHERE from_ref = %s", [survivor])
        tx.execute(
            "INSERT INTO interlock.redirect VALUES (%s, %s) ON CONFLICT (from_ref) DO UPDATE SET to_ref = excluded.to_ref",
            [source, survivor],
        )
        tx.execute("UPDATE interlock.redirect SET to_ref = %s WHERE to_ref = %s", [survivor, source])
    sources = [source for source, _ in pairs]
    tx.execute(
        "UPDATE interlock.snapshot SET archived = true, revision = 'merged' WHERE ref = ANY(%s) AND revision <> 'merged'",
        [sources],
    )
    tx.execute(
        "UPDATE interlock.change SET state = 'cancelled', reason = 'merged', finished_at = now()"
        " WHERE subject = ANY(%s) AND state IN ('pending', 'held')",
        [sources],
    )
    tx.execute(
        "UPDATE interlock.quarantine SET state = 'resolved', decided_at = now() WHERE ref = ANY(%s) AND state = 'open'", [sources]
    )


def follow_merges(tx: Transaction) -> None:
    """Let links lead to survivors; a link stays with its merged account where the survivor has a customer of its own."""
    tx.execute(
        """
        UPDATE interlock.crosswalk x SET customer = m.to_ref, number = m.number, is_primary = m.is_primary
        FROM (SELECT x.account, r.to_ref, coalesce(s.body ->> 'number', x.number) AS number,
                NOT EXISTS (SELECT FROM interlock.crosswalk o WHERE o.customer = r.to_ref AND o.is_primary)
                    AND row_number() OVER (PARTITION BY r.to_ref ORDER BY x.linked_at, x.account) = 1 AS is_primary
            FROM interlock.crosswalk x JOIN interlock.redirect r ON r.from_ref = x.customer
            LEFT JOIN interlock.snapshot s ON s.ref = r.to_ref) m
        WHERE x.account = m.account
        """
    )
    freed = tx.execute(
        "DELETE FROM interlock.crosswalk x USING interlock.redirect r, interlock.crosswalk o"
        " WHERE r.from_ref = x.account AND o.account = r.to_ref AND o.customer = x.customer RETURNING x.customer"
    ).fetchall()
    if freed:
        tx.execute(
            "UPDATE interlock.crosswalk x SET is_primary = true FROM (SELECT DISTINCT ON (c.customer) c.account"
            "  FROM interlock.crosswalk c WHERE c.customer = ANY(%s) AND NOT EXISTS (SELECT FROM interlock.crosswalk p"
            "    WHERE p.customer = c.customer AND p.is_primary) ORDER BY c.customer, c.linked_at, c.account) f"
            " WHERE x.account = f.account",
            [[row["customer"] for row in freed]],
        )
    tx.execute(
        "UPDATE interlock.crosswalk x SET account = m.to_ref FROM"
        " (SELECT DISTINCT ON (r.to_ref) x.account, r.to_ref FROM interlock.crosswalk x"
        "  JOIN interlock.redirect r ON r.from_ref = x.account ORDER BY r.to_ref, x.linked_at, x.account) m"
        " WHERE x.account = m.account AND NOT EXISTS (SELECT FROM interlock.crosswalk o WHERE o.account = m.to_ref)"
    )


def link(tx: Transaction, found: Sequence[tuple[str, str, str, str, bool]]) -> None:
    """Link accounts to customers: (account, customer, number, origin, further); one that is another account's stays with it.

    further: a person said so; then it becomes a further account of a customer that has one.
    """
    tx.execute(
        """
        INSERT INTO interlock.crosswalk (account, customer, number, origin, is_primary)
        SELECT account, customer, number, origin, NOT (further AND (EXISTS (SELECT FROM interlock.crosswalk o
            WHERE o.customer = n.customer AND o.is_primary) OR row_number() OVER (PARTITION BY customer ORDER BY place) > 1))
        FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::boolean[])
            WITH ORDINALITY AS n(account, customer, number, origin, further, place)
        WHERE NOT EXISTS (SELECT FROM interlock.crosswalk x WHERE x.account = n.account)
        ORDER BY place ON CONFLICT DO NOTHING
        """,
        [list(column) for column in zip(*found, strict=True)],
    )
    follow_merges(tx)


def link_new(tx: Transaction, made: Sequence[tuple[str, str, str, str]]) -> set[str]:
    """Link accounts to the customers just made for them: (account, customer, number, origin).

    Returns the accounts whose customer already is another account's.
    """
    link(tx, [(*one, False) for one in made])
    return others(tx, [(account, customer) for account, customer, _, _ in made])


def others(tx: Transaction, pairs: Sequence[tuple[str, str]]) -> set[str]:
    """Return the accounts of (account, customer) that are not linked to that customer, neither themselves nor as merged."""
    rows = tx.execute(
        "SELECT n.account FROM unnest(%s::text[], %s::text[]) AS n(account, customer) WHERE NOT EXISTS"
        " (SELECT FROM interlock.crosswalk x WHERE x.customer = n.customer AND (x.account = n.account OR x.account ="
        "   (SELECT to_ref FROM interlock.redirect WHERE from_ref = n.account)))",
        [[account for account, _ in pairs], [customer for _, customer in pairs]],
    )
    return {row["account"] for row in rows}


def customers_of(tx: Transaction, accounts: Sequence[str]) -> list[str]:
    """Return the customers that accounts are linked to."""
    rows = tx.execute("SELECT customer FROM interlock.crosswalk WHERE account = ANY(%s)", [list(accounts)])
    return [row["customer"] for row in rows]


def rebuild(tx: Transaction, crm: str, erp: str) -> int:
    """Link accounts to the customers that carry their reference; returns how many links were missing (invariant 14).

    The first reference of a customer is its first account's, the others are further accounts.
    """
    missing = tx.execute(
        """
        INSERT INTO interlock.crosswalk (account, customer, number, origin, is_primary)
        SELECT account, customer, number, 'reference', row_number() OVER (PARTITION BY customer ORDER BY place) = 1
            AND NOT EXISTS (SELECT FROM interlock.crosswalk o WHERE o.customer = n.customer AND o.is_primary)
        FROM (SELECT DISTINCT ON (r.account) r.account, s.ref AS customer, s.body ->> 'number' AS number, r.place
            FROM interlock.snapshot s, jsonb_array_elements_text(s.body -> 'references') WITH ORDINALITY AS r(account, place)
            WHERE s.instance = %s AND s.kind = 'customer' AND NOT s.archived AND starts_with(r.account, %s || '/')
            ORDER BY r.account, s.ref) n
        WHERE NOT EXISTS (SELECT FROM interlock.crosswalk x WHERE x.account = n.account)
        ON CONFLICT DO NOTHING
        """,
        [erp, crm],
    ).rowcount
    follow_merges(tx)
    return missing


def strangers(tx: Transaction, crm: str, erp: str) -> list[str]:
    """Return accounts that customers refer to and that were never read: merged away, or gone, while nobody looked."""
    rows = tx.execute(
        """
        SELECT DISTINCT r.account FROM interlock.snapshot s, jsonb_array_elements_text(s.body -> 'references') AS r(account)
        WHERE s.instance = %s AND s.kind = 'customer' AND NOT s.archived AND starts_with(r.account, %s || '/')
          AND NOT EXISTS (SELECT FROM interlock.snapshot a WHERE a.ref = r.account)
          AND NOT EXISTS (SELECT FROM interlock.redirect m WHERE m.from_ref = r.account)
        """,
        [erp, crm],
    )
    return [row["account"] for row in rows]


def left(tx: Transaction) -> list[str]:
    """Return linked customers that are inactive or gone as far as is known: perhaps they were merged into another."""
    rows = tx.execute(
        "SELECT s.ref FROM interlock.crosswalk x JOIN interlock.snapshot s ON s.ref = x.customer"
        " WHERE s.archived OR s.body ->> 'active' = 'false'"
    )
    return [row["ref"] for row in rows]


def doubles(tx: Transaction, erp: str) -> list[Row]:
    """Return `account` and superfluous `customer` wherever two carry one reference; `late`: it may be a late commit of ours."""
    return tx.execute(
        """
        SELECT x.account, s.ref AS customer, EXISTS (SELECT FROM interlock.change c
            WHERE c.key = 'customer/' || x.account AND c.ever_unknown) AS late
        FROM interlock.snapshot s
        CROSS JOIN jsonb_array_elements_text(s.body -> 'references') AS r(account)
        JOIN interlock.crosswalk x ON x.account = r.account
        WHERE s.instance = %s AND s.kind = 'customer' AND NOT s.archived AND s.body ->> 'active' <> 'false'
          AND x.customer <> s.ref
          AND NOT EXISTS (SELECT FROM interlock.crosswalk o WHERE o.customer = s.ref)
        """,
        [erp],
    ).fetchall()
