"""Whatever people, coordinators, time and the worker do in whatever order: the rules hold."""

from __future__ import annotations

from tests.shifts.races.plan import QUICK, check


def test_no_sequence_of_acts_breaks_a_rule_of_signing_up(session):
    check(session, QUICK)
