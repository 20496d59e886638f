"""What the run report says of accounts that go on, though something about them is not as it should be."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from interlock.domain.contact import Contact
from interlock.domain.finding import Finding
from interlock.domain.identity import Ref
from interlock.domain.record import Problem
from interlock.engine.leads import checked
from interlock.processes import contacts
from interlock.store import accounts
from interlock.store.database import Transaction

Row = dict[str, Any]


def notices(tx: Transaction, batch: UUID, findings: Sequence[Finding], *, dry: bool) -> list[Row]:
    """List what should be known of accounts that are not held back: left out parts, findings."""
    found: list[Row] = []
    for row in accounts.flawed_contacts(tx, batch, batch if dry else None):
        contact = Contact.model_validate(row["body"] | {"id": Ref.parse(row["contact"]).id})
        problems = contacts.notices(contact, [Problem(*problem) for problem in row["problems"]])
        found += [{"ref": row["account"], "code": problem.code, "message": problem.message} for problem in problems]
    for row in accounts.shared_emails(tx, batch, batch if dry else None):
        message = f"a contact has the e-mail of a contact of account {Ref.parse(row['other']).id}"
        found.append({"ref": row["account"], "code": "email_shared", "message": message})
    told = {_about(notice) for notice in found}
    return found + [notice for notice in checked.notices(tx, batch, findings) if _about(notice) not in told]


def _about(notice: Row) -> tuple[str, str, str]:
    """Tell which record of which account a notice is about, and why."""
    return notice["ref"], notice["code"], notice["message"].split(":")[0]
