"""One canonical form for each field, so that two systems can be compared and a second run sees no difference."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from typing import Final
from urllib.parse import urlsplit, urlunsplit

from interlock.domain.codes import COUNTRY_CODES, LANGUAGE_CODES
from interlock.domain.identity import Json
from interlock.domain.record import Problem

COUNTRIES: Final = {
    "germany": "DE", "deutschland": "DE", "allemagne": "DE", "duitsland": "DE", "austria": "AT", "österreich": "AT",
    "france": "FR", "frankreich": "FR", "frankrijk": "FR", "netherlands": "NL", "the netherlands": "NL", "niederlande": "NL",
    "nederland": "NL", "switzerland": "CH", "schweiz": "CH", "suisse": "CH", "united states": "US", "usa": "US",
    "united states of america": "US", "vereinigte staaten": "US", "belgium": "BE", "belgien": "BE", "italy": "IT",
    "italien": "IT", "spain": "ES", "spanien": "ES", "poland": "PL", "polen": "PL", "united kingdom": "GB", "uk": "GB",
}  # fmt: skip
E164: Final = range(7, 16)
LANGUAGES: Final = {
    "german": "de", "deutsch": "de", "english": "en", "englisch": "en", "french": "fr", "französisch": "fr", "français": "fr",
    "dutch": "nl", "niederländisch": "nl", "nederlands": "nl",
}  # fmt: skip


class Unusable(ValueError):  # noqa: N818 - a value, not a failure
    """A value has no canonical form; carries a code and a plain sentence without the value."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def text(value: str) -> str:
    """Return NFC text on one line without control or direction characters."""
    if not (value.isprintable() and unicodedata.is_normalized("NFC", value)):
        value = _visible(value)
    return " ".join(value.split())


def _visible(value: str) -> str:
    clean = "".join(" " if unicodedata.category(c) in {"Cc", "Zl", "Zp"} else c for c in unicodedata.normalize("NFC", value))
    return "".join(c for c in clean if unicodedata.category(c) not in {"Cf", "Cs", "Co"})


def lines(value: str) -> str:
    """Return text that keeps its line breaks."""
    return "\n".join(line for line in map(text, value.splitlines()) if line)


def vat_id(value: str) -> str:
    """Return a VAT id without separators, upper case."""
    return re.sub(r"[\s.\-/]", "", text(value)).upper()


def phone(value: str) -> str:
    """Return a phone number in E.164; raises Unusable without a country code."""
    value = text(value)
    if not value:
        return ""
    digits = re.sub(r"\D", "", value.replace("(0)", ""))
    if value.startswith("00"):
        digits = digits[2:]
    elif not value.startswith("+"):
        raise Unusable("phone_without_country", "the phone number has no country code; write it as +49 …")
    if len(digits) not in E164:
        raise Unusable("phone_unfit", "the phone number has too few or too many digits")
    return "+" + digits


def website(value: str) -> str:
    """Return an absolute URL: scheme and lower-case host, no trailing slash."""
    value = text(value)
    if not value:
        return ""
    parts = urlsplit(value if "://" in value else f"https://{value}")
    if parts.scheme not in {"http", "https"} or " " in parts.netloc or "." not in parts.netloc:
        raise Unusable("website_unfit", "the website is not an address")
    return urlunsplit((parts.scheme, parts.netloc.lower(), parts.path.rstrip("/"), parts.query, ""))


def country(value: str) -> str:
    """Return ISO 3166-1 alpha-2; raises Unusable for an unknown name."""
    value = text(value)
    if value.upper() in COUNTRY_CODES:
        return value.upper()
    if value and value.lower() not in COUNTRIES:
        raise Unusable("country_unknown", f"the country is neither an ISO code nor a known name; {_add('countries')}")
    return COUNTRIES.get(value.lower(), "")


def language(value: str) -> str:
    """Return ISO 639-1, without a region; raises Unusable for an unknown name."""
    value = text(value).lower()
    code = LANGUAGES.get(value) or value[: 2 if re.fullmatch(r"[a-z]{2}([-_][a-z]{2})?", value) else None]
    if code and code not in LANGUAGE_CODES:
        raise Unusable("language_unknown", f"the language is neither an ISO code nor a known name; {_add('languages')}")
    return code


def _add(table: str) -> str:
    return f"correct it, or add it under [maps.{table}] in interlock.toml"


def email(value: str) -> str:
    """Return an e-mail address with its domain in lower case; raises Unusable for what is none."""
    value = text(value)
    local, _, domain = value.rpartition("@")
    fit = re.fullmatch(r"[^\s@,;<>]{1,64}", local) and re.fullmatch(r"([^\s@,;<>.]{1,63}\.)+[^\s@,;<>.]{2,63}", domain)
    if value and not fit:
        raise Unusable("email_unfit", "the e-mail address is none")
    return f"{local}@{domain.lower()}" if value else ""


RULES: Final[dict[str, Callable[[str], str]]] = {
    "vat_id": vat_id, "phone": phone, "website": website, "country": country, "language": language, "street": lines,
    "email": email, "delivery_street": lines, "delivery_country": country,
}  # fmt: skip
NO_MAPS: Final[Mapping[str, Mapping[str, str]]] = {}


def normalise(
    raw: Mapping[str, Json], maps: Mapping[str, Mapping[str, str]] = NO_MAPS
) -> tuple[dict[str, Json], tuple[Problem, ...]]:
    """Return every field in canonical form, and a problem for each that has none: its value is then empty, the detail has it.

    maps: by field, names in lower case -> the value they stand for; what stands there comes first.
    """
    values: dict[str, Json] = {}
    problems = []
    for name, value in raw.items():
        given = "" if value is None else str(value)
        try:
            mapped = maps[name].get(text(given).casefold()) if name in maps else None
            values[name] = RULES.get(name, text)(given) if mapped is None else mapped
        except ValueError as error:
            values[name] = ""
            known = isinstance(error, Unusable)
            message = str(error) if known else f"the {name} is unusable"
            problems.append(Problem(getattr(error, "code", f"{name}_unfit"), name, message, text(given)[:200]))
    return values, tuple(problems)
