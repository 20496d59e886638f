"""Read `interlock.toml`: every error names the key and the cure."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path

from pydantic import ValidationError

from interlock.config.settings import Settings
from interlock.errors import ConfigurationError

CONFIG_VARIABLE = "INTERLOCK_CONFIG"


def parse(text: str, source: str = "interlock.toml") -> Settings:
    """Read settings from TOML text; raises ConfigurationError naming each wrong key and its cure."""
    try:
        return Settings.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"{source} is not TOML: {error}") from None
    except ValidationError as error:
        lines = [f"  {'.'.join(map(str, e['loc'])) or 'file'}: {_cure(e['type'], e['msg'])}" for e in error.errors()]
        raise ConfigurationError(f"{source} has {len(lines)} error(s):\n" + "\n".join(lines)) from None


def load(path: Path | None = None) -> Settings:
    """Read the file at `path`, else at $INTERLOCK_CONFIG, else ./interlock.toml."""
    path = path or Path(os.environ.get(CONFIG_VARIABLE, "interlock.toml"))
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(f"cannot read {path}: {error.strerror}; set {CONFIG_VARIABLE} or pass --config") from None
    return parse(text, path.name)


def _cure(kind: str, message: str) -> str:
    if kind == "missing":
        return "is missing; add it"
    if kind == "extra_forbidden":
        return "is not a setting; check its spelling"
    return message.removeprefix("Value error, ")
