"""On site: the leader's screen, the volunteer's phone, and a hall without a network."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from playwright.sync_api import Page, expect
from sqlalchemy import func, select

from tests.browser.live import Live
from volunteer_hub.accounts.models import Person
from volunteer_hub.attendance.models import SiteEvent
from volunteer_hub.projects.models import Project
from volunteer_hub.shifts.models import IS_ACTIVE, Shift, ShiftStatus, SignUp, SignUpStatus


def shift_now(live: Live) -> tuple[int, list[tuple[int, str]]]:
    """Let a shift of the coordinator's begin ten minutes ago; returns it and who comes."""
    organisations = live.actor("coordinator").organisation_ids  # type: ignore[union-attr]
    coming = (
        select(func.count(SignUp.id))
        .where(
            SignUp.shift_id == Shift.id,
            IS_ACTIVE,
            SignUp.status == str(SignUpStatus.CONFIRMED),
        )
        .scalar_subquery()
    )
    shift_id, starts_at = live.look_up(
        lambda session: session.execute(
            select(Shift.id, Shift.starts_at)
            .join(Project, Project.id == Shift.project_id)
            .where(
                Project.organisation_id.in_(organisations),
                Shift.status == str(ShiftStatus.PUBLISHED),
                Shift.starts_at > datetime.now(UTC) + timedelta(days=1),
                coming >= 3,
            )
            .order_by(Shift.starts_at, Shift.id)
        ).first()
    )
    ahead = starts_at - datetime.now(UTC) + timedelta(minutes=10)
    live.let_pass(shift_id, hours=ahead / timedelta(hours=1))
    people = live.look_up(
        lambda session: session.execute(
            select(Person.id, Person.phone)
            .join(SignUp, SignUp.person_id == Person.id)
            .where(
                SignUp.shift_id == shift_id,
                IS_ACTIVE,
                SignUp.status == str(SignUpStatus.CONFIRMED),
            )
            .order_by(Person.id)
        ).all()
    )
    return shift_id, [(row.id, row.phone) for row in people]


def events_of(live: Live, shift_id: int) -> list[tuple[int, str]]:
    return live.look_up(
        lambda session: [
            (row.person_id, row.kind)
            for row in session.execute(
                select(SiteEvent.person_id, SiteEvent.kind)
                .where(SiteEvent.shift_id == shift_id)
                .order_by(SiteEvent.id)
            )
        ]
    )


def test_two_phones_a_code_on_one_and_the_check_in_on_the_other(open_browser, live: Live):
    shift_id, people = shift_now(live)
    person_id, phone = people[0]
    leader: Page = open_browser("coordinator").page
    volunteer: Page = open_browser(phone).page

    leader.goto(f"/console/shifts/{shift_id}/code")
    expect(leader.locator("svg.code-img path")).to_have_attribute("d", re.compile("^M"))
    digits = leader.locator("#code .code [aria-hidden]").inner_text()

    volunteer.goto("/check-in")
    volunteer.fill(f"#code-{shift_id}", digits)
    volunteer.locator(f"form[action='/shifts/{shift_id}/check-in'] button").click()
    expect(volunteer.locator(".done h1")).to_contain_text("签到成功")
    # The other screen counts by itself.
    expect(leader.locator("#code [role=status] b")).to_have_text("1", timeout=10_000)

    volunteer.locator(f"form[action='/shifts/{shift_id}/check-out'] button").click()
    expect(volunteer.locator(".done h1")).to_contain_text("签退成功")
    assert events_of(live, shift_id) == [(person_id, "check_in"), (person_id, "check_out")]


def test_taps_on_the_roster_wait_for_the_network_and_arrive_once_each(open_browser, live: Live):
    shift_id, people = shift_now(live)
    watched = open_browser("coordinator")
    leader: Page = watched.page
    leader.goto(f"/console/shifts/{shift_id}")
    leader.wait_for_function("window.htmx")
    leader.context.set_offline(True)
    for person_id, _phone in people[:2]:
        leader.locator(f"#p-{person_id} button[value=present]").click()
    expect(leader.locator("#kept")).to_contain_text("2")
    assert events_of(live, shift_id) == []
    leader.context.set_offline(False)
    for person_id, _phone in people[:2]:
        expect(leader.locator(f"#p-{person_id}")).to_have_attribute(
            "data-state", "present", timeout=15_000
        )
    assert sorted(events_of(live, shift_id)) == sorted(
        (person_id, "check_in") for person_id, _phone in people[:2]
    )
    watched.complaints.clear()  # Chromium writes each request that found no network.


def test_a_page_that_was_open_before_still_shows_the_offline_code(open_browser, live: Live):
    shift_id, people = shift_now(live)
    person_id, phone = people[1]
    volunteer: Page = open_browser(phone).page
    volunteer.goto(f"/shifts/{shift_id}/check-in")
    volunteer.context.set_offline(True)
    shown = volunteer.locator(".note b.num").inner_text()
    assert re.fullmatch(r"\d{3} \d{3}", shown)

    leader: Page = open_browser("coordinator").page
    leader.goto(f"/console/shifts/{shift_id}")
    leader.locator("details:has(#offline-code) summary").click()
    leader.fill("#offline-code", shown)
    leader.locator("form[action$='/offline'] button").click()
    row = leader.locator(f"#p-{person_id}")
    expect(row).to_have_attribute("data-state", "present")
    expect(row).to_contain_text("离线码")
