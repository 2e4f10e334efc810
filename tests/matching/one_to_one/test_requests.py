"""A senior's wish from entering to its answer: who may do what, when, and what stays private."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from tests.factories import (
    grant_role,
    make_attendance,
    make_organisation,
    make_pairing,
    make_person,
    make_project,
    make_request,
    make_shift,
    make_sign_up,
    qualification,
)
from volunteer_hub.audit.models import AuditEntry
from volunteer_hub.core.calendar import Window
from volunteer_hub.core.errors import InvalidInput, NotFound
from volunteer_hub.core.i18n import speaking
from volunteer_hub.core.permissions import Role
from volunteer_hub.matching.one_to_one import entering, jobs, placing, queries, requests
from volunteer_hub.matching.one_to_one.entering import Wish
from volunteer_hub.matching.one_to_one.models import (
    Pairing,
    PairingState,
    RequestState,
    RequestStep,
    RequestWindow,
)
from volunteer_hub.matching.one_to_one.placing import CannotPlace
from volunteer_hub.matching.one_to_one.requests import CannotChange
from volunteer_hub.notifications.models import Notice
from volunteer_hub.shifts.models import ShiftStatus

WEDNESDAY_NOON = timedelta(days=2, hours=2)


@pytest.fixture(autouse=True)
def english():
    with speaking("en"):
        yield


@pytest.fixture
def project(session, organisation):
    return make_project(session, organisation=organisation, one_to_one=True)


@pytest.fixture
def shift(session, project, now):
    """Wednesday at 12:00, three places."""
    return make_shift(session, project=project, starts_at=now + WEDNESDAY_NOON, capacity=3)


@pytest.fixture
def dora(session, organisation):
    """Dora coordinates too."""
    person = make_person(session, name="Dora")
    grant_role(session, person, Role.COORDINATOR, organisation=organisation)
    return person


@pytest.fixture
def wish(session, organisation, project):
    return Wish(
        organisation_id=organisation.id,
        given_name=" 秀英 ",
        language_id=qualification(session, "lang_sh").id,
        topic_id=2,
        windows=frozenset({(2, Window.LUNCH), (3, Window.LUNCH)}),
        venue="居委会",
    )


def by(person, organisation, now):
    return {"actor_id": person.id, "organisation_ids": [organisation.id], "now": now}


def steps(session, request):
    query = select(RequestStep.state).where(RequestStep.request_id == request.id)
    return session.scalars(query.order_by(RequestStep.id)).all()


def test_a_wish_is_entered_by_one_and_verified_by_another(
    session, organisation, alice, dora, wish, now
):
    request = entering.enter(session, wish=wish, **by(alice, organisation, now))
    assert request.given_name == "秀英"
    with pytest.raises(CannotChange, match="colleague"):
        requests.verify(session, request_id=request.id, **by(alice, organisation, now))
    requests.verify(session, request_id=request.id, **by(dora, organisation, now))
    requests.verify(session, request_id=request.id, **by(dora, organisation, now))
    assert steps(session, request) == ["entered", "verified"]
    told = session.scalars(select(Notice).where(Notice.person_id == alice.id)).one()
    assert told.params["state"] == "verified"
    assert "秀英" not in str(told.params)


def test_a_changed_wish_is_verified_again_and_not_by_who_changed_it(
    session, organisation, alice, dora, wish, now
):
    request = entering.enter(session, wish=wish, **by(alice, organisation, now))
    requests.verify(session, request_id=request.id, **by(dora, organisation, now))
    other = replace(wish, venue="党群服务站", windows=frozenset({(4, Window.LUNCH)}))
    entering.change(session, request_id=request.id, wish=other, **by(dora, organisation, now))
    assert (request.state, request.venue) == (RequestState.ENTERED, "党群服务站")
    assert queries.windows_of(session, [request.id]) == {request.id: [(4, "lunch")]}
    with pytest.raises(CannotChange, match="colleague"):
        requests.verify(session, request_id=request.id, **by(dora, organisation, now))
    requests.verify(session, request_id=request.id, **by(alice, organisation, now))


def test_a_wish_in_a_shift_is_taken_out_before_it_is_changed(
    session, organisation, alice, shift, wish, now
):
    request = make_request(session, organisation=organisation, entered_by=alice, shift=shift)
    with pytest.raises(CannotChange):
        entering.change(session, request_id=request.id, wish=wish, **by(alice, organisation, now))


def test_who_coordinates_alone_verifies_the_own_wish_and_the_audit_says_so(
    session, organisation, alice, wish, now
):
    request = entering.enter(session, wish=wish, **by(alice, organisation, now))
    requests.verify(session, request_id=request.id, **by(alice, organisation, now))
    entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "request:verify")).one()
    assert entry.details["alone"] is True


def test_the_audit_never_names_a_senior(session, organisation, alice, wish, now):
    request = entering.enter(session, wish=wish, **by(alice, organisation, now))
    requests.withdraw(session, request_id=request.id, **by(alice, organisation, now))
    for entry in session.scalars(select(AuditEntry)):
        assert "秀英" not in str(entry.details)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("given_name", "  "),
        ("given_name", "王阿姨 13800138000"),
        ("given_name", "秀" * 21),
        ("given_name", "阿婆有糖尿病"),
        ("given_name", "有糖尿病"),
        ("given_name", "秀英，独居"),
        ("given_name", "Mary has diabetes"),
        ("language_id", 1),
        ("language_id", 10**9),
        ("topic_id", 10**9),
        ("windows", frozenset()),
        ("windows", frozenset({(6, Window.LUNCH)})),
        ("windows", frozenset({(2, Window.OTHER)})),
        ("building_id", 10**9),
        ("venue", " "),
        ("venue", "所" * 61),
        ("venue", "长乐路123弄4号501室"),
        ("venue", "长乐路１２弄"),
        ("venue", "长乐路 123-4-501"),
        ("venue", "3 栋"),
        ("venue", "Changle Road, Room 501"),
        ("organisation_id", 10**9),
    ],
)
def test_what_cannot_be_is_refused_at_its_field(
    session, organisation, alice, wish, now, field, value
):
    with pytest.raises(InvalidInput) as refused:
        entering.enter(
            session, wish=replace(wish, **{field: value}), **by(alice, organisation, now)
        )
    assert refused.value.field == field


@pytest.mark.parametrize("name", ["秀英", "阿宝爷叔", "Auntie Zhen", "O’Hara", "张三"])
def test_names_that_people_have_are_taken(session, organisation, alice, wish, now, name):
    typed = replace(wish, given_name=name, venue="华阳路社区文化活动中心 3 楼")
    request = entering.enter(session, wish=typed, **by(alice, organisation, now))
    assert request.given_name == name


def test_a_building_worker_of_another_organisation_passes_a_wish_on_and_sees_its_answer(
    session, organisation, alice, wish, now
):
    elsewhere = make_organisation(session)
    worker = make_person(session)
    grant_role(session, worker, Role.COORDINATOR, organisation=elsewhere)
    request = entering.enter(session, wish=wish, **by(worker, elsewhere, now))
    requests.close(
        session, request_id=request.id, words="请去社区学校报名", **by(alice, organisation, now)
    )
    mine = {"person_id": worker.id, "organisation_ids": [elsewhere.id]}
    line = queries.wish(session, request_id=request.id, **mine)
    assert line.state == "closed"
    assert queries.steps_of(session, request.id)[-1].words == "请去社区学校报名"
    with pytest.raises(NotFound):
        requests.verify(session, request_id=request.id, **by(worker, elsewhere, now))


def test_strangers_see_no_wish(session, organisation, alice, charlie, wish, now):
    request = entering.enter(session, wish=wish, **by(alice, organisation, now))
    with pytest.raises(NotFound):
        queries.wish(session, request_id=request.id, person_id=charlie.id, organisation_ids=[])
    with pytest.raises(NotFound):
        requests.withdraw(
            session, request_id=request.id, actor_id=charlie.id, organisation_ids=[], now=now
        )


def test_wishes_go_into_a_shift_that_fits_all_or_none(session, organisation, alice, shift, now):
    fits, later = (
        make_request(session, organisation=organisation, entered_by=alice, state="verified",
                     given_name=name, windows=[(day, "lunch")])
        for name, day in (("美华", 2), ("德明", 4))
    )  # fmt: skip
    with pytest.raises(CannotPlace, match="德明"):
        placing.place(
            session,
            request_ids=[fits.id, later.id],
            shift_id=shift.id,
            **by(alice, organisation, now),
        )
    assert fits.state == RequestState.VERIFIED
    assert (
        placing.place(
            session, request_ids=[fits.id], shift_id=shift.id, **by(alice, organisation, now)
        )
        == 1
    )
    assert (fits.state, fits.table_no) == (RequestState.PLACED, 1)


def test_a_shift_holds_one_wish_for_each_place(session, organisation, alice, shift, now):
    found = [
        make_request(session, organisation=organisation, entered_by=alice, state="verified")
        for _n in range(4)
    ]
    ids = [one.id for one in found]
    with pytest.raises(CannotPlace, match="room for 3"):
        placing.place(session, request_ids=ids, shift_id=shift.id, **by(alice, organisation, now))
    placing.place(session, request_ids=ids[:3], shift_id=shift.id, **by(alice, organisation, now))
    with pytest.raises(CannotPlace, match="as many wishes as places"):
        placing.place(
            session, request_ids=ids[3:], shift_id=shift.id, **by(alice, organisation, now)
        )
    placing.take_out(session, request_id=ids[0], **by(alice, organisation, now))
    placing.place(session, request_ids=ids[3:], shift_id=shift.id, **by(alice, organisation, now))
    tables = [found[n].table_no for n in (1, 2, 3)]
    assert sorted(tables) == sorted(set(tables))


def test_only_shifts_that_pair_and_are_to_come_take_wishes(
    session, organisation, alice, shift, now
):
    request = make_request(session, organisation=organisation, entered_by=alice, state="verified")
    plain = make_shift(
        session,
        project=make_project(session, organisation=organisation),
        starts_at=now + WEDNESDAY_NOON,
    )
    for wrong in (plain,):
        with pytest.raises(CannotPlace):
            placing.place(
                session,
                request_ids=[request.id],
                shift_id=wrong.id,
                **by(alice, organisation, now),
            )
    with pytest.raises(CannotPlace):
        placing.place(
            session,
            request_ids=[request.id],
            shift_id=shift.id,
            **by(alice, organisation, now + timedelta(days=3)),
        )
    strange = make_shift(session, project=make_project(session, one_to_one=True))
    with pytest.raises(NotFound):
        placing.place(
            session,
            request_ids=[request.id],
            shift_id=strange.id,
            **by(alice, organisation, now),
        )


def test_withdrawing_works_on_the_last_minute_and_tells_the_volunteer(
    session, organisation, alice, bob, shift, now
):
    request = make_request(session, organisation=organisation, entered_by=alice, shift=shift)
    pairing = make_pairing(session, request, make_sign_up(session, shift, bob))
    just_before = shift.starts_at - timedelta(minutes=1)
    requests.withdraw(session, request_id=request.id, **by(alice, organisation, just_before))
    requests.withdraw(session, request_id=request.id, **by(alice, organisation, just_before))
    assert request.state == RequestState.WITHDRAWN
    assert pairing.state == PairingState.REPLACED
    kinds = session.scalars(select(Notice.kind).where(Notice.person_id == bob.id)).all()
    assert kinds == ["unpaired"]


def test_a_shift_that_is_called_off_gives_its_wishes_back_and_says_nothing_of_a_place_kept(
    session, organisation, alice, bob, shift, now
):
    request = make_request(session, organisation=organisation, entered_by=alice, shift=shift)
    pairing = make_pairing(session, request, make_sign_up(session, shift, bob))
    shift.status = ShiftStatus.CANCELLED
    session.commit()
    assert jobs.settle_requests(session, now) == 1
    assert (request.state, request.shift_id) == (RequestState.VERIFIED, None)
    assert pairing.state == PairingState.REPLACED
    kinds = session.scalars(select(Notice.kind).where(Notice.person_id == bob.id)).all()
    assert kinds == []


def test_after_the_shift_who_met_is_done_and_who_did_not_waits_again(
    session, organisation, alice, bob, charlie, shift, now
):
    met, missed, alone = (
        make_request(session, organisation=organisation, entered_by=alice, shift=shift)
        for _n in range(3)
    )
    came = make_sign_up(session, shift, bob)
    make_attendance(session, shift, bob, sign_up=came)
    make_pairing(session, met, came)
    make_pairing(session, missed, make_sign_up(session, shift, charlie))
    after = shift.ends_at + timedelta(hours=3)
    jobs.settle_requests(session, after)
    assert met.state == RequestState.SERVED
    kinds = session.scalars(select(Notice.kind).where(Notice.person_id == bob.id)).all()
    assert kinds == ["meet_again"]
    assert alone.state == RequestState.VERIFIED
    # Nobody has said yet whether Charlie came.
    assert missed.state == RequestState.PLACED
    jobs.settle_requests(session, after + timedelta(days=3))
    assert missed.state == RequestState.VERIFIED


def test_ninety_days_after_the_end_nothing_tells_of_the_senior(
    session, organisation, alice, bob, shift, now
):
    request = make_request(
        session, organisation=organisation, entered_by=alice, shift=shift, state="served",
        state_at=now,
    )  # fmt: skip
    again = make_request(
        session, organisation=organisation, entered_by=alice, state="withdrawn", state_at=now,
        first_id=request.id,
    )  # fmt: skip
    pairing = make_pairing(
        session, request, make_sign_up(session, shift, bob), state="met", senior_again=True
    )
    assert jobs.forget_seniors(session, now + timedelta(days=90)) == 0
    assert jobs.forget_seniors(session, now + timedelta(days=91)) == 2
    assert (request.given_name, request.venue, again.first_id) == ("", "", None)
    windows = select(func.count()).select_from(RequestWindow)
    assert session.scalar(windows) == 0
    session.refresh(pairing)
    assert pairing.senior_again is None
    assert session.scalar(select(func.count()).select_from(Pairing)) == 1
    assert jobs.forget_seniors(session, now + timedelta(days=92)) == 0
