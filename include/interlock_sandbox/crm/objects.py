"""The objects: single calls, batches, search and merge."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter, Body, Query
from fastapi.responses import JSONResponse, Response

from interlock_sandbox.crm.associations import link, links
from interlock_sandbox.crm.faults import Fault, invalid, missing
from interlock_sandbox.crm.limits import Limits
from interlock_sandbox.crm.records import ID, Records, Row, Tx, shown
from interlock_sandbox.crm.replies import BATCH, answer, inputs, object_type
from interlock_sandbox.crm.schema import ACTIVITIES, ASSOCIATIONS, REQUIRED, SINGULAR
from interlock_sandbox.crm.search import search


def _names(texts: Sequence[str]) -> list[str]:
    """Return names given as a list with commas, as a repeated parameter, or both: the official client repeats."""
    return [name.strip() for text in texts for name in text.split(",") if name.strip()]


def _wanted(body: Row) -> list[str]:
    wanted = body.get("properties") or []
    if not isinstance(wanted, list):
        raise invalid("properties is a list of names")
    return [str(name) for name in wanted]


def put(tx: Tx, records: Records, kind: str, items: Sequence[Row]) -> list[Row]:
    """Create objects with their associations."""
    cleaned = records.clean(tx, kind, [item["properties"] for item in items])
    if lacking := [name for name in REQUIRED.get(kind, ()) if not all(row.get(name) for row in cleaned)]:
        what = SINGULAR[kind].upper()
        raise invalid(f"Error creating {what}. Some required properties were not set.", context={"properties": lacking})
    rows = records.create(tx, kind, cleaned)
    wishes: list[tuple[str, str]] = []
    try:
        for row, item in zip(rows, items, strict=True):
            wishes += [(str(row["id"]), str(wish["to"]["id"])) for wish in item.get("associations") or []]
    except (KeyError, TypeError):
        raise invalid("each association names the id of `to`") from None
    ids = {int(to) for _, to in wishes if ID.fullmatch(to)}
    kinds = {str(r["id"]): r["type"] for r in tx.execute("SELECT id, type FROM crm.object WHERE id = ANY(%s)", [list(ids)])}
    if lost := sorted({to for _, to in wishes} - set(kinds)):
        raise invalid("an associated object does not exist", context={"ids": lost})
    for item in items:
        for wish in item.get("associations") or []:
            _fit(kind, kinds[str(wish["to"]["id"])], wish.get("types") or [])
    for to_kind in sorted(set(kinds.values())):
        if bad := link(tx, records, kind, to_kind, [(a, b) for a, b in wishes if kinds[b] == to_kind]):
            raise invalid("an associated object does not exist", context={"ids": [b for _, b in bad]})
    return rows


def _fit(kind: str, to_kind: str, types: Sequence[Any]) -> None:
    """Refuse a type that does not lead from an activity to that object; other pairs have several types."""
    usual = ASSOCIATIONS.get((kind, to_kind))
    for spec in types if usual and kind in ACTIVITIES else ():
        number = spec.get("associationTypeId") if isinstance(spec, dict) else None
        if number != usual:
            raise invalid(f"association type {number} does not lead from {kind} to {to_kind}", context={"type": [str(number)]})


def with_links(tx: Tx, records: Records, kind: str, rows: list[Row], wanted: Sequence[str]) -> None:
    """Add the associations asked for to shown objects."""
    for name in _names(wanted):
        to_kind = object_type(name)
        found = links(tx, records, kind, to_kind, [row["id"] for row in rows])
        for row in rows:
            label = f"{SINGULAR[kind]}_to_{SINGULAR[to_kind]}"
            if targets := found.get(row["id"]):
                row.setdefault("associations", {})[to_kind] = {"results": [{"id": to, "type": label} for to in targets]}


def routes(prefix: str, records: Records, limits: Limits) -> APIRouter:
    """Return the routes of one prefix."""
    router = APIRouter(prefix=prefix)
    _batches(router, records)
    _single(router, records, limits)
    return router


def _single(router: APIRouter, records: Records, limits: Limits) -> None:
    @router.get("/{kind}")
    def listed(
        kind: str,
        limit: int = 10,
        after: str = "0",
        properties: list[str] = Query([]),
        associations: list[str] = Query([]),
        archived: bool = False,
    ) -> Row:
        kind = object_type(kind)
        if not 0 < limit <= BATCH or not ID.fullmatch(after):
            raise invalid(f"limit is between 1 and {BATCH}, after what the page before told")
        with records.pool.connection() as tx:
            rows = tx.execute(
                "SELECT * FROM crm.object WHERE type = %s AND archived = %s AND merged_into IS NULL AND id > %s ORDER BY id LIMIT %s",
                [kind, archived, int(after), limit + 1],
            ).fetchall()
            results = [shown(row, _names(properties)) for row in rows[:limit]]
            with_links(tx, records, kind, results, associations)
        return {"results": results} | ({"paging": {"next": {"after": results[-1]["id"]}}} if len(rows) > limit else {})

    @router.post("/{kind}", status_code=201)
    def create(kind: str, body: Row = Body()) -> Row:
        kind = object_type(kind)
        with records.pool.connection() as tx:
            return shown(put(tx, records, kind, inputs({"inputs": [body]}, "properties"))[0])

    @router.post("/{kind}/search")
    def found(kind: str, body: Row = Body()) -> Row:
        kind = object_type(kind)
        with records.pool.connection() as tx:
            total, rows, following = search(tx, kind, body, limits.index_delay, records.definitions(tx, kind))
        results = [shown(row, _wanted(body)) for row in rows]
        return {"total": total, "results": results} | ({"paging": {"next": {"after": str(following)}}} if following else {})

    @router.post("/{kind}/merge")
    def merge(kind: str, body: Row = Body()) -> Row:
        kind = object_type(kind)
        with records.pool.connection() as tx:
            return shown(records.merge(tx, kind, str(body.get("primaryObjectId")), str(body.get("objectIdToMerge"))))

    @router.get("/{kind}/{record}")
    def read(
        kind: str,
        record: str,
        properties: list[str] = Query([]),
        associations: list[str] = Query([]),
        by: str = Query("", alias="idProperty"),
        archived: bool = False,
    ) -> Row:
        kind = object_type(kind)
        with records.pool.connection() as tx:
            row = shown(records.get(tx, kind, record, by=by, archived=archived), _names(properties))
            with_links(tx, records, kind, [row], associations)
        return row

    @router.patch("/{kind}/{record}")
    def update(kind: str, record: str, body: Row = Body(), by: str = Query("", alias="idProperty")) -> Row:
        kind = object_type(kind)
        with records.pool.connection() as tx:
            properties = records.clean(tx, kind, [body.get("properties")])[0]
            row = records.get(tx, kind, record, by=by)
            rows, _ = records.update(tx, kind, [(str(row["id"]), properties)])
            if not rows:
                raise Fault(404, "OBJECT_NOT_FOUND", "Object not found", context={"id": [record]})
            return shown(rows[0])

    @router.delete("/{kind}/{record}", status_code=204)
    def archive(kind: str, record: str) -> Response:
        with records.pool.connection() as tx:
            records.archive(tx, object_type(kind), [record])
        return Response(status_code=204)


def _batches(router: APIRouter, records: Records) -> None:
    def told(rows: list[Row], lost: list[str], status: int = 200) -> JSONResponse:
        return answer(rows, [missing(lost)] if lost else None, count=len(lost), status=status)

    @router.post("/{kind}/batch/read")
    def read(kind: str, body: Row = Body(), archived: bool = False) -> JSONResponse:
        kind, wanted = object_type(kind), _wanted(body)
        asked = list(dict.fromkeys(str(item["id"]) for item in inputs(body, "id")))
        with records.pool.connection() as tx:
            found = records.find(tx, kind, asked, by=str(body.get("idProperty") or ""), archived=archived)
        once = {found[key]["id"]: found[key] for key in asked if key in found}
        return told([shown(row, wanted) for row in once.values()], [key for key in asked if key not in found])

    @router.post("/{kind}/batch/create")
    def create(kind: str, body: Row = Body()) -> JSONResponse:
        kind = object_type(kind)
        with records.pool.connection() as tx:
            rows = put(tx, records, kind, inputs(body, "properties"))
        return told([shown(row) for row in rows], [], 201)

    @router.post("/{kind}/batch/update")
    def update(kind: str, body: Row = Body()) -> JSONResponse:
        kind, items = object_type(kind), inputs(body, "id", "properties")
        by = _same(items)
        with records.pool.connection() as tx:
            cleaned = records.clean(tx, kind, [item["properties"] for item in items])
            ids = {str(item["id"]): str(item["id"]) for item in items}
            if by:
                ids = {key: str(row["id"]) for key, row in records.find(tx, kind, ids, by=by, lock=True).items()}
            changes = [(ids.get(str(item["id"]), ""), row) for item, row in zip(items, cleaned, strict=True)]
            rows, lost = records.update(tx, kind, changes)
        lost = [str(item["id"]) for item, (record, _) in zip(items, changes, strict=True) if record in lost]
        return told([shown(row) for row in rows], lost)

    @router.post("/{kind}/batch/upsert")
    def upsert(kind: str, body: Row = Body()) -> JSONResponse:
        kind, items = object_type(kind), inputs(body, "id", "properties")
        by, keys = _same(items), [str(item["id"]) for item in items]
        with records.pool.connection() as tx:
            if by and by not in records.definitions(tx, kind):
                raise invalid(f'Property "{by}" does not exist')
            cleaned = dict(zip(keys, records.clean(tx, kind, [item["properties"] for item in items]), strict=True))
            tx.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 710403))", [f"{kind}/{by}"])
            found = records.find(tx, kind, keys, by=by, lock=True)
            new = [key for key in keys if key not in found]
            made = records.create(tx, kind, [({by: key} if by else {}) | cleaned[key] for key in new]) if by else []
            changed, _ = records.update(tx, kind, [(str(found[key]["id"]), cleaned[key]) for key in keys if key in found])
        by_id = {row["id"]: shown(row) | {"new": False} for row in changed}
        results = {key: shown(row) | {"new": True} for key, row in zip(new, made, strict=False)}
        results |= {key: by_id[row["id"]] for key, row in found.items()}
        return told([results[key] for key in keys if key in results], [key for key in keys if key not in results])

    @router.post("/{kind}/batch/archive", status_code=204)
    def archive(kind: str, body: Row = Body()) -> Response:
        with records.pool.connection() as tx:
            records.archive(tx, object_type(kind), [str(item["id"]) for item in inputs(body, "id")])
        return Response(status_code=204)


def _same(items: Sequence[Row]) -> str:
    """Return the one property that names the records of a batch, or nothing; no record may come twice."""
    kinds = {str(item.get("idProperty") or "") for item in items}
    if len(kinds) > 1:
        raise invalid("all inputs of a batch have one idProperty")
    keys: list[Any] = [str(item["id"]) for item in items]
    if twice := sorted({key for key in keys if keys.count(key) > 1}):
        raise invalid(f"Duplicate IDs found in batch input: {twice}", context={"ids": twice})
    return kinds.pop() if kinds else ""
