"""Series of shifts: on which days, changed together, extended; nothing lost, nothing back."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, time, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from tests.factories import (
    SHANGHAI,
    make_organisation,
    make_person,
    make_place,
    make_project,
    make_shift,
    make_sign_up,
    post_of,
)
from volunteer_hub.audit.models import AuditEntry
from volunteer_hub.core import i18n
from volunteer_hub.core.errors import DomainError, InvalidInput, NotFound
from volunteer_hub.projects.models import ProjectStatus
from volunteer_hub.projects.services import ChangedMeanwhile
from volunteer_hub.shifts.models import Post, Series, Shift, ShiftStatus, SignUp, SignUpStatus
from volunteer_hub.shifts.plans import ShiftPlan
from volunteer_hub.shifts.posts import PostPlan
from volunteer_hub.shifts.series import queries
from volunteer_hub.shifts.series.changing import (
    Reach,
    SeriesRefused,
    cancel_series,
    change_series,
)
from volunteer_hub.shifts.series.checks import Hours, SeriesPlan, check_days, check_hours
from volunteer_hub.shifts.series.days import EVERY_DAY, LAST, Recurrence, days_of, monthly, weekly
from volunteer_hub.shifts.series.planning import create_series, extend_series
from volunteer_hub.shifts.series.posts import posts_of
from volunteer_hub.shifts.series.words import in_words

SATURDAY = date(2026, 11, 28)
TODAY = date(2026, 11, 23)


# ---------------------------------------------------------------- which days


def days(rule, first, last, **more):
    return days_of(Recurrence(rule, first, last, **more))


def october(*numbers):
    return [date(2026, 10, number) for number in numbers]


def test_a_weekly_series_leaves_out_national_day_and_says_so():
    found = days(weekly([1, 2, 3, 4, 5]), *october(1, 16))
    assert found.kept == october(8, 9, 12, 13, 14, 15, 16)
    assert [one.day for one in found.skipped] == october(1, 2, 5, 6, 7)
    assert {one.holiday.name_zh for one in found.skipped} == {"国庆节"}
    assert found.left_out == october(10)


def test_every_workday_has_the_swapped_saturday_too():
    found = days(EVERY_DAY, *october(1, 16), workdays_only=True)
    assert found.kept == october(8, 9, 10, 12, 13, 14, 15, 16)
    assert [one.day for one in found.skipped] == october(1, 2, 5, 6, 7)
    assert [one.day for one in found.days if one.swapped_for] == october(10)
    assert found.left_out == []


def test_every_saturday_leaves_out_the_holiday_and_marks_the_one_that_is_worked():
    found = days(weekly([6]), *october(1, 31))
    assert found.kept == october(10, 17, 24, 31)
    assert [one.day for one in found.days if one.swapped_for] == october(10)


def test_holidays_may_be_wanted():
    found = days(weekly([6]), *october(1, 17), skip_holidays=False)
    assert found.kept == october(3, 10, 17)
    assert found.days[0].holiday.name_en == "National Day"


def test_every_second_week_keeps_its_rhythm_over_a_year_end():
    found = days(weekly([2, 4], every=2), date(2026, 12, 15), date(2027, 1, 16))
    assert found.kept == [
        date(2026, 12, 15), date(2026, 12, 17), date(2026, 12, 29), date(2026, 12, 31),
        date(2027, 1, 12), date(2027, 1, 14),
    ]  # fmt: skip
    assert found.unknown == [2027]


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (monthly(2, 6), [date(2026, 11, 14), date(2026, 12, 12), date(2027, 1, 9)]),
        (monthly(LAST, 5), [date(2026, 11, 27), date(2026, 12, 25), date(2027, 1, 29)]),
    ],
)
def test_a_month_by_weekday(rule, expected):
    assert days(rule, date(2026, 11, 1), date(2027, 1, 31)).kept == expected


@pytest.mark.parametrize(
    ("recurrence", "chinese", "english"),
    [
        ((weekly([6]),), "每周六，跳过节假日", "Every Sat, except public holidays"),
        ((weekly([2, 4], 2), False), "每 2 周的周二、周四", "Every 2 weeks on Tue, Thu"),
        ((weekly(range(1, 6)), False), "每周一至周五", "Every weekday from Mon to Fri"),
        ((monthly(2, 6), False), "每月第二个周六", "Each month on the second Sat"),
        ((monthly(LAST, 7), False), "每月最后一个周日", "Each month on the last Sun"),
        ((EVERY_DAY, False), "每天", "Every day"),
        (
            (EVERY_DAY, True, True),
            "每个工作日（含调休上班日）",
            "Every workday, swapped ones included",
        ),
    ],
)
def test_the_rule_in_words(some_app, recurrence, chinese, english):
    rule, *more = recurrence
    asked = Recurrence(rule, SATURDAY, SATURDAY, *more)
    with some_app.test_request_context():
        with i18n.speaking(i18n.CHINESE):
            assert in_words(asked) == chinese
        with i18n.speaking(i18n.ENGLISH):
            assert in_words(asked) == english


# ---------------------------------------------------------------- what cannot be


@pytest.mark.parametrize(
    ("first", "last", "field", "word"),
    [
        (date(1900, 1, 1), SATURDAY, "first_day", "1900"),
        (SATURDAY, date(1900, 1, 1), "last_day", "1900"),
        (date(1, 1, 1), SATURDAY, "first_day", "1"),
        (SATURDAY, date(9999, 12, 31), "last_day", "9999"),
        (TODAY - timedelta(days=1), SATURDAY, "first_day", ""),
        (SATURDAY, TODAY, "last_day", ""),
        (TODAY, TODAY + timedelta(days=9_999), "last_day", "10,000"),
        (TODAY, date(2199, 12, 31), "last_day", "20,000+"),
        (TODAY, TODAY + timedelta(days=200), "last_day", "201"),
    ],
)
def test_days_that_cannot_be_are_named_at_their_field(some_app, first, last, field, word):
    with some_app.test_request_context(), pytest.raises(InvalidInput) as refused:
        check_days(Recurrence(EVERY_DAY, first, last, skip_holidays=False), today=TODAY)
    assert refused.value.field == field
    assert word in str(refused.value.message)


@pytest.mark.parametrize(
    "recurrence",
    [
        Recurrence(weekly([6]), SATURDAY, date(2027, 12, 4)),  # few, but too far ahead
        Recurrence(weekly([6]), TODAY, TODAY + timedelta(days=3)),  # no Saturday between
    ],
)
def test_a_series_lasts_a_year_at_most_and_has_a_shift_at_least(some_app, recurrence):
    with some_app.test_request_context(), pytest.raises(InvalidInput) as refused:
        check_days(recurrence, today=TODAY)
    assert refused.value.field == "last_day"


@pytest.mark.parametrize(
    ("start", "end", "next_day"),
    [
        (time(14), time(14), False),  # zero length
        (time(14), time(13), False),  # ends before it starts
        (time(14), time(15), True),  # 25 hours
        (time(14), time(14, 14), False),
    ],
)
def test_times_that_cannot_be_are_refused_at_the_end(some_app, start, end, next_day):
    with some_app.test_request_context(), pytest.raises(InvalidInput) as refused:
        check_hours(Hours(start, end, next_day))
    assert refused.value.field == "end"


# ---------------------------------------------------------------- the rows


@pytest.fixture
def project(session, organisation):
    return make_project(session, organisation=organisation)


@pytest.fixture
def scope(organisation, alice, now):
    return {"organisation_ids": (organisation.id,), "actor_id": alice.id, "now": now}


@pytest.fixture
def plan(project):
    """Four Saturdays from 28 November, 14:00 to 16:00, two posts."""
    return SeriesPlan(
        recurrence=Recurrence(weekly([6]), SATURDAY, date(2026, 12, 19)),
        hours=Hours(time(14), time(16)),
        place_id=project.place_id,
        posts=[PostPlan(5, 2, "导诊"), PostPlan(3, 0, "缴费")],
        meeting_point="大厅",
    )


@pytest.fixture
def create(session, project, scope):
    def create(plan, **more):
        return create_series(
            session, project_id=project.id, plan=plan, zone=SHANGHAI, **scope | more
        )

    return create


def shifts_of(session, series):
    session.expire_all()
    return session.scalars(
        select(Shift).where(Shift.series_id == series.id).order_by(Shift.series_day)
    ).all()


def plan_of(session, shift, **changes):
    """What the edit form of this shift would send."""
    plan = ShiftPlan(
        place_id=shift.place_id,
        starts_at=shift.starts_at,
        ends_at=shift.ends_at,
        posts=posts_of(session, [shift.id])[shift.id],
        meeting_point=shift.meeting_point,
    )
    return replace(plan, **changes)


@pytest.fixture
def change(session, scope):
    def change(shift, reach, *, version=None, **changes):
        plan = plan_of(session, shift, **changes)
        given = {"version": version or shift.version, "zone": SHANGHAI, **scope}
        return change_series(session, shift_id=shift.id, plan=plan, reach=reach, **given)

    return change


@pytest.fixture
def cancel(session, scope):
    def cancel(shift, reach, reason="下雨"):
        return cancel_series(session, shift_id=shift.id, reach=reach, reason=reason, **scope)

    return cancel


@pytest.fixture
def extend(session, scope):
    def extend(series, last_day):
        return extend_series(
            session, series_id=series.id, last_day=last_day, zone=SHANGHAI, **scope
        )

    return extend


def local(shift):
    return shift.day.day, shift.start_minute // 60, shift.end_minute // 60


def test_a_series_is_a_rule_and_its_shifts(session, create, plan, alice):
    series = create(plan)
    shifts = shifts_of(session, series)
    assert [local(one) for one in shifts] == [(n, 14, 16) for n in (28, 5, 12, 19)]
    assert [one.series_day for one in shifts] == [one.day for one in shifts]
    assert {one.status for one in shifts} == {ShiftStatus.PUBLISHED}
    assert (series.rule, series.created_by) == ("FREQ=WEEKLY;BYDAY=SA", alice.id)
    posts = posts_of(session, [one.id for one in shifts])
    assert [[(p.name_zh, p.capacity, p.minimum) for p in row] for row in posts.values()] == [
        [("导诊", 5, 2), ("缴费", 3, 0)]
    ] * 4
    actions = session.scalars(select(AuditEntry.action)).all()
    assert (actions.count("series:create"), actions.count("shift:create")) == (1, 4)


def test_shifts_may_go_over_midnight(session, create, plan):
    series = create(replace(plan, hours=Hours(time(22, 30), time(0, 30), next_day=True)))
    first = shifts_of(session, series)[0]
    assert (first.start_minute, first.end_minute, first.day) == (1350, 1470, SATURDAY)
    assert first.ends_at - first.starts_at == timedelta(hours=2)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"posts": [PostPlan(0)]}, "posts-0-capacity"),
        ({"posts": []}, "posts-0-capacity"),
        ({"place_id": 2**31 - 1}, "place_id"),
        ({"hours": Hours(time(9), time(9))}, "end"),
        ({"recurrence": Recurrence(EVERY_DAY, TODAY, SATURDAY)}, "first_day"),  # 08:00 is past
    ],
)
def test_nothing_is_kept_of_a_series_that_cannot_be(session, create, plan, changes, field):
    plan = replace(plan, hours=Hours(time(8), time(9)))
    with pytest.raises(InvalidInput) as refused:
        create(replace(plan, **changes))
    assert refused.value.field == field
    session.commit()
    assert session.scalar(select(func.count(Series.id))) == 0
    assert session.scalar(select(func.count(Shift.id))) == 0


def test_the_largest_series_is_made(session, create, plan):
    daily = Recurrence(EVERY_DAY, SATURDAY, SATURDAY + timedelta(days=199), skip_holidays=False)
    assert len(shifts_of(session, create(replace(plan, recurrence=daily)))) == 200


def test_the_series_of_a_draft_project_waits_for_it(session, create, plan, project):
    project.status = ProjectStatus.DRAFT
    session.commit()
    assert {one.status for one in shifts_of(session, create(plan))} == {ShiftStatus.DRAFT}


def test_only_ones_own_projects_and_series(session, create, plan, extend, scope):
    stranger = make_organisation(session)
    with pytest.raises(NotFound):
        create(plan, organisation_ids=(stranger.id,))
    series = create(plan)
    scope["organisation_ids"] = (stranger.id,)
    with pytest.raises(NotFound):
        extend(series, date(2027, 1, 2))
    with pytest.raises(NotFound):
        queries.series_desk(session, series_id=series.id, organisation_ids=(stranger.id,))


# ---------------------------------------------------------------- changed together


def test_only_this_one(session, create, plan, change):
    series = create(plan)
    second = shifts_of(session, series)[1]
    assert change(second, Reach.ONE, meeting_point="南门") == 1
    assert [one.meeting_point for one in shifts_of(session, series)] == [
        "大厅", "南门", "大厅", "大厅",
    ]  # fmt: skip


def test_this_and_following_get_only_what_was_changed(session, create, plan, change):
    series = create(plan)
    first, second, third, fourth = shifts_of(session, series)
    place = make_place(session)
    change(third, Reach.ONE, place_id=place.id, meeting_point="南门")
    hour = timedelta(hours=1)
    second = shifts_of(session, series)[1]
    count = change(
        second, Reach.FOLLOWING, starts_at=second.starts_at + hour, ends_at=second.ends_at + hour
    )
    assert count == 3
    first, second, third, fourth = shifts_of(session, series)
    assert [local(one)[1:] for one in (first, second, third, fourth)] == [
        (14, 16), (15, 17), (15, 17), (15, 17),
    ]  # fmt: skip
    assert (third.place_id, third.meeting_point) == (place.id, "南门")
    assert fourth.meeting_point == "大厅"


def test_a_shift_moved_to_another_day_keeps_that_day(session, create, plan, change):
    series = create(plan)
    third = shifts_of(session, series)[2]
    day = timedelta(days=1)
    change(third, Reach.ONE, starts_at=third.starts_at + day, ends_at=third.ends_at + day)
    first = shifts_of(session, series)[0]
    change(first, Reach.ALL, ends_at=first.ends_at + timedelta(hours=1))
    assert [local(one) for one in shifts_of(session, series)] == [
        (28, 14, 17), (5, 14, 17), (13, 14, 17), (19, 14, 17),
    ]  # fmt: skip


def test_several_shifts_cannot_move_to_another_day(session, create, plan, change):
    first = shifts_of(session, create(plan))[0]
    day = timedelta(days=1)
    with pytest.raises(InvalidInput) as refused:
        change(first, Reach.ALL, starts_at=first.starts_at + day, ends_at=first.ends_at + day)
    assert refused.value.field == "starts_at"


def test_what_is_past_or_cancelled_is_left_alone(session, create, plan, change, cancel, scope):
    series = create(plan)
    cancel(shifts_of(session, series)[2], Reach.ONE)
    scope["now"] = datetime(2026, 11, 29, 2, tzinfo=SHANGHAI)  # the first one is over
    second = shifts_of(session, series)[1]
    assert change(second, Reach.ALL, meeting_point="南门") == 2
    assert [one.meeting_point for one in shifts_of(session, series)] == [
        "大厅", "南门", "大厅", "南门",
    ]  # fmt: skip


def test_posts_of_the_others_change_in_what_was_changed(session, create, plan, change):
    series = create(plan)
    first, second, *_rest = shifts_of(session, series)
    guide, till = posts_of(session, [second.id])[second.id]
    change(second, Reach.ONE, posts=[replace(guide, capacity=9), till])
    guide, till = posts_of(session, [first.id])[first.id]
    first = shifts_of(session, series)[0]
    change(
        first,
        Reach.ALL,
        posts=[replace(guide, minimum=3), replace(till, name_zh="缴费机"), PostPlan(1, 0, "翻译")],
    )
    shifts = shifts_of(session, series)
    found = posts_of(session, [one.id for one in shifts])
    assert [[(p.name_zh, p.capacity, p.minimum) for p in row] for row in found.values()] == [
        [("导诊", 9 if n == 1 else 5, 3), ("缴费机", 3, 0), ("翻译", 1, 0)] for n in range(4)
    ]


def test_a_post_is_taken_out_of_all(session, create, plan, change):
    series = create(plan)
    first = shifts_of(session, series)[0]
    change(first, Reach.ALL, posts=posts_of(session, [first.id])[first.id][:1])
    assert session.scalars(select(Post.name_zh)).all() == ["导诊"] * 4


def test_one_shift_that_cannot_refuses_for_all_and_is_named(session, create, plan, change, bob):
    series = create(plan)
    first, _second, third, fourth = shifts_of(session, series)
    for shift in (third, fourth):
        for person in (bob, make_person(session)):
            make_sign_up(session, shift, person)
    guide, till = posts_of(session, [first.id])[first.id]
    session.commit()
    with pytest.raises(SeriesRefused) as refused:
        change(
            first, Reach.ALL, posts=[replace(guide, capacity=1, minimum=0), till], meeting_point="x"
        )
    session.commit()
    assert [day.isoformat() for day, _why in refused.value.lines] == ["2026-12-12", "2026-12-19"]
    assert all("2" in str(why) for _day, why in refused.value.lines)
    assert "2" in str(refused.value.message)
    assert "4" in str(refused.value.message)
    shifts = shifts_of(session, series)
    assert {(one.meeting_point, one.version) for one in shifts} == {("大厅", 1)}
    assert {post_of(session, one).capacity for one in shifts} == {5}


def test_a_mistake_in_the_plan_itself_is_told_at_its_field(session, create, plan, change):
    first = shifts_of(session, create(plan))[0]
    with pytest.raises(InvalidInput) as refused:
        change(first, Reach.ALL, ends_at=first.starts_at)
    assert refused.value.field == "ends_at"


def test_a_change_on_top_of_somebody_elses_is_not_made(session, create, plan, change):
    series = create(plan)
    first = shifts_of(session, series)[0]
    change(first, Reach.ONE, meeting_point="南门")
    first = shifts_of(session, series)[0]
    with pytest.raises(ChangedMeanwhile):
        change(first, Reach.ALL, version=1, meeting_point="北门")
    assert [one.meeting_point for one in shifts_of(session, series)][1:] == ["大厅"] * 3


def test_drafts_of_a_series_are_published_together(session, create, plan, scope):
    series = create(plan, publish=False)
    second = shifts_of(session, series)[1]
    change_series(
        session,
        shift_id=second.id,
        version=second.version,
        plan=plan_of(session, second),
        reach=Reach.FOLLOWING,
        zone=SHANGHAI,
        publish=True,
        **scope,
    )
    assert [one.status for one in shifts_of(session, series)] == ["draft"] + ["published"] * 3


def test_following_are_called_off_with_a_reason_and_sign_ups_stay(
    session, create, plan, cancel, bob
):
    series = create(plan)
    shifts = shifts_of(session, series)
    make_sign_up(session, shifts[3], bob)
    with pytest.raises(InvalidInput):
        cancel(shifts[2], Reach.FOLLOWING, reason=" ")
    assert cancel(shifts[2], Reach.FOLLOWING) == 2
    found = [(one.status, one.cancel_reason) for one in shifts_of(session, series)]
    assert found == [("published", "")] * 2 + [("cancelled", "下雨")] * 2
    assert session.scalars(select(SignUp.status)).all() == [SignUpStatus.CONFIRMED]


# ---------------------------------------------------------------- extended


def test_an_extension_adds_only_later_days_and_brings_nothing_back(
    session, create, plan, change, cancel, extend
):
    series = create(plan)
    shifts = shifts_of(session, series)
    cancel(shifts[1], Reach.ONE)
    day = timedelta(days=1)
    third = shifts_of(session, series)[2]
    change(third, Reach.ONE, starts_at=third.starts_at + day, ends_at=third.ends_at + day)
    assert extend(series, date(2027, 1, 10)) == 3  # nobody knows the holidays of 2027 yet
    shifts = shifts_of(session, series)
    assert [one.day.isoformat() for one in shifts[:4]] == [
        "2026-11-28", "2026-12-05", "2026-12-13", "2026-12-19",
    ]  # fmt: skip
    assert [one.status for one in shifts][:3] == ["published", "cancelled", "published"]
    assert len({one.series_day for one in shifts}) == len(shifts)


def test_an_extension_is_like_the_latest_shift_that_takes_place(
    session, create, plan, change, cancel, extend
):
    series = create(plan)
    third = shifts_of(session, series)[2]
    guide, _till = posts_of(session, [third.id])[third.id]
    change(third, Reach.FOLLOWING, meeting_point="南门", posts=[replace(guide, capacity=9)])
    cancel(shifts_of(session, series)[3], Reach.ONE)
    extend(series, date(2026, 12, 26))
    last = shifts_of(session, series)[-1]
    assert (last.day, last.meeting_point) == (date(2026, 12, 26), "南门")
    assert post_of(session, last).capacity == 9
    assert session.scalar(select(func.count()).where(Post.shift_id == last.id)) == 1


@pytest.mark.parametrize(
    ("last_day", "word"),
    [
        (date(2026, 12, 19), "2026"),
        (date(1900, 1, 1), "1900"),
        (date(2026, 12, 24), ""),  # no Saturday until then
        (date(2028, 6, 1), ""),
        (date(2060, 1, 1), "1,"),
    ],
)
def test_an_extension_that_cannot_be_is_refused_at_its_field(
    session, create, plan, extend, last_day, word
):
    series = create(plan)
    with pytest.raises(InvalidInput) as refused:
        extend(series, last_day)
    assert refused.value.field == "last_day"
    assert word in str(refused.value.message)
    assert len(shifts_of(session, series)) == 4


def test_a_series_that_ended_goes_on_from_tomorrow(session, create, plan, extend, scope):
    series = create(plan)
    scope["now"] = datetime(2027, 3, 1, 12, tzinfo=SHANGHAI)
    assert extend(series, date(2027, 3, 14)) == 2
    assert shifts_of(session, series)[-2].day == date(2027, 3, 6)


def test_every_second_week_goes_on_in_its_rhythm(session, create, plan, extend):
    recurrence = Recurrence(weekly([6], 2), SATURDAY, date(2026, 12, 19), skip_holidays=False)
    series = create(replace(plan, recurrence=recurrence))
    extend(series, date(2027, 1, 9))
    assert [one.day.isoformat() for one in shifts_of(session, series)] == [
        "2026-11-28", "2026-12-12", "2026-12-26", "2027-01-09",
    ]  # fmt: skip


# ---------------------------------------------------------------- what the desk reads


def test_the_desk_sees_how_far_a_change_would_reach(session, create, plan, cancel, now):
    series = create(plan)
    shifts = shifts_of(session, series)
    cancel(shifts[3], Reach.ONE)
    found = queries.series_of_shift(session, shift_id=shifts[1].id, now=now)
    assert (found.id, found.following, found.ahead) == (series.id, 1, 2)
    alone = make_shift(session)
    assert queries.series_of_shift(session, shift_id=alone.id, now=now) is None
    rows = queries.shifts_of_series(session, series_id=series.id, now=now)
    assert [(row.day.day, row.capacity, row.status) for row in rows][-1] == (19, 8, "cancelled")
    (only,) = queries.series_of_project(session, project_id=series.project_id, now=now)
    assert only.ahead == 3


# ---------------------------------------------------------------- whatever is done

STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("time"), st.integers(0, 9), st.sampled_from(Reach), st.integers(-2, 3)),
        st.tuples(st.just("day"), st.integers(0, 9), st.just(Reach.ONE), st.integers(-6, 6)),
        st.tuples(st.just("places"), st.integers(0, 9), st.sampled_from(Reach), st.integers(1, 4)),
        st.tuples(st.just("cancel"), st.integers(0, 9), st.sampled_from(Reach), st.just(0)),
        st.tuples(st.just("extend"), st.just(0), st.just(Reach.ALL), st.integers(-3, 30)),
        st.tuples(st.just("sign up"), st.integers(0, 9), st.just(Reach.ONE), st.just(0)),
        st.tuples(st.just("later"), st.just(0), st.just(Reach.ONE), st.integers(1, 5)),
    ),
    min_size=2,
    max_size=9,
)


@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=STEPS)
def test_whatever_is_done_no_sign_up_is_lost_and_nothing_cancelled_comes_back(
    session, create, plan, change, cancel, extend, scope, now, steps
):
    scope["now"] = now
    series = create(replace(plan, posts=[PostPlan(3)]))
    session.commit()
    signed: set[int] = set()
    gone: set[int] = set()

    def move(shift, reach, by):
        change(shift, reach, starts_at=shift.starts_at + by, ends_at=shift.ends_at + by)

    def set_places(shift, reach, number):
        post = posts_of(session, [shift.id])[shift.id][0]
        change(shift, reach, posts=[replace(post, capacity=number)])

    def sign_up(shift, _reach, _number):
        post = post_of(session, shift)
        if post.taken < post.capacity:
            signed.add(make_sign_up(session, shift, make_person(session)).id)

    def wait(_shift, _reach, number):
        scope["now"] += timedelta(days=number)

    do = {
        "time": lambda shift, reach, number: move(shift, reach, timedelta(hours=number)),
        "day": lambda shift, reach, number: move(shift, reach, timedelta(days=number)),
        "places": set_places,
        "cancel": lambda shift, reach, _number: cancel(shift, reach),
        "extend": lambda *given: extend(series, series.last_day + timedelta(days=given[2])),
        "sign up": sign_up,
        "later": wait,
    }
    for what, index, reach, number in steps:
        shifts = shifts_of(session, series)
        shift = shifts[index % len(shifts)]
        try:
            do[what](shift, reach, number)
            session.commit()
        except DomainError:
            session.rollback()
        shifts = shifts_of(session, series)
        now_gone = {one.id for one in shifts if one.status == ShiftStatus.CANCELLED}
        assert gone <= now_gone
        gone = now_gone
        planned = [one.series_day for one in shifts]
        assert len(set(planned)) == len(planned)
        assert {one.status for one in shifts} <= {"published", "cancelled"}
    kept = session.scalars(
        select(SignUp.id).where(SignUp.id.in_(signed), SignUp.status == SignUpStatus.CONFIRMED)
    ).all()
    assert set(kept) == signed


def test_a_series_is_changed_as_single_shifts_are(session, create, plan, change):
    """Each shift has its own version and audit entry, so receipts and history hold for it."""
    series = create(plan)
    first = shifts_of(session, series)[0]
    change(first, Reach.ALL, meeting_point="南门")
    assert [one.version for one in shifts_of(session, series)] == [2] * 4
    entries = session.scalars(select(AuditEntry).where(AuditEntry.action == "shift:change")).all()
    assert sorted(entry.object_id for entry in entries) == [
        one.id for one in shifts_of(session, series)
    ]
