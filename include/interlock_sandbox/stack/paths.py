"""Where the stack lives inside the checkout."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
LOCAL = ROOT / ".local"
PYTHON = ROOT / ".venv" / "bin" / "python"
ERP_BIN = ROOT / ".venv-erp" / "bin"
STACK_FILE = LOCAL / "stack.json"
ENV_FILE = LOCAL / "env"


def private(path: Path, text: str) -> None:
    """Write a file that only its owner may read, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(path.suffix + ".new")
    fresh.touch(mode=0o600)
    fresh.write_text(text, encoding="utf-8")
    fresh.replace(path)
