"""Recommended shifts: what fits this person and where one more counts, each with its reason."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from tests.factories import (
    make_availability,
    make_category,
    make_invitation,
    make_need,
    make_person,
    make_place,
    make_project,
    make_shift,
    make_sign_up,
    make_walk,
    post_of,
)
from tests.support import count_queries, login
from tests.templates import read
from volunteer_hub.accounts.models import PersonQualification
from volunteer_hub.core.db import db
from volunteer_hub.matching.models import Away, Interest
from volunteer_hub.projects.models import Adoption, AdoptionState
from volunteer_hub.shifts.models import SignUpStatus

# Thursday 26 November, at lunch in Shanghai.
LUNCH = {"hour": 4, "minute": 0}


def shown(client, path="/recommended?lang=en"):
    """Return id and reason of each card, in order."""
    reader = read(client.get(path).text)
    cards = [one for one in reader.elements if one.tag == "li" and "data-id" in one.attributes]
    why = {
        id(one.parents[-1]): one.text
        for one in reader.elements
        if one.attributes.get("class") == "because"
    }
    return [(int(card.attributes["data-id"]), why.get(id(card), "")) for card in cards]


def ids(client, **more):
    return [id_ for id_, _why in shown(client, **more)]


@pytest.fixture
def thursday(now):
    return (now + timedelta(days=3)).replace(**LUNCH)


def test_only_what_lies_in_the_own_free_windows_is_shown(client, session, bob, thursday):
    make_availability(session, bob, free={3: (11 * 60 + 30, 13 * 60 + 30)})
    lunch = make_shift(session, starts_at=thursday)
    make_shift(session, starts_at=thursday + timedelta(hours=7))
    make_shift(session, starts_at=thursday + timedelta(days=1))
    make_shift(session, starts_at=thursday, ends_at=thursday + timedelta(hours=2))
    login(client, bob)
    assert ids(client) == [lunch.id]


def test_days_away_and_past_the_fortnight_are_left_out(client, session, bob, thursday):
    make_availability(session, bob)
    near, away, late = (
        make_shift(session, starts_at=thursday + timedelta(days=days)) for days in (0, 1, 20)
    )
    session.add(Away(person_id=bob.id, first_day=away.day, last_day=away.day))
    session.commit()
    login(client, bob)
    assert ids(client) == [near.id]
    assert late.id not in ids(client)


def test_what_one_cannot_join_is_never_recommended(client, session, bob, thursday):
    make_availability(session, bob)
    full = make_shift(session, starts_at=thursday, capacity=1)
    make_sign_up(session, full, make_person(session))
    make_shift(session, starts_at=thursday, project=make_project(session, minimum_age=60))
    trained = make_shift(session, starts_at=thursday)
    make_need(session, trained, kind="training")
    mine = make_shift(session, starts_at=thursday + timedelta(days=1))
    make_sign_up(session, mine, bob)
    line = make_shift(session, starts_at=thursday + timedelta(days=2), capacity=1)
    make_sign_up(session, line, make_person(session))
    make_sign_up(session, line, bob, status=SignUpStatus.WAITLISTED)
    bob.birth_date = date(1990, 1, 1)
    fine = make_shift(session, starts_at=thursday)
    login(client, bob)
    assert ids(client) == [fine.id]


def test_a_shift_that_would_miss_its_minimum_rises(client, session, bob, thursday):
    make_availability(session, bob)
    enough = make_shift(session, starts_at=thursday, posts=[{"capacity": 6, "minimum": 2}])
    lacks = make_shift(session, starts_at=thursday, posts=[{"capacity": 6, "minimum": 4}])
    for shift in (enough, lacks):
        for _ in range(3):
            make_sign_up(session, shift, make_person(session))
    login(client, bob)
    (first, why), (second, other) = shown(client)
    assert (first, second) == (lacks.id, enough.id)
    assert "1 more and it can go ahead" in why
    assert "go ahead" not in other


def test_each_says_why_in_one_line(client, session, bob, branch, building, thursday):
    liked = make_category(session, name_en="Hospital")
    place = make_place(session)
    make_walk(session, building, place, 6)
    project = make_project(session, category=liked, place=place)
    shift = make_shift(
        session, project=project, starts_at=thursday, posts=[{"capacity": 5, "minimum": 2}]
    )
    language = make_need(session, shift, kind="language", name_en="Shanghainese")
    make_availability(session, bob)
    session.add_all(
        [
            Interest(person_id=bob.id, category_id=liked.id),
            PersonQualification(
                person_id=bob.id, qualification_id=language.id, since=date(2026, 1, 1)
            ),
            Adoption(
                project_id=project.id,
                branch_id=branch.id,
                first_day=date(2026, 11, 1),
                last_day=date(2026, 12, 31),
                places=1,
                state=AdoptionState.AGREED,
                proposed_by=bob.id,
                proposed_at=thursday,
            ),
        ]
    )
    session.commit()
    login(client, bob)
    ((_id, why),) = shown(client)
    assert why == (
        "Lunch · 6 min on foot · skill: Shanghainese · adopted by the own branch"
        " · 2 more and it can go ahead"
    )


def test_what_suits_better_comes_first(client, session, bob, thursday):
    liked = make_category(session)
    make_availability(session, bob)
    session.add(Interest(person_id=bob.id, category_id=liked.id))
    other = make_shift(session, starts_at=thursday)
    suits = make_shift(session, project=make_project(session, category=liked), starts_at=thursday)
    login(client, bob)
    assert ids(client) == [suits.id, other.id]


def test_switched_off_the_soonest_come_first(client, session, bob, thursday):
    make_availability(session, bob, recommends=False)
    later = make_shift(
        session, starts_at=thursday + timedelta(hours=2), posts=[{"capacity": 5, "minimum": 1}]
    )
    soon = make_shift(session, starts_at=thursday, posts=[{"capacity": 50}])
    login(client, bob)
    assert ids(client) == [soon.id, later.id]
    assert [why for _id, why in shown(client)] == ["", ""]


def test_who_said_nothing_is_asked_when_and_sees_the_next_fortnight(
    client, session, charlie, thursday
):
    shift = make_shift(session, starts_at=thursday)
    login(client, charlie)
    page = client.get("/recommended?lang=en").text
    assert "When are you free?" in page
    assert ids(client) == [shift.id]


def test_the_home_page_shows_three_with_their_reasons(client, session, bob, thursday):
    make_availability(session, bob)
    for hours in range(5):
        make_shift(session, starts_at=thursday + timedelta(hours=hours))
    login(client, bob)
    found = shown(client, "/?lang=en")
    assert len(found) == 3
    assert all(why for _id, why in found)


def test_more_are_shown_on_demand_and_nonsense_is_no_error(client, session, bob, thursday):
    make_availability(session, bob)
    project = make_project(session)
    for minutes in range(25):
        make_shift(session, project=project, starts_at=thursday + timedelta(minutes=minutes))
    login(client, bob)
    assert len(ids(client)) == 20
    assert "n=40" in client.get("/recommended").text
    assert len(ids(client, path="/recommended?n=40")) == 25
    for nonsense in ("x", "-1", "99999999999", "²"):
        assert client.get(f"/recommended?n={nonsense}").status_code == 200


def test_a_page_costs_few_queries_however_many_shifts_there_are(client, session, bob, thursday):
    make_availability(session, bob)
    project = make_project(session)
    counts = []
    for total in (3, 30):
        while (
            session.query(type(make_shift(session, project=project, starts_at=thursday))).count()
            < total
        ):
            make_shift(session, project=project, starts_at=thursday)
        login(client, bob)
        with count_queries(db.engine) as queries:
            client.get("/recommended")
        counts.append(queries.count)
    assert counts[0] == counts[1] <= 6


def test_visitors_are_asked_to_sign_in(client):
    answer = client.get("/recommended")
    assert answer.status_code == 303
    assert "/login" in answer.location


def test_an_open_invitation_stands_on_the_home_page(client, session, bob, thursday):
    make_invitation(session, make_shift(session, starts_at=thursday), bob)
    login(client, bob)
    assert 'href="/invitations"' in client.get("/").text
    assert 'href="/invitations"' in client.get("/me").text
    assert post_of


def test_who_is_away_reads_why_little_is_shown(client, session, bob):
    make_availability(session, bob)
    session.add(Away(person_id=bob.id, first_day=date(2026, 11, 24), last_day=date(2026, 12, 9)))
    session.commit()
    assert "You are away" in login(client, bob).get("/recommended?lang=en").text


def test_without_recommendations_the_list_says_what_it_is_and_how_to_turn_them_on(client, bob):
    login(client, bob)
    client.post("/me/recommendations", data={"on": "0"})
    page = client.get("/recommended?lang=en").text
    assert "<h1>What you can join</h1>" in page
    assert page.index("Turn recommendations on") < page.index("</main>")
    assert "How is this list made?" not in page
