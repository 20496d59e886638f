"""Numbers and addresses that name a company, brought to one form: VAT id, register number, domain, e-mail."""

from __future__ import annotations

import re
from dataclasses import dataclass
from sys import intern
from typing import Final
from urllib.parse import urlsplit

from stdnum import vatin
from stdnum.ch import uid

from interlock.domain.normalise import vat_id
from interlock.processes.matching.names import fold

SWISS_TAIL: Final = re.compile(r"(MWST|TVA|IVA|TPV)$")
VAT_SHAPE: Final = re.compile(r"(?=(?:.*[0-9]){5})[A-Z]{2}[A-Z0-9]{5,14}")
GERMAN_REGISTER: Final = re.compile(r"\b(hra|hrb|gnr|pr|vr|gsr)\W*(\d{1,6})\W*([a-z]{0,3})\b")
COURT_FILLERS: Final = re.compile(r"\b(amtsgericht|registergericht|handelsregister|ag|beim?|des|in)\b|[^\w\s]|\d")
# registers that give a number once in the whole country; elsewhere it is unique within its court, province or state
NATIONAL: Final = frozenset(
    {"AT", "BE", "CH", "CZ", "DK", "EE", "FI", "FR", "GB", "IE", "LU", "NL", "NO", "PL", "PT", "SE", "SK"}
)
SIREN: Final = 9
SHORTEST: Final = 5
# hosts under which many companies have their pages, and mail providers
SHARED_HOSTS: Final = frozenset(
    {
        "facebook.com", "instagram.com", "linkedin.com", "xing.com", "google.com", "business.site", "wixsite.com", "jimdo.com",
        "jimdosite.com", "wordpress.com", "blogspot.com", "github.io", "youtube.com", "gmail.com", "googlemail.com", "gmx.de",
        "gmx.net", "gmx.at", "gmx.ch", "web.de", "t-online.de", "freenet.de", "outlook.com", "hotmail.com", "yahoo.com",
        "aol.com", "icloud.com", "orange.fr", "wanadoo.fr", "free.fr", "bluewin.ch", "a1.net", "ziggo.nl", "kpnmail.nl",
        "example.com",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Register:
    """A register number; `section` (HRA, HRB …) and `court` are empty where not known."""

    country: str
    number: str
    section: str = ""
    court: str = ""

    @property
    def key(self) -> str:
        """Equal for numbers that may be one entry."""
        return f"{self.country}:{self.number}"

    def same(self, other: Register) -> bool:
        """Tell whether both may be one entry: neither number, section nor court contradicts."""
        sections = not self.section or not other.section or self.section == other.section
        return self.key == other.key and sections and _same_court(self.court, other.court)

    def proves(self, other: Register) -> bool:
        """Tell whether equal numbers are enough: a national register, or section and court known on both sides."""
        located = bool(self.court and other.court and self.section and other.section)
        return self.same(other) and (self.country in NATIONAL or located)


def read_vat(text: str) -> tuple[str, bool]:
    """Return a VAT id in one form, empty for other text, and whether its check digits hold: only then it proves anything."""
    value = SWISS_TAIL.sub("", vat_id(text)) if text.upper().startswith("CHE") else vat_id(text)
    if value.startswith("GR"):
        value = "EL" + value[2:]
    if not VAT_SHAPE.fullmatch(value):
        return "", False
    valid = uid.is_valid(value) if value.startswith("CHE") else bool(value) and vatin.is_valid(value)
    return value, bool(valid)


def read_register(text: str, country: str) -> Register | None:
    """Read a register number; None when there is none or its country is not known."""
    folded = fold(text)
    if not country or not any(c.isdigit() for c in folded):
        return None
    if country == "DE":
        return _german(folded)
    number = re.sub(r"[\W_]", "", folded)
    if country == "FR":
        number = re.sub(r"\D", "", folded)[:SIREN]
    elif country == "AT":
        number = number.removeprefix("fn")
    elif country in {"BE", "CH", "NL"}:
        number = re.sub(r"\D", "", folded)
    return Register(intern(country), number.lstrip("0")) if len(number.lstrip("0")) >= SHORTEST else None


def register_in(vat: str) -> Register | None:
    """Return the register number that a valid VAT id contains: the SIREN, the Swiss UID, the Belgian enterprise number."""
    skip = {"FR": 4, "BE": 2, "CH": 3}.get(vat[:2], 0)
    return Register(vat[:2], vat[skip:].lstrip("0")) if skip else None


def read_domain(website: str) -> str:
    """Return a website's host without `www.`, empty for hosts that many companies share."""
    host = urlsplit(website if "://" in website else f"//{website}").netloc.lower() if website else ""
    host = host.rpartition("@")[2].partition(":")[0].removeprefix("www.")
    shared = not host or any(host == other or host.endswith("." + other) for other in SHARED_HOSTS)
    return "" if shared else intern(host)


def _german(folded: str) -> Register | None:
    hit = GERMAN_REGISTER.search(folded)
    if hit and hit[2].lstrip("0"):
        court = " ".join(COURT_FILLERS.sub(" ", folded[: hit.start()] + " " + folded[hit.end() :]).split())
        return Register("DE", hit[2].lstrip("0") + hit[3], hit[1], intern(court))
    digits = re.sub(r"\D", "", folded).lstrip("0")
    return Register("DE", digits) if digits else None


def _same_court(a: str, b: str) -> bool:
    return not a or not b or not set(a.split()).isdisjoint(b.split())
