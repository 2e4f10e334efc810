"""Ask for a certificate, download it, and let anybody check it."""

from __future__ import annotations

from pathlib import Path

from flask import Blueprint, current_app, make_response, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from volunteer_hub.certificates import document, services
from volunteer_hub.certificates.document import Paper
from volunteer_hub.certificates.forms import CertificateForm
from volunteer_hub.certificates.models import Certificate
from volunteer_hub.core import clock, i18n
from volunteer_hub.core.attempts import attempt, status_of
from volunteer_hub.core.db import db
from volunteer_hub.core.errors import NotFound
from volunteer_hub.core.i18n import _
from volunteer_hub.core.limits import limiter
from volunteer_hub.core.names import masked
from volunteer_hub.core.permissions import Permission, public, requires
from volunteer_hub.core.web import done, render

bp = Blueprint("certificates", __name__)


@bp.route("/me/certificates", methods=["GET", "POST"])
@requires(Permission.HOURS_OWN)
@limiter.limit("30/hour", methods=["POST"], key_func=lambda: f"certificate {current_user.id}")
def mine() -> Response:
    """List one's certificates, and issue one for a period: fields `first`, `last`, `language`."""
    today = clock.today()
    form = CertificateForm(
        data={"first": today.replace(month=1, day=1), "last": today, "language": i18n.language()}
    )
    if form.validate_on_submit() and attempt(form, lambda: _issue(form)):
        return done(url_for(".mine"), say=_("Issued. It is on top of the list."))
    return render(
        "certificates/mine.html",
        status=status_of(form),
        form=form,
        rows=[
            (row, services.standing(db.session(), row))
            for row in services.own(db.session(), current_user.id)
        ],
    )


def _issue(form: CertificateForm) -> Certificate:
    return services.issue(
        db.session(),
        person_id=current_user.id,
        first=form.first.data,
        last=form.last.data,
        language=form.language.data,
        today=clock.today(),
        now=clock.now(),
    )


@bp.post("/me/certificates/<int:certificate_id>/withdraw")
@requires(Permission.HOURS_OWN)
def withdraw(certificate_id: int) -> Response:
    """Withdraw one's own certificate."""
    services.withdraw(
        db.session(), certificate_id=certificate_id, person_id=current_user.id, now=clock.now()
    )
    return done(url_for(".mine"), say=_("Withdrawn. Its public page says so."))


@bp.get("/certificates/<code>.pdf")
@public
@limiter.limit("60/hour")
def download(code: str) -> Response:
    """Return the document to whoever knows the code."""
    found = services.by_code(db.session(), code[:64])
    if found.withdrawn_at is not None:
        raise NotFound
    paper = Paper(
        serial=found.serial,
        language=found.language,
        issued_at=found.issued_at,
        issued_on=clock.local(found.issued_at).date(),
        digest=found.digest,
        verify_address=url_for(".verify", code=found.code, _external=True),
        site_name=str(current_app.jinja_env.globals["site_name"]),
        folder=Path(current_app.instance_path),
    )
    answer = make_response(document.pdf(found.figures, paper))
    answer.headers["Content-Type"] = "application/pdf"
    answer.headers["Content-Disposition"] = f'inline; filename="{found.serial}.pdf"'
    answer.headers["Cache-Control"] = "no-store"
    answer.headers["X-Robots-Tag"] = "noindex"
    return answer


@bp.get("/verify/<code>")
@public
def verify(code: str) -> Response:
    """Show anybody what was certified, with a masked name, and whether it still stands."""
    found = services.by_code(db.session(), code[:64])
    rows = found.figures["rows"]
    organisations = {(row["organisation_zh"], row["organisation_en"]) for row in rows}
    answer = render(
        "certificates/verify.html",
        certificate=found,
        name=masked(found.figures["name"]),
        organisations=sorted(organisations),
        standing=services.standing(db.session(), found),
        issued_on=clock.local(found.issued_at).date(),
    )
    answer.headers["Cache-Control"] = "no-store"
    answer.headers["X-Robots-Tag"] = "noindex"
    return answer
