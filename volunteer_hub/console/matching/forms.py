"""The shape of what a coordinator asks a plan for."""

from __future__ import annotations

from flask_wtf import FlaskForm
from wtforms import RadioField, SelectChoice
from wtforms.validators import InputRequired

from volunteer_hub.accounts.fields import Choose, Day
from volunteer_hub.accounts.forms import NEEDED
from volunteer_hub.core.i18n import _l


class PlanForm(FlaskForm):
    organisation_id = Choose(_l("Organisation"))
    first_day = Day(_l("From day"), [InputRequired(NEEDED)])
    last_day = Day(_l("To day"), [InputRequired(NEEDED)])
    aim = RadioField(
        _l("Where people are few"),
        choices=[
            SelectChoice("balanced", _l("Balanced: fill places, and help shifts to their minimum")),
            SelectChoice("minimum", _l("Rather let more shifts reach their minimum")),
            SelectChoice("even", _l("Rather suit people best")),
        ],
        default="balanced",
    )
