"""What is taught: the list that coordinators keep, and what a volunteer likes to teach."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, insert, select
from sqlalchemy.orm import Session

from volunteer_hub.audit import services as audit
from volunteer_hub.core.errors import InvalidInput, NotFound
from volunteer_hub.core.i18n import _, either
from volunteer_hub.matching.one_to_one.models import Topic, TopicHelper

NAME_LENGTH = 30


@dataclass(frozen=True)
class TopicRow:
    """One line of the list."""

    id: int
    name_zh: str
    name_en: str
    hidden: bool

    @property
    def name(self) -> str:
        return either(self.name_zh, self.name_en)


def all_topics(session: Session, *, hidden: bool = False) -> list[TopicRow]:
    """Return the list in its order; hidden ones only when asked for."""
    query = select(Topic.id, Topic.name_zh, Topic.name_en, Topic.hidden)
    if not hidden:
        query = query.where(Topic.hidden.is_(False))
    rows = session.execute(query.order_by(Topic.hidden, Topic.position, Topic.id))
    return [TopicRow(*row) for row in rows]


def save(
    session: Session,
    *,
    topic_id: int | None,
    name_zh: str,
    name_en: str,
    actor_id: int,
    now: datetime,
) -> Topic:
    """Add a topic, or give one other names; raises NotFound, InvalidInput for a name twice."""
    zh, en = name_zh.strip(), name_en.strip()
    if not 1 <= len(zh) <= NAME_LENGTH or len(en) > NAME_LENGTH:
        raise InvalidInput(
            _("Please name the topic in Chinese, in at most 30 characters."), field="name_zh"
        )
    twin = session.scalar(select(Topic.id).where(Topic.name_zh == zh))
    if twin is not None and twin != topic_id:
        raise InvalidInput(_("This topic is on the list already."), field="name_zh")
    if topic_id is None:
        last = session.scalar(select(func.max(Topic.position))) or 0
        topic = Topic(name_zh=zh, name_en=en, position=last + 1)
        session.add(topic)
    else:
        topic = _topic(session, topic_id)
        topic.name_zh, topic.name_en = zh, en
    session.flush()
    act = "topic:add" if topic_id is None else "topic:rename"
    audit.record(
        session, act, actor_id=actor_id, object_id=topic.id, now=now, name_zh=zh, name_en=en
    )
    return topic


def hide(session: Session, *, topic_id: int, hidden: bool, actor_id: int, now: datetime) -> None:
    """Offer a topic no more, or again; wishes that name it stay. Raises NotFound."""
    topic = _topic(session, topic_id)
    if topic.hidden != hidden:
        topic.hidden = hidden
        act = "topic:hide" if hidden else "topic:show"
        audit.record(session, act, actor_id=actor_id, object_id=topic_id, now=now)
    session.flush()


def _topic(session: Session, topic_id: int) -> Topic:
    topic = session.get(Topic, topic_id)
    if topic is None:
        raise NotFound
    return topic


def taught_by(session: Session, person_id: int) -> set[int]:
    """Return the topics that a volunteer has said they like to teach."""
    query = select(TopicHelper.topic_id).where(TopicHelper.person_id == person_id)
    return set(session.scalars(query))


def say(session: Session, *, person_id: int, topic_ids: Collection[int], now: datetime) -> None:
    """Keep what a volunteer likes to teach; unknown topics are left out."""
    session.execute(delete(TopicHelper).where(TopicHelper.person_id == person_id))
    known = session.scalars(select(Topic.id).where(Topic.id.in_(topic_ids))).all()
    if known:
        rows = [{"person_id": person_id, "topic_id": one} for one in sorted(known)]
        session.execute(insert(TopicHelper), rows)
    audit.record(session, "topic:teach", actor_id=person_id, object_id=person_id, now=now)
    session.flush()


def forget(session: Session, *, person_id: int) -> None:
    """Remove what a volunteer has said (before an account is deleted)."""
    session.execute(delete(TopicHelper).where(TopicHelper.person_id == person_id))
