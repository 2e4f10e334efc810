"""Create, change, publish and cancel shifts."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from volunteer_hub.audit import services as audit
from volunteer_hub.core.db import touch_lists
from volunteer_hub.core.errors import DomainError, InvalidInput, NotFound
from volunteer_hub.core.i18n import _
from volunteer_hub.projects.models import Project, ProjectStatus
from volunteer_hub.projects.services import ChangedMeanwhile, own_project
from volunteer_hub.shifts import line, receipts, reserving, told
from volunteer_hub.shifts.cutting import Cut, withdraw_all
from volunteer_hub.shifts.models import IS_ACTIVE, Post, Shift, ShiftStatus, SignUp
from volunteer_hub.shifts.plans import ShiftPlan, check_plan, columns
from volunteer_hub.shifts.posts import set_posts


def create_shift(
    session: Session,
    *,
    project_id: int,
    organisation_ids: Collection[int],
    plan: ShiftPlan,
    zone: ZoneInfo,
    actor_id: int | None,
    now: datetime,
    publish: bool = True,
) -> Shift:
    """Add a shift; in a project that is not published it stays a draft until that is.

    Raises NotFound, or InvalidInput with the field at fault.
    """
    project = own_project(session, project_id, organisation_ids, lock=True)
    check_plan(session, plan, now=now)
    if plan.starts_at < now:
        raise InvalidInput(
            _("This start has passed. Please choose a later one."), field="starts_at"
        )
    shown = publish and project.status == ProjectStatus.PUBLISHED
    shift = Shift(
        project_id=project.id,
        status=ShiftStatus.PUBLISHED if shown else ShiftStatus.DRAFT,
        created_at=now,
        **columns(plan, zone),
    )
    session.add(shift)
    session.flush()
    set_posts(session, shift, plan.posts, now=now)
    _note(session, "shift:create", shift, project, actor_id=actor_id, now=now)
    reserving.reserve_in_new(session, shift, now=now)
    return shift


def change_shift(
    session: Session,
    *,
    shift_id: int,
    organisation_ids: Collection[int],
    version: int,
    plan: ShiftPlan,
    zone: ZoneInfo,
    actor_id: int,
    now: datetime,
    cut: Cut | None = None,
) -> Shift:
    """Take over what was typed; everybody who signed up is asked again when time or place moves.

    With fewer places than are taken `cut` says what to do; without it TooFew is raised. Raises
    NotFound, ChangedMeanwhile when `version` is not the stored one, DomainError for a cancelled or
    finished shift, InvalidInput with the field at fault.
    """
    shift, project = own_shift(session, shift_id, organisation_ids)
    _require_open(shift, now=now)
    if shift.version != version:
        raise ChangedMeanwhile
    check_plan(session, plan, now=now)
    begun = shift.status == ShiftStatus.PUBLISHED and shift.starts_at <= now
    if plan.starts_at != shift.starts_at and (begun or plan.starts_at < now):
        raise InvalidInput(
            _("The start cannot be moved into the past, nor after the shift has begun."),
            field="starts_at",
        )
    if plan.ends_at < now:
        raise InvalidInput(_("This end has passed. Please choose a later one."), field="ends_at")
    before = receipts.snapshot(shift)
    changed = _take_over(shift, columns(plan, zone))
    places = _places(session, shift)
    posts = set_posts(session, shift, plan.posts, now=now, cut=cut)
    changed |= _places_changed(session, shift, posts, before=places)
    if changed:
        shift.version += 1
        _note(session, "shift:change", shift, project, actor_id=actor_id, now=now, changed=changed)
    receipts.ask_again(session, shift, before=before, now=now)
    reserving.reserve_in_new(session, shift, now=now)
    if shift.status == ShiftStatus.PUBLISHED:
        for post in posts:
            line.settle(session, post.id, now=now, added=True)
    return shift


def _places_changed(
    session: Session, shift: Shift, touched: Sequence[Post], *, before: int
) -> dict[str, Any]:
    after = _places(session, shift)
    changed: dict[str, Any] = {"posts": None} if touched else {}
    return changed if after == before else {**changed, "capacity": [before, after]}


def _places(session: Session, shift: Shift) -> int:
    return session.scalar(select(func.sum(Post.capacity)).where(Post.shift_id == shift.id)) or 0


def publish_shift(
    session: Session,
    *,
    shift_id: int,
    organisation_ids: Collection[int],
    actor_id: int,
    now: datetime,
) -> Shift:
    """Show a draft to everybody; refused while its project is not published or when it began."""
    shift, project = own_shift(session, shift_id, organisation_ids)
    if shift.status == ShiftStatus.PUBLISHED:
        return shift
    _require_open(shift, now=now)
    if project.status != ProjectStatus.PUBLISHED:
        raise DomainError(_("Please publish the project first; its page says what is missing."))
    if shift.starts_at < now:
        raise DomainError(_("This start has passed. Please change the time before you publish."))
    _publish(session, shift, project, actor_id=actor_id, now=now)
    return shift


def publish_drafts(
    session: Session,
    *,
    project_id: int,
    organisation_ids: Collection[int],
    actor_id: int,
    now: datetime,
) -> int:
    """Publish a published project's drafts that are still to come; returns how many."""
    project = own_project(session, project_id, organisation_ids)
    if project.status != ProjectStatus.PUBLISHED:
        return 0
    drafts = session.scalars(
        select(Shift)
        .where(
            Shift.project_id == project.id,
            Shift.status == ShiftStatus.DRAFT,
            Shift.starts_at >= now,
        )
        .order_by(Shift.starts_at, Shift.id)
    ).all()
    for shift in drafts:
        _publish(session, shift, project, actor_id=actor_id, now=now)
    return len(drafts)


