"""Plans at the desk: ask for one, look at it, keep or rule out pairs, send it."""

from __future__ import annotations

from datetime import timedelta

from flask import request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from volunteer_hub.console.answers import attempt, scope
from volunteer_hub.console.blueprint import bp
from volunteer_hub.console.forms import typed_number
from volunteer_hub.console.matching.causes import in_words as cause_in_words
from volunteer_hub.console.matching.forms import PlanForm
from volunteer_hub.console.paging import page_of
from volunteer_hub.core import clock
from volunteer_hub.core.attempts import status_of
from volunteer_hub.core.db import db
from volunteer_hub.core.i18n import _, _n, either
from volunteer_hub.core.permissions import Permission, requires
from volunteer_hub.core.web import done, render
from volunteer_hub.matching import expiry, plan_queries, run_queries, runs
from volunteer_hub.matching.models import MatchRun, WishKind
from volunteer_hub.matching.reasons import in_words
from volunteer_hub.projects.desk_queries import organisation_choices

FORTNIGHT = timedelta(days=13)


@bp.route("/matching", methods=["GET", "POST"])
@requires(Permission.ROSTER_MANAGE)
def plans() -> Response:
    """Show the plans of one's organisations, and ask for a new one."""
    form = _form()
    if form.validate_on_submit():
        run = attempt(form, lambda: _ask(form))
        if run is not None:
            return done(url_for(".plan", run_id=run.id))
    return render(
        "console/matching.html",
        status=status_of(form),
        form=form,
        rows=run_queries.runs_of(db.session(), current_user.organisation_ids),
    )


def _form() -> PlanForm:
    tomorrow = clock.today() + timedelta(days=1)
    form = PlanForm(data={"first_day": tomorrow, "last_day": tomorrow + FORTNIGHT})
    form.organisation_id.choices = [
        (str(row.id), row.name)
        for row in organisation_choices(db.session(), current_user.organisation_ids)
    ]
    return form


def _ask(form: PlanForm) -> MatchRun:
    return runs.ask(
        db.session(),
        organisation_id=typed_number(form.organisation_id.data),
        first_day=form.first_day.data,
        last_day=form.last_day.data,
        reward=runs.REWARDS[form.aim.data],
        asked_by=current_user.id,
        today=clock.today(),
        now=clock.now(),
    )


@bp.get("/matching/<int:run_id>")
@requires(Permission.ROSTER_MANAGE)
def plan(run_id: int) -> Response:
    """Show one plan: who might come where and why, and why not where places stay open."""
    run = run_queries.show(db.session(), run_id, current_user.organisation_ids)
    page, short = page_of([]), request.args.get("short") == "1"
    found = plan_queries.plan_page(db.session(), run, page=page, short=short)
    return render(
        "console/match_plan.html",
        fragment="console/_match_plan.html",
        run=run,
        page=found.number,
        short=short,
        found=found,
        wishes=run_queries.wishes_of(db.session(), run),
        answers=run_queries.answers_of(db.session(), [run_id])[run_id],
        slow=clock.now() - run.asked_at > timedelta(minutes=2),
        why=in_words,
        why_not=cause_in_words,
        asks_for=_names,
        quiet=expiry.is_quiet(clock.now()),
    )


def _names(needs: list[tuple[str, str]]) -> str:
    return _(", ").join(either(*names) for names in needs)


@bp.post("/matching/<int:run_id>/again")
@requires(Permission.ROSTER_MANAGE)
def plan_again(run_id: int) -> Response:
    """Work the plan out anew with what was kept and ruled out; the rest stays close."""
    run = runs.ask_again(db.session(), run_id=run_id, today=clock.today(), **scope())
    return done(url_for(".plan", run_id=run.id))


@bp.post("/matching/<int:run_id>/send")
@requires(Permission.ROSTER_MANAGE)
def send_plan(run_id: int) -> Response:
    """Let the invitations go out."""
    runs.send(db.session(), run_id=run_id, **scope())
    return done(url_for(".plan", run_id=run_id), say=_("The invitations are on their way."))


@bp.post("/matching/<int:run_id>/take-back")
@requires(Permission.ROSTER_MANAGE)
def take_plan_back(run_id: int) -> Response:
    """Take back what nobody has answered."""
    taken = runs.take_back(db.session(), run_id=run_id, **scope())
    say = _n("%(num)s invitation taken back.", "%(num)s invitations taken back.", taken)
    return done(url_for(".plan", run_id=run_id), say=say)


@bp.post("/matching/<int:run_id>/put-away")
@requires(Permission.ROSTER_MANAGE)
def put_plan_away(run_id: int) -> Response:
    """Let the plan be."""
    runs.put_away(db.session(), run_id=run_id, **scope())
    return done(url_for(".plans"), say=_("Put away; nobody was asked."))


@bp.post("/matching/<int:run_id>/wish")
@requires(Permission.ROSTER_MANAGE)
def wish(run_id: int) -> Response:
    """Keep a pair in the next plan, rule it out, or take that back: `post`, `person`, `kind`."""
    kind = request.form.get("kind", "")
    runs.wish(
        db.session(),
        run_id=run_id,
        post_id=typed_number(request.form.get("post")),
        person_id=typed_number(request.form.get("person")),
        kind=WishKind(kind) if kind in list(WishKind) else None,
        **scope(),
    )
    back = url_for(
        ".plan",
        run_id=run_id,
        page=typed_number(request.form.get("page")) or None,
        short=1 if request.form.get("short") == "1" else None,
        _anchor=f"post-{typed_number(request.form.get('post'))}",
    )
    return done(back, say=_("Noted. Work it out again to see what follows."))
