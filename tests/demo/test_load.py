"""The demo is written whole, once, and never over real data."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import delete, func, insert, select
from sqlalchemy.orm import Session

from tests import factories
from tests.demo.conftest import TODAY, ZONE
from volunteer_hub.accounts import queries as accounts
from volunteer_hub.accounts.models import Person, RoleGrant
from volunteer_hub.core.db import db, write_tx
from volunteer_hub.core.passwords import hash_password, matches
from volunteer_hub.core.permissions import Role
from volunteer_hub.demo import load as loading
from volunteer_hub.demo.commands import PASSWORD
from volunteer_hub.hours.chain import entry_digest
from volunteer_hub.hours.models import LedgerEntry
from volunteer_hub.projects.indexing import reindex
from volunteer_hub.projects.models import SearchTerm
from volunteer_hub.registry.models import Building, SubDistrict
from volunteer_hub.shifts.models import Shift, SignUp

IDENTITIES = [f"+8619900000{n:03}" for n in (1, 2, 3, 4)]


def load(app: Flask, *arguments: str) -> Any:
    return app.test_cli_runner().invoke(args=["demo", "load", "--scale", "small", *arguments])


def test_everything_is_written_and_the_identities_can_sign_in(app: Flask, session: Session) -> None:
    result = load(app)
    assert result.exit_code == 0, result.output
    assert session.scalar(select(func.count()).select_from(SignUp)) > 1_000
    assert session.scalar(select(SubDistrict.is_demo)) is True
    found = [accounts.credentials(session, phone) for phone in IDENTITIES]
    assert all(one and matches(one.password_hash, PASSWORD) for one in found)
    grants = select(RoleGrant.person_id, RoleGrant.role).where(RoleGrant.person_id <= 4)
    roles = sorted({(row.person_id, row.role) for row in session.execute(grants)})
    assert roles == [(2, Role.COORDINATOR), (3, Role.BRANCH_LEADER), (4, Role.OFFICE)]
    home = session.scalar(
        select(Building.name_zh)
        .join(Person, Person.building_id == Building.id)
        .where(Person.id == 1)
    )
    assert home == "高和大厦"


def test_the_chain_holds_as_it_is_read_back(app: Flask, session: Session) -> None:
    load(app)
    digest = ""
    columns = LedgerEntry.__table__.columns
    for row in session.execute(select(*columns).order_by(LedgerEntry.id)).mappings():
        digest = entry_digest(digest, row)
        assert row["digest"] == digest


def test_new_rows_can_be_added_after_the_load(app: Flask, session: Session) -> None:
    load(app)
    organisation = factories.make_organisation(session)
    person = factories.make_person(session)
    assert organisation.id > 21
    assert person.id > 600


def test_the_search_index_is_the_one_that_editing_writes(app: Flask, session: Session) -> None:
    load(app)
    query = select(SearchTerm.term, SearchTerm.weight).where(SearchTerm.project_id == 7)
    loaded = set(session.execute(query).all())
    session.execute(delete(SearchTerm).where(SearchTerm.project_id == 7))
    reindex(session, 7)
    assert set(session.execute(query).all()) == loaded


def test_a_second_load_changes_nothing(app: Flask, session: Session) -> None:
    load(app)
    before = session.scalar(select(func.count()).select_from(Shift))
    session.rollback()
    result = load(app, "--seed", "2")
    assert result.exit_code == 0
    assert "already" in result.output
    assert session.scalar(select(func.count()).select_from(Shift)) == before


@pytest.mark.parametrize("real", ["sub_district", "person"])
def test_real_data_is_refused(app: Flask, session: Session, real: str) -> None:
    if real == "person":
        factories.make_person(session)
    else:
        session.execute(
            insert(SubDistrict).values(code="1", name_zh="街道", name_en="", is_demo=False)
        )
    session.commit()
    result = load(app)
    assert result.exit_code == 1
    assert "not demo data" in result.output
    assert session.scalar(select(func.count()).select_from(Shift)) == 0


def test_make_run_leaves_real_data_alone_without_a_word(app: Flask, session: Session) -> None:
    factories.make_person(session)
    session.commit()
    result = load(app, "--if-empty")
    assert (result.exit_code, result.output) == (0, "")


def test_a_load_that_comes_second_is_refused_inside_its_transaction(
    app: Flask, session: Session, now: datetime
) -> None:
    plan = loading.build(
        scale="small", seed=1, today=TODAY, zone=ZONE, password_hash=hash_password(PASSWORD)
    )
    factories.make_person(session)
    session.commit()
    with pytest.raises(loading.HoldsRealData):
        write_tx(lambda: loading.write(db.session(), plan, now=now))


def test_the_demo_is_not_loaded_in_production(
    app: Flask, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "HUB_PRODUCTION", True)
    result = load(app)
    assert result.exit_code == 1
    assert "its passwords are public" in result.output
    assert session.scalar(select(func.count()).select_from(Person)) == 0
