"""Kinds of fields and checks that the forms of several features share."""

from __future__ import annotations

from typing import Any

from wtforms import DateField, Field, Form, SelectField, TimeField, ValidationError
from wtforms.validators import Length, Optional

from volunteer_hub.core.i18n import _, _l


def at_most(length: int) -> Length:
    """Return the validator of a text of this length."""
    return Length(max=length, message=_l("Please use at most %(max)d characters."))


def emptied(field: Field, valuelist: list[str]) -> bool:
    """Tell whether a field was sent blank; it is None then, never what the form started from."""
    blank = bool(valuelist) and not valuelist[0].strip()
    if blank:
        field.data, field.raw_data = None, [""]
    return blank


class WallTime(TimeField):
    """A time of day; seconds are let go."""

    def __init__(self, label: Any, **settings: Any) -> None:
        super().__init__(label, [Optional()], format=["%H:%M", "%H:%M:%S"], **settings)

    def process_formdata(self, valuelist: list[str]) -> None:
        if not valuelist or emptied(self, valuelist):
            return
        try:
            super().process_formdata(valuelist)
        except ValueError:
            raise ValueError(_("Please give a time, such as 08:30.")) from None


class Day(DateField):
    """A date, refused in our own words."""

    data: Any

    def process_formdata(self, valuelist: list[str]) -> None:
        if not valuelist or not valuelist[0].strip():
            self.data = None
            return
        try:
            super().process_formdata(valuelist)
        except ValueError:
            raise ValueError(_("Please choose a day.")) from None


class Choose(SelectField):
    """One line of a list; what is not in it is refused in our own words."""

    def process_formdata(self, valuelist: list[str]) -> None:
        try:
            super().process_formdata(valuelist)
        except ValueError:
            raise ValueError(_("Please choose one from the list.")) from None

    def pre_validate(self, form: Form) -> None:
        if not any(value == self.data for value, *_rest in self.iter_choices()):
            raise ValidationError(_("Please choose one from the list."))
