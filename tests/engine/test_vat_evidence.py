"""The register is asked before an untaxed supply is invoiced; what it answered is kept, and proven by the audit log."""

from __future__ import annotations

import itertools
import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from interlock.config import Endpoint, parse
from interlock.connectors.vies.api import PATIENCE, PUBLIC
from interlock.connectors.vies.client import Vies
from interlock.domain.invoice import InvoiceLine
from interlock.domain.tax_table import TaxRules
from interlock.domain.vat import Consultation, VatAnswer
from interlock.engine.assemble import assemble
from interlock.engine.diagnose import diagnose
from interlock.engine.vat_evidence import BATCH, ask_register
from interlock.errors import ConfigurationError, ConnectionMissing
from interlock.processes.billing import Recipient
from interlock.processes.billing.tax import vat_evidence
from interlock.store import audit, vat_answers
from interlock.store.database import Database
from interlock_sandbox.demo.seed import Crm
from interlock_sandbox.stack import crm as crm_process
from interlock_sandbox.stack.processes import Processes
from tests.engine.conftest import SETTINGS
from tests.processes.billing.examples import BUYER

SELLER, OTHER_SELLER = "DE136695976", "DE129274202"
NL, FR, EL, AT = "NL123456782B01", "FR83404833048", "EL094259216", "ATU13585627"
BERLIN = ZoneInfo("Europe/Berlin")
TODAY = datetime(2026, 6, 15, 22, 30, tzinfo=UTC)  # 00:30 of the 16th in Berlin
AS_OF = date(2026, 6, 16)
BILLING = f'[billing]\ngo_live = 2026-01-01\n[seller]\nvat_id = "{SELLER}"\n'
FRESH = (f"{number:04}" for number in itertools.count())


# -- the store


def tell(tx, vat_id, status, at=TODAY, request_id="W1", requester=SELLER, asked_at=None):
    answer = Consultation(vat_id, status, at, request_id)
    vat_answers.remember(tx, [answer], requester, asked_at or at, BERLIN)


@pytest.fixture
def tx(database):
    there = Database(database)
    with there.begin() as tx:
        yield tx
    there.close()


def test_the_day_of_a_valid_answer_is_the_companys(tx):
    tell(tx, NL, "valid")
    assert vat_answers.known(tx, [NL, FR], SELLER) == {NL: VatAnswer(NL, "valid", AS_OF, "W1")}


def test_a_register_whose_clock_is_ahead_gives_no_day_of_tomorrow(tx):
    tell(tx, NL, "valid", at=TODAY + timedelta(days=400), asked_at=TODAY)
    assert vat_answers.known(tx, [NL], SELLER)[NL].last_valid_on == AS_OF


def test_invalid_keeps_the_valid_day_on_record_and_no_answer_does_not_lift_it(tx):
    tell(tx, NL, "valid")
    tell(tx, NL, "invalid", TODAY + timedelta(days=1), "W2")
    tell(tx, NL, "unknown", TODAY + timedelta(days=2), "")
    assert vat_answers.known(tx, [NL], SELLER) == {NL: VatAnswer(NL, "invalid", AS_OF, "W1")}


def test_no_answer_leaves_the_valid_day_and_its_consultation_number(tx):
    tell(tx, NL, "valid")
    tell(tx, NL, "unknown", TODAY + timedelta(days=2), "")
    assert vat_answers.known(tx, [NL], SELLER) == {NL: VatAnswer(NL, "unknown", AS_OF, "W1")}


def test_an_answer_to_another_seller_is_no_evidence(tx):
    tell(tx, NL, "valid")
    assert vat_answers.known(tx, [NL], OTHER_SELLER) == {}
    assert vat_answers.stale(tx, [NL], OTHER_SELLER, AS_OF, 31) == [NL]
    tell(tx, NL, "unknown", TODAY + timedelta(hours=1), "", OTHER_SELLER)
    assert vat_answers.known(tx, [NL], OTHER_SELLER) == {NL: VatAnswer(NL)}


def test_an_answer_that_was_overtaken_changes_nothing(tx):
    tell(tx, NL, "invalid", TODAY + timedelta(seconds=1))
    tell(tx, NL, "valid")
    assert vat_answers.known(tx, [NL], SELLER)[NL].status == "invalid"


@pytest.mark.parametrize(("later", "days", "asked"), [(0, 0, True), (0, 1, False), (1, 1, True), (6, 7, False), (7, 7, True)])
def test_a_valid_answer_is_taken_for_so_many_days_its_own_the_first(tx, later, days, asked):
    tell(tx, NL, "valid")
    assert vat_answers.stale(tx, [NL, NL], SELLER, AS_OF + timedelta(days=later), days) == [NL] * asked


