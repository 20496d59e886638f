"""Service contracts that each show one case of billing; most dates are reckoned from the month in which they are made."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from interlock.processes.billing.calendar import DAY, add_months

Words = dict[str, str]
BASE = {"status": "active", "customer_kind": "business", "currency": "EUR", "notice_value": "3", "notice_unit": "month"}
FIXED = {"renewal_mode": "fixed", "renewal_term": "12"}
LEITWEG = "991-33333TEST-33"


@dataclass(frozen=True)
class Case:
    """What a contract says, in Interlock's field names; `account` and `invoiced` count the accounts that are seeded."""

    account: int
    name: str
    said: Words
    lines: tuple[Words, ...]
    invoiced: int | None = None


def cases(today: date, go_live: date) -> tuple[Case, ...]:
    """Return the contracts in the order of their numbers, as they are made on `today`, a local date."""
    day, last = _counting(today)
    begun = {**BASE, "start": day(-12), "initial_term": "36"}
    monthly = {**begun, "interval": "month", "billed": "arrears", "billed_through": last(-2)}
    quarterly = {**begun, "interval": "quarter", "billed": "advance", "billed_through": last(-1)}
    yearly = {**BASE, "start": day(-12), "initial_term": "12", "interval": "year", "billed": "advance"}
    renewed = {**yearly, "billed_through": last(-1)}
    cancelled = {"status": "cancelled", "cancellation_kind": "ordinary"}
    spare = line("ERSATZTEIL", "89.90", "Ersatzteilpaket", supply="goods", recurrence="one_off", valid_from=day(0, 5))
    book = line("HANDBUCH", "45", "Betriebshandbuch", supply="goods", recurrence="one_off", tax_class="reduced")
    return (
        Case(2, "Renewed by hand", renewed | {"renewed_through": last(11), "renewed_by": "b.sommer"}, (upkeep("1200"),)),
        Case(3, "Renews itself for a fixed term", quarterly | FIXED | {"initial_term": "12"}, (upkeep("448.50"),)),
        Case(8, "Goes on without an end", monthly | {"initial_term": "6", "renewal_mode": "indefinite"}, (hosting(),)),
        Case(
            13, "Cancelled in time: ends with its term",
            monthly | FIXED | cancelled | {
                "start": day(-9), "initial_term": "12", "cancellation_received_on": day(-2, 10), "cancellation_effective_on": last(2),
            },
            (upkeep("149.50"),),
        ),
        Case(
            17, "Cancelled too late: runs another term",
            renewed | FIXED | cancelled | {"cancellation_received_on": day(-1, 10)}, (upkeep("960"),),
        ),
        Case(
            18, "Ended within a month: part of a period",
            monthly | cancelled | {
                "cancellation_kind": "by_agreement", "cancellation_received_on": day(-2, 5), "cancellation_effective_on": day(-1, 20),
            },
            (upkeep("149.50"),),
        ),
        Case(37, "Business in Austria: reverse charge", quarterly, (upkeep("448.50"),)),
        Case(43, "Business in the Netherlands: service and goods", quarterly, (upkeep("448.50"), spare)),
        Case(42, "Business in France without a VAT id", quarterly, (upkeep("448.50"),)),
        Case(47, "Business in Switzerland: service", quarterly, (upkeep("448.50"),)),
        Case(48, "Business in the United States: service and goods", quarterly, (upkeep("448.50"), spare)),
        Case(23, "Above the approval limit", yearly | {"start": day(0)}, (upkeep("12000"),)),
        Case(27, "Product that the ERP does not know", monthly, (line("ALTWARTUNG", "99", "Wartung einer Altanlage"),)),
        Case(28, "Consumer: no renewal by itself for a fixed term", renewed | FIXED | {"customer_kind": "consumer"}, (hosting(),)),
        Case(32, "Public buyer without a Leitweg-ID", monthly | {"public_buyer": "true"}, (hosting(),)),
        Case(
            33, "Public buyer with a Leitweg-ID",
            monthly | {"public_buyer": "true", "buyer_reference": LEITWEG, "purchase_order": "B-2026-117"}, (hosting(),),
        ),
        Case(
            12, "Price rises by 3 % with the renewal", renewed | FIXED | {"uplift": "percent", "uplift_percent": "3"},
            (upkeep("1794"),),
        ),
        Case(17, "Price follows an index that nobody entered yet", renewed | FIXED | {"uplift": "index"}, (hosting("1068"),)),
        Case(2, "Three months to catch up", monthly | {"billed_through": last(-4)}, (software(),)),
        Case(
            3, "Support hours without a reading", monthly,
            (software(), line("SUPPORT", "120", "Supportstunden", unit="h", quantity="", usage="true",
                              valid_from=day(-1), valid_to=last(-1))),
        ),
        Case(
            8, "Period that began before go-live",
            yearly | {"start": add_months(go_live, -3).isoformat()}, (software("2880"),),
        ),
        Case(1, "Account that is not a customer yet", yearly | {"start": day(0)}, (upkeep("1200"),)),
        Case(
            13, "Several lines: discount, two rates, from the 16th", monthly,
            (
                upkeep("149.50", quantity="2", discount="10"), hosting("89", valid_from=day(-1, 16)),
                book | {"valid_from": day(-1, 5)}, line("FERNWARTUNG", "39", "Fernwartung", valid_to=last(-2)),
            ),
        ),
        Case(7, "Invoice to the parent company: a person confirms it", monthly, (upkeep("149.50"),), invoiced=2),
    )  # fmt: skip


def line(product: str, price: str, description: str, **more: str) -> Words:
    """Return a line: one of a service at the usual rate, every period, unless `more` says otherwise."""
    usual = {"quantity": "1", "tax_class": "standard", "supply": "service", "recurrence": "recurring"}
    return usual | {"product": product, "unit_price": price, "description": description} | more


def upkeep(price: str, **more: str) -> Words:
    """Return a line for the upkeep of machines."""
    return line("WARTUNG", price, "Wartung", **more)


def hosting(price: str = "89", **more: str) -> Words:
    """Return a line for hosting."""
    return line("HOSTING", price, "Hosting", **more)


def software(price: str = "240") -> Words:
    """Return a line for the maintenance of software."""
    return line("SOFTWAREPFLEGE", price, "Softwarepflege")


def _counting(today: date) -> tuple[Callable[..., str], Callable[[int], str]]:
    """Return what names days by their month, where 0 is this one and -1 the last: a day of it, and its last day."""

    def day(months: int, number: int = 1) -> str:
        return add_months(today.replace(day=1), months).replace(day=number).isoformat()

    def last(months: int) -> str:
        return (date.fromisoformat(day(months + 1)) - DAY).isoformat()

    return day, last
