"""Seniors' wishes and the tables of a shift, at the desk and through the leader's link."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from tests.factories import (
    grant_role,
    make_organisation,
    make_pairing,
    make_person,
    make_project,
    make_request,
    make_shift,
    make_sign_up,
    qualification,
    speaks,
)
from tests.support import login
from volunteer_hub.attendance import leader_links
from volunteer_hub.attendance.lead_views import door_address
from volunteer_hub.core.permissions import Role
from volunteer_hub.matching.one_to_one.models import (
    Pairing,
    RequestState,
    ServiceRequest,
    Topic,
    TopicHelper,
)
from volunteer_hub.shifts.models import Post

LUNCH = timedelta(days=2, hours=2)


@pytest.fixture
def project(session, organisation):
    return make_project(session, organisation=organisation, one_to_one=True)


@pytest.fixture
def shift(session, project, now):
    return make_shift(session, project=project, starts_at=now + LUNCH, capacity=3)


@pytest.fixture
def typed(session):
    return {
        "given_name": "秀英",
        "topic_id": "2",
        "language_id": str(qualification(session, "lang_sh").id),
        "windows": ["2.lunch", "3.lunch"],
        "venue": "高和居委会",
        "building_id": "",
    }


@pytest.fixture
def request_of(session, organisation, alice):
    def add(**fields):
        return make_request(session, **{"organisation": organisation, "entered_by": alice} | fields)

    return add


def test_a_wish_is_entered_in_one_form_and_shows_where_it_stands(
    client, session, alice, organisation, project, typed
):
    login(client, alice)
    answer = client.post(
        "/console/requests/new", data=typed | {"organisation_id": str(organisation.id)}
    )
    assert answer.status_code == 303
    page = client.get(f"{answer.location}?lang=zh").text
    assert "秀英" in page
    assert "等待核实" in page


def test_whose_organisation_arranges_nothing_chooses_who_does(
    client, session, organisation, project, typed
):
    worker = make_person(session)
    grant_role(session, worker, Role.COORDINATOR, organisation=make_organisation(session))
    login(client, worker)
    form = client.get("/console/requests/new?lang=en").text
    assert '<option selected value="">Please choose</option>' in form
    path = "/console/requests/new?lang=en"
    assert client.post(path, data=typed | {"organisation_id": ""}).status_code == 422
    answer = client.post(path, data=typed | {"organisation_id": str(organisation.id)})
    assert f"{organisation.name_en} verifies it" in client.get(answer.location).text


def test_the_own_organisation_arranges_and_it_is_said_who_verifies(
    client, session, alice, organisation, project, typed
):
    make_project(session, organisation=make_organisation(session), one_to_one=True)
    login(client, alice)
    form = client.get("/console/requests/new?lang=en").text
    assert "Please choose" not in form
    data = typed | {"organisation_id": str(organisation.id)}
    path = "/console/requests/new?lang=en"
    assert "you verify it yourself" in client.get(client.post(path, data=data).location).text
    dora = make_person(session)
    grant_role(session, dora, Role.COORDINATOR, organisation=organisation)
    assert "colleague of yours" in client.get(client.post(path, data=data).location).text


def test_what_was_typed_survives_a_mistake(client, alice, organisation, project, typed):
    login(client, alice)
    answer = client.post(
        "/console/requests/new?lang=en",
        data=typed | {"organisation_id": str(organisation.id), "given_name": "秀英 13800138000"},
    )
    assert answer.status_code == 422
    assert "no numbers" in answer.text
    assert 'value="3.lunch" checked' in answer.text
    assert "高和居委会" in answer.text


def test_a_slip_is_mended_in_the_same_form(
    client, session, alice, organisation, project, request_of, typed
):
    wish = request_of(given_name="秀瑛")
    login(client, alice)
    assert "秀瑛" in client.get(f"/console/requests/{wish.id}/edit").text
    data = typed | {"organisation_id": str(organisation.id)}
    path = f"/console/requests/{wish.id}/edit"
    assert client.post(path, data=data | {"windows": []}).status_code == 422
    assert client.post(path, data=data).status_code == 303
    session.refresh(wish)
    assert wish.given_name == "秀英"


def test_a_colleague_verifies_and_who_entered_it_cannot(
    client, session, alice, organisation, project, request_of
):
    dora = make_person(session, name="Dora")
    grant_role(session, dora, Role.COORDINATOR, organisation=organisation)
    wish = request_of()
    login(client, alice)
    assert "colleague verifies" in client.get(f"/console/requests/{wish.id}?lang=en").text
    assert client.post(f"/console/requests/{wish.id}/verify").status_code == 409
    login(client, dora)
    assert client.post(f"/console/requests/{wish.id}/verify").status_code == 303
    session.refresh(wish)
    assert wish.state == RequestState.VERIFIED


def test_the_board_counts_wishes_that_wait(client, alice, project, request_of):
    request_of()
    request_of(state="verified")
    request_of(state="withdrawn")
    page = login(client, alice).get("/console?lang=en").text
    assert "2 seniors&#39; wishes wait" in page


def test_the_board_says_first_which_placed_wishes_no_longer_fit_the_time_of_their_shift(
    client, session, alice, project, shift, request_of, now
):
    board = login(client, alice)
    request_of(shift=shift, windows=[(2, "lunch"), (3, "lunch")])
    request_of(shift=make_shift(session, project=project, starts_at=now - LUNCH), windows=[])
    assert "no longer fit" not in board.get("/console?lang=en").text
    request_of(shift=shift, windows=[(5, "weekend_am")])
    request_of(shift=shift, windows=[(2, "evening")])
    later = make_shift(session, project=project, starts_at=now + LUNCH * 8)
    request_of(shift=later, windows=[(6, "weekend_am")])
    page = board.get("/console?lang=en").text
    assert "3 seniors&#39; wishes no longer fit the time of their shift" in page
    assert f'href="/console/shifts/{shift.id}/pairs"' in page


def test_ticked_wishes_go_into_a_shift(client, session, alice, shift, request_of):
    wish = request_of(state="verified")
    login(client, alice)
    answer = client.post(
        "/console/requests/place", data={"wish": [str(wish.id)], "shift": str(shift.id)}
    )
    assert answer.location == f"/console/shifts/{shift.id}/pairs"
    session.refresh(wish)
    assert wish.shift_id == shift.id


def test_a_clash_is_named_and_the_ticks_stay(client, alice, shift, request_of):
    wish = request_of(state="verified", given_name="德明", windows=[(5, "weekend_am")])
    login(client, alice)
    answer = client.post(
        "/console/requests/place?lang=en",
        data={"wish": [str(wish.id)], "shift": str(shift.id)},
    )
    assert answer.status_code == 409
    assert "德明 has no time when this shift is." in answer.text
    assert f'value="{wish.id}" checked' in answer.text
    assert f'<option value="{shift.id}" selected>' in answer.text


def test_each_shift_says_how_many_wishes_have_time_and_the_wishes_that_have_none(
    client, alice, shift, request_of
):
    request_of(state="verified")
    request_of(state="verified", windows=[(2, "lunch")])
    request_of(state="verified", windows=[(5, "weekend_am")])
    login(client, alice)
    text = client.get(f"/console/requests?lang=en&shift={shift.id}").text
    assert "2 wishes have time then" in text
    assert text.count("no time at the chosen shift") == 1


def test_the_choice_of_a_shift_stands_before_what_is_over(client, alice, shift, request_of):
    request_of(state="served", shift=shift, given_name="惠珍")
    request_of(state="withdrawn", given_name="文彬")
    login(client, alice)
    assert 'id="shift"' not in client.get("/console/requests").text
    request_of(state="verified", given_name="德明")
    text = client.get("/console/requests").text
    assert text.index("德明") < text.index('id="shift"') < text.index("惠珍")
    assert "文彬" in text
    assert 'id="shift"' not in client.get("/console/requests?status=served").text


def test_withdrawing_takes_two_taps(client, alice, request_of):
    wish = request_of()
    text = login(client, alice).get(f"/console/requests/{wish.id}").text
    before, _button, _after = text.partition(f"/console/requests/{wish.id}/withdraw")
    assert before.rindex("<details") > max(before.rfind("</details>"), 0)


def test_ticks_survive_the_way_to_a_new_shift(client, alice, project, request_of):
    wish = request_of(state="verified")
    login(client, alice)
    answer = client.post(
        "/console/requests/place", data={"wish": [str(wish.id)], "new": str(project.id)}
    )
    form = client.get(answer.location)
    assert form.status_code == 200
    made = client.post(
        answer.location,
        data={
            "starts_at": "2026-11-25T12:00",
            "ends_at": "2026-11-25T13:00",
            "place_id": str(project.place_id),
            "posts-0-capacity": "4",
            "publish": "1",
        },
    )
    assert made.status_code == 303, made.text
    assert f'value="{wish.id}" checked' in client.get(made.location).text


def test_an_answer_in_words_reaches_who_entered_it(
    client, session, alice, organisation, project, request_of
):
    worker = make_person(session)
    grant_role(session, worker, Role.COORDINATOR)
    wish = request_of(entered_by=worker)
    login(client, alice)
    assert client.post(f"/console/requests/{wish.id}/close", data={"words": " "}).status_code == 422
    answer = client.post(f"/console/requests/{wish.id}/close", data={"words": "请去社区学校"})
    assert answer.status_code == 303
    page = login(client, worker).get(f"/console/requests/{wish.id}")
    assert "请去社区学校" in page.text


def test_strangers_find_neither_wish_nor_tables(client, session, shift, request_of, bob):
    wish = request_of(shift=shift)
    stranger = make_person(session)
    grant_role(session, stranger, Role.COORDINATOR)
    for person in (bob, stranger):
        login(client, person)
        for path in (f"requests/{wish.id}", f"shifts/{shift.id}/pairs"):
            assert client.get(f"/console/{path}").status_code == 404
        for path in ("withdraw", "verify", "take-out", "close", "edit"):
            assert client.post(f"/console/requests/{wish.id}/{path}").status_code == 404
        assert client.post(f"/console/shifts/{shift.id}/pairs").status_code == 404


def test_a_shift_of_another_kind_has_no_tables(client, session, alice, organisation):
    plain = make_shift(session, project=make_project(session, organisation=organisation))
    login(client, alice)
    assert client.get(f"/console/shifts/{plain.id}/pairs").status_code == 404
    assert "/pairs" not in client.get(f"/console/shifts/{plain.id}").text


def test_topics_are_added_renamed_and_hidden(client, session, alice, project):
    login(client, alice)
    data = {"name_zh": "看地铁图", "name_en": "Metro map"}
    assert client.post("/console/requests/topics", data=data).status_code == 303
    assert client.post("/console/requests/topics", data=data).status_code == 422
    topic = session.scalars(select(Topic).where(Topic.name_zh == "看地铁图")).one()
    path = f"/console/requests/topics/{topic.id}"
    client.post(path, data={"name_zh": "地铁图", "name_en": ""})
    client.post(f"{path}/hide", data={"hidden": "1"})
    assert "地铁图" not in client.get("/console/requests/new").text
    assert "地铁图" in client.get("/console/requests/topics").text


# ---------------------------------------------------------------- tables


def test_one_tap_pairs_and_says_why_and_why_not(client, session, alice, bob, shift, request_of):
    request_of(shift=shift, given_name="秀英")
    request_of(shift=shift, given_name="德明", language="lang_sh")
    make_sign_up(session, shift, bob)
    login(client, alice)
    page = f"/console/shifts/{shift.id}/pairs"
    assert client.post(page, data={"do": "pair"}).status_code == 303
    text = client.get(f"{page}?lang=en").text
    assert "Bob" in text
    assert "1 pair" in text
    assert "Every volunteer of this shift has somebody already." in text


def test_an_empty_shift_says_that_no_wish_is_in_it(client, session, alice, bob, shift):
    make_sign_up(session, shift, bob)
    text = login(client, alice).get(f"/console/shifts/{shift.id}/pairs?lang=en").text
    assert "Every wish has a volunteer" not in text
    assert text.count("No wish is in this shift yet.") == 2


def test_a_shift_without_volunteers_says_so(client, alice, shift, request_of):
    request_of(shift=shift)
    text = login(client, alice).get(f"/console/shifts/{shift.id}/pairs?lang=en").text
    assert "Nobody has signed up" in text
    assert "has somebody already" not in text


def test_choosing_by_hand_shows_what_speaks_for_each_best_first(
    client, session, alice, bob, charlie, project, shift, request_of, now
):
    past = make_shift(session, project=project, starts_at=now - timedelta(days=7))
    before = request_of(shift=past, state="served")
    make_pairing(session, before, make_sign_up(session, past, charlie), state="met")
    request_of(shift=shift, language="lang_sh", topic=2, first_id=before.id)
    for person in (bob, charlie):
        make_sign_up(session, shift, person)
    speaks(session, charlie, "lang_sh")
    session.add(TopicHelper(person_id=charlie.id, topic_id=2))
    session.commit()
    text = login(client, alice).get(f"/console/shifts/{shift.id}/pairs?lang=en").text
    options = [line for line in text.split("<option")[1:] if "(free)" in line]
    assert "Charlie" in options[0]
    assert "met 1 time before · Shanghainese · teaches" in options[0]
    assert "Bob" in options[1]
    assert "Shanghainese not known" in options[1]


def test_a_wish_whose_time_no_longer_fits_is_marked(client, alice, shift, request_of):
    request_of(shift=shift, windows=[(5, "weekend_am")])
    request_of(shift=shift)
    text = login(client, alice).get(f"/console/shifts/{shift.id}/pairs?lang=en").text
    assert text.count("the senior did not name this time") == 1


def test_an_unknown_button_is_refused_and_nothing_happens(client, session, alice, shift):
    login(client, alice)
    answer = client.post(f"/console/shifts/{shift.id}/pairs", data={"do": "x"})
    assert answer.status_code == 422
    assert session.scalars(select(Pairing)).all() == []


def test_a_volunteer_who_stays_away_is_replaced_in_two_taps_through_the_link(
    client, session, organisation, alice, bob, charlie, shift, request_of, time_machine
):
    wish = request_of(shift=shift)
    pairing = make_pairing(session, wish, make_sign_up(session, shift, bob))
    make_sign_up(session, shift, charlie)
    page = door_of(client, session, alice, organisation, shift) + "/pairs"
    time_machine.move_to(shift.starts_at, tick=False)
    assert f'href="{page}"' in client.get(page.removesuffix("/pairs")).text
    client.post(page, data={"do": "no_volunteer", "pairing": str(pairing.id)})
    assert client.post(page, data={"do": "pair"}).status_code == 303
    text = client.get(page).text
    assert "Charlie" in text
    assert alice.name not in text
    # What is chosen by hand shows full names, so the link does not offer it.
    assert 'value="hand"' not in text


def door_of(client, session, alice, organisation, shift):
    """Make a link for a stand-in and return its path."""
    link = leader_links.make_link(
        session,
        shift_id=shift.id,
        organisation_ids=[organisation.id],
        name="队长",
        actor_id=alice.id,
        now=shift.starts_at,
    )
    session.commit()
    with client.application.test_request_context():
        return "/" + door_address(link.id).partition("//")[2].partition("/")[2]


def test_a_stand_in_prints_the_sheet_on_site_while_the_link_is_open(
    client, session, organisation, alice, shift, request_of, time_machine
):
    volunteer = make_person(session, name="欧阳海燕", nickname="")
    make_pairing(
        session, request_of(shift=shift, given_name="秀英"), make_sign_up(session, shift, volunteer)
    )
    page = door_of(client, session, alice, organisation, shift) + "/pairs"
    time_machine.move_to(shift.starts_at, tick=False)
    assert f'href="{page}/print"' in client.get(page).text
    answer = client.get(f"{page}/print")
    assert answer.headers["Cache-Control"] == "no-store"
    assert "秀英" in answer.text
    assert "海燕" in answer.text
    assert "欧阳" not in answer.text
    time_machine.move_to(shift.ends_at + leader_links.OPEN_AFTER, tick=False)
    closed = client.get(f"{page}/print")
    assert closed.status_code == client.get(page).status_code != 200
    assert "秀英" not in closed.text
    assert client.get("/lead/x/pairs/print").status_code == 404


def test_whoever_loses_their_senior_is_not_told_that_somebody_cannot_come(
    client, session, alice, bob, shift, request_of
):
    wish = request_of(shift=shift)
    make_pairing(session, wish, make_sign_up(session, shift, bob))
    data = {"do": "hand", "request": str(wish.id), "person": "0"}
    login(client, alice).post(f"/console/shifts/{shift.id}/pairs", data=data)
    told = login(client, bob).get("/me/notices?lang=en").text
    assert "You still have your place" in told
    assert "cannot come" not in told


def test_the_card_of_an_absent_senior_offers_no_pairing(
    client, session, alice, bob, shift, request_of, time_machine
):
    there, away = request_of(shift=shift), request_of(shift=shift)
    row = make_pairing(session, away, make_sign_up(session, shift, bob))
    time_machine.move_to(shift.starts_at, tick=False)
    page = f"/console/shifts/{shift.id}/pairs"
    login(client, alice).post(page, data={"do": "no_senior", "pairing": str(row.id)})
    cards = client.get(page).text.split('<li class="card stack"')[1:]
    card = {
        wish.id: next(c for c in cards if f'data-id="{wish.id}"' in c) for wish in (there, away)
    }
    assert 'value="pair"' in card[there.id]
    assert 'value="pair"' not in card[away.id]
    assert 'value="alone_away"' in card[there.id]
    client.post(page, data={"do": "alone_away", "request": str(there.id)})
    text = client.get(page).text
    assert 'value="pair"' not in text
    assert 'value="alone_came"' in text


def test_the_sheet_names_nobody_in_full(client, session, alice, shift, request_of):
    volunteer = make_person(session, name="欧阳海燕", nickname="")
    make_pairing(
        session, request_of(shift=shift, given_name="秀英"), make_sign_up(session, shift, volunteer)
    )
    text = login(client, alice).get(f"/console/shifts/{shift.id}/pairs/print").text
    assert "秀英" in text
    assert "海燕" in text
    assert "欧阳" not in text


# ---------------------------------------------------------------- the volunteer's phone


def test_a_volunteer_sees_only_whom_they_meet(client, session, bob, charlie, shift, request_of):
    make_pairing(
        session, request_of(shift=shift, given_name="秀英"), make_sign_up(session, shift, bob)
    )
    make_sign_up(session, shift, charlie)
    path = f"/shifts/{shift.id}/pairing"
    assert "秀英" in login(client, bob).get(path).text
    assert f'hx-get="{path}"' in client.get(f"/shifts/{shift.id}").text
    other = login(client, charlie).get(f"{path}?lang=en").text
    assert "秀英" not in other
    assert "Not paired yet" in other
    gone = make_person(session)
    make_sign_up(session, shift, gone, status="cancelled")
    assert login(client, gone).get(path).location == f"/shifts/{shift.id}"
    stranger = make_person(session)
    assert login(client, stranger).get(path).status_code == 404
    client.post("/logout")
    assert "秀英" not in client.get(f"/shifts/{shift.id}").text


def test_meeting_again_is_answered_on_the_phone_and_by_nobody_else(
    client, session, bob, charlie, project, request_of, now
):
    past = make_shift(session, project=project, starts_at=now - timedelta(days=1))
    pairing = make_pairing(
        session,
        request_of(shift=past, state="served"),
        make_sign_up(session, past, bob),
        state="met",
    )
    assert login(client, charlie).post(f"/pairings/{pairing.id}/again").status_code == 404
    login(client, bob).post(f"/pairings/{pairing.id}/again", data={"yes": "1"})
    session.refresh(pairing)
    assert pairing.volunteer_again is True
    client.post(f"/pairings/{pairing.id}/again", data={"yes": "0"})
    session.refresh(pairing)
    assert pairing.volunteer_again is False


def test_who_has_met_sees_no_button_that_cancels(
    client, session, alice, bob, shift, request_of, time_machine
):
    row = make_pairing(session, request_of(shift=shift), make_sign_up(session, shift, bob))
    time_machine.move_to(shift.starts_at - timedelta(minutes=20), tick=False)
    assert 'form="leave"' in login(client, bob).get(f"/shifts/{shift.id}").text
    login(client, alice).post(
        f"/console/shifts/{shift.id}/pairs", data={"do": "together", "pairing": str(row.id)}
    )
    assert 'form="leave"' not in login(client, bob).get(f"/shifts/{shift.id}").text


def test_who_helps_at_another_post_reads_so(client, session, bob, project, now):
    posts = [{"position": 0, "capacity": 2}, {"position": 1, "capacity": 2}]
    shift = make_shift(session, project=project, starts_at=now + LUNCH, posts=posts)
    desk = session.scalars(select(Post).where(Post.shift_id == shift.id, Post.position == 1)).one()
    make_sign_up(session, shift, bob, post=desk)
    page = login(client, bob).get(f"/shifts/{shift.id}/pairing?lang=en").text
    assert "help around the tables" in page
    assert "Not paired yet" not in page


def test_the_table_is_told_where_one_checks_in(client, session, bob, shift, request_of):
    make_sign_up(session, shift, bob)
    page = login(client, bob).get(f"/shifts/{shift.id}/check-in").text
    assert f'href="/shifts/{shift.id}/pairing"' in page


def test_when_both_want_to_go_on_the_next_wish_is_one_tap_away(
    client, session, alice, bob, project, request_of, now
):
    past = make_shift(session, project=project, starts_at=now - timedelta(days=1))
    wish = request_of(shift=past, state="served")
    make_pairing(session, wish, make_sign_up(session, past, bob), state="met", volunteer_again=True)
    login(client, alice)
    page = f"/console/shifts/{past.id}/pairs"
    assert "?again=" not in client.get(page).text
    pairing = session.scalars(select(Pairing)).one()
    assert client.post(page, data={"do": "again", "pairing": str(pairing.id)}).status_code == 303
    assert f"/console/requests/new?again={wish.id}" in client.get(page).text


def test_own_data_holds_own_pairings_without_the_senior_and_goes_with_the_account(
    client, session, bob, shift, request_of
):
    make_pairing(
        session, request_of(shift=shift, given_name="秀英"), make_sign_up(session, shift, bob)
    )
    login(client, bob).post("/me/topics", data={"topic_ids": ["1", "2"]})
    data = client.get("/me/data.json").json
    assert len(data["pairings"]) == 1
    assert [row["topic_id"] for row in data["topics"]] == [1, 2]
    assert "秀英" not in str(data)
    assert "senior_again" not in data["pairings"][0]
    assert client.post("/me/delete", data={"sure": "y"}).status_code == 303
    session.expire_all()
    assert session.scalars(select(Pairing.state)).all() == ["replaced"]
    assert session.scalars(select(TopicHelper)).all() == []


def test_whoever_only_tests_finds_no_wish_of_a_number_that_is_none(client, alice, project):
    login(client, alice)
    assert client.get("/console/requests/new?again=99").status_code == 404
    assert client.get("/console/requests?pick=x.y.99&shift=12").status_code == 200


def test_the_same_senior_is_entered_again_from_the_wish(
    client, session, alice, organisation, project, request_of, typed
):
    wish = request_of(state="served", shift=make_shift(session, project=project))
    login(client, alice)
    form = client.get(f"/console/requests/new?again={wish.id}").text
    assert wish.given_name in form
    client.post(
        "/console/requests/new",
        data=typed | {"organisation_id": str(organisation.id), "again_of": str(wish.id)},
    )
    newest = session.scalars(select(ServiceRequest).order_by(ServiceRequest.id.desc())).first()
    assert newest.first_id == wish.id
