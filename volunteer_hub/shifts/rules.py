"""Who may have a place in a shift: the same rules explain a button and decide after the tap."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from volunteer_hub.core.i18n import _
from volunteer_hub.shifts.clash import clash
from volunteer_hub.shifts.facts import Facts
from volunteer_hub.shifts.models import ShiftStatus, SignUp, SignUpStatus
from volunteer_hub.shifts.reasons import CannotSignUp, Reason

ADULT = 18
GUARDIAN_ALONGSIDE = 14


def refusal(
    session: Session, facts: Facts, *, person_id: int, now: datetime
) -> CannotSignUp | None:
    """Return why this person cannot have a place in this shift at all, or None.

    What single posts ask for is looked at by `needs`.
    """
    no = closed(facts, now=now) or _unfit(session, facts)
    return no or clash(session, facts, person_id=person_id)


def closed(facts: Facts, *, now: datetime) -> CannotSignUp | None:
    """Return why nobody at all can sign up any more, or None."""
    if facts.status == ShiftStatus.CANCELLED:
        return CannotSignUp(
            _("This shift is cancelled. Have a look at the other shifts."), Reason.CANCELLED
        )
    if facts.starts_at <= now:
        return CannotSignUp(
            _("This shift has already started. Have a look at the next ones."), Reason.STARTED
        )
    return None


def _unfit(session: Session, facts: Facts) -> CannotSignUp | None:
    # Who has not said a birthday declares the age together with the risk notice.
    if facts.birth_date is not None:
        too_young = _too_young(session, facts, age_on(facts.birth_date, facts.day))
        if too_young:
            return too_young
    if facts.hazardous and not facts.insurance:
        return CannotSignUp(
            _("The insurance for this work is not settled yet. The organiser has to add it first."),
            Reason.NO_INSURANCE,
        )
    return None


def age_on(birth_date: date, day_: date) -> int:
    """Return completed years of life on a day."""
    before_birthday = (day_.month, day_.day) < (birth_date.month, birth_date.day)
    return day_.year - birth_date.year - before_birthday


def _too_young(session: Session, facts: Facts, age: int) -> CannotSignUp | None:
    if age < facts.minimum_age:
        return CannotSignUp(
            _("You need to be at least %(age)s for this shift.", age=facts.minimum_age),
            Reason.TOO_YOUNG,
        )
    if age < ADULT and facts.guardian_id is None:
        return CannotSignUp(
            _(
                "Under 18 you need a guardian's consent."
                " Ask the sub-district office to add your guardian."
            ),
            Reason.GUARDIAN_CONSENT,
        )
    if age < GUARDIAN_ALONGSIDE and not _guardian_is_coming(session, facts):
        return CannotSignUp(
            _("Under 14 your guardian needs a place in the same shift first."),
            Reason.GUARDIAN_COMING,
        )
    return None


def keep_guardian(
    session: Session, facts: Facts, *, person_id: int, now: datetime
) -> CannotSignUp | None:
    """Keep the guardian of a child under 14 from leaving until the transaction ends.

    Returns the refusal when the guardian has left this very moment. Only for writing transactions.
    """
    if facts.birth_date is None or age_on(facts.birth_date, facts.day) >= GUARDIAN_ALONGSIDE:
        return None
    session.execute(_guardians_place(facts).with_for_update(read=True)).all()
    return refusal(session, facts, person_id=person_id, now=now)


def _guardian_is_coming(session: Session, facts: Facts) -> bool:
    return session.scalar(_guardians_place(facts)) is not None


def _guardians_place(facts: Facts) -> Select[int]:
    return select(SignUp.id).where(
        SignUp.shift_id == facts.shift_id,
        SignUp.person_id == facts.guardian_id,
        SignUp.status == SignUpStatus.CONFIRMED,
    )
