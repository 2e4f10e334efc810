"""A plan from the database: every pair could be asked, every open place says why, one command."""

from __future__ import annotations

import json
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from tests.factories import (
    make_availability,
    make_invitation,
    make_need,
    make_person,
    make_project,
    make_shift,
    make_sign_up,
    make_walk,
    post_of,
)
from tests.matching.test_batch import SPAN, Town
from volunteer_hub.accounts.models import PersonQualification
from volunteer_hub.core.calendar import Period
from volunteer_hub.core.db import db
from volunteer_hub.matching import asking, jobs, runs
from volunteer_hub.matching.batch import plan
from volunteer_hub.matching.explain import Cause
from volunteer_hub.matching.models import (
    Invitation,
    MatchRun,
    MatchWish,
    PostOutcome,
    Proposal,
    RunState,
)
from volunteer_hub.matching.planned import Wanted
from volunteer_hub.notifications.worker import Worker, make_round
from volunteer_hub.projects.models import Project
from volunteer_hub.registry.models import Place
from volunteer_hub.shifts.models import Post

WANTED = Wanted(None, SPAN, 50)
LUNCH = {"hour": 4, "minute": 0}


def planned(session, now, **changes):
    wanted = Wanted(**{**vars(WANTED), **changes})
    found = plan.read(session, wanted, today=date(2026, 11, 23), now=now)
    return plan.work_out(found, reward=wanted.reward)


def pairs(found):
    return {(pair.post_id, pair.person_id) for pair in found.pairs}


@pytest.mark.parametrize("seed", [11, 12, 13])
def test_everybody_in_a_plan_could_be_asked_and_every_open_place_says_why(session, now, seed):
    Town(session, seed, now)
    found = planned(session, now)
    shift_of = {post.id: post.shift_id for post in session.scalars(select(Post))}
    for post_id, person_id in pairs(found):
        assert (
            asking.kept_from(
                session,
                shift_id=shift_of[post_id],
                post_id=post_id,
                person_id=person_id,
                now=now,
            )
            is None
        )
    assert found.pairs
    assert found.value <= found.bound
    for post in found.posts:
        assert post.filled <= post.places
        assert bool(post.cause) == (post.filled < post.places)
        assert post.cause != Cause.LEFT_OVER
        asked = {person for other, person in pairs(found) if other == post.post_id}
        assert not asked & {person for person, _why in post.reserves}


@pytest.fixture
def lunch(session, now):
    """A shift on Thursday at lunch that needs two people."""
    starts_at = (now + timedelta(days=3)).replace(**LUNCH)
    return make_shift(session, starts_at=starts_at, posts=[{"capacity": 3, "minimum": 2}])


def test_a_shift_that_cannot_reach_its_minimum_gets_nobody_and_says_so(session, now, lunch, bob):
    make_availability(session, bob)
    found = planned(session, now)
    assert found.pairs == []
    (post,) = found.posts
    assert (post.filled, post.cause, post.counts["candidates"]) == (0, Cause.BELOW_MINIMUM, 1)


def test_no_post_of_a_shift_is_filled_while_another_stays_below_its_minimum(session, now, bob):
    starts_at = (now + timedelta(days=3)).replace(**LUNCH)
    shift = make_shift(
        session,
        starts_at=starts_at,
        posts=[{"capacity": 2, "minimum": 0}, {"capacity": 2, "minimum": 1}],
    )
    make_need(session, shift, kind="language", position=1)
    make_availability(session, bob)
    assert planned(session, now).pairs == []


def test_those_who_are_being_asked_count_for_the_minimum(session, now, lunch, bob):
    make_invitation(session, lunch, make_person(session))
    make_availability(session, bob)
    assert pairs(planned(session, now)) == {(post_of(session, lunch).id, bob.id)}


def test_a_training_asks_nobody(session, now, bob):
    starts_at = (now + timedelta(days=3)).replace(**LUNCH)
    shift = make_shift(session, starts_at=starts_at, capacity=2)
    taught = make_need(session, make_shift(session, starts_at=now), kind="training")
    session.get_one(Project, shift.project_id).teaches_id = taught.id
    make_availability(session, bob)
    assert planned(session, now).posts == []


