"""Which period a certificate is about."""

from __future__ import annotations

from flask_wtf import FlaskForm
from wtforms import DateField, RadioField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired

from volunteer_hub.core.i18n import _l

A_DATE = _l("Please choose a date.")


class CertificateForm(FlaskForm):
    first = DateField(_l("From"), [InputRequired(A_DATE)])
    last = DateField(_l("To"), [InputRequired(A_DATE)])
    language = RadioField(
        _l("Language"),
        choices=[SelectChoice("zh", "中文"), SelectChoice("en", "English")],
        default="zh",
    )
