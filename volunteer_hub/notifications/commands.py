"""`flask worker`: jobs, reminders and mail, in a process beside the web server."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import click
from flask import current_app
from flask.cli import with_appcontext

from volunteer_hub.core import clock
from volunteer_hub.core.db import db
from volunteer_hub.notifications import outbox, transports, worker
from volunteer_hub.notifications.worker import Job, Worker

INTERVAL_SECONDS = 5.0


def worker_command(jobs: Callable[[], Sequence[Job]]) -> click.Command:
    """Return the command that runs these jobs, looked up when it starts, and the outbox."""

    @click.command("worker")
    @click.option("--once", is_flag=True, help="One round, then end; 1 when a step failed.")
    @click.option(
        "--interval",
        type=click.FloatRange(0.1, 3600),
        default=INTERVAL_SECONDS,
        show_default=True,
        metavar="SECONDS",
        help="The pause between rounds.",
    )
    @click.option("--status", is_flag=True, help="Show the outbox and its dead letters.")
    @with_appcontext
    def command(once: bool, interval: float, status: bool) -> None:
        """Run what happens by itself: offers, reminders, and the mail that is due."""
        if status:
            _show_status()
            return
        config = current_app.config
        mine = Worker(
            name=worker.new_name(),
            jobs=jobs(),
            transports=transports.from_settings(config),
            public_url=config["HUB_URL"],
            site_name=str(current_app.jinja_env.globals["site_name"]),
            now=clock.now,
        )
        if once:
            if not worker.make_round(mine):
                raise click.ClickException("Something failed; the log says what.")
            return
        worker.run(mine, interval=interval)

    return command


def _show_status() -> None:
    found = outbox.status(db.session(), now=clock.now())
    if not current_app.config["HUB_SMTP_URL"]:
        click.echo("No mail is sent: HUB_SMTP_URL is not set.")
    click.echo(
        f"waiting {found.waiting} (due now {found.due}), sent {found.sent}, dropped {found.dropped}"
    )
    for letter in found.dead_letters:
        click.echo(
            f"dropped {letter.dropped_at:%Y-%m-%d %H:%M} UTC {letter.channel} {letter.key}"
            f" after {letter.tries} tries: {letter.error}"
        )
