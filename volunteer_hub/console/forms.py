"""Shapes of what coordinators type about projects and shifts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    DateTimeLocalField,
    Field,
    FieldList,
    Form,
    FormField,
    HiddenField,
    IntegerField,
    RadioField,
    StringField,
    TextAreaField,
    ValidationError,
)
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from volunteer_hub.accounts.fields import Choose, WallTime, at_most, emptied
from volunteer_hub.accounts.forms import NEEDED, SeveralField, strip
from volunteer_hub.accounts.queries import QualificationRow
from volunteer_hub.core.i18n import _, _l
from volunteer_hub.shifts.posts import MOST_PLACES, MOST_POSTS

POST_ROWS = 4
MOST_DIGITS = 18
UNTICKED = "none"  # takes a tick on the roster back
YEARS = range(2000, 2200)  # what every zone can carry; the rule about near years is the service's
PLACES = NumberRange(1, MOST_PLACES, _l("Places are a number from 1 to 500."))
MINIMUM = NumberRange(0, MOST_PLACES, _l("The minimum lies between 0 and the places."))


class Whole(IntegerField):
    """A whole number, refused in our own words."""

    def process_formdata(self, valuelist: list[str]) -> None:
        if not valuelist or emptied(self, valuelist):
            return
        try:
            # Far more digits than any number of ours: comparisons would overflow.
            if len(valuelist[0]) > MOST_DIGITS:
                raise ValueError
            super().process_formdata(valuelist)
        except ValueError:
            raise ValueError(_("Please type a whole number.")) from None


class Moment(DateTimeLocalField):
    """A date and time on the wall clock of the sub-district."""

    def __init__(self, label: Any, **settings: Any) -> None:
        super().__init__(
            label,
            [InputRequired(NEEDED)],
            format=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"],
            **settings,
        )

    def process_formdata(self, valuelist: list[str]) -> None:
        if not valuelist or emptied(self, valuelist):
            return
        try:
            super().process_formdata(valuelist)
        except ValueError:
            raise ValueError(_("Please give a date and a time.")) from None

    def post_validate(self, form: Form, validation_stopped: bool) -> None:
        if self.data is not None and self.data.year not in YEARS:
            raise ValidationError(
                _("The year %(year)s looks wrong. Please check the date.", year=self.data.year)
            )

    def aware(self, zone: ZoneInfo) -> datetime:
        """Return the moment that was typed, in UTC."""
        local: datetime = self.data
        return local.replace(second=0, tzinfo=zone).astimezone(UTC)


class PlaceFields(FlaskForm):
    """A place: one that is known, or a new one by name and address."""

    place_id = Choose(_l("Place"), [Optional()])
    place_name = StringField(_l("Name of the new place"), [at_most(100)], filters=[strip])
    place_address = StringField(_l("Address"), [at_most(200)], filters=[strip])
    place_building = Choose(_l("In or next to (for walking times)"), [Optional()])


class ProjectForm(PlaceFields):
    organisation_id = Choose(_l("Recording organisation"))
    category_id = Choose(_l("Category"))
    title_zh = StringField(_l("Title"), [at_most(80)], filters=[strip])
    content_zh = TextAreaField(_l("What volunteers do"), [at_most(4000)], filters=[strip])
    risk_zh = TextAreaField(_l("Risk notice"), [at_most(2000)], filters=[strip])
    insurance = TextAreaField(_l("Insurance"), [at_most(500)], filters=[strip])
    contact_name = StringField(_l("Contact"), [at_most(50)], filters=[strip])
    contact_phone = StringField(_l("Phone of the contact"), [at_most(40)], filters=[strip])
    minimum_age = Whole(
        _l("Minimum age"),
        [InputRequired(NEEDED), NumberRange(0, 99, _l("Please give an age from 0 to 99."))],
    )
    outdoors = BooleanField(_l("Outdoors"))
    one_to_one = BooleanField(_l("One to one: each volunteer sits down with one senior"))
    teaches_id = Choose(_l("This is an induction that gives"), [Optional()])
    early_percent = Choose(_l("When places open"))
    newcomer_percent = Choose(_l("Places for newcomers"))
    title_en = StringField(_l("Title in English"), [at_most(120)], filters=[strip])
    content_en = TextAreaField(
        _l("What volunteers do, in English"), [at_most(4000)], filters=[strip]
    )
    risk_en = TextAreaField(_l("Risk notice in English"), [at_most(2000)], filters=[strip])
    version = HiddenField()


class PostForm(Form):
    """One row of posts; without places it counts as empty."""

    id = HiddenField()
    name_zh = StringField(_l("Name of the post"), [at_most(40)], filters=[strip])
    capacity = Whole(_l("Places"), [Optional(), PLACES])
    minimum = Whole(_l("Minimum"), [Optional(), MINIMUM])
    needs = SeveralField(_l("Only for people with"), choices=[])


class ShiftForm(PlaceFields):
    starts_at = Moment(_l("Starts"))
    ends_at = Moment(_l("Ends"))
    posts = FieldList(FormField(PostForm), min_entries=POST_ROWS, max_entries=MOST_POSTS)
    meeting_point = StringField(_l("Meeting point"), [at_most(100)], filters=[strip])
    version = HiddenField()
    # What the posts can ask for, in order; set by the view that offers it.
    needs_offered: Sequence[QualificationRow] = ()


class CancelShiftForm(FlaskForm):
    reason = StringField(
        _l("Why is it cancelled?"), [InputRequired(NEEDED), at_most(200)], filters=[strip]
    )


class ReversalForm(FlaskForm):
    reason = StringField(
        _l("Why are these hours taken back?"),
        [InputRequired(NEEDED), at_most(200)],
        filters=[strip],
    )


class ColleagueForm(FlaskForm):
    """Whom to add, and to which organisation."""

    phone = StringField(
        _l("Phone"),
        [InputRequired(NEEDED), Length(max=32, message=_l("This is too long for a phone number."))],
        filters=[strip],
    )
    organisation_id = Choose(_l("Organisation"))


class RemovalForm(FlaskForm):
    """Why somebody leaves the team."""

    reason = StringField(_l("Reason"), [InputRequired(NEEDED), at_most(200)], filters=[strip])


class EmptyForm(FlaskForm):
    """Only the token: for buttons that need nothing else."""


class AttendanceForm(FlaskForm):
    """What is recorded of one person at one shift; times are on the local wall clock."""

    status = RadioField(
        _l("Attendance"),
        choices=[
            SelectChoice("present", _l("Came")),
            SelectChoice("no_show", _l("Did not come")),
            SelectChoice("excused", _l("Excused")),
            SelectChoice(UNTICKED, _l("Not recorded yet")),
        ],
    )
    check_in = WallTime(_l("Arrived at"))
    check_out = WallTime(_l("Left at (empty: still there)"))


def typed_number(text: str | None) -> int:
    """Return a number that the page itself had put into the form, 0 when it was tampered with."""
    fits = text and text.isascii() and text.isdecimal() and len(text) < 10
    return int(text) if fits and text else 0


def problems(form: Form) -> list[tuple[str, str, str]]:
    """Return id, label and first error of each field at fault, rows of posts included."""
    return [(f.id, str(f.label.text), str(f.errors[0])) for f in _plain_fields(form) if f.errors]


def _plain_fields(form: Form) -> Iterator[Field]:
    for field in form:
        if isinstance(field, FieldList):
            for entry in field:
                yield from _plain_fields(entry.form)
        elif field.type != "CSRFTokenField":
            yield field
