"""The spreadsheet of a branch: summary by branch, people, shifts, ledger rows.

Heads are those the sub-district's own forms use (`report_columns`), in the reader's language.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import IO

from sqlalchemy.orm import Session

from volunteer_hub.core import clock
from volunteer_hub.core.csv import Cell
from volunteer_hub.core.i18n import _, clock_time, day_year, either
from volunteer_hub.registry.models import BranchKind
from volunteer_hub.reports import sheet, workbook
from volunteer_hub.reports.figures import change, shared_hours, small_ones, tenths_of_percent
from volunteer_hub.reports.filters import Filters
from volunteer_hub.reports.queries import export, lines, sheets
from volunteer_hub.reports.queries.lines import SummaryRow
from volunteer_hub.reports.queries.sheets import PersonRow, ShiftRow
from volunteer_hub.reports.scope import Scope
from volunteer_hub.reports.workbook import Column, Foot, Head, Page


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
    # The reader's own branches, those whose entries must not tell where, and ranks in the league.
    led: Collection[int]
    hidden: Collection[int]
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
        yield Page(_("People in detail"), person_columns(), _people(found), Foot((), notes(report)))
    yield Page(
        _("Shifts in detail"), shift_columns(), _shifts(sheets.shifts(session, report.scope))
    )
    say = sheet.words(named=report.named)
    entries = export.entries(session, report.scope, named=report.named, hidden=report.hidden)
    body = sheet.rows(entries, say, named=report.named)
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
        " five people are shown only to the leader of that branch."
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
    below = {row.id: row.all_of for row in rows if row.id != report.scope.branch_id}
    hidden = small_ones(below) - set(report.led)
    for number, row in enumerate(rows, start=1):
        head: list[Cell] = [
            number,
            either(row.name_zh, row.name_en),
            either(row.parent_zh, row.parent_en),
            kinds.get(row.kind, row.kind),
            either(row.building_zh, row.building_en),
            row.enterprises,
        ]
        if row.id in hidden:
            yield head + [_("fewer than 5")] + [""] * (len(summary_columns()) - len(head) - 1)
            continue
        yield head + _figures(row, report)


def _figures(row: SummaryRow, report: Report) -> list[Cell]:
    member_books = max(row.member_books, row.members.people)
    other_books = max(row.other_books, row.others.people)
    return [
        member_books,
        row.members.people,
        _percent(tenths_of_percent(row.members.people, member_books)),
        row.others.people,
        row.all_of.attendances,
        report.adopted.get(row.id, 0),
        row.shifts,
        hours(row.all_of.minutes),
        hours(row.members.minutes),
        _part(shared_hours(row.members.minutes, member_books)),
        _part(shared_hours(row.others.minutes, other_books)),
        _change(change(row.all_of.minutes, row.before.minutes)),
        _change(change(row.all_of.minutes, row.year_before.minutes)),
        row.no_shows,
        _percent(tenths_of_percent(row.all_of.late_minutes, row.all_of.minutes)),
        report.ranks.get(row.id, ""),
    ]


def hours(minutes: int) -> Decimal:
    """Return minutes as hours to one decimal, rounded half away from zero as on the screen."""
    tenths = (abs(minutes) + 3) // 6
    return Decimal(tenths if minutes >= 0 else -tenths) / 10


def _part(text: str | None) -> Cell:
    return Decimal(text) if text is not None else ""


def _percent(text: str | None) -> Cell:
    return f"{text}%" if text is not None else ""


def _change(value: int | None) -> Cell:
    if value is None:
        return ""
    return f"{'▲' if value > 0 else '▼' if value < 0 else ''}{abs(value)}%"


def person_columns() -> list[Column]:
    """Return the heads of the sheet by person."""
    return [
        Column(_("No."), 6), Column(_("Name"), 12), Column(_("Political status"), 10),
        Column(_("Shifts taken part in"), 10), Column(_("Hours served"), 12),
        Column(_("Last day of service"), 12), Column(_("Project name"), 34), Column(_("Post"), 14),
        Column(_("Recording organisation"), 24), Column(_("How recorded"), 10),
        Column(_("Remark"), 14),
    ]  # fmt: skip


def _people(rows: Iterable[PersonRow]) -> Iterator[list[Cell]]:
    member, other = _("Party member"), _("Non-member")
    late, on_site, corrected = _("Late entry"), _("On site"), _("Corrected")
    deleted = _("Deleted account")
    for number, row in enumerate(rows, start=1):
        yield [
            number,
            row.name or deleted,
            member if row.is_party_member else other,
            row.attendances,
            hours(row.minutes),
            row.last_day.isoformat(),
            either(row.project_zh, row.project_en),
            either(row.post_zh, row.post_en),
            either(row.organisation_zh, row.organisation_en),
            late if row.is_late_entry else on_site,
            corrected if row.has_reversal else "",
        ]


def shift_columns() -> list[Column]:
    """Return the heads of the sheet by shift."""
    return [
        Column(_("No."), 6), Column(_("Project name"), 34), Column(_("Day of shift"), 12),
        Column(_("Start"), 8), Column(_("End"), 8), Column(_("Place"), 24),
        Column(_("Category")), Column(_("Recording organisation"), 24), Column(_("In charge")),
        Column(_("Places planned")),
        Column(_("People signed up")), Column(_("People checked in")),
        Column(_("People checked out")),
        Column(_("Hours of the shift")), Column(_("People entered late")), Column(_("Unusual")),
        Column(_("Confirmed by")), Column(_("Confirmed at"), 18),
    ]  # fmt: skip


def _shifts(rows: Iterable[ShiftRow]) -> Iterator[list[Cell]]:
    corrected = _("Corrected")
    for number, row in enumerate(rows, start=1):
        yield [
            number,
            either(row.project_zh, row.project_en),
            row.day.isoformat(),
            clock_time(row.starts_at),
            clock_time(row.ends_at),
            either(row.place_zh, row.place_en),
            either(row.category_zh, row.category_en),
            either(row.organisation_zh, row.organisation_en),
            row.contact_name,
            row.capacity,
            row.signed_up,
            row.checked_in,
            row.checked_out,
            hours(row.minutes),
            row.late,
            corrected if row.has_reversal else "",
            row.confirmer,
            f"{clock.local(row.confirmed_at):%Y-%m-%d %H:%M}",
        ]


def number_of(branch_id: int, span: str, now: datetime) -> str:
    """Return a report's number: the branch, the span and the moment it was made."""
    return f"HB-{branch_id:05d}-{span}-{clock.local(now):%Y%m%d%H%M%S}"


def month_name(month: date) -> str:
    """Return `2026-10`."""
    return f"{month:%Y-%m}"
