"""Sheets that go out as CSV: no cell becomes a formula, every programme reads the characters."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from urllib.parse import quote

BYTE_ORDER_MARK = "\ufeff"
# What spreadsheet programmes take for the start of a formula, or skip before one.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\0", "＝", "＋", "－", "＠")
_LINES_AT_ONCE = 200

Cell = str | int | Decimal


def neutral(text: str) -> str:
    """Return the text with an apostrophe before it where a sheet would compute it (S34)."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def stream(rows: Iterable[Sequence[Cell]]) -> Iterator[str]:
    """Yield the rows as CSV (RFC 4180, after a byte order mark), some hundred lines at a time.

    Texts are neutralised; figures are ours and stay figures, so that a sheet can add them up.
    """
    buffer = io.StringIO(newline="")
    buffer.write(BYTE_ORDER_MARK)
    writer = csv.writer(buffer, lineterminator="\r\n")
    for number, row in enumerate(rows, start=1):
        writer.writerow([neutral(cell) if isinstance(cell, str) else str(cell) for cell in row])
        if number % _LINES_AT_ONCE == 0:
            yield _taken(buffer)
    yield _taken(buffer)


def _taken(buffer: io.StringIO) -> str:
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text


def attachment(plain: str, name: str) -> str:
    """Return a Content-Disposition (RFC 6266): `plain` is ASCII, `name` what people should see."""
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
