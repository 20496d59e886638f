"""The suite for accounts that are to become customers, and how a failing row is reported.

Only keys and counts leave this module: Great Expectations' results carry the offending values (personal data).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any, Final
from uuid import UUID

from interlock.domain.record import Problem
from interlock.errors import ContractBroken

MESSAGES: Final = {
    "legal_name": ("name_missing", "the account has no name"),
    "country": ("country_unknown", "the country is not an ISO 3166 code"),
    "language": ("language_unknown", "the language is not an ISO 639 code"),
    "postal_code": ("postal_code_unfit", "the postal code has characters that no postal code has"),
    "website": ("website_unfit", "the website is not an address"),
}


def failing(dsn: str, batch: UUID, rows: int) -> Iterator[tuple[str, Problem]]:
    """Yield (record, problem) for every checked row that breaks an expectation.

    Raises ContractBroken when Great Expectations returns fewer keys than it counted (its lists are capped by default).
    """
    if not rows:
        return
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    import great_expectations as gx  # noqa: PLC0415 - 6 s; preloaded in the scheduler
    from great_expectations.data_context.types.base import ProgressBarsConfig  # noqa: PLC0415
    from sqlalchemy.pool import NullPool  # noqa: PLC0415

    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    sources: Any = context.data_sources  # its typing leaves the engine's arguments out
    source = sources.add_postgres("interlock", connection_string=_sqlalchemy(dsn), kwargs={"poolclass": NullPool})
    query = f"SELECT * FROM interlock.checked_account WHERE batch_id = '{batch}'"  # noqa: S608 - a UUID
    asset = source.add_query_asset("accounts", query=query)
    definition = asset.add_batch_definition_whole_table("batch")
    suite = context.suites.add(gx.ExpectationSuite("accounts", expectations=_expectations(gx)))
    result = definition.get_batch().validate(
        suite,
        result_format={
            "result_format": "COMPLETE",
            "unexpected_index_column_names": ["ref"],
            "partial_unexpected_count": rows,
        },
    )
    for item in result.results:
        yield from _failing_rows(item)


def _expectations(gx: Any) -> list[Any]:  # noqa: ANN401 - an untyped library, imported late
    e = gx.expectations
    return [
        e.ExpectColumnValuesToNotBeNull(column="legal_name"),
        e.ExpectColumnValuesToMatchRegex(column="country", regex="^[A-Z]{2}$"),
        e.ExpectColumnValuesToMatchRegex(column="language", regex="^[a-z]{2}$"),
        e.ExpectColumnValuesToMatchRegex(column="postal_code", regex="^[A-Za-z0-9 -]{2,12}$"),
        e.ExpectColumnValuesToMatchRegex(column="website", regex="^https?://[^ ]+$"),
    ]


def _failing_rows(item: Any) -> Iterator[tuple[str, Problem]]:  # noqa: ANN401
    if item.success:
        return
    column = item.expectation_config.kwargs["column"]
    if item.exception_info and item.exception_info.get("raised_exception"):
        raise ContractBroken(f"Great Expectations could not check {column}")
    keys = [entry["ref"] for entry in item.result.get("unexpected_index_list") or []]
    if len(keys) != item.result["unexpected_count"]:
        raise ContractBroken(f"Great Expectations named {len(keys)} of {item.result['unexpected_count']} failing rows")
    code, message = MESSAGES[column]
    for key in keys:
        yield key, Problem(code, column, message)


def _sqlalchemy(dsn: str) -> str:
    return "postgresql+psycopg://" + dsn.split("://", 1)[1]
