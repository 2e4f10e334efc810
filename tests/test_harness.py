"""The test harness itself: what other tests rely on."""

from __future__ import annotations

import socket

import pytest
from sqlalchemy import text

from tests.factories import make_shift, make_sign_up, post_of
from tests.support import count_queries
from volunteer_hub.core import clock
from volunteer_hub.core.db import db, write_tx


def test_rows_made_by_factories_are_there_for_other_connections(session, bob, alice, charlie):
    shift = make_shift(session, capacity=2)
    make_sign_up(session, shift, bob)
    taken = write_tx(lambda: post_of(session, shift).taken)
    assert taken == 1


def test_each_test_starts_on_an_empty_database(session):
    assert session.scalar(text("SELECT count(*) FROM person")) == 0


def test_the_clock_of_a_request_stands_still(client, now):
    assert clock.now() == now
    assert client.get("/readyz").status_code == 200


def test_queries_are_counted_without_transaction_statements(session):
    with count_queries(db.engine) as queries:
        session.execute(text("SELECT 1"))
    assert queries.statements == ["SELECT 1"]


def test_no_test_reaches_the_outside():
    with pytest.raises(PermissionError), socket.socket() as outside:
        outside.connect(("192.0.2.1", 80))
