"""What people do from beginning to end, on a phone."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from tests.browser.live import Live
from tests.factories import SHANGHAI
from volunteer_hub.accounts.models import BranchMembership, Person, RoleGrant
from volunteer_hub.shifts.models import Shift, SignUp

SCRIPTS = pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])


def number_in(text: str) -> float:
    """Return the first number of a text, such as 12.5 of "12.5 小时"."""
    found = re.search(r"\d+(\.\d+)?", text)
    assert found, text
    return float(found[0])


def id_in(address: str) -> int:
    found = re.search(r"/(\d+)", urlsplit(address).path)
    assert found, address
    return int(found[1])


def fresh_phone() -> str:
    return f"139{datetime.now(SHANGHAI):%M%S%f}"[:11]


@SCRIPTS
def test_a_volunteer_finds_a_shift_registers_signs_up_and_cancels(open_browser, scripts):
    watched = open_browser(scripts=scripts)
    page: Page = watched.page

    page.goto("/projects")
    page.fill("#q", "班前一小时")
    page.press("#q", "Enter")
    page.locator("li.card").filter(has_text="班前一小时").locator("a").first.click()
    free = page.locator("li.card").filter(has=page.locator(".need .btn:not(.ghost)"))
    free.locator("a").first.click()
    expect(page).to_have_url(re.compile(r"/shifts/\d+$"))
    shift_id = id_in(page.url)
    panel = page.locator("#sign-up")
    expect(panel).to_have_attribute("data-state", "none")
    left = int(panel.get_attribute("data-left") or "0")
    assert left > 0
    expect(page.locator("main")).to_contain_text("风险")

    page.locator("#sign-up a[href^='/login']").click()
    page.locator("a[href^='/register']").click()
    page.fill("[name=phone]", fresh_phone())
    page.fill("[name=name]", "陈思远")
    page.fill("[name=password]", "orange-2026-tree")
    page.check("[name=consent]")
    page.locator("main form button").click()

    # Back where the wish began, and one tap takes the place.
    expect(page).to_have_url(re.compile(rf"/shifts/{shift_id}$"))
    page.locator("button[form=join]").click()
    expect(panel).to_have_attribute("data-state", "confirmed")
    expect(panel).to_have_attribute("data-left", str(left - 1))

    page.goto("/me")
    mine = page.locator(f"li.first[data-id='{shift_id}']")
    expect(mine).to_be_visible()
    mine.locator("form button").click()
    expect(page).to_have_url(re.compile("/me$"))
    expect(mine).to_have_count(0)
    page.goto(f"/shifts/{shift_id}")
    expect(panel).to_have_attribute("data-left", str(left))
    if scripts:
        assert watched.faults() == []


@SCRIPTS
def test_a_wrong_registration_keeps_what_was_typed(open_browser, scripts):
    page: Page = open_browser(scripts=scripts).page
    page.goto("/register")
    page.fill("[name=phone]", "123")
    page.fill("[name=name]", "陈思远")
    page.fill("[name=password]", "short")
    page.locator("main form button").click()
    expect(page.locator("[role=alert]")).to_be_visible()
    expect(page.locator("[name=phone]")).to_have_value("123")
    expect(page.locator("[name=name]")).to_have_value("陈思远")
    expect(page.locator("[name=password]")).to_have_attribute("aria-invalid", "true")


def test_signing_in_with_phone_and_password(open_browser):
    page: Page = open_browser().page
    page.goto("/me")
    expect(page).to_have_url(re.compile(r"/login\?next="))
    page.fill("[name=phone] >> visible=true", "199 0000 0001")
    page.fill("[name=password] >> visible=true", "demo-2026")
    page.press("[name=password] >> visible=true", "Enter")
    expect(page).to_have_url(re.compile("/me$"))
    page.locator("form[action='/logout'] button").click()
    page.goto("/me")
    expect(page).to_have_url(re.compile("/login"))


@SCRIPTS
def test_hours_go_from_a_new_project_to_the_ledger_and_the_branch(
    open_browser, live: Live, scripts
):
    coordinator: Page = open_browser("coordinator", scripts=scripts).page
    leader: Page = open_browser("leader").page
    branch_id = live.actor("leader").led_branch_ids[0]  # type: ignore[union-attr]
    person_id, phone = live.look_up(lambda session: idle_member(session, branch_id))
    volunteer: Page = open_browser(phone, scripts=scripts).page

    leader.goto(f"/branches/{branch_id}")
    total = leader.locator(".kpi b").first
    before = number_in(total.inner_text())

    make_project(coordinator)
    shift_id = make_shift(coordinator)

    volunteer.goto(f"/shifts/{shift_id}")
    volunteer.locator("button[form=join]").click()
    expect(volunteer.locator("#sign-up")).to_have_attribute("data-state", "confirmed")

    coordinator.goto(f"/console/shifts/{shift_id}")
    row = coordinator.locator(f"#p-{person_id}")
    row.locator("button[value=present]").click()
    expect(row).to_have_attribute("data-state", "present")

    live.let_pass(shift_id, hours=4)
    coordinator.goto(f"/console/shifts/{shift_id}")
    coordinator.locator("form[action$='/check-out'] button").click()
    expect(row).not_to_contain_text("还在")
    coordinator.locator(f"a[href='/console/confirmations/{shift_id}']").click()
    line = coordinator.locator("#confirm li").first
    # Counting does not wait for the page, this does.
    expect(line).to_be_visible()
    if line.locator("summary").count():
        line.locator("summary").click()
    line.locator("input[inputmode=numeric]").fill("60")
    line.locator("input:not([inputmode])").fill("按到场时间")
    coordinator.locator("button[form=confirm]").click()
    expect(coordinator).to_have_url(re.compile("/console/confirmations$"))
    coordinator.goto(f"/console/confirmations/{shift_id}")
    expect(coordinator.locator("[aria-labelledby=done]")).to_contain_text("60")

    volunteer.goto("/me/hours")
    entry = volunteer.locator("li[data-state=recorded]").first
    expect(entry).to_contain_text("浏览器里的项目")
    assert number_in(entry.locator(".num").inner_text()) == 1.0

    leader.goto(f"/branches/{branch_id}")
    assert number_in(total.inner_text()) == pytest.approx(before + 1.0)
    sheet = leader.context.request.get(f"/branches/{branch_id}/hours.csv")
    assert sheet.ok
    assert "浏览器里的项目" in sheet.text()


def idle_member(session: Session, branch_id: int) -> tuple[int, str]:
    """Return id and phone of an adult of the branch, without a role and free for two days."""
    today = datetime.now(SHANGHAI).date()
    busy = (
        select(SignUp.person_id)
        .join(Shift, Shift.id == SignUp.shift_id)
        .where(Shift.day.between(today - timedelta(days=1), today + timedelta(days=1)))
    )
    person = session.execute(
        select(Person.id, Person.phone)
        .join(BranchMembership, BranchMembership.person_id == Person.id)
        .where(
            BranchMembership.branch_id == branch_id,
            BranchMembership.ended_on.is_(None),
            Person.phone.is_not(None),
            Person.id.not_in(select(RoleGrant.person_id)),
            Person.id.not_in(busy),
            or_(Person.birth_date.is_(None), Person.birth_date < date(2000, 1, 1)),
        )
        .order_by(Person.id)
    ).first()
    assert person is not None
    return person.id, person.phone


def make_project(page: Page) -> None:
    """Create and publish a project through the form; ends on the project's page."""
    page.goto("/console/projects/new")
    page.fill("[name=title_zh]", "浏览器里的项目")
    page.select_option("[name=category_id]", index=1)
    page.fill("[name=content_zh]", "带病人找到科室。")
    page.select_option("[name=place_id]", index=1)
    page.fill("[name=contact_name]", "沈老师")
    page.fill("[name=contact_phone]", "13800138000")
    page.fill("[name=risk_zh]", "大厅人多，请留意脚下。")
    page.fill("[name=insurance]", "平安 2026-001")
    page.locator("button[name=publish][value='1']").click()
    expect(page).to_have_url(re.compile(r"/console/projects/\d+$"))


def make_shift(page: Page) -> int:
    """Publish a shift of one hour that begins in an hour; returns its id."""
    page.locator("a[href*='/shifts/new']").first.click()
    start = datetime.now(SHANGHAI) + timedelta(hours=1)
    page.fill("[name=starts_at]", f"{start:%Y-%m-%dT%H:%M}")
    page.fill("[name=ends_at]", f"{start + timedelta(hours=1):%Y-%m-%dT%H:%M}")
    page.fill("[name=posts-0-capacity]", "3")
    page.locator("button[name=publish][value='1']").click()
    link = page.locator("a[href^='/console/shifts/']").first
    expect(link).to_be_visible()
    return id_in(link.get_attribute("href") or "")
