"""The bench's command on instances that somebody else generates and checks."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from bench.matching import FOLDER

pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason="the matching instances are not here")


@pytest.mark.parametrize(
    ("family", "scarcity", "name"),
    [("laminar", "1", "S.laminar"), ("mixed", "1", "S.mixed"), ("mixed", "2.5", "S.scarce")],
)
def test_the_answer_is_feasible_and_at_least_as_good_as_the_reference(
    tmp_path: Path, family: str, scarcity: str, name: str
) -> None:
    instance, answer = tmp_path / "instance.npz", tmp_path / "answer.csv"
    options = ["--family", family, "--scarcity", scarcity]
    run = [sys.executable, "-B"]
    subprocess.run([*run, str(FOLDER / "gen.py"), "S", str(instance), *options], check=True)
    subprocess.run([*run, "-m", "bench.matching", str(instance), str(answer)], check=True)
    checked = subprocess.run(
        [*run, str(FOLDER / "check.py"), str(instance), str(answer), "--json"],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    report = json.loads(checked.stdout)
    known = json.loads((FOLDER / "suite.json").read_text())[name]
    assert report["feasible"]
    assert known["reference"] <= report["objective"] <= known["bound"]