@pytest.mark.parametrize("status", ["invalid", "unknown"])
def test_what_is_not_valid_is_always_asked_about_again(tx, status):
    tell(tx, NL, status)
    assert vat_answers.stale(tx, [FR, NL], SELLER, AS_OF, 31) == [FR, NL]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(told=st.lists(st.tuples(st.sampled_from(["valid", "invalid", "unknown"]), st.integers(1, 40)), min_size=1, max_size=8))
def test_a_supply_goes_out_untaxed_only_on_evidence(tx, told):
    vat_id, at, valid_on, evidence, definite = f"X{next(FRESH)}", TODAY, None, "", "unknown"
    for number, (status, days) in enumerate(told):
        at += timedelta(days=days)
        tell(tx, vat_id, status, at, f"W{number}")
        definite = status if status != "unknown" else definite
        valid_on, evidence = (at.astimezone(BERLIN).date(), f"W{number}") if status == "valid" else (valid_on, evidence)
    answer = vat_answers.known(tx, [vat_id], SELLER)[vat_id]
    assert (answer.last_valid_on, answer.request_id) == (valid_on, evidence)
    assert (answer.status == "invalid") == (definite == "invalid")
    assert (answer.status == "valid") == (told[-1][0] == "valid")
    party = BUYER.model_copy(update={"country": "NL", "vat_id": NL})
    recipient = Recipient("1", party, vat=VatAnswer(NL, answer.status, answer.last_valid_on, answer.request_id))
    today = at.astimezone(BERLIN).date()
    gone = vat_evidence([InvoiceLine(line="1", category="AE")], recipient, TaxRules(), today) == ""
    assert gone == (definite == "valid" and today - valid_on <= timedelta(days=30))


# -- asking


@pytest.fixture(scope="module")
def at(cluster, tmp_path_factory):
    folder = tmp_path_factory.mktemp("register")
    processes = Processes(folder)
    try:
        yield SimpleNamespace(**crm_process.start(processes, folder, cluster.create("register")))
    finally:
        processes.stop("crm", 0.5)


@pytest.fixture
def sandbox(at):
    sandbox = Crm(at.url, at.token)
    faults = {state: {} for state in ("NL", "FR", "EL", "AT", "DE", "*")}
    sandbox.call("POST", "/sandbox/vat-register", {"entered": [NL, FR, EL, AT, SELLER], "faults": faults})
    return sandbox


@pytest.fixture
def register(at, sandbox):
    settings = PATIENCE.model_copy(update={"requests": 1_000})
    return Vies(lambda: Endpoint(url=f"{at.url}/vies/rest-api"), settings, lambda _: None)


@pytest.fixture
def engine(world):
    engine = world.engine(BILLING)
    engine.now = lambda: TODAY
    return engine


def consultations(sandbox):
    return [asked["vat_id"] for asked in sandbox.call("GET", "/sandbox/vat-register")["consultations"]]


def change(sandbox, **body):
    sandbox.call("POST", "/sandbox/vat-register", body)


def test_an_answer_is_asked_for_once_a_day_and_proven(engine, world, register, sandbox):
    before = len(consultations(sandbox))
    answers = ask_register(engine, register, [NL, FR, NL, ""], AS_OF)
    assert {vat_id: answer.status for vat_id, answer in answers.items()} == {NL: "valid", FR: "valid"}
    assert ask_register(engine, register, [FR, NL], AS_OF) == answers
    assert consultations(sandbox)[before:] == [NL, FR]
    numbers = {row["vat_id"]: row["identifier"] for row in sandbox.call("GET", "/sandbox/vat-register")["consultations"][before:]}
    assert {vat_id: answer.request_id for vat_id, answer in answers.items()} == numbers
    query = re.search(r"```sql(.*?)```", Path("docs/billing.md").read_text(), re.DOTALL)[1]
    assert [row["subject"] for row in world.sql(query)] == [f"VIES/{numbers[NL]}"]
    proof = world.sql("SELECT subject, why, body FROM interlock.audit JOIN interlock.audit_values USING (seq) ORDER BY seq")
    assert [(row["subject"], row["why"]) for row in proof] == [(f"VIES/{numbers[NL]}", "valid"), (f"VIES/{numbers[FR]}", "valid")]
    assert (proof[0]["body"]["vat_id"], proof[0]["body"]["requester"]) == (NL, SELLER)
    with engine.database.begin() as tx:
        assert audit.verify(tx) == 2


def test_the_next_day_it_is_asked_again_and_an_id_struck_off_meanwhile_is_invalid(engine, register, sandbox):
    first = ask_register(engine, register, [NL], AS_OF)[NL]
    engine.now = lambda: TODAY + timedelta(days=1)
    change(sandbox, struck_off=[NL])
    assert ask_register(engine, register, [NL], AS_OF + timedelta(days=1)) == {
        NL: VatAnswer(NL, "invalid", AS_OF, first.request_id)
    }


