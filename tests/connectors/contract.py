"""What every connector must keep, whatever the system behind it.

A connector's test class inherits `SystemContract`, and `LockContract` too if its target has an optimistic lock. It brings the
system and a few hands that act on the target as people do there; every test then runs against the real thing.
"""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from interlock.connectors import batches
from interlock.domain.change import Conflict, Done, NotSent, Rejected, Unknown, Write
from interlock.errors import LoginRefused, RateLimited, Refused, SystemUnavailable

NUMBERS = itertools.count(1)
PARTY = {
    "legal_name": "Käse & <Söhne> GmbH", "vat_id": "DE136695976", "register_number": "HRB 4711", "language": "de",
    "phone": "+49301234567", "website": "https://www.example.de", "street": "Weg 1\nHinterhaus", "postal_code": "10115",
    "city": "Zürich-Ürdorf", "country": "DE",
}  # fmt: skip
OTHER = dict.fromkeys(PARTY, "anders") | {
    "vat_id": "ATU13585627", "phone": "+43199999999", "website": "http://example.at/x", "language": "en", "country": "AT",
}  # fmt: skip
EDITS = [("legal_name", "Neu"), ("city", "Kiel"), ("phone", "+49405555555"), ("register_number", "HRA 1")]
NO_RECORD = "999999999"


class Door:
    """Stands before the system's HTTP: reads pass, and one thing happens before or instead of the next writing call."""

    def __init__(self, door, *, before=lambda: None, fault=None, reach=True):
        self.door, self.before, self.fault, self.reach, self.writes = door, before, fault, reach, 0

    def __call__(self, method, path, *, safe, **rest):
        if safe or (self.writes and not self.fault):
            return self.door(method, path, safe=safe, **rest)
        self.writes += 1
        self.before()
        answer = self.door(method, path, safe=safe, **rest) if self.reach else None
        if self.fault:
            raise self.fault
        return answer


def party(values):
    """The fields of a party among a record's values."""
    return {name: values[name] for name in PARTY}


def kinds(outcomes):
    return {outcome.key: type(outcome) for outcome in outcomes}


def read_all(pages):
    return {record.ref.id: record for page in pages for record in page.records}


