"""Two test sessions that start at once on a new machine prepare the ERP one after the other, and agree on its passwords."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from interlock_sandbox.stack import erp
from interlock_sandbox.stack.postgres import Postgres


@pytest.fixture
def other(tmp_path):
    postgres = Postgres(tmp_path / "other", durable=False)
    postgres.start()
    yield postgres
    postgres.remove()


def test_two_first_preparations_at_once_keep_database_and_passwords_together(tmp_path, monkeypatch, other):
    first = Postgres(tmp_path / "first", durable=False)
    first.start()

    def set_up(postgres, _folder, secret):
        mine = secret.read_text()
        time.sleep(0.5)
        with psycopg.connect(postgres.dsn("erp_restoring"), autocommit=True) as connection:
            connection.execute("CREATE TABLE made_with (passwords text)")
            connection.execute("INSERT INTO made_with VALUES (%s)", (mine,))

    monkeypatch.setattr(erp, "LOCAL", tmp_path)
    monkeypatch.setattr(erp, "_set_up", set_up)
    try:
        with ThreadPoolExecutor(2) as both:
            list(both.map(lambda postgres: erp.prepare(postgres, tmp_path), (first, other)))
        for postgres in (first, other):
            with psycopg.connect(postgres.dsn(erp.TEMPLATE)) as connection:
                ((passwords,),) = connection.execute("SELECT passwords FROM made_with").fetchall()
            assert passwords == postgres.state.with_name("erp.secret").read_text()
    finally:
        first.remove()
