"""Shapes of what people type about themselves."""

from __future__ import annotations

from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    DateField,
    EmailField,
    Form,
    HiddenField,
    PasswordField,
    RadioField,
    SelectChoice,
    SelectField,
    SelectMultipleField,
    StringField,
    ValidationError,
)
from wtforms.validators import DataRequired, Email, InputRequired, Length, Optional

from volunteer_hub.core.i18n import _, _l

NEEDED = _l("Please fill this in.")


def strip(value: str | None) -> str | None:
    """Take away blanks around what was typed."""
    return value.strip() if isinstance(value, str) else value


class LoginForm(FlaskForm):
    phone = StringField(
        _l("Phone"),
        [DataRequired(NEEDED), Length(max=32, message=_l("This is too long for a phone number."))],
        filters=[strip],
    )
    password = PasswordField(_l("Password"), [InputRequired(NEEDED), Length(max=128)])
    next = HiddenField()


class RegisterForm(FlaskForm):
    phone = StringField(
        _l("Phone"),
        [DataRequired(NEEDED), Length(max=32, message=_l("This is too long for a phone number."))],
        filters=[strip],
    )
    name = StringField(
        _l("Name"),
        [DataRequired(NEEDED), Length(max=50, message=_l("Please use at most 50 characters."))],
        filters=[strip],
    )
    password = PasswordField(
        _l("Password"),
        [InputRequired(NEEDED), Length(8, 128, message=_l("Please use 8 to 128 characters."))],
    )
    building_id = SelectField(_l("Office building (optional)"), [Optional()], coerce=str)
    consent = BooleanField(
        _l("I agree that my phone and name are used to organise volunteering."),
        [InputRequired(_l("Without your consent we cannot open an account."))],
    )
    next = HiddenField()


class ProfileForm(FlaskForm):
    name = StringField(
        _l("Name"),
        [DataRequired(NEEDED), Length(max=50, message=_l("Please use at most 50 characters."))],
        filters=[strip],
    )
    nickname = StringField(
        _l("Nickname (others on your shifts see this)"),
        [Length(max=30, message=_l("Please use at most 30 characters."))],
        filters=[strip],
    )
    birth_date = DateField(_l("Date of birth (only for shifts with an age limit)"), [Optional()])
    building_id = SelectField(_l("Office building (optional)"), [Optional()], coerce=str)
    email = EmailField(
        _l("E-mail (optional)"),
        [
            Optional(),
            Email(
                _l("Please check the address: it should look like name@example.com."),
                allow_smtputf8=False,
            ),
        ],
        filters=[strip],
    )
    shows_membership = BooleanField(_l("Show my Party membership to others on my shifts"))


class SeveralField(SelectMultipleField):
    """Any number of a list, ticked one by one; what is not in it is refused in our own words."""

    def pre_validate(self, form: Form) -> None:
        known = {str(value) for value, *_rest in self.iter_choices()}
        if not set(self.data or ()) <= known:
            raise ValidationError(_("Please choose from the list."))


class SkillsForm(FlaskForm):
    qualification_ids = SeveralField(_l("Skills and languages"), choices=[])


class PasswordForm(FlaskForm):
    current = PasswordField(_l("Current password"), [InputRequired(NEEDED), Length(max=128)])
    password = PasswordField(
        _l("New password"),
        [InputRequired(NEEDED), Length(8, 128, message=_l("Please use 8 to 128 characters."))],
    )


class DisplayForm(FlaskForm):
    size = RadioField(
        _l("Text size"),
        choices=[
            SelectChoice("normal", _l("Standard")),
            SelectChoice("large", _l("Larger")),
            SelectChoice("elder", _l("Large")),
        ],
    )
    theme = RadioField(
        _l("Colours"),
        choices=[
            SelectChoice("auto", _l("Like the phone")),
            SelectChoice("light", _l("Light")),
            SelectChoice("dark", _l("Dark")),
        ],
    )
    # Each in its own language: who looks for it cannot read the other one.
    lang = RadioField(
        _l("Language"), choices=[SelectChoice("zh", "中文"), SelectChoice("en", "English")]
    )
    next = HiddenField()


class EmptyForm(FlaskForm):
    """Only the token: for buttons that need nothing else."""


class MembershipForm(FlaskForm):
    """To which branch somebody says to belong, and as what."""

    branch_id = SelectField(_l("Branch"), [InputRequired(NEEDED)], coerce=str)
    is_party_member = BooleanField(_l("I am a Party member"))
