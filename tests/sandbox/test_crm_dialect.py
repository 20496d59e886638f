"""What the client does not show: errors, quotas, stages, index delay, dated paths, pages."""

from __future__ import annotations

import re
import time

import httpx
import pytest

COMPANIES = "/crm/v3/objects/companies"


def failed(answer, status, category="VALIDATION_ERROR"):
    body = answer.json()
    assert (answer.status_code, body["status"], body["category"]) == (status, "error", category), answer.text
    assert body["correlationId"]
    assert body["message"]
    return body


def found(crm, *filters, kind="companies", **more):
    answer = crm.http.post(f"/crm/v3/objects/{kind}/search", json={"filterGroups": [{"filters": list(filters)}], **more})
    assert answer.status_code == 200, answer.text
    return [row["id"] for row in answer.json()["results"]]


def test_the_token_guards_everything_but_health_and_pages(crm):
    with httpx.Client(base_url=crm.url) as stranger:
        assert stranger.get("/health").json() == {"status": "ok"}
        assert stranger.get("/").status_code == 200
        for path in (COMPANIES, "/crm/v3/owners", "/sandbox/settings", "/no/such/path"):
            failed(stranger.post(path, content="{"), 401, "INVALID_AUTHENTICATION")
        failed(stranger.get(COMPANIES, headers={"Authorization": "Bearer wrong ü".encode()}), 401, "INVALID_AUTHENTICATION")


def test_what_hubspot_refuses_is_refused(crm):
    unknown = failed(crm.http.post(COMPANIES, json={"properties": {"name": "A", "nmae": "B"}}), 400)
    assert "PROPERTY_DOESNT_EXIST" in unknown["message"]
    assert unknown["context"] == {"propertyName": ["nmae"]}
    for body in ({}, {"properties": []}, {"properties": {"name": ["a"]}}, {"properties": {"name": "a\0b"}}):
        failed(crm.http.post(COMPANIES, json=body), 400)
    failed(crm.http.post(COMPANIES, content="{", headers={"Content-Type": "application/json"}), 400)
    failed(crm.http.post("/crm/v3/objects/deals", json={"properties": {"amount": "much"}}), 400)
    failed(crm.http.get("/crm/v3/objects/dragons"), 400)
    failed(crm.http.get(f"{COMPANIES}?limit=101"), 400)
    failed(crm.http.get(f"{COMPANIES}/99999999999999999999"), 404, "OBJECT_NOT_FOUND")
    for action in ("create", "read", "update", "upsert", "archive"):
        inputs = [{"id": str(n), "properties": {}} for n in range(101)]
        failed(crm.http.post(f"{COMPANIES}/batch/{action}", json={"inputs": inputs}), 400)
        failed(crm.http.post(f"{COMPANIES}/batch/{action}", json={"inputs": {}}), 400)


def test_one_bad_name_leaves_a_batch_undone(crm):
    before = crm.http.post(f"{COMPANIES}/search", json={}).json()["total"]
    inputs = [{"properties": {"name": "good"}}, {"properties": {"bad": "x"}}]
    failed(crm.http.post(f"{COMPANIES}/batch/create", json={"inputs": inputs}), 400)
    lost = {"properties": {"name": "good"}, "associations": [{"to": {"id": "999999"}, "types": []}]}
    failed(crm.http.post(f"{COMPANIES}/batch/create", json={"inputs": [lost]}), 400)
    assert crm.http.post(f"{COMPANIES}/search", json={}).json()["total"] == before


def test_a_stage_is_dated_when_it_is_entered(crm):
    deals = "/crm/v3/objects/deals"
    deal = crm.http.post(deals, json={"properties": {"dealname": "D", "dealstage": "qualifiedtobuy"}}).json()
    assert deal["properties"]["hs_is_closed_won"] == "false"
    won = crm.http.patch(f"{deals}/{deal['id']}", json={"properties": {"dealstage": "closedwon"}}).json()["properties"]
    assert won["hs_is_closed_won"] == "true"
    assert won["hs_v2_date_entered_closedwon"] == won["hs_lastmodifieddate"]
    again = crm.http.patch(f"{deals}/{deal['id']}", json={"properties": {"dealstage": "closedwon"}}).json()["properties"]
    assert again["hs_v2_date_entered_closedwon"] == won["hs_v2_date_entered_closedwon"]
    given = {"dealname": "Seeded", "dealstage": "closedwon", "hs_v2_date_entered_closedwon": "2026-02-03T04:05:06.000Z"}
    seeded = crm.http.post(deals, json={"properties": given}).json()["properties"]
    assert seeded["hs_v2_date_entered_closedwon"] == "2026-02-03T04:05:06.000Z"


