"""Plain functions that put one row, and what it needs, into the database and commit.

Every field of the model may be given; what is left out gets a sensible value.
"""

from __future__ import annotations

import itertools
import secrets
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from argon2 import PasswordHasher
from sqlalchemy import select
from sqlalchemy.orm import Session

from volunteer_hub.accounts.models import (
    BranchMembership,
    Person,
    PersonQualification,
    Qualification,
    RoleGrant,
)
from volunteer_hub.attendance import no_shows
from volunteer_hub.attendance.events import KIND_OF, Source
from volunteer_hub.attendance.events import add as add_event
from volunteer_hub.attendance.models import (
    Attendance,
    AttendanceMethod,
    AttendanceStatus,
    EventKind,
    Flag,
    FlagKind,
)
from volunteer_hub.core.calendar import Window, window_of
from volunteer_hub.core.db import Base
from volunteer_hub.core.permissions import Role
from volunteer_hub.hours.models import ClaimKind, HoursClaim
from volunteer_hub.matching.models import (
    Availability,
    FreeWindow,
    Invitation,
    InvitationKind,
)
from volunteer_hub.matching.one_to_one.models import (
    Pairing,
    RequestState,
    RequestStep,
    RequestWindow,
    ServiceRequest,
)
from volunteer_hub.projects.models import Category, Project, ProjectStatus
from volunteer_hub.registry.models import (
    Branch,
    BranchKind,
    Building,
    Enterprise,
    Organisation,
    Place,
    Walk,
)
from volunteer_hub.registry.tree import draw_lines
from volunteer_hub.shifts.models import (
    ChangeReceipt,
    Hold,
    Offer,
    Post,
    PostNeed,
    Series,
    Shift,
    ShiftChange,
    ShiftStatus,
    SignUp,
    SignUpStatus,
)

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
SHANGHAI = ZoneInfo("Asia/Shanghai")
PASSWORD = "orange-2026-tree"

_numbers = itertools.count(1)
# Real parameters take 23 ms; a test needs a valid hash, not a strong one.
_cheap_hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)

Row = TypeVar("Row", bound=Base)


def _keep(session: Session, row: Row) -> Row:
    session.add(row)
    session.commit()
    return row


# ---------------------------------------------------------------- registry


def make_building(session: Session, **fields: Any) -> Building:
    """Add an office building near 32.0°N 121.4°E."""
    n = next(_numbers)
    values = {
        "code": f"B{n:03}",
        "name_zh": f"第{n}大厦",
        "name_en": f"Tower {n}",
        "lat": 31.2304,
        "lng": 121.4737,
    }
    return _keep(session, Building(**values | fields))


def make_enterprise(session: Session, *, building: Building | None = None, **fields: Any) -> Any:
    """Add a company, with an office when a building is given."""
    n = next(_numbers)
    values = {
        "name_zh": f"第{n}有限公司",
        "name_en": f"Company {n}",
        "building_id": building.id if building else None,
    }
    return _keep(session, Enterprise(**values | fields))


def make_organisation(session: Session, **fields: Any) -> Organisation:
    """Add an organisation that runs projects and records hours."""
    n = next(_numbers)
    values = {"name_zh": f"第{n}服务站", "name_en": f"Station {n}"}
    return _keep(session, Organisation(**values | fields))


def make_branch(session: Session, *, parent: Branch | None = None, **fields: Any) -> Branch:
    """Add a Party branch, below `parent` when one is given; its path is set."""
    n = next(_numbers)
    values: dict[str, Any] = {
        "kind": BranchKind.BRANCH,
        "name_zh": f"第{n}党支部",
        "name_en": f"Branch {n}",
        "parent_id": parent.id if parent else None,
        "path": f"unset {n}",
    }
    branch = Branch(**values | fields)
    session.add(branch)
    session.flush()
    if "path" not in fields:
        branch.path = f"{parent.path if parent else '/'}{branch.id}/"
    session.flush()
    draw_lines(session)
    session.commit()
    return branch


