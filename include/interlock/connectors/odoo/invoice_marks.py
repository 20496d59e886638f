"""Our external ids of invoices and their lines, which hold what Odoo has no fields for and what nobody prints.

`interlock.invoice/<company>/<reference>` is unique, so that no invoice is drafted twice; a line's goes on with its place in the
invoice, the customer's id in Odoo, and the contract line, category and tax class that it was made for. Days of service are read
from the line's description, where the customer reads them.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import quote, unquote

from interlock.connectors.odoo.objects import EXTERNAL
from interlock.domain.invoice import InvoiceLine

LINE: Final = re.compile(
    rf"{re.escape(EXTERNAL)}invoice_line/\d+/[^/]+/\d+/(?P<customer>\d+)/(?P<line>[^/]+)/(?P<category>[A-Z]+)/(?P<tax_class>[^/]*)"
)


def invoice_mark(company: int, reference: str) -> str:
    """Return the external id of an invoice."""
    return f"{EXTERNAL}invoice/{company}/{quote(reference, safe='')}"


def read_invoice_mark(company: int, external: str) -> str:
    """Return the reference of an invoice of ours, or an empty string: the mark stays where people change the texts."""
    begin = f"{EXTERNAL}invoice/{company}/"
    return unquote(external.removeprefix(begin)) if external.startswith(begin) else ""


def line_mark(company: int, reference: str, place: int, line: InvoiceLine, customer: int) -> str:
    """Return the external id of a line."""
    named = f"{company}/{quote(reference, safe='')}/{place}/{customer}"
    return f"{EXTERNAL}invoice_line/{named}/{quote(line.line, safe='')}/{line.category}/{quote(line.tax_class, safe='')}"


def read_line_mark(external: str) -> tuple[dict[str, str], str]:
    """Return a line's own part of `InvoiceLine` and its customer; nothing for one that is not ours."""
    found = LINE.fullmatch(external)
    if not found:
        return {}, ""
    own = {name: unquote(found[name]) for name in ("line", "category", "tax_class")}
    return own, found["customer"]
