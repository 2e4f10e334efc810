"""`flask match`: plan the coming days and send the invitations, or only show what it would do."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import click
from flask.cli import with_appcontext
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from volunteer_hub.core import clock
from volunteer_hub.core.calendar import Period
from volunteer_hub.core.db import db, end_reading, write_tx
from volunteer_hub.core.errors import DomainError
from volunteer_hub.core.i18n import speaking
from volunteer_hub.matching import runs, sending
from volunteer_hub.matching.models import Invitation, MatchRun, RunState
from volunteer_hub.matching.planned import Planned, Wanted
from volunteer_hub.registry.models import Organisation

A_FORTNIGHT = 14
DAY = click.DateTime(["%Y-%m-%d"])


@click.command("match")
@click.option("--from", "first", type=DAY, help="First day (default: tomorrow).")
@click.option("--to", "last", type=DAY, help="Last day (default: a fortnight).")
@click.option("--organisation", "organisation_id", type=int, help="Only its shifts (id).")
@click.option(
    "--aim",
    type=click.Choice(list(runs.REWARDS)),
    default="balanced",
    show_default=True,
    help="How much it counts that shifts reach their minimum.",
)
@click.option("--dry-run", is_flag=True, help="Plan and print; nothing is kept or sent.")
@click.option("--out", type=click.Path(dir_okay=False, writable=True), help="Write the plan here.")
@with_appcontext
def match(
    first: datetime | None,
    last: datetime | None,
    organisation_id: int | None,
    aim: str,
    dry_run: bool,
    out: str | None,
) -> None:
    """Invite people on standby to open places, as well as possible for all together."""
    span = _span(first, last)
    if organisation_id is not None and db.session.get(Organisation, organisation_id) is None:
        raise click.ClickException(f"There is no organisation {organisation_id}.")
    wanted = Wanted(organisation_id, span, runs.REWARDS[aim])
    planned = _plan(wanted)
    _tell(span, planned)
    if out:
        Path(out).write_text(json.dumps(_plain(planned, span), ensure_ascii=False, indent=1))
        click.echo(f"The plan is in {out}.")
    if not dry_run:
        click.echo(f"{_send(wanted, planned)} invitations are sent.")


def _span(first: datetime | None, last: datetime | None) -> Period:
    begin = first.date() if first else clock.today() + timedelta(days=1)
    end = last.date() if last else begin + timedelta(days=A_FORTNIGHT - 1)
    if end < begin or begin < clock.today():
        raise click.ClickException("Give days from today on, the first one first.")
    if (end - begin).days >= runs.MOST_DAYS:
        raise click.ClickException(f"A plan covers at most {runs.MOST_DAYS} days.")
    return Period(begin, end)


def _plan(wanted: Wanted) -> Planned:
    # Only here: other commands never load a solver.
    from volunteer_hub.matching.batch import plan  # noqa: PLC0415

    found = plan.read(db.session(), wanted, today=clock.today(), now=clock.now())
    end_reading(db.session())
    return plan.work_out(found, reward=wanted.reward)


def _tell(span: Period, planned: Planned) -> None:
    figures = planned.figures
    click.echo(
        f"{span.first} to {span.last}: {figures['people']:,} people on standby,"
        f" {figures['places']:,} open places of {figures['posts']:,} posts,"
        f" {figures['possible']:,} possible pairs"
    )
    click.echo(
        f"{figures['filled']:,} invitations to {figures['invited']:,} people;"
        f" objective {planned.value:,}, bound {planned.bound:,}, gap {100 * planned.gap:.3f} %,"
        f" {figures['seconds']} s"
    )


def _plain(planned: Planned, span: Period) -> dict[str, Any]:
    return {
        "from": span.first.isoformat(),
        "to": span.last.isoformat(),
        "objective": planned.value,
        "bound": planned.bound,
        "gap": planned.gap,
        "figures": planned.figures,
        "pairs": [vars(pair) for pair in planned.pairs],
        "posts": [
            {name: value for name, value in vars(post).items() if name != "reserves"}
            for post in planned.posts
        ],
    }


def _send(wanted: Wanted, planned: Planned) -> int:
    run_id = write_tx(lambda: _keep(wanted, planned))
    while write_tx(lambda: _send_some(run_id)):
        pass
    sent = select(func.count(Invitation.id)).where(Invitation.run_id == run_id)
    return db.session.scalar(sent) or 0


def _keep(wanted: Wanted, planned: Planned) -> int:
    session, now = db.session(), clock.now()
    run = _ask(session, wanted, today=clock.today(), now=now)
    sending.keep(session, run.id, planned, now=now)
    runs.start_sending(session, run, actor_id=None, now=now)
    return run.id


def _ask(session: Session, wanted: Wanted, *, today: date, now: datetime) -> MatchRun:
    try:
        with speaking("en"):
            return runs.ask(
                session,
                organisation_id=wanted.organisation_id,
                first_day=wanted.span.first,
                last_day=wanted.span.last,
                reward=wanted.reward,
                asked_by=None,
                today=today,
                now=now,
            )
    except DomainError as error:
        raise click.ClickException(str(error.message)) from None


def _send_some(run_id: int) -> bool:
    sending.send_some(db.session(), clock.now())
    return db.session.get_one(MatchRun, run_id).state == RunState.SENDING
