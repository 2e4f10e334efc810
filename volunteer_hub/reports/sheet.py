"""The columns of a branch's sheet, in the reader's language."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal

from volunteer_hub.core.csv import Cell
from volunteer_hub.core.i18n import _, either, hours
from volunteer_hub.reports.filters import Filters
from volunteer_hub.reports.queries.branch import BranchLine
from volunteer_hub.reports.queries.export import EntryLine


def rows(entries: Iterable[EntryLine], *, named: bool) -> Iterator[list[Cell]]:
    """Yield the head and one line for each ledger entry; `minutes` add up to the page's total."""
    head: list[Cell] = [_("Date"), _("Branch"), _("Project"), _("Category"), _("Run by")]
    head += [_("Minutes"), _("Hours"), _("Late entry"), _("Correction")]
    yield [*head[:2], _("Name"), *head[2:]] if named else head
    for entry in entries:
        line: list[Cell] = [
            entry.service_day.isoformat(),
            either(entry.branch_zh, entry.branch_en),
            either(entry.project_zh, entry.project_en),
            either(entry.category_zh, entry.category_en),
            either(entry.organisation_zh, entry.organisation_en),
            entry.minutes,
            Decimal(hours(entry.minutes)),
            _("Late entry") if entry.is_late_entry else "",
            _("Correction") if entry.is_reversal else "",
        ]
        yield [*line[:2], _name(entry.name), *line[2:]] if named else line


def _name(name: str | None) -> str:
    return "" if name is None else name or _("Deleted account")


def file_names(branch: BranchLine, wanted: Filters) -> tuple[str, str]:
    """Return the file's name in ASCII, and as people should see it."""
    span = (
        str(wanted.quarter)
        if wanted.quarter
        else f"{wanted.period.first:%Y%m%d}-{wanted.period.last:%Y%m%d}"
    )
    title = either(branch.name_zh, branch.name_en).replace("/", "-").replace("\\", "-")
    return f"branch-{branch.id}-{span}.csv", f"{title} {span} {_('Hours')}.csv"