def make_place(session: Session, **fields: Any) -> Place:
    """Add a place with coordinates; walking times are added by `make_walk`."""
    n = next(_numbers)
    values = {
        "name_zh": f"第{n}医院",
        "name_en": f"Hospital {n}",
        "address_zh": f"和平路{n}号",
        "address_en": f"{n} Peace Road",
        "lat": 31.2310,
        "lng": 121.4740,
    }
    return _keep(session, Place(**values | fields))


def make_walk(session: Session, building: Building, place: Place, minutes: int) -> Walk:
    """Say how many minutes it takes on foot from the building to the place."""
    return _keep(session, Walk(building_id=building.id, place_id=place.id, minutes=minutes))


# ---------------------------------------------------------------- people


def make_person(session: Session, *, password: str | None = None, **fields: Any) -> Person:
    """Add somebody with a phone; with a hash only when a password is given."""
    n = next(_numbers)
    values: dict[str, Any] = {
        "phone": f"+86198{n:08}",
        "password_hash": _cheap_hasher.hash(password) if password else None,
        "session_key": secrets.token_urlsafe(12),
        "name": f"志愿者{n}",
        "nickname": f"小橙{n}",
        "birth_date": date(1990, 5, 4),
        "created_at": NOW - timedelta(days=100),
    }
    return _keep(session, Person(**values | fields))


def make_membership(
    session: Session, person: Person, branch: Branch, **fields: Any
) -> BranchMembership:
    """Let the person count to the branch since the start of 2026, as a non-member 群众."""
    values = {
        "person_id": person.id,
        "branch_id": branch.id,
        "is_party_member": False,
        "started_on": date(2026, 1, 1),
        "ended_on": None,
    }
    return _keep(session, BranchMembership(**values | fields))


def grant_role(
    session: Session,
    person: Person,
    role: Role,
    *,
    organisation: Organisation | None = None,
    branch: Branch | None = None,
    **fields: Any,
) -> RoleGrant:
    """Give the person a role, with its scope."""
    values = {
        "person_id": person.id,
        "role": role,
        "organisation_id": organisation.id if organisation else None,
        "branch_id": branch.id if branch else None,
        "granted_at": NOW - timedelta(days=50),
    }
    return _keep(session, RoleGrant(**values | fields))


# ---------------------------------------------------------------- projects and shifts


def make_category(session: Session, **fields: Any) -> Category:
    """Add a kind of service."""
    n = next(_numbers)
    values = {"key": f"kind-{n}", "name_zh": f"类别{n}", "name_en": f"Kind {n}", "position": n}
    return _keep(session, Category(**values | fields))


def make_project(
    session: Session,
    *,
    organisation: Organisation | None = None,
    category: Category | None = None,
    place: Place | None = None,
    **fields: Any,
) -> Project:
    """Add a published project with everything that publication needs."""
    n = next(_numbers)
    values: dict[str, Any] = {
        "organisation_id": (organisation or make_organisation(session)).id,
        "category_id": (category or make_category(session)).id,
        "place_id": (place or make_place(session)).id,
        "title_zh": f"第{n}项目",
        "title_en": f"Project {n}",
        "content_zh": "带病人找到科室。",
        "content_en": "Show patients the way.",
        "risk_zh": "大厅人多，请留意脚下。",
        "risk_en": "The hall is crowded; mind your step.",
        "contact_name": "沈老师",
        "contact_phone": "+8613800138000",
        "status": ProjectStatus.PUBLISHED,
        "created_at": NOW - timedelta(days=30),
    }
    return _keep(session, Project(**values | fields))


