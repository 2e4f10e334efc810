"""The outbox: claim what is due, hand it over outside any transaction, note what came of it.

Every step is a short writing transaction of its own, so that a worker may be killed between any
two of them: the lease of what it had claimed runs out, and another worker takes the message over.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import column, func, or_, select, table, update
from sqlalchemy.orm import Session

from volunteer_hub.notifications.models import Delivery, Notice

# Long enough for one message with all its waits, short enough to take over (trust.md R13).
LEASE = timedelta(seconds=120)
# The policy of GOV.UK Notify: 48 tries, five minutes apart (trust.md R12).
MOST_TRIES = 48
NEXT_TRY = timedelta(seconds=300)
# What could not leave for so long, because no way out was set up, is old news.
OLDEST = timedelta(days=7)
ERROR_LENGTH = 200

TOO_LATE = "too late"
NO_ADDRESS = "no address"

_PERSON = table("person", column("id"), column("email"), column("language"))
_WAITING = (Delivery.sent_at.is_(None), Delivery.dropped_at.is_(None))


@dataclass(frozen=True)
class Claimed:
    """A message that this worker alone may deliver until its lease ends; `tries` counts this one.

    `address` and `language` are those of today, not of when the notice was made.
    """

    id: int
    key: str
    channel: str
    tries: int
    kind: str
    params: Mapping[str, Any]
    link: str
    made_at: datetime
    address: str | None
    language: str | None


def is_due(session: Session, *, channels: Sequence[str], now: datetime) -> bool:
    """Tell whether there is anything to claim or to drop, without a writing transaction."""
    return session.scalar(select(or_(_claimable(channels, now).exists(), _late(now)))) or False


def _claimable(channels: Sequence[str], now: datetime) -> Any:
    return (
        select(Delivery.id)
        .where(
            *_WAITING,
            Delivery.due_at <= now,
            Delivery.channel.in_(channels),
            Delivery.attempts < MOST_TRIES,
            _free(now),
        )
        .order_by(Delivery.due_at, Delivery.id)
        .limit(1)
    )


def _free(now: datetime) -> Any:
    return or_(Delivery.leased_until.is_(None), Delivery.leased_until <= now)


def _late(now: datetime) -> Any:
    return select(Delivery.id).where(*_WAITING, _free(now), _past_use(now)).exists()


def _past_use(now: datetime) -> Any:
    return or_(
        Delivery.useless_after <= now,
        Delivery.due_at <= now - OLDEST,
        # Its last worker died over it.
        Delivery.attempts >= MOST_TRIES,
    )


def drop_late(session: Session, *, now: datetime) -> int:
    """Drop what would come too late, or was tried too often; return how many."""
    rows = session.execute(
        update(Delivery)
        .where(*_WAITING, _free(now), _past_use(now))
        .values(
            dropped_at=now,
            leased_until=None,
            last_error=func.coalesce(func.nullif(Delivery.last_error, ""), TOO_LATE),
        )
        .returning(Delivery.id)
        .execution_options(synchronize_session=False)
    )
    return len(rows.all())


def claim(
    session: Session, *, channels: Sequence[str], worker: str, now: datetime
) -> Claimed | None:
    """Lease the message that is due longest to this worker; None when there is none.

    One conditional UPDATE on both engines: PostgreSQL passes over rows that another worker is just
    claiming (SKIP LOCKED), SQLite has one writer at a time.
    """
    first = _claimable(channels, now).with_for_update(skip_locked=True).scalar_subquery()
    claimed = session.scalar(
        update(Delivery)
        .where(Delivery.id == first)
        .values(leased_until=now + LEASE, leased_by=worker, attempts=Delivery.attempts + 1)
        .returning(Delivery.id)
        .execution_options(synchronize_session=False)
    )
    if claimed is None:
        return None
    row: Any = session.execute(
        select(
            Delivery.id,
            Delivery.key,
            Delivery.channel,
            Delivery.attempts,
            Notice.kind,
            Notice.params,
            Notice.link,
            Notice.made_at,
            _PERSON.c.email,
            _PERSON.c.language,
        )
        .join(Notice, Notice.id == Delivery.notice_id)
        .join(_PERSON, _PERSON.c.id == Notice.person_id)
        .where(Delivery.id == claimed)
    ).one()
    return Claimed(*row)


def mark_sent(session: Session, *, delivery_id: int, now: datetime) -> None:
    """Note that the message was taken, also when the lease has run out over it."""
    session.execute(
        update(Delivery)
        .where(Delivery.id == delivery_id, Delivery.sent_at.is_(None))
        .values(sent_at=now, dropped_at=None, leased_until=None, last_error="")
    )


def mark_failed(
    session: Session, *, message: Claimed, worker: str, error: str, now: datetime
) -> None:
    """Try again later, or give up after the last try; not when another worker has taken over."""
    if message.tries >= MOST_TRIES:
        mark_dropped(session, message=message, worker=worker, error=error, now=now)
        return
    _mine(session, message, worker, due_at=now + NEXT_TRY, last_error=error[:ERROR_LENGTH])


def mark_dropped(
    session: Session, *, message: Claimed, worker: str, error: str, now: datetime
) -> None:
    """Give the message up: it stays as a dead letter with the reason."""
    _mine(session, message, worker, dropped_at=now, last_error=error[:ERROR_LENGTH])


def _mine(session: Session, message: Claimed, worker: str, **values: Any) -> None:
    session.execute(
        update(Delivery)
        .where(Delivery.id == message.id, Delivery.leased_by == worker, *_WAITING)
        .values(leased_until=None, **values)
    )


# ---------------------------------------------------------------- what the operator sees


@dataclass(frozen=True)
class DeadLetter:
    """A message that was given up, and why."""

    key: str
    channel: str
    dropped_at: datetime
    tries: int
    error: str


@dataclass(frozen=True)
class Status:
    """How many messages are where, and the newest dead letters."""

    waiting: int
    due: int
    sent: int
    dropped: int
    dead_letters: list[DeadLetter]


def status(session: Session, *, now: datetime, most: int = 10) -> Status:
    """Return the state of the outbox."""
    waiting = Delivery.sent_at.is_(None) & Delivery.dropped_at.is_(None)
    counts = session.execute(
        select(
            func.count().filter(waiting),
            func.count().filter(waiting, Delivery.due_at <= now),
            func.count().filter(Delivery.sent_at.is_not(None)),
            func.count().filter(Delivery.dropped_at.is_not(None)),
        ).select_from(Delivery)
    ).one()
    letters: Any = session.execute(
        select(
            Delivery.key,
            Delivery.channel,
            Delivery.dropped_at,
            Delivery.attempts,
            Delivery.last_error,
        )
        .where(Delivery.dropped_at.is_not(None))
        .order_by(Delivery.dropped_at.desc(), Delivery.id.desc())
        .limit(most)
    )
    return Status(*counts, [DeadLetter(*row) for row in letters])
