"""Shapes of what the office types."""

from __future__ import annotations

from flask_wtf import FlaskForm
from wtforms import IntegerField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional, ValidationError

from volunteer_hub.accounts.fields import Day
from volunteer_hub.accounts.qualification_list import LONGEST_NAME, MOST_MONTHS
from volunteer_hub.core.i18n import _, _l

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


_NAME = Length(max=LONGEST_NAME, message=_l("Please use at most 40 characters."))


def _months(_form: FlaskForm, field: IntegerField) -> None:
    # NumberRange makes a float of it, and more digits than that holds are an error of ours.
    if field.data is not None and not 1 <= field.data <= MOST_MONTHS:
        raise ValidationError(_("Please give 1 to 120 months, or leave it empty."))


class QualificationForm(FlaskForm):
    """A new skill, language or training."""

    kind = SelectField(_l("Kind"), [InputRequired(NEEDED)])
    name_zh = StringField(_l("Name in Chinese"), [InputRequired(NEEDED), _NAME], filters=[strip])
    name_en = StringField(_l("Name in English"), [_NAME], filters=[strip])
    valid_months = IntegerField(
        _l("Valid for how many months (only trainings)"),
        [Optional(), _months],
    )


class NameForm(FlaskForm):
    """Other names for one of the list."""

    new_zh = StringField(_l("Name in Chinese"), [InputRequired(NEEDED), _NAME], filters=[strip])
    new_en = StringField(_l("Name in English"), [_NAME], filters=[strip])


class AnswerMembershipForm(FlaskForm):
    """Confirm a membership from a day on (empty: today), or not (`confirm` 0)."""

    start = Day(_l("Member since"), [Optional()])
    confirm = StringField(_l("Answer"), [Optional()])


class EndMembershipForm(FlaskForm):
    last_day = Day(_l("Last day"), [InputRequired(NEEDED)])


class AdoptForm(FlaskForm):
    """A branch offers to stand by a project."""

    project_id = StringField(_l("Project"), [InputRequired(NEEDED)])
    first_day = Day(_l("From"), [InputRequired(NEEDED)])
    last_day = Day(_l("To"), [InputRequired(NEEDED)])
    places = IntegerField(_l("Places a shift"), [InputRequired(NEEDED)])
    message = TextAreaField(_l("A word to the project (optional)"), [Optional(), Length(max=500)])


class ReviewForm(FlaskForm):
    """The branch looks back."""

    review = TextAreaField(
        _l("How was it?"),
        [InputRequired(NEEDED), Length(max=500, message=_l("Please use at most 500 characters."))],
    )
