"""Commands about the sums that branches' pages show."""

from __future__ import annotations

import click
from flask.cli import AppGroup

from volunteer_hub.core.db import db, write_tx
from volunteer_hub.hours import ledger, summary

reports = AppGroup("reports", help="The sums of branches.")


@reports.command("verify")
def verify() -> None:
    """Prove that the sums kept for branches equal the ledger."""
    problem = summary.verify(db.session())
    if problem:
        raise click.ClickException(
            f"The sums do not equal the ledger. {problem}. `flask reports rebuild` mends them."
        )
    click.echo("The sums of branches equal the ledger.")


@reports.command("rebuild")
def rebuild() -> None:
    """Work the sums out of the ledger again; nobody can confirm hours meanwhile."""
    click.echo(f"{write_tx(_rebuild)} rows of sums are written.")


def _rebuild() -> int:
    ledger.lock(db.session())
    return summary.rebuild(db.session())
