"""Between a stored project and the form: what it shows, and what was typed as details."""

from __future__ import annotations

from typing import Any

from flask_login import current_user

from volunteer_hub.accounts.models import QualificationKind
from volunteer_hub.accounts.queries import all_qualifications
from volunteer_hub.audit.queries import fields_changed_since
from volunteer_hub.console.answers import needed_sentence
from volunteer_hub.console.forms import ProjectForm, typed_number
from volunteer_hub.console.places import offer_places, place_of
from volunteer_hub.console.queries import name_of
from volunteer_hub.core.db import db
from volunteer_hub.core.i18n import _, either
from volunteer_hub.projects.desk_queries import (
    ProjectDesk,
    category_choices,
    organisation_choices,
)
from volunteer_hub.projects.publication import missing_for_publication
from volunteer_hub.projects.services import ProjectDetails


def offer(form: ProjectForm, *, also: int | None = None) -> None:
    """Fill the lists of the form."""
    session = db.session()
    organisations = organisation_choices(session, current_user.organisation_ids)
    form.organisation_id.choices = [(str(row.id), row.name) for row in organisations]
    form.category_id.choices = [
        ("", _("Choose a category")),
        *((str(row.id), row.name) for row in category_choices(session)),
    ]
    trainings = [
        row for row in all_qualifications(session) if row.kind == QualificationKind.TRAINING
    ]
    form.teaches_id.choices = [
        ("", _("No training")),
        *((str(row.id), either(row.name_zh, row.name_en)) for row in trainings),
    ]
    form.early_percent.choices = _steps(
        form.early_percent.object_data,
        {
            "100": _("All places at once"),
            "50": _("Half of them 7 days before the shift, the rest 48 hours before"),
        },
    )
    form.newcomer_percent.choices = _steps(
        form.newcomer_percent.object_data,
        {
            "0": _("None are kept"),
            "20": _("One in five is kept until 24 hours before"),
        },
    )
    offer_places(form, also=also)


def _steps(stored_share: str | None, usual: dict[str, str]) -> list[tuple[str, str]]:
    """Return the usual shares, and the stored one when it is another."""
    other = stored_share if stored_share and stored_share not in usual else None
    return [*usual.items(), *([(other, f"{other} %")] if other else [])]


TEXTS = (
    "title_zh", "title_en", "content_zh", "content_en", "risk_zh", "risk_en", "insurance",
    "contact_name", "contact_phone",
)  # fmt: skip


def stored(desk: ProjectDesk) -> dict[str, object]:
    """Return what the form shows of a stored project."""
    return {
        **{
            name: getattr(desk, name)
            for name in (*TEXTS, "minimum_age", "outdoors", "one_to_one", "version")
        },
        "organisation_id": str(desk.organisation_id),
        "category_id": str(desk.category_id),
        "place_id": str(desk.place_id or ""),
        "teaches_id": str(desk.teaches_id or ""),
        "early_percent": str(desk.early_percent),
        "newcomer_percent": str(desk.newcomer_percent),
    }


def name_missing(form: ProjectForm) -> None:
    """Beside other mistakes, name what publication needs too, so that all is mended at once.

    Insurance depends on the category and is named once that is chosen.
    """
    for thing in missing_for_publication(_texts_of(form), hazardous=False):
        if not form[thing.field].errors:
            form[thing.field].errors = [needed_sentence(thing)]


def _texts_of(form: ProjectForm) -> ProjectDetails:
    texts: dict[str, Any] = {name: form[name].data or "" for name in TEXTS}
    return ProjectDetails(
        category_id=typed_number(form.category_id.data),
        # Any number stands for a place that is only about to be added.
        place_id=-1 if form.place_name.data or form.place_id.data else None,
        **texts,
    )


def details_of(form: ProjectForm) -> ProjectDetails:
    """Return what was typed; a new place is added on the way."""
    return ProjectDetails(
        category_id=typed_number(form.category_id.data),
        place_id=place_of(form),
        minimum_age=form.minimum_age.data,
        outdoors=bool(form.outdoors.data),
        one_to_one=bool(form.one_to_one.data),
        teaches_id=typed_number(form.teaches_id.data) or None,
        early_percent=typed_number(form.early_percent.data),
        newcomer_percent=typed_number(form.newcomer_percent.data),
        **{name: form[name].data or "" for name in TEXTS},
    )


def _chosen_words(form: ProjectForm, desk: ProjectDesk) -> dict[str, str]:
    """Return what the stored value of each list is called there."""
    names = ("teaches_id", "early_percent", "newcomer_percent")
    now_stored = stored(desk)
    return {name: dict(form[name].choices).get(now_stored[name], "") for name in names}


def changed_by_others(form: ProjectForm, desk: ProjectDesk) -> tuple[str, list[tuple[str, str]]]:
    """Return who saved meanwhile and what it says now; the next save is then on top of that."""
    seen = typed_number(form.version.data)
    who, fields = fields_changed_since(db.session(), "project", desk.id, version=seen)
    form.version.data = str(desk.version)
    words = {
        "place_id": desk.place,
        "category_id": desk.category,
        "outdoors": _("yes") if desk.outdoors else _("no"),
        "one_to_one": _("yes") if desk.one_to_one else _("no"),
        **_chosen_words(form, desk),
    }
    changed = [
        (str(form[name].label.text), words.get(name, str(getattr(desk, name))))
        for name in fields
        if name in form
    ]
    return name_of(db.session(), who), changed
