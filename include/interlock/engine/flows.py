"""The processes that the engine runs, by name."""

from __future__ import annotations

from typing import Final

from interlock.engine.flow import Flow
from interlock.engine.invoices import INVOICES
from interlock.engine.leads import LEADS
from interlock.engine.payments import PAYMENTS

FLOWS: Final[dict[str, Flow]] = {flow.name: flow for flow in (LEADS, INVOICES, PAYMENTS)}
