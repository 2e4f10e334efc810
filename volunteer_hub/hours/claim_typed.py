"""From what was typed in a claim to moments, around the plan of its shift."""

from __future__ import annotations

from volunteer_hub.attendance.times import nearest
from volunteer_hub.core import clock
from volunteer_hub.core.errors import InvalidInput
from volunteer_hub.core.i18n import _
from volunteer_hub.hours.claims import ClaimShift, Stated
from volunteer_hub.hours.forms import ClaimForm


def stated(form: ClaimForm, shift: ClaimShift) -> Stated:
    """Return what the form states; raises InvalidInput without both times."""
    for field in (form.check_in, form.check_out):
        if field.data is None:
            raise InvalidInput(_("Please give a time, such as 08:30."), field=field.name)
    zone = clock.zone()
    came = nearest(form.check_in.data, shift.starts_at, zone)
    left = nearest(form.check_out.data, shift.ends_at, zone)
    return Stated(
        check_in_at=came,
        check_out_at=left,
        reason=form.reason.data or "",
        evidence=form.evidence.data or "",
        witness=form.witness.data or "",
    )
