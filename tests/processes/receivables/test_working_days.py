"""Working days by region, and due dates that move to them (§ 193 BGB)."""

from __future__ import annotations

from datetime import date

import pytest

from interlock.domain.receivable_rules import DueRules
from interlock.errors import ConfigurationError
from interlock.processes.receivables import Rules
from interlock.processes.receivables.overdue import effective_due
from interlock.processes.receivables.working_days import working_days


@pytest.mark.parametrize(
    ("region", "due", "moved"),
    [
        ("DE-NI", "2026-10-31", "2026-11-02"),  # Reformation Day, a Saturday
        ("DE-NI", "2025-10-31", "2025-11-03"),  # Reformation Day, a Friday
        ("DE-BY", "2025-10-31", "2025-10-31"),  # none in Bavaria
        ("DE-BY", "2026-01-06", "2026-01-07"),  # Epiphany
        ("DE", "2026-01-06", "2026-01-06"),
        ("DE-NI", "2026-04-03", "2026-04-07"),  # Good Friday to Easter Monday
        ("AT", "2026-10-26", "2026-10-27"),
        ("DE-NI", "2026-12-25", "2026-12-28"),
        ("DE-NI", "2026-03-11", "2026-03-11"),
    ],
)
def test_a_due_date_moves_to_the_next_working_day_of_the_region(region, due, moved):
    rules = Rules(DueRules(business_day="next_working_day", region=region), is_working_day=working_days(region))
    assert effective_due(date.fromisoformat(due), rules) == date.fromisoformat(moved)


@pytest.mark.parametrize("region", ["QQ", "DE-XX"])
def test_a_region_that_nobody_knows_is_named(region):
    with pytest.raises(ConfigurationError, match=region):
        working_days(region)
