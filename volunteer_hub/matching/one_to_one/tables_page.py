"""What the desk's page of the tables and the leader's share: what it shows, what its buttons do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import request

from volunteer_hub.attendance.queries import ShiftHead
from volunteer_hub.attendance.rules import OPENS_BEFORE
from volunteer_hub.core import clock
from volunteer_hub.core.db import db
from volunteer_hub.core.errors import DomainError, InvalidInput, NotFound
from volunteer_hub.core.i18n import _, _n
from volunteer_hub.core.web import MAX_ID
from volunteer_hub.matching.one_to_one import on_site, pairing
from volunteer_hub.matching.one_to_one.pairing import Hand
from volunteer_hub.matching.one_to_one.tables import tables_of
from volunteer_hub.shifts.models import ShiftStatus


def require_pairs(shift: ShiftHead) -> None:
    """Raise NotFound for a shift that does not pair."""
    if not shift.one_to_one:
        raise NotFound


def context(shift: ShiftHead, **more: Any) -> dict[str, Any]:
    """Return what the tables of a shift show; `desk` says whether the reader may see names."""
    now = clock.now()
    takes_place = shift.status == ShiftStatus.PUBLISHED
    return {
        "shift": shift,
        "found": tables_of(db.session(), shift.id),
        "takes_place": takes_place,
        "on_site": takes_place and now >= shift.starts_at - OPENS_BEFORE,
        "over": now >= shift.ends_at,
        "refused": None,
        **more,
    }


def act(hand: Hand) -> str | DomainError:
    """Do what the button says (field `do`) and return what to tell, or the refusal.

    Nothing of a refused act stays. Raises NotFound.
    """
    button = _BUTTONS.get(request.form.get("do", ""))
    try:
        if button is None:
            raise InvalidInput(_("Please use one of the buttons."))
        with db.session.begin_nested():
            return button(hand)
    except NotFound:
        raise
    except DomainError as error:
        return error


def _number(name: str) -> int:
    text = request.form.get(name, "")
    number = int(text) if len(text) <= 10 and text.isascii() and text.isdecimal() else 0
    return number if number <= MAX_ID else 0


def _pair(hand: Hand, *, anew: bool = False) -> str:
    made = pairing.pair(db.session(), hand, anew=anew)
    if not made.new:
        return _("Nothing better was found: everybody who can be paired is.")
    said = _n("%(num)s new pair.", "%(num)s new pairs.", made.new)
    if made.moved:
        moved = _n(
            "%(num)s volunteer changed the table.",
            "%(num)s volunteers changed the table.",
            made.moved,
        )
        return f"{said} {moved}"
    return said


def _by_hand(hand: Hand) -> str:
    pairing.by_hand(db.session(), hand, request_id=_number("request"), person_id=_number("person"))
    return _("Saved.")


def _missing(who: str) -> Callable[[Hand], str]:
    def note(hand: Hand) -> str:
        on_site.missing(db.session(), hand, pairing_id=_number("pairing"), who=who)
        if tables_of(db.session(), hand.shift_id).can_pair:
            return _("Noted. Tap “Pair” to find somebody else.")
        return _("Noted.")

    return note


def _alone(*, yes: bool) -> Callable[[Hand], str]:
    def note(hand: Hand) -> str:
        on_site.senior_missing(db.session(), hand, request_id=_number("request"), yes=yes)
        return _("Noted.")

    return note


def _together(*, yes: bool) -> Callable[[Hand], str]:
    def note(hand: Hand) -> str:
        on_site.sit_together(db.session(), hand, pairing_id=_number("pairing"), yes=yes)
        if yes:
            return _("Noted. The volunteer is ticked on the roster too.")
        return _("Taken back. The tick on the roster stays: change it there if they did not come.")

    return note


def _came(hand: Hand) -> str:
    on_site.came_after_all(db.session(), hand, pairing_id=_number("pairing"))
    return _("Noted.")


def _again(*, yes: bool) -> Callable[[Hand], str]:
    def note(hand: Hand) -> str:
        on_site.senior_says(db.session(), hand, pairing_id=_number("pairing"), yes=yes)
        return _("Noted.")

    return note


_BUTTONS: dict[str, Callable[[Hand], str]] = {
    "pair": _pair,
    "anew": lambda hand: _pair(hand, anew=True),
    "hand": _by_hand,
    "together": _together(yes=True),
    "apart": _together(yes=False),
    "no_volunteer": _missing("volunteer"),
    "no_senior": _missing("senior"),
    "came": _came,
    "alone_away": _alone(yes=True),
    "alone_came": _alone(yes=False),
    "again": _again(yes=True),
    "no_more": _again(yes=False),
}