def test_the_quota_answers_429_and_tells_when(crm):
    crm.settings(rate=3, per=1)
    time.sleep(1.1)
    answers = [crm.http.get(COMPANIES) for _ in range(4)]
    assert [a.status_code for a in answers] == [200, 200, 200, 429]
    assert [a.headers["X-HubSpot-RateLimit-Remaining"] for a in answers] == ["2", "1", "0", "0"]
    assert failed(answers[3], 429, "RATE_LIMITS")["policyName"] == "TEN_SECONDLY_ROLLING"
    assert int(answers[3].headers["Retry-After"]) >= 1
    crm.settings(rate=1000, search_rate=2)
    searches = [crm.http.post(f"{COMPANIES}/search", json={}) for _ in range(3)]
    assert [a.status_code for a in searches] == [200, 200, 429]
    assert failed(searches[2], 429, "RATE_LIMITS")["policyName"] == "SECONDLY"
    failed(crm.http.post("/sandbox/settings", json={"rat": 1}), 400)


def test_search_operators(crm):
    a, b, c = crm.create(
        "companies",
        {"name": "Op Alpha GmbH", "city": "Köln", "zip": "1"},
        {"name": "Op Beta 100% AG", "city": "Bonn", "zip": "2"},
        {"name": "Op Gamma_x AG", "zip": "3"},
    )
    ours = {"propertyName": "name", "operator": "CONTAINS_TOKEN", "value": "op"}

    def match(operator, name="city", **more):
        return found(crm, ours, {"propertyName": name, "operator": operator, **more})

    assert match("EQ", value="köln") == [a]
    assert match("NEQ", value="Köln") == [b]
    assert match("IN", values=["köln", "bonn"]) == [a, b]
    assert match("NOT_IN", values=["bonn"]) == [a]
    assert match("HAS_PROPERTY") == [a, b]
    assert match("NOT_HAS_PROPERTY") == [c]
    assert match("BETWEEN", "zip", value="2", highValue="3") == [b, c]
    assert match("CONTAINS_TOKEN", "name", value="gam*") == [c]
    assert match("CONTAINS_TOKEN", "name", value="gam") == []
    assert match("CONTAINS_TOKEN", "name", value="100%") == [b]
    assert match("GT", "hs_object_id", value=b) == [c]
    assert found(crm, ours, sorts=[{"propertyName": "zip", "direction": "DESCENDING"}]) == [c, b, a]


@pytest.mark.parametrize("form", ["iso", "milliseconds"])
def test_times_compare_as_iso_and_as_milliseconds(crm, form):
    old, new = crm.create("notes", {"hs_timestamp": "2026-01-01T00:00:00Z"}, {"hs_timestamp": "2026-03-01T01:00:00+01:00"})
    value = "2026-03-01T00:00:00Z" if form == "iso" else "1772323200000"
    hits = found(crm, {"propertyName": "hs_timestamp", "operator": "GTE", "value": value}, kind="notes", limit=200)
    assert new in hits
    assert old not in hits
    at = crm.http.get(f"/crm/v3/objects/notes/{new}").json()["updatedAt"]
    same = found(crm, {"propertyName": "hs_lastmodifieddate", "operator": "EQ", "value": at}, kind="notes", limit=200)
    assert new in same


def test_search_limits(crm):
    search = f"{COMPANIES}/search"
    failed(crm.http.post(search, json={"limit": 201}), 400)
    failed(crm.http.post(search, json={"limit": 200, "after": "9900"}), 400)
    assert crm.http.post(search, json={"limit": 200, "after": "9800"}).status_code == 200
    wrong = (
        {"propertyName": "name", "operator": "LIKE", "value": "x"},
        {"propertyName": "nmae", "operator": "EQ", "value": "x"},
        {"propertyName": "hs_lastmodifieddate", "operator": "GTE", "value": "yesterday"},
        {"propertyName": "erp_synced_at", "operator": "GTE", "value": "9" * 20},
        {"propertyName": "name", "operator": "IN", "values": "x"},
        {"operator": "EQ"},
    )
    for item in wrong:
        failed(crm.http.post(search, json={"filterGroups": [{"filters": [item]}]}), 400)
    for sorts in (5, [1], ["name", "city"], ["nmae"]):
        failed(crm.http.post(search, json={"sorts": sorts}), 400)
    many = [{"filters": [{"propertyName": "name", "operator": "HAS_PROPERTY"}]}] * 6
    failed(crm.http.post(search, json={"filterGroups": many}), 400)


def test_search_lags_behind(crm):
    crm.settings(index_delay=0.6)
    (record,) = crm.create("companies", {"name": "Latecomer"})
    late = {"propertyName": "name", "operator": "EQ", "value": "Latecomer"}
    assert found(crm, late) == []
    assert crm.http.get(f"{COMPANIES}/{record}").status_code == 200
    time.sleep(0.7)
    assert found(crm, late) == [record]


def test_dated_paths_have_the_same_shape(crm):
    (company,) = crm.create("companies", {"name": "Dated"})
    (deal,) = crm.create("deals", {"dealname": "Dated deal"})
    dated = "/crm/objects/2026-03"
    assert crm.http.get(f"{dated}/companies/{company}").json()["properties"]["name"] == "Dated"
    assert crm.http.put(f"{dated}/deals/{deal}/associations/default/companies/{company}").status_code == 200
    read = crm.http.post("/crm/associations/2026-03/deals/companies/batch/read", json={"inputs": [{"id": deal}]})
    assert read.json()["results"][0]["to"][0]["toObjectId"] == int(company)
    assert crm.http.post(f"{dated}/companies/batch/read", json={"inputs": [{"id": company}]}).status_code == 200
    assert crm.http.get("/account-info/v3/details").json()["portalId"] == 146_000_001


