"""`interlock`: what an integration engineer and an operator do outside the Airflow UI."""

from __future__ import annotations

import argparse
import getpass
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from interlock.cli import commands, matching, setup, trace
from interlock.errors import InterlockError
from interlock.store import decisions


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; returns 0, or 1 after printing an error that names the thing and the cure."""
    options = _parser().parse_args(arguments)
    try:
        return int(options.command(options) or 0)
    except InterlockError as error:
        print(f"interlock: {error}", file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="interlock", description=__doc__)
    parser.add_argument("--config", type=Path, help="interlock.toml (default: $INTERLOCK_CONFIG, ./interlock.toml)")
    parser.add_argument("--as", dest="actor", default=getpass.getuser(), help="who decides, for the audit log")
    add = parser.add_subparsers(required=True, metavar="COMMAND").add_parser
    add("migrate", help="bring the integration database up to date").set_defaults(command=commands.migrate)
    add("doctor", help="check configuration, connections, rights, versions, clocks").set_defaults(command=commands.doctor)
    for name, text in (("pause", "stop a process or system before its next write"), ("resume", "let it go on")):
        sub = add(name, help=text)
        sub.add_argument("name", metavar="PROCESS|SYSTEM", choices=decisions.PAUSABLE)
        sub.add_argument("--why", default="")
        sub.set_defaults(command=getattr(commands, name))
    audit = add("audit", help="the proof of what was done").add_subparsers(required=True, metavar="verify")
    audit.add_parser("verify", help="check the chain of the audit log").set_defaults(command=commands.audit_verify)
    _quarantine(add)
    approvals = add("approvals", help="what waits for a person's approval").add_subparsers(required=True, metavar="ACTION")
    approvals.add_parser("list", help="open requests").set_defaults(command=commands.approvals_list)
    for action in ("approve", "reject"):
        sub = approvals.add_parser(action, help=f"{action} all changes of a request")
        sub.add_argument("id", type=int)
        sub.add_argument("--why", default="")
        sub.set_defaults(command=commands.approvals_decide, action=action)
    match = add("match", help="which accounts already are customers")
    match.add_argument("--preview", action="store_true", required=True, help="what a first run would link, ask and create")
    match.add_argument("--all", action="store_true", help="every account, not only those that are to become customers")
    match.set_defaults(command=matching.preview)
    prepare = add("setup", help="make in a system what the processes need there")
    prepare.add_argument("system", choices=setup.SYSTEMS)
    how = prepare.add_mutually_exclusive_group(required=True)
    how.add_argument("--show", action="store_true", help="what is there, what is missing, what differs; nothing is changed")
    how.add_argument("--apply", action="store_true", help="make what is missing; what is there is never changed")
    prepare.add_argument("--connection", default="", help="of a user who may make it; else the connection that runs use")
    prepare.set_defaults(command=setup.setup)
    prehistory = add("prehistory", help="what the ERP knows of an account's past").add_subparsers(required=True, metavar="erase")
    erase = prehistory.add_parser("erase", help="erase it in the ERP and in the store, for good")
    erase.add_argument("account", metavar="ACCOUNT", help="the account's id in the CRM")
    erase.add_argument("--why", required=True, help="the reason, for the audit log; no personal data")
    erase.set_defaults(command=commands.prehistory_erase)
    invoice = add("invoice", help="where an invoice came from, with the proof")
    invoice.add_argument("reference", metavar="REFERENCE", help="such as SC-7/2026-01-01, or its number in the ERP")
    invoice.set_defaults(command=trace.invoice)
    report = add("report", help="what a run did")
    report.add_argument("run", metavar="RUN", help="Airflow run id or batch id")
    report.set_defaults(command=commands.report)
    return parser


def _quarantine(add: Callable[..., argparse.ArgumentParser]) -> None:
    quarantine = add("quarantine", help="records held back").add_subparsers(required=True, metavar="ACTION")
    listing = quarantine.add_parser("list", help="open entries")
    listing.add_argument("find", nargs="?", default="", help="a record's id, a contract's number, part of a name; all of them")
    listing.set_defaults(command=commands.quarantine_list)
    for action, text in (
        ("show", "one entry"),
        ("release", "judge the record again next run"),
        ("ignore", "leave it until the record changes"),
    ):
        sub = quarantine.add_parser(action, help=text)
        sub.add_argument("id", type=int)
        sub.add_argument("--why", default="")
        sub.set_defaults(command=commands.quarantine_show if action == "show" else commands.quarantine_decide, action=action)
        if action == "release":
            answer = sub.add_mutually_exclusive_group()
            answer.add_argument("--link", metavar="NUMBER", help="the account is this customer")
            answer.add_argument("--create", action="store_true", help="the account is a new customer")


if __name__ == "__main__":
    sys.exit(main())
