"""What each kind of notice says, in the reader's language: a title and a sentence or two.

Parameters are what `services.tell` was given: JSON values, moments as ISO 8601 in UTC. Those of a
shift are shift_id, title_zh, title_en, starts_at, ends_at, day, place_zh and place_en.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from volunteer_hub.core.i18n import _, clock_time, either, ngettext
from volunteer_hub.core.permissions import Role
from volunteer_hub.notifications import branch_texts, hours_texts, matching_texts
from volunteer_hub.notifications.parts import (
    Params,
    Text,
    place,
    point_in_time,
    shift,
    title,
    to_moment,
    when,
    with_reason,
)


def write(kind: str, params: Params) -> Text:
    """Return the text of a notice; one that nobody can read any more says so neutrally."""
    try:
        return KINDS[kind](params)
    except (KeyError, TypeError, ValueError, AttributeError):
        # Rows outlive the code that wrote them, and one of them must not break the whole list.
        logging.getLogger(__name__).warning("no text for a notice of kind %r", kind)
        return Text(_("There is news for you"), _("Open it to see what has changed."))


# ---------------------------------------------------------------- offers and the line


def _offer_made(params: Params) -> Text:
    until = point_in_time(params["expires_at"])
    if params.get("invited_by_name"):
        return Text(
            _("%(name)s keeps a place for you", name=params["invited_by_name"]),
            _(
                "%(shift)s. Please accept or decline by %(until)s.",
                shift=shift(params),
                until=until,
            ),
        )
    return Text(
        _("A place is free for you"),
        _(
            "%(shift)s. It is kept for you until %(until)s: accept it, or pass it on.",
            shift=shift(params),
            until=until,
        ),
    )


def _offer_expired(params: Params) -> Text:
    return Text(
        _("The kept place has been passed on"),
        _(
            "%(shift)s. The time to answer is over. If you still like to come, see whether there"
            " is room.",
            shift=shift(params),
        ),
    )


def _moved_up(params: Params) -> Text:
    return Text(
        _("You're in"),
        _(
            "%(shift)s, %(place)s. There is a place for you now. Can't come? Please give it back.",
            shift=shift(params),
            place=place(params),
        ),
    )


def _back_in_line(params: Params) -> Text:
    return Text(
        _("Fewer places than planned"),
        _(
            "%(shift)s. The coordinator had to cut places. You are first in line and hear from us"
            " as soon as one is free.",
            shift=shift(params),
        ),
    )


# ---------------------------------------------------------------- reminders


def _reminder_day(params: Params) -> Text:
    return Text(
        _("Coming up: %(title)s", title=title(params)),
        _(
            "%(when)s, %(place)s. Can't come after all? Cancel now and somebody in line gets your"
            " place.",
            when=when(params),
            place=place(params),
        ),
    )


def _reminder_soon(params: Params) -> Text:
    return Text(
        _("Starts at %(time)s", time=clock_time(to_moment(params["starts_at"]))),
        _("%(title)s, %(place)s. See you soon!", title=title(params), place=place(params)),
    )


# ---------------------------------------------------------------- changes


def _spot(params: Params) -> str:
    """Return time, place and meeting point of one side of a change."""
    parts = [when(params), place(params), params.get("meeting_point")]
    return " · ".join(part for part in parts if part)


def _shift_changed(params: Params) -> Text:
    return Text(
        _("Please look again: %(title)s has changed", title=title(params)),
        _(
            "Before: %(before)s. Now: %(after)s. Please accept or give the place back by"
            " %(until)s.",
            before=_spot(params["before"]),
            after=_spot(params["after"]),
            until=point_in_time(params["answer_by"]),
        ),
    )


def _change_lapsed(params: Params) -> Text:
    return Text(
        _("Your place was given back"),
        _(
            "%(shift)s. The change was not answered in time, so the place is free for others. You"
            " are welcome to sign up again.",
            shift=shift(params),
        ),
    )


def _shift_cancelled(params: Params) -> Text:
    sentence = _("%(shift)s. You need not do anything.", shift=shift(params))
    return Text(
        _("Cancelled: %(title)s", title=title(params)),
        with_reason(sentence, params),
    )


def _place_lost(params: Params) -> Text:
    sentence = _(
        "%(shift)s. The coordinator has taken you off the list. The contact on the shift's page"
        " can tell you more.",
        shift=shift(params),
    )
    return Text(_("You are off the list"), with_reason(sentence, params))


def _ward_left(params: Params) -> Text:
    return Text(
        _("Your guardian has left this shift"),
        _(
            "%(shift)s. Under 14 you come together, so your place was given back too.",
            shift=shift(params),
        ),
    )


def _post_moved(params: Params) -> Text:
    return Text(
        _("Another post for you"),
        _(
            "%(shift)s. The coordinator has moved you to: %(post)s.",
            shift=shift(params),
            post=either(params["post_zh"], params["post_en"]),
        ),
    )


# ---------------------------------------------------------------- people


def _message(params: Params) -> Text:
    return Text(
        _("%(sender)s writes about %(title)s", sender=params["sender"], title=title(params)),
        str(params["text"]),
    )


def _hold_fell_back(params: Params) -> Text:
    return Text(
        _("Places you held are free again"),
        ngettext(
            "%(shift)s. %(num)s place without a name was opened to all.",
            "%(shift)s. %(num)s places without a name were opened to all.",
            int(params["places"]),
            shift=shift(params),
        ),
    )


def _role_granted(params: Params) -> Text:
    names = {
        Role.COORDINATOR: _("coordinator"),
        Role.BRANCH_LEADER: _("branch leader"),
        Role.OFFICE: _("office"),
    }
    role = names[Role(params["role"])]
    where = either(params["organisation_zh"], params["organisation_en"])
    return Text(
        _("You have a new role: %(role)s", role=role),
        _("For %(organisation)s. You find your desk under Me.", organisation=where)
        if where
        else _("You find your desk under Me."),
    )


KINDS: dict[str, Callable[[Params], Text]] = {
    "offer_made": _offer_made,
    "offer_expired": _offer_expired,
    "moved_up": _moved_up,
    "back_in_line": _back_in_line,
    "reminder_day": _reminder_day,
    "reminder_soon": _reminder_soon,
    "shift_changed": _shift_changed,
    "change_lapsed": _change_lapsed,
    "shift_cancelled": _shift_cancelled,
    "message": _message,
    "hold_fell_back": _hold_fell_back,
    "place_lost": _place_lost,
    "ward_left": _ward_left,
    "post_moved": _post_moved,
    "role_granted": _role_granted,
    **hours_texts.KINDS,
    **branch_texts.KINDS,
    **matching_texts.KINDS,
}
