"""The spreadsheet of one branch's closed month; its bytes are kept as they are made here."""

from __future__ import annotations

import io

from volunteer_hub.core import clock
from volunteer_hub.core.csv import Cell
from volunteer_hub.core.i18n import _, either
from volunteer_hub.hours.closing import Draft
from volunteer_hub.reports import workbook
from volunteer_hub.reports.book import definitions, signs
from volunteer_hub.reports.details import hours
from volunteer_hub.reports.workbook import Column, Foot, Head, Page


def body(draft: Draft) -> bytes:
    """Return the sheet of a closed month."""
    target = io.BytesIO()
    name = either(draft.branch_zh, draft.branch_en)
    cut_off = f"{clock.local(draft.closed_at):%Y-%m-%d %H:%M:%S}"
    head = Head(
        title=_("Volunteer service of %(branch)s", branch=name) + f" {draft.month:%Y-%m}",
        line=_("Closed month") + f" · {cut_off}",
    )
    notes = [
        _("Definitions") + _(": ") + definitions(),
        _("Corrections to closed months were recorded after those months were closed."),
        _("Figures as of") + _(": ") + cut_off,
        _("Ledger up to entry %(number)s", number=draft.last_entry_id),
        _("Report number") + _(": ") + draft.number,
        f"SHA-256 {draft.digest}",
        f"HMAC {draft.signature}",
    ]
    page = Page(
        f"{draft.month:%Y-%m}",
        [Column(_("Figure"), 44), Column(_("Value"), 20)],
        _rows(draft),
        Foot(signs(), notes),
    )
    workbook.write(target, head, [page])
    return target.getvalue()


def _rows(draft: Draft) -> list[list[Cell]]:
    figures = draft.figures
    return [
        [_("Service hours in all"), hours(figures["minutes"])],
        [_("Attendances in all"), figures["attendances"]],
        [_("People who took part"), figures["people"]],
        [_("of them by Party members"), hours(figures["member_minutes"])],
        [_("Party members taking part"), figures["member_people"]],
        [_("Hours of late entries"), hours(figures["late_minutes"])],
        [_("Corrections to closed months, hours"), hours(figures["delta_minutes"])],
        [_("Corrections to closed months, attendances"), figures["delta_attendances"]],
    ]
