"""States of wishes, and why two people sit together, in the reader's language."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from volunteer_hub.core.calendar import Window
from volunteer_hub.core.i18n import _, _l, _n, either
from volunteer_hub.matching.one_to_one.models import RequestState
from volunteer_hub.matching.one_to_one.pairs import History
from volunteer_hub.matching.one_to_one.reading import Comer, Seat
from volunteer_hub.matching.reasons import WINDOWS
from volunteer_hub.shifts.series.words import weekday_name

STATES = {
    RequestState.ENTERED: _l("Waits to be verified"),
    RequestState.VERIFIED: _l("Verified, waits for a shift"),
    RequestState.PLACED: _l("Arranged"),
    RequestState.SERVED: _l("Done"),
    RequestState.CLOSED: _l("Closed with an answer"),
    RequestState.WITHDRAWN: _l("Withdrawn"),
}
Reason = Sequence[Any]


def windows_in_words(windows: Iterable[tuple[int, str]]) -> str:
    """Return `午间：周三、周四` of weekdays (Monday is 0) with their windows."""
    days: dict[str, list[int]] = {}
    for weekday, window in sorted(windows):
        days.setdefault(window, []).append(weekday)
    return " · ".join(
        WINDOWS[Window(window)]
        + _(": ")
        + _(", ").join(weekday_name(weekday + 1) for weekday in found)
        for window, found in days.items()
        if window in WINDOWS
    )


def reasons(
    seat: Seat, comer: Comer, history: History, *, by_hand: bool = False, warns: bool = False
) -> list[Reason]:
    """Return why these two sit together, the strongest first.

    With `warns` also what speaks against it: one of them would rather not meet again.
    """
    pair = (seat.id, comer.person_id)
    found: list[Reason] = [["by_hand"]] if by_hand else []
    if warns and pair in history.apart:
        found.append(["apart"])
    if pair in history.together:
        found.append(["together"])
    elif history.met.get(pair):
        found.append(["met", history.met[pair]])
    shares = seat.language_id in comer.languages
    found.append(["language" if shares else "no_language", seat.language_zh, seat.language_en])
    if seat.topic_id in comer.topics:
        found.append(["topic", seat.topic_zh, seat.topic_en])
    return found


def in_words(why: Iterable[Reason]) -> str:
    """Return `上海话 · 会教扫码付款 · 见过 2 次`; unknown kinds are left out."""
    return " · ".join(filter(None, (_say(*reason) for reason in why)))


def _say(kind: str, *values: Any) -> str:
    if kind == "language":
        return either(*values)
    if kind == "no_language":
        return _("%(language)s not known", language=either(*values))
    if kind == "topic":
        return _("teaches %(topic)s", topic=either(*values))
    if kind == "met":
        return _n("met %(num)s time before", "met %(num)s times before", values[0])
    plain = {
        "together": _("both want to go on together"),
        "by_hand": _("chosen by hand"),
        "apart": _("would rather not meet again"),
    }
    return plain.get(kind, "")


def why_no_volunteer(seat: Seat, free: Sequence[Comer], history: History) -> str:
    """Return why a wish has nobody, given the volunteers who are not taken."""
    speaks = [one for one in free if seat.language_id in one.languages]
    if not free:
        return _("Every volunteer of this shift has somebody already.")
    if not speaks:
        return _("Nobody who is free speaks %(language)s.", language=seat.language)
    if all((seat.id, one.person_id) in history.apart for one in speaks):
        return _("Whoever is free would rather not meet again.")
    return _("Somebody is free: tap “Pair”.")


def why_no_senior(comer: Comer, free: Sequence[Seat], history: History) -> str:
    """Return why a volunteer has nobody, given the wishes that are not taken."""
    fits = [one for one in free if one.language_id in comer.languages]
    if not free:
        return _("Every wish has a volunteer already.")
    if not fits:
        return _("No free wish is in a language this volunteer named.")
    if all((one.id, comer.person_id) in history.apart for one in fits):
        return _("Whoever is free would rather not meet again.")
    return _("A wish is free: tap “Pair”.")
