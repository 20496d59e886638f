"""Associations v4 with the default types, seen from both sides, under /crm/v4 and under dated paths."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from fastapi import APIRouter, Body, FastAPI
from fastapi.responses import JSONResponse, Response

from interlock_sandbox.crm.faults import Fault, invalid
from interlock_sandbox.crm.records import Records, Row, Tx
from interlock_sandbox.crm.replies import answer, inputs, object_type
from interlock_sandbox.crm.schema import CHILD, PARENT, SINGULAR, association

Pair = tuple[str, str]


def link(tx: Tx, records: Records, kind: str, to_kind: str, pairs: Sequence[Pair]) -> list[Pair]:
    """Associate pairs of objects from both sides; returns the pairs of which one does not exist."""
    left = records.find(tx, kind, {source for source, _ in pairs})
    right = records.find(tx, to_kind, {target for _, target in pairs})
    good = [(left[a]["id"], right[b]["id"]) for a, b in pairs if a in left and b in right]
    for here, there, rows in ((kind, to_kind, good), (to_kind, kind, [(b, a) for a, b in good])):
        tx.execute(
            "INSERT INTO crm.link SELECT %s, a, %s, b FROM unnest(%s::bigint[], %s::bigint[]) AS p (a, b) ORDER BY a, b"
            " ON CONFLICT DO NOTHING",
            [here, there, [a for a, _ in rows], [b for _, b in rows]],
        )
    return [(a, b) for a, b in pairs if a not in left or b not in right]


def links(tx: Tx, records: Records, kind: str, to_kind: str, asked: Iterable[str]) -> dict[str, list[str]]:
    """Return the ids associated with each object asked for; those without are left out."""
    found = records.find(tx, kind, asked)
    rows = tx.execute(
        "SELECT l.from_id, l.to_id FROM crm.link l JOIN crm.object o ON o.id = l.to_id AND NOT o.archived"
        " WHERE l.from_type = %s AND l.from_id = ANY(%s) AND l.to_type = %s ORDER BY l.to_id",
        [kind, [row["id"] for row in found.values()], to_kind],
    )
    targets: dict[int, list[str]] = {}
    for row in rows:
        targets.setdefault(row["from_id"], []).append(str(row["to_id"]))
    return {record: targets[row["id"]] for record, row in found.items() if row["id"] in targets}


def unlink(tx: Tx, records: Records, kind: str, to_kind: str, pairs: Sequence[Pair]) -> None:
    """Remove associations, from both sides; a merged id stands for its survivor, as in reading."""
    left = records.find(tx, kind, {source for source, _ in pairs})
    right = records.find(tx, to_kind, {target for _, target in pairs})
    good = [(left[a]["id"], right[b]["id"]) for a, b in pairs if a in left and b in right]
    if kind == to_kind == "companies":
        orphan(tx, records, pairs)
    for here, there, rows in ((kind, to_kind, good), (to_kind, kind, [(b, a) for a, b in good])):
        tx.execute(
            "DELETE FROM crm.link l USING unnest(%s::bigint[], %s::bigint[]) AS p (a, b)"
            " WHERE l.from_type = %s AND l.from_id = p.a AND l.to_type = %s AND l.to_id = p.b",
            [[a for a, _ in rows], [b for _, b in rows], here, there],
        )


def adopt(tx: Tx, records: Records, pairs: Sequence[Pair], types: Sequence[Any]) -> None:
    """Calculate who a company's parent is, as HubSpot does, from associations of a parent and a child."""
    for (here, there), specs in zip(pairs, types, strict=True):
        numbers = {spec.get("associationTypeId") for spec in specs or () if isinstance(spec, dict)}
        for number, child, parent in ((CHILD, here, there), (PARENT, there, here)):
            if number in numbers:
                records.update(tx, "companies", [(child, {"hs_parent_company_id": parent})])


def orphan(tx: Tx, records: Records, pairs: Sequence[Pair]) -> None:
    """Let companies whose association with their parent is removed have none."""
    found = records.find(tx, "companies", {record for pair in pairs for record in pair})
    for child, parent in [*pairs, *((b, a) for a, b in pairs)]:
        if child in found and found[child]["properties"].get("hs_parent_company_id") == parent:
            records.update(tx, "companies", [(child, {"hs_parent_company_id": None})])


def _pairs(body: Row) -> list[Pair]:
    """Return what a batch associates; `to` is one object, or several when associations are archived."""
    pairs = []
    for item in inputs(body, "from", "to"):
        try:
            targets = item["to"] if isinstance(item["to"], list) else [item["to"]]
            pairs += [(str(item["from"]["id"]), str(target["id"])) for target in targets]
        except (KeyError, TypeError):
            raise invalid("each input names the id of `from` and of `to`") from None
    return pairs


def _target(kind: str, to_kind: str, to: str) -> Row:
    category, number = association(kind, to_kind)
    return {"toObjectId": int(to), "associationTypes": [{"category": category, "typeId": number, "label": None}]}


def _spec(kind: str, to_kind: str) -> Row:
    category, number = association(kind, to_kind)
    return {"associationCategory": category, "associationTypeId": number}


def _labels(kind: str, source: str, to_kind: str, target: str) -> Row:
    return {"fromObjectTypeId": kind, "fromObjectId": source, "toObjectTypeId": to_kind, "toObjectId": target, "labels": []}


