"""A company that sales won in the CRM becomes exactly one ERP customer, and learns its number.

An account is concerned when it already has a customer, or when one of its deals entered a won stage on or after go-live.
Fields go over as their owners say (`customers.fields`); the customer number, sync state and time go back with one note.
An account above it that is to become a customer does so first. A further account of a customer learns the number and leaves
its reference and prehistory there; the customer's data stay those of its first account.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from interlock.config import Settings
from interlock.domain.change import Change, result_of
from interlock.domain.identity import Json, Ref
from interlock.domain.party import Deal
from interlock.domain.process import LEAD_TO_CUSTOMER
from interlock.domain.record import Problem
from interlock.processes import contacts, ownership, prehistory
from interlock.processes.checks import findings
from interlock.processes.decision import Decision
from interlock.processes.view import View

PROCESS: Final = LEAD_TO_CUSTOMER
NOTE: Final = "This account is customer {} in the ERP."
GONE: Final = Problem("customer_gone", "customer_number", "its customer no longer exists in the ERP or is blocked there")
DELETED: Final = Problem("account_gone", "", "the account was deleted in the CRM; its customer stays as it is")
MET: Final = Problem(
    "customers_met", "customer_number", "accounts with different customers were merged in the CRM; merge the customers in the ERP"
)
UNREADABLE: Final = Problem("won_date_unreadable", "won_at", "when its deal was won is no date; correct the deal in the CRM")
LATER: Final = Problem("won_date_future", "won_at", "its deal was won at a time that is yet to come; correct the deal in the CRM")
LOST: Final = Problem(
    "deal_without_account",
    "",
    "a won deal without a company; link it in the CRM to the company that bought, or ignore this entry",
)
DUE: Final = Problem(
    "match_contract_due", "",
    "a contract of the account is due, but it is no customer and has no deal won since go-live; say which customer it is, or that"
    " it is a new one: `interlock quarantine release ID --link NUMBER` or `--create` (always: customers.create_for_contracts)",
)  # fmt: skip
SKEW: Final = timedelta(hours=1)


def concerns(view: View, settings: Settings) -> bool:
    """Tell whether this account is work for the process at all: "won" is a state, not an event."""
    wanted = view.wanted or any(is_won(deal, settings) for deal in view.deals)
    return view.customer_ref is not None or (not view.archived and wanted)


def is_won(deal: Deal, settings: Settings) -> bool:
    """Tell whether a deal entered a won stage on or after go-live, in the company's time zone, or at a time that is no date."""
    if not deal.won_at:
        return False
    at = _moment(deal.won_at, settings)
    return at is None or at.date() >= settings.lead_to_customer.go_live


def won_when(deal: Deal, settings: Settings) -> datetime | None:
    """Return when a deal was won; None if that is no date."""
    return _moment(deal.won_at, settings)


def _moment(text: str, settings: Settings) -> datetime | None:
    try:
        at = datetime.fromisoformat(text)
        return (at if at.tzinfo else at.replace(tzinfo=settings.zone)).astimezone(settings.zone)
    except (ValueError, OverflowError):
        return None


def customer_key(account: Ref) -> str:
    """Name the once-only effect: one customer per account."""
    return f"customer/{account}"


def decide(view: View, settings: Settings, now: datetime) -> Decision:
    """Answer with the changes that make ERP and CRM agree; none when they already do."""
    if not concerns(view, settings):
        return Decision("unchanged", reason="not_won")
    if view.merging or view.unread:
        return Decision("waiting", reason="merge_in_flight" if view.merging else "customer_unread", stands=True)
    if obstacle := _obstacle(view, settings) or _wrong_date(view, settings, now):
        return Decision("rejected", problems=(obstacle,), again=obstacle is LATER)
    if view.customer_ref is None:
        if view.above_standing == "held":
            return Decision("waiting", reason="parent_first")
        key = customer_key(view.ref)
        return Decision("planned", (_create(view, settings), *_tell(view, settings, now, key), *_report_back(view, now, key)))
    changes = (*_update(view, settings), *_tell(view, settings, now, None), *_report_back(view, now, None))
    return Decision("planned", changes) if changes else Decision("unchanged")


def is_to_be(view: View, settings: Settings) -> bool:
    """Tell whether an account that is no customer yet may be made one, not only found among those there are."""
    allowed = settings.customers.create_for_contracts or any(code == DUE.code for code, _ in view.released)
    return allowed or any(is_won(deal, settings) for deal in view.deals)


def _obstacle(view: View, settings: Settings) -> Problem | None:
    if view.archived:
        return DELETED
    if view.other_customers:
        return MET
    if view.customer_ref is not None and (view.customer is None or not view.customer.active):
        return GONE
    return DUE if view.customer_ref is None and not is_to_be(view, settings) else None


def _wrong_date(view: View, settings: Settings, now: datetime) -> Problem | None:
    """Name what is wrong with the winning deal's date, unless there is a customer or another deal that makes it one."""
    if view.customer_ref is not None or not any(is_won(deal, settings) for deal in view.deals):
        return None
    dates = [_moment(deal.won_at, settings) for deal in view.deals if is_won(deal, settings)]
    if any(at and at <= now + SKEW for at in dates):
        return None
    return UNREADABLE if None in dates else LATER


def _create(view: View, settings: Settings) -> Change:
    unusable = findings(view, settings).unusable
    parents_first = (customer_key(view.above),) if view.above and view.above_standing == "coming" else ()
    return Change.create(
        customer_key(view.ref), process=PROCESS, system="erp", kind="customer", subject=view.ref,
        values=ownership.for_new(view.account.fields(), settings.customers.fields, unusable)
        | {name: rows for name, rows in contacts.wanted(view).items() if rows},
        depends_on=parents_first, why="won deal since go-live",
    )  # fmt: skip


def _update(view: View, settings: Settings) -> tuple[Change, ...]:
    if view.customer is None or view.customer_ref is None:
        return ()
    there, known = view.customer.fields(), contacts.known(view)
    touched: dict[str, Json] = {} if view.further else _differing(view, settings, there, known)
    seen: dict[str, Json] = {**there, **known}
    if (reference := str(view.ref)) not in view.customer.references:
        touched = {name: value for name, value in touched.items() if value}  # what a customer had before the link is not cleared
        seen["references"] = [*view.customer.references]
        touched["references"] = [*view.customer.references, reference]
    if not touched:
        return ()
    return (
        Change.update(
            view.customer_ref, process=PROCESS, system="erp", subject=view.ref, values=touched, seen=seen,
            why="changed in the CRM",
        ),
    )  # fmt: skip


def _differing(view: View, settings: Settings, there: dict[str, str], known: Mapping[str, Json]) -> dict[str, Json]:
    unusable = findings(view, settings).unusable
    touched: dict[str, Json] = dict(ownership.for_known(view.account.fields(), there, settings.customers.fields, unusable))
    return touched | {name: rows for name, rows in contacts.wanted(view).items() if rows != known[name]}


def wants_history(view: View, settings: Settings) -> bool:
    """Tell whether the prehistory is still to be written: once, for an account that becomes a customer or won since go-live."""
    if view.told or view.merging or not concerns(view, settings) or _obstacle(view, settings):
        return False
    return view.customer_ref is None or any(is_won(deal, settings) for deal in view.deals)


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
