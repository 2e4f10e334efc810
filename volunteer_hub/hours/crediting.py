"""How many minutes of a shift count as service. Pure: no database, no clock.

Source: product.md, rule 5. Travel, meals and meetings outside the window do not count, and no
minute counts twice: neither for somebody who came twice nor for two shifts that touch.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

MINUTE = timedelta(minutes=1)


class Span(NamedTuple):
    """From one aware moment to a later one."""

    start: datetime
    end: datetime


@dataclass(frozen=True)
class Rule:
    """A version of the crediting rule: minutes that count around the plan, and a day's most."""

    version: str
    early_minutes: int
    late_minutes: int
    day_cap: int

    def window(self, planned: Span) -> Span:
        """Return the time in which minutes of a shift with this plan count, in UTC."""
        # Differences within one zone object would follow its wall clock, summer time and all.
        start, end = (moment.astimezone(UTC) for moment in planned)
        return Span(start - self.early_minutes * MINUTE, end + self.late_minutes * MINUTE)

    def planned_minutes(self, planned: Span) -> int:
        """Return the minutes of the plan itself, at most those of a day."""
        start, end = (moment.astimezone(UTC) for moment in planned)
        return min(self.day_cap, (end - start) // MINUTE)


# The first version, also in the table `crediting_rule`; entries name the version they used.
FIRST = Rule("2026-1", early_minutes=15, late_minutes=30, day_cap=480)


def credited_minutes(
    stays: Iterable[tuple[datetime, datetime]],
    planned: Span,
    *,
    rule: Rule = FIRST,
    already: int = 0,
    elsewhere: Sequence[tuple[datetime, datetime]] = (),
) -> int:
    """Return the whole minutes that count, from 0 to the day's most.

    Of one stay: min(check-out, planned end + 30 min) − max(check-in, planned start − 15 min), begun
    minutes left out, never negative. Several are summed without overlap and without the times
    `elsewhere` that count for other shifts. With `already` (the person's minutes of the same
    service day in the ledger) never more than 480 a day. All moments are aware; the result does
    not depend on their zones.
    """
    served = sum(
        (piece.end - piece.start for piece in _free(stays, rule.window(planned), elsewhere)),
        timedelta(),
    )
    return max(0, min(served // MINUTE, rule.day_cap - max(0, already)))


def _free(
    stays: Iterable[tuple[datetime, datetime]],
    window: Span,
    elsewhere: Iterable[tuple[datetime, datetime]],
) -> list[Span]:
    """Return what of these stays lies in the window and in no other stay, in order of time."""
    pieces: list[Span] = []
    taken = sorted(_utc(elsewhere))
    for came, left in sorted(_utc(stays)):
        start = max(came, window.start, pieces[-1].end if pieces else window.start)
        end = min(left, window.end)
        for busy_from, busy_until in taken:
            if start < busy_from < end:
                pieces.append(Span(start, busy_from))
            if busy_from < end and busy_until > start:
                start = busy_until
        if start < end:
            pieces.append(Span(start, end))
    return pieces


def _utc(spans: Iterable[tuple[datetime, datetime]]) -> list[Span]:
    return [Span(start.astimezone(UTC), end.astimezone(UTC)) for start, end in spans]


def most_minutes(
    planned: Span,
    *,
    rule: Rule = FIRST,
    already: int = 0,
    elsewhere: Sequence[tuple[datetime, datetime]] = (),
) -> int:
    """Return the most that anybody can be credited for a shift with this plan."""
    return credited_minutes(
        [rule.window(planned)], planned, rule=rule, already=already, elsewhere=elsewhere
    )


def proposed_minutes(
    stays: Sequence[tuple[datetime, datetime | None]],
    planned: Span,
    *,
    rule: Rule = FIRST,
    already: int = 0,
    elsewhere: Sequence[tuple[datetime, datetime]] = (),
) -> int | None:
    """Return the credited minutes, or None while an arrival or a departure is not known."""
    known = [(came, left) for came, left in stays if left is not None]
    if not stays or len(known) < len(stays):
        return None
    return credited_minutes(known, planned, rule=rule, already=already, elsewhere=elsewhere)


def counted_times(
    stays: Sequence[tuple[datetime, datetime | None]],
    planned: Span,
    minutes: int,
    *,
    rule: Rule,
    elsewhere: Sequence[tuple[datetime, datetime]] = (),
) -> list[Span]:
    """Return the times that confirmed minutes stand for, so that no other shift counts them.

    These are the first `minutes` of the stays that count; where somebody confirmed more than was
    recorded, it is all of the window that does not count `elsewhere`.
    """
    window = rule.window(planned)
    known = [(came, left) for came, left in stays if left is not None]
    pieces = _free(known, window, elsewhere)
    covered = sum((piece.end - piece.start for piece in pieces), timedelta()) // MINUTE
    if covered < minutes:
        return _free([window], window, elsewhere)
    if covered == minutes:
        return pieces
    counted, left = [], minutes * MINUTE
    for piece in pieces:
        end = min(piece.end, piece.start + left)
        if piece.start < end:
            counted.append(Span(piece.start, end))
            left -= end - piece.start
    return counted