def _gone(kind: str, to_kind: str, ids: list[str], what: str) -> Row:
    message = (
        f"No {SINGULAR[to_kind]} is associated with {SINGULAR[kind]} {', '.join(ids)}."
        if what
        else "One of the objects does not exist."
    )
    return {
        "status": "error", "category": "OBJECT_NOT_FOUND", "message": message, "links": {}, "errors": [],
        "context": {"fromObjectId": ids, "fromObjectType": [kind], "toObjectType": [to_kind]},
    } | ({"subCategory": what} if what else {})  # fmt: skip


def add(app: FastAPI, records: Records) -> None:
    """Add the routes."""
    for objects, batches in (
        ("/crm/v4/objects", "/crm/v4/associations"),
        ("/crm/objects/{version}", "/crm/associations/{version}"),
    ):
        app.include_router(_single(records, objects + "/{kind}/{record}/associations/"))
        app.include_router(_batches(records, batches + "/{kind}/{to_kind}/batch/"))


def _joined(records: Records, kind: str, to_kind: str, pairs: list[Pair], types: Sequence[Any] = ()) -> list[Pair]:
    with records.pool.connection() as tx:
        bad = link(tx, records, kind, to_kind, pairs)
        if kind == to_kind == "companies" and types and not bad:
            adopt(tx, records, pairs, types)
        return bad


def _single(records: Records, one: str) -> APIRouter:
    router = APIRouter()

    @router.put(one + "default/{to_kind}/{to}")
    def default(kind: str, record: str, to_kind: str, to: str) -> JSONResponse:
        kind, to_kind = object_type(kind), object_type(to_kind)
        if _joined(records, kind, to_kind, [(record, to)]):
            raise Fault(404, "OBJECT_NOT_FOUND", "One of the objects does not exist", context={"ids": [record, to]})
        spec = {"from": {"id": record}, "to": {"id": to}, "associationSpec": _spec(kind, to_kind)}
        back = {"from": {"id": to}, "to": {"id": record}, "associationSpec": _spec(to_kind, kind)}
        return answer([spec, back])

    @router.put(one + "{to_kind}/{to}", status_code=201)
    def typed(kind: str, record: str, to_kind: str, to: str, body: list[Row] = Body()) -> Row:
        kind, to_kind = object_type(kind), object_type(to_kind)
        if not body:
            raise invalid("at least one association type is needed")
        if _joined(records, kind, to_kind, [(record, to)], [body]):
            raise Fault(404, "OBJECT_NOT_FOUND", "One of the objects does not exist", context={"ids": [record, to]})
        return _labels(kind, record, to_kind, to)

    @router.get(one + "{to_kind}")
    def listed(kind: str, record: str, to_kind: str, limit: int = 500, after: int = 0) -> Row:
        kind, to_kind = object_type(kind), object_type(to_kind)
        if not 0 < limit <= 500:
            raise invalid("limit is between 1 and 500")
        with records.pool.connection() as tx:
            records.get(tx, kind, record)
            found = [to for to in links(tx, records, kind, to_kind, [record]).get(record, []) if int(to) > after]
        paging = {"paging": {"next": {"after": found[limit - 1]}}} if len(found) > limit else {}
        return {"results": [_target(kind, to_kind, to) for to in found[:limit]]} | paging

    @router.delete(one + "{to_kind}/{to}", status_code=204)
    def removed(kind: str, record: str, to_kind: str, to: str) -> Response:
        with records.pool.connection() as tx:
            unlink(tx, records, object_type(kind), object_type(to_kind), [(record, to)])
        return Response(status_code=204)

    return router


def _batches(records: Records, batch: str) -> APIRouter:
    router, none = APIRouter(), "crm.associations.NO_ASSOCIATIONS_FOUND"

    @router.post(batch + "read")
    def read(kind: str, to_kind: str, body: Row = Body()) -> JSONResponse:
        kind, to_kind = object_type(kind), object_type(to_kind)
        asked = list(dict.fromkeys(str(item["id"]) for item in inputs(body, "id", most=1000)))
        with records.pool.connection() as tx:
            found = links(tx, records, kind, to_kind, asked)
        results: list[Row] = [
            {"from": {"id": a}, "to": [_target(kind, to_kind, to) for to in found[a]]} for a in asked if a in found
        ]
        return answer(results, [_gone(kind, to_kind, [a], none) for a in asked if a not in found])

    @router.post(batch + "create")
    def create(kind: str, to_kind: str, body: Row = Body()) -> JSONResponse:
        kind, to_kind, pairs = object_type(kind), object_type(to_kind), _pairs(body)
        bad = _joined(records, kind, to_kind, pairs, [item.get("types") for item in body["inputs"]])
        results = [_labels(kind, a, to_kind, b) for a, b in pairs if (a, b) not in bad]
        return answer(results, [_gone(kind, to_kind, [a], "") for a, _ in bad], status=201)

    @router.post(batch + "associate/default")
    def associate(kind: str, to_kind: str, body: Row = Body()) -> JSONResponse:
        kind, to_kind, pairs = object_type(kind), object_type(to_kind), _pairs(body)
        bad = _joined(records, kind, to_kind, pairs)
        results = [
            {"from": {"id": a}, "to": {"id": b}, "associationSpec": _spec(kind, to_kind)} for a, b in pairs if (a, b) not in bad
        ]
        return answer(results, [_gone(kind, to_kind, [a], "") for a, _ in bad])

    @router.post(batch + "archive", status_code=204)
    def archive(kind: str, to_kind: str, body: Row = Body()) -> Response:
        with records.pool.connection() as tx:
            unlink(tx, records, object_type(kind), object_type(to_kind), _pairs(body))
        return Response(status_code=204)

    return router
