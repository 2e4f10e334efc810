"""Shapes of what the office types."""

from __future__ import annotations

from flask_wtf import FlaskForm
from wtforms import SelectField, StringField
from wtforms.validators import InputRequired, Length, Optional

from volunteer_hub.core.i18n import _l

NEEDED = _l("Please fill this in.")


def strip(value: str | None) -> str | None:
    """Take away blanks around what was typed."""
    return value.strip() if isinstance(value, str) else value


class GrantForm(FlaskForm):
    phone = StringField(
        _l("Phone"),
        [InputRequired(NEEDED), Length(max=32, message=_l("This is too long for a phone number."))],
        filters=[strip],
    )
    role = SelectField(_l("Role"), [InputRequired(NEEDED)])
    organisation_id = SelectField(_l("Organisation (for a coordinator)"), [Optional()], coerce=str)
    branch_id = SelectField(_l("Branch (for a branch leader)"), [Optional()], coerce=str)


class GuardianForm(FlaskForm):
    phone = StringField(
        _l("Phone of the minor"),
        [InputRequired(NEEDED), Length(max=32, message=_l("This is too long for a phone number."))],
        filters=[strip],
    )
    guardian_phone = StringField(
        _l("Phone of the guardian"),
        [InputRequired(NEEDED), Length(max=32, message=_l("This is too long for a phone number."))],
        filters=[strip],
    )
