"""Pages that stand alone: no script, nothing loaded from elsewhere, structure and text only."""

from __future__ import annotations

from html import escape
from html.parser import HTMLParser
from typing import Final

KEPT: Final = frozenset({
    "a", "b", "br", "code", "div", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i", "li", "ol", "p", "pre", "small", "span",
    "strong", "table", "tbody", "td", "th", "thead", "tr", "ul",
})  # fmt: skip
DROPPED: Final = frozenset({"head", "script", "style", "footer", "nav", "button", "label", "svg", "form"})  # with all they hold
EMPTY: Final = frozenset({"br", "hr"})
STYLE: Final = (
    "body{font:15px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem;color:#1f2328;background:#fff}"
    "table{border-collapse:collapse;margin:.5rem 0 1.5rem}td,th{border:1px solid #d0d7de;padding:.3rem .6rem;text-align:left;"
    "vertical-align:top;overflow-wrap:anywhere}th{background:#f6f8fa}h2{font-size:1.1rem;margin:1.5rem 0 .3rem}"
    "h5{font-size:1rem;margin:1.2rem 0 .3rem}.alert{background:#f6f8fa;padding:.4rem .6rem}.text-success{color:#1a7f37}"
    ".text-danger{color:#cf222e}.text-success::before{content:'\\2713 '}.text-danger::before{content:'\\2717 '}"
    "code{background:#f6f8fa}.ge-section{margin-bottom:1.5rem}.top,.sticky{display:none}"
    "@media(prefers-color-scheme:dark){body{background:#0d1117;color:#e6edf3}th,.alert,code{background:#161b22}"
    "td,th{border-color:#30363d}a{color:#58a6ff}}"
)


def page(title: str, body: str) -> str:
    """Return a whole page with the structure and text of `body`; links stay where they lead within the same folder."""
    reader = _Structure()
    reader.feed(body)
    reader.close()
    return (
        f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        '<meta name="viewport" content="width=device-width"><meta http-equiv="Content-Security-Policy"'
        f" content=\"default-src 'none'; style-src 'unsafe-inline'\"><style>{STYLE}</style></head>"
        f"<body><h1>{escape(title)}</h1>{''.join(reader.kept)}</body></html>\n"
    )


class _Structure(HTMLParser):
    """Keeps known tags with their class and local links, and text; everything else goes, scripts with what they hold."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.kept: list[str] = []
        self._within: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in DROPPED:
            self._within.append(tag)
        elif not self._within and tag in KEPT:
            kept = [f' {name}="{escape(value)}"' for name, value in attrs if value and _harmless(name, value)]
            self.kept.append(f"<{tag}{''.join(kept)}>")

    def handle_endtag(self, tag: str) -> None:
        if self._within and tag == self._within[-1]:
            self._within.pop()
        elif not self._within and tag in KEPT - EMPTY:
            self.kept.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        if not self._within:
            self.kept.append(escape(data))


def _harmless(name: str, value: str) -> bool:
    if name == "href":
        return value.endswith(".html") and ":" not in value and not value.startswith(("/", ".."))
    return name in {"class", "colspan", "rowspan"}
