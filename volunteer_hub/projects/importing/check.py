"""Check the rows of a sheet one by one, without a database."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

from volunteer_hub.core.i18n import _
from volunteer_hub.projects.importing import values
from volunteer_hub.projects.importing.columns import FIELDS, Layout, find_layout
from volunteer_hub.projects.importing.read import Row, read_sheet

# As long as the forms of the desk take, so that every draft can be edited there.
MAX_TITLE = 120
MAX_CHINESE_TITLE = 80
MAX_CONTENT = 4000
MAX_RISK = 2000
MAX_NAME = 100
MAX_SHORT = 40

Value = TypeVar("Value")


@dataclass(frozen=True)
class Draft:
    """A project as its row says it; texts are in whichever language they were written."""

    row: int
    title: str
    title_en: str
    content: str
    content_en: str
    risk: str
    category: str
    host: str
    spot: values.Spot | None
    contact_name: str
    contact_phone: str
    external_id: str
    begin: date | None
    end: date | None

    @property
    def name(self) -> str:
        return self.title or self.title_en


@dataclass(frozen=True)
class Refusal:
    """Why a row cannot be taken: its number in the sheet, the column's header, a sentence."""

    row: int
    column: str
    reason: str


@dataclass(frozen=True)
class Checked:
    """A sheet read and checked: what it may add, and what is refused."""

    layout: Layout
    total: int
    drafts: tuple[Draft, ...]
    refused: tuple[Refusal, ...]


def check_sheet(content: bytes, chosen: Mapping[str, str] | None = None) -> Checked:
    """Read a file and check each row below the header.

    Without a column for the title no row is looked at and `layout.problem` says so. Raises
    UnreadableSheet for the file, InvalidInput for a choice of columns that does not fit it.
    """
    rows = read_sheet(content)
    layout = find_layout(rows, chosen)
    below = [row for row in rows if row.number > layout.header_row]
    return Checked(layout, len(below), (), ()) if layout.problem else check_rows(layout, below)


def check_rows(layout: Layout, rows: Sequence[Row]) -> Checked:
    """Turn each row into a draft or into refusals."""
    drafts: list[Draft] = []
    refused: list[Refusal] = []
    for row in rows:
        reader = _RowReader(layout, row)
        draft = reader.draft()
        refused.extend(reader.refusals)
        if not reader.refusals:
            drafts.append(draft)
    return Checked(layout, len(rows), tuple(drafts), tuple(refused))


def _title(cell: str) -> str:
    limit = MAX_CHINESE_TITLE if values.is_chinese(cell) else MAX_TITLE
    return values.line(cell, limit)


class _RowReader:
    """Reads the cells of one row and gathers what is wrong with them."""

    def __init__(self, layout: Layout, row: Row) -> None:
        self.row = row
        self.columns = layout.by_field
        self.refusals: list[Refusal] = []

    def draft(self) -> Draft:
        draft = Draft(
            row=self.row.number,
            title=self.take("title", "", _title),
            title_en=self.line("title_en", MAX_TITLE),
            content=self.take("content", "", lambda cell: values.text(cell, MAX_CONTENT)),
            content_en=self.take("content_en", "", lambda cell: values.text(cell, MAX_CONTENT)),
            risk=self.take("risk", "", lambda cell: values.text(cell, MAX_RISK)),
            category=self.line("category", MAX_NAME),
            host=self.line("host", MAX_NAME),
            spot=self.spot(),
            contact_name=self.line("contact_name", MAX_SHORT),
            contact_phone=self.take("contact_phone", "", lambda c: values.phone(c, MAX_SHORT)),
            external_id=self.take("external_id", "", lambda c: values.number_text(c, MAX_NAME)),
            begin=self.take("begin", None, values.day),
            end=self.take("end", None, values.day),
        )
        self._check_whole(draft)
        return draft

    def line(self, field: str, limit: int) -> str:
        return self.take(field, "", lambda cell: values.line(cell, limit))

    def take(self, field: str, otherwise: Value, read: Callable[[str], Value]) -> Value:
        """Read a cell; a bad one is noted and read as `otherwise`."""
        try:
            return read(self.cell(field))
        except values.BadCell as error:
            self.refuse(field, str(error))
            return otherwise

    def cell(self, field: str) -> str:
        column = self.columns.get(field)
        return self.row.cell(column.index) if column else ""

    def spot(self) -> values.Spot | None:
        where = next((f for f in ("place", "address", "latitude") if f in self.columns), "place")
        cells = [self.cell(field) for field in ("address", "latitude", "longitude")]
        return self.take(where, None, lambda _cell: values.spot(self.cell("place"), *cells))

    def refuse(self, field: str, reason: str) -> None:
        column = self.columns.get(field)
        header = column.header if column else str(FIELDS[field])
        self.refusals.append(Refusal(self.row.number, header, reason))

    def _check_whole(self, draft: Draft) -> None:
        field = "title" if "title" in self.columns else "title_en"
        if not draft.name and not self.cell(field).strip():
            self.refuse(field, _("is empty; each project needs a title"))
        if draft.begin and draft.end and draft.end < draft.begin:
            self.refuse("end", _("lies before the first day"))
