"""What a contract owes, reckoned slowly, day by day, from the rules alone: shares no code with `processes.billing`.

Days are walked one after the other; months are counted by looking at numbers of days; cents are whole numbers.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta
from fractions import Fraction
from math import floor

from dateutil.relativedelta import relativedelta

ONE = timedelta(days=1)
MONTHS = {"month": 1, "quarter": 3, "half_year": 6, "year": 12}


def half_up(value, step=Fraction(1, 100)):
    """Round half away from zero to whole steps."""
    whole = floor(abs(Fraction(value)) / step + Fraction(1, 2)) * step
    return whole if value >= 0 else -whole


def begins(day, anchor, months):
    """Tell whether a stretch of so many months, counted from the anchor day, begins on this day (§§ 187, 188 BGB)."""
    if day < anchor:
        return False
    apart = (day.year - anchor.year) * 12 + day.month - anchor.month
    if day.day == anchor.day:
        return apart % months == 0
    if day.day != 1:
        return False
    before = day - ONE  # the last day of a month that has no such day: the next stretch begins on the first
    return before.day < anchor.day and (apart - 1) % months == 0 and before > anchor


def last_receipt(end, contract):
    """Go back from the day after the end by the notice, and one more day."""
    unit = {"day": "days", "week": "weeks", "month": "months"}[contract.notice_unit]
    return end + ONE - relativedelta(**{unit: contract.notice_value}) - ONE


def term_ends(contract, horizon):
    """Return the last days of all terms that a never cancelled contract would have, walking to the horizon."""
    ends, months, day, base = [], contract.initial_term, contract.start, contract.start
    while day <= horizon:
        day += ONE
        passed = (day.year - base.year) * 12 + day.month - base.month
        if months and begins(day, base, 1) and passed - (1 if day.day == 1 and base.day != 1 else 0) == months:
            ends.append(day - ONE)
            if contract.renewal_mode == "indefinite":
                return ends
            months += contract.renewal_term
            if not contract.renewal_term:
                return ends
    return ends


def end_of_service(contract, ends):
    """Return the last day that the cancellation leaves, or None."""
    kind, received, effective = contract.cancellation_kind, contract.cancellation_received_on, contract.cancellation_effective_on
    if kind == "void":
        return contract.start - ONE
    if kind in {"by_agreement", "for_cause"}:
        return effective or received
    if kind == "ordinary":
        for end in ends:
            if received <= last_receipt(end, contract):
                return end
        if contract.renewal_mode == "indefinite" or not contract.initial_term:
            first = ends[-1] + ONE if ends else contract.start
            while last_receipt(first, contract) < received:
                first += ONE
            return first
    return None


def owed(contract, rules, as_of):
    """Return {period start: ({line: (net, first day, last day)}, due day)} of everything that can be due by now."""
    horizon = as_of + timedelta(days=800)
    ends = term_ends(contract, horizon)
    last = last_day(contract, rules, as_of, ends)
    served, full_of, start_of = walk(contract, rules, ends, last or horizon)
    found = _priced(contract, rules, served, full_of, start_of, ends)
    return {period: (lines, _due(period, contract, rules, start_of, last)) for period, lines in found.items()}


def last_day(contract, rules, as_of, ends):
    """Return the last day of what is agreed by now: each end must have been passed by a renewal that took effect."""
    stop = end_of_service(contract, ends)
    for end in ends:
        confirmed = contract.renewed_through is not None and contract.renewed_through > end
        itself = contract.renewal_mode != "none" and as_of > last_receipt(end, contract) + rules.renewal.grace_days * ONE
        if stop is not None and stop <= end:
            return stop
        if not (confirmed or itself):
            return end
    return stop


def walk(contract, rules, ends, until):
    """Go through the days: which line is served in which period and term, how many days a full period has, where it began."""
    months = MONTHS[contract.interval]
    anchor = contract.start if rules.billing.anchor == "contract_start" else date(contract.start.year, 1, 1)
    served, full_of, start_of = defaultdict(lambda: defaultdict(list)), defaultdict(int), {}
    day, full, period, term = anchor, anchor, anchor, 0
    while day <= until or not begins(day, anchor, months):
        changes = day == contract.start or day - ONE in ends
        if begins(day, anchor, months):
            full = day
        if day <= until and (changes or full == day):
            period, term = day, term + changes
            start_of[period] = full
        full_of[full] += 1
        for line in contract.lines:
            if contract.start <= day <= until and serves(line, day, contract):
                served[period][line.id].append((day, term))
        day += ONE
    return served, full_of, start_of


def serves(line, day, contract):
    """Tell whether a line is supplied on a day; a one-off is on a single one, the contract's first at the earliest."""
    if line.recurrence == "one_off":
        return day == max(line.valid_from or day, contract.start) and (line.valid_from is not None or day == contract.start)
    return (line.valid_from or day) <= day <= (line.valid_to or day)


def _priced(contract, rules, served, full_of, start_of, ends):
    found = {}
    for period, by_line in served.items():
        lines = {}
        for line in contract.lines:
            days = [day for day, _ in by_line.get(line.id, ())]
            if line.recurrence == "one_off" and days:
                net = half_up(Fraction(line.quantity) * Fraction(line.unit_price) * (1 - Fraction(line.discount) / 100))
                lines[line.id] = (net, line.valid_from or days[0], line.valid_from or days[0])
            elif days:
                price = _price(line, contract, by_line[line.id][0][1], ends)
                total = Fraction(line.quantity) * price * (1 - Fraction(line.discount) / 100)
                whole = full_of[start_of[period]]
                if rules.billing.proration == "actual":
                    total = total * len(days) / whole
                elif rules.billing.proration == "none":
                    begun = max(start_of[period], contract.start, line.valid_from or contract.start)
                    if begun not in days:
                        continue
                lines[line.id] = (half_up(total), days[0], days[-1])
        found[period] = lines
    return found


def _due(period, contract, rules, start_of, last):
    if contract.billed == "advance":
        return period - timedelta(days=rules.billing.lead_days)
    following = [day - ONE for day in start_of if day > period]
    return min([*following, last or date(9999, 1, 1)]) + ONE


def _price(line, contract, term, ends):
    first_days = [contract.start, *(end + ONE for end in ends)]
    begun = max(
        number for number, first in enumerate(first_days, 1) if first <= max(line.valid_from or contract.start, contract.start)
    )
    price = Fraction(line.unit_price)
    for number in range(begun + 1, term + 1):
        if line.new_unit_price is not None and line.new_price_from == first_days[number - 1]:
            price = Fraction(line.new_unit_price)
        elif contract.uplift == "percent" and (contract.customer_kind == "business" or contract.uplift_agreed):
            places = max(2, -line.unit_price.normalize().as_tuple().exponent)
            price = half_up(price * (1 + Fraction(contract.uplift_percent) / 100), Fraction(1, 10**places))
    return price
