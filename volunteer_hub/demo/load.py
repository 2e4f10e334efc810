"""Build the demo data and write it, all in one transaction."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from psycopg import sql
from psycopg.types.json import Json
from sqlalchemy import JSON, Table, func, insert, select, text
from sqlalchemy.orm import Session

from volunteer_hub.accounts.models import Person
from volunteer_hub.attendance import no_shows
from volunteer_hub.audit import services as audit
from volunteer_hub.core.db import Base, touch_lists
from volunteer_hub.demo import (
    adoptions,
    availability,
    branches,
    edge_shifts,
    edges,
    history,
    induction,
    ledger,
    one_to_one,
    people,
    projects,
    registry,
    site_events,
    skills,
    upcoming,
)
from volunteer_hub.demo.plan import SCALES, Plan, Row
from volunteer_hub.hours import summary
from volunteer_hub.projects.indexing import index_rows, texts_of
from volunteer_hub.projects.models import Category, Project, SearchTerm
from volunteer_hub.registry.models import Building, Organisation, Place, SubDistrict
from volunteer_hub.registry.tree import draw_lines

CHUNK = 5_000


class HoldsRealData(Exception):
    """The database holds people or records that are not demo data; nothing was changed."""


def holds_demo_data(session: Session) -> bool:
    """Tell whether demo data is there already; raises HoldsRealData when anything else is."""
    kinds = set(session.scalars(select(SubDistrict.is_demo)))
    if kinds == {True}:
        return True
    used = (Person, Project, Organisation, Building, Category)
    if kinds or any(session.scalar(select(model.id).limit(1)) for model in used):
        raise HoldsRealData
    return False


def build(*, scale: str, seed: int, today: date, zone: ZoneInfo, password_hash: str) -> Plan:
    """Return all rows of a scale as of a local day; the same arguments give the same rows."""
    plan = Plan(scale=SCALES[scale], seed=seed, today=today, zone=zone)
    staffed = registry.build(plan)
    edges.longest_company(plan)
    tree = branches.build(plan, staffed)
    edges.smallest_branch(tree)
    edges.moved_branch(plan, tree)
    folk = people.build(plan, staffed, tree, password_hash)
    cast = edges.unusual_people(plan, folk)
    offers = projects.build(plan, folk)
    past = history.build(plan, folk, offers)
    occasions = upcoming.build(plan, folk, offers)
    edge_shifts.build(plan, folk, cast, offers, past, occasions)
    induction.build(plan, folk, offers)
    skills.build(plan, folk, cast, offers)
    adoptions.build(plan, folk, offers, past)
    edges.past_of_the_moved_branch(plan, folk, past)
    edges.past_of_unusual_people(plan, cast, past)
    ledger.build(plan, folk)
    site_events.build(plan, folk)
    edges.delete_account(plan, folk, cast)
    availability.build(plan, folk, offers, occasions)
    one_to_one.build(plan, offers, occasions)
    plan.rows[SearchTerm].extend(_search_terms(plan))
    return plan


def write(session: Session, plan: Plan, *, now: datetime) -> int:
    """Write the rows in bulk, in the caller's transaction; return how many there were.

    Raises HoldsRealData when anybody has filled the database in the meantime.
    """
    if holds_demo_data(session):
        raise HoldsRealData
    postgresql = session.get_bind().dialect.name == "postgresql"
    if postgresql:
        session.execute(text("SET LOCAL statement_timeout = 0"))
    models = {mapper.local_table: mapper.class_ for mapper in Base.registry.mappers}
    # Parents first; the rows of one table refer only to earlier rows of the same table.
    for table in Base.metadata.sorted_tables:
        rows = plan.rows.get(models[table], [])
        if rows and postgresql:
            _copy(session, table, rows)
        for start in range(0, 0 if postgresql else len(rows), CHUNK):
            session.execute(insert(table), rows[start : start + CHUNK])
    draw_lines(session)
    summary.rebuild(session)
    no_shows.rebuild(session)
    audit.record(session, "demo:load", actor_id=None, object_id=None, now=now)
    touch_lists(session)
    session.execute(text("ANALYZE"))
    return sum(len(rows) for rows in plan.rows.values())


def _copy(session: Session, table: Table, rows: list[Row]) -> None:
    """Write rows by COPY, five times as fast as INSERT, and let the table's sequence go on."""
    columns = list(rows[0])
    # Else the driver would take a list for an array.
    in_json = {column.key for column in table.columns if isinstance(column.type, JSON)}
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(
        sql.Identifier(table.name), sql.SQL(", ").join(map(sql.Identifier, columns))
    )
    driver: Any = session.connection().connection.driver_connection
    with driver.cursor() as cursor, cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row([Json(row[name]) if name in in_json else row[name] for name in columns])
    if "id" in table.columns:
        sequence = func.pg_get_serial_sequence(table.name, "id")
        session.execute(
            select(func.setval(sequence, select(func.max(table.c.id)).scalar_subquery()))
        )


def _search_terms(plan: Plan) -> Iterator[Row]:
    by_id: dict[type[Base], dict[int, Row]] = {
        model: {row["id"]: row for row in plan.rows[model]}
        for model in (Category, Place, Organisation)
    }
    return index_rows((project["id"], _texts(project, by_id)) for project in plan.rows[Project])


def _texts(project: Row, by_id: dict[type[Base], dict[int, Row]]) -> dict[str, int]:
    rows: dict[type[Base], Row] = {
        Project: project,
        Category: by_id[Category][project["category_id"]],
        Place: by_id[Place][project["place_id"]],
        Organisation: by_id[Organisation][project["organisation_id"]],
    }
    return texts_of(rows)
