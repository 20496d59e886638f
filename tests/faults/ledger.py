"""An account's ledger in a real Tryton, what people do to it, and whether the CRM shows and tells it, each event once."""

from __future__ import annotations

import re
from collections import Counter
from datetime import timedelta
from decimal import Decimal
from typing import Any

from interlock.domain.change import Write
from interlock.domain.money import plain
from interlock.domain.payment import Receivable
from interlock.engine.context import Engine
from interlock_sandbox.accountant import TODAY, Books
from interlock_sandbox.demo.seed import Crm

DAY = timedelta(days=1)
KEY = re.compile(r"\[il:([^\] ]*)")


class Ledger:
    """Acts as the customers and the bank do. told, asked: how many notes and open tasks there must be in the end."""

    def __init__(self, erp: Any, sandbox: Crm, reader: Engine, account: str) -> None:
        self.books, self.sandbox, self.reader, self.account = Books(erp), sandbox, reader, account
        self.invoices: list[int] = []
        self.told = self.asked = 0

    def invoices_two(self) -> None:
        """Post two invoices, and book the bank up to today."""
        ref = self.reader.crm.ref("account", self.account)
        (customer,) = self.reader.erp.find([Write("customer", "create", "customer", {}, subject=ref)])["customer"]
        self.party = int(customer.ref.id)
        self.invoices = [self.books.invoice(self.party) for _ in range(2)]
        self.books.statement((self.books.party(), "1", None))

    def has_a_busy_day(self) -> None:
        """One pays a part; the other's due date is over for so long that its owner is asked to call: two notes, one task."""
        paying, forgotten = self.invoices
        self.books.pay(paying, "19")
        self.books.move_due_date(self.books.due_lines(forgotten)[0], TODAY - 10 * DAY)
        self.told, self.asked = 2, 1

    def is_right(self, log: list[str]) -> None:
        """Compare with the ERP as it is now, read by itself, and count what was told."""
        found = self.reader.erp.read("receivable", [str(invoice) for invoice in self.invoices])
        documents = [Receivable.model_validate(record.values) for record in found.values()]
        owed = sum((one.open for one in documents), Decimal(0))
        late = sum((one.open for one in documents if one.due and one.due < TODAY), Decimal(0))
        shown = self.reader.crm.read("account_balance", [self.account])[self.account].values
        assert (shown["open"], shown["overdue"]) == (plain(owed), plain(late)), log
        assert self._keys("notes", "hs_note_body", "note/payment/") == (self.told, self.told), log
        assert self._keys("tasks", "hs_task_body", "task/") == (self.asked, self.asked), log

    def _keys(self, kind: str, body: str, prefix: str) -> tuple[int, int]:
        """Return how many of ours there are, and under how many keys."""
        path = f"/crm/v4/objects/companies/{self.account}/associations/{kind}"
        ids = [row["toObjectId"] for row in self.sandbox.call("GET", path)["results"]]
        rows = [self.sandbox.call("GET", f"/crm/v3/objects/{kind}/{one}?properties={body}")["properties"] for one in ids]
        keys = Counter(key[1] for row in rows if (key := KEY.search(row[body] or "")) and key[1].startswith(prefix))
        return sum(keys.values()), len(keys)