def test_a_longer_walk_is_proposed_only_for_people_who_have_what_the_post_asks_for(
    session, now, lunch, building
):
    need = make_need(session, lunch, kind="language")
    make_walk(session, building, session.get_one(Place, lunch.place_id), minutes=18)
    able, unable = (make_person(session, building_id=building.id) for _ in range(2))
    held = {"person_id": able.id, "qualification_id": need.id, "since": SPAN.first}
    session.add(PersonQualification(**held))
    for person in (able, unable):
        make_availability(session, person, farthest_walk=15)
    (post,) = planned(session, now).posts
    assert post.counts["farther"] == 1


def test_those_who_signed_up_already_count_for_the_minimum(session, now, lunch, bob):
    make_sign_up(session, lunch, make_person(session))
    make_availability(session, bob)
    found = planned(session, now)
    assert pairs(found) == {(post_of(session, lunch).id, bob.id)}
    assert ["short", 1] in found.pairs[0].why


@pytest.mark.parametrize(
    ("people", "cause"),
    [
        ([], Cause.NOBODY_FREE),
        ([{"free": {3: (0, 600)}}], Cause.NOBODY_FREE),
        ([{}, {}, {"weekly_limit": 1}], ""),
    ],
)
def test_the_first_cause_that_applies_is_told(session, now, lunch, people, cause):
    for fields in people:
        make_availability(session, make_person(session), **fields)
    (post,) = planned(session, now).posts
    assert post.cause == cause


def test_of_two_who_suit_a_place_equally_the_one_proposed_before_stays(session, now, bob, charlie):
    starts_at = (now + timedelta(days=3)).replace(**LUNCH)
    make_shift(session, starts_at=starts_at, capacity=1)
    for person in (bob, charlie):
        make_availability(session, person)
    ((post, first),) = pairs(planned(session, now))
    for proposed in {bob.id, charlie.id} - {first}, {first}:
        earlier = MatchRun(
            first_day=SPAN.first, last_day=SPAN.last, reward=50, asked_at=now, state=RunState.READY
        )
        session.add(earlier)
        session.flush()
        (person,) = proposed
        session.add(Proposal(run_id=earlier.id, post_id=post, person_id=person, value=1000, why=[]))
        session.flush()
        assert pairs(planned(session, now, close_to=earlier.id)) == {(post, person)}


def test_people_who_are_planned_elsewhere_are_counted(session, now, bob, charlie):
    """Two shifts at one hour, two people: each can be at one of them alone."""
    starts_at = (now + timedelta(days=3)).replace(**LUNCH)
    project = make_project(session)
    for _ in range(2):
        make_shift(session, project=project, starts_at=starts_at, capacity=2)
    for person in (bob, charlie):
        make_availability(session, person)
    found = planned(session, now)
    assert len(found.pairs) == 2
    short = [post for post in found.posts if post.filled < post.places]
    assert {post.cause for post in short} == {Cause.ALL_BUSY}
    assert sum(post.counts["busy"] for post in short) == 2


def test_a_pinned_pair_is_kept_and_a_ruled_out_one_never_comes_back(session, now, alice, lunch):
    people = [make_person(session) for _ in range(5)]
    for person in people:
        make_availability(session, person)
    first = planned(session, now)
    post_id = post_of(session, lunch).id
    out = next(iter(pairs(first)))[1]
    kept = next(one.id for one in people if (post_id, one.id) not in pairs(first))
    for person_id, kind in ((out, "forbid"), (kept, "pin")):
        session.add(
            MatchWish(
                shift_id=lunch.id,
                person_id=person_id,
                kind=kind,
                post_id=post_id if kind == "pin" else None,
                made_by=alice.id,
                made_at=now,
            )
        )
    session.commit()
    again = planned(session, now)
    assert (post_id, kept) in pairs(again)
    assert (post_id, out) not in pairs(again)
    assert [pair.person_id for pair in again.pairs if pair.pinned] == [kept]
    assert len(again.pairs) == 3


def work(app, now):
    worker = Worker("test", jobs.JOBS, {}, "", "", now=lambda: now)
    assert make_round(worker)


