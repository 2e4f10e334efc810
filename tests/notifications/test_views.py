"""The page of one's own notices, and the bell on every page."""

from __future__ import annotations

import json
import re
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from tests.factories import NOW, make_person, make_project, make_shift
from tests.notifications.test_texts import MORE, SHIFT
from tests.support import count_queries, login
from volunteer_hub.accounts.models import Person
from volunteer_hub.core.db import db
from volunteer_hub.notifications.models import Notice
from volunteer_hub.notifications.services import tell


def told(session, person, kind="reminder_day", count=1, **fields):
    """Tell the person so many things, one after the other, and commit."""
    before = session.scalar(select(func.count(Notice.id)))
    for n in range(before, before + count):
        tell(
            session,
            kind,
            person_id=person.id,
            key=f"test:{n}",
            now=NOW - timedelta(hours=1),
            link=f"/shifts/{n}",
            **{**SHIFT, **MORE.get(kind, {}), **fields},
        )
    session.commit()


def unread(session, person):
    session.rollback()
    session.expire_all()
    return session.scalar(
        select(func.count(Notice.id)).where(Notice.person_id == person.id, Notice.read_at.is_(None))
    )


def text_of(client, address):
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.get_data(as_text=True)


def shown(page):
    return re.findall(r'href="/shifts/(\d+)"', page)


def test_the_newest_notice_comes_first_and_twenty_make_a_page(client, session, bob):
    told(session, bob, count=23)
    login(client, bob)
    assert shown(text_of(client, "/me/notices")) == [str(n) for n in range(22, 2, -1)]
    assert shown(text_of(client, "/me/notices?page=2")) == ["2", "1", "0"]
    assert shown(text_of(client, "/me/notices?page=99")) == ["2", "1", "0"]
    odd = text_of(client, "/me/notices?page=x&lang=en")
    assert "We could not use: Page" in odd


def test_a_notice_is_in_the_language_of_who_reads_it(client, session, bob):
    told(session, bob)
    login(client, bob)
    assert "快到了：班前一小时" in text_of(client, "/me/notices?lang=zh")
    english = text_of(client, "/me/notices?lang=en")
    assert "Coming up: One hour before work" in english
    assert "Sat 28 Nov 06:30–08:00, First Hospital" in english


def test_what_is_new_says_so_in_words_until_it_is_marked_as_read(client, session, bob):
    told(session, bob, count=2)
    login(client, bob)
    page = text_of(client, "/me/notices?lang=en")
    assert page.count('data-state="unread"') == 2
    assert page.count(">New<") == 2
    assert "Notices, 2 unread" in text_of(client, "/projects")
    newest = re.search(r'name="up_to" value="(\d+)"', page)[1]
    told(session, bob)
    answer = client.post("/me/notices/read", data={"up_to": newest})
    assert (answer.status_code, answer.location) == (303, "/me/notices")
    # What came while the page was open has not been seen.
    assert unread(session, bob) == 1
    assert client.post("/me/notices/read").status_code == 303
    assert unread(session, bob) == 0
    assert "Mark all as read" not in text_of(client, "/me/notices")
    assert 'aria-label="Notices"' in text_of(client, "/projects")


def test_s21_looking_changes_nothing(client, session, bob):
    told(session, bob)
    login(client, bob)
    for _time in range(2):
        text_of(client, "/me/notices")
    assert client.get("/me/notices/read").status_code == 405
    assert unread(session, bob) == 1


def test_s14_nobody_sees_or_reads_away_the_notices_of_others(client, session, bob, charlie):
    told(session, bob, kind="message", text="canary 7351")
    login(client, charlie)
    assert "canary 7351" not in text_of(client, "/me/notices")
    assert "canary 7351" not in client.get("/me/data.json").get_data(as_text=True)
    client.post("/me/notices/read", data={"up_to": "2147483647"})
    assert unread(session, bob) == 1


def test_visitors_are_asked_to_sign_in_and_see_no_bell(client):
    assert client.get("/me/notices").location.startswith("/login")
    assert client.post("/me/notices/read").status_code == 303
    assert "/me/notices" not in text_of(client, "/projects")


@pytest.mark.parametrize(
    "text", ["<script>alert(1)</script>", '"><img src=x onerror=a()>', "{{7*7}}"]
)
def test_s25_what_a_coordinator_writes_is_never_markup(client, session, bob, text):
    told(session, bob, kind="message", text=text, sender=text, title_zh=text)
    page = text_of(login(client, bob), "/me/notices")
    assert "<script>alert" not in page
    assert "<img" not in page
    if "7*7" in text:
        assert text in page


def test_an_empty_list_shows_a_next_step(client, bob):
    page = text_of(login(client, bob), "/me/notices?lang=en")
    assert "Nothing new." in page
    assert 'href="/shifts?seats=1"' in page


def test_a_notice_of_a_kind_nobody_knows_is_still_listed(client, session, bob):
    told(session, bob, kind="of_another_version")
    assert "There is news for you" in text_of(login(client, bob), "/me/notices?lang=en")


def test_the_bell_costs_no_query_of_its_own(client, session, bob):
    for _n in range(3):
        make_shift(session, project=make_project(session))
    told(session, bob, count=30)
    login(client, bob)
    counts = {}
    for address in ("/projects", "/me/notices"):
        client.get(address)
        with count_queries(db.engine) as queries:
            assert "30" in text_of(client, address)
        counts[address] = queries.count
    assert counts["/projects"] <= 4
    assert counts["/me/notices"] <= 3


# ---------------------------------------------------------------- the address for mail

PROFILE = {"name": "Bob", "nickname": "", "birth_date": "", "building_id": ""}


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        (" bob@example.com ", "bob@example.com"),
        ("鲍勃@example.com", None),
        ("bob@例子.中国", "bob@例子.中国"),
    ],
)
def test_an_address_for_mail_is_kept_in_the_profile(client, session, bob, typed, kept):
    answer = login(client, bob).post("/me/profile", data={**PROFILE, "email": typed})
    assert answer.status_code == (303 if kept else 422)
    session.expire_all()
    assert session.get(Person, bob.id).email == kept
    if kept:
        assert kept in text_of(client, "/me/profile")
        assert json.loads(client.get("/me/data.json").data)["person"][0]["email"] == kept


@pytest.mark.parametrize(
    "typed",
    ["bob", "bob@", "a b@example.com", "bob@example.com\r\nBcc: x@y.cn", "x" * 400 + "@a.cn"],
)
def test_what_is_no_address_is_said_at_the_field_and_kept_as_typed(client, session, bob, typed):
    answer = login(client, bob).post("/me/profile?lang=en", data={**PROFILE, "email": typed})
    assert answer.status_code == 422
    assert 'href="#email"' in answer.get_data(as_text=True)
    session.expire_all()
    assert session.get(Person, bob.id).email is None


def test_an_address_can_be_taken_out_again(client, session):
    person = make_person(session, email="bob@example.com")
    login(client, person).post("/me/profile", data={**PROFILE, "email": ""})
    session.expire_all()
    assert session.get(Person, person.id).email is None


def test_own_data_holds_own_notices(client, session, bob):
    told(session, bob)
    data = json.loads(login(client, bob).get("/me/data.json").data)
    assert data["notices"][0]["kind"] == "reminder_day"
