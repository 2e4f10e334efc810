"""What has room on one page of A4: the first lines of a table, and the rest in one."""

from __future__ import annotations

from collections.abc import Sequence

from volunteer_hub.reports.figures import PartLine, PlaceLine
from volunteer_hub.reports.queries.sums import Tally

MOST_LINES = 10


def branches(lines: Sequence[PartLine]) -> tuple[PartLine, ...]:
    """Return at most `MOST_LINES` lines by branch; those left out are put together in the last one.

    All hidden lines are among those: with one of them outside, the sum would tell of the others. So
    it tells no more than the whole less the lines that the screen shows.
    """
    if len(lines) <= MOST_LINES:
        return tuple(lines)
    rest = [line for line in lines if line.branch is None and not line.hidden]
    own = [line for line in lines if line.branch is not None and not line.hidden]
    shown = own[: MOST_LINES - 1 - len(rest)]
    left = [line for line in lines if line not in shown and line not in rest]
    tally = Tally(
        sum(line.tally.minutes for line in left), sum(line.tally.attendances for line in left)
    )
    others = sum(line.branch is not None for line in left)
    return (*shown, PartLine(None, tally, None, others=others), *rest)


def places(lines: Sequence[PlaceLine]) -> tuple[PlaceLine, ...]:
    """Return at most `MOST_LINES` lines by building; those left out are put together in one."""
    if len(lines) <= MOST_LINES:
        return tuple(lines)
    few = [line for line in lines if line.id is None]
    named = [line for line in lines if line.id is not None]
    room = MOST_LINES - 1 - len(few)
    left = named[room:]
    together = PlaceLine(
        None,
        "",
        None,
        sum(line.minutes for line in left),
        sum(line.attendances for line in left),
        others=len(left),
    )
    return (*named[:room], together, *few)
