"""What a branch leader does between two meetings, and what the office prints."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import func, select

from tests.browser.conftest import DESK, PHONE
from volunteer_hub.registry.models import Branch


def pages_in(pdf: bytes) -> int:
    return len(re.findall(rb"/Type\s*/Page\b", pdf))


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("identity", ["leader", "office"])
def test_a_branch_prints_on_one_sheet_of_a4(open_browser, live, identity, lang):
    actor = live.actor(identity)
    branch = actor.led_branch_ids[0] if actor.led_branch_ids else 1
    page: Page = open_browser(identity, screen=DESK, lang=lang).page
    page.goto(f"/branches/{branch}/print")
    assert pages_in(page.pdf(format="A4", prefer_css_page_size=True)) == 1


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_big_branch_and_a_long_time_print_on_one_sheet_too(open_browser, live, lang):
    below = func.count(Branch.id)
    query = select(Branch.parent_id).where(Branch.parent_id.is_not(None))
    biggest = live.look_up(
        lambda session: session.scalars(
            query.group_by(Branch.parent_id).order_by(below.desc(), Branch.parent_id).limit(3)
        ).all()
    )
    page: Page = open_browser("office", screen=DESK, lang=lang).page
    today = datetime.now(UTC).date()
    start = today - timedelta(days=500)
    for branch in biggest:
        for asked in ("", f"?from={start}&to={today}", "?axis=place"):
            page.goto(f"/branches/{branch}/print{asked}")
            assert pages_in(page.pdf(format="A4", prefer_css_page_size=True)) == 1, (branch, asked)


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_a_leader_opens_the_hours_to_their_rows_and_opens_kept_places(open_browser, live, scripts):
    watched = open_browser("leader", scripts=scripts)
    page: Page = watched.page
    branch = live.actor("leader").led_branch_ids[0]
    page.goto(f"/branches/{branch}")
    shown = page.locator(".kpi a").first.inner_text()
    page.locator(".kpi a").first.click()
    expect(page.locator("h1")).to_have_text("台账明细")
    minutes = 0
    while True:
        # Else rows are read, or the next page looked for, while this one is still arriving.
        page.wait_for_load_state()
        minutes += sum(map(int, page.locator("tbody td.r").all_inner_texts()))
        following = page.locator("a[rel=next]")
        if not following.count():
            break
        following.click()
    assert f"{(minutes + 3) // 6 / 10:.1f}" == shown
    page.goto(f"/branches/{branch}/adoptions")
    page.locator("#ours ~ ul h3 a").first.click()
    kept = page.get_by_role("button", name=re.compile("向所有人开放"))
    before = kept.count()
    if before:
        kept.first.click()
        expect(page.get_by_text("名额已向所有人开放")).to_be_visible()
        assert kept.count() == before - 1
    assert not watched.faults()


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("size", ["normal", "elder"])
def test_a_phone_shows_figures_of_a_branch_on_its_first_screen(open_browser, live, lang, size):
    page: Page = open_browser("leader", lang=lang, size=size).page
    page.goto(f"/branches/{live.actor('leader').led_branch_ids[0]}")
    # What the bar at the foot covers is not seen.
    fold = page.locator(".tabs").bounding_box()["y"]
    for number in range(2):
        box = page.locator(".kpi b").nth(number).bounding_box()
        assert box["y"] + box["height"] <= fold


@pytest.mark.parametrize("screen", [PHONE, DESK], ids=["phone", "desk"])
def test_the_newest_days_of_a_long_calendar_are_in_sight(open_browser, live, screen):
    page: Page = open_browser("leader", screen=screen).page
    branch = live.actor("leader").led_branch_ids[0]
    page.goto(f"/branches/{branch}?from=2025-12-01&to=2026-11-29")
    outer = page.locator(".rtl").bounding_box()
    inner = page.locator(".heat rect").last.bounding_box()
    assert outer["x"] <= inner["x"]
    assert inner["x"] + inner["width"] <= outer["x"] + outer["width"]
    if screen is DESK:
        assert page.locator(".heat rect").first.bounding_box()["x"] >= outer["x"]
