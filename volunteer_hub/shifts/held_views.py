"""Places that are held: offers from the waitlist, shifts that moved, places for colleagues."""

from __future__ import annotations

import re

from flask import request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from volunteer_hub.core import clock, phones
from volunteer_hub.core.db import db
from volunteer_hub.core.errors import DomainError, InvalidInput
from volunteer_hub.core.i18n import _, _n
from volunteer_hub.core.limits import limiter
from volunteer_hub.core.permissions import Permission, requires
from volunteer_hub.core.web import done, render
from volunteer_hub.shifts import holds, leaving, needs, offers, queries, receipts
from volunteer_hub.shifts.answers import changed, shift_page
from volunteer_hub.shifts.blueprint import bp
from volunteer_hub.shifts.facts import read_facts
from volunteer_hub.shifts.models import SignUpStatus
from volunteer_hub.shifts.reasons import CannotSignUp


@bp.post("/offers/<int:offer_id>/accept")
@requires(Permission.SHIFT_SIGN_UP)
def accept(offer_id: int) -> Response:
    """Take the place that is held for me."""
    shift_id = offers.shift_of(db.session(), offer_id, person_id=current_user.id)
    try:
        offers.accept(
            db.session(),
            offer_id=offer_id,
            person_id=current_user.id,
            risk_accepted=request.form.get("risk_accepted") == "1",
            now=clock.now(),
        )
    except (CannotSignUp, InvalidInput) as error:
        return shift_page(shift_id, status=error.status, refused=error)
    return changed(shift_id, _("You're in. We'll remind you the day before."))


@bp.post("/offers/<int:offer_id>/decline")
@requires(Permission.SHIFT_SIGN_UP)
def decline(offer_id: int) -> Response:
    """Let the place that is held for me go on."""
    shift_id = leaving.decline(
        db.session(), offer_id=offer_id, person_id=current_user.id, now=clock.now()
    )
    facts = read_facts(db.session(), shift_id=shift_id, person_id=current_user.id, now=clock.now())
    if facts.sign_up_status == SignUpStatus.CONFIRMED:
        return changed(
            shift_id, _("You have taken this place already. To give it back, cancel it below.")
        )
    return changed(shift_id, _("Thank you for telling us; the next in line is asked."), left=True)


@bp.post("/signups/<int:sign_up_id>/change")
@requires(Permission.SHIFT_SIGN_UP)
def answer_change(sign_up_id: int) -> Response:
    """Say whether I still come after time or place moved."""
    accepted = request.form.get("accepted") == "1"
    shift_id = receipts.shift_of(db.session(), sign_up_id, person_id=current_user.id)
    try:
        receipts.answer(
            db.session(),
            sign_up_id=sign_up_id,
            person_id=current_user.id,
            accepted=accepted,
            now=clock.now(),
        )
    except CannotSignUp as error:
        return shift_page(shift_id, status=error.status, refused=error)
    say = _("Good, see you there.") if accepted else _("Cancelled. Thank you for telling us.")
    return changed(shift_id, say, left=not accepted)


@bp.route("/shifts/<int:shift_id>/hold", methods=["GET", "POST"])
@requires(Permission.SHIFT_SIGN_UP)
@limiter.limit("20/hour", methods=["POST"], key_func=lambda: f"hold {current_user.id}")
def hold(shift_id: int) -> Response:
    """Hold places for colleagues."""
    if request.method == "POST":
        try:
            return _hold(shift_id)
        except (CannotSignUp, InvalidInput) as error:
            # Some places may have been taken before the refusal: show what is true without them.
            db.session.rollback()
            return _hold_page(shift_id, error)
    return _hold_page(shift_id)


def _hold_page(shift_id: int, refused: DomainError | None = None) -> Response:
    session = db.session()
    shift = queries.show(session, shift_id)
    return render(
        "shifts/hold.html",
        status=refused.status if refused else 200,
        shift=shift,
        groups=holds.named_groups(
            session, person_id=current_user.id, led=current_user.led_branch_ids
        ),
        most=max(1, min(holds.MOST_HELD, shift.left)),
        asked_for=needs.asked_for(session, shift_id),
        typed=request.form,
        refused=refused,
    )


def _hold(shift_id: int) -> Response:
    named = _phones(request.form.get("phones", ""))
    held = holds.hold(
        db.session(),
        shift_id=shift_id,
        post_id=_number("post"),
        holder_id=current_user.id,
        group=_group(),
        places=max(_number("places") or 0, len(named)),
        phones=named,
        led=current_user.led_branch_ids,
        now=clock.now(),
    )
    say = _n("%(num)s place is held.", "%(num)s places are held.", held)
    return done(url_for("shifts.show", shift_id=shift_id), say=say)


def _number(name: str) -> int | None:
    text = request.form.get(name, "").strip()
    return int(text) if re.fullmatch(r"\d{1,9}", text, re.ASCII) else None


def _group() -> holds.Group:
    kind, _colon, number = request.form.get("group", "").partition(":")
    if kind not in ("enterprise", "branch") or not re.fullmatch(r"\d{1,9}", number, re.ASCII):
        raise InvalidInput(_("Please choose whose colleagues the places are for."), field="group")
    id_ = int(number)
    return holds.Group(enterprise_id=id_) if kind == "enterprise" else holds.Group(branch_id=id_)


def _phones(typed: str) -> list[str]:
    """Return the phones of a text, one a line or between commas; raises InvalidInput for others."""
    found = []
    for text in filter(None, re.split(r"[\s,，;；、]+", typed)):
        phone = phones.normalise(text)
        if phone is None:
            raise InvalidInput(_("“%(text)s” is no mobile number.", text=text[:30]), field="phones")
        found.append(phone)
    return list(dict.fromkeys(found))


@bp.post("/holds/<int:hold_id>/release")
@requires(Permission.SHIFT_SIGN_UP)
def release(hold_id: int) -> Response:
    """Give held places back to everybody."""
    shift_id = holds.release(
        db.session(), hold_id=hold_id, holder_id=current_user.id, now=clock.now()
    )
    return changed(shift_id, _("The held places are open to everybody again."))
