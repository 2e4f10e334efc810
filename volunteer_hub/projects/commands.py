"""`flask import projects`: bring in projects from a sheet."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

import click
from flask.cli import AppGroup

from volunteer_hub.core import clock
from volunteer_hub.core.db import db, write_tx
from volunteer_hub.core.errors import DomainError
from volunteer_hub.core.i18n import _, _n, speaking
from volunteer_hub.projects.importing.check import Checked, check_sheet
from volunteer_hub.projects.importing.columns import FIELDS, IGNORE
from volunteer_hub.projects.importing.plan import Plan, Scope, make_plan
from volunteer_hub.projects.importing.read import MAX_BYTES
from volunteer_hub.projects.importing.services import RowsRefused, import_projects

import_group = AppGroup("import", help="Bring in data from sheets.")


@import_group.command("projects")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Only say what would happen.")
@click.option(
    "--map",
    "pairs",
    multiple=True,
    metavar="COLUMN=FIELD",
    help=f"Say what a column holds: {', '.join([*FIELDS, IGNORE])}.",
)
@click.option("--skip-refused", is_flag=True, help="Bring in the good rows and leave out the rest.")
@click.option("--organisation", "organisation_id", type=int, metavar="ID",
              help="Takes the rows that name no organisation.")  # fmt: skip
def projects(
    file: Path,
    dry_run: bool,
    pairs: tuple[str, ...],
    skip_refused: bool,
    organisation_id: int | None,
) -> None:
    """Bring in projects from a .csv or .xlsx FILE, as drafts: all rows or none.

    Ends with 1 when a row is refused and nothing was written, 2 when the file cannot be read.
    """
    with speaking(_terminal_language()):
        try:
            with file.open("rb") as sheet:
                checked = check_sheet(sheet.read(MAX_BYTES + 1), _chosen(pairs))
        except DomainError as error:
            click.echo(f"{file.name}: {error.message}", err=True)
            raise SystemExit(2) from error
        if checked.layout.problem:
            click.echo(f"{file.name}: {checked.layout.problem}", err=True)
            raise SystemExit(2)
        _run(checked, Scope(default_id=organisation_id), dry_run=dry_run, skip=skip_refused)


def _terminal_language() -> str:
    said = os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG") or ""
    return "zh" if said.startswith("zh") else "en"


def _chosen(pairs: tuple[str, ...]) -> dict[str, str]:
    for pair in pairs:
        if "=" not in pair:
            raise click.BadParameter(f"{pair!r} is not COLUMN=FIELD", param_hint="--map")
    return {column: field for column, _sign, field in (pair.rpartition("=") for pair in pairs)}


def _run(checked: Checked, scope: Scope, *, dry_run: bool, skip: bool) -> None:
    if dry_run:
        plan = make_plan(db.session(), checked, scope=scope)
        _report(plan, written=False)
        raise SystemExit(1 if plan.refused and not skip else 0)
    try:
        plan = write_tx(
            lambda: import_projects(
                db.session(),
                checked,
                scope=scope,
                skip_refused=skip,
                actor_id=None,
                now=clock.now(),
            )
        )
    except RowsRefused as error:
        _report(error.plan, written=False)
        click.echo(str(error.message), err=True)
        raise SystemExit(1) from error
    _report(plan, written=True)


def _report(plan: Plan, *, written: bool) -> None:
    for column in plan.checked.layout.columns:
        meaning = FIELDS[column.field] if column.field else column.hint
        click.echo(_("Column “%(name)s”: %(meaning)s", name=column.header, meaning=meaning))
    for note in plan.kind_notes:
        click.echo(note)
    for refusal in plan.refused:
        click.echo(
            _("Row %(row)s, column “%(column)s”: %(reason)s",
              row=refusal.row, column=refusal.column, reason=refusal.reason), err=True
        )  # fmt: skip
    click.echo(_n("%(num)s row read.", "%(num)s rows read.", plan.checked.total))
    if written:
        click.echo(_n("%(num)s draft added.", "%(num)s drafts added.", len(plan.ready)))
    else:
        click.echo(_n("%(num)s draft to add; nothing was written.",
                      "%(num)s drafts to add; nothing was written.", len(plan.ready)))  # fmt: skip
    click.echo(_n("%(num)s row was there already.", "%(num)s rows were there already.",
                  len(plan.there)))  # fmt: skip
    refused = Counter(f"{r.column}: {r.reason}" for r in plan.refused)
    click.echo(_n("%(num)s row refused.", "%(num)s rows refused.", plan.refused_rows))
    for reason, rows in refused.most_common(10):
        click.echo(f"  {rows} × {reason}")
