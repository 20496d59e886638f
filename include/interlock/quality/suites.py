"""Great Expectations over the batch's staging tables: every failing key, and no values.

Its results carry the offending values, which are personal data: `_stripped` is the only way out of here.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from uuid import UUID

from interlock.domain.finding import Finding
from interlock.errors import ContractBroken, InterlockError
from interlock.quality.rules import SUITES, Rule


def findings(dsn: str, batch: UUID, rows: Mapping[str, int], now: datetime) -> list[Finding]:
    """Check each kind's table, of which so many `rows` were staged; one finding a rule, those without a failing key too.

    Raises ContractBroken when rows are missing from the table, or fewer keys are returned than were counted.
    """
    kinds = [kind for kind in SUITES if rows.get(kind)]
    if not kinds:
        return []
    try:
        with _source(dsn) as source:
            return [finding for kind in kinds for finding in _checked(source, kind, batch, rows[kind], now)]
    except InterlockError:
        raise
    except Exception as error:  # noqa: BLE001 - its words may quote records
        name = type(error).__name__
    raise ContractBroken(f"the checks over the batch could not be carried out ({name}); run it again, or see `interlock doctor`")


@contextmanager
def _source(dsn: str) -> Iterator[Any]:
    """Open one connection for all checks: left to itself the library opens one a query, some thirty a run."""
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    import great_expectations as gx  # noqa: PLC0415 - 6 s; preloaded in the scheduler
    from great_expectations.data_context.types.base import ProgressBarsConfig  # noqa: PLC0415
    from sqlalchemy.pool import StaticPool  # noqa: PLC0415

    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    sources: Any = context.data_sources  # its typing leaves the engine's arguments out
    url = "postgresql+psycopg://" + dsn.split("://", 1)[1]
    source = sources.add_postgres("interlock", connection_string=url, kwargs={"poolclass": StaticPool})
    try:
        yield source
    finally:
        source.get_execution_engine().engine.dispose()  # the checks' own, beside the one that looked whether the table is there
        source.get_engine().dispose()


def _checked(source: Any, kind: str, batch: UUID, rows: int, now: datetime) -> Iterator[Finding]:  # noqa: ANN401
    import great_expectations as gx  # noqa: PLC0415

    known: Any = gx.expectations
    query = f"SELECT * FROM interlock.checked_{kind} WHERE batch_id = '{batch}'"  # noqa: S608 - a constant and a UUID
    definition = source.add_query_asset(kind, query=query).add_batch_definition_whole_table("batch")
    rules = [expectation(known, number, rule, now) for number, rule in enumerate(SUITES[kind])]
    suite = gx.ExpectationSuite(kind, expectations=[*rules, known.ExpectTableRowCountToEqual(value=rows)])
    result = definition.get_batch().validate(
        suite,
        result_format={
            "result_format": "COMPLETE",
            "unexpected_index_column_names": ["ref"],
            "partial_unexpected_count": rows,
        },
    )
    for item in result.results:
        if "'raised_exception': True" in str(item.exception_info):  # of the whole, or of one of its metrics
            raise ContractBroken(f"a check of {kind} records could not be carried out")
        if "rule" in item.expectation_config.meta:
            yield _stripped(item, kind, SUITES[kind][item.expectation_config.meta["rule"]], rows)
        elif not item.success:
            raise ContractBroken(f"of {rows} {kind} records not all could be checked; run it again")


def expectation(known: Any, number: int, rule: Rule, now: datetime) -> Any:  # noqa: ANN401
    """Return the rule as one of Great Expectations' `known` expectations, marked with its number in the suite."""
    common = {"column": rule.field, "meta": {"rule": number}}
    match rule.demand:
        case "present":
            return known.ExpectColumnValuesToNotBeNull(**common)
        case "pattern":
            return known.ExpectColumnValuesToMatchRegex(regex=rule.pattern, **common)
        case "unique":
            return known.ExpectColumnValuesToBeUnique(**common)
        case "past":
            return known.ExpectColumnValuesToBeBetween(max_value=now, **common)


def _stripped(item: Any, kind: str, rule: Rule, rows: int) -> Finding:  # noqa: ANN401
    """Keep the keys and how many they are, and nothing else of a result."""
    keys = tuple(str(entry["ref"]) for entry in item.result.get("unexpected_index_list") or ())
    if len(keys) != item.result["unexpected_count"]:
        raise ContractBroken(f"only {len(keys)} of {item.result['unexpected_count']} {kind} records that fail a check are named")
    return Finding(kind, rule.field, rule.code, rule.words, rows, keys)
