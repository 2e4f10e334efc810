"""The lines of a confirmation sheet: what is proposed, what was typed, what is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from volunteer_hub.core.i18n import _
from volunteer_hub.hours.entries import Minutes
from volunteer_hub.hours.oddities import question
from volunteer_hub.hours.services import minutes_field, reason_field
from volunteer_hub.hours.sheets import SheetRow


@dataclass
class Line:
    """One attendance with its two fields as they stand in the page."""

    row: SheetRow
    minutes: str
    reason: str
    errors: dict[str, str] = field(default_factory=dict)

    @property
    def minutes_name(self) -> str:
        return minutes_field(self.row.attendance_id)

    @property
    def reason_name(self) -> str:
        return reason_field(self.row.attendance_id)

    @property
    def question(self) -> str:
        """What the confirmer should answer in the reason; nothing for an ordinary row."""
        return question(self.row.odd) if self.row.odd else ""

    @property
    def is_open(self) -> bool:
        """Tell whether the fields are shown at once."""
        changed = self.minutes != str(self.row.proposal) or bool(self.reason)
        return self.row.odd is not None or changed or bool(self.errors)


def proposed(rows: Sequence[SheetRow]) -> list[Line]:
    """Return the lines as the page first shows them."""
    return [Line(row, "" if row.proposal is None else str(row.proposal), "") for row in rows]


def typed(rows: Sequence[SheetRow], form: Mapping[str, str]) -> list[Line]:
    """Return the lines with what was typed; who came onto the list since then is left out."""
    return [
        Line(row, form[name].strip(), form.get(reason_field(row.attendance_id), "").strip())
        for row in rows
        if (name := minutes_field(row.attendance_id)) in form
    ]


def minutes_of(lines: Sequence[Line]) -> list[Minutes]:
    """Return what to confirm; lines without a whole number get an error and are left out."""
    wanted = []
    for line in lines:
        text = line.minutes
        if text.isascii() and text.isdecimal() and len(text) <= 4:
            wanted.append(Minutes(line.row.attendance_id, int(text), line.reason))
        elif text:
            line.errors[line.minutes_name] = _("Please give whole minutes, such as 60.")
        else:
            line.errors[line.minutes_name] = _(
                "Nobody noted when this person left. How many minutes was it?"
            )
    return wanted
