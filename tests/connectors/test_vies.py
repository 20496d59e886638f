"""The VIES connector against the sandbox's register: who is asked, what counts as an answer, and when it gives up."""

from __future__ import annotations

import logging
import socket
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.config import Endpoint
from interlock.connectors.registry import connect_register
from interlock.connectors.vies import api
from interlock.connectors.vies.api import PATIENCE, PUBLIC, Answer, Api, Fault
from interlock.connectors.vies.client import STATES, Vies
from interlock.errors import ConfigurationError
from interlock_sandbox.demo.seed import Crm

SELLER = "DE136695976"
NL, FR, EL, AT = "NL123456782B01", "FR83404833048", "EL094259216", "ATU13585627"
QUICK = PATIENCE.model_copy(update={"read_timeout": 0.3, "requests": 1_000})


class Register:
    """The sandbox's register, and the connector on it."""

    def __init__(self, at):
        self.sandbox, self.url, self.slept = Crm(at.url, at.token), f"{at.url}/vies/rest-api", []
        self.vies = Vies(lambda: Endpoint(url=self.url), PATIENCE.model_copy(update={"requests": 1_000}), self.slept.append)

    def change(self, **body):
        return self.sandbox.call("POST", "/sandbox/vat-register", body)

    def asked(self):
        return self.sandbox.call("GET", "/sandbox/vat-register")["consultations"]

    def ask(self, *vat_ids, requester=SELLER):
        return list(self.vies.ask(vat_ids, requester))


@pytest.fixture
def register(crm):
    register = Register(crm)
    register.change(entered=[NL, FR, EL, AT, SELLER], faults={state: {} for state in [*STATES, "*"]})
    return register


def told(answers):
    return [(answer.vat_id, answer.status, answer.fault) for answer in answers]


def test_a_valid_answer_has_a_day_and_a_consultation_number(register):
    (answer,) = register.ask(NL)
    assert (answer.vat_id, answer.status, answer.fault) == (NL, "valid", "")
    assert register.asked()[-1] == {
        "vat_id": NL, "requester": SELLER, "identifier": answer.request_id, "result": "valid",
    }  # fmt: skip
    assert abs((datetime.now(UTC) - answer.at).total_seconds()) < 300
    assert answer.at.utcoffset() is not None


def test_an_id_struck_off_or_unknown_is_invalid(register):
    register.change(struck_off=[FR])
    assert told(register.ask(FR, NL, "NL123456789B01")) == [
        (FR, "invalid", ""), (NL, "valid", ""), ("NL123456789B01", "invalid", ""),
    ]  # fmt: skip


@pytest.mark.parametrize("written", [EL, "GR094259216", "EL 094259216"])
def test_greece_is_asked_as_el_however_it_is_written(register, written):
    assert told(register.ask(written)) == [(written, "valid", "")]
    assert register.asked()[-1]["vat_id"] == EL


def test_a_greek_seller_is_a_requester(register):
    assert register.ask(NL, requester="GR094259216")[0].status == "valid"
    assert register.asked()[-1]["requester"] == EL


def test_a_number_of_a_wrong_form_is_a_no(register):
    assert told(register.ask("NL1", NL)) == [("NL1", "invalid", "INVALID_INPUT"), (NL, "valid", "")]


def test_who_is_in_no_member_state_is_not_asked_about(register):
    before = len(register.asked())
    assert told(register.ask("GB980780684", "CHE107787577IVA")) == [
        ("GB980780684", "unknown", "NO_MEMBER_STATE"), ("CHE107787577IVA", "unknown", "NO_MEMBER_STATE"),
    ]  # fmt: skip
    assert len(register.asked()) == before


@pytest.mark.parametrize("fault", ["MS_UNAVAILABLE", "TIMEOUT", "MS_MAX_CONCURRENT_REQ", "MS_MAX_CONCURRENT_REQ_TIME"])
@pytest.mark.parametrize("status", [200, 400])
def test_a_silent_member_state_leaves_its_ids_unknown_and_the_others_answered(register, fault, status):
    register.change(faults={"NL": {"error": fault, "status": status}})
    assert told(register.ask(NL, FR, "NL004495445B01")) == [
        (NL, "unknown", fault), (FR, "valid", ""), ("NL004495445B01", "unknown", fault),
    ]  # fmt: skip
    assert bool(register.slept) == ("MAX_CONCURRENT" in fault)


