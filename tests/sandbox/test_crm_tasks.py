"""Tasks in the dialect, and what an account's page shows of them, of its balance, invoices and deals."""

from __future__ import annotations

import re

import pytest
from hubspot.crm.objects import (
    ApiException,
    BatchInputSimplePublicObjectBatchInput,
    BatchInputSimplePublicObjectBatchInputForCreate,
    BatchReadInputSimplePublicObjectId,
    Filter,
    FilterGroup,
    PublicObjectSearchRequest,
    SimplePublicObjectBatchInput,
    SimplePublicObjectId,
    SimplePublicObjectInputForCreate,
)

from tests.sandbox.test_crm_dialect import failed

TASKS = "/crm/v3/objects/tasks"
TASK = {
    "hs_timestamp": "2026-03-31T00:00:00Z", "hs_task_subject": "Call", "hs_task_body": "<p>b</p>",
    "hs_task_status": "NOT_STARTED", "hs_task_priority": "HIGH", "hs_task_type": "TODO",
}  # fmt: skip
EVIL = "<b onclick=alert(1)>"
SHOWN = "&lt;b onclick=alert(1)&gt;"


def wish(company, number=192, **properties):
    spec = {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": number}
    return {"properties": TASK | properties, "associations": [{"to": {"id": company}, "types": [spec]}]}


def entries(text):
    """Return time and kind, state, and text of each entry of the timeline."""
    found = re.findall(r'<div class="entry"><small>(.*?)</small>(.*?)</div>', text.partition('id="timeline"')[2], re.DOTALL)
    return [
        (head, *re.fullmatch(r'(?: <span class="tag \w*">(.*?)</span>)?\n(.*)', rest, re.DOTALL).groups()) for head, rest in found
    ]


def test_tasks_are_made_read_changed_and_found_in_batches(crm):
    api, (company,) = crm.client.crm.objects, crm.create("companies", {"name": "T"})
    inputs = [SimplePublicObjectInputForCreate(**wish(company, hs_task_subject=f"Call {n}")) for n in range(3)]
    made = api.batch_api.create("tasks", BatchInputSimplePublicObjectBatchInputForCreate(inputs=inputs))
    ids = [row.id for row in made.results]
    assert [row.properties["hs_task_subject"] for row in made.results] == ["Call 0", "Call 1", "Call 2"]
    done = [SimplePublicObjectBatchInput(id=i, properties={"hs_task_status": "COMPLETED"}) for i in ids[:2]]
    api.batch_api.update("tasks", BatchInputSimplePublicObjectBatchInput(inputs=done))
    api.basic_api.archive("tasks", ids[1])
    asked = BatchReadInputSimplePublicObjectId(
        inputs=[SimplePublicObjectId(id=i) for i in ids], properties=[*TASK], properties_with_history=[]
    )
    read = api.batch_api.read("tasks", asked)
    assert {row.id: row.properties["hs_task_status"] for row in read.results} == {ids[0]: "COMPLETED", ids[2]: "NOT_STARTED"}
    assert read.errors[0].context == {"ids": [ids[1]]}
    completed = FilterGroup(filters=[Filter(property_name="hs_task_status", operator="EQ", value="COMPLETED")])
    request = PublicObjectSearchRequest(filter_groups=[completed], sorts=["hs_timestamp"], properties=[], limit=10, after="0")
    assert [row.id for row in api.search_api.do_search("tasks", request).results] == [ids[0]]
    linked = crm.client.crm.associations.v4.basic_api.get_page("companies", company, "tasks").results
    assert [(str(row.to_object_id), row.association_types[0].type_id) for row in linked] == [(ids[0], 191), (ids[2], 191)]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"hs_task_status": "DONE"}, "INVALID_OPTION"),
        ({"hs_task_priority": "URGENT"}, "INVALID_OPTION"),
        ({"hs_task_type": "DANCE"}, "INVALID_OPTION"),
        ({"hs_timestamp": "soon"}, "INVALID_DATETIME"),
        ({"hs_timestamp": ""}, "Some required properties were not set"),
        ({"hs_task_title": "x"}, "PROPERTY_DOESNT_EXIST"),
    ],
)
def test_a_task_that_is_not_valid_leaves_the_batch_undone(crm, change, words):
    (company,) = crm.create("companies", {"name": "T"})
    body = {"inputs": [wish(company), wish(company, **change)]}
    assert words in failed(crm.http.post(f"{TASKS}/batch/create", json=body), 400)["message"]
    assert crm.http.get(f"/crm/v4/objects/companies/{company}/associations/tasks").json()["results"] == []


def test_an_activity_is_made_only_with_the_type_that_leads_to_its_object(crm):
    (company,), (contact,) = crm.create("companies", {"name": "T"}), crm.create("contacts", {"email": "t@example.com"})
    for number in (191, 190, 0):
        failed(crm.http.post(TASKS, json=wish(company, number)), 400)
    assert crm.http.post(TASKS, json=wish(company)).status_code == 201
    assert crm.http.post(TASKS, json=wish(contact, 204)).status_code == 201
    with pytest.raises(ApiException):
        crm.client.crm.objects.basic_api.create("notes", SimplePublicObjectInputForCreate(**wish(company)))


