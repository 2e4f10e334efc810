"""Rule 5 against a second calculation that counts minute by minute."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from volunteer_hub.hours.crediting import credited_minutes, most_minutes, proposed_minutes

MINUTE = timedelta(minutes=1)
ZONES = [ZoneInfo(name) for name in ("Asia/Shanghai", "Europe/Berlin", "America/New_York", "UTC")]
# Days on which careless arithmetic breaks: leap day, month and year ends, clock changes.
ODD_DAYS = [
    date(2024, 2, 28), date(2024, 2, 29), date(2028, 2, 29), date(2026, 12, 31), date(2026, 4, 30),
    date(2026, 3, 8), date(2026, 3, 29), date(2026, 10, 25), date(2026, 11, 1),
]  # fmt: skip


@st.composite
def services(draw):
    """A plan that may cross midnight, and an arrival and departure around it, to the second."""
    day = draw(st.sampled_from(ODD_DAYS) | st.dates(date(2020, 1, 1), date(2030, 12, 31)))
    start = datetime(day.year, day.month, day.day, tzinfo=UTC) + MINUTE * draw(
        st.integers(0, 24 * 60)
    )
    end = start + MINUTE * draw(st.integers(1, 14 * 60))
    came = start + timedelta(seconds=draw(st.integers(-3 * 3600, 15 * 3600)))
    left = came + timedelta(seconds=draw(st.integers(0, 16 * 3600)))
    zone = draw(st.sampled_from(ZONES))
    return tuple(moment.astimezone(zone) for moment in (came, left, start, end))


def counted(came: datetime, left: datetime, start: datetime, end: datetime) -> int:
    """Count whole minutes on plain epoch seconds, one after another, up to eight hours."""
    came_s, left_s, start_s, end_s = (moment.timestamp() for moment in (came, left, start, end))
    second = max(came_s, start_s - 900)
    minutes = 0
    while second + 60 <= left_s and second + 60 <= end_s + 1800 and minutes < 8 * 60:
        second += 60
        minutes += 1
    return minutes


@settings(max_examples=1000, deadline=None)
@given(services())
@example(
    tuple(  # over midnight from the leap day
        datetime(2028, 2, 29, 22, 30, tzinfo=ZONES[0]) + MINUTE * n for n in (0, 120, 0, 120)
    )
)
def test_credited_minutes_are_those_that_a_patient_person_counts(service):
    assert credited_minutes(*service) == counted(*service)


@settings(max_examples=300, deadline=None)
@given(services(), st.integers(-480, 960))
def test_a_day_never_exceeds_eight_hours_and_never_shrinks(service, already):
    credited = credited_minutes(*service, already=already)
    assert 0 <= credited <= 480
    assert max(already, 0) + credited <= max(480, already)
    assert credited <= most_minutes(*service[2:], already=already)


@pytest.mark.parametrize(
    ("came", "left", "minutes"),
    [
        (0, 60, 60),
        (-15, 90, 105),  # both edges of the window
        (-60, 300, 105),  # nothing beyond them
        (90, 90, 0),
        (95, 200, 0),  # came when all was over
        (-200, -100, 0),  # left before it began
    ],
)
def test_the_window_of_a_shift_of_one_hour(came, left, minutes):
    start = datetime(2026, 11, 23, 7, tzinfo=ZONES[0])
    moments = (start + MINUTE * n for n in (came, left, 0, 60))
    assert credited_minutes(*moments) == minutes


def test_a_begun_minute_does_not_count():
    start = datetime(2026, 11, 23, 7, tzinfo=UTC)
    almost = start + timedelta(minutes=59, seconds=59)
    assert credited_minutes(start, almost, start, start + 60 * MINUTE) == 59


def test_without_a_departure_nothing_is_proposed():
    start = datetime(2026, 11, 23, 7, tzinfo=UTC)
    assert proposed_minutes(start, None, start, start + 60 * MINUTE) is None
