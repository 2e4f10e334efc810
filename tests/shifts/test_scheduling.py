"""Shifts: creating, changing, publishing, calling off."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

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
from volunteer_hub.core.errors import DomainError, InvalidInput, NotFound
from volunteer_hub.projects.models import ProjectStatus
from volunteer_hub.projects.services import ChangedMeanwhile
from volunteer_hub.shifts.models import Post, ShiftStatus, SignUp, SignUpStatus
from volunteer_hub.shifts.plans import ShiftPlan
from volunteer_hub.shifts.posts import PostPlan
from volunteer_hub.shifts.scheduling import (
    cancel_shift,
    change_shift,
    create_shift,
    publish_drafts,
    publish_shift,
)


@pytest.fixture
def project(session, organisation):
    return make_project(session, organisation=organisation)


@pytest.fixture
def plan(project, now):
    """Wednesday 10:00 to 11:00 in Shanghai, eight places, five needed."""
    starts_at = now + timedelta(days=2)
    return ShiftPlan(
        place_id=project.place_id,
        starts_at=starts_at,
        ends_at=starts_at + timedelta(hours=1),
        posts=[PostPlan(capacity=8, minimum=5)],
    )


@pytest.fixture
def scope(organisation, alice, now):
    return {"organisation_ids": (organisation.id,), "actor_id": alice.id, "now": now}


@pytest.fixture
def create(session, project, scope):
    def create(plan, **changes):
        given = {"project_id": project.id, "zone": SHANGHAI, **scope}
        return create_shift(session, plan=plan, **given | changes)

    return create


@pytest.fixture
def change(session, scope):
    def change(shift, plan, **changes):
        given = {"version": shift.version, "zone": SHANGHAI, **scope}
        return change_shift(session, shift_id=shift.id, plan=plan, **given | changes)

    return change


def field_of(error):
    return error.value.field


def test_a_new_shift_is_published_with_its_local_times(session, create, plan, project):
    shift = create(plan)
    post = post_of(session, shift)
    assert (shift.status, shift.start_minute, shift.end_minute) == ("published", 600, 660)
    assert (post.capacity, post.minimum, post.taken) == (8, 5, 0)
    assert project.last_starts_at == plan.starts_at


def test_a_shift_may_go_over_midnight(create, plan, now):
    start = now + timedelta(days=1, hours=12, minutes=30)
    shift = create(replace(plan, starts_at=start, ends_at=start + timedelta(hours=2)))
    assert (shift.start_minute, shift.end_minute) == (1350, 1470)


def test_a_shift_of_a_draft_project_waits_for_the_project(session, create, plan, project, scope):
    project.status = ProjectStatus.DRAFT
    session.commit()
    shift = create(plan)
    assert shift.status == ShiftStatus.DRAFT
    assert project.last_starts_at is None
    with pytest.raises(DomainError):
        publish_shift(session, shift_id=shift.id, **scope)
    assert publish_drafts(session, project_id=project.id, **scope) == 0
    project.status = ProjectStatus.PUBLISHED
    session.commit()
    assert publish_drafts(session, project_id=project.id, **scope) == 1
    assert shift.status == ShiftStatus.PUBLISHED
    assert project.last_starts_at == shift.starts_at


def test_a_draft_is_published_by_itself(session, create, plan, scope):
    shift = create(plan, publish=False)
    publish_shift(session, shift_id=shift.id, **scope)
    assert shift.status == ShiftStatus.PUBLISHED


@pytest.mark.parametrize("minutes", [-60, 0, 14, 25 * 60])
def test_lengths_that_cannot_be_are_refused(create, plan, minutes):
    ends_at = plan.starts_at + timedelta(minutes=minutes)
    with pytest.raises(InvalidInput) as refused:
        create(replace(plan, ends_at=ends_at))
    assert field_of(refused) == "ends_at"


@pytest.mark.parametrize("minutes", [15, 24 * 60])
def test_lengths_at_the_edge_are_taken(create, plan, minutes):
    assert create(replace(plan, ends_at=plan.starts_at + timedelta(minutes=minutes)))


def test_a_start_in_the_past_is_refused(create, plan, now):
    with pytest.raises(InvalidInput) as refused:
        create(
            replace(plan, starts_at=now - timedelta(minutes=1), ends_at=now + timedelta(hours=1))
        )
    assert field_of(refused) == "starts_at"


@pytest.mark.parametrize("year", [1900, 2024, 2029, 9998])
def test_a_year_out_of_reach_is_refused_in_words(create, plan, year):
    moved = plan.starts_at.replace(year=year)
    with pytest.raises(InvalidInput) as refused:
        create(replace(plan, starts_at=moved, ends_at=moved + timedelta(hours=1)))
    assert field_of(refused) == "starts_at"
    assert str(year) in str(refused.value.message)


@pytest.mark.parametrize(
    ("post", "field"),
    [
        (PostPlan(capacity=0), "posts-0-capacity"),
        (PostPlan(capacity=501), "posts-0-capacity"),
        (PostPlan(capacity=3, minimum=4), "posts-0-minimum"),
        (PostPlan(capacity=3, minimum=-1), "posts-0-minimum"),
    ],
)
def test_places_that_cannot_be_are_refused(create, plan, post, field):
    with pytest.raises(InvalidInput) as refused:
        create(replace(plan, posts=[post]))
    assert field_of(refused) == field


def test_several_posts_need_names(session, create, plan):
    with pytest.raises(InvalidInput) as refused:
        create(replace(plan, posts=[PostPlan(capacity=3, name_zh="导诊"), PostPlan(capacity=2)]))
    assert field_of(refused) == "posts-1-name_zh"
    named = [PostPlan(capacity=3, name_zh="导诊"), PostPlan(capacity=2, name_en="Kiosk")]
    shift = create(replace(plan, posts=named))
    assert [post_of(session, shift, n).capacity for n in (0, 1)] == [3, 2]


def test_a_shift_needs_a_post_and_a_place_that_exists(create, plan):
    with pytest.raises(InvalidInput):
        create(replace(plan, posts=[]))
    with pytest.raises(InvalidInput) as refused:
        create(replace(plan, place_id=2**31 - 1))
    assert field_of(refused) == "place_id"


def test_a_change_of_time_and_place_is_kept_with_a_receipt(session, create, change, plan):
    shift = create(plan)
    place = make_place(session)
    later = plan.starts_at + timedelta(hours=2)
    posts = [replace(plan.posts[0], id=post_of(session, shift).id)]
    change(
        shift,
        replace(
            plan,
            place_id=place.id,
            starts_at=later,
            ends_at=later + timedelta(hours=1),
            posts=posts,
        ),
    )
    entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "shift:change")).one()
    assert (shift.version, shift.start_minute) == (2, 720)
    assert set(entry.details["changed"]) == {"starts_at", "ends_at", "place_id"}


def test_a_change_made_on_an_older_version_is_refused(session, create, change, plan):
    shift = create(plan)
    posts = [PostPlan(capacity=9, id=post_of(session, shift).id)]
    change(shift, replace(plan, posts=posts))
    with pytest.raises(ChangedMeanwhile):
        change(shift, replace(plan, meeting_point="二楼"), version=1)
    assert post_of(session, shift).capacity == 9


def test_places_are_never_cut_below_who_is_signed_up(session, create, change, plan):
    shift = create(plan)
    post = post_of(session, shift)
    for _n in range(2):
        make_sign_up(session, shift, make_person(session))
    with pytest.raises(InvalidInput) as refused:
        change(shift, replace(plan, posts=[PostPlan(capacity=1, id=post.id)]))
    assert field_of(refused) == "posts-0-capacity"
    assert "2" in str(refused.value.message)
    session.rollback()
    change(shift, replace(plan, posts=[PostPlan(capacity=2, id=post.id)]))
    assert post_of(session, shift).capacity == 2


def test_a_post_is_taken_out_only_when_nobody_ever_signed_up_for_it(
    session, create, change, plan, bob
):
    two = [PostPlan(capacity=3, name_zh="导诊"), PostPlan(capacity=2, name_zh="机器")]
    shift = create(replace(plan, posts=two))
    first, second = post_of(session, shift, 0), post_of(session, shift, 1)
    make_sign_up(session, shift, bob, post=second)
    keep = [replace(two[0], id=first.id), replace(two[1], id=second.id)]
    with pytest.raises(InvalidInput):
        change(shift, replace(plan, posts=keep[:1]))
    session.rollback()
    change(shift, replace(plan, posts=keep[1:]))
    assert session.scalars(select(Post.id).where(Post.shift_id == shift.id)).all() == [second.id]


def test_more_places_let_the_line_move_up(session, create, change, plan, bob):
    shift = create(replace(plan, posts=[PostPlan(capacity=1)]))
    post = post_of(session, shift)
    make_sign_up(session, shift, make_person(session))
    waiting = make_sign_up(session, shift, bob, status=SignUpStatus.WAITLISTED)
    change(shift, replace(plan, posts=[PostPlan(capacity=3, id=post.id)]))
    session.expire_all()
    assert waiting.status == SignUpStatus.CONFIRMED
    assert post.taken == 2


def test_what_has_begun_cannot_be_moved_and_what_is_over_cannot_be_changed(
    session, project, change, plan, now
):
    running = make_shift(
        session,
        project=project,
        starts_at=now - timedelta(hours=1),
        ends_at=now + timedelta(hours=1),
    )
    posts = [PostPlan(capacity=6, id=post_of(session, running).id)]
    with pytest.raises(InvalidInput):
        change(running, replace(plan, posts=posts))
    more_places = replace(plan, starts_at=running.starts_at, ends_at=running.ends_at, posts=posts)
    assert change(running, more_places).version == 2
    over = make_shift(session, project=project, starts_at=now - timedelta(days=1))
    with pytest.raises(DomainError):
        change(over, plan)


def test_a_shift_called_off_keeps_its_sign_ups_and_says_why(session, project, scope, bob):
    shift = make_shift(session, project=project)
    entry = make_sign_up(session, shift, bob)
    cancel_shift(session, shift_id=shift.id, reason=" 下雨 ", **scope)
    session.commit()
    assert (shift.status, shift.cancel_reason) == (ShiftStatus.CANCELLED, "下雨")
    assert session.get(SignUp, entry.id).status == SignUpStatus.CONFIRMED
    assert project.last_starts_at is None
    cancel_shift(session, shift_id=shift.id, reason="again", **scope)
    assert shift.cancel_reason == "下雨"


def test_calling_off_needs_a_reason_and_a_shift_that_is_not_over(session, project, scope, now):
    shift = make_shift(session, project=project)
    with pytest.raises(InvalidInput) as refused:
        cancel_shift(session, shift_id=shift.id, reason="  ", **scope)
    assert field_of(refused) == "reason"
    over = make_shift(session, project=project, starts_at=now - timedelta(days=1))
    with pytest.raises(DomainError):
        cancel_shift(session, shift_id=over.id, reason="rain", **scope)


def test_a_shift_that_has_begun_is_not_called_off_so_that_its_hours_can_be_confirmed(
    session, project, scope, now
):
    shift = make_shift(session, project=project, starts_at=now)
    with pytest.raises(DomainError):
        cancel_shift(session, shift_id=shift.id, reason="下雨", **scope)
    assert shift.status == ShiftStatus.PUBLISHED
    draft = make_shift(session, project=project, starts_at=now, status=ShiftStatus.DRAFT)
    cancel_shift(session, shift_id=draft.id, reason="下雨", **scope)
    assert draft.status == ShiftStatus.CANCELLED


def test_a_shift_called_off_cannot_be_changed(session, project, change, plan, scope):
    shift = make_shift(session, project=project)
    cancel_shift(session, shift_id=shift.id, reason="下雨", **scope)
    with pytest.raises(DomainError):
        change(shift, plan)


def test_shifts_of_other_organisations_are_not_found(session, create, change, plan, scope):
    theirs = make_shift(
        session, project=make_project(session, organisation=make_organisation(session))
    )
    for attempt in (
        lambda: change(theirs, plan),
        lambda: cancel_shift(session, shift_id=theirs.id, reason="rain", **scope),
        lambda: publish_shift(session, shift_id=theirs.id, **scope),
        lambda: create(plan, project_id=theirs.project_id),
        lambda: change_shift(
            session, shift_id=2**31 - 1, version=1, plan=plan, zone=SHANGHAI, **scope
        ),
    ):
        with pytest.raises(NotFound):
            attempt()
