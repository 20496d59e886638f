"""The compose file's profiles are what `docs/compose.md` says of them."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml

from interlock.config import parse
from interlock.pipeline import connection_types

ROOT = Path(__file__).parents[2]
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yaml").read_text())["services"]
PAGE = (ROOT / "docs" / "compose.md").read_text()
MADE_BY = {"odoo": r"odoo:\d", "espocrm": r"espocrm/espocrm:\d"}


@pytest.mark.parametrize("profile", MADE_BY)
def test_a_profile_starts_its_makers_image_for_this_machine_only(profile):
    system = COMPOSE[profile]
    assert system["profiles"] == [profile]
    assert re.search(MADE_BY[profile], system["image"])
    assert all(port.startswith("127.0.0.1:") for port in system["ports"])
    assert f"localhost:{system['ports'][0].split(':')[1]}" in PAGE


def test_without_a_profile_only_interlock_and_what_it_needs_start():
    plain = {name for name, service in COMPOSE.items() if "profiles" not in service}
    assert plain == {"postgres", "redis"} | {name for name in COMPOSE if name.startswith("airflow-")}


def test_every_connection_of_the_page_is_of_a_type_that_is_there():
    types = {kind.conn_type for kind in vars(connection_types).values() if isinstance(kind, type) and hasattr(kind, "conn_type")}
    shown = [json.loads(found) for found in re.findall(r"--conn-json '(\{.*\})'", PAGE)]
    assert {one["conn_type"] for one in shown} - {"postgres"} <= types
    assert {one["host"].rpartition("/")[2].partition(":")[0] for one in shown} <= set(COMPOSE)


def test_the_pages_file_is_one_that_interlock_takes():
    (text,) = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    settings = parse(re.sub("^   ", "", text, flags=re.MULTILINE))
    assert (settings.crm.system, settings.erp.system) == ("espocrm", "odoo")


def test_scripts_that_the_page_names_are_there():
    named = set(re.findall(r"docs/compose/\w+\.py", PAGE))
    assert named == {f"docs/compose/{path.name}" for path in (ROOT / "docs" / "compose").glob("*.py")}
