"""At the tables with a phone: two taps pair again, and the volunteer's phone says where to sit."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from playwright.sync_api import Page, expect
from sqlalchemy import select

from tests.browser.live import Live
from volunteer_hub.core.db import db, write_tx
from volunteer_hub.matching.one_to_one.models import Pairing, ServiceRequest
from volunteer_hub.shifts.models import Shift


def paired_shift(live: Live) -> int:
    """Let the demo's paired shift begin in ten minutes."""
    shift_id, starts_at = live.look_up(
        lambda session: session.execute(
            select(Shift.id, Shift.starts_at)
            .join(Pairing, Pairing.shift_id == Shift.id)
            .where(Pairing.state == "planned")
        ).first()
    )
    ahead = starts_at - datetime.now(UTC) - timedelta(minutes=10)
    live.let_pass(shift_id, hours=ahead / timedelta(hours=1))
    return int(shift_id)


def standing(live: Live, shift_id: int) -> dict[int, int]:
    """Return who sits with whom, by wish."""
    return live.look_up(
        lambda session: {
            row.request_id: row.person_id
            for row in session.scalars(
                select(Pairing).where(
                    Pairing.shift_id == shift_id, Pairing.state.in_(["planned", "met"])
                )
            )
        }
    )


def one_more_wish(live: Live, shift_id: int, paired: dict[int, int], like: int) -> int:
    """Add a wish like another one to the shift, the only one there that has nobody."""

    def add() -> int:
        session = db.session()
        others = ServiceRequest.shift_id == shift_id, ServiceRequest.id.not_in(paired)
        for other in session.scalars(select(ServiceRequest).where(*others)):
            other.state, other.shift_id, other.table_no = "verified", None, None
        known = session.get_one(ServiceRequest, like)
        columns = ServiceRequest.__table__.columns.keys()
        values = {name: getattr(known, name) for name in columns if name != "id"}
        wish = ServiceRequest(**values | {"given_name": "美华", "table_no": 99})
        session.add(wish)
        session.flush()
        return wish.id

    with live.app.app_context():
        return write_tx(add)


def test_two_taps_pair_again_and_the_others_keep_their_tables(open_browser, live: Live):
    shift_id = paired_shift(live)
    before = standing(live, shift_id)
    left = min(before)
    waiting = one_more_wish(live, shift_id, before, left)
    watched = open_browser("coordinator")
    desk: Page = watched.page
    desk.goto(f"/console/shifts/{shift_id}/pairs")
    desk.wait_for_function("window.htmx")
    desk.locator(f"li[data-id='{left}'] button[value=no_senior]").click()
    desk.locator(f"li[data-id='{waiting}'] button[value=pair]").click()
    expect(desk.locator(f"li[data-id='{waiting}']")).to_have_attribute("data-state", "planned")
    after = standing(live, shift_id)
    assert left not in after
    assert {wish: after[wish] for wish in before if wish != left} == {
        wish: person for wish, person in before.items() if wish != left
    }
    assert watched.faults() == []


def test_the_phone_says_whom_one_meets_beside_the_place(open_browser, live: Live):
    shift_id = live.look_up(
        lambda session: session.scalars(
            select(Pairing.shift_id).where(Pairing.state == "planned", Pairing.person_id == 1)
        ).first()
    )
    name = live.look_up(
        lambda session: session.scalars(
            select(ServiceRequest.given_name)
            .join(Pairing, Pairing.request_id == ServiceRequest.id)
            .where(Pairing.shift_id == shift_id, Pairing.person_id == 1)
        ).first()
    )
    phone: Page = open_browser("volunteer").page
    phone.goto(f"/shifts/{shift_id}")
    expect(phone.locator("#pairing")).to_contain_text(name)