def cancel_shift(
    session: Session,
    *,
    shift_id: int,
    organisation_ids: Collection[int],
    reason: str,
    actor_id: int,
    now: datetime,
) -> Shift:
    """Call the shift off and say why; sign-ups stay, so that everybody sees it, without no-shows.

    Cancelling twice changes nothing. Raises NotFound, InvalidInput without a reason, and
    DomainError once the shift has begun: what was served until then could not be confirmed.
    """
    shift, project = own_shift(session, shift_id, organisation_ids)
    if shift.status == ShiftStatus.CANCELLED:
        return shift
    _require_open(shift, now=now)
    if shift.status == ShiftStatus.PUBLISHED and shift.starts_at <= now:
        raise DomainError(
            _(
                "This shift has begun, so it is ended and not cancelled: tap “All leave now” on"
                " its roster. The minutes served until then are kept and can be confirmed."
            )
        )
    if not reason.strip():
        raise InvalidInput(
            _("Please say why, such as rain: everybody who signed up reads it."), field="reason"
        )
    shift.status = ShiftStatus.CANCELLED
    shift.cancel_reason = reason.strip()
    shift.version += 1
    holders = withdraw_all(session, shift_id=shift.id, now=now)
    _tell_all(session, shift, holders, now=now)
    _note(session, "shift:cancel", shift, project, actor_id=actor_id, now=now)
    return shift


def _tell_all(session: Session, shift: Shift, holders: Collection[int], *, now: datetime) -> None:
    signed_up = select(SignUp.person_id).where(SignUp.shift_id == shift.id, IS_ACTIVE)
    for person_id in sorted({*session.scalars(signed_up), *holders}):
        told.tell(
            session,
            "shift_cancelled",
            shift_id=shift.id,
            person_id=person_id,
            key=f"shift_cancelled:{shift.id}:{shift.version}:{person_id}",
            now=now,
            useless_after=shift.ends_at,
            reason=shift.cancel_reason,
        )


def own_shift(
    session: Session, shift_id: int, organisation_ids: Collection[int]
) -> tuple[Shift, Project]:
    """Return a shift of these organisations with its project, both locked, else raise NotFound."""
    project_id = session.scalar(select(Shift.project_id).where(Shift.id == shift_id))
    if project_id is None:
        raise NotFound
    # Always project before shift, so that two changes cannot wait for each other.
    project = own_project(session, project_id, organisation_ids, lock=True)
    shift = session.scalar(
        select(Shift)
        .where(Shift.id == shift_id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    if shift is None:
        raise NotFound
    return shift, project


def _require_open(shift: Shift, *, now: datetime) -> None:
    if shift.status == ShiftStatus.CANCELLED:
        raise DomainError(_("This shift is cancelled. Copy it to offer it again."))
    if shift.status == ShiftStatus.PUBLISHED and shift.ends_at <= now:
        raise DomainError(_("This shift is over. Who came and for how long is on its roster."))


def _take_over(shift: Shift, wanted: dict[str, Any]) -> dict[str, Any]:
    """Set what differs and return, for what volunteers plan by, the value before and after."""
    receipt = ("starts_at", "ends_at", "place_id", "meeting_point")
    changed = {
        field: [str(getattr(shift, field)), str(wanted[field])]
        for field in receipt
        if getattr(shift, field) != wanted[field]
    }
    for field, value in wanted.items():
        setattr(shift, field, value)
    return changed


def _publish(
    session: Session, shift: Shift, project: Project, *, actor_id: int, now: datetime
) -> None:
    shift.status = ShiftStatus.PUBLISHED
    shift.version += 1
    _note(session, "shift:publish", shift, project, actor_id=actor_id, now=now)
    reserving.reserve_in_new(session, shift, now=now)


def _note(
    session: Session,
    action: str,
    shift: Shift,
    project: Project,
    *,
    actor_id: int | None,
    now: datetime,
    changed: dict[str, Any] | None = None,
) -> None:
    """Write the audit entry and bring what lists show of the project up to date."""
    audit.record(
        session,
        action,
        actor_id=actor_id,
        object_id=shift.id,
        organisation_id=project.organisation_id,
        now=now,
        version=shift.version,
        changed=changed or {},
        fields=list(changed or {}),
    )
    session.flush()
    project.last_starts_at = session.scalar(
        select(func.max(Shift.starts_at)).where(
            Shift.project_id == project.id, Shift.status == ShiftStatus.PUBLISHED
        )
    )
    session.flush()
    touch_lists(session)
