"""Some accounts of their own in the sandbox CRM, one integration database, and what must be true of them in the end."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any

from interlock.domain.record import Record
from interlock.engine.context import Engine, Scope
from interlock.store import audit
from interlock_sandbox.demo.seed import Crm
from interlock_sandbox.stack.postgres import Postgres
from tests.faults.chaos import CALM, HASTY, Faults, Worker, until_done
from tests.faults.worker import OK, Order
from tests.scenarios.test_lead_becomes_customer import notes_of, win

RUNS = itertools.count(1)
OUTCOMES = ("rejected", "unchanged", "created", "updated", "waiting", "held", "failed")


class World:
    """One company's two systems and its Interlock; `settings` are added to the hasty and the calm ones."""

    def __init__(self, systems: dict[str, Any], cluster: Postgres, name: str, settings: str = "") -> None:
        crm, erp = systems["crm"], systems["erp"]
        self.cluster, self.name, self.sandbox = cluster, name, Crm(**crm)
        self.dsn = cluster.create(name, "migrated")
        self.order = Order(
            self.dsn, crm["url"], erp.url, crm["token"], erp.database, erp.login, erp.password, HASTY + settings, ""
        )
        self.calm = replace(self.order, settings=CALM + settings)
        self.accounts: list[str] = []
        self.parents: dict[str, str] = {}
        self.log: list[str] = []
        self.reader = self.calm.engine()

    def win(self, **values: str) -> str:
        account = win(self.sandbox, **values)
        self.accounts.append(account)
        return account

    def edit(self, account: str, **values: str) -> None:
        self.sandbox.call("PATCH", f"/crm/v3/objects/companies/{account}", {"properties": values})

    def put_below(self, child: str, parent: str) -> None:
        path = f"/crm/v4/objects/companies/{child}/associations/companies/{parent}"
        self.sandbox.call("PUT", path, [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 14}])
        self.parents[child] = parent

    def merge(self, source: str, survivor: str) -> None:
        self.sandbox.call("POST", "/crm/v3/objects/companies/merge", {"primaryObjectId": survivor, "objectIdToMerge": source})
        self.accounts.remove(source)

    def scope(self, **values: Any) -> Scope:
        return Scope(f"run{next(RUNS)}", crm_ids=tuple(self.accounts), **values)

    def run(self, faults: Faults | None = None, scope: Scope | None = None) -> dict[str, int] | None:
        return until_done(self.order, scope or self.scope(), faults or Faults(), self.log)

    def start(self, faults: Faults | None = None, scope: Scope | None = None) -> Worker:
        return Worker(self.order, scope or self.scope(), faults or Faults())

    def back_up(self) -> None:
        self.reader.database.close()
        self.cluster.drop(f"{self.name}_old")
        self.cluster.create(f"{self.name}_old", self.name)

    def restore(self) -> None:
        self.reader.database.close()
        self.cluster.drop(self.name)
        self.cluster.create(self.name, f"{self.name}_old")

    def settle(self) -> None:
        """Let quiet nights pass until a run has nothing left to do, then check everything."""
        for _ in range(6):
            worker = Worker(self.calm, self.scope(), Faults())
            code, said = worker.end(120)
            assert code == OK, said
            assert said["counts"]["read"] == sum(said["counts"][name] for name in OUTCOMES), said
            if worker.writes == 0:
                break
        else:
            raise AssertionError(f"never at rest; {self.log}")
        self._everything_is_right(said["counts"])

    def _everything_is_right(self, counts: dict[str, int]) -> None:
        engine: Engine = self.reader
        customers = [r for page in engine.erp.changed("customer", None) for r in page.records if r.values["active"]]
        for account in self.accounts:
            ref = engine.crm.ref("account", account)
            mine = [c for c in customers if str(ref) in c.values["references"]]
            assert len(mine) == 1, f"{len(mine)} customers for {ref} after {self.log}"
            there = engine.crm.read("account", [account])[account]
            assert there.values["customer_number"] == mine[0].values["number"], self.log
            assert {n: there.values[n] for n in ("legal_name", "city")} == {n: mine[0].values[n] for n in ("legal_name", "city")}
            assert len(notes_of(self.sandbox, account)) == 1, f"notes of {ref} after {self.log}"
        made = {account: int(c.ref.id) for c in customers for account in self.accounts if self._is_of(account, c)}
        assert all(made[parent] < made[child] for child, parent in self.parents.items()), (made, self.parents, self.log)
        assert counts["unchanged"] == len(self.accounts), (counts, self.log)
        with engine.database.begin() as tx:
            audit.verify(tx)
            open_changes = tx.execute("SELECT * FROM interlock.change WHERE state IN ('pending', 'sending', 'unknown', 'held')")
            assert open_changes.fetchall() == [], self.log
            assert tx.execute("SELECT * FROM interlock.quarantine WHERE state = 'open'").fetchall() == [], self.log

    def _is_of(self, account: str, customer: Record) -> bool:
        return str(self.reader.crm.ref("account", account)) in customer.values["references"]

    def quarantined(self) -> list[str]:
        with self.reader.database.begin() as tx:
            rows = tx.execute("SELECT code FROM interlock.quarantine WHERE state = 'open' ORDER BY code").fetchall()
        return [row["code"] for row in rows]

    def close(self) -> None:
        """Leave both systems as they were found."""
        references = {str(self.reader.crm.ref("account", account)) for account in self.accounts}
        for page in self.reader.erp.changed("customer", None):
            for record in page.records:
                if references & set(record.values["references"]):
                    self.reader.erp.remove(record.ref)
        self.reader.database.close()
        for name in (self.name, f"{self.name}_old"):
            self.cluster.drop(name)
