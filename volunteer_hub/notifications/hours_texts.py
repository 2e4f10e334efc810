"""What notices about hours say: check-out, confirmation and its clock, claims."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from volunteer_hub.core.i18n import _, day, duration, ngettext
from volunteer_hub.notifications.parts import Params, Text, shift, title, with_reason


def _check_out(params: Params) -> Text:
    return Text(
        _("Have you left? Please check out: %(title)s", title=title(params)),
        _(
            "%(shift)s. One tap is enough. Without it the planned end counts, and the coordinator"
            " has to ask.",
            shift=shift(params),
        ),
    )


def _confirm_soon(params: Params) -> Text:
    return Text(
        _("Hours wait for you: %(title)s", title=title(params)),
        ngettext(
            "%(shift)s. %(num)s person waits; %(left)s working days are left.",
            "%(shift)s. %(num)s people wait; %(left)s working days are left.",
            int(params["people"]),
            shift=shift(params),
            left=params["left"],
        ),
    )


def _confirm_deputy(params: Params) -> Text:
    return Text(
        _("Hours are nearly overdue: %(title)s", title=title(params)),
        ngettext(
            "%(shift)s. %(num)s person waits and the tenth working day is near. Any coordinator"
            " of the organisation can confirm.",
            "%(shift)s. %(num)s people wait and the tenth working day is near. Any coordinator"
            " of the organisation can confirm.",
            int(params["people"]),
            shift=shift(params),
        ),
    )


def _confirm_overdue(params: Params) -> Text:
    return Text(
        _("Hours are overdue: %(title)s", title=title(params)),
        ngettext(
            "%(shift)s. %(num)s person has waited more than ten working days.",
            "%(shift)s. %(num)s people have waited more than ten working days.",
            int(params["people"]),
            shift=shift(params),
        ),
    )


def _claim_asked(params: Params) -> Text:
    return Text(
        _("Somebody asks about hours: %(title)s", title=title(params)),
        _(
            "%(shift)s. Please answer by %(day)s.",
            shift=shift(params),
            day=day(date.fromisoformat(params["due_on"])),
        ),
    )


def _claim_granted(params: Params) -> Text:
    return Text(
        _("Your hours were corrected: %(title)s", title=title(params)),
        with_reason(
            _(
                "%(shift)s. %(time)s are in the ledger now.",
                shift=shift(params),
                time=duration(int(params["minutes"])),
            ),
            params,
        ),
    )


def _claim_declined(params: Params) -> Text:
    return Text(
        _("Your hours stay as they are: %(title)s", title=title(params)),
        with_reason(shift(params), params),
    )


KINDS: dict[str, Callable[[Params], Text]] = {
    "check_out": _check_out,
    "confirm_soon": _confirm_soon,
    "confirm_deputy": _confirm_deputy,
    "confirm_overdue": _confirm_overdue,
    "claim_asked": _claim_asked,
    "claim_granted": _claim_granted,
    "claim_declined": _claim_declined,
}
