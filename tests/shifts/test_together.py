"""Whom one meets on a shift."""

from __future__ import annotations

import pytest
from flask import render_template

from tests.factories import NOW, make_branch, make_membership, make_person, make_shift, make_sign_up
from tests.support import count_queries
from volunteer_hub.core import i18n
from volunteer_hub.core.db import db
from volunteer_hub.shifts.together import Companion, companions


@pytest.fixture
def me(session):
    return make_person(session, nickname="我自己")


def names(session, shift, viewer):
    return [one.called for one in companions(session, shift_id=shift.id, viewer_id=viewer.id)]


def test_who_has_a_place_sees_the_nicknames_of_the_others_in_one_query(session, me):
    shift, other = make_shift(session), make_shift(session)
    for person in (
        make_person(session, nickname="小敏"),
        me,
        make_person(session, nickname="大伟"),
    ):
        make_sign_up(session, shift, person)
    make_sign_up(session, shift, make_person(session, nickname="候补"), status="waitlisted")
    make_sign_up(session, shift, make_person(session, nickname="取消"), status="cancelled")
    make_sign_up(session, shift, make_person(session, nickname="", deleted_at=NOW))
    make_sign_up(session, other, make_person(session, nickname="别场"))
    _loaded = (shift.id, me.id)
    with count_queries(db.engine) as queries:
        assert names(session, shift, me) == ["小敏", "大伟"]
    assert queries.count == 1


@pytest.mark.parametrize("status", [None, "waitlisted", "cancelled"])
def test_who_has_no_place_sees_nobody(session, me, status):
    shift = make_shift(session)
    make_sign_up(session, shift, make_person(session, nickname="小敏"))
    if status:
        make_sign_up(session, shift, me, status=status)
    assert names(session, shift, me) == []


@pytest.mark.parametrize(
    ("name", "chinese", "english"),
    [("陆一鸣", "陆同学", "L."), ("欧阳娜", "欧阳同学", "O."), ("michael Smith", "M 同学", "M.")],
)
def test_without_a_nickname_only_the_family_name_is_shown(session, me, name, chinese, english):
    shift = make_shift(session)
    make_sign_up(session, shift, me)
    make_sign_up(session, shift, make_person(session, name=name, nickname=""))
    assert names(session, shift, me) == [chinese]
    with i18n.speaking(i18n.ENGLISH):
        assert names(session, shift, me) == [english]


@pytest.mark.parametrize(
    ("shows", "membership", "marked"),
    [
        (True, {"is_party_member": True}, True),
        (False, {"is_party_member": True}, False),
        (True, {"is_party_member": False}, False),
        (True, {"is_party_member": True, "ended_on": NOW.date()}, False),
        (True, None, False),
    ],
)
def test_membership_is_shown_only_by_choice_and_while_it_lasts(
    session, me, shows, membership, marked
):
    shift, other = (
        make_shift(session),
        make_person(session, nickname="小敏", shows_membership=shows),
    )
    for person in (me, other):
        make_sign_up(session, shift, person)
    if membership:
        make_membership(session, other, make_branch(session), **membership)
    found = companions(session, shift_id=shift.id, viewer_id=me.id)
    assert found == [Companion("小敏", is_party_member=marked)]


def test_the_block_names_everybody_and_marks_members(app):
    together = [Companion("小敏", is_party_member=True), Companion("<b>", is_party_member=False)]
    with app.test_request_context():
        text = render_template("shifts/_together.html", together=together)
    assert text.count("党员") == 1
    assert "&lt;b&gt;" in text
