"""Whether an invoice in the ERP still says what was planned: it is read back before it is posted, and after."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal

from interlock.domain.invoice import Invoice, InvoiceLine
from interlock.domain.money import ZERO, minor_digits


def deviations(planned: Invoice, found: Invoice) -> list[str]:
    """Name what differs, in words without values: currency, lines, service days, net, taxes; empty when nothing does.

    The ERP may round each tax by one minor unit otherwise. Lines without a contract line's id were made by hand: of an invoice
    that has no others the sums alone are compared.
    """
    differing: list[str] = []
    if planned.currency != found.currency:
        differing.append("currency")
    if any(line.line for line in found.lines):
        differing += _lines(planned, found)
    if planned.net != found.net:
        differing.append("net")
    return differing + _taxes(planned, found)


def rounding(planned: Invoice, found: Invoice) -> dict[str, Decimal]:
    """Return by how much the ERP's tax differs, by the ERP's name of the tax; equal ones are left out."""
    there = {total.code: total.tax for total in found.taxes}
    differences = {total.code: there.get(total.code, ZERO) - total.tax for total in planned.taxes}
    return {code: difference for code, difference in differences.items() if difference}


def _lines(planned: Invoice, found: Invoice) -> list[str]:
    wanted, there = (Counter(map(_figures, invoice.lines)) for invoice in (planned, found))
    if wanted == there:
        return []
    same = Counter(figures[:2] for figures in wanted.elements()) == Counter(figures[:2] for figures in there.elements())
    return ["service days or taxes of a line"] if same else ["lines"]


def _figures(line: InvoiceLine) -> tuple[object, ...]:
    return (line.line, line.net, line.service_from, line.service_to, line.category, line.rate)


def _taxes(planned: Invoice, found: Invoice) -> list[str]:
    wanted, there = ({total.code: total for total in invoice.taxes} for invoice in (planned, found))
    if wanted.keys() != there.keys() or len(found.taxes) != len(there):
        return ["kinds of tax"]
    least = Decimal(1).scaleb(-minor_digits(planned.currency))
    differing = ["tax bases"] if any(wanted[code].base != there[code].base for code in wanted) else []
    return differing + (["tax"] if any(abs(wanted[code].tax - there[code].tax) > least for code in wanted) else [])
