"""Templates and answers: escaped, under a strict content security policy."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from interlock.config import load
from interlock.domain.money import plain
from interlock.domain.party import PARTY_FIELDS
from interlock.domain.process import PROCESSES
from interlock.pipeline.console import cures, records, wording
from interlock.store import asked

HERE: Final = Path(__file__).parent
HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self';"
    " form-action 'self'; base-uri 'none'; frame-ancestors 'self'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
}
TEMPLATES: Final = Environment(
    loader=FileSystemLoader(HERE / "templates"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
)
TEMPLATES.filters.update(
    foreign=wording.foreign, plain=plain, label=wording.label, short=wording.short, begun=wording.begun,
    laid_out=records.laid_out, fields=records.fields, period=records.period, service_days=asked.period, figures=asked.figures,
)  # fmt: skip
TEMPLATES.globals.update(
    COMPARED=PARTY_FIELDS,
    COUNTS=wording.COUNTS, MONEY=wording.MONEY, STATES=wording.STATES, SYSTEMS=wording.SYSTEMS, PAUSABLE=wording.PAUSABLE,
    cure=cures.cure, shown=wording.shown, detail_label=records.detail_label, PROCESSES=PROCESSES,
)  # fmt: skip


def page(request: Request, template: str, **values: Any) -> HTMLResponse:  # noqa: ANN401 - whatever the template shows
    """Fill a template; times are in the company's zone."""
    zone = load().zone
    html = TEMPLATES.get_template(template).render(
        root=request.scope.get("root_path", ""), zone=zone.key, moment=lambda at: wording.moment(at, zone), **values
    )
    return HTMLResponse(html, headers={"Cache-Control": "no-store"})


def message(request: Request, status: int, title: str, text: str) -> HTMLResponse:
    """Say one thing on a page of its own; needs neither settings nor database."""
    html = TEMPLATES.get_template("message.html").render(
        root=request.scope.get("root_path", ""), zone="", title=title, text=text, tally=None
    )
    return HTMLResponse(html, status, headers={**HEADERS, "Cache-Control": "no-store"})


class Pages:
    """Where a reader is in a long list."""

    def __init__(self, number: int, size: int, total: int) -> None:
        self.last = max(1, -(-total // size))
        self.number = min(number, self.last)
        self.total, self.first = total, (self.number - 1) * size + 1
        self.until = min(self.number * size, total)
