"""Small demos, built without a database."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from volunteer_hub.demo import load as loading
from volunteer_hub.demo.plan import Plan

ZONE = ZoneInfo("Asia/Shanghai")
TODAY = date(2026, 11, 24)

Build = Callable[..., Plan]


def _build(today: date, *, seed: int = 1) -> Plan:
    return loading.build(scale="small", seed=seed, today=today, zone=ZONE, password_hash="hash")


def by_id(plan: Plan, model: Any) -> dict[int, dict[str, Any]]:
    return {row["id"]: row for row in plan.rows[model]}


@pytest.fixture(scope="session")
def build() -> Build:
    """Build another demo: `build(today, seed=2)`."""
    return _build


@pytest.fixture(scope="session")
def plan() -> Plan:
    """The demo of Tuesday 24 November 2026; tests only read it."""
    return _build(TODAY)
