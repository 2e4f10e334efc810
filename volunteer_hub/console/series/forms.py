"""Shapes of what coordinators type about series."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    DateField,
    FieldList,
    Form,
    FormField,
    HiddenField,
    RadioField,
    StringField,
    ValidationError,
)
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired

from volunteer_hub.accounts.fields import Choose, WallTime, at_most, emptied
from volunteer_hub.accounts.forms import NEEDED, SeveralField, strip
from volunteer_hub.accounts.queries import QualificationRow
from volunteer_hub.console.forms import (
    POST_ROWS,
    CancelShiftForm,
    PlaceFields,
    PostForm,
    ShiftForm,
)
from volunteer_hub.core.i18n import _, _l
from volunteer_hub.shifts.posts import MOST_POSTS
from volunteer_hub.shifts.series.changing import Reach


class Day(DateField):
    """A date, refused in our own words; which years can be is the service's rule."""

    def __init__(self, label: Any, **settings: Any) -> None:
        super().__init__(label, [InputRequired(NEEDED)], **settings)

    def process_formdata(self, valuelist: list[str]) -> None:
        if not valuelist or emptied(self, valuelist):
            return
        try:
            super().process_formdata(valuelist)
        except ValueError:
            raise ValueError(_("Please give a date.")) from None


class Pick(RadioField):
    """One of a few, shown all at once; anything else is refused in our own words."""

    def pre_validate(self, form: Form) -> None:
        if self.data not in {value for value, *_rest in self.iter_choices()}:
            raise ValidationError(_("Please choose one from the list."))


class NeededTime(WallTime):
    """A time of day that cannot be left out."""

    def __init__(self, label: Any, **settings: Any) -> None:
        super().__init__(label, **settings)
        self.validators = (InputRequired(NEEDED),)


class SeriesForm(PlaceFields):
    """A whole series; `seen` says which dates were looked at before it is made."""

    every = Pick(
        _l("Repeat"),
        choices=[
            SelectChoice("week", _l("On weekdays")),
            SelectChoice("workday", _l("Every workday: swapped workdays too, no holidays")),
            SelectChoice("day", _l("Every day")),
            SelectChoice("month", _l("Once a month")),
        ],
    )
    weekdays = SeveralField(_l("On"), choices=[])
    weeks = Choose(_l("How often"))
    ordinal = Choose(_l("Which one of the month"))
    month_weekday = Choose(_l("Weekday"))
    skip_holidays = BooleanField(_l("Not on public holidays"))
    first_day = Day(_l("First day"))
    last_day = Day(_l("Last day"))
    start = NeededTime(_l("Starts"))
    end = NeededTime(_l("Ends"))
    next_day = BooleanField(_l("Ends the next day"))
    posts = FieldList(FormField(PostForm), min_entries=POST_ROWS, max_entries=MOST_POSTS)
    meeting_point = StringField(_l("Meeting point"), [at_most(100)], filters=[strip])
    seen = HiddenField()
    # What the posts can ask for, in order; set by the view that offers it.
    needs_offered: Sequence[QualificationRow] = ()


class ExtendForm(FlaskForm):
    last_day = Day(_l("New last day"))
    seen = HiddenField()


class SeriesShiftForm(ShiftForm):
    """One shift of a series, and how far its change goes."""

    reach = Pick(_l("What to change"), default=Reach.ONE.value)


class CancelSeriesForm(CancelShiftForm):
    cancel_reach = Pick(_l("What to cancel"), default=Reach.ONE.value)
