"""A VAT register in VIES's dialect, so that invoices abroad can be tried without asking the European Commission.

Every VAT id with right check digits is registered, except those struck off; a member state can be made unavailable.
"""

from __future__ import annotations

import asyncio
import re
import secrets
from datetime import UTC, datetime
from typing import Any

from fastapi import Body, FastAPI
from fastapi.responses import JSONResponse
from stdnum.eu import vat

from interlock_sandbox.crm.faults import invalid
from interlock_sandbox.crm.records import Records, Row

SCHEMA = """
CREATE TABLE IF NOT EXISTS crm.vat_struck_off (vat_id text PRIMARY KEY);
CREATE TABLE IF NOT EXISTS crm.vat_fault (
    state text PRIMARY KEY, error text NOT NULL, status integer NOT NULL, seconds double precision NOT NULL);
CREATE TABLE IF NOT EXISTS crm.vat_consultation (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, vat_id text NOT NULL, requester text NOT NULL, identifier text NOT NULL,
    result text NOT NULL, at timestamptz NOT NULL);
"""
ANY = "*"
_STATES = "AT BE BG CY CZ DE DK EE EL ES FI FR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK XI"
STATES = set(_STATES.split())
NUMBER = re.compile(r"[0-9A-Z+*.]{2,12}", re.ASCII)
UNDISCLOSED = {"name": "---", "address": "---"}
TRADER = ("Name", "Street", "PostalCode", "City", "CompanyType")


def add(app: FastAPI, records: Records) -> None:
    """Add the routes: VIES's own, open as it is, and the sandbox's."""
    with records.pool.connection() as tx:
        tx.execute("SELECT pg_advisory_xact_lock(710403)")
        tx.execute(SCHEMA)

    @app.post("/vies/rest-api/check-vat-number")
    async def check(body: Row = Body()) -> JSONResponse:
        names = ("countryCode", "vatNumber", "requesterMemberStateCode", "requesterNumber")
        state, number, own_state, own_number = (str(body.get(name) or "").upper() for name in names)
        fault = await asyncio.to_thread(_fault, records, state)
        if fault:
            await asyncio.sleep(fault["seconds"])
        if fault and fault["error"]:
            return _failed(fault["error"], fault["status"])
        return await asyncio.to_thread(_answer, records, (state, number), (own_state, own_number))

    @app.post("/sandbox/vat-register")
    def change(body: Row = Body()) -> Row:
        _change(records, body)
        return _shown(records)

    @app.get("/sandbox/vat-register")
    def shown() -> Row:
        return _shown(records)


def _failed(error: str, status: int = 200) -> JSONResponse:
    return JSONResponse({"actionSucceed": False, "errorWrappers": [{"error": error}]}, status)


def _fault(records: Records, state: str) -> Row | None:
    with records.pool.connection() as tx:
        query = "SELECT * FROM crm.vat_fault WHERE state = ANY(%s) ORDER BY state = %s LIMIT 1"
        return tx.execute(query, [[state, ANY], ANY]).fetchone()


def _answer(records: Records, asked: tuple[str, str], requester: tuple[str, str]) -> JSONResponse:
    """Answer as VIES does: a consultation number only for a requester that is registered itself."""
    state, number = asked
    if state not in STATES or not NUMBER.fullmatch(number):
        return _failed("INVALID_INPUT", 400)
    if any(requester) and not _registered(records, *requester):
        return _failed("INVALID_REQUESTER_INFO")
    is_valid, now = _registered(records, state, number), datetime.now(UTC)
    identifier = f"WAPIAAAA{secrets.token_urlsafe(6)}" if any(requester) else ""
    with records.pool.connection() as tx:
        tx.execute(
            "INSERT INTO crm.vat_consultation (vat_id, requester, identifier, result, at) VALUES (%s, %s, %s, %s, %s)",
            [state + number, "".join(requester), identifier, "valid" if is_valid else "invalid", now],
        )
    found: dict[str, Any] = {
        "countryCode": state, "vatNumber": number, "requestDate": now.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "valid": is_valid, "requestIdentifier": identifier, **UNDISCLOSED,
    }  # fmt: skip
    found |= {f"trader{name}": "---" for name in TRADER} | {f"trader{name}Match": "NOT_PROCESSED" for name in TRADER}
    return JSONResponse(found)


def _registered(records: Records, state: str, number: str) -> bool:
    if state not in STATES or number.startswith(state) or not vat.is_valid(state + number):
        return False
    with records.pool.connection() as tx:
        return tx.execute("SELECT FROM crm.vat_struck_off WHERE vat_id = %s", [state + number]).fetchone() is None


def _change(records: Records, body: Row) -> None:
    """Strike ids off or enter them again; set or, with an empty error and no seconds, end the fault of a state or of all (`*`)."""
    if unknown := set(body) - {"struck_off", "entered", "faults"}:
        raise invalid(f"unknown: {', '.join(sorted(unknown))}")
    with records.pool.connection() as tx:
        for vat_id in body.get("struck_off") or ():
            tx.execute("INSERT INTO crm.vat_struck_off VALUES (%s) ON CONFLICT DO NOTHING", [str(vat_id)])
        tx.execute("DELETE FROM crm.vat_struck_off WHERE vat_id = ANY(%s)", [list(map(str, body.get("entered") or ()))])
        for state, fault in (body.get("faults") or {}).items():
            if state not in {*STATES, ANY}:
                raise invalid(f"faults are of a member state, or of all by {ANY}")
            tx.execute("DELETE FROM crm.vat_fault WHERE state = %s", [state])
            error, seconds = str(fault.get("error") or ""), float(fault.get("seconds") or 0)
            if error or seconds:
                values = [state, error, int(fault.get("status") or 200), seconds]
                tx.execute("INSERT INTO crm.vat_fault VALUES (%s, %s, %s, %s)", values)


def _shown(records: Records) -> Row:
    with records.pool.connection() as tx:
        struck_off = tx.execute("SELECT vat_id FROM crm.vat_struck_off ORDER BY 1").fetchall()
        faults = tx.execute("SELECT * FROM crm.vat_fault ORDER BY state").fetchall()
        asked = tx.execute("SELECT vat_id, requester, identifier, result FROM crm.vat_consultation ORDER BY id").fetchall()
    return {
        "struck_off": [row["vat_id"] for row in struck_off],
        "faults": {row.pop("state"): row for row in faults},
        "consultations": asked,
    }
