"""The page of a shift, and the taps on it."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from tests.factories import (
    NOW,
    make_attendance,
    make_person,
    make_project,
    make_shift,
    make_sign_up,
    post_of,
)
from tests.support import login
from volunteer_hub.core import codes

READ = {"risk_accepted": "1"}


def panel(html):
    found = re.search(r'data-state="(\w+)" data-left="(\d+)"', html)
    return found[1], int(found[2])


def test_a_visitor_sees_places_and_is_asked_to_sign_in(client, session):
    shift = make_shift(session, capacity=4)
    page = client.get(f"/shifts/{shift.id}").get_data(as_text=True)
    assert panel(page) == ("none", 4)
    assert f"/login?next=/shifts/{shift.id}" in page


def test_one_tap_signs_up_and_the_page_says_so(client, session):
    shift, person = make_shift(session, capacity=4), make_person(session)
    login(client, person)
    answer = client.post(f"/shifts/{shift.id}/signup", data=READ)
    assert (answer.status_code, answer.location) == (303, f"/shifts/{shift.id}")
    page = client.get(answer.location).get_data(as_text=True)
    assert panel(page) == ("confirmed", 3)
    assert "报名成功" in page


def test_htmx_gets_only_the_panel_in_its_new_state(client, session):
    shift = make_shift(session, capacity=4)
    login(client, make_person(session))
    answer = client.post(f"/shifts/{shift.id}/signup", data=READ, headers={"HX-Request": "true"})
    text = answer.get_data(as_text=True)
    assert answer.status_code == 200
    assert "<html" not in text
    assert panel(text) == ("confirmed", 3)
    assert "HX-Request" in answer.headers["Vary"]


def test_a_full_shift_puts_in_line_and_names_the_place(client, session):
    shift = make_shift(session, capacity=1)
    make_sign_up(session, shift, make_person(session))
    login(client, make_person(session))
    answer = client.post(f"/shifts/{shift.id}/signup", data=READ)
    page = client.get(answer.location).get_data(as_text=True)
    assert panel(page) == ("waitlisted", 0)
    assert "候补第 1 位" in page


def test_a_conflict_is_explained_before_the_tap_and_refused_after_it(client, session):
    person = make_person(session)
    make_sign_up(
        session, make_shift(session, project=make_project(session, title_zh="陪聊")), person
    )
    clash = make_shift(session)
    login(client, person)
    before = client.get(f"/shifts/{clash.id}").get_data(as_text=True)
    assert panel(before)[0] == "refused"
    assert "陪聊" in before
    answer = client.post(f"/shifts/{clash.id}/signup", data=READ)
    assert answer.status_code == 409
    assert "陪聊" in answer.get_data(as_text=True)
    session.expire_all()
    assert post_of(session, clash).taken == 0


def test_without_the_notice_the_form_comes_back_with_422(client, session):
    shift = make_shift(session)
    login(client, make_person(session))
    answer = client.post(f"/shifts/{shift.id}/signup", data={})
    assert answer.status_code == 422
    assert "风险告知" in answer.get_data(as_text=True)


def test_a_repeated_form_gets_the_same_answer_and_has_one_effect(client, session):
    shift, person = make_shift(session, capacity=4), make_person(session)
    login(client, person)
    form = {**READ, "request_key": "one-tap"}
    first = client.post(f"/shifts/{shift.id}/signup", data=form)
    page = client.get(first.location).get_data(as_text=True)
    leave = re.search(r'action="(/signups/\d+/cancel)"', page)[1]
    client.post(leave, data={"request_key": "other"})
    again = client.post(f"/shifts/{shift.id}/signup", data=form)
    assert (again.status_code, again.location) == (303, first.location)
    # The late repeat of the first tap does not sign up again what was cancelled since.
    assert panel(client.get(again.location).get_data(as_text=True)) == ("none", 4)


def test_cancelling_from_me_leads_back_to_me(client, session):
    shift, person = make_shift(session), make_person(session)
    sign_up = make_sign_up(session, shift, person)
    login(client, person)
    assert "取消" in client.get("/me").get_data(as_text=True)
    answer = client.post(f"/signups/{sign_up.id}/cancel", data={"next": "/me"})
    assert answer.location == "/me"
    page = client.get("/me").get_data(as_text=True)
    assert f'data-id="{shift.id}"' not in page


def test_somebody_elses_sign_up_answers_404(client, session):
    sign_up = make_sign_up(session, make_shift(session), make_person(session))
    login(client, make_person(session))
    assert client.post(f"/signups/{sign_up.id}/cancel").status_code == 404


def test_the_contact_phone_is_shown_only_with_a_place(client, session):
    project = make_project(session, contact_phone="19900009999")
    shift, person = make_shift(session, project=project), make_person(session)
    login(client, person)
    assert "19900009999" not in client.get(f"/shifts/{shift.id}").get_data(as_text=True)
    make_sign_up(session, shift, person)
    assert "19900009999" in client.get(f"/shifts/{shift.id}").get_data(as_text=True)


def test_a_visitor_who_taps_is_sent_to_sign_in_and_back(client, session):
    shift = make_shift(session)
    answer = client.post(
        f"/shifts/{shift.id}/signup",
        data=READ,
        headers={"Referer": f"http://localhost/shifts/{shift.id}"},
    )
    assert answer.status_code == 303
    assert answer.location == f"/login?next=/shifts/{shift.id}"


def test_an_expired_session_in_a_fragment_leads_to_the_whole_login_page(client, session):
    shift = make_shift(session)
    answer = client.post(f"/shifts/{shift.id}/signup", data=READ, headers={"HX-Request": "true"})
    assert answer.status_code == 401
    assert answer.headers["HX-Redirect"].startswith("/login")


def test_a_shift_that_is_over_offers_no_button(client, session, time_machine):
    shift = make_shift(session)
    time_machine.move_to(NOW + timedelta(days=5), tick=False)
    page = client.get(f"/shifts/{shift.id}").get_data(as_text=True)
    assert "登录后报名" not in page


def test_english_readers_get_english(client, session):
    shift = make_shift(session, project=make_project(session, title_en="Phone help"))
    page = client.get(f"/shifts/{shift.id}?lang=en").get_data(as_text=True)
    assert 'lang="en"' in page
    assert "Phone help" in page
    assert "Risk notice" in page


@pytest.mark.parametrize("post", ["0" * 5000 + "1", "9" * 30, "abc", "-1", "１", "1.0"])
def test_a_senseless_post_is_a_form_error(client, session, post):
    shift = make_shift(session)
    login(client, make_person(session))
    answer = client.post(f"/shifts/{shift.id}/signup", data={**READ, "post": post})
    assert answer.status_code == 422
    assert "请选择一个岗位" in answer.get_data(as_text=True)


def test_whoever_is_checked_in_cannot_cancel_any_more(client, session):
    shift, person = make_shift(session), make_person(session)
    sign_up = make_sign_up(session, shift, person)
    make_attendance(session, shift, person, sign_up=sign_up, check_in_at=NOW)
    login(client, person)
    answer = client.post(f"/signups/{sign_up.id}/cancel")
    assert answer.status_code == 409
    assert "你已经签到了" in answer.get_data(as_text=True)
    session.expire_all()
    assert post_of(session, shift).taken == 1


def test_a_conflict_links_to_the_other_shift(client, session):
    person, mine = make_person(session), make_shift(session)
    make_sign_up(session, mine, person)
    login(client, person)
    page = client.get(f"/shifts/{make_shift(session).id}").get_data(as_text=True)
    assert f'href="/shifts/{mine.id}"' in page


def test_after_one_tap_the_panel_itself_shows_whom_to_call(client, session):
    project = make_project(session, contact_name="沈老师", contact_phone="19900009999")
    shift = make_shift(session, project=project)
    login(client, make_person(session))
    answer = client.post(f"/shifts/{shift.id}/signup", data=READ, headers={"HX-Request": "true"})
    assert "19900009999" in answer.get_data(as_text=True)


def test_a_place_shows_the_offline_code_until_the_shift_is_over(client, session, time_machine):
    shift, person = make_shift(session), make_person(session)
    login(client, person)
    assert "离线码" not in client.get(f"/shifts/{shift.id}").text
    sign_up = make_sign_up(session, shift, person)
    key = client.application.config["SECRET_KEY"]
    code = codes.offline_digits(key, sign_up.id)
    assert f"{code[:3]} {code[3:]}" in client.get(f"/shifts/{shift.id}").text
    time_machine.move_to(shift.ends_at)
    assert "离线码" not in client.get(f"/shifts/{shift.id}").text


def test_an_expired_session_leads_to_signing_in_even_without_a_token(client, session):
    shift = make_shift(session)
    answer = client.post(
        f"/shifts/{shift.id}/signup",
        csrf=False,
        headers={"Referer": f"http://localhost/shifts/{shift.id}"},
    )
    assert answer.location == f"/login?next=/shifts/{shift.id}"
