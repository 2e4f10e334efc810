"""Shapes of the import: the sheet, and what its columns mean."""

from __future__ import annotations

import re

from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from werkzeug.datastructures import MultiDict
from wtforms import BooleanField

from volunteer_hub.accounts.fields import Choose
from volunteer_hub.core.i18n import _, _l
from volunteer_hub.projects.importing.columns import FIELDS, IGNORE

# The name of a column's field in forms and addresses: c0, c1, …
COLUMN = re.compile(r"c(\d{1,2})")


class UploadForm(FlaskForm):
    file = FileField(_l("Sheet (.csv or .xlsx, at most 5 MB)"))
    organisation_id = Choose(_l("Recording organisation"))

    def content(self) -> bytes | None:
        """Return what was uploaded; None, with the error at its field, when there is no file."""
        if not self.file.data:
            self.file.errors = [_("Please choose a file.")]
            return None
        content: bytes = self.file.data.read()
        return content


class ConfirmForm(FlaskForm):
    skip_refused = BooleanField(_l("Leave out the refused rows and bring in the others"))


def chosen_fields(values: MultiDict[str, str]) -> dict[str, str]:
    """Return what the lists of the preview say, as `#1` → field; anything else is ignored."""
    return {
        f"#{int(match[1]) + 1}": field
        for name, field in values.items()
        if (match := COLUMN.fullmatch(name)) and (field == IGNORE or field in FIELDS)
    }


def field_choices() -> list[tuple[str, str]]:
    """Return the lines of each column's list."""
    return [(IGNORE, _("Leave out")), *((key, str(label)) for key, label in FIELDS.items())]
