"""Sheets that go out as CSV."""

from __future__ import annotations

import csv as standard
import io
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from volunteer_hub.core import csv

texts = st.text(st.characters(exclude_categories=["Cs"]))


@pytest.mark.parametrize("first", list("=+-@\t\r\n\0＝＋－＠"))
def test_a_cell_that_a_sheet_would_compute_gets_an_apostrophe(first):
    """S34."""
    assert csv.neutral(f"{first}1+1") == f"'{first}1+1"


@pytest.mark.parametrize("text", ["", "王敏", "1=1", " =1", "'=1", "阿卜杜拉·买买提", "a@b"])
def test_other_cells_stay_as_they_are(text):
    assert csv.neutral(text) == text


def test_figures_stay_figures_also_below_zero():
    assert "".join(csv.stream([[-60, Decimal("-1.0"), "-60"]])) == "\ufeff-60,-1.0,'-60\r\n"


@given(st.lists(st.lists(texts, min_size=2, max_size=4), max_size=5))
def test_a_reader_of_the_format_gets_the_same_cells_back(rows):
    """R25: quotes, line breaks, commas and every character survive."""
    text = "".join(csv.stream(rows)).removeprefix("\ufeff")
    read = list(standard.reader(io.StringIO(text, newline="")))
    assert read == [[csv.neutral(cell) for cell in row] for row in rows]


def test_a_long_sheet_comes_in_pieces_with_one_byte_order_mark():
    pieces = list(csv.stream([["行", 1]] * 1001))
    assert len(pieces) == 6
    assert "".join(pieces) == "\ufeff" + "行,1\r\n" * 1001


def test_a_file_name_is_given_in_ascii_and_in_full():
    assert csv.attachment("a.csv", "一 支.csv") == (
        "attachment; filename=\"a.csv\"; filename*=UTF-8''%E4%B8%80%20%E6%94%AF.csv"
    )
