"""Commands about the ledger."""

from __future__ import annotations

import click
from flask.cli import AppGroup

from volunteer_hub.core.db import db
from volunteer_hub.hours import verify as verification

ledger = AppGroup("ledger", help="The ledger of service hours.")


@ledger.command("verify")
def verify() -> None:
    """Prove that no entry was changed, removed or put in between, and that the sums are right."""
    verdict = verification.verify(db.session())
    if verdict.problem:
        raise click.ClickException(f"The ledger is not whole. {verdict.problem}")
    click.echo(
        f"The ledger is whole: {verdict.entries} entries, last digest {verdict.digest or '-'}"
    )
