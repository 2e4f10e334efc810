"""Read the first sheet of an .xlsx workbook, as values; a hostile file is refused unopened."""

from __future__ import annotations

import io
import warnings
import zipfile
import zlib
from datetime import date, datetime, time, timedelta
from typing import Any

from volunteer_hub.core.i18n import _
from volunteer_hub.projects.importing.read import MAX_COLUMNS, Row, UnreadableSheet, keep

MAX_UNPACKED = 50 * 1024 * 1024
MAX_RATIO = 100
MAX_ENTRIES = 100
# From here on a number has lost digits in Excel (it keeps 15).
EXACT_LIMIT = 10**15


def read(content: bytes) -> list[Row]:
    """Return the rows that hold anything; raises UnreadableSheet."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            _inspect(archive, len(content))
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError,
            ValueError, OSError, UnicodeDecodeError) as error:  # fmt: skip
        raise _damaged() from error
    try:
        return _rows(content)
    except UnreadableSheet:
        raise
    except Exception as error:  # a damaged workbook raises whatever the damage leads to
        raise _damaged() from error


def _damaged() -> UnreadableSheet:
    return UnreadableSheet(
        _("The file is damaged or no sheet. Please save it again as .csv or .xlsx.")
    )


def _inspect(archive: zipfile.ZipFile, packed: int) -> None:
    entries = archive.infolist()
    unpacked = sum(entry.file_size for entry in entries)
    if (
        len(entries) > MAX_ENTRIES
        or unpacked > MAX_UNPACKED
        or unpacked > packed * MAX_RATIO
    ):  # fmt: skip
        raise UnreadableSheet(
            _("The workbook unpacks to far more than a sheet of projects. Please keep only the"
              " sheet with the rows.")
        )  # fmt: skip
    names = {entry.filename for entry in entries}
    if "xl/workbook.xml" not in names:
        raise UnreadableSheet(_("This is no sheet. Please choose a .csv or .xlsx file."))
    if any(name.endswith("vbaProject.bin") for name in names):
        raise UnreadableSheet(_("The workbook holds macros. Please save it as .xlsx without them."))
    for entry in entries:
        if entry.filename.endswith((".xml", ".rels", ".vml")) and _has_doctype(archive.read(entry)):
            raise _damaged()


def _has_doctype(content: bytes) -> bool:
    # Workbooks never declare a document type; entities of one could grow without end.
    return any(
        mark.encode(encoding) in content
        for mark in ("<!DOCTYPE", "<!ENTITY")
        for encoding in ("ascii", "utf-16-le", "utf-16-be")
    )


def _rows(content: bytes) -> list[Row]:
    import openpyxl  # noqa: PLC0415 - needed only here, and slow to load

    rows: list[Row] = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
        try:
            sheets = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"]
            if not sheets:
                return []
            sheet = sheets[0]
            sheet.reset_dimensions()
            found = sheet.iter_rows(values_only=True, max_col=MAX_COLUMNS + 1)
            for number, cells in enumerate(found, start=1):
                keep(rows, number, [_text(value) for value in cells])
        finally:
            book.close()
    return rows


def _text(value: Any) -> str:
    """Return the cell as its reader sees it; a date as 2026-03-05."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, datetime):
        return value.isoformat(" ", "minutes") if value.time() != time() else f"{value:%Y-%m-%d}"
    if isinstance(value, (date, time, timedelta)):
        return str(value)
    if isinstance(value, (int, float)):
        return _number(value)
    return str(value)


def _number(value: float) -> str:
    if abs(value) >= EXACT_LIMIT:
        return f"{value:.5E}"
    return str(int(value)) if value == int(value) else repr(value)
