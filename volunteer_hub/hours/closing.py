"""Month close: the office freezes a month; later corrections show in the next one.

A close sees the entries up to one id. Its own figures are those of service days in the month; the
`delta` ones are what was recorded since the close before about all days before the month. So the
figures and deltas of all closes add up to the ledger (tests/hours/test_closing.py).
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from dateutil.relativedelta import relativedelta
from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from volunteer_hub.audit import services as audit
from volunteer_hub.core.calendar import Period
from volunteer_hub.core.errors import DomainError
from volunteer_hub.core.i18n import _
from volunteer_hub.hours import ledger
from volunteer_hub.hours.models import LedgerEntry, MonthClose, MonthSheet
from volunteer_hub.hours.summary import steps_of
from volunteer_hub.registry.models import Branch

FIGURES = (
    "minutes",
    "attendances",
    "people",
    "member_minutes",
    "member_people",
    "late_minutes",
    "delta_minutes",
    "delta_attendances",
)
_MONTH = relativedelta(months=1)


@dataclass(frozen=True)
class Draft:
    """What a sheet states: the branch, month and cut-off, and figures by name."""

    number: str
    branch_id: int
    branch_zh: str
    branch_en: str
    month: date
    closed_at: datetime
    last_entry_id: int
    figures: Mapping[str, int]
    digest: str
    signature: str


Sheet = Callable[[Draft], bytes]


class CannotClose(DomainError):
    """A month cannot be closed, or not yet."""


def next_month(session: Session, *, today: date) -> date | None:
    """Return the first day of the month to close next, or None while it still runs.

    The first close is of the first month with an entry; without entries there is nothing to close.
    """
    last = session.scalar(select(func.max(MonthClose.month)))
    if last is None:
        first = session.scalar(select(func.min(LedgerEntry.service_day)))
        wanted = first.replace(day=1) if first else None
    else:
        wanted = last + _MONTH
    return wanted if wanted and wanted + _MONTH <= today else None


def close(
    session: Session,
    *,
    month: date,
    key: str,
    sheet: Sheet,
    today: date,
    actor_id: int,
    now: datetime,
) -> MonthClose:
    """Freeze a month for every branch, with a signed sheet each.

    Months are closed one after the other, each once it is over; `key` signs. Raises CannotClose.
    """
    # No entry may come in between the figures and the cut-off.
    ledger.lock(session)
    if month != next_month(session, today=today):
        raise CannotClose(_("Months are closed one after the other, each once it is over."))
    last_id = session.scalar(select(func.max(LedgerEntry.id))) or 0
    closed = MonthClose(
        month=month,
        closed_at=now,
        closed_by=actor_id,
        last_entry_id=last_id,
        ledger_digest=ledger.last_digest(session),
    )
    session.add(closed)
    session.flush()
    figures = figures_of(session, closed)
    for branch in session.scalars(select(Branch).order_by(Branch.id)):
        draft = _draft(closed, branch, figures[branch.id], key)
        session.add(
            MonthSheet(
                close_id=closed.id,
                branch_id=branch.id,
                number=draft.number,
                figures=dict(draft.figures),
                digest=draft.digest,
                signature=draft.signature,
                body=sheet(draft),
            )
        )
    audit.record(
        session,
        "month:close",
        actor_id=actor_id,
        object_id=closed.id,
        now=now,
        month=f"{month:%Y-%m}",
        last_entry_id=last_id,
    )
    session.flush()
    return closed


def _draft(closed: MonthClose, branch: Branch, figures: Mapping[str, int], key: str) -> Draft:
    digest = digest_of(closed, branch.id, figures)
    return Draft(
        number=f"{closed.month:%Y%m}-{branch.id:05d}",
        branch_id=branch.id,
        branch_zh=branch.name_zh,
        branch_en=branch.name_en,
        month=closed.month,
        closed_at=closed.closed_at,
        last_entry_id=closed.last_entry_id,
        figures=figures,
        digest=digest,
        signature=sign(digest, key),
    )


def digest_of(closed: MonthClose, branch_id: int, figures: Mapping[str, int]) -> str:
    """Return the SHA-256 of what a sheet states, as canonical JSON."""
    stated = {
        "branch": branch_id,
        "month": f"{closed.month:%Y-%m}",
        "closed_at": closed.closed_at.isoformat(),
        "last_entry": closed.last_entry_id,
        "ledger": closed.ledger_digest,
        "figures": {name: figures[name] for name in FIGURES},
    }
    text = json.dumps(stated, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def sign(digest: str, key: str) -> str:
    """Return the server's HMAC-SHA-256 of a digest."""
    return hmac.new(f"month close {key}".encode(), digest.encode(), hashlib.sha256).hexdigest()


def is_whole(closed: MonthClose, kept: MonthSheet, key: str) -> bool:
    """Tell whether a kept sheet's figures are those that were signed."""
    return kept.digest == digest_of(closed, kept.branch_id, kept.figures) and hmac.compare_digest(
        kept.signature, sign(kept.digest, key)
    )


def figures_of(session: Session, closed: MonthClose) -> Mapping[int, Mapping[str, int]]:
    """Work the figures of a close out of the ledger, for each branch with all below it.

    Later entries do not count, so this gives the same figures for ever.
    """
    before = session.scalars(
        select(MonthClose).where(MonthClose.month == closed.month - _MONTH)
    ).first()
    month = Period(closed.month, closed.month + _MONTH - relativedelta(days=1))
    found: dict[int, dict[str, int]] = defaultdict(lambda: dict.fromkeys(FIGURES, 0))
    own = LedgerEntry.service_day.between(month.first, month.last)
    people: dict[tuple[int, str], set[int]] = defaultdict(set)
    for row in _rows(session, own, closed):
        for branch_id in steps_of(row.branch_path):
            _add(found[branch_id], row)
            for name in _counts_among(row):
                people[branch_id, name].add(row.person_id)
    for (branch_id, name), who in people.items():
        found[branch_id][name] = len(who)
    if before:
        # Also of days before the first closed month, which had no entry when that was closed.
        earlier = LedgerEntry.service_day < closed.month
        later = earlier & (LedgerEntry.id > before.last_entry_id)
        for row in _rows(session, later, closed):
            for branch_id in steps_of(row.branch_path):
                found[branch_id]["delta_minutes"] += int(row.minutes)
                found[branch_id]["delta_attendances"] += int(row.attendances)
    return found


def _add(sums: dict[str, int], row: Any) -> None:
    sums["minutes"] += int(row.minutes)
    sums["attendances"] += int(row.attendances)
    sums["late_minutes"] += int(row.late)
    if row.is_party_member:
        sums["member_minutes"] += int(row.minutes)


def _counts_among(row: Any) -> list[str]:
    """Return the figures that count this person."""
    if row.attendances <= 0:
        return []
    return ["people", "member_people"] if row.is_party_member else ["people"]


def _rows(session: Session, wanted: Any, closed: MonthClose) -> Any:
    entry = LedgerEntry
    shared = (entry.branch_path, entry.person_id, entry.is_party_member)
    return session.execute(
        select(
            *shared,
            func.sum(entry.minutes).label("minutes"),
            func.sum(case((entry.reverses_id.is_(None), 1), else_=-1)).label("attendances"),
            func.sum(case((entry.is_late_entry, entry.minutes), else_=0)).label("late"),
        )
        .where(wanted, entry.id <= closed.last_entry_id, entry.branch_path != "")
        .group_by(*shared)
        .execution_options(yield_per=2000)
    )