def make_shift(
    session: Session,
    *,
    project: Project | None = None,
    place: Place | None = None,
    capacity: int = 5,
    starts_at: datetime = NOW + timedelta(days=2),
    ends_at: datetime | None = None,
    posts: Sequence[Mapping[str, Any]] | None = None,
    **fields: Any,
) -> Shift:
    """Add a published shift of one hour, with one post of `capacity` places unless `posts`.

    `posts` holds the fields of each post; `post_of(session, shift)` returns the first one.
    """
    project = project or make_project(session)
    ends_at = ends_at or starts_at + timedelta(hours=1)
    values: dict[str, Any] = {
        "project_id": project.id,
        "place_id": place.id if place else project.place_id,
        "starts_at": starts_at,
        "ends_at": ends_at,
        **local_times(starts_at, ends_at),
        "meeting_point": "一楼大厅",
        "status": ShiftStatus.PUBLISHED,
        "created_at": NOW - timedelta(days=20),
    }
    shift = Shift(**values | fields)
    session.add(shift)
    session.flush()
    for position, post in enumerate(posts or [{}]):
        session.add(
            Post(**{"shift_id": shift.id, "position": position, "capacity": capacity} | post)
        )
    if shift.status == ShiftStatus.PUBLISHED:
        project.last_starts_at = max(project.last_starts_at or starts_at, starts_at)
    session.commit()
    return shift


def make_series(
    session: Session, *, project: Project, first_day: date, weeks: int = 3, **fields: Any
) -> Series:
    """Add a weekly series from this day on, each shift from 10:00 to 11:00."""
    weekday = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")[first_day.weekday()]
    values: dict[str, Any] = {
        "project_id": project.id,
        "rule": f"FREQ=WEEKLY;BYDAY={weekday}",
        "first_day": first_day,
        "last_day": first_day + timedelta(weeks=weeks - 1),
        "created_at": NOW - timedelta(days=20),
    }
    series = _keep(session, Series(**values | fields))
    for week in range(weeks):
        day = first_day + timedelta(weeks=week)
        starts_at = datetime.combine(day, time(10), SHANGHAI).astimezone(UTC)
        make_shift(
            session, project=project, starts_at=starts_at, series_id=series.id, series_day=day
        )
    return series


def local_times(starts_at: datetime, ends_at: datetime) -> dict[str, Any]:
    """Return the columns that repeat a shift's times on the wall clock of Shanghai."""
    start, end = starts_at.astimezone(SHANGHAI), ends_at.astimezone(SHANGHAI)
    nights = (end.date() - start.date()).days
    return {
        "day": start.date(),
        "start_minute": start.hour * 60 + start.minute,
        "end_minute": end.hour * 60 + end.minute + nights * 24 * 60,
        "window": window_of(start),
    }


def post_of(session: Session, shift: Shift, position: int = 0) -> Post:
    """Return one of the shift's posts, the first unless said otherwise."""
    posts = session.scalars(
        select(Post).where(Post.shift_id == shift.id).order_by(Post.position, Post.id)
    ).all()
    return posts[position]


def make_sign_up(
    session: Session,
    shift: Shift,
    person: Person,
    *,
    post: Post | None = None,
    status: SignUpStatus = SignUpStatus.CONFIRMED,
    **fields: Any,
) -> SignUp:
    """Give the person a place (the post's `taken` grows) or, by `status`, a place in line."""
    post = post or post_of(session, shift)
    values: dict[str, Any] = {
        "shift_id": shift.id,
        "post_id": post.id,
        "person_id": person.id,
        "status": status,
        "signed_up_at": NOW - timedelta(days=1),
        "risk_accepted_at": NOW - timedelta(days=1),
    }
    if status == SignUpStatus.CONFIRMED:
        post.taken += 1
    return _keep(session, SignUp(**values | fields))


def make_offer(
    session: Session, shift: Shift, person: Person, *, expires_at: datetime, **fields: Any
) -> Offer:
    """Hold a place of the shift's first post for the person, as an open offer."""
    post = post_of(session, shift)
    post.taken += 1
    waiting = make_sign_up(session, shift, person, post=post, status=SignUpStatus.OFFERED)
    values = {
        "sign_up_id": waiting.id,
        "post_id": post.id,
        "person_id": person.id,
        "made_at": NOW,
        "expires_at": expires_at,
    }
    return _keep(session, Offer(**values | fields))