def test_the_worker_works_plans_out_and_sends_them(app, session, organisation, alice, bob, now):
    shift = make_shift(session, project=make_project(session, organisation=organisation))
    make_availability(session, bob)
    run = runs.ask(
        session,
        organisation_id=organisation.id,
        first_day=date(2026, 11, 23),
        last_day=date(2026, 12, 6),
        reward=50,
        asked_by=alice.id,
        today=date(2026, 11, 23),
        now=now,
    )
    session.commit()
    run_id, shift_id, bob_id = run.id, shift.id, bob.id
    where = {"organisation_ids": [organisation.id], "actor_id": alice.id, "now": now}
    work(app, now)
    # The worker ends its session; this is a new one.
    session = db.session()
    run = session.get(MatchRun, run_id)
    assert run.state == RunState.READY
    assert run.figures["filled"] == 1
    assert session.scalars(select(Proposal.person_id)).all() == [bob_id]
    assert session.scalars(select(PostOutcome.places)).all() == [5]
    runs.send(session, run_id=run_id, **where)
    session.commit()
    work(app, now + timedelta(hours=13))  # 23:00: people sleep
    assert db.session().scalars(select(Invitation.person_id)).all() == []
    work(app, now)
    session = db.session()
    assert session.scalars(select(Invitation.person_id)).all() == [bob_id]
    assert session.scalars(select(Invitation.shift_id)).all() == [shift_id]


@pytest.mark.expects_error_log
def test_a_plan_that_cannot_be_worked_out_says_so_and_holds_up_no_other(
    app, session, organisation, alice, bob, now
):
    broken, fine = (
        MatchRun(
            organisation_id=organisation.id,
            first_day=date(2026, 11, 24),
            # A span that ends before it begins has no weeks.
            last_day=date(2026, 11, 30) if good else date(2026, 11, 10),
            reward=50,
            asked_at=now,
            figures={},
        )
        for good in (False, True)
    )
    session.add_all([broken, fine])
    session.commit()
    for _ in range(2):
        work(app, now)
    states = db.session.scalars(select(MatchRun.state).order_by(MatchRun.id)).all()
    assert states == [RunState.FAILED, RunState.READY]


# ---------------------------------------------------------------- the command


@pytest.fixture
def command(app, session, time_machine, now):
    time_machine.move_to(now, tick=False)
    runner = app.test_cli_runner()

    def run(*arguments):
        session.commit()
        return runner.invoke(args=["match", *arguments])

    return run


def test_a_dry_run_plans_and_writes_but_asks_nobody(command, session, bob, tmp_path, lunch):
    for person in (bob, make_person(session)):
        make_availability(session, person)
    out = tmp_path / "plan.json"
    done = command("--dry-run", "--out", str(out))
    assert done.exit_code == 0, done.output
    assert "2 invitations to 2 people" in done.output
    written = json.loads(out.read_text())
    assert {pair["post_id"] for pair in written["pairs"]} == {post_of(session, lunch).id}
    assert written["objective"] <= written["bound"]
    assert session.scalars(select(MatchRun)).all() == []
    assert session.scalars(select(Invitation)).all() == []


def test_without_it_people_are_invited_once(command, session, bob, lunch):
    for person in (bob, make_person(session)):
        make_availability(session, person)
    assert "2 invitations are sent." in command().output
    assert "0 invitations to 0 people" in command().output
    assert len(session.scalars(select(Invitation)).all()) == 2


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--from", "2026-11-01"), "Give days from today on"),
        (("--from", "2026-12-05", "--to", "2026-12-01"), "Give days from today on"),
        (("--to", "2027-03-01"), "at most 28 days"),
        (("--organisation", "999"), "There is no organisation 999."),
        (("--from", "soon"), "does not match"),
    ],
)
def test_wrong_wishes_are_refused_in_plain_words(command, arguments, sentence):
    done = command(*arguments)
    assert done.exit_code != 0
    assert sentence in done.output


def test_a_span_covers_both_its_days(session, now, bob):
    make_availability(session, bob)
    first, last = (
        make_shift(session, starts_at=(now + timedelta(days=days)).replace(**LUNCH))
        for days in (1, 4)
    )
    make_shift(session, starts_at=(now + timedelta(days=5)).replace(**LUNCH))
    found = planned(session, now, span=Period(first.day, last.day))
    assert {pair.post_id for pair in found.pairs} == {
        post_of(session, first).id,
        post_of(session, last).id,
    }
