"""The office has closed the months of the past year; the last one waits to be closed."""

from __future__ import annotations

from datetime import date, datetime

from dateutil.relativedelta import relativedelta
from sqlalchemy.orm import Session

from volunteer_hub.core.i18n import speaking
from volunteer_hub.demo.people import OFFICE
from volunteer_hub.hours import closing
from volunteer_hub.reports import month_sheet


def close_past(session: Session, *, key: str, today: date, now: datetime) -> int:
    """Close every month but the last one that is over; returns how many there were."""
    open_month, count = today.replace(day=1) - relativedelta(months=1), 0
    month = closing.next_month(session, today=today)
    with speaking("zh"):
        while month and month < open_month:
            closing.close(
                session,
                month=month,
                key=key,
                sheet=month_sheet.body,
                today=today,
                actor_id=OFFICE,
                now=now,
            )
            count += 1
            month = closing.next_month(session, today=today)
    return count
