"""The tables of a shift through its leader's link: given names only, no account."""

from __future__ import annotations

from flask import url_for
from werkzeug.wrappers import Response

from volunteer_hub.attendance.lead_views import closed, open_door, private
from volunteer_hub.attendance.leader_links import Door, LinkGone
from volunteer_hub.core import clock
from volunteer_hub.core.db import db
from volunteer_hub.core.errors import DomainError, NotFound
from volunteer_hub.core.permissions import public
from volunteer_hub.core.web import done, render
from volunteer_hub.matching.blueprint import bp
from volunteer_hub.matching.one_to_one import tables_page
from volunteer_hub.matching.one_to_one.pairing import Hand
from volunteer_hub.matching.one_to_one.tables import tables_of


@bp.get("/lead/<token>/pairs")
@public
def lead_pairs(token: str) -> Response:
    """Show who sits where, or kindly why the link is closed."""
    try:
        found = open_door(token)
        tables_page.require_pairs(found.shift)
    except (LinkGone, NotFound) as error:
        return closed(error)
    return _page(found, token)


@bp.get("/lead/<token>/pairs/print")
@public
def lead_print_pairs(token: str) -> Response:
    """Show the sheet for the tables, or kindly why the link is closed."""
    try:
        found = open_door(token)
        tables_page.require_pairs(found.shift)
    except (LinkGone, NotFound) as error:
        return closed(error)
    tables = tables_of(db.session(), found.shift.id)
    back = url_for(".lead_pairs", token=token)
    page = "matching/lead_pairs_print.html"
    return private(render(page, shift=found.shift, found=tables, back=back))


@bp.post("/lead/<token>/pairs")
@public
def lead_pair(token: str) -> Response:
    """Do what the button says: field `do`."""
    found = open_door(token)
    tables_page.require_pairs(found.shift)
    said = tables_page.act(Hand(found.shift.id, None, clock.now(), found.link))
    if isinstance(said, DomainError):
        return _page(found, token, refused=said)
    here = url_for(".lead_pairs", token=token)
    answer = done(here, fragment="console/_pairs.html", say=said, **_context(found, token))
    return private(answer)


def _context(found: Door, token: str, refused: DomainError | None = None) -> dict[str, object]:
    return tables_page.context(
        found.shift,
        desk=False,
        act_url=url_for(".lead_pair", token=token),
        back=url_for("attendance.door", token=token),
        sheet=url_for(".lead_print_pairs", token=token),
        link=found.link,
        refused=refused,
    )


def _page(found: Door, token: str, *, refused: DomainError | None = None) -> Response:
    return private(
        render(
            "matching/lead_pairs.html",
            fragment="console/_pairs.html",
            status=refused.status if refused else 200,
            **_context(found, token, refused),
        )
    )
