"""The gate: one effect per form, whatever the network does to it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from tests.factories import make_person, make_shift
from tests.support import login
from volunteer_hub.app import create_app
from volunteer_hub.core.config import read_settings
from volunteer_hub.core.db import HandledForm
from volunteer_hub.shifts.models import SignUp


def test_r09_the_same_form_many_times_at_once_has_one_effect_and_one_answer(app, session, client):
    shift, person = make_shift(session), make_person(session)
    login(client, person)
    token = _token(client)
    cookie = client.get_cookie("session").value
    address = f"/shifts/{shift.id}/signup"
    session.commit()
    start = Barrier(6)

    def tap(_number):
        other = FlaskClient(app, app.response_class, use_cookies=True)
        other.set_cookie("session", cookie)
        start.wait()
        form = {"risk_accepted": "1", "request_key": "one-tap"}
        answer = other.post(address, data=form, headers=token)
        return answer.status_code, answer.location

    with ThreadPoolExecutor(6) as threads:
        answers = set(threads.map(tap, range(6)))
    assert answers == {(303, f"/shifts/{shift.id}")}
    assert session.scalar(select(func.count(SignUp.id))) == 1
    assert session.scalar(select(func.count()).select_from(HandledForm)) == 1


def _token(client):
    page = client.get("/me").get_data(as_text=True)
    value = page.split('name="csrf_token" value="', 1)[1].split('"', 1)[0]
    return {"X-CSRFToken": value}


def test_a_refused_form_may_be_sent_again_with_its_key(client, session):
    shift, person = make_shift(session), make_person(session)
    login(client, person)
    form = {"request_key": "first-refused"}
    assert client.post(f"/shifts/{shift.id}/signup", data=form).status_code == 422
    form["risk_accepted"] = "1"
    assert client.post(f"/shifts/{shift.id}/signup", data=form).status_code == 303


def test_a_repeat_inside_a_fragment_leads_to_the_whole_page(client, session):
    shift, person = make_shift(session), make_person(session)
    login(client, person)
    form = {"request_key": "twice", "risk_accepted": "1"}
    client.post(f"/shifts/{shift.id}/signup", data=form)
    again = client.post(f"/shifts/{shift.id}/signup", data=form, headers={"HX-Request": "true"})
    assert (again.status_code, again.headers["HX-Redirect"]) == (204, f"/shifts/{shift.id}")


def test_a_refusal_in_a_fragment_takes_nothing_off_the_screen(client, session):
    login(client, make_person(session))
    answer = client.post("/signups/999/cancel", headers={"HX-Request": "true"})
    assert answer.status_code == 404
    assert answer.headers["HX-Retarget"] == "#messages"


def test_links_on_a_refused_form_lead_to_the_page_it_stands_on(client, session):
    shift, person = make_shift(session), make_person(session)
    login(client, person)
    answer = client.post(
        f"/shifts/{shift.id}/signup", headers={"Referer": f"http://localhost/shifts/{shift.id}"}
    )
    text = answer.get_data(as_text=True)
    assert f'href="/shifts/{shift.id}?lang=en"' in text
    assert "signup?lang" not in text


@pytest.mark.parametrize("referrer", ["http://[", "http://evil.example/x", ""])
def test_an_odd_referrer_is_no_error(client, session, referrer):
    shift = make_shift(session)
    answer = client.post(f"/shifts/{shift.id}/signup", headers={"Referer": referrer})
    assert (answer.status_code, answer.location) == (303, "/login?next=/")


@pytest.mark.expects_error_log
def test_without_a_database_everybody_gets_a_sentence_and_the_process_is_alive(tmp_path):
    env = {"DATABASE_URL": "postgresql://nobody@127.0.0.1:9/none", "SECRET_KEY": "k" * 40}
    away = create_app(read_settings(env, tmp_path)).test_client()
    signed_in = away.application.session_interface.get_signing_serializer(away.application)
    away.set_cookie("session", signed_in.dumps({"_user_id": "1:key", "_fresh": True}))
    for address in ("/", "/me", "/projects"):
        answer = away.get(address)
        assert answer.status_code == 503
        assert "Retry-After" in answer.headers
        assert "<h1>" in answer.get_data(as_text=True)
    assert away.get("/healthz").status_code == 200
    assert away.get("/readyz").status_code == 503