class SystemContract:
    """To be given: `main` (the kind with a party's fields), the fixture `system`, and the hands below."""

    main = ""
    batched = True  # whether one call writes many

    def another(self, system):
        """Connect to the same instance once more."""
        raise NotImplementedError

    def http(self, system):
        """Return the `Http` that the connector speaks through."""
        raise NotImplementedError

    def now(self):
        """Return the time of the test, which is that of its recording where it is played back."""
        return datetime.now(UTC)

    def small_pages(self, monkeypatch):
        """Let the connector read ten records a page."""
        raise NotImplementedError

    def made(self, system, *rows):
        """Make records of `main`, each with the values of a row; returns their ids."""
        raise NotImplementedError

    def edit(self, system, record_id, field, value):
        """Change one field as a person does in the target's own windows."""
        raise NotImplementedError

    def merge(self, system, survivor, gone):
        """Merge a record of `main` into another, as a person does."""
        raise NotImplementedError

    def creates(self, system, count):
        """Return writes that create records, each under a key of its own."""
        raise NotImplementedError

    def spoiled(self, system, write):
        """Return the create such that the target itself, not the connector, refuses it."""
        raise NotImplementedError

    def update(self, system, record, **values):
        return Write(f"u{next(NUMBERS)}", "update", self.main, values, record.ref, None, record.ref, record)

    def updates(self, system, count=2):
        ids = self.made(system, *[PARTY] * count)
        records = system.read(self.main, ids)
        return [self.update(system, records[i], city="Bonn") for i in ids]

    def one(self, system, record_id):
        return system.read(self.main, [record_id])[record_id]

    def values_of(self, system, writes):
        records = system.read(self.main, [write.ref.id for write in writes])
        return [records[write.ref.id].values for write in writes]

    # -- identity

    def test_the_instance_is_the_same_for_every_connection_and_tells_its_clock(self, system):
        first, second = system.instance(), self.another(system).instance()
        assert first.id == second.id == system.ref("x", "1").instance
        assert abs((self.now() - second.now).total_seconds()) < 10

    def test_doctor_finds_nothing_wrong(self, system):
        found = list(system.checks())
        assert found
        assert not [check for check in found if check.level != "ok"]

    # -- reading

    def test_values_read_back_in_canonical_form(self, system):
        (record_id,) = self.made(system, PARTY)
        record = self.one(system, record_id)
        assert party(record.values) == PARTY
        assert record.problems == ()
        assert record.modified_at.tzinfo is not None

    def test_absent_ids_are_absent(self, system):
        (record_id,) = self.made(system, PARTY)
        assert set(system.read(self.main, [record_id, NO_RECORD, record_id, "9" * 30, "x1", "", "-1"])) == {record_id}
        assert system.read(self.main, []) == {}

    @pytest.mark.parametrize("full", [True, False])
    def test_no_page_loses_a_record_when_others_change_meanwhile(self, system, monkeypatch, full):
        ids = self.made(system, *[PARTY | {"legal_name": f"Liste {i}"} for i in range(25)])
        first = self.one(system, ids[0])
        self.small_pages(monkeypatch)
        pages = system.changed(self.main, None if full else first.modified_at)
        read = [next(pages)]
        for record_id in (ids[0], ids[12], ids[24]):
            self.edit(system, record_id, "city", "Kiel")
        read += pages
        assert len(read) > 2
        assert set(ids) <= set(read_all(read))
        assert read[-1].watermark is not None
        again = read_all(system.changed(self.main, read[-1].watermark))
        newest = read_all(read) | again
        assert {newest[i].values["city"] for i in (ids[0], ids[12], ids[24])} == {"Kiel"}

    def test_a_full_listing_names_each_record_once_and_none_that_was_merged(self, system, monkeypatch):
        gone, *ids = self.made(system, *[PARTY] * 12)
        self.merge(system, ids[0], gone)
        self.small_pages(monkeypatch)
        listed = [record.ref.id for page in system.changed(self.main, None) for record in page.records]
        assert len(listed) == len(set(listed))
        assert set(ids) <= set(listed)
        assert gone not in listed

    def test_changes_come_oldest_first_from_the_watermark_on(self, system):
        old, new = self.made(system, PARTY, PARTY)
        since = self.one(system, new).modified_at
        self.edit(system, old, "city", "Bonn")
        pages = list(system.changed(self.main, since))
        records = [record for page in pages for record in page.records]
        assert [r.modified_at for r in records] == sorted(r.modified_at for r in records)
        assert (records[-1].ref.id, records[-1].values["city"]) == (old, "Bonn")
        assert pages[-1].watermark == records[-1].modified_at
        assert not list(system.changed(self.main, pages[-1].watermark + timedelta(hours=1)))

    @pytest.mark.parametrize(("field", "value"), EDITS)
    def test_a_change_of_any_part_is_seen(self, system, field, value):
        (record_id,) = self.made(system, PARTY)
        before = self.one(system, record_id)
        self.edit(system, record_id, field, value)
        after = read_all(system.changed(self.main, before.modified_at + timedelta(milliseconds=1)))[record_id]
        assert party(after.values) == PARTY | {field: value}
        assert after.modified_at > before.modified_at
        assert after.revision != before.revision

    def test_merged_ids_lead_to_the_last_survivor(self, system):
        first, second, third = self.made(system, PARTY, PARTY, PARTY)
        since = self.one(system, first).modified_at
        self.merge(system, second, first)
        self.merge(system, third, second)
        for asked in ([first], [second, first], [first, second, third]):
            found = system.read(self.main, asked)
            assert {i: r.ref.id for i, r in found.items()} == dict.fromkeys(asked, third)
            assert all(i in r.merged_from for i, r in found.items() if i != third)
        assert not {first, second} & set(read_all(system.changed(self.main, since)))

    # -- updating

    def test_each_field_is_changed_alone(self, system):
        ids = dict(zip(PARTY, self.made(system, *[PARTY] * len(PARTY)), strict=True))
        records = system.read(self.main, list(ids.values()))
        writes = [self.update(system, records[ids[name]], **{name: OTHER[name]}) for name in PARTY]
        assert kinds(system.write(writes)) == {write.key: Done for write in writes}
        after = system.read(self.main, list(ids.values()))
        assert {n: party(after[i].values) for n, i in ids.items()} == {n: PARTY | {n: OTHER[n]} for n in PARTY}

    def test_each_field_is_emptied_and_filled_again(self, system):
        names = [name for name in PARTY if name != "legal_name"]
        ids = dict(zip(names, self.made(system, *[PARTY] * len(names)), strict=True))
        for wanted in (dict.fromkeys(names, ""), PARTY):
            records = system.read(self.main, list(ids.values()))
            writes = [self.update(system, records[ids[name]], **{name: wanted[name]}) for name in names]
            assert kinds(system.write(writes)) == {write.key: Done for write in writes}
            after = system.read(self.main, list(ids.values()))
            assert {n: party(after[i].values) for n, i in ids.items()} == {n: PARTY | {n: wanted[n]} for n in names}

    def test_what_cannot_be_expressed_is_rejected_and_the_others_are_done(self, system):
        good, field, record, kind = self.updates(system, 4)
        writes = [good, replace(field, values={"colour": "red"}), replace(record, ref=None), replace(kind, kind="invoice")]
        outcomes = {outcome.key: outcome for outcome in system.write(writes)}
        assert [type(outcomes[w.key]) for w in writes] == [Done, Rejected, Rejected, Rejected]
        assert [outcomes[w.key].code for w in writes[1:]] == ["unknown_field", "no_record", "unknown_write"]
        assert [values["city"] for values in self.values_of(system, [good, field])] == ["Bonn", PARTY["city"]]

    def test_an_update_of_nothing_does_not_hide_what_became_of_the_others(self, system):
        there, gone = self.updates(system, 2)
        gone = replace(gone, ref=system.ref(self.main, NO_RECORD), seen=None)
        outcomes = kinds(system.write([gone, there]))
        assert outcomes[there.key] is Done
        assert outcomes[gone.key] in {Rejected, Conflict}

    # -- faults: one outcome for each, and never a second sending

    @pytest.mark.parametrize("operation", ["create", "update"])
    @pytest.mark.parametrize(
        ("fault", "outcome"),
        [
            (RateLimited("x", retry_after=3), NotSent), (SystemUnavailable("x", sent=False), NotSent),
            (SystemUnavailable("x"), Unknown),
        ],
    )  # fmt: skip
    def test_a_fault_of_the_call_tells_what_is_certain(self, system, monkeypatch, operation, fault, outcome):
        writes = self.creates(system, 3) if operation == "create" else self.updates(system, 3)
        door = Door(self.http(system).call, fault=fault, reach=False)
        monkeypatch.setattr(self.http(system), "call", door)
        outcomes = system.write(writes)
        assert {o.key for o in outcomes} == {w.key for w in writes}
        assert outcome in set(kinds(outcomes).values()) <= {outcome, NotSent}
        assert door.writes == 1
        if isinstance(fault, RateLimited):
            assert {o.retry_after for o in outcomes} == {3}

    def test_a_create_whose_answer_is_lost_is_sent_once_and_found_by_our_key(self, system, monkeypatch):
        writes = self.creates(system, 3)
        door = Door(self.http(system).call, fault=SystemUnavailable("x"))
        with monkeypatch.context() as patch:
            patch.setattr(self.http(system), "call", door)
            outcomes = kinds(system.write(writes))
        assert Unknown in outcomes.values()
        assert set(outcomes.values()) <= ({Unknown} if self.batched else {Unknown, NotSent})
        assert door.writes == 1
        found = system.find(writes)
        sent = {key: 1 for key, outcome in outcomes.items() if outcome is Unknown}
        assert {key: len(records) for key, records in found.items()} == sent

    def test_an_update_whose_answer_is_lost_is_sent_once_and_seen_by_reading(self, system, monkeypatch):
        writes = self.updates(system, 3)
        door = Door(self.http(system).call, fault=SystemUnavailable("x"))
        with monkeypatch.context() as patch:
            patch.setattr(self.http(system), "call", door)
            outcomes = kinds(system.write(writes))
        assert door.writes == 1
        for write, values in zip(writes, self.values_of(system, writes), strict=True):
            assert (outcomes[write.key], values["city"]) in {(Unknown, "Bonn"), (NotSent, PARTY["city"])}
        assert Unknown in outcomes.values()

    def test_one_bad_record_does_not_stop_the_others(self, system):
        writes = self.creates(system, 6)
        writes[3] = self.spoiled(system, writes[3])
        outcomes = {outcome.key: outcome for outcome in system.write(writes)}
        assert [type(outcomes[w.key]) for w in writes] == [Done, Done, Done, Rejected, Done, Done]
        assert outcomes[writes[3].key].detail not in {"", outcomes[writes[3].key].message}
        found = system.find(writes)
        assert {key: len(records) for key, records in found.items()} == {w.key: 1 for w in writes if w is not writes[3]}

    def test_a_refusal_of_the_whole_is_split_down_to_each(self, system, monkeypatch):
        writes = self.creates(system, 4)
        door = Door(self.http(system).call, fault=Refused("unfit", "foreign words"), reach=False)
        monkeypatch.setattr(self.http(system), "call", door)
        outcomes = system.write(writes)
        assert {o.key: (type(o), o.detail) for o in outcomes} == {w.key: (Rejected, "foreign words") for w in writes}
        assert all("foreign" not in o.message for o in outcomes)
        assert door.writes == (7 if self.batched else 4)

    def test_a_refused_login_stops_before_anything_is_written(self, system, monkeypatch):
        writes = self.creates(system, 2)
        with monkeypatch.context() as patch:
            patch.setattr(self.http(system), "call", Door(self.http(system).call, fault=LoginRefused("x"), reach=False))
            with pytest.raises(LoginRefused):
                system.write(writes)
        assert system.find(writes) == {}

    def test_nothing_is_sent_that_would_outlive_its_lease(self, system, monkeypatch):
        writes = self.creates(system, 2)
        begin = batches.Sending.__init__
        monkeypatch.setattr(batches.Sending, "__init__", lambda sending, _: begin(sending, -1))
        assert set(kinds(system.write(writes)).values()) == {NotSent}
        assert system.find(writes) == {}

    # -- creating and removing

    def test_creates_are_done_found_and_removed(self, system):
        writes = self.creates(system, 5)
        assert system.find(writes) == {}
        outcomes = {o.key: o for o in system.write(writes)}
        assert {type(o) for o in outcomes.values()} == {Done}
        found = system.find(writes)
        assert {key: [r.ref for r in records] for key, records in found.items()} == {k: [o.ref] for k, o in outcomes.items()}
        for _ in range(2):
            assert system.remove(outcomes[writes[0].key].ref)
        assert set(system.find(writes)) == {write.key for write in writes[1:]}

    def test_doubles_are_found_oldest_first(self, system):
        writes = self.creates(system, 1)
        refs = [system.write(writes)[0].ref for _ in range(2)]
        if system.traits(self.main).enforces_key:
            assert refs[0] == refs.pop()
        assert [record.ref for record in system.find(writes)[writes[0].key]] == refs


class LockContract:
    """For targets with an optimistic lock: who changed a record meanwhile is never overwritten unseen."""

    @pytest.mark.parametrize(("field", "value"), EDITS)
    def test_a_change_before_the_write_is_a_conflict(self, system, field, value):
        write, other = self.updates(system)
        self.edit(system, write.ref.id, field, value)
        assert kinds(system.write([write, other])) == {write.key: Conflict, other.key: Done}
        assert party(self.one(system, write.ref.id).values) == PARTY | {field: value}

    @pytest.mark.parametrize(("field", "value"), EDITS)
    def test_a_change_at_the_last_moment_is_a_conflict(self, system, monkeypatch, field, value):
        write = replace(self.updates(system)[0], values={field: OTHER[field]})
        door = Door(self.http(system).call, before=lambda: self.edit(system, write.ref.id, field, value))
        with monkeypatch.context() as patch:
            patch.setattr(self.http(system), "call", door)
            assert kinds(system.write([write])) == {write.key: Conflict}
        assert party(self.one(system, write.ref.id).values) == PARTY | {field: value}
