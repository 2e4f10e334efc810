"""The application works as its own role on PostgreSQL, and that role cannot touch the ledger."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from tests.factories import make_attendance, make_shift
from volunteer_hub.core.db import Base
from volunteer_hub.hours.reversing import reverse
from volunteer_hub.hours.services import confirm
from volunteer_hub.hours.verify import verify

SCRIPT = Path(__file__).parent.parent / "deploy" / "postgresql-roles.sql"


@pytest.fixture
def as_application(session):
    """Let the session act as the role of the script, until the test ends."""
    if session.get_bind().dialect.name != "postgresql":
        pytest.skip("SQLite has no roles")
    connection = session.connection().connection.dbapi_connection
    connection.execute(SCRIPT.read_text(encoding="utf-8"))
    session.commit()
    yield lambda: session.execute(text("SET ROLE hub_app"))
    session.rollback()
    session.execute(text("RESET ROLE"))
    session.execute(text("DROP OWNED BY hub_app"))
    session.execute(text("DROP ROLE hub_app"))
    session.commit()


def append_only(session):
    """Return the tables that a trigger guards."""
    guarded = (
        "SELECT DISTINCT event_object_table FROM information_schema.triggers"
        " WHERE trigger_name LIKE '%append_only'"
    )
    return set(session.scalars(text(guarded)))


def test_hours_are_confirmed_and_taken_back_but_no_entry_is_changed(
    session, as_application, alice, bob, now
):
    shift = make_shift(session, starts_at=now.replace(day=20))
    row = make_attendance(session, shift, bob)
    as_application()
    rows = [(row.id, 60, "因为")]
    confirm(session, shift_id=shift.id, rows=rows, actor_id=alice.id, now=now)
    reverse(session, entry_id=1, reason="记错了", actor_id=alice.id, now=now)
    assert verify(session).entries == 2
    for table in append_only(session):
        key = next(iter(Base.metadata.tables[table].primary_key)).name
        for change in (f"DELETE FROM {table}", f"UPDATE {table} SET {key} = {key}"):
            with pytest.raises(ProgrammingError, match="permission denied"), session.begin_nested():
                session.execute(text(change))


def test_whatever_has_a_trigger_is_named_in_the_script(session, as_application):
    named = SCRIPT.read_text(encoding="utf-8").partition("REVOKE UPDATE")[2].partition("FROM")[0]
    tables = append_only(session)
    assert tables
    assert tables <= set(Base.metadata.tables)
    assert all(table in named for table in tables)
