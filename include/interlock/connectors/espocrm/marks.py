"""Our key in the last line of a text that people see."""

from __future__ import annotations

import re
from typing import Final

KEY: Final = re.compile(r"\n*\[il:([^\]]+)\]\s*$")


def marked(body: str, mark: str) -> str:
    """Return a text with its key in the last line."""
    return f"{body}\n\n[il:{mark}]"


def unmarked(body: str) -> str:
    """Return a text without our last line."""
    return "\n".join(line.rstrip() for line in KEY.sub("", body).splitlines()).strip()


def key_in(body: str) -> str:
    """Return the key in a text's last line, or an empty string."""
    found = KEY.search(body)
    return found[1] if found else ""