def make_receipt(session: Session, sign_up: SignUp, **fields: Any) -> ChangeReceipt:
    """Ask the person to accept that the shift begins an hour later and meets elsewhere."""
    shift = session.get_one(Shift, sign_up.shift_id)
    earlier = shift.starts_at - timedelta(hours=1)
    change = ShiftChange(
        shift_id=shift.id,
        before={"starts_at": earlier.isoformat(), "meeting_point": "西门"},
        after={"starts_at": shift.starts_at.isoformat(), "meeting_point": "一楼大厅"},
        made_at=NOW,
        answer_by=NOW + timedelta(days=2),
    )
    _keep(session, change)
    values = {"change_id": change.id, "sign_up_id": sign_up.id}
    return _keep(session, ChangeReceipt(**values | fields))


def make_hold(
    session: Session, shift: Shift, holder: Person, *, places: int, **fields: Any
) -> Hold:
    """Hold places of the shift's first post for colleagues of the holder's enterprise."""
    post = post_of(session, shift)
    post.taken += places
    values = {
        "post_id": post.id,
        "holder_id": holder.id,
        "enterprise_id": holder.enterprise_id,
        "places": places,
        "made_at": NOW,
        "until": shift.starts_at - timedelta(hours=48),
    }
    return _keep(session, Hold(**values | fields))


def make_need(
    session: Session, shift: Shift, *, kind: str, position: int = 0, **fields: Any
) -> Qualification:
    """Let one of the shift's posts ask for a new skill, language or training."""
    n = next(_numbers)
    values = {"kind": kind, "key": f"need-{n}", "name_zh": "导医培训", "name_en": "Guide course"}
    wanted = _keep(session, Qualification(**values | fields))
    post = post_of(session, shift, position)
    _keep(session, PostNeed(post_id=post.id, qualification_id=wanted.id))
    return wanted


def make_attendance(
    session: Session,
    shift: Shift,
    person: Person,
    *,
    sign_up: SignUp | None = None,
    **fields: Any,
) -> Attendance:
    """Say that the person was there from the shift's start to its end; not yet confirmed."""
    post_id = sign_up.post_id if sign_up else post_of(session, shift).id
    values: dict[str, Any] = {
        "shift_id": shift.id,
        "post_id": post_id,
        "person_id": person.id,
        "sign_up_id": sign_up.id if sign_up else None,
        "enterprise_id": person.enterprise_id,
        "building_id": person.building_id,
        "status": AttendanceStatus.PRESENT,
        "method": AttendanceMethod.ROSTER,
        "check_in_at": shift.starts_at,
        "check_out_at": shift.ends_at,
        "recorded_at": shift.ends_at,
    }
    row = _keep(session, Attendance(**values | fields))
    _events_of(session, row)
    return row


def make_claim(session: Session, shift: Shift, person: Person, **fields: Any) -> HoursClaim:
    """Add an open late entry of the person, asked for by somebody else."""
    values: dict[str, Any] = {
        "kind": ClaimKind.LATE_ENTRY,
        "shift_id": shift.id,
        "post_id": post_of(session, shift).id,
        "person_id": person.id,
        "check_in_at": shift.starts_at,
        "check_out_at": shift.ends_at,
        "reason": "队长手机没电",
        "evidence": "纸质签到表第 3 行",
        "asked_by": fields.get("asked_by") or make_person(session).id,
        "asked_at": shift.ends_at,
        "due_on": shift.day + timedelta(days=14),
    }
    return _keep(session, HoursClaim(**values | fields))


def make_flag(session: Session, shift: Shift, **fields: Any) -> Flag:
    """Note that many people of a shift have the same minutes."""
    values: dict[str, Any] = {
        "shift_id": shift.id,
        "kind": FlagKind.SAME_MINUTES,
        "details": {"people": 6, "minutes": 60},
        "noticed_at": shift.ends_at,
    }
    return _keep(session, Flag(**values | fields))


def make_availability(
    session: Session,
    person: Person,
    *,
    free: Mapping[int, tuple[int, int]] | None = None,
    **fields: Any,
) -> Availability:
    """Let the person stand by, all day on every weekday unless `free` (weekday to minutes)."""
    hours = dict.fromkeys(range(7), (0, 24 * 60)) if free is None else free
    for weekday, (start, end) in hours.items():
        session.add(
            FreeWindow(
                person_id=person.id,
                weekday=weekday,
                window=Window.OTHER,
                start_minute=start,
                end_minute=end,
            )
        )
    values: dict[str, Any] = {
        "person_id": person.id,
        "standby": True,
        "weekly_limit": 7,
        "farthest_walk": 30,
        "saved_at": NOW,
    }
    return _keep(session, Availability(**values | fields))


