"""Commands about the sums that branches' pages show."""

from __future__ import annotations

import click
from flask.cli import AppGroup

from volunteer_hub.attendance import no_shows
from volunteer_hub.core.db import db, write_tx
from volunteer_hub.hours import ledger, summary

reports = AppGroup("reports", help="The sums of branches.")


@reports.command("verify")
def verify() -> None:
    """Prove that the sums kept for branches equal the ledger and the no-shows."""
    for find_problem, source in ((summary.verify, "ledger"), (no_shows.verify, "attendances")):
        problem = find_problem(db.session())
        if problem:
            wrong = f"The sums do not equal the {source}. {problem}."
            raise click.ClickException(f"{wrong} `flask reports rebuild` mends them.")
    click.echo("The sums of branches equal the ledger and the attendances.")


@reports.command("rebuild")
def rebuild() -> None:
    """Work the sums out again; nobody can confirm hours or note no-shows meanwhile."""
    click.echo(f"{write_tx(_rebuild)} rows of sums are written.")


def _rebuild() -> int:
    ledger.lock(db.session())
    no_shows.lock(db.session())
    return summary.rebuild(db.session()) + no_shows.rebuild(db.session())