@pytest.mark.parametrize(
    ("fault", "status", "shown"),
    [
        ("GLOBAL_MAX_CONCURRENT_REQ", 200, "GLOBAL_MAX_CONCURRENT_REQ"),
        ("GLOBAL_MAX_CONCURRENT_REQ_TIME", 200, "GLOBAL_MAX_CONCURRENT_REQ_TIME"),
        ("SERVICE_UNAVAILABLE", 200, "SERVICE_UNAVAILABLE"),
        ("IP_BLOCKED", 200, "IP_BLOCKED"),
        ("IP_BLOCKED", 403, "UNREADABLE"),
        ("none of its own", 429, "TOO_MANY_REQUESTS"),
        ("moved", 302, "UNREADABLE"),
    ],
)
def test_a_service_that_cannot_is_asked_no_further(register, fault, status, shown):
    register.change(faults={"FR": {"error": fault, "status": status}})
    assert told(register.ask(NL, FR, EL)) == [(NL, "valid", ""), (FR, "unknown", shown), (EL, "unknown", shown)]


@pytest.mark.parametrize("fault", ["VAT_BLOCKED", "SOMETHING_NEW"])
def test_a_fault_of_one_question_does_not_concern_the_next(register, fault):
    register.change(faults={"NL": {"error": fault}})
    assert told(register.ask(NL, FR)) == [(NL, "unknown", fault), (FR, "valid", "")]
    assert register.slept == []


def test_a_member_state_that_is_busy_for_a_moment_is_asked_again(register):
    register.change(faults={"NL": {"error": "MS_MAX_CONCURRENT_REQ"}})
    register.vies._sleep = lambda _: register.change(faults={"NL": {}})
    assert told(register.ask(NL)) == [(NL, "valid", "")]


def test_an_answer_that_takes_too_long_is_unknown_and_three_of_them_end_the_round(register):
    slow = {"error": "", "seconds": 1}
    register.change(faults=dict.fromkeys(("NL", "FR", "EL"), slow))
    vies = Vies(lambda: Endpoint(url=register.url), QUICK)
    assert told(vies.ask([NL, AT, FR, EL, "ATU66889218"], SELLER)) == [
        (NL, "unknown", "NO_ANSWER"), (AT, "valid", ""), (FR, "unknown", "NO_ANSWER"), (EL, "unknown", "NO_ANSWER"),
        ("ATU66889218", "unknown", "NO_ANSWER"),
    ]  # fmt: skip


def test_server_errors_are_silence(register):
    register.change(faults={"NL": {"error": "MS_UNAVAILABLE", "status": 500}})
    assert told(register.ask(NL, FR)) == [(NL, "unknown", "NO_ANSWER"), (FR, "valid", "")]


def test_nobody_there_leaves_all_unknown(caplog):
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        at = f"http://127.0.0.1:{nobody.getsockname()[1]}"
        answers = list(Vies(lambda: Endpoint(url=at), QUICK).ask([NL, FR], SELLER))
    assert told(answers) == [(NL, "unknown", "UNREACHABLE"), (FR, "unknown", "UNREACHABLE")]


@pytest.mark.parametrize("requester", ["", "DE123456789", "CHE107787577", "136695976"])
def test_a_requester_that_is_no_vat_id_is_named_before_anybody_is_asked(register, requester):
    with pytest.raises(ConfigurationError, match=r"seller\.vat_id"):
        register.ask(NL, requester=requester)
    assert not [one for one in register.asked() if one["requester"] == requester]


def test_a_requester_that_the_register_refuses_is_named(register):
    register.change(struck_off=[SELLER])
    with pytest.raises(ConfigurationError, match=r"seller\.vat_id"):
        register.ask(NL)
    with pytest.raises(ConfigurationError, match=r"seller\.vat_id"):
        list(register.vies.checks(SELLER))