def make_invitation(
    session: Session, shift: Shift, person: Person, *, position: int = 0, **fields: Any
) -> Invitation:
    """Ask the person whether they come to a post of the shift, until a day before."""
    values: dict[str, Any] = {
        "kind": InvitationKind.MATCH,
        "shift_id": shift.id,
        "post_id": post_of(session, shift, position).id,
        "person_id": person.id,
        "why": [["walk", 6]],
        "made_at": NOW,
        "expires_at": shift.starts_at - timedelta(days=1),
    }
    return _keep(session, Invitation(**values | fields))


def _events_of(session: Session, row: Attendance) -> None:
    """Write down what happened on site as the attendance tells it."""
    status = AttendanceStatus(row.status)
    moments = {EventKind.CHECK_IN: row.check_in_at, EventKind.CHECK_OUT: row.check_out_at}
    if status is not AttendanceStatus.PRESENT:
        moments = {KIND_OF[status]: row.recorded_at}
    for kind, at in moments.items():
        if at is not None:
            add_event(
                session,
                shift_id=row.shift_id,
                person_id=row.person_id,
                kind=kind,
                at=at,
                source=Source(AttendanceMethod(row.method), row.recorded_by),
                now=row.recorded_at,
            )
    no_shows.follow(session, row, missed=status is AttendanceStatus.NO_SHOW)
    session.commit()


# ---------------------------------------------------------------- one to one


def qualification(session: Session, key: str) -> Qualification:
    """Return one of the skills and languages that every database has, such as `lang_sh`."""
    return session.scalars(select(Qualification).where(Qualification.key == key)).one()


def speaks(session: Session, person: Person, *keys: str) -> None:
    """Let the person speak these languages."""
    for key in keys:
        language = qualification(session, key)
        _keep(
            session,
            PersonQualification(
                person_id=person.id, qualification_id=language.id, since=date(2026, 1, 1)
            ),
        )


def make_request(
    session: Session,
    *,
    organisation: Organisation,
    entered_by: Person,
    language: str = "lang_zh",
    topic: int = 1,
    shift: Shift | None = None,
    windows: Sequence[tuple[int, str]] = tuple((day, "lunch") for day in range(5)),
    **fields: Any,
) -> ServiceRequest:
    """Add a wish for lunch time that waits to be verified; with a shift it is placed there."""
    n = next(_numbers)
    values: dict[str, Any] = {
        "organisation_id": organisation.id,
        "given_name": f"阿姨{'一二三四五六七八九'[n % 9]}",
        "language_id": qualification(session, language).id,
        "topic_id": topic,
        "venue": "居委会活动室",
        "entered_by": entered_by.id,
        "entered_at": NOW - timedelta(days=2),
        "state": RequestState.PLACED if shift else RequestState.ENTERED,
        "state_at": NOW - timedelta(days=1),
        "shift_id": shift.id if shift else None,
        "table_no": n if shift else None,
    }
    request = _keep(session, ServiceRequest(**values | fields))
    for weekday, window in windows:
        session.add(RequestWindow(request_id=request.id, weekday=weekday, window=window))
    session.add(
        RequestStep(
            request_id=request.id, state=RequestState.ENTERED, at=request.entered_at,
            by_id=entered_by.id,
        )
    )  # fmt: skip
    session.commit()
    return request


def make_pairing(
    session: Session, request: ServiceRequest, sign_up: SignUp, **fields: Any
) -> Pairing:
    """Let the volunteer of a sign-up sit with the senior of a wish in the same shift."""
    values: dict[str, Any] = {
        "shift_id": sign_up.shift_id,
        "request_id": request.id,
        "sign_up_id": sign_up.id,
        "person_id": sign_up.person_id,
        "why": [["language", "普通话", "Mandarin"]],
        "made_at": NOW,
    }
    return _keep(session, Pairing(**values | fields))
