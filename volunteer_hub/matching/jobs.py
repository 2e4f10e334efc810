"""What the worker does for matching: works plans out, sends them piece by piece, passes on."""

from __future__ import annotations

import logging
from datetime import datetime

from sqlalchemy.orm import Session

from volunteer_hub.core import clock
from volunteer_hub.core.calendar import Period
from volunteer_hub.core.db import db, end_reading, write_tx
from volunteer_hub.matching import expiry, invitations, sending
from volunteer_hub.matching.forgetting import forget_plans
from volunteer_hub.matching.one_to_one import jobs as one_to_one
from volunteer_hub.matching.planned import Wanted
from volunteer_hub.notifications.worker import own_transaction

log = logging.getLogger(__name__)


@own_transaction
def work_out_plans(session: Session, now: datetime) -> int:
    """Work out the next plan that is asked for; it may take a minute, so nothing is locked."""
    run = write_tx(lambda: _claim(now))
    if run is None:
        return 0
    run_id, wanted = run
    # Only here: whoever serves pages never loads a solver.
    from volunteer_hub.matching.batch import plan  # noqa: PLC0415

    try:
        found = plan.read(session, wanted, today=clock.today(), now=now)
        end_reading(session)
        planned = plan.work_out(found, reward=wanted.reward)
    except Exception:
        log.exception("plan %s could not be worked out", run_id)
        session.rollback()
        write_tx(lambda: sending.fail(db.session(), run_id))
        return 0
    write_tx(lambda: sending.keep(db.session(), run_id, planned, now=clock.now()))
    return 1


def _claim(now: datetime) -> tuple[int, Wanted] | None:
    run = sending.claim(db.session(), now=now)
    if run is None:
        return None
    span = Period(run.first_day, run.last_day)
    return run.id, Wanted(run.organisation_id, span, run.reward, run.again_of)


def send_plans(session: Session, now: datetime) -> int:
    """Send the next invitations of plans that go out; at night they wait for the morning."""
    return 0 if expiry.is_quiet(now) else sending.send_some(session, now)


def end_invitations(session: Session, now: datetime) -> int:
    """End invitations that nobody answered in time, and ask the next best."""
    return invitations.end_due(session, now)


JOBS = (end_invitations, send_plans, work_out_plans, forget_plans, *one_to_one.JOBS)
