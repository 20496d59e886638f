"""Some accounts and contracts of their own in the sandbox CRM, one integration database, and what must be true in the end."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Collection, Iterable
from dataclasses import replace
from datetime import date
from typing import Any

from interlock.domain.record import Record
from interlock.engine.context import Engine, Scope
from interlock.engine.invoices import INVOICES
from interlock.engine.leads import LEADS
from interlock.store import audit
from interlock_sandbox.demo.seed import Crm
from interlock_sandbox.stack.postgres import Postgres
from tests.faults.books import Books
from tests.faults.chaos import CALM, HASTY, Faults, Worker, until_done
from tests.faults.ledger import Ledger
from tests.faults.worker import OK, Order
from tests.scenarios.test_lead_becomes_customer import notes_of, win

RUNS = itertools.count(1)
OUTCOMES = ("rejected", "unchanged", "created", "updated", "waiting", "held", "failed")


class World:
    """One company's two systems and its Interlock; `settings` are added to the hasty and the calm ones.

    processes: those that run. process: the one that `run` and `start` let run. day: the local date it is for invoices.
    """

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
        self.books = Books(self.sandbox, self.reader)
        self.processes, self.process = [LEADS.name], LEADS.name
        self.day = date(2026, 2, 10)
        self.ledger: Ledger | None = None

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
        """Name all there is for the process whose turn it is."""
        if self.process == INVOICES.name:
            values = {"contract_ids": tuple(self.books.contracts), "as_of": self.day} | values
        else:
            values = {"crm_ids": tuple(self.accounts)} | values
        return Scope(f"run{next(RUNS)}", **values)

    def run(self, faults: Faults | None = None, scope: Scope | None = None) -> dict[str, int] | None:
        return until_done(replace(self.order, process=self.process), scope or self.scope(), faults or Faults(), self.log)

    def start(self, faults: Faults | None = None, scope: Scope | None = None) -> Worker:
        return Worker(replace(self.order, process=self.process), scope or self.scope(), faults or Faults())

    def strike(self, faults_at: Callable[[int], Faults], places: Iterable[int], codes: Collection[int]) -> int:
        """Start workers that meet a fault a place further each time, until one meets none; returns how often one did."""
        scope, struck, code = self.scope(), 0, None
        for place in places:
            worker = self.start(faults_at(place), scope)
            code, _ = worker.end()
            if not worker.happened:
                break
            struck += 1
            assert code in codes
        assert code == 0
        return struck

    def back_up(self) -> None:
        self.reader.database.close()
        self.cluster.drop(f"{self.name}_old")
        self.cluster.create(f"{self.name}_old", self.name)

    def restore(self) -> None:
        self.books.collect()
        self.books.restored = True
        self.reader.database.close()
        self.cluster.drop(self.name)
        self.cluster.create(self.name, f"{self.name}_old")

    def settle(self) -> None:
        """Let quiet nights pass until each process, customers first, has nothing left to do, then check everything."""
        self._everything_is_right({process: self._come_to_rest(process) for process in self.processes})

    def _come_to_rest(self, process: str) -> dict[str, int]:
        self.process = process
        for _ in range(6):
            worker = Worker(replace(self.calm, process=process), self.scope(), Faults())
            code, said = worker.end(120)
            assert code == OK, said
            counts: dict[str, int] = said["counts"]
            assert counts["read"] == sum(counts[name] for name in OUTCOMES), said
            if worker.writes == 0:
                return counts
        raise AssertionError(f"{process} never at rest; {self.log}")

    def _everything_is_right(self, counts: dict[str, dict[str, int]]) -> None:
        if LEADS.name in self.processes:
            self._customers_are_right(counts[LEADS.name])
        if self.ledger:
            self.ledger.is_right(self.log)
        if INVOICES.name in self.processes:
            self.books.are_right(self.day, counts[INVOICES.name], self.log)
        with self.reader.database.begin() as tx:
            audit.verify(tx)
            open_changes = tx.execute("SELECT * FROM interlock.change WHERE state IN ('pending', 'sending', 'unknown', 'held')")
            assert open_changes.fetchall() == [], self.log
            open_entries = "SELECT * FROM interlock.quarantine WHERE state = 'open' AND process = %s"
            assert tx.execute(open_entries, [LEADS.name]).fetchall() == [], self.log

    def _customers_are_right(self, counts: dict[str, int]) -> None:
        engine: Engine = self.reader
        customers = [r for page in engine.erp.changed("customer", None) for r in page.records if r.values["active"]]
        for account in self.accounts:
            ref = engine.crm.ref("account", account)
            mine = [c for c in customers if str(ref) in c.values["references"]]
            assert len(mine) == 1, f"{len(mine)} customers for {ref} after {self.log}"
            there = engine.crm.read("account", [account])[account]
            assert there.values["customer_number"] == mine[0].values["number"], self.log
            assert {n: there.values[n] for n in ("legal_name", "city")} == {n: mine[0].values[n] for n in ("legal_name", "city")}
            if account not in self.books.owners.values():
                assert len(notes_of(self.sandbox, account)) == 1, f"notes of {ref} after {self.log}"
        made = {account: int(c.ref.id) for c in customers for account in self.accounts if self._is_of(account, c)}
        assert all(made[parent] < made[child] for child, parent in self.parents.items()), (made, self.parents, self.log)
        assert counts["unchanged"] == len(self.accounts), (counts, self.log)

    def _is_of(self, account: str, customer: Record) -> bool:
        return str(self.reader.crm.ref("account", account)) in customer.values["references"]

    def quarantined(self) -> list[str]:
        with self.reader.database.begin() as tx:
            rows = tx.execute("SELECT code FROM interlock.quarantine WHERE state = 'open' ORDER BY code").fetchall()
        return [row["code"] for row in rows]

    def close(self) -> None:
        """Leave both systems as they were found; what was invoiced stays."""
        references = {str(self.reader.crm.ref("account", account)) for account in self.accounts}
        for page in self.reader.erp.changed("customer", None):
            for record in page.records:
                if references & set(record.values["references"]):
                    self.reader.erp.remove(record.ref)
        self.reader.database.close()
        for name in (self.name, f"{self.name}_old"):
            self.cluster.drop(name)
