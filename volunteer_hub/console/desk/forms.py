"""Shapes of what coordinators type at the desk of one shift, or of one rainy day."""

from __future__ import annotations

from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    IntegerField,
    RadioField,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, Optional

from volunteer_hub.accounts.fields import Day, at_most
from volunteer_hub.accounts.forms import NEEDED, strip
from volunteer_hub.attendance.leader_links import NAME_LENGTH
from volunteer_hub.core.i18n import _l
from volunteer_hub.shifts.desk import TEXT_LENGTH, Group
from volunteer_hub.shifts.desk_rules import REASON_LENGTH


class WalkInForm(FlaskForm):
    """Who stands at the door."""

    phone = StringField(
        _l("Phone"),
        [InputRequired(NEEDED), Length(max=32, message=_l("This is too long for a phone number."))],
        filters=[strip],
    )
    post = StringField(_l("Post"), [at_most(10)])
    reason = StringField(_l("Reason"), [at_most(REASON_LENGTH)], filters=[strip])


class PlaceForm(FlaskForm):
    """Why somebody is given, moved to, or taken off a place."""

    reason = StringField(_l("Reason"), [at_most(REASON_LENGTH)], filters=[strip])
    asked = BooleanField(_l("I have called: they are coming"))


class MessageForm(FlaskForm):
    """A message and whom it goes to."""

    to = RadioField(
        _l("To"),
        choices=[
            SelectChoice(str(Group.CONFIRMED), _l("Those with a place")),
            SelectChoice(str(Group.WAITING), _l("Those in line")),
            SelectChoice(str(Group.BOTH), _l("Everybody")),
        ],
        default=str(Group.CONFIRMED),
    )
    text = TextAreaField(
        _l("Message"),
        [InputRequired(NEEDED), at_most(TEXT_LENGTH)],
        filters=[strip],
    )


class LeaderForm(FlaskForm):
    """Who gets the link."""

    name = StringField(
        _l("Who leads this shift?"), [InputRequired(NEEDED), at_most(NAME_LENGTH)], filters=[strip]
    )


class OutdoorForm(FlaskForm):
    """Which shifts, and what is to happen: `act` is the button that was tapped."""

    reason = StringField(_l("Why are they cancelled?"), [at_most(REASON_LENGTH)], filters=[strip])
    to = Day(_l("To the same time on"), [Optional()])


class HelpForm(FlaskForm):
    """A project asks branches for help."""

    project_id = SelectField(_l("Project"), [InputRequired(NEEDED)], coerce=str)
    first_day = Day(_l("From"), [InputRequired(NEEDED)])
    last_day = Day(_l("To"), [InputRequired(NEEDED)])
    places = IntegerField(_l("Places a shift"), [InputRequired(NEEDED)])
    text = TextAreaField(_l("What for (optional)"), [at_most(500)])
