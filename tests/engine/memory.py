"""A CRM and an ERP in memory, behind the same port as the real ones, that can fail the way networks do."""

from __future__ import annotations

import itertools
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from interlock.domain.change import Done, NotSent, Rejected, Unknown
from interlock.domain.identity import Ref
from interlock.domain.record import Page, Record
from interlock.ports.system import Instance, Traits


@dataclass
class Memory:
    """Records by id. Each write takes one fault: lost (done, no reply), dropped (not done), late, refused, busy."""

    name: str
    records: dict[Ref, Record] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    calls: Counter = field(default_factory=Counter)
    late: list = field(default_factory=list)
    settle: float = 0.0
    enforces: bool = False
    merged: dict[str, str] = field(default_factory=dict)
    before_write: object = None

    def __post_init__(self):
        self.ids = itertools.count(1)
        self.clock = datetime(2026, 3, 1, tzinfo=UTC)

    def tick(self):
        self.clock += timedelta(seconds=1)
        return self.clock

    def instance(self):
        return Instance(self.name, "memory", "1", datetime.now(UTC))

    def ref(self, kind, record_id):
        return Ref(self.name, "", kind, record_id)

    def traits(self, kind):
        return Traits(batch=3, enforces_key=self.enforces, settle_seconds=self.settle, overlap_seconds=0)

    def put(self, kind, record_id, parent=None, values=None, **more):
        ref = self.ref(kind, record_id)
        old = self.records.get(ref)
        values = dict(old.values if old else {}) | (values or {}) | more
        self.records[ref] = Record(ref, self.tick(), values, parent or (old.parent if old else None))
        return ref

    def of(self, kind):
        return [r for r in self.records.values() if r.ref.kind == kind]

    def changed(self, kind, since):
        self.calls["changed"] += 1
        rows = sorted(
            (r for r in self.of(kind) if since is None or r.modified_at >= since), key=lambda r: (r.modified_at, r.ref.id)
        )
        for i in range(0, len(rows), 2):
            part = rows[i : i + 2]
            yield Page(part, part[-1].modified_at)

    def read(self, kind, ids):
        found = {}
        for asked in ids:
            record = self.records.get(self.ref(kind, self.merged.get(asked, asked)))
            if record:
                found[asked] = record
        return found

    def children(self, kind, parents):
        yield from (r for r in self.of(kind) if r.parent in parents)

    def find(self, writes):
        found = {}
        for write in writes:
            if write.kind == "customer":
                hits = [r for r in self.of("customer") if str(write.subject) in r.values["references"]]
            else:
                hits = [r for r in self.of(write.kind) if r.values.get("key") == write.key]
            if hits:
                found[write.key] = hits
        return found

    def write(self, writes):
        if self.before_write:
            self.before_write(writes)
        self.calls["write"] += 1
        fault = self.faults.pop(0) if self.faults else ""
        if fault == "busy":
            return [NotSent(w.key, "busy", 0.01) for w in writes]
        if fault == "dropped":
            return [Unknown(w.key, "no answer") for w in writes]
        if fault == "late":
            self.late.extend(writes)
            return [Unknown(w.key, "no answer") for w in writes]
        if fault == "refused":
            return [Rejected(w.key, "unfit", "the ERP refused it", "foreign text") for w in writes[:1]] + [
                self._do(w) for w in writes[1:]
            ]
        done = [self._do(w) for w in writes]
        return [Unknown(w.key, "no answer") for w in writes] if fault == "lost" else done

    def commit_late(self):
        for write in self.late:
            self._do(write)
        self.late.clear()

    def _do(self, write):
        self.calls[f"{write.operation} {write.kind}"] += 1
        if write.operation == "update":
            self.put(write.kind, write.ref.id, values=write.values)
            return Done(write.key, write.ref, dict(write.values))
        number = str(next(self.ids))
        extra = (
            {"number": f"K{number}", "references": [str(write.subject)], "active": True}
            if write.kind == "customer"
            else {"key": write.key}
        )
        ref = self.put(write.kind, number, parent=write.parent, values=dict(write.values) | extra)
        return Done(write.key, ref, {"number": extra.get("number", "")})

    def remove(self, ref):
        return self.records.pop(ref, None) is not None

    def checks(self):
        return iter(())

    def archive(self, ref):
        self.records[ref] = replace(self.records[ref], archived=True)
