"""The people of one's own branch: who took part, who not yet; one invitation to all."""

from __future__ import annotations

from datetime import timedelta

from flask import url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from volunteer_hub.accounts import ending, inviting, memberships
from volunteer_hub.core import clock
from volunteer_hub.core.attempts import attempt, status_of
from volunteer_hub.core.db import db
from volunteer_hub.core.errors import DomainError, NotFound
from volunteer_hub.core.i18n import _, _n
from volunteer_hub.core.permissions import Permission, requires
from volunteer_hub.core.web import done, render
from volunteer_hub.hours import closed_months
from volunteer_hub.reports.blueprint import bp, led, page_of, read_wanted, scope_of
from volunteer_hub.reports.forms import AnswerMembershipForm, EndMembershipForm
from volunteer_hub.reports.lists import one_page, ordered
from volunteer_hub.reports.queries import people


@bp.get("/<int:branch_id>/members")
@requires(Permission.BRANCH_VIEW)
def members(branch_id: int) -> Response:
    """Show who took part and who not yet, and who says to belong here."""
    return _page(branch_id)


def _page(
    branch_id: int,
    *,
    answer: AnswerMembershipForm | None = None,
    end: EndMembershipForm | None = None,
    tried: int | None = None,
    refused: DomainError | None = None,
) -> Response:
    """Show the people; a form that was refused stands where it was typed (`tried`)."""
    session, wanted, family = db.session(), read_wanted(), led(branch_id)
    open_from = closed_months.open_from(session, today=clock.today())
    invited = inviting.invited(
        session, branch_id=branch_id, actor_id=current_user.id, today=clock.today()
    )
    found = ordered(people.members(session, scope_of(family, wanted)), wanted.sort)
    typed = answer or end
    return render(
        "reports/members.html",
        status=refused.status if refused else status_of(typed) if typed else 200,
        refused=refused,
        taken_part=one_page([one for one in found if one.attendances], wanted.page),
        # Who left within the span was on the books in it: both lists add up to the branch's page.
        not_yet=[one for one in found if not one.attendances],
        requests=memberships.requests_of(session, branch_id),
        answer=answer or AnswerMembershipForm(formdata=None),
        end=end or EndMembershipForm(formdata=None),
        tried=tried,
        open_from=open_from,
        ended=ending.ended_by(
            session, branch_id=branch_id, actor_id=current_user.id, open_from=open_from
        ),
        invited=invited,
        invited_this_month=invited.at is not None
        and clock.local(invited.at).date().replace(day=1) == clock.today().replace(day=1),
        open_until=open_from - timedelta(days=1),
        **page_of(family, wanted),
    )


@bp.post("/<int:branch_id>/invite")
@requires(Permission.BRANCH_VIEW)
def invite(branch_id: int) -> Response:
    """Send all members one polite invitation."""
    led(branch_id)
    try:
        sent = inviting.invite(
            db.session(),
            branch_id=branch_id,
            actor_id=current_user.id,
            today=clock.today(),
            now=clock.now(),
        )
    except DomainError as refused:
        return _page(branch_id, refused=refused)
    say = _n("%(num)s person is invited.", "%(num)s people are invited.", sent)
    return done(url_for(".members", branch_id=branch_id), say=say)


@bp.post("/<int:branch_id>/requests/<int:request_id>")
@requires(Permission.BRANCH_VIEW)
def answer_request(branch_id: int, request_id: int) -> Response:
    """Confirm from a day on, or say that somebody is not of this branch."""
    led(branch_id)
    form = AnswerMembershipForm()
    confirm = form.confirm.data == "1"
    worked = form.validate_on_submit() and attempt(
        form,
        lambda: memberships.answer(
            db.session(),
            request_id=request_id,
            branch_id=branch_id,
            confirm=confirm,
            start=form.start.data,
            open_from=closed_months.open_from(db.session(), today=clock.today()),
            today=clock.today(),
            actor_id=current_user.id,
            now=clock.now(),
        ),
    )
    if not worked:
        return _page(branch_id, answer=form, tried=request_id)
    say = _("Confirmed; the person is told.") if confirm else _("Answered.")
    return done(url_for(".members", branch_id=branch_id), say=say)


@bp.post("/<int:branch_id>/members/<int:membership_id>/end")
@requires(Permission.BRANCH_VIEW)
def end_membership(branch_id: int, membership_id: int) -> Response:
    """End a membership after a day; hours of before stay with the branch."""
    led(branch_id)
    form = EndMembershipForm()
    worked = form.validate_on_submit() and attempt(
        form,
        lambda: ending.end(
            db.session(),
            membership_id=membership_id,
            branch_id=branch_id,
            last_day=form.last_day.data,
            open_from=closed_months.open_from(db.session(), today=clock.today()),
            today=clock.today(),
            actor_id=current_user.id,
            now=clock.now(),
        ),
    )
    if not worked:
        return _page(branch_id, end=form, tried=membership_id)
    return done(
        url_for(".members", branch_id=branch_id),
        say=_("The membership has ended. You can take that back below."),
    )


@bp.post("/<int:branch_id>/members/<int:membership_id>/resume")
@requires(Permission.BRANCH_VIEW)
def resume_membership(branch_id: int, membership_id: int) -> Response:
    """Take back that one ended a membership."""
    led(branch_id)
    try:
        ending.resume(
            db.session(),
            membership_id=membership_id,
            branch_id=branch_id,
            open_from=closed_months.open_from(db.session(), today=clock.today()),
            actor_id=current_user.id,
            now=clock.now(),
        )
    except NotFound:
        raise
    except DomainError as refused:
        return _page(branch_id, refused=refused)
    return done(url_for(".members", branch_id=branch_id), say=_("The membership goes on."))
