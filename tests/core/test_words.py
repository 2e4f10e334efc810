"""Phones, hours and walking times in words."""

from __future__ import annotations

import pytest

from volunteer_hub.core import geo, phones
from volunteer_hub.core.calendar import Quarter, parse_quarter, quarter_of
from volunteer_hub.core.i18n import hours


@pytest.mark.parametrize(
    "typed",
    ["+8613800138000", "008613800138000", "138 0013 8000", "138-0013-8000", "1３8００138000"],
)
def test_a_phone_is_understood_however_it_is_typed(typed):
    assert phones.normalise(typed) == "+8613800138000"


@pytest.mark.parametrize(
    "typed",
    [
        "12345678901",
        "11000000000",
        "10086",
        "021-62345678",
        "1380013800",
        "138001380000",
        "",
        "abc",
    ],
)
def test_what_is_no_mobile_number_is_refused(typed):
    assert phones.normalise(typed) is None


def test_phones_from_elsewhere_and_of_the_demo_are_taken():
    assert phones.normalise("+85251234567") == "+85251234567"
    assert phones.normalise("19900000001") == "+8619900000001"


def test_a_masked_phone_shows_seven_digits():
    assert phones.masked("+8613800138000") == "138****8000"


@pytest.mark.parametrize(
    ("minutes", "shown"),
    [(0, "0.0"), (2, "0.0"), (3, "0.1"), (60, "1.0"), (75, "1.3"), (-75, "-1.3")],
)
def test_minutes_are_shown_as_hours_to_one_decimal(minutes, shown):
    assert hours(minutes) == shown


def test_walking_takes_a_detour_into_account():
    # 1 km north: 1.3 km of street at 75 m a minute.
    assert geo.walking_minutes(31.2236, 121.4395, 31.2326, 121.4395) == 17


def test_quarters_begin_and_end_where_the_calendar_says():
    quarter = parse_quarter("2026Q3")
    assert str(quarter.period.first) == "2026-07-01"
    assert str(quarter.period.last) == "2026-09-30"
    assert quarter_of(quarter.period.last) == quarter
    assert Quarter(2026, 1).previous() == Quarter(2025, 4)
    assert Quarter(2026, 4).following() == Quarter(2027, 1)
    assert parse_quarter("2026Q5") is None
    assert parse_quarter("２０２６Q1") is None
