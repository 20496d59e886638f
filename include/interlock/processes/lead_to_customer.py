"""A company that sales won in the CRM becomes exactly one ERP customer, and learns its number.

An account is concerned when it already has a customer, or when one of its deals entered a won stage on or after go-live.
CRM-owned fields are created and kept up to date; the customer number, sync state and time go back with one note.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator
from stdnum import vatin
from stdnum.exceptions import ValidationError as NumberError

from interlock.config import Settings
from interlock.domain.change import Change, result_of
from interlock.domain.identity import Ref
from interlock.domain.record import Problem
from interlock.processes import contacts, prehistory
from interlock.processes.view import Decision, View

PROCESS: Final = "lead_to_customer"
NOTE: Final = "This account is customer {} in the ERP."
GONE: Final = Problem("customer_gone", "customer_number", "its customer no longer exists in the ERP or is blocked there")

DELETED: Final = Problem("account_gone", "", "the account was deleted in the CRM; its customer stays as it is")
MET: Final = Problem(
    "customers_met", "customer_number", "accounts with different customers were merged in the CRM; merge the customers in the ERP"
)


class CustomerValues(BaseModel):
    """What an account must bring to become a customer. An ERP's and a printed invoice's limits bound the lengths."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    legal_name: str = Field(min_length=1, max_length=200)
    vat_id: str = Field(max_length=20)
    register_number: str = Field(max_length=80)
    language: str = Field(max_length=2)
    phone: str = Field(max_length=30)
    website: str = Field(max_length=255)
    street: str = Field(max_length=200)
    postal_code: str = Field(max_length=12)
    city: str = Field(max_length=100)
    country: str = Field(min_length=2, max_length=2)

    @field_validator("vat_id")
    @classmethod
    def check_digits(cls, value: str) -> str:
        """Check a VAT id's form and check digits offline, as its country defines them."""
        if value:
            try:
                vatin.validate(value)
            except NumberError:
                raise ValueError("wrong check digits or form") from None
        return value


REASONS: Final = {
    ("legal_name", "string_too_short"): ("name_missing", "the account has no name"),
    ("country", "string_too_short"): ("country_missing", "the account has no country; an invoice needs one"),
    ("vat_id", "value_error"): ("vat_id_invalid", "the VAT id has wrong check digits or a wrong form"),
}


def concerns(view: View, settings: Settings) -> bool:
    """Tell whether this account is work for the process at all: "won" is a state, not an event."""
    return view.customer_ref is not None or (not view.archived and is_won(view, settings))


def is_won(view: View, settings: Settings) -> bool:
    """Tell whether a deal entered a won stage on or after go-live, in the company's time zone."""
    go_live = settings.lead_to_customer.go_live
    moments = (datetime.fromisoformat(deal.won_at) for deal in view.deals if deal.won_at)
    return any(moment.astimezone(settings.zone).date() >= go_live for moment in moments)


def problems_of(view: View) -> tuple[Problem, ...]:
    """Return every reason why this account cannot go over, in plain words and without values."""
    found = list(view.problems)
    try:
        CustomerValues.model_validate(view.account.fields())
    except ValidationError as error:
        known = {problem.field for problem in found}
        for item in error.errors(include_input=False, include_url=False):
            name = str(item["loc"][0])
            unfit = f"the {name.replace('_', ' ')} is {'too long' if item['type'] == 'string_too_long' else 'unusable'}"
            code, message = REASONS.get((name, item["type"]), (f"{name}_unfit", unfit))
            if name not in known:
                found.append(Problem(code, name, message))
    return tuple(found)


def customer_key(account: Ref) -> str:
    """Name the once-only effect: one customer per account."""
    return f"customer/{account}"


def decide(view: View, settings: Settings, now: datetime) -> Decision:
    """Answer with the changes that make ERP and CRM agree; none when they already do."""
    if not concerns(view, settings):
        return Decision("unchanged", reason="not_won")
    if view.merging:
        return Decision("waiting", reason="merge_in_flight")
    if obstacle := _obstacle(view):
        return Decision("rejected", problems=(obstacle,))
    if view.customer_ref is None:
        key = customer_key(view.ref)
        return Decision("planned", (_create(view), *_tell(view, settings, now, key), *_report_back(view, now, key)))
    changes = (*_update(view), *_tell(view, settings, now, None), *_report_back(view, now, None))
    return Decision("planned", changes) if changes else Decision("unchanged")


def _obstacle(view: View) -> Problem | None:
    if view.archived:
        return DELETED
    if view.other_customers:
        return MET
    if view.customer_ref is not None and (view.customer is None or not view.customer.active):
        return GONE
    return None


def _create(view: View) -> Change:
    return Change.create(
        customer_key(view.ref), process=PROCESS, system="erp", kind="customer", subject=view.ref,
        values={**view.account.fields(), **{name: rows for name, rows in contacts.wanted(view).items() if rows}},
        why="won deal since go-live",
    )  # fmt: skip


def _update(view: View) -> tuple[Change, ...]:
    if view.customer is None or view.customer_ref is None:
        return ()
    wanted, there = view.account.fields() | contacts.wanted(view), view.customer.fields() | contacts.known(view)
    touched = {name: value for name, value in wanted.items() if value != there[name]}
    if not touched:
        return ()
    return (
        Change.update(
            view.customer_ref, process=PROCESS, system="erp", subject=view.ref, values=touched, seen=there,
            why="changed in the CRM",
        ),
    )  # fmt: skip


def wants_history(view: View, settings: Settings) -> bool:
    """Tell whether the prehistory is still to be written: once, for an account that becomes a customer or won since go-live."""
    if view.told or view.merging or not concerns(view, settings) or _obstacle(view):
        return False
    return view.customer_ref is None or is_won(view, settings)


def _tell(view: View, settings: Settings, now: datetime, creates: str | None) -> tuple[Change, ...]:
    if not wants_history(view, settings):
        return ()
    return (prehistory.change(view, settings, now, process=PROCESS, creates=creates),)


def _report_back(view: View, now: datetime, creates: str | None) -> tuple[Change, ...]:
    number = result_of(creates, "number") if creates else view.number
    depends = (creates,) if creates else ()
    changes = []
    if creates or (view.account.customer_number, view.account.sync_state) != (view.number, "synced"):
        values = {"customer_number": number, "sync_state": "synced", "synced_at": now.isoformat(timespec="seconds")}
        seen = {name: getattr(view.account, name) for name in values}
        changes.append(
            Change.update(
                view.ref, process=PROCESS, system="crm", subject=view.ref, values=values, seen=seen, depends_on=depends,
                why="the account learns its customer number",
            )
        )  # fmt: skip
    if not view.noted:
        body = result_of(creates, "number", NOTE) if creates else NOTE.replace("{}", view.number)
        values = {"body": body, "time": now.isoformat(timespec="seconds")}
        changes.append(
            Change.create(
                f"note/linked/{view.ref}", process=PROCESS, system="crm", kind="note", subject=view.ref, parent=view.ref,
                values=values, depends_on=depends, why="sales reads that the account is a customer",
            )
        )  # fmt: skip
    return tuple(changes)
