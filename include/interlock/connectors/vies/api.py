"""VIES's HTTP interface: one question, one answer or fault (its swagger_publicVAT.yaml; faults as in checkVatService.wsdl)."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any, Final, Literal

from interlock.config import Endpoint, HttpSettings
from interlock.errors import ContractBroken, LoginRefused, RateLimited, Refused, SystemUnavailable
from interlock.http import Body, Http

PUBLIC: Final = Endpoint(url="https://ec.europa.eu/taxation_customs/vies/rest-api")
PATIENCE: Final = HttpSettings(connect_timeout=5, read_timeout=30, tries=1, requests=5, per_seconds=1)


@dataclass(frozen=True, slots=True)
class Answer:
    """What VIES says. Names and addresses that it adds are never taken over."""

    valid: bool
    at: datetime
    request_id: str


@dataclass(frozen=True, slots=True)
class Fault:
    """Why there is no answer, whom it concerns, and whether the same question may have one in a moment."""

    code: str
    concerns: Literal["question", "state", "service"] = "question"
    passing: bool = False


CODE: Final = re.compile("[A-Z_]{3,40}")
CONSULTATION: Final = re.compile(r"[\w.-]{1,64}", re.ASCII)
NOON: Final = time(12, tzinfo=UTC)
EARLIEST: Final = 2000
REQUESTER: Final = "INVALID_REQUESTER_INFO"
INPUT: Final = "INVALID_INPUT"
NO_ANSWER: Final = Fault("NO_ANSWER", "state")
UNREADABLE: Final = Fault("UNREADABLE", "service")
FAULTS: Final = {
    fault.code: fault
    for fault in (
        Fault("MS_UNAVAILABLE", "state"),
        Fault("TIMEOUT", "state"),
        Fault("MS_MAX_CONCURRENT_REQ", "state", passing=True),
        Fault("MS_MAX_CONCURRENT_REQ_TIME", "state", passing=True),
        Fault("GLOBAL_MAX_CONCURRENT_REQ", "service", passing=True),
        Fault("GLOBAL_MAX_CONCURRENT_REQ_TIME", "service", passing=True),
        Fault("SERVICE_UNAVAILABLE", "service"),
        Fault("IP_BLOCKED", "service"),
        Fault("VAT_BLOCKED"),
    )
}


class Api:
    """One address of VIES; it wants no login."""

    def __init__(self, endpoint: Endpoint, settings: HttpSettings) -> None:
        self.url = endpoint.url
        self._http = Http(endpoint.url, settings, "VIES")

    def check(self, state: str, number: str, requester: tuple[str, str]) -> Answer | Fault:
        """Ask about one VAT id, given as VIES's code of the member state and the rest."""
        question = {
            "countryCode": state, "vatNumber": number,
            "requesterMemberStateCode": requester[0], "requesterNumber": requester[1],
        }  # fmt: skip
        try:
            answer = self._http.call("POST", "/check-vat-number", safe=True, json=question)
        except Refused as error:
            return _fault(_body(error.detail)) or Fault(error.code, "service")
        except SystemUnavailable as error:
            return NO_ANSWER if error.sent else Fault("UNREACHABLE", "service")
        except RateLimited:
            return Fault("TOO_MANY_REQUESTS", "service")
        except (LoginRefused, ContractBroken):
            return UNREADABLE
        return self._read(answer, state, number)

    def _read(self, answer: Body, state: str, number: str) -> Answer | Fault:
        if not isinstance(answer, dict):
            return UNREADABLE
        if fault := _fault(answer):
            return fault
        about = (answer.get("countryCode", state), answer.get("vatNumber", number))
        if not isinstance(answer.get("valid"), bool) or about != (state, number):
            return UNREADABLE
        at = _moment(answer.get("requestDate")) or self._http.server_time or datetime.now(UTC)
        number_given = str(answer.get("requestIdentifier") or "")
        return Answer(answer["valid"], at, number_given if CONSULTATION.fullmatch(number_given) else "")


def _fault(answer: dict[str, Any]) -> Fault | None:
    """Return the fault that an answer tells; only a code is taken from it, for a text could hold anything."""
    wrapped = answer.get("errorWrappers")
    first = wrapped[0] if isinstance(wrapped, list) and wrapped else None
    told = (first.get("error") if isinstance(first, dict) else None) or answer.get("userError")
    if not told:
        return UNREADABLE if answer.get("actionSucceed") is False else None
    code = told if isinstance(told, str) and CODE.fullmatch(told) else "NO_KNOWN_FAULT"
    return None if code in {"VALID", "INVALID"} else FAULTS.get(code, Fault(code))


def _body(text: str) -> dict[str, Any]:
    try:
        body = json.loads(text)
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _moment(value: object) -> datetime | None:
    """Read a moment; a day alone, with or without its offset from UTC, is its noon. Nonsense counts as not given."""
    text = str(value)
    try:
        found = datetime.fromisoformat(text) if text[10:11] == "T" else datetime.combine(date.fromisoformat(text[:10]), NOON)
    except ValueError:
        return None
    found = found if found.tzinfo else found.replace(tzinfo=UTC)
    return found if found.year >= EARLIEST else None
