"""Write an .xlsx that opens clean in Excel and WPS, row by row, in constant memory.

XlsxWriter keeps one row at a time (`constant_memory`), prints as set up here and never writes a
formula: every text is a string cell.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import chain, islice
from typing import IO, Any, ClassVar

import xlsxwriter

from volunteer_hub.core.csv import Cell, neutral
from volunteer_hub.core.i18n import _

A4 = 9
# Excel draws no deeper indent than that in a narrow column.
DEEPEST = 8
# Excel takes 1,048,576 rows; what is more goes on in another sheet.
MOST_ROWS = 1_000_000
_UNSAFE = str.maketrans("[]:*?/\\", "       ")


@dataclass(frozen=True)
class Column:
    """A column's head and its width in characters."""

    head: str
    width: int = 12


@dataclass(frozen=True)
class Ratio:
    """A share of 1, shown per cent; `signed` ones are changes, shown with + or -."""

    value: Decimal
    signed: bool = False


@dataclass(frozen=True)
class Nested:
    """A name, indented by how deep it lies in a tree."""

    text: str
    level: int


Value = Cell | Ratio | Nested


class Total(list[Value]):
    """A row that is the sum of those above; written bold."""


@dataclass(frozen=True)
class Head:
    """What stands on every sheet: the title, and one line below it."""

    title: str
    line: str


@dataclass(frozen=True)
class Foot:
    """What stands under the rows: lines to sign on, then what the figures mean."""

    signs: Sequence[str] = ()
    notes: Sequence[str] = ()


@dataclass(frozen=True)
class Page:
    """One sheet of the book; `rows` may be an iterator of any length."""

    name: str
    columns: Sequence[Column]
    rows: Iterable[Sequence[Value]]
    foot: Foot = Foot()


def write(target: IO[bytes], head: Head, pages: Iterable[Page]) -> None:
    """Write the book; figures are numbers, texts are neutralised strings (S34)."""
    book = xlsxwriter.Workbook(
        target, {"constant_memory": True, "default_date_format": "yyyy-mm-dd"}
    )
    looks = _Looks(book)
    for page in pages:
        _write_page(book, looks, head, page)
    book.close()


class _Looks:
    """The formats of a book, each made once."""

    STYLES: ClassVar[dict[str, dict[str, Any]]] = {
        "title": {"bold": True, "font_size": 16, "align": "center", "valign": "vcenter"},
        "line": {"font_color": "#555555", "align": "center"},
        "head": {
            "bold": True, "border": 1, "bg_color": "#FCE8DA", "text_wrap": True,
            "align": "center", "valign": "vcenter",
        },
        "text": {"border": 1},
        "whole": {"border": 1, "num_format": "0"},
        "part": {"border": 1, "num_format": "0.0"},
        "ratio": {"border": 1, "num_format": "0.0%"},
        "change": {"border": 1, "num_format": "+0%;-0%;0%"},
        "note": {"font_color": "#555555"},
        "sign": {"font_size": 12},
    }  # fmt: skip

    def __init__(self, book: Any) -> None:
        self._book = book
        self._made: dict[tuple[str, bool, int], Any] = {}

    def of(self, name: str, *, bold: bool = False, level: int = 0) -> Any:
        """Return the format of this name, bold or indented."""
        key = (name, bold, min(level, DEEPEST))
        if key not in self._made:
            style = {"font_name": "宋体", **self.STYLES[name]}
            style |= {"bold": True} if bold else {}
            style |= {"indent": key[2]} if key[2] else {}
            self._made[key] = self._book.add_format(style)
        return self._made[key]


def _write_page(book: Any, looks: _Looks, head: Head, page: Page) -> None:
    rows, part = iter(page.rows), 1
    while True:
        first = next(rows, None)
        if first is None and part > 1:
            return
        name = page.name if part == 1 else f"{page.name} {part}"
        sheet = book.add_worksheet(name.translate(_UNSAFE)[:31])
        _set_up(sheet, looks, head, page.columns)
        some = islice(chain([first], rows), MOST_ROWS) if first is not None else ()
        number = 2
        for number, row in enumerate(some, start=3):
            for column, cell in enumerate(row):
                _write_cell(sheet, (number, column), cell, looks, bold=isinstance(row, Total))
        _write_foot(sheet, number + 2, looks, page.foot)
        part += 1


def _set_up(sheet: Any, looks: _Looks, head: Head, columns: Sequence[Column]) -> None:
    sheet.set_landscape()
    sheet.set_paper(A4)
    sheet.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.6)
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(2)
    sheet.set_footer("&C" + _("Page &P of &N"))
    sheet.freeze_panes(3, 0)
    last = len(columns) - 1
    for number, column in enumerate(columns):
        sheet.set_column(number, number, column.width)
    sheet.set_row(0, 28)
    sheet.merge_range(0, 0, 0, last, "", looks.of("title"))
    sheet.write_string(0, 0, neutral(head.title), looks.of("title"))
    sheet.merge_range(1, 0, 1, last, "", looks.of("line"))
    sheet.write_string(1, 0, neutral(head.line), looks.of("line"))
    sheet.set_row(2, 32)
    for number, column in enumerate(columns):
        sheet.write_string(2, number, column.head, looks.of("head"))


def _write_cell(
    sheet: Any, place: tuple[int, int], cell: Value, looks: _Looks, *, bold: bool
) -> None:
    match cell:
        case str():
            sheet.write_string(*place, neutral(cell), looks.of("text", bold=bold))
        case Nested(text, level):
            sheet.write_string(*place, neutral(text), looks.of("text", bold=bold, level=level))
        case Ratio(value, signed):
            sheet.write_number(*place, value, looks.of("change" if signed else "ratio", bold=bold))
        case Decimal():
            sheet.write_number(*place, cell, looks.of("part", bold=bold))
        case _:
            sheet.write_number(*place, cell, looks.of("whole", bold=bold))


def _write_foot(sheet: Any, row: int, looks: _Looks, foot: Foot) -> None:
    if foot.signs:
        sheet.write_string(
            row, 0, "　　".join(f"{sign}：____________" for sign in foot.signs), looks.of("sign")
        )
        row += 2
    for note in foot.notes:
        sheet.write_string(row, 0, neutral(note), looks.of("note"))
        row += 1
