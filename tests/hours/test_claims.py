"""Late entries and disputes: a second person decides, and nothing is lost meanwhile."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import func, select

from tests.factories import (
    grant_role,
    make_attendance,
    make_person,
    make_project,
    make_shift,
    make_sign_up,
)
from tests.support import login
from volunteer_hub.attendance.models import Attendance, Flag
from volunteer_hub.core.errors import InvalidInput, NotFound
from volunteer_hub.core.permissions import Role
from volunteer_hub.hours import claims, deciding, jobs, services
from volunteer_hub.hours.claims import CannotClaim, Stated
from volunteer_hub.hours.deadlines import Pace, deadline_of
from volunteer_hub.hours.deciding import CannotDecide
from volunteer_hub.hours.models import HoursClaim, LedgerEntry
from volunteer_hub.hours.stars import stars_of
from volunteer_hub.hours.verify import verify
from volunteer_hub.notifications.models import Notice

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@pytest.fixture
def shift(session, organisation, now):
    project = make_project(session, organisation=organisation)
    return make_shift(session, project=project, starts_at=now - timedelta(days=3), capacity=40)


@pytest.fixture
def second(session, organisation):
    """Another coordinator of the organisation."""
    person = make_person(session)
    grant_role(session, person, Role.COORDINATOR, organisation=organisation)
    return person


@pytest.fixture
def ask(session, shift, now):
    def ask(person, by=None, *, reason="码扫不上", evidence="", at=now, **times):
        stated = Stated(
            check_in_at=shift.starts_at + times.get("came", 0) * MINUTE,
            check_out_at=shift.starts_at + times.get("left", 60) * MINUTE,
            reason=reason,
            evidence=evidence,
        )
        return claims.ask(
            session,
            shift_id=shift.id,
            person_id=person.id,
            stated=stated,
            asked_by=(by or person).id,
            today=at.date(),
            latest_days=60,
            now=at,
        )

    return ask


@pytest.fixture
def decide(session, organisation, now):
    def decide(claim, by, *, grant=True, answer="看过签到表"):
        return deciding.decide(
            session,
            claim_id=claim.id,
            organisation_ids=[organisation.id],
            grant=grant,
            answer=answer,
            actor_id=by.id,
            now=now,
        )

    return decide


def minutes(session):
    session.flush()
    return list(session.scalars(select(LedgerEntry.minutes).order_by(LedgerEntry.id)))


def confirm(session, shift, row, by, now, reason=""):
    services.confirm(
        session,
        shift_id=shift.id,
        rows=[(row.id, 60, reason)],
        actor_id=by.id,
        now=now,
    )


def test_a_late_entry_counts_once_a_second_person_agrees_and_is_marked(
    session, shift, bob, alice, second, ask, decide
):
    claim = ask(bob, alice, evidence="纸质签到表第 2 行")
    assert minutes(session) == []
    with pytest.raises(CannotDecide):
        decide(claim, alice)
    decide(claim, second)
    entry = session.scalars(select(LedgerEntry)).one()
    assert (entry.minutes, entry.is_late_entry, entry.confirmed_by) == (60, True, second.id)
    row = session.scalars(select(Attendance)).one()
    assert (row.method, row.check_in_at) == ("late_entry", shift.starts_at)
    assert verify(session).problem == ""


def test_a_late_entry_needs_evidence(session, bob, alice, ask):
    with pytest.raises(InvalidInput) as no:
        ask(bob, alice)
    assert no.value.field == "evidence"


def test_a_late_entry_comes_too_late_after_the_days_that_are_set(session, bob, alice, ask, now):
    with pytest.raises(CannotClaim):
        ask(bob, alice, evidence="x", at=now + timedelta(days=58))


def test_who_had_no_place_asks_a_coordinator(session, bob, ask):
    with pytest.raises(CannotClaim):
        ask(bob, evidence="x")


def test_a_dispute_of_confirmed_hours_ends_in_a_reversing_pair(
    session, shift, bob, alice, second, ask, decide, now
):
    row = make_attendance(session, shift, bob)
    confirm(session, shift, row, alice, now)
    claim = ask(bob, left=75)
    with pytest.raises(CannotDecide):
        decide(claim, alice)  # who confirmed them
    with pytest.raises(CannotDecide):
        decide(claim, bob)
    decide(claim, second)
    assert minutes(session) == [60, -60, 75]
    assert session.scalars(select(Notice.kind).where(Notice.person_id == bob.id)).all() == [
        "claim_granted"
    ]
    assert verify(session).problem == ""


def test_a_no_needs_a_reason_and_changes_no_hours(
    session, shift, bob, alice, second, ask, decide, now
):
    row = make_attendance(session, shift, bob)
    confirm(session, shift, row, alice, now)
    claim = ask(bob, left=75)
    with pytest.raises(InvalidInput):
        decide(claim, second, grant=False, answer=" ")
    decide(claim, second, grant=False, answer="签退时间有照片")
    assert (claim.state, minutes(session)) == ("declined", [60])
    with pytest.raises(CannotDecide):
        decide(claim, second)


def test_deciding_twice_has_one_effect(session, shift, bob, alice, second, ask, decide):
    claim = ask(bob, alice, evidence="第 2 行")
    for _twice in range(2):
        decide(claim, second)
    assert minutes(session) == [60]


def test_one_question_at_a_time_and_it_can_be_taken_back(session, shift, bob, ask, now):
    make_attendance(session, shift, bob)
    claim = ask(bob)
    with pytest.raises(CannotClaim):
        ask(bob)
    claims.withdraw(session, claim_id=claim.id, person_id=bob.id, now=now)
    ask(bob)
    assert session.scalar(select(func.count()).select_from(HoursClaim)) == 2


def test_coordinators_of_another_organisation_know_nothing_of_it(session, bob, alice, ask, now):
    claim = ask(bob, alice, evidence="第 2 行")
    with pytest.raises(NotFound):
        deciding.decide(
            session,
            claim_id=claim.id,
            organisation_ids=[9999],
            grant=True,
            answer="",
            actor_id=make_person(session).id,
            now=now,
        )


def test_no_minute_counts_for_two_shifts(session, shift, bob, alice, organisation, now):
    project = make_project(session, organisation=organisation)
    after = make_shift(session, project=project, starts_at=shift.ends_at)
    first = make_attendance(session, shift, bob, check_out_at=shift.ends_at + 20 * MINUTE)
    confirm_(session, shift, first, alice, now, 80)
    row = make_attendance(session, after, bob)
    with pytest.raises(services.NotAccepted):
        confirm_(session, after, row, alice, now, 80)
    confirm_(session, after, row, alice, now, 40)
    assert minutes(session) == [80, 40]


def confirm_(session, shift, row, by, now, many):
    services.confirm(
        session,
        shift_id=shift.id,
        rows=[(row.id, many, "两场相接")],
        actor_id=by.id,
        now=now,
    )


# ---------------------------------------------------------------- the clock


@pytest.mark.parametrize(
    ("today", "pace", "left"),
    [
        (date(2026, 9, 24), Pace.GREEN, 10),
        (date(2026, 10, 8), Pace.GREEN, 6),  # over Mid-Autumn and National Day
        (date(2026, 10, 9), Pace.GREEN, 5),
        (date(2026, 10, 10), Pace.AMBER, 4),  # a Saturday that is worked
        (date(2026, 10, 13), Pace.AMBER, 2),
        (date(2026, 10, 14), Pace.RED, 1),
        (date(2026, 10, 15), Pace.RED, 0),
        (date(2026, 10, 16), Pace.OVERDUE, 0),
    ],
)
def test_the_clock_counts_working_days_with_swapped_ones(today, pace, left):
    deadline = deadline_of(date(2026, 9, 24), today)
    assert (deadline.pace, deadline.left) == (pace, left)
    assert deadline.due_on == date(2026, 10, 15)


def test_overdue_hours_are_told_to_the_keeper_then_the_deputies_then_the_office(
    app, session, shift, bob, alice, second, now
):
    office = make_person(session)
    grant_role(session, office, Role.OFFICE)
    row = make_attendance(session, shift, bob, recorded_by=alice.id)
    assert row.confirmed_at is None
    with app.app_context():
        told = []
        for days in (4, 7, 12, 12, 20, 20):
            jobs.escalate(session, now + timedelta(days=days))
            told.append(session.scalars(select(Notice.person_id).order_by(Notice.id)).all())
    assert told[0] == []
    assert told[1] == [alice.id]
    assert set(told[2][1:]) == {alice.id, second.id}
    assert told[3] == told[2]
    assert set(told[4][3:]) == {alice.id, second.id, office.id}
    assert told[5] == told[4]


# ---------------------------------------------------------------- unusual, not punished


def test_twenty_rows_in_seconds_and_equal_minutes_are_flagged_and_stand(session, shift, alice, now):
    rows = [(make_attendance(session, shift, make_person(session)).id, 60) for _n in range(20)]
    services.confirm(session, shift_id=shift.id, rows=rows, actor_id=alice.id, now=now, seconds=4.0)
    assert len(minutes(session)) == 20
    kinds = session.scalars(select(Flag.kind).order_by(Flag.id)).all()
    assert kinds == ["same_minutes", "hasty"]


def test_a_shift_that_was_made_after_its_end_is_flagged(session, shift, bob, alice, now):
    shift.created_at = shift.ends_at + HOUR
    row = make_attendance(session, shift, bob)
    confirm(session, shift, row, alice, now)
    assert session.scalars(select(Flag.kind)).all() == ["made_afterwards"]


@pytest.mark.parametrize(
    ("hours", "stars", "next_at"), [(0, 0, 100), (99, 0, 100), (100, 1, 300), (1500, 5, None)]
)
def test_stars_come_at_the_levels_that_are_set(session, hours, stars, next_at):
    found = stars_of(session, hours * 60)
    assert (found.count, found.next_at) == (stars, next_at and next_at * 60)


# ---------------------------------------------------------------- on the screen


def test_a_volunteer_asks_and_sees_the_answer(client, session, shift, bob, second, decide):
    make_attendance(session, shift, bob, sign_up=make_sign_up(session, shift, bob))
    session.commit()
    login(client, bob)
    page = client.get("/me/hours").text
    assert f"/me/hours/{shift.id}/claim" in page
    sent = {"check_in": "10:00", "check_out": "11:30", "reason": "多留了半小时"}
    assert client.post(f"/me/hours/{shift.id}/claim", data=sent).location == "/me/hours"
    claim = session.scalars(select(HoursClaim)).one()
    assert (claim.kind, claim.check_out_at - claim.check_in_at) == ("dispute", 90 * MINUTE)
    decide(claim, second, grant=False, answer="照片显示 11:00 已结束")
    session.commit()
    assert "照片显示 11:00 已结束" in client.get("/me/hours").text


def test_a_claim_that_cannot_be_keeps_what_was_typed(client, session, shift, bob):
    make_attendance(session, shift, bob)
    login(client, bob)
    sent = {"check_in": "10:00", "check_out": "09:00", "reason": "码扫不上"}
    answer = client.post(f"/me/hours/{shift.id}/claim", data=sent)
    assert answer.status_code == 422
    assert "码扫不上" in answer.text
    assert client.get("/me/hours/99999/claim").status_code == 404


def test_a_coordinator_asks_for_a_late_entry_and_a_colleague_grants_it(
    client, session, shift, bob, alice, second
):
    bob.phone = "+8613800138000"
    session.commit()
    login(client, alice)
    sent = {
        "phone": "138 0013 8000",
        "check_in": "10:00",
        "check_out": "11:00",
        "reason": "手机没电",
        "evidence": "签到表第 2 行",
    }
    assert client.post(f"/console/shifts/{shift.id}/late-entry", data=sent).status_code == 303
    claim = session.scalars(select(HoursClaim)).one()
    refused = client.post(f"/console/claims/{claim.id}", data={"grant": "1"})
    assert refused.status_code == 409
    client.post("/logout")
    login(client, second)
    assert "补录" in client.get("/console/claims").text
    assert client.post(f"/console/claims/{claim.id}", data={"grant": "1"}).status_code == 303
    assert minutes(session) == [60]
