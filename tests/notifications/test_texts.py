"""Every kind of notice speaks both languages, and none breaks a page."""

from __future__ import annotations

import pytest

from volunteer_hub.core.i18n import speaking
from volunteer_hub.notifications import texts

SHIFT = {
    "shift_id": 7,
    "title_zh": "班前一小时",
    "title_en": "One hour before work",
    "starts_at": "2026-11-27T22:30:00+00:00",
    "ends_at": "2026-11-28T00:00:00+00:00",
    "day": "2026-11-28",
    "place_zh": "第一医院",
    "place_en": "First Hospital",
}
SIDE = {**SHIFT, "meeting_point": "一楼大厅"}
BRANCH = {"branch_zh": "第一支部", "branch_en": "First branch"}
MORE = {
    "offer_made": {"expires_at": "2026-11-27T04:00:00+00:00", "invited_by_name": ""},
    "invited": {"expires_at": "2026-11-27T04:00:00+00:00"},
    "shift_changed": {
        "before": SIDE,
        "after": {**SIDE, "starts_at": "2026-11-27T23:00:00+00:00"},
        "answer_by": "2026-11-26T04:00:00+00:00",
    },
    "shift_cancelled": {"reason": "下雨"},
    "confirm_soon": {"people": 2, "left": 4},
    "confirm_deputy": {"people": 1},
    "confirm_overdue": {"people": 3},
    "claim_asked": {"due_on": "2026-12-08"},
    "claim_granted": {"minutes": 60},
    "membership_asked": BRANCH,
    "membership_confirmed": BRANCH,
    "membership_declined": BRANCH,
    "branch_invites": BRANCH,
    "adoption_proposed": BRANCH,
    "membership_ended": {**BRANCH, "day": "2026-11-20"},
    "membership_resumed": BRANCH,
    "adoption_agreed": {**BRANCH, "reason": "Good."},
    "adoption_declined": BRANCH,
    "adoption_thanked": {**BRANCH, "reason": "Thank you."},
    "message": {"text": "请带伞 <b>", "sender": "沈老师"},
    "hold_fell_back": {"places": 3},
    "place_lost": {"reason": ""},
    "paired": {"topic_zh": "扫码付款", "topic_en": "Paying by QR code"},
    "request_moved": {
        "state": "placed",
        "topic_zh": "扫码付款",
        "topic_en": "Paying by QR code",
        "starts_at": "2026-11-27T04:00:00+00:00",
    },
    "post_moved": {"post_zh": "分诊台", "post_en": "Triage desk"},
    "role_granted": {
        "role": "coordinator",
        "organisation_zh": "第一医院社工部",
        "organisation_en": "Hospital social work",
    },
}


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("kind", sorted(texts.KINDS))
def test_every_kind_has_a_title_and_a_sentence(some_app, kind, language, caplog):
    with some_app.app_context(), speaking(language):
        text = texts.write(kind, {**SHIFT, **MORE.get(kind, {})})
    assert text.title
    assert text.sentence
    assert "%(" not in text.title + text.sentence
    assert not caplog.records
    if language == "en" and kind not in ("message", "place_lost", "shift_cancelled"):
        assert "班前" not in text.title + text.sentence


def test_times_are_those_of_the_wall_clock_here(some_app):
    with some_app.app_context(), speaking("zh"):
        text = texts.write("reminder_day", SHIFT)
    assert "11 月 28 日 周六 06:30–08:00" in text.sentence


def test_an_invitation_names_the_colleague_and_a_change_shows_before_and_after(some_app):
    with some_app.app_context(), speaking("en"):
        offer = texts.write(
            "offer_made", {**SHIFT, **MORE["offer_made"], "invited_by_name": "陈思远"}
        )
        change = texts.write("shift_changed", {**SHIFT, **MORE["shift_changed"]})
    assert offer.title == "陈思远 keeps a place for you"
    assert "by Fri 27 Nov 12:00" in offer.sentence
    assert "Before: Sat 28 Nov 06:30–08:00" in change.sentence
    assert "Now: Sat 28 Nov 07:00–08:00" in change.sentence


@pytest.mark.parametrize(
    ("kind", "params"),
    [
        ("of_another_version", {}),
        ("offer_made", {}),
        ("reminder_day", {**SHIFT, "starts_at": "tomorrow"}),
        ("shift_changed", {**SHIFT, "before": None, "after": 3, "answer_by": None}),
    ],
)
def test_a_notice_that_nobody_can_read_any_more_breaks_nothing(some_app, kind, params):
    with some_app.app_context(), speaking("en"):
        assert texts.write(kind, params).title == "There is news for you"


def test_a_change_of_membership_is_not_told_as_joining_or_being_turned_away(some_app):
    change = {**BRANCH, "is_change": True, "is_party_member": False}
    with some_app.app_context(), speaking("zh"):
        confirmed = texts.write("membership_confirmed", change)
        declined = texts.write("membership_declined", change)
    assert confirmed.title == "第一支部已确认你的变更"
    assert "现在是群众" in confirmed.sentence
    assert declined.title == "第一支部没有变更你的身份"


def test_what_a_project_answers_a_branch_is_an_answer_and_no_reason(some_app):
    with some_app.app_context(), speaking("zh"):
        text = texts.write("adoption_agreed", {**SHIFT, **BRANCH, "reason": "欢迎！"})
    assert text.sentence.endswith("答复：欢迎！")
    assert "原因" not in text.sentence
