"""What people say of their time: saved as typed, proposed from habits, forgotten with them."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from tests.factories import (
    make_availability,
    make_category,
    make_project,
    make_shift,
    make_sign_up,
)
from tests.support import login
from volunteer_hub.accounts.models import Consent
from volunteer_hub.core.calendar import Window
from volunteer_hub.core.errors import NotFound
from volunteer_hub.matching import availability
from volunteer_hub.matching.models import Availability, Away, FreeWindow

TYPED = {
    "free": ["0.lunch", "3.lunch", "5.weekend_am"],
    "lunch_from": "11:45",
    "lunch_to": "13:15",
    "weekly_limit": "1",
    "farthest_walk": "10",
    "standby": "y",
    "calls_a_month": "1",
    "called_from": "330",
}


def say(client, **changes):
    return client.post("/me/availability", data=TYPED | changes)


def test_what_one_says_is_kept_and_shown_again(client, session, bob):
    login(client, bob)
    liked = make_category(session)
    assert say(client, interests=[str(liked.id)]).status_code == 303
    said = availability.own(session, bob.id)
    assert said.free == {(0, Window.LUNCH), (3, Window.LUNCH), (5, Window.WEEKEND_AM)}
    assert said.hours[Window.LUNCH] == (11 * 60 + 45, 13 * 60 + 15)
    assert said.hours[Window.WEEKEND_AM] == (8 * 60 + 30, 12 * 60 + 30)
    assert (said.weekly_limit, said.farthest_walk, said.calls_a_month) == (1, 10, 1)
    assert said.interests == {liked.id}
    page = client.get("/me/availability").text
    assert page.count(' name="free"') == 19
    assert page.count('name="free" value="3.lunch" checked') == 1
    assert 'value="11:45"' in page


def test_standing_by_is_a_consent_of_its_own_that_ends_with_the_tick(client, session, bob):
    login(client, bob)
    say(client)
    given = session.scalars(select(Consent).where(Consent.purpose == "standby")).one()
    assert (given.person_id, given.withdrawn_at) == (bob.id, None)
    client.post("/me/availability", data={k: v for k, v in TYPED.items() if k != "standby"})
    session.expire_all()
    assert given.withdrawn_at is not None
    assert not session.get(Availability, bob.id).standby


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"lunch_from": "13:30", "lunch_to": "11:30"}, "The end has to be later than the start."),
        ({"free": []}, "Please tick when you are free"),
        ({"free": ["6.lunch"]}, "Please choose from the list."),
        ({"lunch_to": "noon"}, "Please give a time, such as 08:30."),
        ({"weekly_limit": "99"}, "Please choose one from the list."),
        ({"farthest_walk": "x"}, "Please choose one from the list."),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_typed_is_lost(
    client, session, bob, changes, sentence
):
    login(client, bob)
    answer = client.post("/me/availability?lang=en", data=TYPED | changes)
    assert answer.status_code in (409, 422)
    assert sentence in answer.text
    if "free" not in changes:
        assert 'value="3.lunch" checked' in answer.text
    assert session.get(Availability, bob.id) is None


def test_habits_are_proposed_and_never_saved_by_themselves(client, session, bob, now):
    liked = make_category(session)
    project = make_project(session, category=liked)
    # Two Thursdays at lunch, and one Friday evening, which is no habit.
    noon = now.replace(hour=4, minute=0)
    for days, hour in ((4, 4), (11, 4), (3, 11)):
        starts_at = noon.replace(hour=hour) - timedelta(days=days)
        make_sign_up(session, make_shift(session, project=project, starts_at=starts_at), bob)
    login(client, bob)
    assert "habits=1" in client.get("/me/availability").text
    page = client.get("/me/availability?habits=1").text
    assert 'value="3.lunch" checked' in page
    assert 'value="4.after_work" checked' not in page
    assert f'name="interests" value="{liked.id}" checked' in page
    assert session.get(Availability, bob.id) is None


def test_days_away_are_added_and_taken_off_by_their_owner_alone(client, session, bob, charlie):
    login(client, bob)
    days = {"first_day": "2026-12-01", "last_day": "2026-12-05"}
    assert client.post("/me/availability/away", data=days).status_code == 303
    away = session.scalars(select(Away)).one()
    assert (away.first_day, away.last_day) == (date(2026, 12, 1), date(2026, 12, 5))
    with pytest.raises(NotFound):
        availability.remove_away(session, person_id=charlie.id, away_id=away.id)
    assert client.post(f"/me/availability/away/{away.id}/remove").status_code == 303
    assert session.scalars(select(Away)).all() == []


@pytest.mark.parametrize(
    ("first", "last"), [("2026-12-05", "2026-12-01"), ("2026-11-01", "2026-11-02"), ("", "x")]
)
def test_days_away_that_cannot_be_are_refused(client, session, bob, first, last):
    login(client, bob)
    answer = client.post("/me/availability/away", data={"first_day": first, "last_day": last})
    assert answer.status_code == 422
    assert session.scalars(select(Away)).all() == []


def test_recommendations_are_switched_off_and_on(client, session, bob):
    login(client, bob)
    assert client.post("/me/recommendations", data={"on": "0"}).status_code == 303
    assert not availability.own(session, bob.id).recommends
    assert "soonest first" in client.get("/recommended?lang=en").text
    client.post("/me/recommendations", data={"on": "1"})
    session.expire_all()
    assert availability.own(session, bob.id).recommends


def test_what_one_said_is_in_the_own_data_and_goes_with_the_account(client, session, bob):
    make_availability(session, bob, free={0: (0, 600)})
    session.add(Away(person_id=bob.id, first_day=date(2026, 12, 1), last_day=date(2026, 12, 2)))
    session.commit()
    login(client, bob)
    own = client.get("/me/data.json").json
    assert own["free_windows"][0]["end_minute"] == 600
    assert own["days_away"][0]["first_day"] == "2026-12-01"
    assert client.post("/me/delete", data={"sure": "y"}).status_code == 303
    for model in (Availability, FreeWindow, Away):
        assert session.scalars(select(model)).all() == []


def test_the_same_days_away_are_kept_once_and_at_most_a_year_ahead(client, session, bob):
    login(client, bob)
    days = {"first_day": "2026-12-01", "last_day": "2026-12-05"}
    for _ in range(2):
        assert client.post("/me/availability/away", data=days).status_code == 303
    assert len(session.scalars(select(Away)).all()) == 1
    far = {"first_day": "2026-12-01", "last_day": "2028-12-05"}
    assert client.post("/me/availability/away", data=far).status_code in (409, 422)
