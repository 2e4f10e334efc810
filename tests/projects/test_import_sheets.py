"""Reading sheets: encodings, kinds of files, headers, single cells. No database."""

from __future__ import annotations

import warnings
from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.projects.sheets import CHINESE, csv_bytes, nyc_bytes, repacked, xlsx_bytes
from volunteer_hub.core.errors import DomainError, InvalidInput
from volunteer_hub.core.i18n import speaking
from volunteer_hub.projects.importing import values
from volunteer_hub.projects.importing.categories import Kind, Kinds
from volunteer_hub.projects.importing.check import Checked, check_sheet
from volunteer_hub.projects.importing.columns import FIELDS
from volunteer_hub.projects.importing.read import MAX_BYTES, MAX_ROWS, read_sheet

TITLES = [row[0] for row in CHINESE[1:]]
pytestmark = pytest.mark.usefixtures("in_app")


@pytest.fixture
def in_app(some_app):
    with some_app.app_context():
        yield


def titles(checked: Checked) -> list[str]:
    return [draft.name for draft in checked.drafts]


def refusals(checked: Checked) -> list[tuple[int, str]]:
    return [(refusal.row, refusal.column) for refusal in checked.refused]


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16", "utf-16-le", "utf-16-be"]
)
def test_every_usual_encoding_and_separator_is_read(encoding, separator):
    checked = check_sheet(csv_bytes(CHINESE, encoding, separator))
    assert titles(checked) == TITLES
    assert checked.drafts[0].begin == date(2026, 3, 5)


def test_xlsx_and_csv_say_the_same():
    rows = [*CHINESE[:1], *([*row[:3], date(2026, 3, 5), *row[4:]] for row in CHINESE[1:])]
    as_text = [*CHINESE[:1], *([*row[:3], "2026-03-05", *row[4:]] for row in CHINESE[1:])]
    assert check_sheet(xlsx_bytes(rows)).drafts == check_sheet(csv_bytes(as_text)).drafts


def test_the_nyc_file_says_the_same_as_xlsx():
    content = nyc_bytes()
    rows = [row.cells for row in read_sheet(content)]
    assert check_sheet(xlsx_bytes(rows)).drafts == check_sheet(content).drafts


def test_rows_are_counted_as_the_sheet_counts_them():
    rows = [["title", "summary"], ["One", "a\nb\nc"], [], ["", "no title"], ["Two", ""]]
    for content in (csv_bytes(rows), xlsx_bytes(rows)):
        checked = check_sheet(content)
        assert [draft.row for draft in checked.drafts] == [2, 5]
        assert refusals(checked) == [(4, "title")]
        assert checked.drafts[0].content == "a\nb\nc"


def test_a_banner_above_the_header_is_passed_over():
    rows = [["第一医院 2026 年志愿活动统计表"], ["单位：人"], *CHINESE]
    checked = check_sheet(xlsx_bytes(rows))
    assert titles(checked) == TITLES
    assert checked.drafts[0].row == 4


def test_only_the_first_visible_sheet_counts_and_formulas_are_never_run():
    rows = [["title", "summary"], ["One", "=1+1"], ['=HYPERLINK("http://x","y")', "b"]]
    checked = check_sheet(xlsx_bytes(rows, [["title"], ["Hidden"]]))
    assert titles(checked) == ["One"]
    assert checked.drafts[0].content == ""
    assert refusals(checked) == [(3, "title")]


def test_text_stays_as_it_is_written():
    text = "007 =SUM(A1) ＡＢ　“引号”, 逗号"
    checked = check_sheet(csv_bytes([["title", "description", "id"], ["x", text, "007"]]))
    assert checked.drafts[0].content == text
    assert checked.drafts[0].external_id == "007"


def test_unknown_columns_are_named_and_left_out():
    columns = check_sheet(csv_bytes(CHINESE)).layout.columns
    left_out = {column.header: column.hint for column in columns if not column.field}
    assert set(left_out) == {"序号", "姓名"}
    assert all(left_out.values())


def test_a_chosen_column_wins_over_what_we_know():
    rows = [["title", "Project nickname"], ["Formal", "Plain"]]
    chosen = {"project NICKNAME": "title"}
    assert titles(check_sheet(csv_bytes(rows), chosen)) == ["Plain"]
    assert titles(check_sheet(csv_bytes(rows), {"#2": "title"})) == ["Plain"]
    ignored = check_sheet(csv_bytes(rows), {"title": "ignore"})
    assert ignored.layout.problem
    for wrong in ({"no such": "title"}, {"title": "colour"}, {"#9": "title"}):
        with pytest.raises(InvalidInput):
            check_sheet(csv_bytes(rows), wrong)


