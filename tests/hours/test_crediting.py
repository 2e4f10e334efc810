"""Rule 5 against a second calculation that counts minute by minute."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from volunteer_hub.hours.crediting import Span, credited_minutes, most_minutes, proposed_minutes

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
    assert credited_minutes([service[:2]], Span(*service[2:])) == counted(*service)


@settings(max_examples=300, deadline=None)
@given(services(), st.integers(-480, 960))
def test_a_day_never_exceeds_eight_hours_and_never_shrinks(service, already):
    credited = credited_minutes([service[:2]], Span(*service[2:]), already=already)
    assert 0 <= credited <= 480
    assert max(already, 0) + credited <= max(480, already)
    assert credited <= most_minutes(Span(*service[2:]), already=already)


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
    stay = (start + MINUTE * came, start + MINUTE * left)
    assert credited_minutes([stay], Span(start, start + 60 * MINUTE)) == minutes


def test_a_begun_minute_does_not_count():
    start = datetime(2026, 11, 23, 7, tzinfo=UTC)
    almost = start + timedelta(minutes=59, seconds=59)
    assert credited_minutes([(start, almost)], Span(start, start + 60 * MINUTE)) == 59


def test_without_a_departure_nothing_is_proposed():
    start = datetime(2026, 11, 23, 7, tzinfo=UTC)
    assert proposed_minutes([(start, None)], Span(start, start + 60 * MINUTE)) is None


def test_who_came_twice_is_credited_for_both_stays_and_no_minute_twice():
    start = datetime(2026, 11, 23, 7, tzinfo=UTC)
    at = [start + MINUTE * n for n in range(91)]
    planned = Span(start, at[60])
    apart = [(at[0], at[20]), (at[40], at[60])]
    assert credited_minutes(apart, planned) == 40
    overlapping = [(at[0], at[40]), (at[20], at[60])]
    assert credited_minutes(overlapping, planned) == 60
    assert proposed_minutes([(at[0], at[20]), (at[40], None)], planned) is None


def test_minutes_that_count_for_another_shift_do_not_count_again():
    start = datetime(2026, 11, 23, 7, tzinfo=UTC)
    at = [start + MINUTE * n for n in range(91)]
    planned = Span(start, at[60])
    busy = [(at[10], at[20]), (at[15], at[30])]
    assert credited_minutes([(at[0], at[60])], planned, elsewhere=busy) == 40
    assert most_minutes(planned, elsewhere=[(at[0] - 60 * MINUTE, at[60])]) == 30


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.tuples(st.integers(-60, 200), st.integers(0, 120)), max_size=5),
    st.lists(st.tuples(st.integers(-60, 200), st.integers(0, 60)), max_size=4),
)
def test_several_stays_count_each_minute_once_and_none_of_elsewhere(stays, elsewhere):
    start = datetime(2028, 2, 29, 23, 30, tzinfo=ZONES[0])

    def spans(pairs):
        return [(start + MINUTE * came, start + MINUTE * (came + long)) for came, long in pairs]

    def minutes(pairs):
        return {minute for came, long in pairs for minute in range(came, came + long)}

    expected = (minutes(stays) - minutes(elsewhere)) & set(range(-15, 60 + 30))
    found = credited_minutes(
        spans(stays), Span(start, start + 60 * MINUTE), elsewhere=spans(elsewhere)
    )
    assert found == len(expected)
