"""What notices about matching say: invitations and urgent calls."""

from __future__ import annotations

from collections.abc import Callable

from volunteer_hub.core.i18n import _
from volunteer_hub.notifications.parts import Params, Text, place, point_in_time, shift, title


def _invited(params: Params) -> Text:
    return Text(
        _("Would you like to come? %(title)s", title=title(params)),
        _(
            "%(shift)s, %(place)s. It fits your free time. Answer by %(until)s; saying no is one"
            " tap and costs nothing.",
            shift=shift(params),
            place=place(params),
            until=point_in_time(params["expires_at"]),
        ),
    )


def _called_out(params: Params) -> Text:
    return Text(
        _("Urgent: can you help? %(title)s", title=title(params)),
        _(
            "%(shift)s, %(place)s. A place is free; the first to say yes has it. Can't"
            " come? No need to do anything.",
            shift=shift(params),
            place=place(params),
        ),
    )


KINDS: dict[str, Callable[[Params], Text]] = {
    "invited": _invited,
    "called_out": _called_out,
}
