"""Custom objects, properties and their groups: the vendor's own client judges the dialect."""

from __future__ import annotations

import pytest
from hubspot.crm.objects import SimplePublicObjectInputForCreate
from hubspot.crm.properties import (
    ApiException,
    BatchInputPropertyCreate,
    OptionInput,
    PropertyCreate,
    PropertyGroupCreate,
)
from hubspot.crm.schemas import ApiException as SchemaException
from hubspot.crm.schemas import (
    AssociationDefinitionEgg,
    ObjectSchemaEgg,
    ObjectTypeDefinitionLabels,
    ObjectTypePropertyCreate,
)

LABELS = ObjectTypeDefinitionLabels(singular="Machine", plural="Machines")


def egg(name, **more):
    title = ObjectTypePropertyCreate(name="title", label="Title", type="string", field_type="text")
    built = ObjectTypePropertyCreate(name="built_on", label="Built on", type="date", field_type="date")
    usual = {"required_properties": ["title"], "associated_objects": ["COMPANY"], "properties": [title, built]}
    return ObjectSchemaEgg(**{"name": name, "labels": LABELS, "primary_display_property": "title"} | usual | more)


@pytest.fixture
def schemas(crm):
    return crm.client.crm.schemas.core_api


@pytest.fixture(scope="module")
def machines(service):
    return service.client.crm.schemas.core_api.create(egg("machines"))


def test_a_custom_object_is_described_as_it_was_made(crm, schemas, machines):
    assert machines.fully_qualified_name == "p146000001_machines"
    assert {row.name for row in machines.properties} >= {"title", "built_on", "hs_object_id"}
    assert machines.object_type_id in {row.object_type_id for row in schemas.get_all().results}
    for name in ("machines", machines.object_type_id, machines.fully_qualified_name):
        assert schemas.get_by_id(name).id == machines.id
    assert {row.to_object_type_id for row in machines.associations} >= {"0-2"}


def test_its_records_live_under_name_and_type_id(crm, machines):
    wish = SimplePublicObjectInputForCreate(properties={"title": "M1", "built_on": "2026-02-03"})
    made = crm.client.crm.objects.basic_api.create("p_machines", wish)
    read = crm.client.crm.objects.basic_api.get_by_id(machines.object_type_id, made.id, properties=["title", "built_on"])
    assert (read.properties["title"], read.properties["built_on"]) == ("M1", "2026-02-03")


def test_an_association_is_added(schemas, machines):
    link = AssociationDefinitionEgg(from_object_type_id=machines.object_type_id, to_object_type_id="0-8", name="machine_to_part")
    assert schemas.create_association(machines.object_type_id, link).to_object_type_id == "0-8"
    schemas.create_association(machines.object_type_id, link)
    ends = [row.to_object_type_id for row in schemas.get_by_id("machines").associations]
    assert ends.count("0-8") == 1


def test_the_built_in_object_holds_contracts(schemas):
    found = schemas.get_by_id("service_contracts")
    assert {"0-1", "0-2", "0-8"} <= {row.to_object_type_id for row in found.associations}
    assert {row.name: row.type for row in found.properties}["start_date"] == "date"


@pytest.mark.parametrize(
    ("wish", "status"),
    [
        (egg("machines"), 409), (egg("companies"), 409), (egg("Ünfit"), 400), (egg("parts", required_properties=["weight"]), 400),
        (egg("parts", associated_objects=["NOTHING"]), 400),
    ],
)  # fmt: skip
def test_what_hubspot_refuses_is_refused(schemas, machines, wish, status):
    with pytest.raises(SchemaException) as refused:
        schemas.create(wish)
    assert refused.value.status == status
    assert "parts" not in {row.name for row in schemas.get_all().results}


def test_properties_come_with_groups_and_options(crm):
    api = crm.client.crm.properties
    group = api.groups_api.create("companies", PropertyGroupCreate(name="shoes", label="Shoes"))
    assert "shoes" in {row.name for row in api.groups_api.get_all("companies").results}
    options = [OptionInput(label="Left", value="left", hidden=False), OptionInput(label="Right", value="right", hidden=False)]
    side = PropertyCreate(
        name="side", label="Side", type="enumeration", field_type="select", group_name=group.name, options=options
    )
    size = PropertyCreate(name="size", label="Size", type="number", field_type="number", group_name=group.name)
    made = api.batch_api.create("companies", BatchInputPropertyCreate(inputs=[side, size]))
    assert [row.name for row in made.results] == ["side", "size"]
    read = api.core_api.get_by_name("companies", "side")
    assert ([option.value for option in read.options], read.group_name) == (["left", "right"], "shoes")


@pytest.mark.parametrize(
    ("change", "status"),
    [({"name": "name"}, 409), ({"group_name": "nowhere"}, 400), ({"field_type": "select"}, 400), ({"name": "Große"}, 400)],
)
def test_a_property_that_does_not_fit_is_refused(crm, change, status):
    body = {"name": "fits", "label": "F", "type": "number", "field_type": "number", "group_name": "companyinformation"} | change
    with pytest.raises(ApiException) as refused:
        crm.client.crm.properties.core_api.create("companies", PropertyCreate(**body))
    assert refused.value.status == status
