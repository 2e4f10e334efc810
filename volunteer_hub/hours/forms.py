"""Shapes of what people type about hours; times are on the local wall clock."""

from __future__ import annotations

from flask_wtf import FlaskForm
from wtforms import StringField, TextAreaField
from wtforms.validators import InputRequired

from volunteer_hub.accounts.fields import WallTime, at_most
from volunteer_hub.accounts.forms import NEEDED, strip
from volunteer_hub.core.i18n import _l


class ClaimForm(FlaskForm):
    """When somebody came and left, and how that can be known."""

    check_in = WallTime(_l("Arrived at"))
    check_out = WallTime(_l("Left at"))
    reason = TextAreaField(
        _l("What is wrong?"), [InputRequired(NEEDED), at_most(500)], filters=[strip]
    )
    evidence = TextAreaField(_l("Evidence"), [at_most(500)], filters=[strip])
    witness = StringField(_l("Who saw you there (may stay empty)"), [at_most(500)], filters=[strip])
    phone = StringField(_l("Phone of the volunteer"), [at_most(32)], filters=[strip])


class DecisionForm(FlaskForm):
    """What a second person says about a claim."""

    answer = TextAreaField(_l("Your answer (needed for a no)"), [at_most(200)], filters=[strip])