def test_options_bind_where_a_property_was_made_with_them(crm):
    options = [{"label": word, "value": word} for word in ("red", "green")]
    for name, field in (("colour", "select"), ("colours", "checkbox")):
        body = {"name": name, "label": name, "type": "enumeration", "fieldType": field, "options": options}
        assert crm.http.post("/crm/v3/properties/companies", json=body).status_code == 201
    for values, status in (
        ({"colour": "red"}, 201), ({"colour": "blue"}, 400), ({"colour": "red;green"}, 400), ({"colours": "red;green"}, 201),
        ({"colour": ""}, 201), ({"erp_credit_hold": "maybe"}, 400), ({"erp_credit_hold": "true"}, 201),
    ):  # fmt: skip
        assert crm.http.post("/crm/v3/objects/companies", json={"properties": values}).status_code == status


def test_the_page_of_an_account_shows_its_balance(crm):
    owed = {"erp_open_amount": "1190", "erp_overdue_amount": "0.00", "erp_credit_hold": "true", "erp_oldest_due": "2026-02-28"}
    full, bare = crm.create("companies", {"name": "B", "erp_other_currencies": EVIL} | owed, {"name": "B"})
    text = crm.http.get(f"/accounts/{full}").text
    figures = re.findall(r'<div class="(\w+)"><dt>(.*?)<dd>(.*?)</div>', text)
    assert figures == [
        ("plain", "open", "1,190.00"), ("plain", "overdue", "0.00"), ("plain", "oldest due", "2026-02-28"),
        ("alarm", "credit hold", "yes"), ("plain", "other currencies", SHOWN),
    ]  # fmt: skip
    assert "erp_open_amount" not in text
    assert "Balance" not in crm.http.get(f"/accounts/{bare}").text
    crm.http.patch(f"/crm/v3/objects/companies/{full}", json={"properties": {"erp_overdue_amount": "0.01"}})
    assert '<div class="alarm"><dt>overdue<dd>0.01' in crm.http.get(f"/accounts/{full}").text


def test_the_page_of_an_account_shows_how_its_contracts_are_paid(crm):
    (company,) = crm.create("companies", {"name": "P"})
    paid = {"erp_payment_status": "returned", "erp_payment_invoices": f"RE-1 {EVIL}\nRE-2", "erp_payment_open": "119"}
    (contract,) = crm.create("service_contracts", {"number": "SC-1"} | paid)
    crm.http.put(f"/crm/v4/objects/service_contracts/{contract}/associations/default/companies/{company}").raise_for_status()
    text = crm.http.get(f"/accounts/{company}").text
    assert '<span class="tag returned">returned</span>' in text
    assert f'<th>invoices<td class="pre">RE-1 {SHOWN}\nRE-2</tr>' in text
    assert "nothing yet</tr>" in text
    assert EVIL not in text


def test_one_timeline_newest_first_of_all_that_happened(crm):
    (company,) = crm.create("companies", {"name": "T"})
    owner = crm.http.post("/sandbox/owners", json={"email": "ober@example.com", "firstName": EVIL}).json()["id"]
    task = wish(company, hs_task_subject=f"Call {EVIL}", hubspot_owner_id=owner, hs_task_status="IN_PROGRESS")
    assert crm.http.post(TASKS, json=task).status_code == 201
    note = {"hs_note_body": f"<p>paid</p>{EVIL}&lt;i&gt;", "hs_timestamp": "1772618400000"}
    assert crm.http.post("/crm/v3/objects/notes", json=wish(company, 190) | {"properties": note}).status_code == 201
    deal = {"dealname": EVIL, "amount": "1200", "deal_currency_code": "EUR", "dealstage": "closedwon"}
    deal |= {"hs_v2_date_entered_closedwon": "2026-01-20T09:30:00+01:00"}
    billed = {
        "number": "SC-1",
        "erp_invoice_number": f"RE-{EVIL}",
        "erp_invoice_date": "2026-03-04",
        "erp_invoice_state": "posted",
    }
    billed |= {"erp_invoice_gross": "119", "currency": "EUR", "erp_invoice_due": "2026-04-03"}
    (won,), (contract, unbilled) = crm.create("deals", deal), crm.create("service_contracts", billed, {"number": "SC-2"})
    for kind, record in (("deals", won), ("service_contracts", contract), ("service_contracts", unbilled)):
        crm.http.put(f"/crm/v4/objects/{kind}/{record}/associations/default/companies/{company}").raise_for_status()
    text = crm.http.get(f"/accounts/{company}").text
    assert entries(text) == [
        (f"2026-03-31 · task · due 2026-03-31 · {SHOWN} · priority high", "in progress", f"Call {SHOWN}\nb"),
        ("2026-03-04 10:00 · note", None, "paid\n&lt;i&gt;"),
        ("2026-03-04 · invoice · contract SC-1", "posted", f"RE-{SHOWN} · 119 EUR · due 2026-04-03"),
        ("2026-01-20 08:30 · deal", "closedwon", f"{SHOWN} · 1200 EUR"),
    ]
    assert EVIL not in text
