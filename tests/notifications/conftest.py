"""A real mail server on this machine, and workers that use it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from flask import Flask

from tests.notifications.postbox import Postbox
from tests.notifications.workers import Mailing


@pytest.fixture
def postbox() -> Iterator[Postbox]:
    """A mail server that keeps what it takes."""
    with Postbox() as box:
        yield box


@pytest.fixture
def mailing(app: Flask, postbox: Postbox) -> Callable[..., Mailing]:
    """Make a worker in this process: `mailing(port=…)`; its clock is `worker.at`."""

    def make(**settings: object) -> Mailing:
        return Mailing(app, **{"port": postbox.port, **settings})  # type: ignore[arg-type]

    return make
