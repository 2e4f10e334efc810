"""`python -m bench.matching INSTANCE.npz OUT.csv`: the product's matcher on a matching instance.

Without names (`make bench-matching`): generates instances of several sizes, families and scarcities
with the benchmark folder's generator, solves each in a process of its own, lets the folder's
independent checker score the answer, and prints a table: feasible, objective, bound, gap, places,
seconds and peak memory. Last, how many people a second plan moves after a small change
(`--stability INSTANCE.npz` for one instance). The folder is optional; where it is absent the bench
says so and ends.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from bench import stability
from volunteer_hub.matching.problem import Ints, Problem, blocks, segments
from volunteer_hub.matching.solver import solve

FOLDER = Path(__file__).parents[2] / "shared" / "bench" / "matching"
# The format counts quarters of an hour from six in the morning, 14 days of 64.
DAWN, QUARTER, DAYS = 6 * 60, 15, 14
LUNCH = (23, 34)
DAY = 24 * 60
# Between two places: ten minutes and 18 km/h, rounded up to a quarter of an hour.
CHANGE_SECONDS, SECONDS_A_KM = 600, 200
CASES = list(product(("S", "M", "L"), ("laminar", "mixed"), (0.5, 1.0, 2.5)))
# Where it is measured how many people a second plan moves.
AGAIN = [("M", "mixed", 1.0), ("M", "mixed", 2.5)]
HEADS = ("size", "family", "scarcity", "feasible", "objective", "bound", "gap %", "places filled",
         "seconds", "peak MB")  # fmt: skip
WIDTHS = (4, 7, 8, 8, 10, 10, 7, 15, 7, 7)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.matching", description=__doc__)
    parser.add_argument("instance", nargs="?", type=Path)
    parser.add_argument("answer", nargs="?", type=Path)
    parser.add_argument("--sizes", nargs="+", default=["S", "M", "L"])
    parser.add_argument("--stability", type=Path, metavar="INSTANCE")
    given = parser.parse_args()
    if given.stability:
        stability.report(_loaded(given.stability))
    elif given.instance:
        _solve(given.instance, given.answer)
    elif not FOLDER.is_dir():
        print("bench-matching: there is no folder of matching instances here, nothing measured")
    else:
        print(_line(HEADS))
        for case in CASES:
            if case[0] in given.sizes:
                print(_line(_score(*case)), flush=True)
        for case in AGAIN:
            if case[0] in given.sizes:
                _again(*case)


def _line(cells: Iterable[object]) -> str:
    texts = zip(cells, WIDTHS, strict=True)
    return "  ".join(str(cell).rjust(width) for cell, width in texts)


def _solve(instance: Path, answer: Path) -> None:
    began = time.perf_counter()
    problem = _loaded(instance)
    built = time.perf_counter() - began
    plan = solve(problem)
    with answer.open("w", newline="") as target:
        writer = csv.writer(target)
        writer.writerow(["volunteer", "shift"])
        pairs = zip(problem.person[plan.chosen], problem.post[plan.chosen], strict=True)
        writer.writerows(sorted((int(person), int(shift)) for person, shift in pairs))
    print(
        json.dumps(
            {
                "pairs": len(problem.person),
                "objective": plan.value,
                "bound": plan.bound,
                "gap_percent": round(100 * plan.gap, 4),
                "pair_seconds": round(built, 2),
                "seconds": round(time.perf_counter() - began, 2),
                "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
            }
        )
    )


def _loaded(instance: Path) -> Problem:
    with np.load(instance) as arrays:
        return read({name: arrays[name] for name in arrays.files})


def _score(size: str, family: str, scarcity: float) -> tuple[object, ...]:
    with tempfile.TemporaryDirectory(prefix="hub-matching-") as name:
        instance, answer = Path(name) / "instance.npz", Path(name) / "answer.csv"
        _generate(instance, size, family, scarcity)
        told = json.loads(_run(["-m", "bench.matching", str(instance), str(answer)]))
        checked = subprocess.run(
            [sys.executable, str(FOLDER / "check.py"), str(instance), str(answer), "--json"],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        report = json.loads(checked.stdout)
    sound = report["feasible"] and report["objective"] == told["objective"] <= told["bound"]
    return (
        size,
        family,
        scarcity,
        "yes" if sound else "BROKEN",
        f"{told['objective']:,}",
        f"{told['bound']:,}",
        f"{told['gap_percent']:.3f}",
        f"{report['filled']:,} of {report['open_places']:,}",
        f"{told['seconds']:.1f}",
        told["peak_mb"],
    )


def _again(size: str, family: str, scarcity: float) -> None:
    with tempfile.TemporaryDirectory(prefix="hub-matching-") as name:
        instance = Path(name) / "instance.npz"
        _generate(instance, size, family, scarcity)
        print(f"\nplanned again after a change of 1 %: {size} {family} {scarcity}")
        stability.report(_loaded(instance))


def _generate(instance: Path, size: str, family: str, scarcity: float) -> None:
    options = ["--family", family, "--scarcity", str(scarcity)]
    _run([str(FOLDER / "gen.py"), size, str(instance), *options])


def _run(words: list[str]) -> str:
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [sys.executable, *words], capture_output=True, text=True, check=True, env=environment
    )
    return done.stdout


# ---------------------------------------------------------------- an instance as a problem


def read(arrays: dict[str, Any]) -> Problem:
    """Return the problem of an instance (arrays as its format names them), all pairs found."""
    wide = {name: values.astype(np.int64) for name, values in arrays.items() if name != "vol_avail"}
    shifts, people = len(wide["sh_proj"]), len(wide["vol_week"])
    found = [_pairs(arrays["vol_avail"], wide, shift) for shift in range(shifts)]
    person = np.concatenate([part[0] for part in found])
    preference = np.concatenate([part[1] for part in found])
    shift = np.repeat(np.arange(shifts), [len(part[0]) for part in found])
    used = np.zeros((people, DAYS // 7), np.int64)
    np.add.at(used, (wide["fix_v"], wide["sh_day"][wide["fix_s"]] // 7), 1)
    count = len(wide["pr_cat"])
    total = np.bincount(wide["sh_proj"], wide["sh_cap"], count).astype(np.int64)
    taken = np.bincount(wide["sh_proj"], wide["sh_taken"], count).astype(np.int64)
    spots, place = np.unique(wide["sh_xy"], axis=0, return_inverse=True)
    way = _way(spots)
    start = DAY * wide["sh_day"] + DAWN + QUARTER * wide["sh_q0"]
    end = start + QUARTER * (wide["sh_q1"] - wide["sh_q0"])
    problem = Problem(
        person=person,
        post=shift,
        preference=preference,
        week_left=np.maximum(wide["vol_week"][:, None] - used, 0),
        recent=wide["vol_hist"],
        occasion=np.arange(shifts),
        week=wide["sh_day"] // 7,
        start=start,
        end=end,
        block=blocks(start, end, int(way.max(initial=0))),
        place=place.reshape(-1),
        places=np.maximum(wide["sh_cap"] - wide["sh_taken"], 0),
        needed=np.maximum(wide["sh_min"] - wide["sh_taken"], 0),
        project=wide["sh_proj"],
        way=way,
        segments=segments(total, taken),
    )
    return problem.narrowed(_kept(problem, wide))


def _way(spots: Ints) -> Any:
    """Return the minutes between every two spots (metres), a table of small numbers."""
    way = np.zeros((len(spots), len(spots)), np.int16)
    for row, spot in enumerate(spots):
        squared = ((spots - spot) ** 2).sum(1)
        metres = np.floor(np.sqrt(squared.astype(np.float64))).astype(np.int64)
        quarters = -(-(CHANGE_SECONDS * 1000 + metres * SECONDS_A_KM) // (QUARTER * 60_000))
        way[row] = np.where(metres == 0, 0, quarters * QUARTER)
    return way


def _pairs(free: Any, wide: dict[str, Any], shift: int) -> tuple[Ints, Ints]:
    """Return who can do a shift (free, near, skilled) and how much they would like it."""
    day, first, last = (int(wide[name][shift]) for name in ("sh_day", "sh_q0", "sh_q1"))
    mask = np.uint64(((1 << (last - first)) - 1) << first)
    person = np.flatnonzero((free[:, day] & mask) == mask)
    required = wide["sh_skill"][shift]
    person = person[(wide["vol_skill"][person] & required) == required]
    weekend = day % 7 >= 5
    lunch = LUNCH[0] <= first and last <= LUNCH[1]
    at = wide["vol_home" if weekend else "vol_office"][person] - wide["sh_xy"][shift]
    limit = wide["vol_dmax"][person, 2 if weekend else int(lunch)]
    squared = (at**2).sum(1)
    near = squared <= limit**2
    person, limit, squared = person[near], limit[near], squared[near]
    metres = np.floor(np.sqrt(squared.astype(np.float64))).astype(np.int64)
    project = int(wide["sh_proj"][shift])
    liking = wide["vol_int"][person, wide["pr_cat"][project]] * 12 // 10
    liking += 80 - 80 * metres // np.maximum(limit, 1)
    liking += 50 * np.isin(wide["vol_branch"][person], wide["pr_claim"][project])
    liking += 40 * (wide["vol_past"][person] == project).any(1)
    return person, liking + _noise(person, shift)


def _noise(person: Ints, shift: int) -> Ints:
    """Return the format's 0 to 10 points by which equal pairs differ (an integer hash)."""
    most = 0xFFFFFFFF
    mixed = (person * 0x9E3779B1 + shift * 0x85EBCA77) & most
    mixed ^= mixed >> 15
    # Below 2**62, so the product of two numbers of 32 bits fits.
    mixed = (mixed * 0x2C1B3C6D) & most
    mixed ^= mixed >> 12
    return mixed % 11


def _kept(problem: Problem, wide: dict[str, Any]) -> Ints:
    """Return the pairs that are neither signed up, nor blocked, nor clash with a sign-up."""
    count = len(problem.start)
    keys = problem.person * count + problem.post
    gone = np.concatenate(
        [wide[f"{kind}_v"] * count + wide[f"{kind}_s"] for kind in ("blk", "fix")]
    )
    wrong = np.isin(keys, gone)
    order = np.argsort(wide["fix_v"], kind="stable")
    signed, shifts = wide["fix_v"][order], wide["fix_s"][order]
    first = np.searchsorted(signed, problem.person)
    for lag in range(int(np.bincount(signed).max(initial=0)) if len(signed) else 0):
        place = np.minimum(first + lag, len(signed) - 1)
        rows = np.flatnonzero((first + lag < len(signed)) & (signed[place] == problem.person))
        wrong[rows] |= problem.clash(problem.post[rows], shifts[place[rows]])
    return np.flatnonzero(~wrong)


if __name__ == "__main__":
    main()
