"""The tables of a shift at the desk: pair, change by hand, who came, the sheet of paper."""

from __future__ import annotations

from flask import url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from volunteer_hub.attendance.queries import ShiftHead
from volunteer_hub.console.blueprint import bp
from volunteer_hub.console.roster_views import own_shift
from volunteer_hub.core import clock
from volunteer_hub.core.db import db
from volunteer_hub.core.errors import DomainError
from volunteer_hub.core.permissions import Permission, requires
from volunteer_hub.core.web import done, render
from volunteer_hub.matching.one_to_one import tables_page
from volunteer_hub.matching.one_to_one.pairing import Hand
from volunteer_hub.matching.one_to_one.tables import tables_of


def _pairing_shift(shift_id: int) -> ShiftHead:
    shift = own_shift(shift_id)
    tables_page.require_pairs(shift)
    return shift


@bp.get("/shifts/<int:shift_id>/pairs")
@requires(Permission.REQUEST_MANAGE)
def pairs(shift_id: int) -> Response:
    """Show who sits at which table and why, and who sits at none and why not."""
    return _page(_pairing_shift(shift_id))


@bp.post("/shifts/<int:shift_id>/pairs")
@requires(Permission.REQUEST_MANAGE)
def pair(shift_id: int) -> Response:
    """Do what the button says: field `do`, and what it is about."""
    shift = _pairing_shift(shift_id)
    said = tables_page.act(Hand(shift_id, current_user.id, clock.now()))
    if isinstance(said, DomainError):
        return _page(shift, said)
    here = url_for(".pairs", shift_id=shift_id)
    return done(here, fragment="console/_pairs.html", say=said, **_context(shift))


@bp.get("/shifts/<int:shift_id>/pairs/print")
@requires(Permission.REQUEST_MANAGE)
def print_pairs(shift_id: int) -> Response:
    """Show the sheet for the tables, in large type and with given names only."""
    shift = _pairing_shift(shift_id)
    found = tables_of(db.session(), shift_id)
    back = url_for(".pairs", shift_id=shift_id)
    return render("console/pairs_print.html", shift=shift, found=found, back=back)


def _context(shift: ShiftHead, refused: DomainError | None = None) -> dict[str, object]:
    return tables_page.context(
        shift,
        desk=True,
        act_url=url_for(".pair", shift_id=shift.id),
        refused=refused,
    )


def _page(shift: ShiftHead, refused: DomainError | None = None) -> Response:
    return render(
        "console/pairs.html",
        fragment="console/_pairs.html",
        status=refused.status if refused else 200,
        **_context(shift, refused),
    )