def test_a_full_batch_is_quick(crm):
    ids = crm.create("companies", *({"name": f"Quick {n}"} for n in range(100)))
    start = time.perf_counter()
    answer = crm.http.post(f"{COMPANIES}/batch/update", json={"inputs": [{"id": i, "properties": {"city": "Ulm"}} for i in ids]})
    assert len(answer.json()["results"]) == 100
    assert time.perf_counter() - start < 1


def test_no_record_comes_twice_in_a_batch(crm):
    (record,) = crm.create("companies", {"name": "Once"})
    twice = {"inputs": [{"id": record, "properties": {"city": city}} for city in ("Ulm", "Bonn")]}
    failed(crm.http.post(f"{COMPANIES}/batch/update", json=twice), 400)
    nothing = crm.http.post(f"{COMPANIES}/batch/upsert", json={"inputs": [{"id": "999999", "properties": {}}]})
    assert (nothing.status_code, nothing.json()["numErrors"]) == (207, 1)


def test_pages_escape_everything(crm):
    evil = "<script>alert(1)</script>"
    (company,) = crm.create("companies", {"name": evil, "city": "Ulm", "erp_customer_number": "K-4711"})
    note = {"properties": {"hs_note_body": f"<p>hello</p>{evil} &lt;img src=x&gt;", "hs_timestamp": "2026-01-01T00:00:00Z"}}
    crm.http.post("/crm/v3/objects/notes", json=note | {"associations": [{"to": {"id": company}, "types": []}]})
    with httpx.Client(base_url=crm.url) as stranger:
        pages = [stranger.get("/", params={"q": "k-4711"}), stranger.get(f"/accounts/{company}")]
        assert stranger.get("/accounts/none").status_code == 404
        assert "K-4711" not in stranger.get("/", params={"q": "nobody has this"}).text
    for page in pages:
        assert evil not in page.text
        assert "&lt;script&gt;" in page.text
        assert "default-src 'none'" in page.headers["Content-Security-Policy"]
        assert "unsafe-inline" not in page.headers["Content-Security-Policy"]
    assert "&lt;img src=x&gt;" in pages[1].text
    assert "<img" not in pages[1].text


def test_the_page_of_an_account_shows_its_contracts_with_lines_and_what_was_written_back(crm):
    evil = "<b onclick=alert(1)>"
    (company,) = crm.create("companies", {"name": "Page"})
    rows = [
        {
            "number": "SC-2",
            "name": evil,
            "erp_invoice_number": f"RE-{evil}",
            "erp_invoice_gross": "355.81",
            "erp_sync_state": "ok",
        },
        {"number": "SC-1", "name": "Bare"},
    ]
    (full, bare), (line,) = crm.create("service_contracts", *rows), crm.create("line_items", {"hs_sku": evil, "price": "149.50"})
    for contract, place, other in ((full, "companies", company), (bare, "companies", company), (full, "line_items", line)):
        crm.http.put(f"/crm/v4/objects/service_contracts/{contract}/associations/default/{place}/{other}").raise_for_status()
    text = crm.http.get(f"/accounts/{company}").text
    assert text.index("SC-1") < text.index("SC-2")
    assert evil not in text
    assert text.count("&lt;b onclick=alert(1)&gt;") == 4  # three in the contract, one in the timeline
    assert re.findall("<th>invoice_(gross|number)", text) == ["gross", "number"]
    assert all(words in text for words in ("355.81", "149.50", "nothing yet", "no lines"))
    crm.http.delete(f"/crm/v3/objects/line_items/{line}")
    assert "149.50" not in crm.http.get(f"/accounts/{company}").text


def test_parent_and_child_are_calculated_from_their_association_from_either_side(crm):
    def company(name):
        return crm.http.post(COMPANIES, json={"properties": {"name": name}}).json()["id"]

    def parent(record):
        answer = crm.http.get(f"{COMPANIES}/{record}", params={"properties": "hs_parent_company_id"})
        return answer.json()["properties"]["hs_parent_company_id"]

    above, below, third = company("above"), company("below"), company("third")
    path = f"/crm/v4/objects/companies/{above}/associations/companies/{below}"
    assert crm.http.put(path, json=[{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 13}]).status_code == 201
    wish = {
        "from": {"id": third},
        "to": {"id": above},
        "types": [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 14}],
    }
    assert crm.http.post("/crm/v4/associations/companies/companies/batch/create", json={"inputs": [wish]}).status_code == 201
    assert (parent(below), parent(third), parent(above)) == (above, above, None)
    failed(crm.http.patch(f"{COMPANIES}/{third}", json={"properties": {"hs_parent_company_id": below}}), 400)
    assert crm.http.delete(path).status_code == 204
    assert (parent(below), parent(third)) == (None, above)
