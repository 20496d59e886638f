"""The documentation names every reason for holding back, and every setting."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import get_args, get_origin

import pytest
from pydantic import BaseModel

from interlock.config import ACCOUNT_PROPERTIES, Settings, load
from interlock.config.balances import ACCOUNT_BALANCE, CONTRACT_PAYMENT
from interlock.config.contracts import CONTRACT, LINE
from interlock.domain.party import PARTY_FIELDS
from interlock.processes.matching import REASONS

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
TREES = [ast.parse(file.read_text()) for file in sorted((ROOT / "include" / "interlock").rglob("*.py"))]
ANSWERS = {"decided", "crosswalk", "reference", "vat_id", "register_number", "name_address", "no_match"}
PLACE = {"Problem": 0, "Rule": 0, "Unusable": 0, "Refused": 0, "Rejected": 1}
CONSTANTS = {
    target.id: node.value.value
    for tree in TREES
    for node in ast.walk(tree)
    if isinstance(node, ast.Assign | ast.AnnAssign) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
    for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
    if isinstance(target, ast.Name) and target.id.isupper()
}


def strings(node):
    return [n.value for n in ast.walk(node) if isinstance(n, ast.Constant) and isinstance(n.value, str)]


def written(node):
    """Return the code that an argument stands for, if it stands there: a text, or a constant's name."""
    if isinstance(node, ast.Constant):
        return [node.value]
    name = getattr(node, "attr", None) or getattr(node, "id", "")
    return [CONSTANTS[name]] if name in CONSTANTS else []


def codes():
    """Collect the codes of everything that can end in quarantine."""
    found = {f"{name}_unfit" for name in PARTY_FIELDS} | {f"match_{reason}" for reason in REASONS.keys() - ANSWERS}
    for tree in TREES:
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and (place := PLACE.get(getattr(node.func, "id", ""))) is not None:
                found.update(written(node.args[place]) if len(node.args) > place else [])
            elif isinstance(node, ast.Assign | ast.AnnAssign) and isinstance(node.value, ast.Dict):
                target = node.targets[0] if isinstance(node, ast.Assign) else node.target
                if getattr(target, "id", "") in {"REASONS", "MESSAGES"}:
                    found.update(strings(value)[0] for value in node.value.values if isinstance(value, ast.Tuple))
                elif getattr(target, "id", "") == "UNFIT":
                    found.update(key.value for key in node.value.keys)
            elif isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "code":
                found.update(text for text in strings(node.value) if re.fullmatch("[a-z]+(_[a-z]+)+", text))
    return found - {"changed_meanwhile"}  # decided again, never held back


def rows(file):
    """Return the codes that the tables of a page begin with."""
    return {
        code
        for line in (DOCS / file).read_text().splitlines()
        if line.startswith("| `")
        for code in re.findall(r"`([^`]+)`", line.split("|")[1])
    }


def test_every_reason_for_holding_back_says_what_to_do():
    documented = rows("quarantine.md")
    known = codes()
    assert {"name_missing", "vat_id_other_country", "deal_without_account", "refused_by_erp", "waited_too_long"} <= known
    assert known - documented == set()
    assert documented - known == {"http_…"}


def settings(model, before=""):
    for name, field in model.model_fields.items():
        inner = next(
            (t for t in (field.annotation, *get_args(field.annotation)) if isinstance(t, type) and issubclass(t, BaseModel)), None
        )
        if inner and get_origin(field.annotation) not in {tuple, dict}:
            yield from settings(inner, f"{before}{name}.")
        else:
            yield before + name


def test_every_setting_is_documented():
    documented = rows("settings.md")
    known = {name for name in settings(Settings) if not name.startswith(("crm.http.", "erp.http."))}
    http = {f"http.{name}" for name in type(load(ROOT / "interlock.toml").crm.http).model_fields}
    tables = {"crm.account.FIELD", "crm.contact.FIELD", "crm.contact_roles.ROLE", "customers.fields.FIELD"}
    tables |= {"crm.contract.FIELD", "crm.contract_line.FIELD", "crm.account_balance.FIELD", "crm.contract_payment.FIELD"}
    assert known - {table.rsplit(".", 1)[0] for table in tables} - documented == set()
    assert http - documented == set()
    assert documented - known - http == tables


def test_every_field_with_its_usual_property_and_rule_is_documented():
    text = (DOCS / "settings.md").read_text()
    rules = load(ROOT / "interlock.toml").customers.fields
    for name in PARTY_FIELDS:
        rule = rules[name]
        assert f"| {name} | `{ACCOUNT_PROPERTIES[name].name}` | {rule.owner} | {rule.empty} | {rule.on_unusable} |" in text


@pytest.mark.parametrize(
    ("page", "tables"), [("contracts.md", (CONTRACT, LINE)), ("connecting.md", (ACCOUNT_BALANCE, CONTRACT_PAYMENT))]
)
def test_every_mapped_field_with_its_usual_property_is_documented(page, tables):
    text = (DOCS / page).read_text()
    for fields in tables:
        for field, kept in fields.items():
            holds = f"one of {', '.join(f'`{value}`' for value in kept.values)}" if kept.values else kept.holds
            assert f"| {field} | `{kept.name}` | {holds} |" in text


@pytest.mark.parametrize("file", [ROOT / "README.md", *sorted(DOCS.glob("*.md"))], ids=lambda f: f.name)
def test_links_lead_somewhere(file):
    targets = re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", file.read_text())
    assert all((file.parent / target).exists() for target in targets if "://" not in target)