def test_without_a_title_column_nothing_is_read_and_the_reason_is_said():
    checked = check_sheet(csv_bytes([["colour", "size"], ["red", "4"]]))
    assert checked.layout.problem
    assert checked.drafts == ()


@pytest.mark.parametrize(
    ("cell", "day"),
    [
        ("March 17 2011", date(2011, 3, 17)),
        ("2026/3/5", date(2026, 3, 5)),
        ("2026.03.05", date(2026, 3, 5)),
        ("2026年3月5日", date(2026, 3, 5)),
        ("2026年3月5日（周四）", date(2026, 3, 5)),
        ("2026年3月5日 14:00", date(2026, 3, 5)),
        ("２０２６-０３-０５", date(2026, 3, 5)),
        ("2026-03-05T00:00:00.000", date(2026, 3, 5)),
        ("20260305", date(2026, 3, 5)),
        ("46086", date(2026, 3, 5)),
        ("31/12/2026", date(2026, 12, 31)),
        ("12/31/2026", date(2026, 12, 31)),
        ("5 Mar 2026", date(2026, 3, 5)),
        ("", None),
    ],
)
def test_days_are_read_in_many_shapes(cell, day):
    assert values.day(cell) == day


@pytest.mark.parametrize(
    "cell",
    ["2026-02-30", "03/04/2026", "3月5日", "March 2011", "tomorrow", "soon 2026", "1899-01-01",
     "99999999", "2026-3-5~2026-3-8", "11/3/5", "9" * 50, "May 99999", "00000", "-1", "5e4"],
)  # fmt: skip
def test_impossible_and_ambiguous_days_are_refused(cell):
    with pytest.raises(values.BadCell):
        values.day(cell)


def test_a_place_of_several_lines_gives_name_address_and_coordinates():
    spot = values.spot("5 22nd St\nNew York, NY 10010\n(40.7405, -73.9892)", "", "", "")
    assert spot == values.Spot("5 22nd St", "5 22nd St, New York, NY 10010", 40.7405, -73.9892)
    assert values.spot("静安公园", "南京西路1649号", "31.2", "121.4") == values.Spot(
        "静安公园", "南京西路1649号", 31.2, 121.4
    )
    assert values.spot("", "", "", "") is None
    for wrong in (
        ("x\n(95, 10)", "", ""),
        ("x", "north", "121"),
        ("x", "nan", "1"),
        ("x", "1e9", "1"),
    ):
        with pytest.raises(values.BadCell):
            values.spot(wrong[0], "", *wrong[1:])


def test_what_is_wrong_with_a_row_is_named_with_its_column():
    rows = [
        ["活动名称", "服务开始日期", "服务结束日期", "联系电话", "编号"],
        ["甲", "2026-03-05", "2026-03-01", "13800138000", "1"],
        ["乙", "2026-02-30", "", "1234", "3.10106E+17"],
        ["丙", "", "", "1.38001E+10", "#REF!"],
        ["丁" * 81, "", "", "", ""],
        ["戊\x07", "", "", "", ""],
    ]
    checked = check_sheet(csv_bytes(rows))
    assert checked.drafts == ()
    assert refusals(checked) == [
        (2, "服务结束日期"), (3, "联系电话"), (3, "编号"), (3, "服务开始日期"),
        (4, "联系电话"), (4, "编号"), (5, "活动名称"), (6, "活动名称"),
    ]  # fmt: skip
    assert all(refusal.reason for refusal in checked.refused)


def test_numbers_that_excel_has_shortened_are_refused_from_a_workbook_too():
    checked = check_sheet(xlsx_bytes([["title", "id"], ["a", 310106199001011234], ["b", 42]]))
    assert refusals(checked) == [(2, "id")]
    assert checked.drafts[0].external_id == "42"


def test_categories_are_found_by_other_names():
    kinds = Kinds(
        [
            Kind(1, "youth_edu", "亲子与学业辅导", "Youth & tutoring"),
            Kind(2, "other", "其他", "Other"),
        ]
    )
    for name in ("Education", "教育", "YOUTH & TUTORING", "亲子与学业辅导 ", "youth_edu"):
        assert kinds.find(name) == kinds.find("Education"), name
        assert kinds.find(name) is not None
    assert kinds.find("Environment") is None
    assert kinds.find("-") is None
    assert kinds.other == Kind(2, "other", "其他", "Other")


