"""The sandbox's VAT register, as a caller of VIES's REST interface sees it."""

from __future__ import annotations

import httpx
import pytest

NL, SELLER = "123456782B01", ("DE", "136695976")


@pytest.fixture
def ask(crm):
    crm.http.post("/sandbox/vat-register", json={"entered": [f"NL{NL}", "DE136695976"], "faults": {"NL": {}, "*": {}}})

    def ask(state, number, requester=SELLER):
        body = {"countryCode": state, "vatNumber": number}
        body |= {"requesterMemberStateCode": requester[0], "requesterNumber": requester[1]} if requester else {}
        return httpx.post(f"{crm.url}/vies/rest-api/check-vat-number", json=body, timeout=10)  # no token: it is public

    return ask


def error(answer):
    assert answer.json()["actionSucceed"] is False
    return answer.status_code, answer.json()["errorWrappers"][0]["error"]


def test_a_valid_answer_is_numbered_for_the_requester_who_gets_no_name(ask):
    found = ask("NL", NL).json()
    assert (found["countryCode"], found["vatNumber"], found["valid"], found["name"]) == ("NL", NL, True, "---")
    assert found["requestIdentifier"].startswith("WAPI")
    assert found["requestDate"].endswith("Z")
    assert ask("NL", NL, None).json()["requestIdentifier"] == ""


def test_wrong_check_digits_and_ids_struck_off_are_not_valid(ask, crm):
    assert ask("NL", "123456789B01").json()["valid"] is False
    crm.http.post("/sandbox/vat-register", json={"struck_off": [f"NL{NL}"]})
    assert ask("NL", NL).json()["valid"] is False
    assert crm.http.get("/sandbox/vat-register").json()["consultations"][-1]["result"] == "invalid"
    crm.http.post("/sandbox/vat-register", json={"entered": [f"NL{NL}"]})
    assert ask("NL", NL).json()["valid"] is True


@pytest.mark.parametrize("state", ["GR", "GB", "CH", ""])
def test_only_member_states_are_known(ask, state):
    assert error(ask(state, "094259216")) == (400, "INVALID_INPUT")


def test_a_requester_must_be_registered_itself(ask, crm):
    assert error(ask("NL", NL, ("DE", "123456789"))) == (200, "INVALID_REQUESTER_INFO")
    crm.http.post("/sandbox/vat-register", json={"struck_off": ["DE136695976"]})
    assert error(ask("NL", NL)) == (200, "INVALID_REQUESTER_INFO")


def test_one_member_state_or_all_of_them_can_fail(ask, crm):
    crm.http.post("/sandbox/vat-register", json={"faults": {"NL": {"error": "MS_UNAVAILABLE"}}})
    assert error(ask("NL", NL)) == (200, "MS_UNAVAILABLE")
    assert ask("EL", "094259216").json()["valid"] is True
    crm.http.post("/sandbox/vat-register", json={"faults": {"NL": {}, "*": {"error": "SERVICE_UNAVAILABLE", "status": 500}}})
    assert error(ask("EL", "094259216")) == error(ask("NL", NL)) == (500, "SERVICE_UNAVAILABLE")


@pytest.mark.parametrize("body", [{"faults": {"GR": {"error": "TIMEOUT"}}}, {"strike": []}])
def test_a_slip_in_what_is_to_change_is_refused(crm, body):
    assert crm.http.post("/sandbox/vat-register", json=body).status_code == 400


def test_only_the_sandbox_itself_wants_the_token(ask, crm):
    assert httpx.get(f"{crm.url}/sandbox/vat-register").status_code == 401
