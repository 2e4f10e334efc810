"""Shapes of what is typed about a senior's wish, and of topics."""

from __future__ import annotations

from flask_wtf import FlaskForm
from wtforms import HiddenField, SelectChoice, StringField, TextAreaField
from wtforms.validators import InputRequired, Optional

from volunteer_hub.accounts.fields import Choose, at_most
from volunteer_hub.accounts.forms import NEEDED, SeveralField, strip
from volunteer_hub.core.i18n import _l
from volunteer_hub.matching.one_to_one.requests import WORDS_LENGTH
from volunteer_hub.matching.one_to_one.topics import NAME_LENGTH as TOPIC_LENGTH
from volunteer_hub.matching.one_to_one.typed import NAME_LENGTH, VENUE_LENGTH
from volunteer_hub.matching.windows import DAYS


class WishForm(FlaskForm):
    """No field takes notes: there is no room for health (product rule 10)."""

    given_name = StringField(
        _l("What people call the senior"),
        [InputRequired(NEEDED), at_most(NAME_LENGTH)],
        filters=[strip],
    )
    topic_id = Choose(_l("Would like to learn"))
    language_id = Choose(_l("Language they speak best"))
    windows = SeveralField(
        _l("When the senior has time"),
        choices=[SelectChoice(f"{day}.{window}") for window, days in DAYS.items() for day in days],
    )
    venue = StringField(_l("Neighbourhood or venue"), [at_most(VENUE_LENGTH)], filters=[strip])
    building_id = Choose(_l("Or a building"), [Optional()])
    organisation_id = Choose(_l("Who arranges it"))
    again_of = HiddenField()


class CloseForm(FlaskForm):
    words = TextAreaField(
        _l("Answer to who entered it"),
        [InputRequired(NEEDED), at_most(WORDS_LENGTH)],
        filters=[strip],
    )


class TopicForm(FlaskForm):
    name_zh = StringField(
        _l("Topic in Chinese"), [InputRequired(NEEDED), at_most(TOPIC_LENGTH)], filters=[strip]
    )
    name_en = StringField(_l("In English (optional)"), [at_most(TOPIC_LENGTH)], filters=[strip])
