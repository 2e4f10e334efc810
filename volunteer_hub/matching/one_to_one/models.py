"""One to one: what a senior would like to learn, and with whom they sit down for it.

Of a senior there is a given name, a language and a topic, never anything about health
(product.md, rule 10); it is taken out some time after the request has ended.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from volunteer_hub.core.db import Base, UtcDateTime


class Topic(Base):
    """Something that is taught; a hidden one is not offered any more."""

    __tablename__ = "topic"

    id: Mapped[int] = mapped_column(primary_key=True)
    name_zh: Mapped[str] = mapped_column(unique=True)
    name_en: Mapped[str]
    position: Mapped[int] = mapped_column(default=0)
    hidden: Mapped[bool] = mapped_column(default=False)


class TopicHelper(Base):
    """A volunteer says that they like to teach a topic."""

    __tablename__ = "topic_helper"

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True)
    topic_id: Mapped[int] = mapped_column(ForeignKey("topic.id"), primary_key=True, index=True)


class RequestState(StrEnum):
    ENTERED = "entered"
    VERIFIED = "verified"
    PLACED = "placed"
    SERVED = "served"
    CLOSED = "closed"
    WITHDRAWN = "withdrawn"


# These three are over; their details are taken out some time later.
ENDED = (RequestState.SERVED, RequestState.CLOSED, RequestState.WITHDRAWN)


class ServiceRequest(Base):
    """A senior's wish 需求, entered for them by somebody of an organisation.

    `organisation_id` is who arranges it. `first_id` names the first request of the same senior, so
    that those who got on well meet again; nothing else ties two requests together. `table_no` is
    where they sit in the shift; `absent_at` is set when they did not come and had no partner. With
    `forgotten_at` nothing is left that tells of the senior, save for a "rather not" and the tie it
    needs, while another wish of theirs is known (`ties`).
    """

    __tablename__ = "service_request"
    __table_args__ = (
        CheckConstraint("state NOT IN ('placed', 'served') OR shift_id IS NOT NULL", name="shift"),
        CheckConstraint("forgotten_at IS NULL OR given_name = ''", name="forgotten"),
        Index(None, "organisation_id", "state"),
        Index(None, "entered_by"),
        Index(None, "shift_id"),
        Index(None, "first_id"),
        Index(
            "ix_service_request_ended",
            "state_at",
            sqlite_where=text("forgotten_at IS NULL"),
            postgresql_where=text("forgotten_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    given_name: Mapped[str]
    language_id: Mapped[int] = mapped_column(ForeignKey("qualification.id"))
    topic_id: Mapped[int] = mapped_column(ForeignKey("topic.id"))
    building_id: Mapped[int | None] = mapped_column(ForeignKey("building.id"))
    venue: Mapped[str] = mapped_column(default="")
    first_id: Mapped[int | None] = mapped_column(ForeignKey("service_request.id"))
    entered_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    entered_at: Mapped[datetime] = mapped_column(UtcDateTime)
    state: Mapped[str] = mapped_column(default=RequestState.ENTERED)
    state_at: Mapped[datetime] = mapped_column(UtcDateTime)
    shift_id: Mapped[int | None] = mapped_column(ForeignKey("shift.id"))
    table_no: Mapped[int | None]
    absent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    forgotten_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class RequestWindow(Base):
    """When the senior has time: a weekday (Monday is 0) and a window of the day."""

    __tablename__ = "request_window"
    __table_args__ = (CheckConstraint("weekday BETWEEN 0 AND 6", name="weekday"),)

    request_id: Mapped[int] = mapped_column(ForeignKey("service_request.id"), primary_key=True)
    weekday: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    window: Mapped[str] = mapped_column(primary_key=True)


class RequestStep(Base):
    """One change of a request's state: when, by whom (None: by itself), and an answer in words."""

    __tablename__ = "request_step"

    id: Mapped[int] = mapped_column(primary_key=True)
    request_id: Mapped[int] = mapped_column(ForeignKey("service_request.id"), index=True)
    state: Mapped[str]
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    words: Mapped[str] = mapped_column(default="")


class PairingState(StrEnum):
    PLANNED = "planned"
    MET = "met"
    NOT_COME = "not_come"
    REPLACED = "replaced"


STANDING = (PairingState.PLANNED, PairingState.MET)
_STANDING_SQL = text("state IN ('planned', 'met')")


class Pairing(Base):
    """One volunteer and one senior in one shift 结对.

    `absent` is who did not come (`volunteer`, `senior`, empty). `why` are reasons in the sense of
    `matching.one_to_one.words`. A pairing `by_hand` is left alone by the optimum. The wish to
    continue together is asked of both afterwards: None has not answered.
    """

    __tablename__ = "pairing"
    __table_args__ = (
        CheckConstraint("(state = 'not_come') = (absent <> '')", name="absent"),
        Index(
            "uq_pairing_request",
            "shift_id",
            "request_id",
            unique=True,
            sqlite_where=_STANDING_SQL,
            postgresql_where=_STANDING_SQL,
        ),
        Index(
            "uq_pairing_sign_up",
            "shift_id",
            "sign_up_id",
            unique=True,
            sqlite_where=_STANDING_SQL,
            postgresql_where=_STANDING_SQL,
        ),
        Index(None, "person_id"),
        Index(None, "request_id"),
        Index(None, "sign_up_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    shift_id: Mapped[int] = mapped_column(ForeignKey("shift.id"))
    request_id: Mapped[int] = mapped_column(ForeignKey("service_request.id"))
    sign_up_id: Mapped[int] = mapped_column(ForeignKey("sign_up.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    state: Mapped[str] = mapped_column(default=PairingState.PLANNED)
    absent: Mapped[str] = mapped_column(default="")
    by_hand: Mapped[bool] = mapped_column(default=False)
    why: Mapped[list[Any]] = mapped_column(JSON)
    made_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    volunteer_again: Mapped[bool | None]
    senior_again: Mapped[bool | None]
