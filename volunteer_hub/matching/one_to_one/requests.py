"""Seniors' wishes: verified by somebody else than who entered them, closed, withdrawn."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from volunteer_hub.accounts.models import RoleGrant
from volunteer_hub.accounts.role_services import is_live
from volunteer_hub.core.errors import DomainError, InvalidInput, NotFound
from volunteer_hub.core.i18n import _
from volunteer_hub.core.permissions import Role
from volunteer_hub.matching.one_to_one import ending, steps
from volunteer_hub.matching.one_to_one.models import (
    ENDED,
    RequestState,
    RequestStep,
    ServiceRequest,
)

WORDS_LENGTH = 200


class CannotChange(DomainError):
    """The request is in a state that does not allow this."""


def verify(
    session: Session,
    *,
    request_id: int,
    organisation_ids: Collection[int],
    actor_id: int,
    now: datetime,
) -> ServiceRequest:
    """Say that the wish is real; verifying twice changes nothing.

    Somebody else than who entered it does this, unless nobody else coordinates there. Raises
    NotFound, CannotChange.
    """
    request = own(session, request_id, organisation_ids)
    if request.state == RequestState.VERIFIED:
        return request
    if request.state != RequestState.ENTERED:
        raise CannotChange(_("This wish does not wait for anybody to verify it."))
    alone = typed_by(session, request.id) == actor_id
    if alone and others_coordinate(session, request.organisation_id, person_id=actor_id, now=now):
        raise CannotChange(
            _("You entered this wish, so a colleague verifies it. Please ask one of your team.")
        )
    steps.move(session, request, RequestState.VERIFIED, actor_id=actor_id, now=now, alone=alone)
    return request


def typed_by(session: Session, request_id: int) -> int | None:
    """Return who entered the wish or changed it last."""
    return session.scalar(
        select(RequestStep.by_id)
        .where(RequestStep.request_id == request_id, RequestStep.state == str(RequestState.ENTERED))
        .order_by(RequestStep.id.desc())
        .limit(1)
    )


def others_coordinate(
    session: Session, organisation_id: int, *, person_id: int, now: datetime
) -> bool:
    """Tell whether somebody else than this person coordinates there."""
    others = session.scalar(
        select(func.count()).where(
            RoleGrant.organisation_id == organisation_id,
            RoleGrant.role == str(Role.COORDINATOR),
            RoleGrant.person_id != person_id,
            is_live(now),
        )
    )
    return bool(others)


def withdraw(
    session: Session,
    *,
    request_id: int,
    organisation_ids: Collection[int],
    actor_id: int,
    now: datetime,
) -> ServiceRequest:
    """Take the wish back: works at any time, for who entered it and for who arranges it.

    A volunteer who was to come is told. On one that is over it changes nothing. Raises NotFound.
    """
    request = seen(
        session, request_id, person_id=actor_id, organisation_ids=organisation_ids, lock=True
    )
    if request.state not in ENDED:
        ending.end_of_request(session, request, now=now)
        request.table_no = request.absent_at = None
        steps.move(session, request, RequestState.WITHDRAWN, actor_id=actor_id, now=now)
    return request


def close(
    session: Session,
    *,
    request_id: int,
    organisation_ids: Collection[int],
    words: str,
    actor_id: int,
    now: datetime,
) -> ServiceRequest:
    """Answer that the wish cannot be met, in words; raises NotFound, InvalidInput, CannotChange."""
    request = own(session, request_id, organisation_ids)
    if request.state in ENDED:
        raise CannotChange(_("This wish is over already."))
    if not 1 <= len(words.strip()) <= WORDS_LENGTH:
        raise InvalidInput(
            _("Please answer in words, at most 200 characters: who entered it passes it on."),
            field="words",
        )
    ending.end_of_request(session, request, now=now)
    request.table_no = request.absent_at = None
    steps.move(
        session, request, RequestState.CLOSED, actor_id=actor_id, now=now, words=words.strip()
    )
    return request


def own(session: Session, request_id: int, organisation_ids: Collection[int]) -> ServiceRequest:
    """Return a request that these organisations arrange, locked, else raise NotFound."""
    request = session.scalar(
        select(ServiceRequest)
        .where(
            ServiceRequest.id == request_id,
            ServiceRequest.organisation_id.in_(organisation_ids),
        )
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    if request is None:
        raise NotFound
    return request


def seen(
    session: Session,
    request_id: int,
    *,
    person_id: int,
    organisation_ids: Collection[int],
    lock: bool = False,
) -> ServiceRequest:
    """Return a request for who entered it or who arranges it, else raise NotFound."""
    query = select(ServiceRequest).where(
        ServiceRequest.id == request_id,
        (ServiceRequest.entered_by == person_id)
        | ServiceRequest.organisation_id.in_(organisation_ids),
    )
    if lock:
        query = query.with_for_update(key_share=True).execution_options(populate_existing=True)
    request = session.scalar(query)
    if request is None:
        raise NotFound
    return request
