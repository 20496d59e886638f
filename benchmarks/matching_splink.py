"""Splink on the same records: probabilistic record linkage, trained without labels, on DuckDB."""

from __future__ import annotations

import logging
from time import perf_counter

import pyarrow as pa
from splink import Linker, SettingsCreator, block_on
from splink import comparison_library as compare
from splink.backends.duckdb import DuckDBAPI

from benchmarks.companies import World
from benchmarks.matching_quality import HEAD, Quality, judge
from interlock.domain.identity import Ref
from interlock.processes.matching import Subject
from interlock.processes.matching.features import features

THRESHOLDS = (0.5, 0.9, 0.99, 0.999, 0.9999, 0.99999, 0.999999)
GOAL = 0.999
BLOCKS = (
    block_on("vat"), block_on("register"), block_on("name"), block_on("postcode", "substr(name, 1, 3)"), block_on("phone"),
    block_on("domain"), block_on("postcode", "street"),
)  # fmt: skip
COMPARISONS = (
    compare.JaroWinklerAtThresholds("name", [0.97, 0.92, 0.85]).configure(term_frequency_adjustments=True),
    compare.ExactMatch("form"), compare.LevenshteinAtThresholds("postcode", 1),
    compare.JaroWinklerAtThresholds("street", [0.95, 0.88]), compare.ExactMatch("house"),
    compare.JaroWinklerAtThresholds("city", [0.9]), compare.LevenshteinAtThresholds("vat", 1),
    compare.ExactMatch("register"), compare.ExactMatch("phone"), compare.ExactMatch("domain"),
)  # fmt: skip


def splink(made: World) -> str:
    """Return Splink's figures at several thresholds; an account with two customers above one is left to a person."""
    logging.getLogger("splink").setLevel(logging.ERROR)
    start = perf_counter()
    pairs = _pairs(made)
    seconds = perf_counter() - start
    lines = [HEAD, *(_at(made, pairs, threshold).line(f"Splink at {threshold:g}") for threshold in THRESHOLDS)]
    tried = [_at(made, pairs, pairs[len(pairs) * step // 200][0]) for step in range(1, 200)] if pairs else []
    if tried:
        lines.append(max(tried, key=_usefulness).line("Splink, best threshold in hindsight"))
    return "\n".join([*lines, f"{seconds:.1f} s\n"])


def _pairs(made: World) -> list[tuple[float, str, str]]:
    """Train without labels, predict, and return (probability, one, two), the most probable first."""
    settings = SettingsCreator(
        link_type="link_only", comparisons=list(COMPARISONS), blocking_rules_to_generate_predictions=list(BLOCKS),
        retain_matching_columns=False,
    )  # fmt: skip
    database = DuckDBAPI()
    tables = [
        database.register(pa.Table.from_pylist([_columns(s) for s in side]), dataset_display_name=name)
        for side, name in ((made.accounts, "a_accounts"), (made.customers, "b_customers"))
    ]
    linker = Linker(tables, settings, log_level=logging.ERROR)
    linker.training.estimate_probability_two_random_records_match([block_on("vat"), block_on("name", "postcode")], recall=0.7)
    linker.training.estimate_u_using_random_sampling(max_pairs=5e6, seed=1)
    for rule in (block_on("vat"), block_on("name", "postcode"), block_on("phone")):
        linker.training.estimate_parameters_using_expectation_maximisation(rule, record_sample_proportion=1.0)
    found = linker.inference.predict(threshold_match_probability=THRESHOLDS[0]).as_record_list()
    return sorted(((row["match_probability"], row["unique_id_l"], row["unique_id_r"]) for row in found), reverse=True)


def _usefulness(found: Quality) -> tuple[bool, float]:
    return found.precision >= GOAL, found.recall if found.precision >= GOAL else found.precision


def _columns(subject: Subject) -> dict[str, str | None]:
    f = features(subject)
    house = f"{f.address.house[0]}{f.address.house[1]}" if f.address.house else ""
    row = {
        "unique_id": str(subject.ref), "name": " ".join((*f.name.core, *f.name.numbers)), "form": f.name.form,
        "postcode": f.address.postcode, "street": f.address.street, "house": house, "city": f.address.city,
        "vat": f.vat if f.vat_valid else "", "register": f.register.key if f.register else "",
        "phone": f.phone, "domain": f.domain,
    }  # fmt: skip
    return {name: value or None for name, value in row.items()}


def _at(made: World, pairs: list[tuple[float, str, str]], threshold: float) -> Quality:
    of: dict[str, list[str]] = {}
    for probability, one, two in pairs:
        if probability >= threshold:
            account, customer = sorted((one, two))  # "crm:…" before "erp:…"
            of.setdefault(account, []).append(customer)
    linked = {Ref.parse(account): Ref.parse(customers[0]) for account, customers in of.items() if len(customers) == 1}
    return judge(made, linked)
