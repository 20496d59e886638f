"""The vendor's own client judges the dialect: it refuses requests and answers that break the contract."""

from __future__ import annotations

import pytest
from hubspot.crm.associations import v4
from hubspot.crm.companies import PublicMergeInput
from hubspot.crm.objects import (
    ApiException,
    BatchInputSimplePublicObjectBatchInput,
    BatchInputSimplePublicObjectBatchInputForCreate,
    BatchInputSimplePublicObjectBatchInputUpsert,
    BatchInputSimplePublicObjectId,
    BatchReadInputSimplePublicObjectId,
    Filter,
    FilterGroup,
    PublicObjectSearchRequest,
    SimplePublicObjectBatchInput,
    SimplePublicObjectBatchInputUpsert,
    SimplePublicObjectId,
    SimplePublicObjectInput,
    SimplePublicObjectInputForCreate,
)
from hubspot.crm.properties import PropertyCreate


@pytest.fixture
def objects(crm):
    return crm.client.crm.objects


def make(objects, kind, associations=None, **properties):
    wish = SimplePublicObjectInputForCreate(properties=properties, associations=associations)
    return objects.basic_api.create(kind, wish).id


def to(record, number):
    spec = {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": number}
    return {"to": {"id": record}, "types": [spec]}


def test_one_object_lives_and_is_archived(objects):
    record = make(objects, "companies", name="Müller & Söhne", city="Köln")
    read = objects.basic_api.get_by_id("companies", record, properties=["name", "city", "phone"])
    assert read.properties["name"] == "Müller & Söhne"
    assert read.properties["phone"] is None
    assert read.properties["hs_object_id"] == record
    assert read.properties["hs_lastmodifieddate"].endswith("Z")
    changed = objects.basic_api.update("companies", record, SimplePublicObjectInput(properties={"city": ""}))
    assert changed.updated_at >= read.updated_at
    assert objects.basic_api.get_by_id("companies", record, properties=["city"]).properties["city"] is None
    objects.basic_api.archive("companies", record)
    with pytest.raises(ApiException) as gone:
        objects.basic_api.get_by_id("companies", record)
    assert gone.value.status == 404
    assert objects.basic_api.get_by_id("companies", record, archived=True).archived


def test_a_read_that_asks_for_nothing_shows_little(objects):
    record = make(objects, "companies", name="A", vat_id="DE123456788")
    assert "vat_id" not in objects.basic_api.get_by_id("companies", record).properties


def test_list_pages_with_associations(crm, objects):
    company = make(objects, "companies", name="Listed")
    people = [make(objects, "contacts", [to(company, 279)], email=f"{n}@example.com") for n in range(3)]
    seen, after = {}, None
    while True:
        page = objects.basic_api.get_page("contacts", limit=2, after=after, properties=["email"], associations=["companies"])
        seen |= {row.id: row for row in page.results}
        if page.paging is None:
            break
        after = page.paging.next.after
    assert set(people) <= set(seen)
    assert seen[people[0]].associations["companies"].results[0].id == company
    assert seen[people[0]].associations["companies"].results[0].type == "contact_to_company"
    assert "lastmodifieddate" in seen[people[0]].properties


def test_batches_tell_what_is_missing(objects):
    body = BatchInputSimplePublicObjectBatchInputForCreate(
        inputs=[SimplePublicObjectInputForCreate(properties={"name": f"N{n}"}) for n in range(3)]
    )
    made = objects.batch_api.create("companies", body)
    assert [row.properties["name"] for row in made.results] == ["N0", "N1", "N2"]
    ids = [row.id for row in made.results]
    asked = BatchReadInputSimplePublicObjectId(
        inputs=[SimplePublicObjectId(id=i) for i in [*ids, "999999"]], properties=["name"], properties_with_history=[]
    )
    read = objects.batch_api.read("companies", asked)
    assert [row.id for row in read.results] == ids
    assert (read.num_errors, read.errors[0].context) == (1, {"ids": ["999999"]})
    wishes = [SimplePublicObjectBatchInput(id=i, properties={"city": "Ulm"}) for i in [ids[0], "999999", "nonsense", ids[1]]]
    changed = objects.batch_api.update("companies", BatchInputSimplePublicObjectBatchInput(inputs=wishes))
    assert [row.id for row in changed.results] == ids[:2]
    assert changed.num_errors == 2
    assert changed.errors[0].context == {"ids": ["999999", "nonsense"]}
    objects.batch_api.archive("companies", BatchInputSimplePublicObjectId(inputs=[SimplePublicObjectId(id=i) for i in ids]))
    assert objects.batch_api.read("companies", asked).num_errors == 4


def test_upsert_tells_new_from_old(objects):
    def upsert(*numbers):
        wishes = [
            SimplePublicObjectBatchInputUpsert(id=n, id_property="erp_customer_number", properties={"name": f"Customer {n}"})
            for n in numbers
        ]
        return objects.batch_api.upsert("companies", BatchInputSimplePublicObjectBatchInputUpsert(inputs=wishes)).results

    first = upsert("K-1", "K-2")
    second = upsert("K-2", "K-3")
    assert [row.new for row in first] == [True, True]
    assert [row.new for row in second] == [False, True]
    assert second[0].id == first[1].id
    read = objects.basic_api.get_by_id("companies", "K-3", id_property="erp_customer_number", properties=["name"])
    assert read.properties["name"] == "Customer K-3"


def test_search(objects):
    for n in range(5):
        make(objects, "deals", dealname=f"Search {n}", amount=str(n * 100), dealstage="qualifiedtobuy")
    mine = Filter(property_name="dealname", operator="CONTAINS_TOKEN", value="search")
    dear = Filter(property_name="amount", operator="GTE", value="200")
    request = PublicObjectSearchRequest(
        filter_groups=[FilterGroup(filters=[mine, dear])], sorts=["-amount"], properties=["amount"], limit=2, after="0"
    )
    found = objects.search_api.do_search("deals", request)
    assert found.total == 3
    assert [row.properties["amount"] for row in found.results] == ["400", "300"]
    request.after = found.paging.next.after
    rest = objects.search_api.do_search("deals", request)
    assert [row.properties["amount"] for row in rest.results] == ["200"]
    assert rest.paging is None


def test_merge_leads_to_the_survivor(crm, objects):
    kept, gone = make(objects, "companies", name="Kept"), make(objects, "companies", name="Gone", city="Bonn")
    deal = make(objects, "deals", [to(gone, 341)], dealname="Of the one that goes")
    merged = crm.client.crm.companies.basic_api.merge(PublicMergeInput(primary_object_id=kept, object_id_to_merge=gone))
    assert (merged.id, merged.properties["hs_merged_object_ids"]) == (kept, gone)
    read = objects.basic_api.get_by_id("companies", gone, properties=["name", "city"], associations=["deals"])
    assert (read.id, read.properties["name"], read.properties["city"]) == (kept, "Kept", "Bonn")
    assert [row.id for row in read.associations["deals"].results] == [deal]
    third = make(objects, "companies", name="Third")
    crm.client.crm.companies.basic_api.merge(PublicMergeInput(primary_object_id=third, object_id_to_merge=kept))
    assert objects.basic_api.get_by_id("companies", gone).id == third


def test_associations(crm, objects):
    api = crm.client.crm.associations.v4
    company, lonely = make(objects, "companies", name="Linked"), make(objects, "companies", name="Lonely")
    notes = [make(objects, "notes", hs_note_body=f"note {n}", hs_timestamp="1767225600000") for n in range(3)]
    default = api.basic_api.create_default("notes", notes[0], "companies", company)
    assert default.results[0].association_spec.association_type_id == 190
    pairs = [v4.PublicDefaultAssociationMultiPost(_from=v4.PublicObjectId(notes[1]), to=v4.PublicObjectId(company))]
    api.batch_api.create_default("notes", "companies", v4.BatchInputPublicDefaultAssociationMultiPost(inputs=pairs))
    spec = v4.AssociationSpec(association_category="HUBSPOT_DEFINED", association_type_id=190)
    many = [v4.PublicAssociationMultiPost(types=[spec], _from=v4.PublicObjectId(notes[2]), to=v4.PublicObjectId(company))]
    assert api.batch_api.create("notes", "companies", v4.BatchInputPublicAssociationMultiPost(inputs=many)).results
    page = api.basic_api.get_page("companies", company, "notes")
    assert [str(row.to_object_id) for row in page.results] == notes
    assert page.results[0].association_types[0].type_id == 189
    asked = v4.BatchInputPublicFetchAssociationsBatchRequest(
        inputs=[v4.PublicFetchAssociationsBatchRequest(id=i) for i in (company, lonely)]
    )
    read = api.batch_api.get_page("companies", "notes", asked)
    assert [str(row.to_object_id) for row in read.results[0].to] == notes
    assert read.num_errors == 1
    assert read.errors[0].sub_category == "crm.associations.NO_ASSOCIATIONS_FOUND"
    api.basic_api.archive("companies", company, "notes", notes[0])
    assert len(api.basic_api.get_page("companies", company, "notes").results) == 2
    timestamp = objects.basic_api.get_by_id("notes", notes[0], properties=["hs_timestamp"]).properties["hs_timestamp"]
    assert timestamp == "2026-01-01T00:00:00.000Z"


def test_properties_owners_pipelines(crm, objects):
    wish = PropertyCreate(
        name="shoe_size", label="Shoe size", type="number", group_name="contactinformation", field_type="number"
    )
    crm.client.crm.properties.core_api.create("contacts", wish)
    names = {row.name for row in crm.client.crm.properties.core_api.get_all("contacts").results}
    assert {"shoe_size", "email"} <= names
    assert make(objects, "contacts", email="big@example.com", shoe_size="44")
    assert crm.http.post("/sandbox/owners", json={"email": "o@example.com", "firstName": "Olga"}).status_code == 201
    assert [row.first_name for row in crm.client.crm.owners.owners_api.get_page().results] == ["Olga"]
    stages = crm.client.crm.pipelines.pipelines_api.get_all("deals").results[0].stages
    assert [row.id for row in stages] == ["appointmentscheduled", "qualifiedtobuy", "closedwon", "closedlost"]
