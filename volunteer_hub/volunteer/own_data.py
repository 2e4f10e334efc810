"""Everything the site holds about one person, for that person (personal information law)."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from volunteer_hub.accounts import queries as accounts
from volunteer_hub.accounts.models import (
    BranchMembership,
    Consent,
    MembershipRequest,
    Person,
    RoleGrant,
)
from volunteer_hub.attendance.models import Attendance, SiteEvent
from volunteer_hub.audit.models import AuditEntry
from volunteer_hub.certificates.models import Certificate
from volunteer_hub.hours.models import HoursClaim, LedgerEntry
from volunteer_hub.matching.models import (
    Availability,
    Away,
    FreeWindow,
    Interest,
    Invitation,
    MatchWish,
    Proposal,
)
from volunteer_hub.matching.one_to_one.models import Pairing, TopicHelper
from volunteer_hub.notifications.models import Notice
from volunteer_hub.shifts.models import SignUp

# The hash and the session key protect the person; they say nothing about them.
HIDDEN = frozenset({"password_hash", "session_key", "digest", "recorded_by", "confirmed_by"})
HIDDEN |= {"device", "actor_id", "link_id", "decided_by", "answered_by", "made_by"}
# What the senior said of the other one is theirs.
HIDDEN |= {"senior_again"}
TABLES: tuple[tuple[str, Any], ...] = (
    ("memberships", BranchMembership.person_id),
    ("membership_requests", MembershipRequest.person_id),
    ("roles", RoleGrant.person_id),
    ("consents", Consent.person_id),
    ("sign_ups", SignUp.person_id),
    ("availability", Availability.person_id),
    ("free_windows", FreeWindow.person_id),
    ("days_away", Away.person_id),
    ("interests", Interest.person_id),
    ("proposals", Proposal.person_id),
    ("notes_of_plans", MatchWish.person_id),
    ("invitations", Invitation.person_id),
    ("topics", TopicHelper.person_id),
    ("pairings", Pairing.person_id),
    ("attendances", Attendance.person_id),
    ("events", SiteEvent.person_id),
    ("claims", HoursClaim.person_id),
    ("hours", LedgerEntry.person_id),
    ("certificates", Certificate.person_id),
    ("notices", Notice.person_id),
    ("acts", AuditEntry.actor_id),
)


def own_data(session: Session, *, person_id: int) -> dict[str, Any]:
    """Return the person's rows by kind, with column names and values that JSON can hold."""
    data: dict[str, Any] = {"person": _rows(session, Person.id, person_id)}
    for name, owner in TABLES:
        data[name] = _rows(session, owner, person_id)
    data["qualifications"] = [_plain(vars(held)) for held in accounts.of_person(session, person_id)]
    return data


def _rows(session: Session, owner: Any, person_id: int) -> list[dict[str, Any]]:
    table = owner.class_.__table__
    columns = [column for column in table.c if column.name not in HIDDEN]
    query = select(*columns).where(owner == person_id).order_by(*table.primary_key)
    return [_plain(dict(row._mapping)) for row in session.execute(query)]


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    return {
        name: value.isoformat() if hasattr(value, "isoformat") else value
        for name, value in row.items()
    }
