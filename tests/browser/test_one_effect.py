"""However often somebody taps: one effect, and the screen shows the truth (R10)."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Page, Route, expect
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tests.browser.live import Live
from tests.factories import make_organisation, make_person, make_project, make_shift
from volunteer_hub.audit.models import AuditEntry
from volunteer_hub.shifts.models import SignUp

SIGN_UP = re.compile(r"/shifts/\d+/signup$")
JOIN = "button[form=join]"


@pytest.fixture
def place(live: Live):
    """A shift with one place, and somebody who wants it: `(address, shift, phone)`."""

    def make(session: Session) -> tuple[str, int, str]:
        project = make_project(session, organisation=make_organisation(session))
        starts_at = datetime.now(UTC) + timedelta(days=3)
        shift = make_shift(session, project=project, capacity=1, starts_at=starts_at)
        phone = f"+8617{datetime.now(UTC):%S%f}0"
        make_person(session, phone=phone)
        return f"/shifts/{shift.id}", shift.id, phone

    return live.look_up(make)


def effects(live: Live, shift_id: int) -> tuple[int, int]:
    """Return how many sign-ups there are, ended ones too, and how many words the audit has."""

    def count(session: Session) -> tuple[int, int]:
        ids = select(SignUp.id).where(SignUp.shift_id == shift_id)
        rows = session.scalar(select(func.count()).select_from(ids.subquery())) or 0
        noted = select(func.count()).where(
            AuditEntry.object_type == "sign_up", AuditEntry.object_id.in_(ids)
        )
        return rows, session.scalar(noted) or 0

    return live.look_up(count)


def is_in(page: Page) -> None:
    expect(page.locator("#sign-up")).to_have_attribute("data-state", "confirmed")


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_r10_a_double_tap_has_one_effect(open_browser, live, place, scripts):
    address, shift_id, phone = place
    page: Page = open_browser(phone, scripts=scripts).page
    page.goto(address)
    page.locator(JOIN).dblclick()
    is_in(page)
    page.goto(address)
    is_in(page)
    assert effects(live, shift_id) == (1, 1)


def test_r10_a_tap_that_seemed_to_fail_is_tapped_again(open_browser, live, place):
    address, shift_id, phone = place
    page: Page = open_browser(phone).page

    def lose_the_answer(route: Route) -> None:
        # The site has done it, the answer is lost on the way.
        route.fetch(max_redirects=0)
        route.abort("timedout")

    page.goto(address)
    page.route(SIGN_UP, lose_the_answer, times=1)
    page.locator(JOIN).click()
    expect(page.locator("#toast")).not_to_be_empty()
    page.locator(JOIN).click()
    is_in(page)
    assert effects(live, shift_id) == (1, 1)


def test_r10_taps_while_the_answer_is_slow_are_one(open_browser, live, place):
    address, shift_id, phone = place
    page: Page = open_browser(phone).page
    held: list[Route] = []
    page.goto(address)

    def hold(route: Route) -> None:
        held.append(route)

    page.route(SIGN_UP, hold)
    page.locator(JOIN).click()
    expect(page.locator(JOIN)).to_be_disabled()
    page.locator(JOIN).dispatch_event("click")
    page.evaluate("document.querySelector('#join').requestSubmit()")
    assert len(held) == 1
    held[0].continue_()
    is_in(page)
    assert effects(live, shift_id) == (1, 1)


def test_r10_back_and_a_second_tap_change_nothing(open_browser, live, place):
    address, shift_id, phone = place
    page: Page = open_browser(phone, scripts=False).page
    page.goto("/shifts")
    page.goto(address)
    page.locator(JOIN).click()
    is_in(page)
    # The page before the tap, as the browser kept it: with its button.
    page.go_back()
    if page.locator(JOIN).count():
        page.locator(JOIN).click()
    page.goto(address)
    is_in(page)
    assert effects(live, shift_id) == (1, 1)


def test_r10_a_second_tab_that_is_older_shows_the_truth(open_browser, live, place):
    address, shift_id, phone = place
    first = open_browser(phone).page
    first.goto(address)
    second = first.context.new_page()
    second.goto(address)
    first.locator(JOIN).click()
    is_in(first)
    second.locator(JOIN).click()
    is_in(second)
    assert effects(live, shift_id) == (1, 1)
    # Given back in one tab; the other one's older button neither fails nor takes it twice.
    first.locator("button[form=leave]").click()
    expect(first.locator("#sign-up")).not_to_have_attribute("data-state", "confirmed")
    second.locator("button[form=leave]").click()
    expect(second.locator("#sign-up")).not_to_have_attribute("data-state", "confirmed")
    assert effects(live, shift_id) == (1, 2)
