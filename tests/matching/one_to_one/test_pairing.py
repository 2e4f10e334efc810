"""Pairing in a shift: who with whom and why, by hand, on site, and going on together."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from tests.factories import (
    make_attendance,
    make_pairing,
    make_person,
    make_project,
    make_request,
    make_shift,
    make_sign_up,
    speaks,
)
from volunteer_hub.attendance.models import Attendance
from volunteer_hub.core.errors import NotFound
from volunteer_hub.matching.one_to_one import (
    arranging,
    ending,
    on_site,
    pairing,
    placing,
    reading,
    topics,
)
from volunteer_hub.matching.one_to_one.models import Pairing, PairingState
from volunteer_hub.matching.one_to_one.pairing import CannotPair, Hand
from volunteer_hub.matching.one_to_one.tables import tables_of
from volunteer_hub.notifications.models import Notice
from volunteer_hub.shifts import leaving
from volunteer_hub.shifts.leaving import CannotCancel
from volunteer_hub.shifts.models import Post, SignUp

LUNCH = timedelta(days=2, hours=2)


@pytest.fixture
def shift(session, organisation, now):
    project = make_project(session, organisation=organisation, one_to_one=True)
    return make_shift(session, project=project, starts_at=now + LUNCH, capacity=6)


@pytest.fixture
def hand(alice, shift, now):
    return Hand(shift.id, alice.id, now)


@pytest.fixture
def there(alice, shift):
    """Alice at the tables, as the shift begins."""
    return Hand(shift.id, alice.id, shift.starts_at)


@pytest.fixture
def senior(session, organisation, alice, shift):
    """Add a senior with a wish that is placed in the shift."""

    def add(**fields):
        return make_request(
            session, organisation=organisation, entered_by=alice, **{"shift": shift} | fields
        )

    return add


@pytest.fixture
def volunteer(session, shift):
    """Add somebody with a place in the shift."""

    def add(*languages, **fields):
        person = make_person(session, **fields)
        speaks(session, person, *languages)
        make_sign_up(session, shift, person)
        return person

    return add


def standing(session, shift):
    rows = session.scalars(select(Pairing).where(Pairing.shift_id == shift.id, ending.IS_STANDING))
    return {row.request_id: row for row in rows}


def told(session, person):
    query = select(Notice.kind).where(Notice.person_id == person.id).order_by(Notice.id)
    return session.scalars(query).all()


def test_pairs_share_a_language_and_say_why(session, shift, hand, senior, volunteer):
    local, other = senior(language="lang_sh", topic=2), senior(language="lang_zh")
    speaker, plain = volunteer("lang_sh", "lang_zh"), volunteer("lang_zh")
    topics.say(session, person_id=speaker.id, topic_ids=[2], now=hand.now)
    made = pairing.pair(session, hand)
    assert (made.pairs, made.new, made.moved) == (2, 2, 0)
    found = standing(session, shift)
    assert found[local.id].person_id == speaker.id
    assert found[other.id].person_id == plain.id
    assert [kind for kind, *_rest in found[local.id].why] == ["language", "topic"]
    assert told(session, speaker) == ["paired"]


def test_notices_hold_no_name_of_a_senior(session, hand, senior, volunteer):
    senior(given_name="秀英")
    volunteer()
    pairing.pair(session, hand)
    assert "秀英" not in str(session.scalars(select(Notice)).one().params)


def test_who_named_no_language_is_taken_to_speak_mandarin_but_not_a_reader_of_english(
    session, shift, hand, senior, volunteer
):
    senior(), senior()
    says_nothing, _foreigner = volunteer(), volunteer(language="en")
    pairing.pair(session, hand)
    people = [row.person_id for row in standing(session, shift).values()]
    assert people == [says_nothing.id]


def test_who_helps_at_another_post_is_not_paired(session, organisation, alice, now, bob, charlie):
    shift = make_shift(
        session,
        project=make_project(session, organisation=organisation, one_to_one=True),
        starts_at=now + LUNCH,
        posts=[
            {"position": 1, "name_zh": "签到台", "capacity": 4},
            {"position": 0, "name_zh": "伙伴", "capacity": 2},
        ],
    )
    desk, partner = session.scalars(
        select(Post).where(Post.shift_id == shift.id).order_by(Post.position.desc())
    )
    make_sign_up(session, shift, bob, post=desk)
    make_sign_up(session, shift, charlie, post=partner)
    for _n in range(2):
        make_request(session, organisation=organisation, entered_by=alice, shift=shift)
    assert pairing.pair(session, Hand(shift.id, alice.id, now)).pairs == 1
    assert [row.person_id for row in standing(session, shift).values()] == [charlie.id]
    assert tables_of(session, shift.id).free == []
    assert placing.room_in(session, shift.id) == 0
    (choice,) = arranging.shift_choices(session, organisation_ids=[organisation.id], now=now)
    assert (choice.room, choice.people) == (0, 1)


def test_pairing_again_tells_nobody_twice(session, hand, senior, volunteer):
    senior()
    person = volunteer()
    pairing.pair(session, hand)
    made = pairing.pair(session, hand)
    assert (made.pairs, made.new) == (1, 0)
    assert told(session, person) == ["paired"]


def test_pairing_all_anew_moves_nobody_without_a_gain(session, shift, hand, senior, volunteer):
    wishes = [senior() for _n in range(5)]
    for _n in range(4):
        volunteer()
    pairing.pair(session, hand)
    given = standing(session, shift)[wishes[1].id]
    pairing.by_hand(session, hand, request_id=wishes[4].id, person_id=given.person_id)
    before = standing(session, shift)
    made = pairing.pair(session, hand, anew=True)
    after = standing(session, shift)
    assert (made.new, made.moved) == (0, 0)
    assert {one.id for one in after.values()} == {one.id for one in before.values()}


def test_pairing_all_anew_moves_for_a_gain(session, shift, hand, senior, volunteer):
    first, second = senior(topic=2), senior(topic=5)
    people = [volunteer(), volunteer()]
    pairing.pair(session, hand)
    other = standing(session, shift)[second.id].person_id
    topics.say(session, person_id=other, topic_ids=[2], now=hand.now)
    assert pairing.pair(session, hand).moved == 0
    assert pairing.pair(session, hand, anew=True).moved == len(people)
    assert standing(session, shift)[first.id].person_id == other


def test_whoever_gave_the_place_back_is_replaced_and_the_others_stay(
    session, shift, hand, senior, volunteer
):
    first, second = senior(), senior()
    volunteer(), volunteer()
    pairing.pair(session, hand)
    before = standing(session, shift)
    leaver = before[first.id]
    leaving.cancel(
        session,
        sign_up_id=leaver.sign_up_id,
        person_id=leaver.person_id,
        reason="",
        now=hand.now,
    )
    spare = volunteer()
    made = pairing.pair(session, hand)
    after = standing(session, shift)
    assert (made.new, made.moved) == (1, 0)
    assert after[first.id].person_id == spare.id
    assert after[second.id].id == before[second.id].id


def test_what_was_chosen_by_hand_stays_even_anew(session, shift, hand, senior, volunteer):
    first, second = senior(topic=2), senior(topic=3)
    one, two = volunteer(), volunteer()
    topics.say(session, person_id=one.id, topic_ids=[2], now=hand.now)
    topics.say(session, person_id=two.id, topic_ids=[3], now=hand.now)
    pairing.pair(session, hand)
    pairing.by_hand(session, hand, request_id=first.id, person_id=two.id)
    assert set(standing(session, shift)) == {first.id}
    pairing.pair(session, hand, anew=True)
    found = standing(session, shift)
    assert found[first.id].person_id == two.id
    assert found[second.id].person_id == one.id
    assert found[first.id].why[0] == ["by_hand"]


def test_a_wish_can_be_left_without_anybody(session, shift, hand, senior, volunteer):
    wish = senior()
    person = volunteer()
    pairing.pair(session, hand)
    pairing.by_hand(session, hand, request_id=wish.id, person_id=0)
    assert standing(session, shift) == {}
    assert told(session, person) == ["paired", "unpaired"]


def test_strangers_cannot_be_paired(session, hand, senior, volunteer, charlie):
    wish = senior()
    person = volunteer()
    with pytest.raises(NotFound):
        pairing.by_hand(session, hand, request_id=wish.id, person_id=charlie.id)
    with pytest.raises(NotFound):
        pairing.by_hand(session, hand, request_id=10**6, person_id=person.id)


def test_a_shift_of_another_kind_or_that_is_over_pairs_nobody(session, alice, shift, now):
    plain = make_shift(session)
    with pytest.raises(NotFound):
        pairing.pair(session, Hand(plain.id, alice.id, now))
    with pytest.raises(CannotPair):
        pairing.pair(session, Hand(shift.id, alice.id, shift.ends_at))


def test_the_database_takes_nobody_twice(session, shift, senior, bob, charlie):
    first, second = senior(), senior()
    mine = make_sign_up(session, shift, bob)
    make_pairing(session, first, mine)
    with pytest.raises(IntegrityError):
        make_pairing(session, second, mine)
    session.rollback()
    with pytest.raises(IntegrityError):
        make_pairing(session, first, make_sign_up(session, shift, charlie))
    session.rollback()


# ---------------------------------------------------------------- on site


def test_two_taps_replace_a_volunteer_who_did_not_come_and_move_nobody_else(
    session, shift, there, senior, volunteer
):
    wishes = [senior() for _n in range(3)]
    people = [volunteer() for _n in range(4)]
    pairing.pair(session, there)
    before = standing(session, shift)
    spare = next(one for one in people if one.id not in {row.person_id for row in before.values()})
    row = before[wishes[0].id]
    on_site.missing(session, there, pairing_id=row.id, who="volunteer")
    on_site.missing(session, there, pairing_id=row.id, who="volunteer")
    made = pairing.pair(session, there)
    after = standing(session, shift)
    assert (made.pairs, made.new, made.moved) == (3, 1, 0)
    assert after[wishes[0].id].person_id == spare.id
    assert {one.id for one in after.values()} & {one.id for one in before.values()} == {
        before[wishes[1].id].id,
        before[wishes[2].id].id,
    }


def test_when_a_senior_does_not_come_the_volunteer_is_free_for_another(
    session, shift, there, senior, volunteer
):
    first, second = senior(), senior()
    person = volunteer()
    pairing.pair(session, there)
    paired = standing(session, shift)
    (request_id,) = paired
    on_site.missing(session, there, pairing_id=paired[request_id].id, who="senior")
    pairing.pair(session, there)
    found = standing(session, shift)
    assert set(found) == {first.id, second.id} - {request_id}
    assert {row.person_id for row in found.values()} == {person.id}


def test_a_senior_without_a_partner_may_stay_away_too(
    session, organisation, shift, there, alice, senior, volunteer
):
    wish = senior()
    on_site.senior_missing(session, there, request_id=wish.id)
    on_site.senior_missing(session, there, request_id=wish.id)
    person = volunteer()
    assert pairing.pair(session, there).pairs == 0
    assert not tables_of(session, shift.id).can_pair
    on_site.senior_missing(session, there, request_id=wish.id, yes=False)
    pairing.pair(session, there)
    assert standing(session, shift)[wish.id].person_id == person.id
    with pytest.raises(CannotPair):
        on_site.senior_missing(session, there, request_id=wish.id)


def test_a_senior_who_stayed_away_is_expected_in_the_next_shift(
    session, organisation, shift, there, alice, senior
):
    wish = senior()
    with pytest.raises(NotFound):
        on_site.senior_missing(session, there, request_id=wish.id + 1)
    on_site.senior_missing(session, there, request_id=wish.id)
    placing.take_out(
        session,
        request_id=wish.id,
        organisation_ids=[organisation.id],
        actor_id=alice.id,
        now=there.now,
    )
    assert wish.absent_at is None


def test_somebody_who_comes_after_all_sits_down_again(session, shift, there, senior, volunteer):
    wish = senior()
    volunteer()
    pairing.pair(session, there)
    row = standing(session, shift)[wish.id]
    on_site.missing(session, there, pairing_id=row.id, who="senior")
    on_site.came_after_all(session, there, pairing_id=row.id)
    assert row.state == PairingState.PLANNED
    on_site.missing(session, there, pairing_id=row.id, who="volunteer")
    spare = volunteer()
    pairing.pair(session, there)
    on_site.came_after_all(session, there, pairing_id=row.id)
    assert row.state == PairingState.REPLACED
    assert standing(session, shift)[wish.id].person_id == spare.id


def test_a_pair_that_sits_together_is_not_moved(session, shift, there, senior, volunteer):
    wish = senior(topic=5)
    volunteer()
    pairing.pair(session, there)
    row = standing(session, shift)[wish.id]
    on_site.sit_together(session, there, pairing_id=row.id)
    better = volunteer()
    topics.say(session, person_id=better.id, topic_ids=[5], now=there.now)
    pairing.pair(session, there, anew=True)
    assert standing(session, shift)[wish.id].id == row.id
    with pytest.raises(CannotPair):
        pairing.by_hand(session, there, request_id=wish.id, person_id=better.id)


def test_who_has_met_is_on_the_roster_and_cannot_leave(session, shift, alice, senior, volunteer):
    wish, person = senior(), volunteer()
    before = Hand(shift.id, alice.id, shift.starts_at - timedelta(minutes=20))
    pairing.pair(session, before)
    row = standing(session, shift)[wish.id]
    on_site.sit_together(session, before, pairing_id=row.id)
    on_site.sit_together(session, before, pairing_id=row.id)
    came = session.scalars(select(Attendance).where(Attendance.person_id == person.id)).one()
    assert (came.status, came.check_in_at) == ("present", before.now)
    with pytest.raises(CannotCancel):
        leaving.cancel(
            session,
            sign_up_id=row.sign_up_id,
            person_id=person.id,
            reason="",
            now=before.now,
        )


def test_a_tick_that_was_there_before_is_left_alone(session, shift, there, senior, bob):
    place = make_sign_up(session, shift, bob)
    row = make_pairing(session, senior(), place)
    came_at = shift.starts_at - timedelta(minutes=15)
    make_attendance(session, shift, bob, sign_up=place, check_in_at=came_at, check_out_at=None)
    on_site.sit_together(session, there, pairing_id=row.id)
    came = session.scalars(select(Attendance).where(Attendance.person_id == bob.id)).one()
    assert came.check_in_at == came_at


def test_a_pair_that_has_met_stays_when_the_place_is_given_back(
    session, shift, there, senior, volunteer
):
    wish, person = senior(), volunteer()
    pairing.pair(session, there)
    row = standing(session, shift)[wish.id]
    on_site.sit_together(session, there, pairing_id=row.id)
    session.get_one(SignUp, row.sign_up_id).status = "cancelled"
    volunteer()
    pairing.pair(session, there)
    assert standing(session, shift)[wish.id].person_id == person.id
    assert tables_of(session, shift.id).pairs == 1


def test_whoever_the_roster_calls_absent_is_not_paired(session, shift, there, senior, bob, charlie):
    senior()
    away, comes = make_sign_up(session, shift, bob), make_sign_up(session, shift, charlie)
    make_attendance(session, shift, bob, sign_up=away, status="no_show", check_in_at=None,
                    check_out_at=None)  # fmt: skip
    pairing.pair(session, there)
    assert [row.sign_up_id for row in standing(session, shift).values()] == [comes.id]


def test_nobody_is_called_absent_before_people_arrive(session, hand, senior, volunteer, shift):
    wish = senior()
    volunteer()
    pairing.pair(session, hand)
    row = standing(session, shift)[wish.id]
    with pytest.raises(CannotPair):
        on_site.missing(session, hand, pairing_id=row.id, who="senior")


# ---------------------------------------------------------------- going on together


@pytest.fixture
def met(session, organisation, alice, bob, shift, now):
    """Bob and a senior met last week."""
    past = make_shift(
        session,
        project=make_project(session, organisation=organisation, one_to_one=True),
        starts_at=now - timedelta(days=7),
    )
    wish = make_request(
        session, organisation=organisation, entered_by=alice, shift=past, state="served"
    )
    return make_pairing(session, wish, make_sign_up(session, past, bob), state="met")


def answers(session, alice, met, now, *, volunteer, senior):
    if volunteer is not None:
        on_site.volunteer_says(
            session, pairing_id=met.id, person_id=met.person_id, yes=volunteer, now=now
        )
    if senior is not None:
        on_site.senior_says(
            session, Hand(met.shift_id, alice.id, now), pairing_id=met.id, yes=senior
        )


@pytest.mark.parametrize(
    ("volunteer_says", "senior_says", "together"),
    [(True, True, True), (True, None, False), (None, True, False)],
)
def test_only_who_both_want_to_go_on_are_preferred(
    session, shift, alice, bob, met, senior, now, volunteer_says, senior_says, together
):
    answers(session, alice, met, now, volunteer=volunteer_says, senior=senior_says)
    wish = senior(first_id=met.request_id)
    make_sign_up(session, shift, bob)
    history = reading.read(session, shift.id).history
    assert ((wish.id, bob.id) in history.together) is together
    assert history.met[wish.id, bob.id] == 1


def test_either_may_stop_it_and_then_they_are_kept_apart(
    session, shift, hand, alice, bob, met, senior, now
):
    answers(session, alice, met, now, volunteer=True, senior=True)
    wish = senior(first_id=met.request_id)
    make_sign_up(session, shift, bob)
    pairing.pair(session, hand)
    assert standing(session, shift)[wish.id].why[0] == ["together"]
    answers(session, alice, met, now, volunteer=None, senior=False)
    pairing.pair(session, hand)
    assert standing(session, shift) == {}


def test_nobody_answers_for_somebody_else_or_before_they_met(
    session, shift, alice, bob, charlie, met, senior, now
):
    with pytest.raises(NotFound):
        on_site.volunteer_says(session, pairing_id=met.id, person_id=charlie.id, yes=True, now=now)
    with pytest.raises(NotFound):
        on_site.senior_says(session, Hand(shift.id, alice.id, now), pairing_id=met.id, yes=True)
    planned = make_pairing(session, senior(), make_sign_up(session, shift, bob))
    with pytest.raises(CannotPair):
        on_site.volunteer_says(session, pairing_id=planned.id, person_id=bob.id, yes=True, now=now)


def test_leaving_the_site_ends_pairings_and_wishes_to_go_on(
    session, shift, hand, bob, met, senior, now
):
    on_site.volunteer_says(session, pairing_id=met.id, person_id=bob.id, yes=True, now=now)
    senior()
    make_sign_up(session, shift, bob)
    pairing.pair(session, hand)
    ending.end_of_person(session, person_id=bob.id, now=now)
    assert standing(session, shift) == {}
    assert met.volunteer_again is None
