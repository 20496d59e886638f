"""Serve the sandbox CRM on loopback. Prefer CRM_DSN and CRM_TOKEN to --dsn and --token: a command line is seen by everyone."""

from __future__ import annotations

import argparse
import os

import uvicorn

from interlock_sandbox.crm.app import create_app
from interlock_sandbox.crm.schema import PORTAL


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m interlock_sandbox.crm", description=__doc__)
    parser.add_argument("--dsn", default=os.environ.get("CRM_DSN"))
    parser.add_argument("--token", default=os.environ.get("CRM_TOKEN"))
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--portal-id", type=int, default=PORTAL)
    parser.add_argument("--index-delay", type=float, default=0.0, help="seconds until a change is found by search")
    parser.add_argument("--rate", type=int, default=190, help="calls in --per seconds")
    parser.add_argument("--per", type=float, default=10.0)
    options = parser.parse_args()
    if not options.dsn or not options.token:
        parser.error("a dsn and a token are needed: CRM_DSN and CRM_TOKEN, or --dsn and --token")
    app = create_app(
        options.dsn, options.token, portal=options.portal_id, rate=options.rate, per=options.per, index_delay=options.index_delay
    )
    uvicorn.run(app, host="127.0.0.1", port=options.port, log_level="warning")


if __name__ == "__main__":
    main()
