"""What the ERP may learn of an account's past: tables of examples for each level, and generated data that must not leak."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.config import parse
from interlock.domain.activity import ACTIVITY_TYPES, Activity, Owner
from interlock.domain.identity import Ref
from interlock.domain.party import Account, Deal
from interlock.processes import lead_to_customer as process
from interlock.processes import prehistory
from interlock.processes.view import View

LEAD = "[lead_to_customer]\ngo_live = 2026-01-01\n[prehistory]\n"
FULL = 'level = "full"\npurpose = "Gewährleistung"\n'
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
OLGA, FRITZ = Owner(name="Olga Ober"), Owner(name="Fritz Fort", former=True)
ACCOUNT = Account(legal_name="Muster GmbH", country="DE", owner=OLGA, campaign="Messe", page="https://crm.example/accounts/7")
TEXTS = {"subject": "Preis MARKE1", "body": "Hans Fremd MARKE2\nsagt ja"}
PAST = (
    Activity(type="note", time="2026-02-01T08:00:00+00:00", owner=FRITZ, **TEXTS),
    Activity(type="call", time="2026-02-03T23:30:00+00:00", direction="in", owner=OLGA, deal="9", **TEXTS),
    Activity(type="email", time="2026-02-02T08:00:00+00:00", direction="out", **TEXTS),
    Activity(type="meeting", time="2026-02-10T08:00:00+00:00", private=True, owner=Owner(name="MARKE3"), **TEXTS),
    Activity(type="task", time="2026-03-02T08:00:00+00:00", owner=Owner(name="MARKE4"), **TEXTS),
)


def text(more="", activities=PAST, account=ACCOUNT):
    view = View(Ref("hubspot:1", "", "account", "7"), account, deals=(Deal(id="9", name="Wartung"),), activities=activities)
    return prehistory.text(view, parse(LEAD + more), NOW)


def test_headlines_tell_date_type_direction_deal_and_owner():
    assert text().splitlines() == [
        "Vorgeschichte aus dem CRM, Stand 01.03.2026",
        "Im CRM: https://crm.example/accounts/7",
        "Kampagne: Messe",
        "Betreuung: Olga Ober",
        "Notiz: 1, Anruf: 1, E-Mail: 1; erster Kontakt 01.02.2026, letzter Kontakt 04.02.2026",
        "04.02.2026 Anruf eingehend · Geschäft Wartung · Olga Ober",
        "02.02.2026 E-Mail ausgehend · unbekannt",
        "01.02.2026 Notiz · Fritz Fort (ehemals)",
    ]


def test_a_summary_names_nobody():
    assert text('level = "summary"\nlanguage = "en"\n').splitlines() == [
        "Prehistory from the CRM, as of 2026-03-01",
        "In the CRM: https://crm.example/accounts/7",
        "Campaign: Messe",
        "note: 1, call: 1, e-mail: 1; first contact 2026-02-01, last contact 2026-02-04",
    ]


def test_full_tells_the_texts_and_for_what_purpose():
    lines = text(FULL).splitlines()
    assert "Zweck: Gewährleistung" in lines
    at = lines.index("04.02.2026 Anruf eingehend · Geschäft Wartung · Olga Ober")
    assert lines[at + 1 : at + 4] == ["    Preis MARKE1", "    Hans Fremd MARKE2", "    sagt ja"]


@pytest.mark.parametrize(
    ("more", "marks"),
    [('level = "summary"\n', {"MARKE1", "MARKE2", "MARKE3", "MARKE4", "Olga"}), ("", {"MARKE1", "MARKE2", "MARKE3", "MARKE4"}),
     (FULL, {"MARKE3", "MARKE4"})],
    ids=["summary", "headlines", "full"],
)  # fmt: skip
def test_no_level_tells_more_than_it_may(more, marks):
    assert not [mark for mark in marks if mark in text(more)]


def test_an_account_without_a_past_still_leads_back():
    assert text(activities=()).splitlines()[-1] == "keine Aktivitäten"
    assert "https://crm.example/accounts/7" in text(activities=())
    assert text(activities=(), account=Account()).splitlines() == [
        "Vorgeschichte aus dem CRM, Stand 01.03.2026", "Betreuung: unbekannt", "keine Aktivitäten",
    ]  # fmt: skip


def test_a_long_past_is_cut_and_says_so():
    days = [datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=n) for n in range(500)]
    lines = text("max_lines = 20\n", tuple(Activity(time=day.isoformat()) for day in days)).splitlines()
    assert (len(lines), lines[-1]) == (26, "und 480 weitere")
    assert lines[4] == "Notiz: 500; erster Kontakt 01.01.2026, letzter Kontakt 21.01.2026"
    assert lines[5].startswith("21.01.2026")


def test_the_note_is_once_only_and_hangs_on_the_customer_that_its_account_becomes():
    won = Deal(won_at="2026-02-01T00:00:00+00:00")
    ref = Ref("hubspot:1", "", "account", "7")
    settings = parse(LEAD)
    (note,) = [c for c in process.decide(View(ref, ACCOUNT, deals=(won,)), settings, NOW).changes if c.kind == "prehistory"]
    assert (note.key, note.once, note.system, note.parent) == ("prehistory/hubspot:1//account/7", True, "erp", None)
    assert note.depends_on == (process.customer_key(ref),)


NAMES = st.text(st.characters(categories=("L", "N", "P", "S")), min_size=12, max_size=60)
MOMENTS = st.datetimes(datetime(2020, 1, 1), datetime(2027, 1, 1)).map(lambda at: at.replace(tzinfo=UTC).isoformat())  # noqa: DTZ001
ACTIVITIES = st.builds(
    Activity, type=st.sampled_from([*ACTIVITY_TYPES, "sms"]), time=MOMENTS, direction=st.sampled_from(["", "in", "out", "title"]),
    private=st.booleans(), deal=st.sampled_from(["", "9", "10"]), subject=NAMES.map("S§§{}".format),
    body=NAMES.map("B§§{}".format), owner=st.builds(Owner, name=st.sampled_from(["", "Olga Ober"]), former=st.booleans()),
)  # fmt: skip


@given(
    st.lists(ACTIVITIES, max_size=30),
    st.sampled_from(['level = "summary"\n', 'level = "headlines"\n']),
    st.sampled_from(["de", "en"]),
)
def test_whatever_activities_hold_no_text_of_theirs_goes_over(activities, level, language):
    told = text(f'{level}language = "{language}"\n', tuple(activities))
    assert "S§§" not in told
    assert "B§§" not in told
    assert not [a for a in activities if a.subject[3:] in told or a.body[3:] in told]
    assert len(told.splitlines()) <= 5 + len([a for a in activities if not a.private])


@given(st.lists(ACTIVITIES, max_size=10), st.text(max_size=300), st.text(max_size=300))
def test_no_text_of_people_can_forge_a_line(activities, campaign, owner):
    account = Account(campaign=campaign, owner=Owner(name=owner), page="https://crm.example/accounts/7")
    told = text(FULL, tuple(activities), account)
    ahead = [a for a in activities if datetime.fromisoformat(a.time) > NOW or a.private or a.type == "sms"]
    headlines = [line for line in told.splitlines() if line[:2].isdigit() and line[2:3] == "."]
    assert len(headlines) == len(activities) - len(ahead)
    assert "\r" not in told
