"""Whom one meets on a shift: nicknames, for people with a place there (product.md)."""

from __future__ import annotations

from dataclasses import dataclass

from pypinyin import lazy_pinyin
from sqlalchemy import Integer, and_, bindparam, select
from sqlalchemy.orm import Session, aliased

from volunteer_hub.accounts.models import BranchMembership, Person
from volunteer_hub.core import i18n
from volunteer_hub.shifts.models import IS_ACTIVE, SignUp, SignUpStatus

MOST = 100
# Family names of two characters that occur in Shanghai; all others have one.
LONG_SURNAMES = ("欧阳", "上官", "司马", "诸葛", "司徒", "夏侯", "皇甫", "尉迟", "公孙", "慕容")


@dataclass(frozen=True)
class Companion:
    """Somebody on the same shift, as others see them; a member only who shows it 亮身份."""

    called: str
    is_party_member: bool


_own = aliased(SignUp)
_CONFIRMED = str(SignUpStatus.CONFIRMED)
_COMPANIONS = (
    select(
        Person.nickname,
        Person.name,
        and_(Person.shows_membership, BranchMembership.id.is_not(None)),
    )
    .join(SignUp, SignUp.person_id == Person.id)
    .join(_own, _own.shift_id == SignUp.shift_id)
    .outerjoin(
        BranchMembership,
        (BranchMembership.person_id == Person.id)
        & BranchMembership.ended_on.is_(None)
        & BranchMembership.is_party_member,
    )
    .where(
        SignUp.shift_id == bindparam("shift", type_=Integer),
        IS_ACTIVE,
        SignUp.status == _CONFIRMED,
        _own.person_id == bindparam("viewer", type_=Integer),
        _own.status == _CONFIRMED,
        Person.id != _own.person_id,
        Person.deleted_at.is_(None),
    )
    .order_by(SignUp.id)
    .limit(MOST)
)


def companions(session: Session, *, shift_id: int, viewer_id: int) -> list[Companion]:
    """Return the others with a place in the shift, first come first; at most `MOST`.

    Empty for who has no confirmed place there: nicknames are for one's own shifts.
    """
    rows = session.connection().execute(_COMPANIONS, {"shift": shift_id, "viewer": viewer_id})
    return [Companion(nickname or _short(name), bool(shows)) for nickname, name, shows in rows]


def _short(name: str) -> str:
    """Return what somebody without a nickname is called: 陆同学, or L. in English."""
    if i18n.language() == i18n.ENGLISH:
        return f"{''.join(lazy_pinyin(name[:1]))[:1].upper()}."
    if name[:1].isascii():
        return f"{name[:1].upper()} 同学"
    return f"{name[:2] if name.startswith(LONG_SURNAMES) else name[:1]}同学"
