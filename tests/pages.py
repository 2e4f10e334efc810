"""The addresses of all pages, with ids from the database: the one list that crawlers share."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import product
from typing import Any

from flask import Flask
from sqlalchemy import Select, select
from sqlalchemy.orm import Session
from werkzeug.routing import Rule

from volunteer_hub.accounts.models import BranchMembership, MembershipRequest, Person
from volunteer_hub.accounts.queries import load_actor
from volunteer_hub.attendance.models import Attendance, Flag, LeaderLink
from volunteer_hub.certificates.models import Certificate
from volunteer_hub.core.permissions import EVERYBODY, Actor, access_of
from volunteer_hub.hours.models import HoursClaim, LedgerEntry
from volunteer_hub.matching.models import Away, Invitation, MatchRun
from volunteer_hub.matching.one_to_one.models import (
    Pairing,
    RequestState,
    ServiceRequest,
    Topic,
)
from volunteer_hub.projects.models import (
    Adoption,
    AdoptionState,
    HelpWanted,
    ImportFile,
    Project,
    ProjectStatus,
)
from volunteer_hub.registry.models import Branch
from volunteer_hub.shifts.models import (
    ChangeReceipt,
    Hold,
    Offer,
    Post,
    PostNeed,
    Series,
    Shift,
    ShiftStatus,
    SignUp,
    SignUpStatus,
)

# Not for people: probes, files, and where a link of another page is needed.
NOT_PAGES = (
    "/static/",
    "/healthz",
    "/readyz",
    "/metrics",
    "/api/",
    "/calendar/",
    "/c/",
    "/lead/",
    "/verify/",
)
# Pages that show more when asked something.
QUERIES = {
    "/projects": ("q=医院", "category=no-such&window=lunch&page=x", "q=没有这样的项目"),
    "/shifts": ("from=06:00&to=12:00&seats=1", "from=18:00&to=07:00"),
    "/me/availability": ("habits=1",),
    "/console/requests": ("status=verified", "pick=1.2.x&shift=999999999", "status=x&page=y"),
}

Ids = Callable[[Session, Actor | None], Sequence[object]]


def _all(query: Select[Any], most: int = 1) -> Ids:
    return lambda session, _actor: session.scalars(query.limit(most)).all()


def _projects(session: Session, actor: Actor | None) -> Sequence[object]:
    query = select(Project.id).where(Project.status == ProjectStatus.PUBLISHED)
    if actor and actor.organisation_ids:
        query = query.where(Project.organisation_id.in_(actor.organisation_ids))
    # One with a shift ahead, so that its page is not the empty one.
    query = query.where(Project.last_starts_at.is_not(None))
    return session.scalars(query.order_by(Project.last_starts_at.desc()).limit(1)).all()


def _shifts(session: Session, actor: Actor | None) -> Sequence[object]:
    query = select(Shift.id).join(Project, Project.id == Shift.project_id)
    if actor and actor.organisation_ids:
        query = query.where(Project.organisation_id.in_(actor.organisation_ids))
    published = query.where(Shift.status == ShiftStatus.PUBLISHED)
    kinds = [
        published.order_by(Shift.starts_at.desc()),
        query.where(Shift.status == ShiftStatus.CANCELLED),
        published.join(SignUp, SignUp.shift_id == Shift.id).order_by(Shift.starts_at),
        published.join(SignUp, SignUp.shift_id == Shift.id).where(
            SignUp.status == SignUpStatus.WAITLISTED
        ),
        published.where(Shift.series_id.is_not(None)),
        published.join(SignUp, SignUp.shift_id == Shift.id).where(
            SignUp.status == SignUpStatus.OFFERED
        ),
        published.join(SignUp, SignUp.shift_id == Shift.id).join(
            ChangeReceipt, ChangeReceipt.sign_up_id == SignUp.id
        ),
        published.join(Post, Post.shift_id == Shift.id).join(Hold, Hold.post_id == Post.id),
        published.join(Post, Post.shift_id == Shift.id).join(PostNeed, PostNeed.post_id == Post.id),
        # Hours that wait for confirmation, and hours that are in the ledger.
        published.join(Attendance, Attendance.shift_id == Shift.id)
        .where(Attendance.minutes.is_(None), Attendance.check_out_at.is_not(None))
        .order_by(Shift.starts_at.desc()),
        published.join(Attendance, Attendance.shift_id == Shift.id)
        .where(Attendance.minutes.is_not(None))
        .order_by(Shift.starts_at.desc()),
    ]
    found = [session.scalars(kind.limit(1)).first() for kind in kinds]
    return list(dict.fromkeys(one for one in found if one is not None))


def _series(session: Session, actor: Actor | None) -> Sequence[object]:
    query = select(Series.id).join(Project, Project.id == Series.project_id)
    if actor and actor.organisation_ids:
        query = query.where(Project.organisation_id.in_(actor.organisation_ids))
    return session.scalars(query.order_by(Series.id).limit(1)).all()


def _branches(session: Session, actor: Actor | None) -> Sequence[object]:
    if actor and actor.led_branch_ids:
        return actor.led_branch_ids
    return session.scalars(select(Branch.id).order_by(Branch.path).limit(1)).all()


def _own_sheets(session: Session, actor: Actor | None) -> Sequence[object]:
    return session.scalars(select(ImportFile.id).where(ImportFile.owner_id == actor.id)).all()


def _attendances(session: Session, actor: Actor | None) -> Sequence[object]:
    query = select(Attendance.id).join(Shift).join(Project)
    if actor and actor.organisation_ids:
        query = query.where(Project.organisation_id.in_(actor.organisation_ids))
    confirmed = Attendance.confirmed_at.is_not(None)
    found = [session.scalar(query.where(kind).limit(1)) for kind in (confirmed, ~confirmed)]
    return [one for one in found if one is not None]


def _sign_ups(session: Session, actor: Actor | None) -> Sequence[object]:
    query = select(SignUp.id).join(Shift).join(Project)
    if actor and actor.organisation_ids:
        query = query.where(Project.organisation_id.in_(actor.organisation_ids))
    to_come = query.order_by(Shift.starts_at.desc())
    kinds = (SignUpStatus.CONFIRMED, SignUpStatus.WAITLISTED, SignUpStatus.OFFERED)
    found = [session.scalar(to_come.where(SignUp.status == str(kind)).limit(1)) for kind in kinds]
    return [one for one in found if one is not None]


def _entries(session: Session, actor: Actor | None) -> Sequence[object]:
    query = select(LedgerEntry.id).where(LedgerEntry.reverses_id.is_(None))
    if actor and actor.organisation_ids:
        query = query.where(LedgerEntry.organisation_id.in_(actor.organisation_ids))
    return session.scalars(query.limit(1)).all()


def _claims(session: Session, actor: Actor | None) -> Sequence[object]:
    query = select(HoursClaim.id).join(Shift, Shift.id == HoursClaim.shift_id).join(Project)
    if actor and actor.organisation_ids:
        query = query.where(Project.organisation_id.in_(actor.organisation_ids))
    return session.scalars(query.order_by(HoursClaim.id).limit(2)).all()


def _adopting(session: Session, actor: Actor | None) -> Sequence[object]:
    branches = _branches(session, actor)
    agreed = Adoption.state == str(AdoptionState.AGREED)
    return session.scalars(
        select(Adoption.branch_id).where(agreed, Adoption.branch_id.in_(branches)).limit(1)
    ).all()


def _flags(session: Session, actor: Actor | None) -> Sequence[object]:
    query = select(Flag.id).join(Shift, Shift.id == Flag.shift_id).join(Project)
    if actor and actor.organisation_ids:
        query = query.where(Project.organisation_id.in_(actor.organisation_ids))
    return session.scalars(query.limit(1)).all()


def _runs(session: Session, actor: Actor | None) -> Sequence[object]:
    query = select(MatchRun.id)
    if actor and actor.organisation_ids:
        query = query.where(MatchRun.organisation_id.in_(actor.organisation_ids))
    return session.scalars(query.order_by(MatchRun.id).limit(3)).all()


def _wishes(session: Session, actor: Actor | None) -> Sequence[object]:
    """Return a wish in each state."""
    query = select(ServiceRequest.id)
    if actor and actor.organisation_ids:
        query = query.where(ServiceRequest.organisation_id.in_(actor.organisation_ids))
    found = [
        session.scalar(query.where(ServiceRequest.state == str(state)).limit(1))
        for state in RequestState
    ]
    return [one for one in found if one is not None]


# The values of each parameter in an address. A new parameter needs a line here.
PARAMETERS: dict[str, Ids] = {
    "adoption_id": _all(select(Adoption.id).where(Adoption.state == str(AdoptionState.AGREED))),
    "attendance_id": _attendances,
    "away_id": _all(select(Away.id)),
    "invitation_id": _all(select(Invitation.id)),
    "run_id": _runs,
    "project_id": _projects,
    "shift_id": _shifts,
    "series_id": _series,
    "offer_id": _all(select(Offer.id)),
    "hold_id": _all(select(Hold.id)),
    "branch_id": _branches,
    "sign_up_id": _sign_ups,
    "person_id": _all(select(Person.id)),
    "file_id": _own_sheets,
    "entry_id": _entries,
    "claim_id": _claims,
    "certificate_id": _all(select(Certificate.id)),
    "code": lambda _session, _actor: ("no-such-code",),
    "flag_id": _flags,
    "membership_id": _all(select(BranchMembership.id)),
    "month": lambda _session, _actor: ("2026-10",),
    "request_id": _all(select(MembershipRequest.id)),
    "wish_id": _wishes,
    "pairing_id": _all(select(Pairing.id)),
    "topic_id": _all(select(Topic.id)),
    "wanted_id": _all(select(HelpWanted.id)),
    "link_id": _all(select(LeaderLink.id)),
    "token": lambda _session, _actor: ("no-such-link",),
}


def _own_shifts(session: Session, actor: Actor | None) -> Sequence[object]:
    query = select(Shift.id).join(SignUp, SignUp.shift_id == Shift.id)
    mine = query.where(
        SignUp.person_id == (actor.id if actor else None),
        SignUp.status == str(SignUpStatus.CONFIRMED),
        Shift.status == str(ShiftStatus.PUBLISHED),
    )
    return session.scalars(mine.order_by(Shift.starts_at)).all()


def _soon(session: Session, actor: Actor | None) -> Sequence[object]:
    """Return a shift that starts within two days and has places left."""
    query = (
        select(Shift.id)
        .join(Project, Project.id == Shift.project_id)
        .join(Post, Post.shift_id == Shift.id)
        .where(Shift.status == ShiftStatus.PUBLISHED, Post.taken < Post.capacity)
    )
    if actor and actor.organisation_ids:
        query = query.where(Project.organisation_id.in_(actor.organisation_ids))
    return session.scalars(query.order_by(Shift.starts_at.desc()).limit(1)).all()


def _own_branch(session: Session, actor: Actor | None) -> Sequence[object]:
    """Return branches for pages with names: none for who leads none."""
    return actor.led_branch_ids if actor else ()


def _pairing_shifts(session: Session, actor: Actor | None) -> Sequence[object]:
    """Return shifts with wishes in them, one to come and one that is over."""
    query = select(Shift.id).join(Project).where(Project.one_to_one)
    if actor and actor.organisation_ids:
        query = query.where(Project.organisation_id.in_(actor.organisation_ids))
    with_wishes = query.join(ServiceRequest, ServiceRequest.shift_id == Shift.id)
    found = [
        session.scalar(with_wishes.order_by(order).limit(1))
        for order in (Shift.starts_at.desc(), Shift.starts_at)
    ]
    return list(dict.fromkeys(one for one in found if one is not None))


def _own_pairing_shifts(session: Session, actor: Actor | None) -> Sequence[object]:
    query = (
        select(Shift.id)
        .join(Project)
        .where(Shift.id.in_(_own_shifts(session, actor)), Project.one_to_one)
    )
    return session.scalars(query.order_by(Shift.starts_at)).all()


# Pages that open only for those who have to do with the object.
OWN: dict[str, dict[str, Ids]] = {
    **{
        f"reports.{page}": {"branch_id": _own_branch}
        # Rows of few people are shown to nobody else, and the small world has few.
        for page in ("members", "entries", "projects", "waiting", "no_shows")
    },
    "reports.adopt": {"branch_id": lambda _session, _actor: ()},
    "reports.adoption": {"branch_id": _adopting},
    "hours.claim": {"shift_id": _own_shifts},
    "console.call_out": {"shift_id": _soon},
    "console.pairs": {"shift_id": _pairing_shifts},
    "console.print_pairs": {"shift_id": _pairing_shifts},
    "matching.pairing": {"shift_id": _own_pairing_shifts},
    "attendance.at_shift": {"shift_id": _own_shifts},
}


def actor_of(session: Session, phone: str | None) -> Actor | None:
    """Return who has this phone, or None for a visitor."""
    if phone is None:
        return None
    person = session.scalars(select(Person).where(Person.phone == phone)).one()
    return load_actor(session, f"{person.id}:{person.session_key}")


def rules(app: Flask, method: str) -> list[Rule]:
    """Return the routes that take this method, without static files."""
    return [
        rule
        for rule in app.url_map.iter_rules()
        if method in (rule.methods or ()) and rule.endpoint != "static"
    ]


def open_to(app: Flask, rule: Rule, actor: Actor | None) -> bool:
    """Tell whether the route's mark lets this person in."""
    access = access_of(app.view_functions[rule.endpoint])
    return access == "public" or bool(actor and actor.may(access))  # type: ignore[arg-type]


