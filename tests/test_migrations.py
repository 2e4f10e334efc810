"""Migrations go up, down and up again on both engines, and their end equals the models."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Flask
from flask_migrate import downgrade, upgrade

from tests.databases import TEST_SETTINGS
from tests.factories import NOW, make_attendance, make_branch, make_person, make_shift
from volunteer_hub.app import create_app
from volunteer_hub.audit import services as audit
from volunteer_hub.core.db import db
from volunteer_hub.hours.models import LedgerEntry
from volunteer_hub.projects.models import Project

FOLDER = Path(__file__).resolve().parents[1] / "volunteer_hub" / "migrations"
FILES = sorted((FOLDER / "versions").glob("[0-9]*.py"))


def revisions() -> list[str]:
    """Return all revisions, oldest first."""
    script = ScriptDirectory(FOLDER)
    return [revision.revision for revision in script.walk_revisions()][::-1]


@pytest.fixture
def empty_app(databases) -> Flask:
    app = create_app(replace(TEST_SETTINGS, database_url=databases.empty_url()))
    with app.app_context():
        yield app
        db.session.remove()
        db.engine.dispose()


def tables() -> set[str]:
    return set(sa.inspect(db.engine).get_table_names()) - {"alembic_version"}


def test_each_migration_goes_up_down_and_up_again(empty_app):
    for revision in revisions():
        upgrade(revision=revision)
        before = tables()
        downgrade(revision="-1")
        upgrade(revision=revision)
        assert tables() == before


def test_all_the_way_down_leaves_nothing_behind(empty_app):
    upgrade()
    assert tables()
    downgrade(revision="base")
    assert tables() == set()
    upgrade()


def test_the_newest_migration_equals_the_models(empty_app):
    upgrade()
    with db.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, db.metadata) == []


def test_checks_of_the_models_are_in_the_database(empty_app):
    upgrade()
    inspector = sa.inspect(db.engine)
    for table in db.metadata.sorted_tables:
        wanted = {
            str(one.name)
            for one in table.constraints
            if isinstance(one, sa.CheckConstraint) and one.name
        }
        there = {check["name"] for check in inspector.get_check_constraints(table.name)}
        assert wanted <= there, table.name


def test_migrations_have_readable_numbers_in_one_line():
    assert [path.stem for path in FILES] == revisions()
    assert all(re.fullmatch(r"\d{4}_[a-z0-9_]+", path.stem) for path in FILES)
    assert [int(path.stem[:4]) for path in FILES] == list(range(1, len(FILES) + 1))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_migration_knows_no_models_and_can_be_undone(path):
    text = path.read_text()
    assert "volunteer_hub" not in text
    assert not re.search(r"def downgrade\(\)[^:]*:\s*(\"\"\".*?\"\"\"\s*)?pass", text)


@pytest.fixture
def ledger_entry(session) -> LedgerEntry:
    person, confirmer = make_person(session), make_person(session)
    shift = make_shift(session)
    project = session.get_one(Project, shift.project_id)
    branch = make_branch(session)
    entry = LedgerEntry(
        person_id=person.id,
        attendance_id=make_attendance(session, shift, person).id,
        shift_id=shift.id,
        project_id=project.id,
        category_id=project.category_id,
        organisation_id=project.organisation_id,
        service_day=shift.day,
        minutes=60,
        branch_id=branch.id,
        branch_path=branch.path,
        rule="test",
        confirmed_by=confirmer.id,
        recorded_at=NOW,
        digest="d",
    )
    session.add(entry)
    audit.record(session, "test:add", actor_id=None, object_id=None, now=NOW)
    session.commit()
    return entry


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ledger_entry SET minutes = 61",
        "DELETE FROM ledger_entry",
        "UPDATE audit_entry SET action = 'other:act'",
        "DELETE FROM audit_entry",
    ],
)
def test_ledger_and_audit_rows_are_never_changed_or_removed(session, ledger_entry, statement):
    with pytest.raises(sa.exc.DBAPIError, match="append-only"):
        session.execute(sa.text(statement))
    session.rollback()
    assert session.get_one(LedgerEntry, ledger_entry.id).minutes == 60
    assert session.scalar(sa.text("SELECT count(*) FROM audit_entry")) == 1