# ---------------------------------------------------------------- damaged and hostile files

GOOD_CSV = csv_bytes(CHINESE)
GOOD_XLSX = xlsx_bytes(CHINESE)
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600
DOCTYPE = b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c">]><worksheet/>'


DAMAGED = {
    "empty": (b"", "empty"),
    "blank": (b" \r\n\0\0", "empty"),
    "large": (b"x" * (MAX_BYTES + 1), "5 MB"),
    "old Excel": (OLE, "xls"),
    "password": (OLE + "EncryptedPackage".encode("utf-16-le"), "password"),
    "html": (b"<html><table><tr><td>title</td></tr></table></html>", "web page"),
    "xml": (b"\xef\xbb\xbf\r\n<?xml version='1.0'?><Workbook/>", "web page"),
    "pdf": (b"%PDF-1.7 whatever", "no sheet"),
    "picture": (b"\x89PNG\r\n\x1a\n", "no sheet"),
    "open quote": (b'title,summary\n"One,never closed\n', "quotation"),
    "NUL": (b"title,summary\nOne,\0\0a\n", "damaged"),
    "no encoding": (b"title\n\xff\xfe\xfd\xfc\xfb\x81", "characters"),
    "huge cell": (b"title\n" + b"a" * 200_000, "quotation"),
    "many columns": (b"title" + b",x" * 61, "columns"),
    "many rows": (b"title\n" + b"a\n" * (MAX_ROWS + 1), "rows"),
    "cut short": (GOOD_XLSX[:-200], "damaged"),
    "cut shorter": (GOOD_XLSX[:100], "damaged"),
    "no archive": (b"PK\x03\x04" + b"\0" * 100, "damaged"),
    "broken sheet": (repacked(GOOD_XLSX, xl__worksheets__sheet1=b"<a"), "damaged"),
    "document type": (repacked(GOOD_XLSX, xl__worksheets__sheet1=DOCTYPE), "damaged"),
    "another archive": (repacked(GOOD_XLSX, xl__workbook=None), "no sheet"),
    "macros": (repacked(GOOD_XLSX, vbaProject=b"x"), "macros"),
    "bomb": (repacked(GOOD_XLSX, bomb=b"\0" * 60_000_000), "unpacks"),
    "dense bomb": (repacked(GOOD_XLSX, bomb=b"\0" * 9_000_000), "unpacks"),
    "many parts": (repacked(GOOD_XLSX, **{f"part{n}": b"x" for n in range(120)}), "unpacks"),
}


@pytest.mark.parametrize("kind", DAMAGED)
def test_a_file_that_cannot_be_read_is_refused_with_a_sentence(kind, english):
    content, says = DAMAGED[kind]
    with pytest.raises(DomainError, match=says):
        check_sheet(content)


@pytest.fixture
def english():
    with speaking("en"):
        yield


def test_a_workbook_that_lies_about_its_sizes_is_refused(english):
    size = 3_000_000
    honest = repacked(GOOD_XLSX, xl__worksheets__sheet1=b"<worksheet>" + b" " * (size - 11))
    lying = honest.replace(size.to_bytes(4, "little"), (3).to_bytes(4, "little"))
    assert lying != honest
    with pytest.raises(DomainError, match="damaged"):
        check_sheet(lying)


def outcome(content: bytes) -> Checked | str:
    """Return the rows, or the sentence that refuses the file; anything else is an error."""
    try:
        return check_sheet(content)
    except DomainError as error:
        return str(error.message)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data(), good=st.sampled_from([GOOD_CSV, GOOD_XLSX, csv_bytes(CHINESE, "gb18030")]))
def test_damaged_bytes_give_rows_or_a_sentence_but_never_a_traceback(data, good):
    content = bytearray(good)
    for _ in range(data.draw(st.integers(1, 6))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(1, len(content)))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        outcome(bytes(content[:cut]))


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(cells=st.lists(st.text(max_size=40), min_size=len(FIELDS), max_size=len(FIELDS)))
def test_any_text_in_any_column_is_a_draft_or_a_named_refusal(cells):
    rows = [list(FIELDS), cells]
    text = (
        csv_bytes(rows, "utf-8")
        if not any("\ud800" <= c <= "\udfff" for c in "".join(cells))
        else b""
    )
    checked = outcome(text)
    if isinstance(checked, Checked):
        assert checked.total == len(checked.drafts) + len({r.row for r in checked.refused})
        assert all(refusal.column and refusal.reason for refusal in checked.refused)
