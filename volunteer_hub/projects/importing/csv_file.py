"""Read .csv in the encodings and with the separators that Excel and WPS write."""

from __future__ import annotations

import codecs
import csv
import io
import re

from volunteer_hub.core.i18n import _
from volunteer_hub.projects.importing.read import Row, UnreadableSheet, keep

SEPARATORS = ",;\t"

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# Excel's own first line that names the separator.
_NAMED_SEPARATOR = re.compile(r"sep=(.)\r?\n", re.IGNORECASE)


def read(content: bytes) -> list[Row]:
    """Return the rows that hold anything; raises UnreadableSheet."""
    text = _decode(content)
    if "\0" in text:
        raise UnreadableSheet(
            _("The file is damaged or no sheet. Please save it again as .csv or .xlsx.")
        )
    named = _NAMED_SEPARATOR.match(text)
    separator = named[1] if named else _sniff(text)
    lines = io.StringIO(text[named.end() :] if named else text, newline="")
    rows: list[Row] = []
    reader = csv.reader(lines, delimiter=separator, strict=True)
    try:
        for number, cells in enumerate(reader, start=1):
            keep(rows, number, cells)
    except csv.Error as error:
        raise UnreadableSheet(
            _("The file breaks off or a quotation mark is missing near line %(line)s. Please save"
              " it again.", line=reader.line_num)
        ) from error  # fmt: skip
    return rows


def _decode(content: bytes) -> str:
    encodings = [encoding for mark, encoding in _MARKS if content.startswith(mark)]
    if not encodings:
        encodings = _without_mark(content)
    for encoding in encodings:
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise UnreadableSheet(
        _("We cannot read the characters of this file. Please save it as .xlsx or as CSV UTF-8.")
    )


def _without_mark(content: bytes) -> list[str]:
    """Return which encodings to try: zeros in every second byte are UTF-16 without its mark."""
    sample = content[:4000]
    if sample[1::2].count(0) > len(sample) // 5:
        return ["utf-16-le"]
    if sample[::2].count(0) > len(sample) // 5:
        return ["utf-16-be"]
    return ["utf-8", "gb18030"]


def _sniff(text: str) -> str:
    """Return the separator that comes most often in the first line, outside of quotes."""
    first = next((line for line in text.splitlines() if line.strip(SEPARATORS + " ")), "")
    bare = re.sub(r'"[^"]*"', "", first)
    return max(SEPARATORS, key=bare.count)
