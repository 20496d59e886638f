"""What the VAT register said last of each VAT id, and when it last said valid: on behalf of which requester."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

from interlock.domain.vat import Consultation, VatAnswer
from interlock.store.database import Transaction

REMEMBER: Final = """
INSERT INTO interlock.vat_answer AS v (vat_id, status, asked_at, last_valid_on, request_id, requester)
SELECT vat_id, status, %(asked_at)s, valid_on, request_id, %(requester)s
FROM unnest(%(vat_ids)s::text[], %(statuses)s::text[], %(valid_on)s::date[], %(request_ids)s::text[])
    AS n (vat_id, status, valid_on, request_id)
ON CONFLICT (vat_id) DO UPDATE SET
    status = CASE WHEN excluded.status = 'unknown' AND v.status = 'invalid' THEN v.status ELSE excluded.status END,
    asked_at = excluded.asked_at, requester = excluded.requester,
    last_valid_on = CASE WHEN excluded.status <> 'valid' AND v.requester = excluded.requester
        THEN v.last_valid_on ELSE excluded.last_valid_on END,
    request_id = CASE WHEN excluded.status <> 'valid' AND v.requester = excluded.requester
        THEN v.request_id ELSE excluded.request_id END
WHERE v.asked_at <= excluded.asked_at
"""


def known(tx: Transaction, vat_ids: Sequence[str], requester: str) -> dict[str, VatAnswer]:
    """Return what is known of some VAT ids; those never asked about for this requester are left out.

    A valid answer may be old: `stale` names those to ask about again.
    """
    rows = tx.execute(
        "SELECT vat_id, status, last_valid_on, request_id FROM interlock.vat_answer WHERE vat_id = ANY(%s) AND requester = %s",
        [list(vat_ids), requester],
    ).fetchall()
    return {row["vat_id"]: VatAnswer(**row) for row in rows}


def stale(tx: Transaction, vat_ids: Sequence[str], requester: str, as_of: date, days: int) -> list[str]:
    """Return the VAT ids without a valid answer from the last `days` days, of which `as_of` is one; in their order, each once."""
    answers = known(tx, vat_ids, requester)
    return [vat_id for vat_id in dict.fromkeys(vat_ids) if vat_id not in answers or not answers[vat_id].is_fresh(as_of, days)]


def remember(tx: Transaction, answers: Sequence[Consultation], requester: str, asked_at: datetime, zone: ZoneInfo) -> None:
    """Keep one answer for each VAT id, days in `zone`; an answer from before what is known changes nothing.

    unknown leaves a valid day with its consultation number, and does not lift an invalid; invalid leaves the day on record.
    Another requester's valid day is no evidence for this one and goes.
    """
    latest = {answer.vat_id: answer for answer in answers}
    days = [min(a.at, asked_at).astimezone(zone).date() if a.status == "valid" else None for a in latest.values()]
    values = {
        "asked_at": asked_at, "requester": requester, "vat_ids": list(latest), "valid_on": days,
        "statuses": [answer.status for answer in latest.values()],
        "request_ids": [answer.request_id if answer.status == "valid" else "" for answer in latest.values()],
    }  # fmt: skip
    tx.execute(REMEMBER, values)
