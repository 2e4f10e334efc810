"""What the shift leader's phone shows: a QR code and six digits, new every 30 seconds."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import segno
from flask import request, url_for
from werkzeug.wrappers import Response

from volunteer_hub.attendance.check_in import AROUND, in_time
from volunteer_hub.attendance.models import AttendanceStatus
from volunteer_hub.attendance.queries import RosterRow, ShiftHead
from volunteer_hub.attendance.scan_views import secret
from volunteer_hub.core import clock, codes
from volunteer_hub.core.codes import Direction, Scan
from volunteer_hub.core.web import here, render
from volunteer_hub.shifts.models import ShiftStatus

# White around the code, in modules, as the standard asks.
QUIET = 4


def answer(shift: ShiftHead, rows: Sequence[RosterRow], *, back: str) -> Response:
    """Answer with the code of this moment; 204 when the reader's screen shows it already.

    The screen asks again every few seconds and is only drawn anew when something has changed.
    """
    now = clock.now()
    direction = _direction(shift, now)
    arrived = sum(row.status == AttendanceStatus.PRESENT for row in rows)
    is_open = shift.status == ShiftStatus.PUBLISHED and in_time(shift.starts_at, shift.ends_at, now)
    state = f"{codes.step_of(now) if is_open else 0}-{arrived}-{len(rows)}"
    if request.args.get("seen") == state:
        return Response(status=204)
    context: dict[str, Any] = {
        "shift": shift,
        "arrived": arrived,
        "expected": len(rows),
        "direction": direction,
        "is_open": is_open,
        "early": now < shift.starts_at,
        "opens_at": shift.starts_at - AROUND,
        "again": here(seen=state, direction=direction),
        "back": back,
    }
    if is_open:
        context |= _code(Scan(shift.id, direction, codes.step_of(now)))
    return render("attendance/code.html", fragment="attendance/_code.html", **context)


def _direction(shift: ShiftHead, now: datetime) -> Direction:
    """Return the direction that was asked for, else the one that fits: out from the end on."""
    asked = request.args.get("direction")
    if asked in list(Direction):
        return Direction(asked)
    return Direction.OUT if now >= shift.ends_at - AROUND / 3 else Direction.IN


def _code(scan: Scan) -> dict[str, Any]:
    address = url_for("attendance.scanned", token=codes.token(secret(), scan), _external=True)
    matrix = segno.make(address, error="l", micro=False).matrix
    return {
        "digits": codes.digits(secret(), scan),
        "modules": len(matrix) + 2 * QUIET,
        "dark": "".join(_runs(matrix)),
    }


def _runs(matrix: Sequence[Sequence[int]]) -> list[str]:
    """Return the dark modules as pieces of an SVG path, one per unbroken run of a line."""
    pieces = []
    for y, line in enumerate(matrix):
        x = 0
        while x < len(line):
            length = 0
            while x + length < len(line) and line[x + length]:
                length += 1
            if length:
                pieces.append(f"M{x + QUIET} {y + QUIET}h{length}v1h-{length}z")
            x += length or 1
    return pieces
