"""The spreadsheet of a branch: summary by branch, people, shifts, ledger rows.

Heads are those the sub-district's own forms use (`report_columns`), in the reader's language.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import IO

from sqlalchemy.orm import Session

from volunteer_hub.core import clock
from volunteer_hub.core.csv import Cell
from volunteer_hub.core.i18n import _, clock_time, day_year, either
from volunteer_hub.registry.models import BranchKind
from volunteer_hub.reports import sheet, workbook
from volunteer_hub.reports.details import hours, people, person_columns, shift_columns, shifts_held
from volunteer_hub.reports.figures import change, shared_hours, tenths_of_percent
from volunteer_hub.reports.filters import Filters
from volunteer_hub.reports.queries import export, lines, sheets
from volunteer_hub.reports.queries.export import Withheld
from volunteer_hub.reports.queries.lines import SummaryRow
from volunteer_hub.reports.queries.sums import Tally, few
from volunteer_hub.reports.scope import Members, Scope
from volunteer_hub.reports.workbook import Column, Foot, Head, Page


@dataclass(frozen=True)
class Kept:
    """What is kept from the reader (S16): by branch, by row, by shift.

    `kinds` are the branches whose Party members and non-members are not told apart, `late` those
    whose late entries are not told, `no_shows`
    those whose no-shows are not. `led` are the reader's own branches.
    """

    led: Collection[int] = ()
    guarded: bool = False
    branches: Collection[int] = ()
    kinds: Collection[int] = ()
    late: Collection[int] = ()
    no_shows: Collection[int] = ()
    rows: Withheld = field(default_factory=Withheld)
    shifts: Collection[int] = ()


@dataclass(frozen=True)
class Report:
    """What a spreadsheet is about; `named` for the leader of this very branch."""

    title: str
    line: str
    number: str
    scope: Scope
    wanted: Filters
    now: datetime
    named: bool
    kept: Kept
    ranks: Mapping[int, int]
    adopted: Mapping[int, int]


def write(target: IO[bytes], session: Session, report: Report) -> None:
    """Write the spreadsheet; ledger rows are streamed, whatever their number."""
    workbook.write(target, Head(report.title, report.line), _pages(session, report))


def _pages(session: Session, report: Report) -> Iterator[Page]:
    rows = lines.summary(
        session,
        report.scope,
        before=report.wanted.before,
        year_before=report.wanted.year_before,
    )
    yield Page(
        _("Summary"),
        summary_columns(),
        list(_summary(rows, report)),
        Foot(signs(), notes(report)),
    )
    if report.named:
        found = sheets.people(session, report.scope)
        yield Page(_("People in detail"), person_columns(), people(found), Foot((), notes(report)))
    shifts = sheets.shifts(session, report.scope)
    yield Page(_("Shifts in detail"), shift_columns(), shifts_held(shifts, report.kept.shifts))
    say = sheet.words(named=report.named)
    entries = export.entries(session, report.scope, named=report.named, kept=report.kept.rows)
    body = sheet.rows_with_total(entries, say, named=report.named)
    head = [Column(str(name), 16) for name in next(body)]
    yield Page(_("Ledger rows"), head, body)


def signs() -> list[str]:
    """Return what is signed by hand under a report."""
    return [_("Filled in by"), _("Branch leader"), _("Date of report")]


def notes(report: Report) -> list[str]:
    """Return the definitions, the cut-off and the number."""
    return [
        _("Definitions") + _(": ") + definitions(),
        _("Figures as of") + _(": ") + f"{day_year(clock.local(report.now).date())} "
        f"{clock_time(report.now)}",
        _("Report number") + _(": ") + report.number,
    ]


def definitions() -> str:
    """Return how the figures are counted, in one paragraph."""
    return _(
        "Hours are the sum of confirmed entries of the ledger, as the branch of each person was on"
        " the day of service; a branch counts with all below it. Attendances are entries that were"
        " not taken back. Participation: people on the books in this time, each once, and how many"
        " of them have at least one attendance. Late entries are marked. Figures of fewer than"
        " five people are shown only to the leader of that branch. A time that still runs is"
        " compared with as many days of the earlier ones."
    )


def summary_columns() -> list[Column]:
    """Return the heads of the summary by branch."""
    return [
        Column(_("No."), 6), Column(_("Branch name"), 26), Column(_("Belongs to"), 22),
        Column(_("Kind of branch")), Column(_("In building"), 16), Column(_("Enterprises covered")),
        Column(_("Party members on the books")), Column(_("Party members taking part")),
        Column(_("Participation of Party members")), Column(_("Non-members taking part")),
        Column(_("Attendances in all")), Column(_("Projects adopted")), Column(_("Shifts held")),
        Column(_("Service hours in all")), Column(_("of them by Party members")),
        Column(_("Hours per Party member")), Column(_("Hours per non-member")),
        Column(_("Against the span before")), Column(_("Against the year before")),
        Column(_("No-shows")), Column(_("Share of late entries")),
        Column(_("Position (can be off)")),
    ]  # fmt: skip


def kinds_of_branch() -> dict[str, str]:
    """Return what each level of the tree is called."""
    return {
        str(BranchKind.WORKING_COMMITTEE): _("Party Working Committee"),
        str(BranchKind.COMMITTEE): _("Party committee"),
        str(BranchKind.GENERAL_BRANCH): _("General branch"),
        str(BranchKind.BRANCH): _("Party branch"),
        str(BranchKind.JOINT_BRANCH): _("Joint branch"),
    }


def _summary(rows: Sequence[SummaryRow], report: Report) -> Iterator[list[Cell]]:
    kinds = kinds_of_branch()
    for number, row in enumerate(rows, start=1):
        head: list[Cell] = [
            number,
            either(row.name_zh, row.name_en),
            either(row.parent_zh, row.parent_en),
            kinds.get(row.kind, row.kind),
            either(row.building_zh, row.building_en),
            row.enterprises,
        ]
        if row.id in report.kept.branches:
            yield head + [_("fewer than 5")] + [""] * (len(summary_columns()) - len(head) - 1)
            continue
        yield head + _figures(row, report)


def _figures(row: SummaryRow, report: Report) -> list[Cell]:
    kept, wanted = report.kept, report.scope.members
    member_books = max(row.member_books, row.members.people)
    other_books = max(row.other_books, row.others.people)
    late = tenths_of_percent(row.all_of.late_minutes, row.all_of.minutes)
    cells: dict[str, Cell] = {
        "member_books": member_books,
        "member_people": row.members.people,
        "member_rate": _percent(tenths_of_percent(row.members.people, member_books)),
        "other_people": row.others.people,
        "attendances": row.all_of.attendances,
        "adopted": report.adopted.get(row.id, 0),
        "shifts": row.shifts,
        "hours": hours(row.all_of.minutes),
        "member_hours": hours(row.members.minutes),
        "member_each": _part(shared_hours(row.members.minutes, member_books)),
        "other_each": _part(shared_hours(row.others.minutes, other_books)),
        "before": _change(_against(row, row.before, kept)),
        "year_before": _change(_against(row, row.year_before, kept)),
        "no_shows": _("fewer than 5") if row.id in kept.no_shows else row.no_shows,
        "late": _("fewer than 5") if row.id in kept.late else _percent(late),
        "rank": report.ranks.get(row.id, ""),
    }
    if row.id in kept.kinds:
        cells |= dict.fromkeys((*OF_MEMBERS, *OF_OTHERS), "") | {"member_people": _("fewer than 5")}
    elif wanted is not Members.ALL:
        cells |= dict.fromkeys(OF_OTHERS if wanted is Members.MEMBER else OF_MEMBERS, "")
    return list(cells.values())


OF_MEMBERS = ("member_books", "member_people", "member_rate", "member_hours", "member_each")
OF_OTHERS = ("other_people", "other_each")


def _against(row: SummaryRow, before: Tally, kept: Kept) -> int | None:
    if kept.guarded and row.id not in kept.led and few(before, 0):
        return None
    return change(row.all_of.minutes, before.minutes)


def _part(text: str | None) -> Cell:
    return Decimal(text) if text is not None else ""


def _percent(text: str | None) -> Cell:
    return f"{text}%" if text is not None else ""


def _change(value: int | None) -> Cell:
    if value is None:
        return ""
    return f"{'▲' if value > 0 else '▼' if value < 0 else ''}{abs(value)}%"


def number_of(branch_id: int, span: str, now: datetime) -> str:
    """Return a report's number: the branch, the span and the moment it was made."""
    return f"HB-{branch_id:05d}-{span}-{clock.local(now):%Y%m%d%H%M%S}"


def month_name(month: date) -> str:
    """Return `2026-10`."""
    return f"{month:%Y-%m}"
