"""Who may do what: one enum, one table, deny by default."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar

View = TypeVar("View", bound=Callable[..., Any])


class Role(StrEnum):
    """A role is granted with a scope: an organisation, a branch, or the sub-district."""

    COORDINATOR = "coordinator"
    BRANCH_LEADER = "branch_leader"
    OFFICE = "office"


class Permission(StrEnum):
    """`resource:action`, each with what it lets a person do."""

    SHIFT_SIGN_UP = "shift:sign_up"  # take, leave and see one's own places
    ACCOUNT_OWN = "account:own"  # see and change one's own profile and data
    HOURS_OWN = "hours:own"  # see one's own hours
    CONSOLE_OPEN = "console:open"  # see the desk of one's own organisations
    PROJECT_MANAGE = "project:manage"  # create and change projects and shifts there
    ROSTER_MANAGE = "roster:manage"  # see the roster and tick who came
    HOURS_CONFIRM = "hours:confirm"  # turn attendance into hours
    PROJECT_IMPORT = "project:import"  # bring in projects from a sheet
    REQUEST_ENTER = "request:enter"  # enter a senior's wish and see what became of it
    REQUEST_MANAGE = "request:manage"  # verify wishes, put them into shifts, pair them there
    TEAM_MANAGE = "team:manage"  # say who else coordinates there
    BRANCH_VIEW = "branch:view"  # see hours of one's own branch and below
    OFFICE_OPEN = "office:open"  # see people, roles and the audit of the sub-district


EVERYBODY = frozenset({Permission.SHIFT_SIGN_UP, Permission.ACCOUNT_OWN, Permission.HOURS_OWN})
COORDINATION = frozenset(
    {
        Permission.CONSOLE_OPEN,
        Permission.PROJECT_MANAGE,
        Permission.ROSTER_MANAGE,
        Permission.HOURS_CONFIRM,
        Permission.PROJECT_IMPORT,
        Permission.REQUEST_ENTER,
        Permission.REQUEST_MANAGE,
        Permission.TEAM_MANAGE,
    }
)
GRANTS: dict[Role, frozenset[Permission]] = {
    Role.COORDINATOR: COORDINATION,
    Role.BRANCH_LEADER: frozenset({Permission.BRANCH_VIEW}),
    Role.OFFICE: frozenset({Permission.BRANCH_VIEW, Permission.OFFICE_OPEN}),
}


@dataclass(frozen=True)
class Grant:
    """One role with its scope."""

    role: Role
    organisation_id: int | None = None
    branch_id: int | None = None


@dataclass(frozen=True)
class Actor:
    """The person at the other end, as one query reads them; never a live row."""

    id: int
    name: str
    session_key: str
    language: str | None = None
    building_id: int | None = None
    branch_id: int | None = None
    grants: tuple[Grant, ...] = ()
    # How many notices wait to be read.
    unread: int = 0

    is_authenticated = True
    is_active = True
    is_anonymous = False

    def get_id(self) -> str:
        """Return what the session cookie holds; a new session key ends all old sessions."""
        return f"{self.id}:{self.session_key}"

    def may(self, permission: Permission) -> bool:
        return permission in EVERYBODY or any(permission in GRANTS[g.role] for g in self.grants)

    def has(self, role: Role) -> bool:
        return any(grant.role is role for grant in self.grants)

    @property
    def organisation_ids(self) -> tuple[int, ...]:
        """The organisations for which this person coordinates."""
        return tuple(
            g.organisation_id
            for g in self.grants
            if g.role is Role.COORDINATOR and g.organisation_id is not None
        )

    @property
    def led_branch_ids(self) -> tuple[int, ...]:
        """The branches that this person leads (each with all below it)."""
        return tuple(
            g.branch_id
            for g in self.grants
            if g.role is Role.BRANCH_LEADER and g.branch_id is not None
        )


class Visitor:
    """Somebody who has not signed in."""

    id = None
    name = ""
    language: str | None = None
    building_id: int | None = None
    branch_id: int | None = None
    grants: tuple[Grant, ...] = ()
    organisation_ids: tuple[int, ...] = ()
    led_branch_ids: tuple[int, ...] = ()
    unread = 0
    is_authenticated = False
    is_active = False
    is_anonymous = True

    def get_id(self) -> None:
        return None

    def may(self, permission: Permission) -> bool:
        return False

    def has(self, role: Role) -> bool:
        return False


def public(view: View) -> View:
    """Mark a route that everybody may use."""
    view.access = "public"  # type: ignore[attr-defined]
    return view


def requires(permission: Permission) -> Callable[[View], View]:
    """Mark a route that needs this permission; strangers get 404, visitors the login page."""

    def mark(view: View) -> View:
        view.access = permission  # type: ignore[attr-defined]
        return view

    return mark


def access_of(view: Callable[..., Any] | None) -> Permission | str | None:
    """Return the mark of a view: a permission, "public", or None for a route nobody marked."""
    return getattr(view, "access", None)
