"""Which recorded hours somebody must look at twice, and say why they are right. Pure."""

from __future__ import annotations

from enum import StrEnum

from volunteer_hub.core.i18n import _

# Minutes by which a person's time may differ from the plan and still be ordinary.
USUAL = 15


class Oddity(StrEnum):
    """Why a row is no ordinary one."""

    NO_CHECK_OUT = "no_check_out"
    FORGOTTEN = "forgotten"
    FAR_FROM_PLAN = "far_from_plan"
    CORRECTED = "corrected"


def oddity(*, proposal: int | None, planned: int, forgotten: bool, note: str) -> Oddity | None:
    """Return why the row needs a reason, or None for an ordinary one.

    `proposal` is what the rule credits (None without a check-out), `planned` the planned minutes,
    `forgotten` tells that the planned end stands in for a check-out, `note` what was said before.
    """
    if proposal is None:
        return Oddity.NO_CHECK_OUT
    if forgotten:
        return Oddity.FORGOTTEN
    if note:
        return Oddity.CORRECTED
    return Oddity.FAR_FROM_PLAN if abs(proposal - planned) > USUAL else None


def question(odd: Oddity) -> str:
    """Return what the coordinator should answer in a few words."""
    return {
        Oddity.NO_CHECK_OUT: _("No check-out was recorded. How do you know how long it was?"),
        Oddity.FORGOTTEN: _("The check-out was forgotten; the planned end stands in. Is it right?"),
        Oddity.FAR_FROM_PLAN: _("This is far from the plan. Please say in a few words why."),
        Oddity.CORRECTED: _("This was corrected before. Please say why it is right now."),
    }[odd]
