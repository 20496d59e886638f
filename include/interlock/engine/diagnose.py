"""What `interlock doctor` looks at: configuration, connections, rights, versions, clocks, pinned instances."""

from __future__ import annotations

from collections.abc import Iterator

from interlock.domain.change import Role
from interlock.engine.context import Engine
from interlock.engine.payments.deciding import rules_of
from interlock.errors import ConfigurationError, InterlockError
from interlock.ports.receivables import Receivables
from interlock.ports.system import Check, Invoicing
from interlock.store.database import require_schema

MAX_SKEW_SECONDS = 60


def diagnose(engine: Engine) -> Iterator[Check]:
    """Yield one line for each thing looked at; an unreachable part never hides the rest."""
    yield Check("interlock.toml", "ok", f"valid, configuration {engine.settings.hash}")
    yield _database(engine)
    for role in ("crm", "erp"):
        yield from _system(engine, "crm" if role == "crm" else "erp")
    if engine.settings.billing:
        yield from _invoicing(engine)
        yield from _register(engine)
    if engine.settings.crm.balances:
        yield from _receivables(engine)
    yield from _approvers(engine)


def _database(engine: Engine) -> Check:
    try:
        with engine.database.begin() as tx:
            require_schema(tx)
            row = tx.execute("SELECT version_num FROM interlock.schema_version").fetchone()
    except InterlockError as error:
        cure = f"check the connection {engine.settings.database}, then run `interlock migrate`"
        return Check("integration database", "error", str(error), cure)
    return Check("integration database", "ok", f"schema {row['version_num'] if row else '?'}")


def _system(engine: Engine, role: Role) -> Iterator[Check]:
    system = engine.system(role)
    try:
        instance = system.instance()
        yield Check(role, "ok", f"{instance.product} {instance.version}, instance {instance.id}")
        skew = abs((engine.now() - instance.now).total_seconds())
        well = skew <= MAX_SKEW_SECONDS
        yield Check(
            f"{role} clock", "ok" if well else "warning", f"{skew:.0f} s apart", "" if well else "let both keep time by NTP"
        )
        yield from _pinned(engine, role, instance.id)
        yield from system.checks()
    except InterlockError as error:
        yield Check(role, "error", str(error), f"check the connection {getattr(engine.settings, role).connection}")


def _pinned(engine: Engine, role: Role, instance: str) -> Iterator[Check]:
    try:
        with engine.database.begin() as tx:
            row = tx.execute("SELECT instance FROM interlock.pinned WHERE role = %s", [role]).fetchone()
    except InterlockError:
        return
    if row is None:
        yield Check(f"{role} pinned", "ok", "not yet; the first run pins it")
    elif row["instance"] == instance:
        yield Check(f"{role} pinned", "ok", instance)
    else:
        cure = "point the connection back, or use another integration database"
        yield Check(f"{role} pinned", "error", f"pinned to {row['instance']}", cure)


def _invoicing(engine: Engine) -> Iterator[Check]:
    if not isinstance(engine.erp, Invoicing):
        cure = "name another as erp.system, or leave the table [billing] out: without it nothing is invoiced"
        yield Check("erp invoices", "error", f"the connector {engine.settings.erp.system} does not invoice", cure)
        return
    try:
        yield from engine.erp.invoice_checks(list(dict.fromkeys(row.code for row in engine.settings.tax.rows)))
    except InterlockError as error:
        yield Check("erp invoices", "error", str(error), f"check the connection {engine.settings.erp.connection}")


def _receivables(engine: Engine) -> Iterator[Check]:
    if not isinstance(engine.erp, Receivables):
        cure = "name another as erp.system, or leave crm.balances out: without it the CRM learns nothing of payments"
        yield Check("erp receivables", "error", f"the connector {engine.settings.erp.system} reads no payments", cure)
        return
    try:
        rules_of(engine)
        if engine.settings.dunning.source == "erp" and not engine.erp.reads_dunning:
            words = f"the connector {engine.settings.erp.system} reads no dunning levels: no invoice would ever make a task"
            yield Check("dunning", "error", words, 'set dunning.source = "interlock"')
        yield from engine.erp.receivable_checks()
    except ConfigurationError as error:
        yield Check("due dates", "error", str(error), "correct due.region")
    except InterlockError as error:
        yield Check("erp receivables", "error", str(error), f"check the connection {engine.settings.erp.connection}")


def _approvers(engine: Engine) -> Iterator[Check]:
    """A limit on amounts wants people by name: whoever may edit runs in Airflow need not be one who may release money."""
    rules = engine.settings.approval
    limits = [name for name in ("invoice_gross_above", "run_gross_above") if getattr(rules, name) is not None]
    if not limits:
        return
    if not rules.users:
        message = f"nobody is named who may approve beyond approval.{' and approval.'.join(limits)}"
        yield Check("approvers", "error", message, "name their Airflow logins in approval.users")
    elif not engine.settings.billing:
        message = f"approval.{' and approval.'.join(limits)} hold nothing: without a table [billing] nothing is invoiced"
        yield Check("approvers", "warning", message, "write [billing], or leave the limits out")
    else:
        yield Check("approvers", "ok", f"{len(rules.users)} named")


def _register(engine: Engine) -> Iterator[Check]:
    requester = engine.settings.seller.vat_id
    if engine.register is None:
        yield Check("VAT register", "ok", "none is asked: supplies without tax to businesses in the EU wait")
    elif not requester:
        cure = "set seller.vat_id, if the company supplies businesses in the EU"
        yield Check("VAT register", "warning", "not asked without seller.vat_id: such supplies are held back", cure)
    else:
        try:
            yield from engine.register.checks(requester)
        except InterlockError as error:
            yield Check("VAT register", "error", str(error), "correct [seller] or the connection tax.vat_connection")
