"""What a checked sheet would add to this database; reads only."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from hashlib import sha256

from sqlalchemy import select
from sqlalchemy.orm import Session

from volunteer_hub.core.i18n import _, _n
from volunteer_hub.projects.importing.categories import Kind, Kinds
from volunteer_hub.projects.importing.check import Checked, Draft, Refusal
from volunteer_hub.projects.importing.columns import FIELDS
from volunteer_hub.projects.models import Category, Project
from volunteer_hub.projects.terms import normalise
from volunteer_hub.registry.models import Organisation


@dataclass(frozen=True)
class Scope:
    """For whom projects are brought in.

    Rows go to the organisation that the sheet names when it is one of `own_ids`, else to
    `default_id`. With `own_ids` None any organisation may be named, and a new one is added.
    """

    own_ids: frozenset[int] | None = None
    default_id: int | None = None


@dataclass(frozen=True)
class Already:
    """A row that adds nothing: the same project is there, or stands in an earlier row."""

    row: int
    title: str
    earlier_row: int | None = None


@dataclass(frozen=True)
class Ready:
    """A row that becomes a draft project; `organisation_id` is None for a new organisation."""

    draft: Draft
    organisation_id: int | None
    organisation: str
    kind: Kind | None
    source_key: str


@dataclass
class Plan:
    """What a sheet would add, in its order."""

    checked: Checked
    ready: list[Ready] = field(default_factory=list)
    there: list[Already] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)
    # Names of kinds we do not know → rows; "" counts the rows without one.
    other_kinds: Counter[str] = field(default_factory=Counter)

    @property
    def refused_rows(self) -> int:
        return len({refusal.row for refusal in self.refused})

    @property
    def kind_notes(self) -> list[str]:
        """Where rows go whose kind of service is not said or not known here."""
        return [_other_kind(name, rows) for name, rows in self.other_kinds.items()]

    @property
    def new_organisations(self) -> list[str]:
        return list(dict.fromkeys(r.organisation for r in self.ready if r.organisation_id is None))


def make_plan(session: Session, checked: Checked, *, scope: Scope) -> Plan:
    """Compare the rows with what is there; writes nothing."""
    plan = Plan(checked, refused=list(checked.refused))
    organisations = _Organisations(session, scope)
    kinds = _kinds(session)
    known = _known_keys(session)
    seen: dict[tuple[str, str], Draft] = {}
    for draft in checked.drafts:
        organisation_id, name = organisations.of(draft)
        if not name:
            plan.refused.append(_refusal(checked, draft, "host", _("names no organisation")))
            continue
        key = _source_key(draft)
        owner = source_of(organisation_id) if organisation_id else name
        earlier = seen.get((owner, key))
        if earlier is not None and not _same(earlier, draft):
            plan.refused.append(_refusal(checked, draft, "external_id", _(
                "is the number of another project in row %(row)s", row=earlier.row)))  # fmt: skip
        elif earlier is not None or (owner, key) in known:
            plan.there.append(Already(draft.row, draft.name, earlier.row if earlier else None))
        else:
            seen[owner, key] = draft
            kind = kinds.find(draft.category) if draft.category else None
            if kind is None:
                plan.other_kinds[draft.category] += 1
            plan.ready.append(Ready(draft, organisation_id, name, kind or kinds.other, key))
    plan.refused.sort(key=lambda refusal: refusal.row)
    return plan


class _Organisations:
    """Finds the organisation of a row."""

    def __init__(self, session: Session, scope: Scope) -> None:
        rows = session.execute(
            select(Organisation.id, Organisation.name_zh, Organisation.name_en)
        ).all()
        self.scope = scope
        self._names = {row.id: row.name_zh or row.name_en for row in rows}
        self._ids: dict[str, int] = {}
        for row in rows:
            if scope.own_ids is None or row.id in scope.own_ids:
                for name in filter(None, (row.name_zh, row.name_en)):
                    self._ids.setdefault(compared(name), row.id)

    def of(self, draft: Draft) -> tuple[int | None, str]:
        """Return id and name; no id for one to be added, no name when the row says none."""
        found = self._ids.get(compared(draft.host)) if draft.host else None
        if found is None and draft.host and self.scope.own_ids is None:
            return None, draft.host
        found = found or self.scope.default_id
        return found, self._names.get(found, "") if found else ""


def compared(name: str) -> str:
    """Return a name as it is compared: width, case, accents and blanks do not matter."""
    return " ".join(normalise(name).split())


def _kinds(session: Session) -> Kinds:
    rows = session.execute(
        select(Category.id, Category.key, Category.name_zh, Category.name_en)
        .order_by(Category.position)
    )  # fmt: skip
    return Kinds(Kind(*row) for row in rows)


def _known_keys(session: Session) -> set[tuple[str | None, str | None]]:
    query = select(Project.source, Project.source_key).where(Project.source.startswith("sheet:"))
    return {(row.source, row.source_key) for row in session.execute(query)}


def source_of(organisation_id: int) -> str:
    """Return whose sheets: numbers of one organisation's list mean nothing in another's."""
    return f"sheet:{organisation_id}"


def _source_key(draft: Draft) -> str:
    """Return what makes a row the same one again: its number, else title, host and days."""
    if draft.external_id:
        return f"id:{draft.external_id}"
    said = (compared(draft.name), compared(draft.host), str(draft.begin), str(draft.end))
    return "text:" + sha256("\n".join(said).encode()).hexdigest()[:32]


def _same(one: Draft, other: Draft) -> bool:
    return compared(one.name) == compared(other.name)


def _refusal(checked: Checked, draft: Draft, field_name: str, reason: str) -> Refusal:
    column = checked.layout.by_field.get(field_name)
    return Refusal(draft.row, column.header if column else str(FIELDS[field_name]), reason)


def _other_kind(name: str, rows: int) -> str:
    if not name:
        said = _n("%(num)s row names no category and goes to “Other”.",
                  "%(num)s rows name no category and go to “Other”.", rows)  # fmt: skip
    else:
        said = _n(
            "%(num)s row goes to “Other”: its category “%(name)s” is not used here.",
            "%(num)s rows go to “Other”: their category “%(name)s” is not used here.",
            rows,
            name=name,
        )
    return str(said)
