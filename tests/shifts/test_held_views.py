"""The panel of a shift when something is held, moved, or asked for."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from tests.factories import (
    NOW,
    make_enterprise,
    make_hold,
    make_need,
    make_offer,
    make_person,
    make_receipt,
    make_shift,
    make_sign_up,
    post_of,
)
from tests.support import login
from volunteer_hub.notifications.models import Notice
from volunteer_hub.shifts.models import ShiftStatus, SignUpStatus

READ = {"risk_accepted": "1"}
SOON = NOW + timedelta(hours=5)


@pytest.fixture
def me(client, session):
    person = make_person(session, enterprise_id=make_enterprise(session).id)
    login(client, person)
    return person


def show(client, shift):
    return client.get(f"/shifts/{shift.id}").text


def test_an_offer_is_taken_in_one_tap_and_the_second_tap_changes_nothing(client, session, me):
    shift = make_shift(session)
    offer = make_offer(session, shift, me, expires_at=SOON)
    page = show(client, shift)
    assert 'data-state="offered"' in page
    assert "给你留着一个名额" in page
    for _twice in range(2):
        answer = client.post(f"/offers/{offer.id}/accept", data=READ)
        assert (answer.status_code, answer.location) == (303, f"/shifts/{shift.id}")
    assert 'data-state="confirmed"' in show(client, shift)
    assert post_of(session, shift).taken == 1


def test_declining_leads_to_what_suits_better(client, session, me):
    shift = make_shift(session)
    offer = make_offer(session, shift, me, expires_at=SOON)
    answer = client.post(f"/offers/{offer.id}/decline")
    assert answer.location == f"/shifts/{shift.id}?left=1"
    assert f"/shifts/{shift.id}/instead" in client.get(answer.location).text


def test_an_offer_that_has_run_out_says_so_and_offers_the_line_again(client, session, me):
    shift = make_shift(session)
    offer = make_offer(session, shift, me, expires_at=NOW - timedelta(minutes=1))
    answer = client.post(f"/offers/{offer.id}/accept", data=READ)
    assert answer.status_code == 409
    assert "已过期" in answer.text


def test_an_offer_to_somebody_else_answers_404(client, session, me):
    offer = make_offer(session, make_shift(session), make_person(session), expires_at=SOON)
    for verb in ("accept", "decline"):
        assert client.post(f"/offers/{offer.id}/{verb}", data=READ).status_code == 404


def test_what_moved_is_shown_before_and_after_and_accepted_again(client, session, me):
    shift = make_shift(session)
    sign_up = make_sign_up(session, shift, me)
    make_receipt(session, sign_up)
    page = show(client, shift)
    assert "<s>西门</s>" in page
    assert "没问题，我还来" in page
    assert "时间或地点有变" in client.get("/me").text
    answer = client.post(f"/signups/{sign_up.id}/change", data={"accepted": "1"})
    assert answer.status_code == 303
    assert "没问题，我还来" not in show(client, shift)


def test_a_post_that_asks_for_more_is_explained_before_the_tap(client, session, me):
    posts = [{"capacity": 2, "name_zh": "导医"}, {"capacity": 2, "name_zh": "引导"}]
    shift = make_shift(session, posts=posts)
    make_need(session, shift, kind="language", name_zh="上海话")
    page = show(client, shift)
    first, second = (post_of(session, shift, n).id for n in range(2))
    assert f'value="{first}" disabled' in page
    assert f'value="{second}" checked' in page
    assert f"/me/profile?next=/shifts/{shift.id}#skills" in page
    refused = client.post(f"/shifts/{shift.id}/signup", data={**READ, "post": str(first)})
    assert refused.status_code == 409
    assert "上海话" in refused.text


def test_places_for_colleagues_are_held_and_given_back(client, session, me):
    shift = make_shift(session, capacity=5, starts_at=NOW + timedelta(days=5))
    assert f"/shifts/{shift.id}/hold" in show(client, shift)
    typed = {"group": f"enterprise:{me.enterprise_id}", "places": "3", "phones": ""}
    assert client.post(f"/shifts/{shift.id}/hold", data=typed).status_code == 303
    page = show(client, shift)
    assert "留着 3 个名额" in page
    assert post_of(session, shift).taken == 3


@pytest.mark.parametrize(
    ("field", "value", "status"),
    [
        ("phones", "not a phone", 422),
        ("places", "0", 422),
        ("places", "99", 422),
        ("group", "enterprise:999999", 404),
        ("group", "nonsense", 422),
    ],
)
def test_what_cannot_be_held_keeps_everything_typed(client, session, me, field, value, status):
    shift = make_shift(session, starts_at=NOW + timedelta(days=5))
    typed = {"group": f"enterprise:{me.enterprise_id}", "places": "2", "phones": "", field: value}
    answer = client.post(f"/shifts/{shift.id}/hold", data=typed)
    assert answer.status_code == status
    if status == 422 and field != "group":
        assert value in answer.text


def test_a_colleague_reads_that_places_are_kept(client, session, me):
    shift = make_shift(session, capacity=3, starts_at=NOW + timedelta(days=5))
    colleague = make_person(session, enterprise_id=me.enterprise_id)
    make_hold(session, shift, colleague, places=3)
    page = show(client, shift)
    assert "给你和同事、支部的人留着 3 个名额" in page
    assert "报名这场" in page or "我已阅读" in page or "报名" in page
    client.post(f"/shifts/{shift.id}/signup", data=READ)
    assert 'data-state="confirmed"' in show(client, shift)


def test_only_what_i_can_join_leaves_out_what_refuses_me(client, session, me):
    open_to_me = make_shift(session)
    make_need(session, make_shift(session), kind="skill")
    busy = make_shift(session, starts_at=NOW + timedelta(days=4))
    make_sign_up(session, busy, me)
    make_shift(session, starts_at=busy.starts_at)
    page = client.get("/shifts?eligible=1").text
    assert page.count('data-id="') == 1
    assert f'data-id="{open_to_me.id}"' in page


def test_who_waits_reads_the_place_in_line_and_for_how_long_an_offer_is_held(client, session, me):
    shift = make_shift(session, capacity=1)
    make_sign_up(session, shift, make_person(session))
    make_sign_up(session, shift, me, status=SignUpStatus.WAITLISTED)
    page = show(client, shift)
    assert 'data-state="waitlisted"' in page
    assert "12 小时" in page


def test_a_held_place_whose_time_is_up_shows_as_ended_and_can_be_had_anew(client, session, me):
    shift = make_shift(session)
    make_offer(session, shift, me, expires_at=NOW - timedelta(minutes=1))
    page = show(client, shift)
    assert "为你留名额的时间已过" in page
    assert "我要这个名额" not in page
    assert client.post(f"/shifts/{shift.id}/signup", data=READ).status_code == 303
    assert 'data-state="confirmed"' in show(client, shift)
    assert post_of(session, shift).taken == 1


def test_declining_after_accepting_says_that_the_place_is_taken(client, session, me):
    shift = make_shift(session)
    offer = make_offer(session, shift, me, expires_at=SOON)
    client.post(f"/offers/{offer.id}/accept", data=READ)
    assert client.post(f"/offers/{offer.id}/decline").status_code == 303
    page = show(client, shift)
    assert "你已经接受了这个名额" in page
    assert 'data-state="confirmed"' in page


def test_after_a_tap_that_leaves_the_whole_page_is_loaded_anew(client, session, me):
    shift = make_shift(session)
    sign_up = make_sign_up(session, shift, me)
    answer = client.post(f"/signups/{sign_up.id}/cancel", headers={"HX-Request": "true"})
    assert answer.status_code == 204
    assert answer.headers["HX-Redirect"] == f"/shifts/{shift.id}?left=1"


def test_a_hold_that_is_refused_shows_true_numbers(client, session, me):
    shift = make_shift(session, capacity=1, starts_at=NOW + timedelta(days=5))
    typed = {"group": f"enterprise:{me.enterprise_id}", "places": "2", "phones": ""}
    answer = client.post(f"/shifts/{shift.id}/hold", data=typed)
    assert answer.status_code == 409
    assert "还差 1 人" in answer.text


def test_a_shift_called_off_does_not_block_its_hour(client, session, me):
    rained_off = make_shift(session, status=ShiftStatus.CANCELLED)
    make_sign_up(session, rained_off, me)
    other = make_shift(session, starts_at=rained_off.starts_at)
    assert f'data-id="{other.id}"' in client.get("/shifts?eligible=1").text


def test_free_and_fitting_must_be_the_same_post(client, session, me):
    posts = [{"capacity": 1, "name_zh": "甲"}, {"capacity": 1, "name_zh": "乙"}]
    shift = make_shift(session, posts=posts)
    make_sign_up(session, shift, make_person(session), post=post_of(session, shift, 0))
    make_need(session, shift, kind="skill", position=1)
    assert f'data-id="{shift.id}"' not in client.get("/shifts?eligible=1&seats=1").text


def test_the_number_held_does_not_tell_whose_phone_has_an_account(client, session, me):
    colleague = make_person(session, enterprise_id=me.enterprise_id)
    seen = []
    for phone in (colleague.phone, "+8613900000009"):
        shift = make_shift(session, capacity=5, starts_at=NOW + timedelta(days=5))
        typed = {"group": f"enterprise:{me.enterprise_id}", "places": "2", "phones": phone}
        client.post(f"/shifts/{shift.id}/hold", data=typed)
        seen.append("同事留着 2 个名额" in show(client, shift))
    assert seen == [True, True]


def test_an_answer_to_an_offer_takes_its_notice_off_the_bell(client, session):
    shift, person = make_shift(session, capacity=1), make_person(session)
    offer = make_offer(session, shift, person, expires_at=SOON)
    session.add(
        Notice(
            person_id=person.id, kind="offer_made", params={}, key="offer:1", made_at=NOW,
            link=f"/shifts/{shift.id}",
        )
    )  # fmt: skip
    session.commit()
    login(client, person)
    client.post(f"/offers/{offer.id}/accept", data={"risk_accepted": "1"})
    session.expire_all()
    assert session.scalars(select(Notice.read_at)).first() is not None


def test_the_places_i_hold_are_on_my_page(client, session):
    enterprise = make_enterprise(session)
    person = make_person(session, enterprise_id=enterprise.id)
    shift = make_shift(session, starts_at=NOW + timedelta(days=5), capacity=5)
    make_hold(session, shift, person, places=2)
    page = login(client, person).get("/me").text
    assert f"/shifts/{shift.id}" in page
    assert "为同事留了 2 个名额" in page


def test_the_page_for_colleagues_says_what_the_post_asks_for_and_no_more_than_is_free(
    client, session
):
    enterprise = make_enterprise(session)
    person = make_person(session, enterprise_id=enterprise.id)
    shift = make_shift(session, starts_at=NOW + timedelta(days=5), capacity=1)
    make_need(session, shift, kind="skill")
    page = login(client, person).get(f"/shifts/{shift.id}/hold").text
    assert "导医培训" in page
    assert re.search(r'name="places"[^>]*max="1"[^>]*value="1"', page)
