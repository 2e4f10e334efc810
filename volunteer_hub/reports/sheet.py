"""The columns of a branch's sheet, in the reader's language."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from volunteer_hub.core import i18n
from volunteer_hub.core.csv import Cell
from volunteer_hub.core.i18n import _
from volunteer_hub.reports.details import hours
from volunteer_hub.reports.filters import Filters
from volunteer_hub.reports.queries.branch import BranchRow
from volunteer_hub.reports.queries.export import EntryLine
from volunteer_hub.reports.workbook import Total, Value


@dataclass(frozen=True)
class Words:
    """What the sheet says; looked up once, as the rows are written when the request is over."""

    is_chinese: bool
    head: tuple[str, ...]
    minutes: str
    rounded: str
    late_entry: str
    correction: str
    deleted: str
    withheld: str
    unnamed: str
    total: str

    def either(self, chinese: str | None, english: str | None) -> str:
        """Return the text in the reader's language, or the other one where that is empty."""
        chosen = (chinese or english) if self.is_chinese else (english or chinese)
        return chosen or ""


def words(*, named: bool) -> Words:
    """Return the words in the reader's language; `named` has a column for the name."""
    head = [_("Date"), _("Branch"), _("Project"), _("Category"), _("Run by")]
    head += [_("Minutes"), _("Hours"), _("Late entry"), _("Correction")]
    if named:
        head.insert(2, _("Name"))
    return Words(
        is_chinese=i18n.language() == i18n.CHINESE,
        head=tuple(head),
        minutes=_("Minutes"),
        rounded=_("Hours, to one decimal"),
        late_entry=_("Late entry"),
        correction=_("Correction"),
        deleted=_("Deleted account"),
        withheld=_("A branch with fewer than five"),
        unnamed=_("Kept back: fewer than five people"),
        total=_("Total"),
    )


def rows(entries: Iterable[EntryLine], say: Words, *, named: bool) -> Iterator[list[Cell]]:
    """Yield the head and one line for each ledger entry, for CSV.

    `minutes` add up to the page's total; hours are each rounded to one decimal, as the head says,
    since a text file has no number format to hide the rest.
    """
    head: list[Cell] = list(say.head)
    place = head.index(say.minutes) + 1
    head[place] = say.rounded
    yield head
    for line, minutes in _lines(entries, say, named=named):
        line[place] = Decimal(i18n.hours(minutes))
        yield line


def rows_with_total(
    entries: Iterable[EntryLine], say: Words, *, named: bool
) -> Iterator[Sequence[Value]]:
    """Yield the same with exact hours and, last, the sum, which is what the page shows."""
    yield list(say.head)
    sum_ = 0
    for line, minutes in _lines(entries, say, named=named):
        sum_ += minutes
        yield line
    last = Total([""] * len(say.head))
    last[0] = say.total
    place = say.head.index(say.minutes)
    last[place], last[place + 1] = sum_, hours(sum_)
    yield last


def _lines(
    entries: Iterable[EntryLine], say: Words, *, named: bool
) -> Iterator[tuple[list[Cell], int]]:
    for entry in entries:
        line: list[Cell] = [
            entry.service_day.isoformat(),
            say.withheld
            if entry.branch_zh is None
            else say.either(entry.branch_zh, entry.branch_en or ""),
            say.either(entry.project_zh, entry.project_en),
            say.either(entry.category_zh, entry.category_en),
            say.either(entry.organisation_zh, entry.organisation_en),
            entry.minutes,
            hours(entry.minutes),
            say.late_entry if entry.is_late_entry else "",
            say.correction if entry.is_reversal else "",
        ]
        if named:
            line.insert(2, "" if entry.name is None else entry.name or say.deleted)
        yield line, entry.minutes


def file_names(branch: BranchRow, wanted: Filters, ending: str) -> tuple[str, str]:
    """Return the file's name in ASCII, and as people should see it; `ending` such as `csv`."""
    span = (
        str(wanted.quarter)
        if wanted.quarter
        else f"{wanted.period.first:%Y%m%d}-{wanted.period.last:%Y%m%d}"
    )
    title = i18n.either(branch.name_zh, branch.name_en).replace("/", "-").replace("\\", "-")
    return f"branch-{branch.id}-{span}.{ending}", f"{title} {span} {_('Hours')}.{ending}"
