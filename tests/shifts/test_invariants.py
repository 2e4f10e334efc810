"""Whatever people, coordinators, time and the worker do in whatever order: the rules hold."""

from __future__ import annotations

from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.shifts.races.machine import Machine

# The same sequences every time; tests/slow looks for new ones.
QUICK = settings(
    max_examples=40,
    stateful_step_count=30,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.generate],
)


def check(session, plan):
    """Run the machine on this session's engine."""
    machine = type("Machine", (Machine,), {"session": session})
    run_state_machine_as_test(machine, settings=plan)


def test_no_sequence_of_acts_breaks_a_rule_of_signing_up(session):
    check(session, QUICK)
