"""Commands: each feature brings its own group."""

from __future__ import annotations

from importlib import import_module

from flask import Flask

from volunteer_hub.attendance import jobs as attendance
from volunteer_hub.hours import jobs as hours
from volunteer_hub.matching import jobs as matching
from volunteer_hub.notifications.commands import worker_command
from volunteer_hub.shifts import jobs as shifts

GROUPS = (
    ("volunteer_hub.demo.commands", "demo"),
    ("volunteer_hub.projects.commands", "import_group"),
    ("volunteer_hub.accounts.commands", "user"),
    ("volunteer_hub.hours.commands", "ledger"),
    ("volunteer_hub.reports.commands", "reports"),
    ("volunteer_hub.matching.commands", "match"),
)

JOBS = (*shifts.JOBS, *attendance.JOBS, *hours.JOBS, *matching.JOBS)


def init_app(app: Flask) -> None:
    """Add the commands to `flask --app wsgi`."""
    for module, name in GROUPS:
        app.cli.add_command(getattr(import_module(module), name))
    app.cli.add_command(worker_command(lambda: JOBS))
