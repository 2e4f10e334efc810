"""Sheets made in tests."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import openpyxl
import pytest

NYC = Path(__file__).resolve().parents[3] / "shared/data/nyc_service_volunteer_opportunities.csv"
NYC_ROWS = 665

CHINESE = [
    ["活动名称", "活动类别", "举办单位", "服务日期（xxxx/xx/xx）", "活动地点", "序号", "姓名"],
    ["医院导诊", "导医", "第一医院社工部", "2026年3月5日", "门诊大厅", "1", "王敏"],
    ["教老人用手机", "助老", "愚园路居委会", "2026/3/8", "", "2", "王敏"],
    ["一小时公益捡跑", "", "愚园路居委会", "20260401", "静安公园", "3", ""],
]


def csv_bytes(
    rows: Sequence[Sequence[Any]], encoding: str = "utf-8", separator: str = ","
) -> bytes:
    """Return the rows as .csv."""
    text = io.StringIO()
    csv.writer(text, delimiter=separator).writerows(rows)
    return text.getvalue().encode(encoding)


def xlsx_bytes(rows: Sequence[Sequence[Any]], *more: Sequence[Sequence[Any]]) -> bytes:
    """Return the rows as the first sheet of a workbook, `more` as the next ones."""
    book = openpyxl.Workbook()
    for number, sheet in enumerate((rows, *more)):
        page = book.active if number == 0 else book.create_sheet()
        for row in sheet:
            page.append(list(row))
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def repacked(workbook: bytes, **changes: bytes | None) -> bytes:
    """Return the workbook with parts of its archive replaced, added or (None) taken out.

    A part is named without its ending `.xml`; `__` stands for `/`; others are binary.
    """
    out = io.BytesIO()
    parts = {_part(name): content for name, content in changes.items()}
    with (
        zipfile.ZipFile(io.BytesIO(workbook)) as old,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        parts = {name: old.read(name) for name in old.namelist()} | parts
        for name, content in parts.items():
            if content is not None:
                new.writestr(name, content)
    return out.getvalue()


def _part(name: str) -> str:
    return name.replace("__", "/") + (".xml" if "__" in name else ".bin")


def nyc_bytes() -> bytes:
    """Return the real file of NYC Service; skips the test where it is absent."""
    if not NYC.exists():
        pytest.skip("the file of NYC Service is not on this machine")
    return NYC.read_bytes()
