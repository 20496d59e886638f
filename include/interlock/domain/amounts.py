"""Amounts as people type them -> decimal text; what can be read in two ways is refused, never guessed (invariant 10)."""

from __future__ import annotations

import re
from typing import Final

from interlock.domain.normalise import Unusable, text

PLAIN: Final = re.compile(r"[0-9]+")
GROUPED: Final = re.compile(r"[1-9][0-9]{0,2}(?:(?P<mark>[.,' \u2019])[0-9]{3})(?:(?P=mark)[0-9]{3})*")
LONGEST: Final = 40


def amount(value: str) -> str:
    """Return `1.234,56`, `1,234.56`, `1 234,56`, `1'234.56`, `1234,5` as decimal text; an empty one stays empty.

    Raises Unusable `amount_ambiguous` for one like `1.234`, which is a thousand to some and one and a bit to others, and
    `amount_unfit` for anything else.
    """
    value = text(value)
    if not value:
        return ""
    sign, number = ("-", value[1:].lstrip()) if value[0] in "-\u2212" else ("", value)
    if len(number) > LONGEST:
        raise _unfit()
    if re.fullmatch(r"[1-9][0-9]{0,2}[.,][0-9]{3}", number):
        raise Unusable("amount_ambiguous", "the amount can be read in two ways; write it with two decimals, such as 1234.00")
    if whole := _whole(number):
        return _decimal(sign, whole, "")
    places = max(number.rfind("."), number.rfind(","))
    whole, mark, fraction = number[:places], number[places : places + 1], number[places + 1 :]
    digits = _whole(whole) if places > 0 and mark not in whole else ""
    if not digits or not PLAIN.fullmatch(fraction):
        raise _unfit()
    return _decimal(sign, digits, fraction)


def _whole(number: str) -> str:
    """Return the digits of a number without decimals, grouped or not, or an empty string."""
    if PLAIN.fullmatch(number):
        return number
    return re.sub(r"[^0-9]", "", number) if GROUPED.fullmatch(number) else ""


def _decimal(sign: str, whole: str, fraction: str) -> str:
    whole = whole.lstrip("0") or "0"
    zero = not (whole + fraction).strip("0")
    return f"{'' if zero else sign}{whole}{'.' if fraction else ''}{fraction}"


def _unfit() -> Unusable:
    return Unusable("amount_unfit", "the amount is no number; write it such as 1234.56, without a currency")
