"""Between the form of a wish and what it stands for."""

from __future__ import annotations

from flask_login import current_user

from volunteer_hub.accounts.models import QualificationKind
from volunteer_hub.accounts.queries import all_qualifications
from volunteer_hub.console.forms import typed_number
from volunteer_hub.console.one_to_one.forms import WishForm
from volunteer_hub.core.calendar import Window
from volunteer_hub.core.db import db
from volunteer_hub.core.i18n import _, either
from volunteer_hub.matching.one_to_one import topics
from volunteer_hub.matching.one_to_one.arranging import arranging
from volunteer_hub.matching.one_to_one.entering import Wish
from volunteer_hub.matching.one_to_one.queries import WishLine
from volunteer_hub.registry.queries import building_choices


def offer(form: WishForm) -> None:
    """Fill the lists of the form; one's own organisation is the first to arrange it, if it can."""
    session = db.session()
    languages = [
        (str(row.id), either(row.name_zh, row.name_en))
        for row in all_qualifications(session)
        if row.kind == QualificationKind.LANGUAGE
    ]
    form.language_id.choices = [("", _("Choose a language")), *languages]
    known = [(str(row.id), row.name) for row in topics.all_topics(session)]
    form.topic_id.choices = [("", _("Choose a topic")), *known]
    buildings = [(str(row.id), row.name) for row in building_choices(session)]
    form.building_id.choices = [("", _("No building")), *buildings]
    arrangers = arranging(session, current_user.organisation_ids)
    form.organisation_id.choices = [(str(row.id), row.name) for row in arrangers]
    if arrangers and arrangers[0].id not in current_user.organisation_ids:
        form.organisation_id.choices.insert(0, ("", _("Please choose")))


def stored(line: WishLine, windows: list[tuple[int, str]]) -> dict[str, object]:
    """Return what the form shows when an earlier wish is entered once more."""
    return {
        "given_name": line.given_name,
        "topic_id": str(line.topic_id),
        "language_id": str(line.language_id),
        "windows": [f"{weekday}.{window}" for weekday, window in windows],
        "venue": line.venue,
        "building_id": str(line.building_id or ""),
        "organisation_id": str(line.organisation_id),
        "again_of": str(line.id),
    }


def wish_of(form: WishForm) -> Wish:
    """Return what was typed."""
    ticked = (value.split(".", 1) for value in form.windows.data or ())
    return Wish(
        organisation_id=typed_number(form.organisation_id.data),
        given_name=form.given_name.data or "",
        language_id=typed_number(form.language_id.data),
        topic_id=typed_number(form.topic_id.data),
        windows=frozenset((int(weekday), Window(window)) for weekday, window in ticked),
        building_id=typed_number(form.building_id.data) or None,
        venue=form.venue.data or "",
        again_of=typed_number(form.again_of.data) or None,
    )
