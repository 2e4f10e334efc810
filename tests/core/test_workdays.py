"""Workdays as the State Council announced them."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from volunteer_hub.core.workdays import holiday_of, is_workday, known, swapped_for


def october(day):
    return date(2026, 10, day)


def test_national_day_of_2026_is_off_for_a_week_and_a_saturday_is_worked_for_it():
    assert [n for n in range(1, 13) if is_workday(october(n))] == [8, 9, 10, 12]
    assert {holiday_of(october(n)).name_zh for n in range(1, 8)} == {"国庆节"}
    assert swapped_for(october(10)).name_en == "National Day"
    assert swapped_for(date(2026, 9, 20)).name_zh == "国庆节"


def test_a_plain_weekend_is_neither_a_holiday_nor_swapped():
    sunday = october(11)
    assert not is_workday(sunday)
    assert holiday_of(sunday) is None
    assert swapped_for(sunday) is None
    assert swapped_for(october(9)) is None


def test_a_whole_known_year_has_as_many_workdays_as_were_announced():
    days = [date(2026, 1, 1) + timedelta(n) for n in range(365)]
    assert sum(map(is_workday, days)) == 248
    assert sum(holiday_of(day) is not None for day in days) == 33


@pytest.mark.parametrize("year", [1, 1900, 2003, 2100, 9999])
def test_a_year_that_is_not_known_falls_back_to_weekdays(year):
    assert not known(year)
    for n in range(14):
        day = date(year, 5, 1) + timedelta(n)
        assert is_workday(day) == (day.isoweekday() < 6)
        assert holiday_of(day) is None
        assert swapped_for(day) is None


def test_the_year_in_which_we_live_is_known():
    assert known(2026)
