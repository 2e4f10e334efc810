"""Shapes of what a volunteer types on the composed screens."""

from __future__ import annotations

from flask_wtf import FlaskForm
from wtforms import BooleanField
from wtforms.validators import InputRequired

from volunteer_hub.core.i18n import _l


class DeleteForm(FlaskForm):
    sure = BooleanField(
        _l("Yes, delete my account. I know that this cannot be undone."),
        [InputRequired(_l("Please tick this if you are sure."))],
    )
