"""A sheet that somebody brought, as rows of text. The kind is told by the content first."""

from __future__ import annotations

from dataclasses import dataclass

from volunteer_hub.core.errors import InvalidInput
from volunteer_hub.core.i18n import _

MAX_BYTES = 5 * 1024 * 1024
MAX_ROWS = 20_000
MAX_COLUMNS = 60

_ZIP = b"PK\x03\x04"
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
# The name of the stream that holds a workbook behind a password, as OLE files write it.
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_OTHER_KINDS = (b"%PDF", b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"Rar!", b"7z\xbc\xaf", b"\x1f\x8b")


class UnreadableSheet(InvalidInput):
    """The file cannot be read at all; the sentence says what to do instead."""

    def __init__(self, message: str) -> None:
        super().__init__(message, field="file")


@dataclass(frozen=True)
class Row:
    """One row as the sheet counts it (the first is 1); cells are text, empty ones ""."""

    number: int
    cells: tuple[str, ...]

    def cell(self, index: int) -> str:
        return self.cells[index] if index < len(self.cells) else ""


def read_sheet(content: bytes) -> list[Row]:
    """Return the rows that hold anything, from .csv or .xlsx; raises UnreadableSheet."""
    # Here and not above: both take `Row` from this module.
    from volunteer_hub.projects.importing import csv_file, xlsx_file  # noqa: PLC0415

    if not content.strip(b"\0 \t\r\n"):
        raise UnreadableSheet(_("The file is empty. Please choose another one."))
    if len(content) > MAX_BYTES:
        raise UnreadableSheet(_("The file is larger than 5 MB. Please split it."))
    _refuse_other_kinds(content)
    rows = xlsx_file.read(content) if content.startswith(_ZIP) else csv_file.read(content)
    if not rows:
        raise UnreadableSheet(_("The sheet holds no rows. Please choose another one."))
    return rows


def _refuse_other_kinds(content: bytes) -> None:
    if content.startswith(_OLE):
        if _ENCRYPTED in content:
            raise UnreadableSheet(
                _("The file is protected by a password. Please save it without one.")
            )
        raise UnreadableSheet(
            _("This is an old Excel file (.xls). Please open it and save it as .xlsx or .csv.")
        )
    start = content[:4096].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith((b"<html", b"<!doctype", b"<table", b"<?xml", b"<head", b"<meta")):
        raise UnreadableSheet(
            _("This is a web page with the name of a sheet. Please open it in Excel or WPS and"
              " save it as .xlsx.")
        )  # fmt: skip
    if content.startswith(_OTHER_KINDS):
        raise UnreadableSheet(_("This is no sheet. Please choose a .csv or .xlsx file."))


def keep(rows: list[Row], number: int, cells: list[str]) -> None:
    """Add the row unless it is empty; raises UnreadableSheet past the limits."""
    while cells and not cells[-1].strip():
        cells.pop()
    if not cells:
        return
    if len(cells) > MAX_COLUMNS:
        raise UnreadableSheet(
            _("Row %(row)s has more than %(n)s columns. Please take out what is not needed.",
              row=number, n=MAX_COLUMNS)
        )  # fmt: skip
    # One more for the header.
    if len(rows) > MAX_ROWS:
        raise UnreadableSheet(_("The sheet has more than %(n)s rows. Please split it.", n=MAX_ROWS))
    rows.append(Row(number, tuple(cells)))
