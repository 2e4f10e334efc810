"""Wishes of the same senior, and what of that outlives a wish that is forgotten."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select, update
from sqlalchemy.orm import Session, aliased

from volunteer_hub.matching.one_to_one.models import Pairing, ServiceRequest


def loosen(session: Session, request: ServiceRequest) -> None:
    """Take out of a forgotten wish whose it was, and who wanted to meet again.

    A "rather not" and the tie that gives it a meaning stay while another wish of the senior is
    known: the two were promised not to be paired again. With the last wish all of it goes.
    """
    family = _family(session, request)
    if all(one.forgotten_at for one in family):
        for one in family:
            one.first_id = None
        _clear(session, family)
    elif not _holds_a_no(session, request, family):
        _leave(request, [one for one in family if one is not request])
        _clear(session, [request])
    session.flush()


def _family(session: Session, request: ServiceRequest) -> Sequence[ServiceRequest]:
    """Return the wishes of the same senior, locked, the first one first."""
    first = request.first_id or request.id
    return session.scalars(
        select(ServiceRequest)
        .where((ServiceRequest.id == first) | (ServiceRequest.first_id == first))
        .order_by(ServiceRequest.id)
        .with_for_update(key_share=True)
    ).all()


def _holds_a_no(
    session: Session, request: ServiceRequest, family: Sequence[ServiceRequest]
) -> bool:
    """Tell whether one of those who met here ever said "rather not", in this wish or another.

    Of several answers the latest counts, so none of them goes alone.
    """
    here = aliased(Pairing)
    found = session.scalar(
        select(Pairing.id)
        .join(here, here.person_id == Pairing.person_id)
        .where(
            here.request_id == request.id,
            Pairing.request_id.in_([one.id for one in family]),
            Pairing.volunteer_again.is_(False) | Pairing.senior_again.is_(False),
        )
        .limit(1)
    )
    return found is not None


def _leave(request: ServiceRequest, others: Sequence[ServiceRequest]) -> None:
    """Untie one wish; when the others named it, they name the first of themselves instead."""
    if request.first_id is not None:
        request.first_id = None
        return
    for one in others:
        one.first_id = None if one is others[0] else others[0].id


def _clear(session: Session, requests: Sequence[ServiceRequest]) -> None:
    session.execute(
        update(Pairing)
        .where(Pairing.request_id.in_([one.id for one in requests]))
        .values(volunteer_again=None, senior_again=None)
    )
