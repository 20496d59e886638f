"""Which partner is left of one that was merged: Odoo deletes it, and says so only in a note of the one that is left."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

from interlock.connectors.odoo.api import Rpc

MERGED: Final = re.compile(r"(?:&gt;|>) \(ID (\d+)\)")
"""How the note names each partner that was merged: `name <e-mail> (ID number)`, in every language."""
AT_ONCE: Final = 50


def survivors(rpc: Rpc, gone: Sequence[int]) -> dict[int, int]:
    """Return for each partner that is not there any more what is left of it, however often that was merged itself."""
    following: dict[int, int] = {}
    asked, wanted = set[int](), list(gone)
    while wanted:
        asked |= set(wanted)
        found = _successors(rpc, wanted)
        following |= found
        wanted = sorted(set(found.values()) - asked)
    return {partner: last for partner in gone if (last := _last(following, partner)) != partner}


def _successors(rpc: Rpc, gone: Sequence[int]) -> dict[int, int]:
    found: dict[int, int] = {}
    for start in range(0, len(gone), AT_ONCE):
        part = gone[start : start + AT_ONCE]
        named: list[Any] = [["body", "like", f"(ID {partner})"] for partner in part]
        notes = [["model", "=", "res.partner"], ["message_type", "=", "notification"]]
        rows = rpc.search("mail.message", [*notes, *["|"] * (len(part) - 1), *named], ["res_id", "body"])
        for row in rows:
            found |= {int(number): int(row["res_id"]) for number in MERGED.findall(row["body"]) if int(number) in part}
    return {partner: left for partner, left in found.items() if partner != left}


def _last(following: dict[int, int], partner: int) -> int:
    passed = {partner}
    while (after := following.get(partner)) is not None and after not in passed:
        passed.add(after)
        partner = after
    return partner
