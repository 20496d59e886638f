"""Serve the sandbox CRM on loopback. The token comes from the environment, never from the command line."""

from __future__ import annotations

import argparse
import os

import uvicorn

from interlock_sandbox.crm.app import create_app

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--port", type=int, required=True)
parser.add_argument("--rate", type=int, default=190)
parser.add_argument("--per", type=float, default=10)
options = parser.parse_args()
app = create_app(os.environ["CRM_DSN"], os.environ["CRM_TOKEN"], rate=options.rate, per=options.per)
uvicorn.run(app, host="127.0.0.1", port=options.port, log_level="warning")
