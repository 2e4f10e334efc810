"""Signing in, registering, the own profile."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import func, select

from tests.factories import grant_role, make_person, make_shift
from tests.support import login
from volunteer_hub.accounts.guardians import link_guardian
from volunteer_hub.accounts.models import Consent, Person, Qualification
from volunteer_hub.core.permissions import Role
from volunteer_hub.registry.models import SubDistrict

GOOD = {"phone": "138 0013 8000", "name": "陈思远", "password": "three small words", "consent": "y"}


def test_a_new_volunteer_registers_with_phone_name_and_consent(client, session):
    answer = client.post("/register?next=/shifts", data={**GOOD, "next": "/shifts"})
    assert (answer.status_code, answer.location) == (303, "/shifts")
    person = session.scalar(select(Person).where(Person.phone == "+8613800138000"))
    assert person.name == "陈思远"
    assert person.password_hash.startswith("$argon2id$")
    consent = session.scalar(select(Consent).where(Consent.person_id == person.id))
    assert (consent.purpose, consent.withdrawn_at) == ("service", None)
    assert "陈思远" in client.get("/me").get_data(as_text=True)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"consent": ""}, "consent"),
        ({"phone": "12345"}, "phone"),
        ({"phone": "021-62345678"}, "phone"),
        ({"name": " "}, "name"),
        ({"password": "short"}, "password"),
        ({"password": "12345678"}, "password"),
        ({"password": "my13800138000"}, "password"),
        ({"building_id": "99"}, "building_id"),
    ],
)
def test_what_is_wrong_is_said_at_the_field_and_typed_text_survives(client, session, change, field):
    answer = client.post("/register", data={**GOOD, **change})
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert f'href="#{field}"' in page
    if field not in ("name", "password"):
        assert "陈思远" in page
    assert "three small words" not in page
    assert session.scalar(select(func.count(Person.id))) == 0


def test_a_phone_registers_once(client, session):
    client.post("/register", data=GOOD)
    client.post("/logout")
    answer = client.post("/register", data={**GOOD, "phone": "+8613800138000"})
    assert answer.status_code == 422
    assert "已经注册过" in answer.get_data(as_text=True)
    assert session.scalar(select(func.count(Person.id))) == 1


def test_signing_in_leads_back_to_where_one_came_from(client, session):
    make_person(session, phone="+8613800138000", password="three small words")
    answer = client.post(
        "/login",
        data={"phone": "１3８00138000", "password": "three small words", "next": "/shifts?seats=1"},
    )
    assert (answer.status_code, answer.location) == (303, "/shifts?seats=1")
    assert client.get("/me").status_code == 200


def test_known_and_unknown_phones_get_the_same_answer(client, session):
    make_person(session, phone="+8613800138000", password="three small words")
    texts = []
    for phone in ("13800138000", "13900139000"):
        answer = client.post("/login", data={"phone": phone, "password": "wrong wrong"})
        assert answer.status_code == 422
        texts.append(answer.get_data(as_text=True).replace(phone, "PHONE"))
    strip = [_without_keys(text) for text in texts]
    assert strip[0] == strip[1]


def _without_keys(text):
    import re

    return re.sub(r'value="[\w.\-]{12,}"', "", text)


@pytest.mark.parametrize(
    "target",
    [
        "//evil.example",
        "/\\evil.example",
        "https://evil.example",
        "https:evil",
        "/%2f%2fevil",
        "javascript:alert(1)",
        "／／evil.example",
        "/\t/evil.example",
        "\\\\evil",
        "/%5cevil",
        "",
    ],
)
def test_next_never_leaves_the_site(client, session, target):
    make_person(session, phone="+8613800138000", password="three small words")
    answer = client.post(
        "/login",
        data={"phone": "13800138000", "password": "three small words", "next": target},
    )
    assert answer.location == "/"


def test_many_wrong_passwords_are_slowed_down_but_only_from_that_address(client, session):
    make_person(session, phone="+8613800138000", password="three small words")
    wrong = {"phone": "13800138000", "password": "wrong wrong"}
    answers = [client.post("/login", data=wrong).status_code for _ in range(12)]
    assert answers[0] == 422
    assert answers[-1] == 429
    right = {**wrong, "password": "three small words"}
    stranger = client.post("/login", data=right, environ_base={"REMOTE_ADDR": "127.0.0.9"})
    assert stranger.status_code == 303


def test_a_new_password_ends_the_other_sessions(client, session, app):
    person = make_person(session, password="three small words")
    login(client, person)
    old = client.get_cookie("session").value
    change = {"current": "three small words", "password": "four other small words"}
    assert client.post("/me/password", data=change).status_code == 303
    assert client.get("/me").status_code == 200
    client.set_cookie("session", old)
    assert client.get("/me").status_code == 303


def test_the_wrong_current_password_changes_nothing(client, session):
    person = make_person(session, password="three small words")
    before = person.password_hash
    login(client, person)
    change = {"current": "not this one", "password": "four other small words"}
    assert client.post("/me/password", data=change).status_code == 422
    session.refresh(person)
    assert person.password_hash == before


def test_signing_out_ends_the_session(client, session):
    login(client, make_person(session))
    old = client.get_cookie("session").value
    answer = client.post("/logout")
    assert answer.status_code == 303
    assert client.get("/me").status_code == 303
    client.set_cookie("session", old)
    replayed = client.get("/me")
    assert (replayed.status_code, replayed.location) == (303, "/login?next=/me")


def test_signing_out_twice_or_without_having_signed_in_does_no_harm(client, session):
    login(client, make_person(session))
    assert [client.post("/logout").status_code for _ in range(2)] == [303, 303]


def test_the_last_office_account_hands_over_before_it_is_deleted(client, session, charlie):
    office = make_person(session, password="three small words")
    grant_role(session, office, Role.OFFICE)
    login(client, office)
    answer = client.post("/me/delete?lang=en", data={"sure": "y"})
    assert answer.status_code == 409
    assert "Please give the office role to somebody first." in answer.text
    session.refresh(office)
    assert office.deleted_at is None
    grant_role(session, charlie, Role.OFFICE)
    assert client.post("/me/delete", data={"sure": "y"}).status_code == 303
    login(client, charlie)
    assert client.post("/me/delete", data={"sure": "y"}).status_code == 409


def test_a_profile_is_changed_and_kept(client, session):
    person = make_person(session)
    login(client, person)
    form = {"name": "阿卜杜拉·买买提", "nickname": "小橙", "birth_date": "1990-05-04"}
    assert client.post("/me/profile", data=form).status_code == 303
    session.refresh(person)
    assert (person.name, str(person.birth_date)) == ("阿卜杜拉·买买提", "1990-05-04")
    assert "阿卜杜拉·买买提" in client.get("/me/profile").get_data(as_text=True)


def test_roles_and_ids_cannot_be_set_through_a_form(client, session):
    person = make_person(session)
    login(client, person)
    client.post(
        "/me/profile",
        data={
            "name": "x",
            "id": "99",
            "deleted_at": "2026-01-01",
            "role": "office",
            "phone": "13900000000",
        },
    )
    session.refresh(person)
    assert person.deleted_at is None
    assert client.get("/office").status_code == 404


def test_size_and_colours_are_kept_in_cookies(client, session):
    client.post("/display", data={"size": "elder", "theme": "dark", "next": "/shifts"})
    page = client.get("/shifts").get_data(as_text=True)
    assert 'data-size="elder"' in page
    assert 'data-theme="dark"' in page


def test_the_language_that_a_person_chooses_is_the_one_of_their_profile(client, session):
    person = make_person(session)
    login(client, person)
    assert 'value="zh"' in client.get("/display").text
    choice = {"lang": "en", "size": "normal", "theme": "auto", "next": "/me"}
    assert client.post("/display", data=choice).location == "/me"
    session.refresh(person)
    assert person.language == "en"
    assert 'lang="en"' in client.get("/me").text


def test_a_choice_of_display_wins_over_the_address_it_was_made_at(client, session):
    page = client.get("/display?lang=en&size=elder").text
    assert 'action="/display"' in page
    client.post("/display", data={"lang": "zh", "size": "large", "theme": "auto", "next": "/"})
    page = client.get("/").text
    assert 'lang="zh-CN"' in page
    assert 'data-size="large"' in page


@pytest.mark.parametrize(("chosen", "profile", "then"), [
    ("en", "zh", "en"), ("en", None, "en"), (None, "en", "en"), ("xx", "zh", "zh"),
])  # fmt: skip
def test_signing_in_keeps_a_language_that_was_chosen_before(client, session, chosen, profile, then):
    person = make_person(
        session, phone="+8613800138000", password="three small words", language=profile
    )
    if chosen:
        client.set_cookie("lang", chosen)
    data = {"phone": "13800138000", "password": "three small words"}
    assert client.post("/login", data=data).status_code == 303
    session.refresh(person)
    assert person.language == then


def test_one_tap_switches_the_language_and_it_stays(client, session):
    assert 'lang="zh-CN"' in client.get("/").get_data(as_text=True)
    assert 'lang="en"' in client.get("/?lang=en").get_data(as_text=True)
    assert 'lang="en"' in client.get("/projects").get_data(as_text=True)
    client.post("/language", data={"lang": "zh", "next": "/projects"})
    assert 'lang="zh-CN"' in client.get("/projects").get_data(as_text=True)


def test_the_demo_identities_are_shown_only_in_the_demo(client, make_app):
    assert "demo-2026" not in client.get("/login").get_data(as_text=True)
    demo = make_app(demo=True).test_client()
    assert "demo-2026" in demo.get("/login").get_data(as_text=True)


def test_a_demo_database_is_not_served_in_production(client, app, session, monkeypatch):
    monkeypatch.setitem(app.config, "HUB_PRODUCTION", True)
    district = SubDistrict(code="1", name_zh="街道", name_en="", is_demo=True)
    session.add(district)
    make_person(session, phone="+8613800138000", password="three small words")
    data = {"phone": "13800138000", "password": "three small words"}
    answer = client.post("/login", data=data)
    assert answer.status_code == 503
    assert "演示数据" in answer.text
    assert client.post("/register", data=GOOD).status_code == 503
    district.is_demo = False
    assert client.post("/login", data=data).status_code == 303


def birthday(client, typed):
    form = {"name": "小林", "nickname": "", "birth_date": typed}
    return client.post("/me/profile?lang=en", data=form)


@pytest.mark.parametrize("typed", ["", "2008-11-23", "1990-05-04"])
def test_a_minor_cannot_step_out_of_the_rules_of_age(client, session, typed):
    """Whose eighteenth birthday is today is an adult."""
    person = make_person(session, birth_date=date(2011, 5, 4))
    login(client, person)
    answer = birthday(client, typed)
    assert answer.status_code == 422
    assert "Under 18 the date of birth stays." in answer.text
    session.refresh(person)
    assert person.birth_date == date(2011, 5, 4)


def test_a_minor_may_mend_a_day_but_not_become_old_enough_to_come_alone(client, session):
    login(client, make_person(session, birth_date=date(2013, 5, 4)))
    assert birthday(client, "2013-05-14").status_code == 303
    assert birthday(client, "2012-05-14").status_code == 422


def test_who_has_a_guardian_stays_a_minor_though_no_birthday_is_known(client, session):
    guardian = make_person(session)
    login(client, make_person(session, birth_date=None, guardian_id=guardian.id))
    assert birthday(client, "").status_code == 303
    assert birthday(client, "1990-05-04").status_code == 422
    assert birthday(client, "2011-05-04").status_code == 303


@pytest.mark.parametrize("typed", ["", "1985-01-01", "2011-05-04"])
def test_an_adult_may_change_the_birthday(client, session, typed):
    ward = make_person(session)
    person = make_person(session, birth_date=date(2008, 11, 23), guardian_id=ward.id)
    login(client, person)
    assert birthday(client, typed).status_code == 303
    session.refresh(person)
    assert str(person.birth_date or "") == typed


def test_a_guardian_who_deletes_the_account_no_longer_answers_for_a_minor(client, session, now):
    guardian = make_person(session)
    minor = make_person(session, birth_date=date(2011, 5, 4))
    link_guardian(
        session, phone=minor.phone, guardian_phone=guardian.phone, version="1", linked_by=None,
        today=now.date(), now=now,
    )  # fmt: skip
    login(client, guardian)
    assert client.post("/me/delete", data={"sure": "y"}).status_code == 303
    session.refresh(minor)
    assert minor.guardian_id is None
    consent = session.scalar(select(Consent).where(Consent.person_id == minor.id))
    assert consent.withdrawn_at == now


def test_a_skill_ticked_for_a_shift_leads_back_to_it(client, session, bob):
    skill = session.scalars(select(Qualification).where(Qualification.kind == "skill")).first()
    if skill is None:
        skill = Qualification(kind="skill", key="x", name_zh="手机教学", name_en="Phones")
        session.add(skill)
        session.commit()
    login(client, bob)
    page = client.get("/me/profile?next=/shifts/7").text
    assert '<input type="hidden" name="next" value="/shifts/7">' in page
    sent = {"qualification_ids": str(skill.id), "next": "/shifts/7"}
    assert client.post("/me/profile/skills", data=sent).location == "/shifts/7"
    sent["next"] = "//evil.example"
    assert client.post("/me/profile/skills", data=sent).location.startswith("/me/profile")


def test_a_tap_after_the_session_has_ended_says_that_it_was_not_saved(client, session):
    shift = make_shift(session)
    answer = client.post(
        f"/shifts/{shift.id}/signup", headers={"Referer": f"http://localhost/shifts/{shift.id}"}
    )
    assert answer.location == f"/login?next=/shifts/{shift.id}"
    assert "刚才那一下没有保存" in client.get(answer.location).text
