"""Lines of contracts and invoices as people read them, from records as they are kept: whatever is missing is left out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from interlock.domain.identity import Json, Values


def touched(change: Mapping[str, Any]) -> dict[str, Json]:
    """Return what a change makes different: updates name all fields that belong together, of which most stay as they were."""
    after, before = dict(change["after"] or {}), change.get("before") or {}
    different = {name: value for name, value in after.items() if before.get(name) != value}
    return different if change.get("operation") == "update" and different else after


def lines_of(body: Values) -> list[Values]:
    """Return the lines of a contract, a term or an invoice; nothing for a record without any."""
    lines = body.get("lines")
    return [line for line in lines if isinstance(line, dict)] if isinstance(lines, list) else []


def line_words(line: Values, currency: Json = "") -> str:
    """Say what a line is about: `Wartung (WARTUNG): 2 x 1200 EUR, less 10 %, net 2160, from 2026-01-01 to 2026-12-31`."""
    name, product = str(line.get("description") or ""), str(line.get("product") or "")
    what = f"{name} ({product})" if name and product else name or product or "a line without a name"
    return f"{what}: {', '.join(_parts(line, str(currency or '')))}"


def _parts(line: Values, currency: str) -> Iterator[str]:
    quantity = line.get("quantity")
    yield f"{_text(quantity, 'quantity missing')} x {_text(line.get('unit_price'), 'price missing')} {currency}".rstrip()
    if line.get("discount") not in {None, "", "0"}:
        yield f"less {line['discount']} %"
    if line.get("share"):
        yield f"for {line['share']} of the period"
    if line.get("net") is not None:
        yield f"net {line['net']}"
    if line.get("recurrence") == "one_off":
        yield "once"
    if line.get("usage"):
        yield "by reading"
    if line.get("tax_class"):
        yield f"tax {line['tax_class']}"
    first, last = line.get("service_from") or line.get("valid_from"), line.get("service_to") or line.get("valid_to")
    yield from _days(first, last)
    if line.get("new_unit_price"):
        yield f"{line['new_unit_price']} from {_text(line.get('new_price_from'), 'an unknown day')}"


def _days(first: Json, last: Json) -> Iterable[str]:
    said = [f"from {first}" if first else "", f"to {last}" if last else ""]
    return [" ".join(filter(None, said))] if first or last else []


def _text(value: Json, missing: str) -> str:
    return missing if value is None or value == "" else str(value)
