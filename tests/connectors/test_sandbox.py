"""The sandbox CRM speaks HubSpot's dialect: the vendor's own client is the judge, its validation on."""

from __future__ import annotations

import pytest
from hubspot import HubSpot
from hubspot.crm.companies import (
    BatchInputSimplePublicObjectBatchInput,
    BatchReadInputSimplePublicObjectId,
    PublicObjectSearchRequest,
    SimplePublicObjectInput,
    SimplePublicObjectInputForCreate,
)
from hubspot.crm.companies.exceptions import ApiException

from interlock_sandbox.stack import crm
from interlock_sandbox.stack.processes import Processes


@pytest.fixture(scope="module")
def client(cluster, tmp_path_factory):
    folder = tmp_path_factory.mktemp("sandbox")
    processes = Processes(folder)
    at = crm.start(processes, folder, cluster.create("sandbox"))
    client = HubSpot(access_token=at["token"])
    client.config["host"] = at["url"]
    yield client
    processes.stop_all()


def company(client, **properties):
    return client.crm.companies.basic_api.create(SimplePublicObjectInputForCreate(properties=properties, associations=[]))


def test_create_read_update_archive(client):
    made = company(client, name="Muster GmbH", city="Berlin")
    client.crm.companies.basic_api.update(made.id, SimplePublicObjectInput(properties={"city": "Bonn"}))
    assert client.crm.companies.basic_api.get_by_id(made.id, properties=["city"]).properties["city"] == "Bonn"
    client.crm.companies.basic_api.archive(made.id)
    with pytest.raises(ApiException) as error:
        client.crm.companies.basic_api.get_by_id(made.id)
    assert error.value.status == 404


def test_an_unknown_property_is_named(client):
    with pytest.raises(ApiException, match="PROPERTY_DOESNT_EXIST"):
        company(client, colour="red")


def test_search_finds_sorts_and_has_its_limits(client):
    for name in ("A", "B", "C"):
        company(client, name=name, city="Suchstadt")
    query = {
        "filterGroups": [{"filters": [{"propertyName": "city", "operator": "EQ", "value": "Suchstadt"}]}],
        "sorts": [{"propertyName": "hs_lastmodifieddate", "direction": "ASCENDING"}],
        "properties": ["name"],
    }
    found = client.crm.companies.search_api.do_search(PublicObjectSearchRequest(**_snake(query), limit=200, after="0"))
    assert [row.properties["name"] for row in found.results] == ["A", "B", "C"]
    with pytest.raises(ApiException) as error:
        client.crm.companies.search_api.do_search(PublicObjectSearchRequest(**_snake(query), limit=200, after="9900"))
    assert error.value.status == 400


def _snake(query):
    return {"filter_groups": query["filterGroups"], "sorts": query["sorts"], "properties": query["properties"]}


def test_a_batch_names_what_is_missing(client):
    made = company(client, name="Da")
    ids = [{"id": made.id}, {"id": "999999"}]
    read = BatchReadInputSimplePublicObjectId(inputs=ids, properties=["name"], properties_with_history=[])
    answer = client.crm.companies.batch_api.read(read)
    assert (len(answer.results), answer.num_errors) == (1, 1)


def test_a_batch_takes_a_hundred(client):
    inputs = [{"id": str(number), "properties": {"name": "x"}} for number in range(101)]
    with pytest.raises(ApiException) as error:
        client.crm.companies.batch_api.update(BatchInputSimplePublicObjectBatchInput(inputs=inputs))
    assert error.value.status == 400