def test_silence_leaves_the_last_valid_day_and_is_no_entry_in_the_audit_log(engine, world, register, sandbox):
    first = ask_register(engine, register, [NL], AS_OF)[NL]
    engine.now = lambda: TODAY + timedelta(days=1)
    change(sandbox, faults={"NL": {"error": "MS_UNAVAILABLE"}})
    answers = ask_register(engine, register, [NL, FR], AS_OF + timedelta(days=1))
    assert answers[NL] == VatAnswer(NL, "unknown", AS_OF, first.request_id)
    assert answers[FR].status == "valid"
    assert [row["why"] for row in world.sql("SELECT why FROM interlock.audit")] == ["valid", "valid"]


def test_no_register_leaves_old_answers_unknown_and_an_invalid_one_invalid(engine, register, sandbox):
    change(sandbox, struck_off=[FR])
    ask_register(engine, register, [NL, FR], AS_OF)
    later = ask_register(engine, None, [NL, FR, EL], AS_OF + timedelta(days=1))
    assert [later[vat_id].status for vat_id in (NL, FR, EL)] == ["unknown", "invalid", "unknown"]
    assert later[NL].last_valid_on == AS_OF


def test_without_the_sellers_id_nobody_is_asked(world, register, sandbox):
    before = consultations(sandbox)
    assert ask_register(world.engine(), register, [NL], AS_OF) == {NL: VatAnswer(NL)}
    assert consultations(sandbox) == before


def test_a_dry_run_asks_and_keeps_nothing(engine, world, register, sandbox):
    assert ask_register(engine, register, [NL], AS_OF, dry_run=True)[NL].status == "valid"
    assert world.sql("SELECT 1 FROM interlock.vat_answer") == []
    assert world.sql("SELECT 1 FROM interlock.audit") == []


def test_no_transaction_is_open_while_the_register_is_asked(engine, world, register):
    def watched(vat_ids, requester):
        for answer in register.ask(vat_ids, requester):
            open_ones = world.sql("SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND xact_start IS NOT NULL"
                                  " AND pid <> pg_backend_pid() AND backend_type = 'client backend'")  # fmt: skip
            assert open_ones == []
            yield answer

    answers = ask_register(engine, SimpleNamespace(name="VIES", ask=watched), [NL, FR, EL, AT], AS_OF)
    assert {answer.status for answer in answers.values()} == {"valid"}


def test_what_was_answered_before_a_worker_died_is_not_asked_again(engine, world, register, sandbox):
    ids = [f"{NL[:-2]}{number:02}" for number in range(1, BATCH + 4)]

    def dying(vat_ids, requester):
        for number, answer in enumerate(register.ask(vat_ids, requester)):
            if number > BATCH:
                raise KeyboardInterrupt
            yield answer

    with pytest.raises(KeyboardInterrupt):
        ask_register(engine, SimpleNamespace(name="VIES", ask=dying), ids, AS_OF)
    before = len(consultations(sandbox))
    ask_register(engine, register, ids, AS_OF)
    assert consultations(sandbox)[before:] == ids[BATCH:]


def test_a_requester_that_is_refused_stops_with_the_setting_to_correct(engine, register, sandbox):
    change(sandbox, struck_off=[SELLER])
    with pytest.raises(ConfigurationError, match=r"seller\.vat_id"):
        ask_register(engine, register, [NL], AS_OF)


def test_the_log_holds_counts_only(engine, register, sandbox, caplog):
    change(sandbox, faults={"FR": {"error": "TIMEOUT"}})
    with caplog.at_level("INFO", "interlock"):
        ask_register(engine, register, [NL, FR], AS_OF)
    assert "VIES was asked about 2 VAT ids: {'valid': 1, 'TIMEOUT': 1}" in caplog.text
    assert NL not in caplog.text


# -- doctor, connections


def shown(engine):
    return [(check.level, check.message) for check in diagnose(engine) if check.name == "VAT register"]


def test_doctor_says_how_it_stands_with_the_register(engine, world, register, sandbox):
    engine.register = register
    assert [level for level, _ in shown(engine)] == ["ok"]
    change(sandbox, struck_off=[SELLER])
    assert [level for level, _ in shown(engine)] == ["error"]
    assert "seller.vat_id" in shown(engine)[0][1]
    engine.register = None
    assert shown(engine) == [("ok", "none is asked: supplies without tax to businesses in the EU wait")]
    unnamed = world.engine(BILLING.replace(SELLER, ""))
    unnamed.register = register
    assert [level for level, _ in shown(unnamed)] == ["warning"]
    assert shown(world.engine()) == []


def test_the_register_has_a_connection_of_its_own_or_is_the_public_one():
    def look_up(name):
        if name == "interlock_vat":
            raise ConnectionMissing("none")
        return Endpoint(url=f"http://{name}.example", database="books")

    def url(more=""):
        return assemble(parse(SETTINGS + more), look_up).register._api.url

    assert url() == PUBLIC.url
    assert url("[tax]\nvat_connection = 'register'\n") == "http://register.example"
    assert assemble(parse(SETTINGS + "[tax]\nvat_register = 'none'\n"), look_up).register is None