@pytest.mark.parametrize("fault", ["MS_UNAVAILABLE", "SERVICE_UNAVAILABLE"])
def test_ids_are_never_logged(register, caplog, monkeypatch, fault):
    monkeypatch.setattr(logging.getLogger("urllib3.connectionpool"), "disabled", False)  # Airflow quietens it
    register.change(faults={"FR": {"error": fault}})
    with caplog.at_level("DEBUG"), caplog.at_level("DEBUG", logger="urllib3.connectionpool"):
        register.ask(NL, FR, EL)
        list(register.vies.checks(SELLER))
    numbers = [vat_id[2:] for vat_id in (NL, FR, EL, SELLER)]
    assert caplog.records
    assert not any(number in caplog.text for number in numbers)


def test_doctor_sees_the_register_and_the_requester(register):
    (check,) = register.vies.checks(SELLER)
    assert check.level == "ok"
    assert register.url in check.message
    register.change(faults={"DE": {"error": "MS_UNAVAILABLE"}})
    (check,) = register.vies.checks(SELLER)
    assert (check.level, "MS_UNAVAILABLE" in check.message) == ("warning", True)
    register.change(faults={"DE": {"error": "IP_BLOCKED"}})
    (check,) = register.vies.checks(SELLER)
    assert check.level == "error"
    assert "tax.vat_connection" in check.cure


def answered(monkeypatch, answer):
    there = Api(Endpoint(url="http://127.0.0.1:9"), QUICK)
    monkeypatch.setattr(there._http, "call", lambda *_, **__: answer)
    return there.check("NL", NL[2:], ("DE", SELLER[2:]))


VALID = {
    "countryCode": "NL",
    "vatNumber": NL[2:],
    "valid": True,
    "requestDate": "2026-01-31T23:10:00.123Z",
    "requestIdentifier": "W1",
}


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({}, Answer(True, datetime(2026, 1, 31, 23, 10, 0, 123_000, UTC), "W1")),
        ({"requestDate": "2026-01-31+01:00"}, Answer(True, datetime(2026, 1, 31, 12, tzinfo=UTC), "W1")),
        ({"requestDate": "2026-01-31"}, Answer(True, datetime(2026, 1, 31, 12, tzinfo=UTC), "W1")),
        ({"userError": "VALID"}, Answer(True, datetime(2026, 1, 31, 23, 10, 0, 123_000, UTC), "W1")),
        ({"userError": "MS_UNAVAILABLE", "valid": False}, Fault("MS_UNAVAILABLE", "state")),  # an outage is no "invalid"
        ({"userError": "DE136695976 is blocked"}, Fault("NO_KNOWN_FAULT")),  # words are not repeated
        ({"actionSucceed": False}, api.UNREADABLE),
        ({"valid": None}, api.UNREADABLE),
        ({"valid": "true"}, api.UNREADABLE),
        ({"vatNumber": "004495445B01"}, api.UNREADABLE),  # another one's answer
        ({"countryCode": "FR"}, api.UNREADABLE),
    ],
)
def test_what_counts_as_an_answer(monkeypatch, change, found):
    assert answered(monkeypatch, VALID | change) == found


NAMES = ["valid", "errorWrappers", "error", "userError", "requestDate", "actionSucceed", "countryCode", "vatNumber"]
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.text() | st.datetimes().map(datetime.isoformat),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(NAMES), inner),
)


@given(answer=ANYTHING)
def test_no_answer_of_whatever_shape_stops_a_run(answer):
    with pytest.MonkeyPatch.context() as monkeypatch:
        found = answered(monkeypatch, answer)
    if isinstance(found, Answer):
        assert answer["valid"] is found.valid


@pytest.mark.parametrize("number", [None, "", "\x00", "W" * 65])
def test_a_valid_answer_without_a_consultation_number_proves_nothing(register, monkeypatch, number):
    monkeypatch.setattr(register.vies._api._http, "call", lambda *_, **__: VALID | {"requestIdentifier": number})
    assert told(register.ask(NL)) == [(NL, "unknown", "NO_CONSULTATION_NUMBER")]


def test_names_and_addresses_are_not_taken_over(register, monkeypatch):
    monkeypatch.setattr(
        register.vies._api._http, "call", lambda *_, **__: VALID | {"name": "Jan de Vries", "address": "Damrak 1"}
    )
    assert "Vries" not in repr(register.ask(NL))
    assert "Damrak" not in repr(register.ask(NL))


def test_the_public_service_is_asked_where_no_connection_leads_elsewhere():
    assert connect_register("vies", lambda: None)._api.url == PUBLIC.url
    assert connect_register("none", lambda: None) is None
