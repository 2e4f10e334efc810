"""R11, again and again: `HUB_ROUNDS=100` for as many rounds at each point."""

from __future__ import annotations

import os

import pytest

from tests.notifications.killing import POINTS, deliver_though_killed
from tests.notifications.postbox import Postbox

ROUNDS = int(os.environ.get("HUB_ROUNDS", "3"))

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("point", POINTS)
def test_r11_however_often_a_worker_is_killed_every_message_has_one_effect(
    app, session, databases, point
):
    with Postbox() as postbox:
        for n in range(ROUNDS):
            deliver_though_killed(app, session, databases.url, postbox, point=point, key=f"r:{n}")
        assert postbox.effects == {f"r:{n}:mail" for n in range(ROUNDS)}
