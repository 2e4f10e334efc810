"""The sub-district: committees, buildings, enterprises, organisations, branches, places."""

from __future__ import annotations

from datetime import date
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from volunteer_hub.core.db import Base


class SubDistrict(Base):
    """The sub-district that runs this site; exactly one row. `code` is its statistical code."""

    __tablename__ = "sub_district"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(unique=True)
    name_zh: Mapped[str]
    name_en: Mapped[str] = mapped_column(default="")
    # Demo data may only be loaded over demo data, never over real people.
    is_demo: Mapped[bool] = mapped_column(default=False)
    # Whether branches see how they rank (product rule 12); the office switches it.
    league: Mapped[bool] = mapped_column(default=True, server_default=text("true"))


class NeighbourhoodCommittee(Base):
    """居委会."""

    __tablename__ = "neighbourhood_committee"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(unique=True)
    name_zh: Mapped[str]
    name_en: Mapped[str] = mapped_column(default="")


class Building(Base):
    """An office building 楼宇; coordinates are WGS-84 degrees."""

    __tablename__ = "building"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(unique=True)
    name_zh: Mapped[str]
    name_en: Mapped[str] = mapped_column(default="")
    address_zh: Mapped[str] = mapped_column(default="")
    address_en: Mapped[str] = mapped_column(default="")
    lat: Mapped[float]
    lng: Mapped[float]
    committee_id: Mapped[int | None] = mapped_column(ForeignKey("neighbourhood_committee.id"))


class Enterprise(Base):
    """A company 企业 with its office in a building."""

    __tablename__ = "enterprise"

    id: Mapped[int] = mapped_column(primary_key=True)
    name_zh: Mapped[str]
    name_en: Mapped[str] = mapped_column(default="")
    building_id: Mapped[int | None] = mapped_column(ForeignKey("building.id"), index=True)


class Organisation(Base):
    """Who runs projects and records hours: the recording organisation 记录单位."""

    __tablename__ = "organisation"

    id: Mapped[int] = mapped_column(primary_key=True)
    name_zh: Mapped[str] = mapped_column(unique=True)
    name_en: Mapped[str] = mapped_column(default="")


class BranchKind(StrEnum):
    """Levels of the Party organisation, from the sub-district down."""

    WORKING_COMMITTEE = "working_committee"  # 党工委
    COMMITTEE = "committee"  # 综合党委
    GENERAL_BRANCH = "general_branch"  # 党总支
    BRANCH = "branch"  # 党支部
    JOINT_BRANCH = "joint_branch"  # 联合党支部


class Branch(Base):
    """A Party organisation 党组织 in the affiliation tree 隶属, of any depth.

    `path` is the chain of ids from the root, written `/1/2/`: what starts with a branch's path is
    that branch or lies below it (`/1/20/` does not start with `/1/2/`).
    """

    __tablename__ = "branch"
    __table_args__ = (CheckConstraint("parent_id <> id", name="no_self_parent"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    name_zh: Mapped[str]
    name_en: Mapped[str] = mapped_column(default="")
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("branch.id"), index=True)
    path: Mapped[str] = mapped_column(unique=True)
    building_id: Mapped[int | None] = mapped_column(ForeignKey("building.id"))
    committee_id: Mapped[int | None] = mapped_column(ForeignKey("neighbourhood_committee.id"))


class BranchMove(Base):
    """A branch was put under another parent on a date; old entries keep their old path."""

    __tablename__ = "branch_move"

    id: Mapped[int] = mapped_column(primary_key=True)
    branch_id: Mapped[int] = mapped_column(ForeignKey("branch.id"), index=True)
    from_parent_id: Mapped[int | None] = mapped_column(ForeignKey("branch.id"))
    to_parent_id: Mapped[int | None] = mapped_column(ForeignKey("branch.id"))
    moved_on: Mapped[date]


class BranchLine(Base):
    """From when to when a branch lay below another one (or was that branch itself).

    Worked out of the tree and its moves (`tree.draw_lines`), so that members of a past quarter can
    be counted where they were. Both dates are included; an open end is None.
    """

    __tablename__ = "branch_line"
    __table_args__ = (Index(None, "branch_id", "until"),)

    ancestor_id: Mapped[int] = mapped_column(ForeignKey("branch.id"), primary_key=True)
    branch_id: Mapped[int] = mapped_column(ForeignKey("branch.id"), primary_key=True)
    since: Mapped[date] = mapped_column(primary_key=True)
    until: Mapped[date | None]


class Place(Base):
    """Where a shift happens. Without coordinates it has no walking times."""

    __tablename__ = "place"

    id: Mapped[int] = mapped_column(primary_key=True)
    name_zh: Mapped[str]
    name_en: Mapped[str] = mapped_column(default="")
    address_zh: Mapped[str] = mapped_column(default="")
    address_en: Mapped[str] = mapped_column(default="")
    lat: Mapped[float | None]
    lng: Mapped[float | None]


class Walk(Base):
    """Minutes on foot from a building to a place, computed when either is added."""

    __tablename__ = "walk"
    __table_args__ = (Index(None, "building_id", "minutes"),)

    building_id: Mapped[int] = mapped_column(ForeignKey("building.id"), primary_key=True)
    place_id: Mapped[int] = mapped_column(ForeignKey("place.id"), primary_key=True)
    minutes: Mapped[int]
