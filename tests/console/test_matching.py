"""The desk's plans: who and why, why not, keep and rule out, send, answers."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from tests.factories import (
    make_availability,
    make_building,
    make_invitation,
    make_need,
    make_person,
    make_project,
    make_shift,
    post_of,
)
from tests.support import login
from volunteer_hub.matching import sending
from volunteer_hub.matching.models import Invitation, MatchRun, Proposal, RunState
from volunteer_hub.matching.planned import Pair, Planned, PostPlan


@pytest.fixture
def shift(session, organisation):
    project = make_project(session, organisation=organisation, title_en="Hospital guides")
    return make_shift(session, project=project, capacity=3)


def proposing(session, shift, person, **figures):
    post_id = post_of(session, shift).id
    return Planned(
        pairs=[Pair(post_id, person.id, 1200, [["window", "lunch"], ["walk", 6]])],
        posts=[PostPlan(post_id, 3, 1, "all_busy", {"busy": 1, "week_full": 3, "farther": 4})],
        value=1500,
        bound=1510,
        figures={"people": 5, "posts": 1, "places": 3, "filled": 1, "invited": 1, **figures},
    )


@pytest.fixture
def run(client, session, organisation, alice, bob, shift, now):
    """A plan that proposes Bob and leaves two places open."""
    make_availability(session, bob)
    login(client, alice)
    answer = client.post(
        "/console/matching",
        data={
            "organisation_id": str(organisation.id),
            "first_day": "2026-11-24",
            "last_day": "2026-12-07",
            "aim": "balanced",
        },
    )
    assert answer.status_code == 303
    run_id = int(answer.location.rpartition("/")[2])
    sending.keep(session, run_id, proposing(session, shift, bob), now=now)
    session.commit()
    return session.get(MatchRun, run_id)


def page(client, run, query="?lang=en"):
    return client.get(f"/console/matching/{run.id}{query}").text


def test_a_plan_says_who_why_and_why_not(client, run):
    text = page(client, run)
    assert "Hospital guides" in text
    assert "Bob" in text
    assert "Lunch · 6 min on foot" in text
    assert "1 of 3 open places" in text
    assert "2 stay open" in text
    assert "1 is planned elsewhere then, 3 have reached the week&#39;s limit" in text
    assert "With 5 more minutes on foot 4 more would be near." in text
    assert "≤ 0.66 %" in text
    assert "Send 1 invitation" in text


def test_while_it_is_worked_out_the_page_asks_again_by_itself(client, session, run):
    run.state = RunState.QUEUED
    session.commit()
    assert 'hx-trigger="every 2s"' in page(client, run)
    fragment = client.get(f"/console/matching/{run.id}", headers={"HX-Request": "true"}).text
    assert fragment.lstrip().startswith('<section id="match-plan"')
    run.state = RunState.READY
    session.commit()
    assert "hx-trigger" not in page(client, run)


def test_a_pair_is_ruled_out_and_the_reader_stays_where_they_were(client, session, run, shift, bob):
    data = {"post": post_of(session, shift).id, "person": bob.id, "kind": "forbid", "page": "1"}
    answer = client.post(f"/console/matching/{run.id}/wish", data=data)
    assert answer.status_code == 303
    assert answer.location.endswith(f"#post-{data['post']}")
    assert "ruled out" in page(client, run)
    client.post(f"/console/matching/{run.id}/wish", data=data | {"kind": ""})
    assert "ruled out" not in page(client, run)


def test_a_note_can_be_undone_where_the_plan_made_again_has_dropped_the_person(
    client, session, run, shift, bob, now
):
    data = {"post": post_of(session, shift).id, "person": bob.id, "kind": "forbid"}
    client.post(f"/console/matching/{run.id}/wish", data=data)
    answer = client.post(f"/console/matching/{run.id}/again")
    again = session.get(MatchRun, int(answer.location.rpartition("/")[2]))
    dora = make_person(session, name="Dora")
    sending.keep(session, again.id, proposing(session, shift, dora, before=1, kept=0), now=now)
    session.commit()
    text = page(client, again)
    assert "1 note: kept or ruled out" in text
    assert "0 of the 1 pair before stays" in text
    assert text.index("Bob") < text.index("Dora")
    assert '<span class="tag">new</span>' in text
    client.post(f"/console/matching/{again.id}/wish", data=data | {"kind": ""})
    assert "Bob" not in page(client, again)


def test_people_of_one_name_are_told_apart_by_their_office(client, session, run, shift, bob, now):
    post_id = post_of(session, shift).id
    for person in (make_person(session, name=bob.name), make_person(session, name="Dora")):
        session.add(Proposal(run_id=run.id, post_id=post_id, person_id=person.id, value=1, why=[]))
    bob.building_id = make_building(session, name_en="Orchid Tower").id
    session.commit()
    assert page(client, run).count("Orchid Tower") == 1


def test_the_desk_does_not_read_who_belongs_to_which_branch(client, session, run, shift):
    """Product rule 10: the volunteer sees that reason, nobody else."""
    row = session.scalars(select(Proposal)).one()
    row.why = [["branch"], ["walk", 6]]
    session.commit()
    text = page(client, run)
    assert "6 min on foot" in text
    assert "branch" not in text


def test_a_post_says_what_it_asks_for(client, session, run, shift):
    need = make_need(session, shift, kind="language")
    session.commit()
    assert f"Asks for: {need.name_en}" in page(client, run)


def test_unanswered_invitations_are_taken_back_in_two_taps(client, session, run, now):
    client.post(f"/console/matching/{run.id}/send")
    sending.send_some(session, now)
    session.commit()
    assert "Take 1 invitation back" in page(client, run)
    assert client.post(f"/console/matching/{run.id}/take-back").status_code == 303
    text = page(client, run)
    assert "1 taken back" in text
    assert "Take 1 invitation back" not in text


def test_the_roster_says_how_many_have_not_answered_yet(client, session, run, shift, charlie):
    make_invitation(session, shift, charlie)
    assert "1 person is invited" in client.get(f"/console/shifts/{shift.id}?lang=en").text


def test_a_page_past_the_last_one_is_the_last_one(client, run):
    assert "Hospital guides" in page(client, run, "?page=9&lang=en")


def test_sending_shows_the_answers_as_they_come(client, session, run, shift, bob, now):
    assert client.post(f"/console/matching/{run.id}/send").status_code == 303
    sending.send_some(session, now)
    session.commit()
    assert "not answered yet" in page(client, run)
    invitation = session.scalars(select(Invitation)).one()
    login(client, bob)
    client.post(f"/invitations/{invitation.id}/accept", data={"risk_accepted": "1"})
    login(client, session.get(type(bob), run.asked_by))
    text = page(client, run)
    assert "✓ accepted" in text
    assert "1 accepted · 0 declined · 0 open" in text
    assert "1 accepted" in client.get("/console/matching?lang=en").text


def test_who_was_asked_instead_is_named(client, session, run, shift, now):
    other = make_person(session, name="Dora")
    make_invitation(session, shift, other, run_id=run.id)
    run.state = RunState.SENT
    session.commit()
    text = page(client, run)
    assert "Dora" in text
    assert "asked instead" in text


def test_only_places_that_stay_open_are_shown_on_demand(client, session, run, organisation):
    assert "Hospital guides" in page(client, run, "?short=1&lang=en")
    for number in ("0", "x", "99999999999"):
        assert client.get(f"/console/matching/{run.id}?page={number}").status_code == 200


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"first_day": "2026-11-01"}, "This day has passed."),
        ({"last_day": "2026-11-23"}, "The last day cannot be before the first."),
        ({"last_day": "x"}, "Please choose a day."),
        ({"organisation_id": "0"}, "Please choose one from the list."),
    ],
)
def test_what_cannot_be_planned_is_said_at_the_form(
    client, session, alice, organisation, changes, sentence
):
    login(client, alice)
    data = {
        "organisation_id": str(organisation.id),
        "first_day": "2026-11-24",
        "last_day": "2026-12-07",
        "aim": "even",
    }
    answer = client.post("/console/matching?lang=en", data=data | changes)
    assert answer.status_code in (409, 422)
    assert sentence in answer.text
    assert session.scalars(select(MatchRun)).all() == []


def test_strangers_and_volunteers_find_no_plan(client, session, run, charlie):
    """S14."""
    stranger = make_person(session)
    from tests.factories import grant_role, make_organisation
    from volunteer_hub.core.permissions import Role

    grant_role(session, stranger, Role.COORDINATOR, organisation=make_organisation(session))
    for person in (charlie, stranger):
        login(client, person)
        assert client.get(f"/console/matching/{run.id}").status_code == 404
        for act in ("send", "again", "put-away", "take-back", "wish"):
            assert client.post(f"/console/matching/{run.id}/{act}").status_code == 404
    assert session.get(MatchRun, run.id).state == RunState.READY


def test_putting_a_plan_away_asks_nobody(client, session, run, now):
    assert client.post(f"/console/matching/{run.id}/put-away").status_code == 303
    sending.send_some(session, now + timedelta(days=1))
    assert session.scalars(select(Invitation)).all() == []
