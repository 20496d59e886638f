"""Data Docs from findings alone: one page a kind and run, an index over the runs that are kept.

The pages are Great Expectations' own, made from keys and counts, without its scripts and whatever it loads from elsewhere.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from html import escape
from pathlib import Path
from typing import Any

from interlock.domain.finding import Finding
from interlock.quality.pages import page
from interlock.quality.rules import SUITES, Rule
from interlock.quality.suites import expectation

COUNTS = "findings.json"
NAMED = 1_000  # records listed for one reason


@dataclass(frozen=True, slots=True)
class Run:
    """Which run the pages are about; `started_at` is aware of its time zone."""

    batch: str
    run_id: str
    started_at: datetime

    @property
    def folder(self) -> str:
        """Name the run's folder; names sort by time."""
        return f"{self.started_at.astimezone(UTC):%Y%m%dT%H%M%S.%fZ}-{self.batch[:8]}"


def build(folder: Path, run: Run, findings: Sequence[Finding], keep: int) -> Path:
    """Write a run's pages below `folder` and renew the index over the newest `keep` runs; returns the run's first page.

    A run built again replaces its own pages. Raises OSError when the folder cannot be written to.
    """
    folder.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix=".building-", dir=folder))
    try:
        work.chmod(0o750)
        kinds = [kind for kind in SUITES if any(finding.kind == kind for finding in findings)]
        for kind in kinds:
            found = [finding for finding in findings if finding.kind == kind]
            body = _named(found) + _rendered(kind, run, found)
            (work / f"{kind}.html").write_text(page(f"{kind}s, {run.run_id}", body), encoding="utf-8")
        told = {"run_id": run.run_id, "started_at": run.started_at.isoformat(), "findings": [asdict(f) for f in findings]}
        (work / COUNTS).write_text(json.dumps(told), encoding="utf-8")
        (work / "index.html").write_text(page(run.run_id, _overview(told, "")), encoding="utf-8")
        target = folder / run.folder
        shutil.rmtree(target, ignore_errors=True)
        work.rename(target)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    _renew_index(folder, keep)
    return target / "index.html"


def _renew_index(folder: Path, keep: int) -> None:
    runs = sorted((file.parent for file in folder.glob(f"[0-9]*/{COUNTS}")), reverse=True)
    for old in runs[keep:]:
        shutil.rmtree(old, ignore_errors=True)
    body = "".join(_overview(json.loads((run / COUNTS).read_text(encoding="utf-8")), f"{run.name}/") for run in runs[:keep])
    handle, name = tempfile.mkstemp(prefix=".index-", dir=folder)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(page("Data Docs", body))
    Path(name).chmod(0o640)
    Path(name).replace(folder / "index.html")


def _overview(run: dict[str, Any], at: str) -> str:
    """Say in plain words what was found in one run, with a link to the page of each kind."""
    rows = []
    for kind in SUITES:
        found = [finding for finding in run["findings"] if finding["kind"] == kind]
        wrong = [f"{len(f['keys'])}: {escape(f['message'])}" for f in found if f["keys"]]
        if found:
            checked = max(finding["checked"] for finding in found)
            words = "<br>".join(wrong) or "nothing wrong"
            rows.append(f'<tr><td><a href="{at}{kind}.html">{kind}s</a></td><td>{checked}</td><td>{words}</td></tr>')
    head = f"<h2>{escape(run['started_at'][:16].replace('T', ' '))} {escape(run['run_id'])}</h2>"
    if not rows:
        return head + "<p>nothing was to be checked</p>"
    return f"{head}<table><tr><th>kind</th><th>checked</th><th>what is wrong, and what to do</th></tr>{''.join(rows)}</table>"


def _named(findings: Iterable[Finding]) -> str:
    """List the records that each reason is true of."""
    parts = []
    for finding in (finding for finding in findings if finding.keys):
        more = f" and {len(finding.keys) - NAMED} more" if len(finding.keys) > NAMED else ""
        parts.append(f"<h2>{escape(finding.words)}</h2><p>{escape(', '.join(finding.keys[:NAMED]))}{more}</p>")
    return "".join(parts)


def _rendered(kind: str, run: Run, findings: Iterable[Finding]) -> str:
    from great_expectations.render.renderer.page_renderer import ValidationResultsPageRenderer  # noqa: PLC0415
    from great_expectations.render.view import view  # noqa: PLC0415

    pages: Any = view.DefaultJinjaPageView()  # untyped
    return str(pages.render(ValidationResultsPageRenderer().render(_result(kind, run, list(findings)))))


def _result(kind: str, run: Run, findings: Sequence[Finding]) -> Any:  # noqa: ANN401 - an untyped library, imported late
    """Put a validation result together from keys and counts; there are no values that it could hold."""
    import great_expectations as gx  # noqa: PLC0415
    from great_expectations.core import ExpectationSuiteValidationResult, ExpectationValidationResult  # noqa: PLC0415

    by_rule = {(finding.field, finding.code): finding for finding in findings}
    results = []
    for number, rule in enumerate(SUITES[kind]):
        if (found := by_rule.get((rule.field, rule.code))) is not None:
            known = expectation(gx.expectations, number, rule, run.started_at)
            results.append(
                ExpectationValidationResult(
                    success=not found.keys, expectation_config=_explained(known.configuration, rule), result=_counts(found),
                    meta={}, exception_info={},
                )
            )  # fmt: skip
    good = sum(1 for result in results if result.success)
    counts = {
        "evaluated_expectations": len(results), "successful_expectations": good,
        "unsuccessful_expectations": len(results) - good, "success_percent": 100 * good / len(results) if results else None,
    }  # fmt: skip
    meta: Any = {"run_id": {"run_name": run.run_id, "run_time": run.started_at.isoformat()}}
    return ExpectationSuiteValidationResult(
        success=good == len(results), results=results, suite_name=kind, statistics=counts, meta=meta
    )


def _explained(configuration: Any, rule: Rule) -> Any:  # noqa: ANN401
    configuration.meta["notes"] = {"format": "string", "content": [rule.words]}
    return configuration


def _counts(finding: Finding) -> dict[str, Any]:
    share = 100 * len(finding.keys) / finding.checked if finding.checked else 0.0
    return {
        "element_count": finding.checked, "unexpected_count": len(finding.keys), "unexpected_percent": share,
        "unexpected_percent_total": share, "unexpected_percent_nonmissing": share, "missing_count": 0, "missing_percent": 0.0,
        "partial_unexpected_list": [], "unexpected_index_column_names": ["ref"],
        "unexpected_index_list": [{"ref": key} for key in finding.keys],
    }  # fmt: skip
