"""VIES behind the port: each VAT id asked about once, busy states once more, silent ones left alone for the rest of the round."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from functools import cached_property
from typing import Final

from stdnum.eu import vat

from interlock.config import Endpoint, HttpSettings
from interlock.connectors.vies.api import INPUT, NO_ANSWER, PATIENCE, PUBLIC, REQUESTER, Answer, Api, Fault
from interlock.domain.vat import Consultation
from interlock.errors import ConfigurationError
from interlock.ports.system import Check

_STATES: Final = "AT BE BG CY CZ DE DK EE EL ES FI FR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK XI"
STATES: Final = frozenset(_STATES.split())
"""VIES's codes: Greece is EL, Northern Ireland XI."""
PAUSES: Final = (1.0, 3.0)  # seconds before a busy state is asked again
SILENCES: Final = 3  # unanswered questions after which the service counts as down
WRONG_REQUESTER: Final = "VIES does not accept seller.vat_id as requester; correct it, it is the seller's own VAT id (BT-31)"


class Vies:
    """The registers of all member states. `endpoint` tells at the first question where the service is; None: the public one."""

    name = "VIES"

    def __init__(
        self,
        endpoint: Callable[[], Endpoint | None] = lambda: None,
        settings: HttpSettings = PATIENCE,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._endpoint, self._settings, self._sleep = endpoint, settings, sleep

    @cached_property
    def _api(self) -> Api:
        return Api(self._endpoint() or PUBLIC, self._settings)

    def ask(self, vat_ids: Iterable[str], requester: str) -> Iterator[Consultation]:
        """Yield one answer for each VAT id; a member state, or the whole service, that cannot is not asked again.

        INVALID_INPUT is a no: the number has no form that its member state gives out. A valid answer without a consultation
        number proves nothing and counts as unknown.
        """
        asking, closed, silences = _requester(requester), dict[str, str](), 0
        for vat_id in vat_ids:
            state, number = _split(vat_id)
            if state not in STATES:
                yield _without_answer(vat_id, "NO_MEMBER_STATE")
                continue
            if fault := closed.get("service") or closed.get(state):
                yield _without_answer(vat_id, fault)
                continue
            found = self._patiently(state, number, asking)
            if isinstance(found, Fault):
                silences += found == NO_ANSWER
                if found.concerns != "question":
                    closed[state if found.concerns == "state" and silences < SILENCES else "service"] = found.code
            yield _consultation(vat_id, found)

    def checks(self, requester: str) -> Iterator[Check]:
        """Ask about the requester itself: whether VIES answers, and accepts it."""
        asking = _requester(requester)
        found = self._patiently(*asking, asking)
        there = f"{self._api.url} answers"
        if isinstance(found, Answer) and found.valid:
            yield Check("VAT register", "ok", f"{there}, and accepts seller.vat_id")
        elif isinstance(found, Answer):
            cure = "correct seller.vat_id, or have the tax office register it for trade within the EU"
            yield Check("VAT register", "error", f"{there}: seller.vat_id is not valid", cure)
        elif found.code == REQUESTER:
            raise ConfigurationError(WRONG_REQUESTER)
        elif found.concerns == "service":
            cure = "try later; else check the connection tax.vat_connection and the way out through the firewall"
            yield Check("VAT register", "error", f"{self._api.url} gives no answer ({found.code})", cure)
        else:
            cure = "try later; invoices that need an answer from there wait"
            yield Check("VAT register", "warning", f"no answer about {asking[0]} at present ({found.code})", cure)

    def _patiently(self, state: str, number: str, requester: tuple[str, str]) -> Answer | Fault:
        found = self._api.check(state, number, requester)
        for pause in PAUSES:
            if isinstance(found, Answer) or not found.passing:
                break
            self._sleep(pause)
            found = self._api.check(state, number, requester)
        return found


def _split(vat_id: str) -> tuple[str, str]:
    plain = re.sub(r"[\s.\-/]", "", vat_id).upper()
    return "EL" if plain[:2] == "GR" else plain[:2], plain[2:]


def _requester(vat_id: str) -> tuple[str, str]:
    state, number = _split(vat_id)
    if state not in STATES or not vat.is_valid(state + number):
        raise ConfigurationError(
            "seller.vat_id is no VAT id of an EU member state; correct it, the VAT register is asked on its behalf"
        )
    return state, number


def _consultation(vat_id: str, found: Answer | Fault) -> Consultation:
    if isinstance(found, Fault):
        if found.code == REQUESTER:
            raise ConfigurationError(WRONG_REQUESTER)
        return _without_answer(vat_id, found.code)
    if found.valid and not found.request_id:
        return _without_answer(vat_id, "NO_CONSULTATION_NUMBER")
    return Consultation(vat_id, "valid" if found.valid else "invalid", found.at, found.request_id)


def _without_answer(vat_id: str, fault: str) -> Consultation:
    return Consultation(vat_id, "invalid" if fault == INPUT else "unknown", datetime.now(UTC), fault=fault)