def pages_of(
    app: Flask, session: Session, actor: Actor | None, *, by_role: bool = False
) -> list[str]:
    """Return the addresses of all pages that are open to this person.

    With `by_role` only those that a role opens, and the two that everybody begins from.
    """
    found: list[str] = []
    for rule in rules(app, "GET"):
        if rule.rule.startswith(NOT_PAGES) or "." in rule.rule.rpartition("/")[2]:
            continue
        common = access_of(app.view_functions[rule.endpoint]) in ("public", *EVERYBODY)
        if by_role and common and rule.rule not in ("/", "/me"):
            continue
        if open_to(app, rule, actor):
            found += addresses(app, rule, session, actor)
    for path, queries in QUERIES.items():
        if path in found:
            found += [f"{path}?{query}" for query in queries]
    return sorted(found)


def addresses(app: Flask, rule: Rule, session: Session, actor: Actor | None) -> Iterator[str]:
    """Yield the addresses of one route."""
    names = sorted(rule.arguments)
    unknown = [name for name in names if name not in PARAMETERS]
    assert not unknown, f"say in tests/pages.py what {unknown} of {rule.rule} can be"
    adapter = app.url_map.bind("localhost")
    ids = PARAMETERS | OWN.get(rule.endpoint, {})
    for values in product(*(ids[name](session, actor) for name in names)):
        yield adapter.build(rule.endpoint, dict(zip(names, values, strict=True)))
