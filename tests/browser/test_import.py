"""A coordinator brings in a sheet, on a phone and without JavaScript too."""

from __future__ import annotations

import pytest

from tests.browser.conftest import DESK, PHONE
from tests.browser.test_all_pages import LOOKS, RULES
from tests.browser.watched import axe, overflow
from tests.projects.sheets import csv_bytes

SHEET = [
    [
        "活动名称",
        "活动类别",
        "服务日期",
        "活动地点",
        "姓名",
        "a very long heading of a column " * 2,
    ],
    ["一小时公益夜跑与捡跑", "跳绳", "2026-12-01", "静安公园", "王敏", "x"],
    ["", "环保", "2026-02-30", "", "", ""],
]


def choose(page, rows=SHEET):
    page.goto("/console/import")
    upload = {"name": "活动.csv", "mimeType": "text/csv", "buffer": csv_bytes(rows)}
    page.locator("input[type=file]").set_input_files(upload)
    page.locator("main form button").click()


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("screen", [PHONE, DESK], ids=["390", "1280"])
def test_the_preview_is_accessible_quiet_and_fits(open_browser, look, screen):
    watched = open_browser("coordinator", screen=screen, **LOOKS[look])
    choose(watched.page)
    watched.page.locator("details.more summary").click()
    faults = axe(watched.page, *RULES[look]) + watched.faults() + overflow(watched.page)
    assert faults == []
    choose(watched.page, [])
    assert watched.page.locator("#file-error").is_visible()
    assert axe(watched.page, *RULES[look]) == []


@pytest.mark.parametrize("scripts", [True, False])
def test_good_rows_come_in_when_the_refused_ones_may_be_left_out(open_browser, scripts):
    page = open_browser("coordinator", scripts=scripts).page
    title = f"夜跑 {scripts}"
    choose(page, [SHEET[0], [title, *SHEET[1][1:]], SHEET[2]])
    page.locator("main form.card button.wide").click()
    assert page.locator(".errs").is_visible()
    page.locator("input[name=skip_refused]").check()
    page.locator("main form.card button.wide").click()
    page.wait_for_url("**/console/projects")
    assert page.get_by_text(title).first.is_visible()
