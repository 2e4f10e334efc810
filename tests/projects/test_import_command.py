"""`flask import projects`, as an operator runs it."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from tests.projects.sheets import CHINESE, NYC, csv_bytes, nyc_bytes, xlsx_bytes
from volunteer_hub.core.db import db
from volunteer_hub.projects.models import Project


@pytest.fixture
def run(app, tmp_path, monkeypatch):
    """Run the command on a file with this content; returns exit code, output, errors."""
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    runner = app.test_cli_runner()

    def work(content: bytes, *options: str, name: str = "sheet.csv"):
        path = tmp_path / name
        path.write_bytes(content)
        result = runner.invoke(args=["import", "projects", str(path), *options])
        assert result.exception is None or isinstance(result.exception, SystemExit)
        return result.exit_code, result.stdout, result.stderr

    return work


def projects(app) -> int:
    with app.app_context():
        return db.session.scalar(select(func.count()).select_from(Project)) or 0


def test_a_dry_run_says_everything_and_writes_nothing(app, run):
    code, out, err = run(csv_bytes(CHINESE), "--dry-run")
    assert (code, err) == (0, "")
    assert "3 drafts to add; nothing was written." in out
    assert "Column “姓名”" in out
    assert projects(app) == 0


def test_the_second_run_adds_nothing(app, run):
    assert "3 drafts added." in run(xlsx_bytes(CHINESE), name="sheet.xlsx")[1]
    code, out, _err = run(csv_bytes(CHINESE))
    assert code == 0
    assert "0 drafts added." in out
    assert "3 rows were there already." in out
    assert projects(app) == 3


def test_a_refused_row_is_named_and_nothing_is_written(app, run):
    rows = [*CHINESE, ["夜跑", "", "X", "2026-02-30"]]
    code, out, err = run(csv_bytes(rows))
    assert code == 1
    assert "Row 5, column “服务日期（xxxx/xx/xx）”: there is no such day" in err
    assert "1 row refused." in out
    assert projects(app) == 0
    code, out, _err = run(csv_bytes(rows), "--skip-refused")
    assert (code, projects(app)) == (0, 3)
    assert "3 drafts added." in out


def test_columns_can_be_mapped(app, run):
    rows = [["Vorhaben", "Verein"], ["Lauf", "Läufer"]]
    assert run(csv_bytes(rows))[0] == 2
    code, _out, _err = run(csv_bytes(rows), "--map", "Vorhaben=title", "--map", "verein=host")
    assert (code, projects(app)) == (0, 1)
    assert run(csv_bytes(rows), "--map", "Vorhaben=colour")[0] == 2
    assert run(csv_bytes(rows), "--map", "nothing")[0] == 2


def test_a_file_that_is_no_sheet_is_one_sentence(app, run):
    code, out, err = run(b"%PDF-1.7")
    assert (code, out) == (2, "")
    assert err == "sheet.csv: This is no sheet. Please choose a .csv or .xlsx file.\n"
    assert projects(app) == 0


def test_reasons_come_in_chinese_on_a_chinese_terminal(run, monkeypatch):
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    assert "这不是表格" in run(b"%PDF-1.7")[2]


def test_the_nyc_file_goes_through_the_command(app):
    nyc_bytes()
    result = app.test_cli_runner().invoke(args=["import", "projects", str(NYC), "--dry-run"])
    assert result.exit_code == 0
