"""How much the machine tries."""

from __future__ import annotations

from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test
from sqlalchemy.orm import Session

from tests.shifts.races.machine import Machine

# The same sequences every time; tests/slow looks for new ones. A failing one is shown as it is:
# making it shorter takes minutes.
QUICK = settings(
    max_examples=30,
    stateful_step_count=30,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.generate],
)


def check(session: Session, plan: settings) -> None:
    """Run the machine on this session's engine."""
    machine = type("Machine", (Machine,), {"session": session})
    run_state_machine_as_test(machine, settings=plan)
