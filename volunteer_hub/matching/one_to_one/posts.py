"""Which post of a shift is that of the partners: the first one; the others help around."""

from __future__ import annotations

from sqlalchemy import ColumnElement, ScalarSelect, func, select
from sqlalchemy.orm import InstrumentedAttribute, aliased

from volunteer_hub.matching.one_to_one.models import Pairing, PairingState
from volunteer_hub.shifts.models import IS_ACTIVE, Post, Shift, SignUp, SignUpStatus

_first = aliased(Post)


def first_post(shift_id: InstrumentedAttribute[int] | int) -> ScalarSelect[int]:
    """Return, for use inside another question, the post of the partners in a shift."""
    return (
        select(_first.id)
        .where(_first.shift_id == shift_id)
        .order_by(_first.position, _first.id)
        .limit(1)
        .correlate(Shift, SignUp)
        .scalar_subquery()
    )


# The condition, over sign-ups, that somebody has a partner's place.
IS_PARTNER = (
    IS_ACTIVE
    & (SignUp.status == str(SignUpStatus.CONFIRMED))
    & (SignUp.post_id == first_post(SignUp.shift_id))
)

_has_met = (
    select(Pairing.id)
    .where(Pairing.sign_up_id == SignUp.id, Pairing.state == str(PairingState.MET))
    .correlate(SignUp)
    .exists()
)
# Who has met a senior stays at the table, whatever becomes of the place afterwards.
SITS_DOWN: ColumnElement[bool] = IS_PARTNER | _has_met


def partner_places(shift_id: InstrumentedAttribute[int] | int) -> ScalarSelect[int]:
    """Return, for use inside another question, how many partners a shift has places for."""
    places = select(func.coalesce(func.max(Post.capacity), 0)).where(
        Post.id == first_post(shift_id)
    )
    return places.correlate(Shift).scalar_subquery()


def partners(shift_id: InstrumentedAttribute[int] | int) -> ScalarSelect[int]:
    """Return, for use inside another question, how many partners have a place in a shift."""
    people = select(func.count(SignUp.id)).where(SignUp.shift_id == shift_id, IS_PARTNER)
    return people.correlate(Shift).scalar_subquery()
