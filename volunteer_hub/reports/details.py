"""The sheets by person and by shift of a branch's spreadsheet, each with its sum."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from volunteer_hub.core import clock
from volunteer_hub.core.i18n import _, clock_time, either
from volunteer_hub.reports.queries.sheets import PersonRow, ShiftRow
from volunteer_hub.reports.workbook import Column, Total, Value


def hours(minutes: int, people: int = 1) -> Decimal:
    """Return minutes, or each person's share of them, as exact hours; people is above 0.

    A sheet shows them to one decimal, rounded half away from zero as the screen does, while its
    rows still add up to its total.
    """
    return Decimal(minutes) / (60 * people)


def person_columns() -> list[Column]:
    """Return the heads of the sheet by person."""
    return [
        Column(_("No."), 6), Column(_("Name"), 12), Column(_("Political status"), 10),
        Column(_("Shifts taken part in"), 10), Column(_("Hours served"), 12),
        Column(_("Last day of service"), 12), Column(_("Project name"), 34), Column(_("Post"), 14),
        Column(_("Recording organisation"), 24), Column(_("How recorded"), 10),
        Column(_("Remark"), 14),
    ]  # fmt: skip


def people(rows: Iterable[PersonRow], namesakes: Collection[str]) -> Iterator[list[Value]]:
    """Yield a line for each row and, last, their sum; who is one of `namesakes` is told apart."""
    member, other = _("Party member"), _("Non-member")
    late, on_site, corrected = _("Late entry"), _("On site"), _("Corrected")
    deleted = _("Deleted account")
    attendances = minutes = 0
    for number, row in enumerate(rows, start=1):
        attendances, minutes = attendances + row.attendances, minutes + row.minutes
        yield [
            number,
            _told_apart(row) if row.name in namesakes else row.name or deleted,
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
    total: list[Value] = [_("Total"), "", "", attendances, hours(minutes)]
    yield Total(total + [""] * 5 + [_("Own people of this branch")])


def _told_apart(row: PersonRow) -> str:
    rest = f"{row.nickname} {either(row.enterprise_zh, row.enterprise_en)}".strip()
    return f"{row.name} · {rest}" if rest else row.name


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


def shifts_held(rows: Iterable[ShiftRow], hidden: Collection[int]) -> Iterator[list[Value]]:
    """Yield a line for each shift that is not hidden, one for the hidden, and the sum."""
    corrected = _("Corrected")
    sums = {False: ShiftSums(), True: ShiftSums()}
    number = 0
    for row in rows:
        is_hidden = row.id in hidden
        sums[is_hidden] = sums[is_hidden].plus(row)
        if is_hidden:
            continue
        number += 1
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
    if sums[True].shifts:
        line = _("Not listed, as fewer than five people took part: %(num)s", num=sums[True].shifts)
        yield list(_sum_line("", line, sums[True]))
    yield _sum_line(_("Total"), "", sums[False].with_other(sums[True]))


@dataclass(frozen=True)
class ShiftSums:
    """What several shifts add up to."""

    shifts: int = 0
    came: int = 0
    left: int = 0
    minutes: int = 0

    def plus(self, row: ShiftRow) -> ShiftSums:
        return self.with_other(ShiftSums(1, row.checked_in, row.checked_out, row.minutes))

    def with_other(self, other: ShiftSums) -> ShiftSums:
        return ShiftSums(
            self.shifts + other.shifts,
            self.came + other.came,
            self.left + other.left,
            self.minutes + other.minutes,
        )


def _sum_line(head: str, text: str, sums: ShiftSums) -> Total:
    figures: list[Value] = [sums.came, sums.left, hours(sums.minutes)]
    line: list[Value] = [head, text]
    return Total(line + [""] * 9 + figures + [""] * 4)
