"""`flask --app wsgi demo load`: fill an empty database with the demo."""

from __future__ import annotations

import time

import click
from flask import current_app
from flask.cli import AppGroup

from volunteer_hub.core import clock
from volunteer_hub.core.db import db, write_tx
from volunteer_hub.core.passwords import hash_password
from volunteer_hub.demo import load as loading
from volunteer_hub.demo import months
from volunteer_hub.demo.plan import SCALES

PASSWORD = "demo-2026"  # noqa: S105 - the demo's password is public on purpose

demo = AppGroup("demo", help="Demo data.")


@demo.command("load")
@click.option("--scale", type=click.Choice(list(SCALES)), default="article", show_default=True)
@click.option("--seed", type=int, default=1, show_default=True, help="Another seed, other rows.")
@click.option("--if-empty", is_flag=True, help="Say nothing and succeed when there is any data.")
def load(scale: str, seed: int, if_empty: bool) -> None:
    """Load people, projects, shifts and a year of history; real data is never touched."""
    if current_app.config["HUB_PRODUCTION"]:
        raise click.ClickException(
            "The demo is not loaded with HUB_ENV=production: its passwords are public."
            " Leave HUB_ENV empty to try the demo."
        )
    started = time.monotonic()
    try:
        found_demo = loading.holds_demo_data(db.session())
        db.session.rollback()
        if found_demo:
            if not if_empty:
                click.echo("This database already holds demo data; nothing was changed.")
            return
        click.echo(f"Loading demo data ({scale}) …")
        plan = loading.build(
            scale=scale,
            seed=seed,
            today=clock.today(),
            zone=clock.zone(),
            password_hash=hash_password(PASSWORD),
        )
        now = clock.now()

        def write() -> int:
            rows = loading.write(db.session(), plan, now=now)
            key = str(current_app.config["SECRET_KEY"])
            months.close_past(db.session(), key=key, today=clock.today(), now=now)
            return rows

        count = write_tx(write)
    except loading.HoldsRealData:
        if if_empty:
            return
        raise click.ClickException(
            "This database holds data that is not demo data, so nothing was loaded."
            " Name an empty database in DATABASE_URL."
        ) from None
    click.echo(f"{count} rows in {time.monotonic() - started:.1f} s.")
