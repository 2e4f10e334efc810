"""`python -m bench.ranking`: what the ranking of shifts does to a month of a sub-district.

The same visits and draws meet each policy; the need-aware one is the product's own scoring
(`volunteer_hub.matching.scoring`), most relevant first is the same scoring without need. Printed
are means over the seeds, then the need-aware ranking against each of the others, paired by seed,
with confidence intervals of 95 %. `--markdown` prints the tables of `docs/decisions/ranking.md`.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, replace
from multiprocessing import get_context

import numpy as np
from scipy.stats import t as student

from bench.month import SIZES, Array, Size, draw
from bench.visits import Outcome, Policy, World
from volunteer_hub.matching import scoring
from volunteer_hub.matching.scoring import Offers

NEED, RELEVANT, SOONEST = "need-aware", "most relevant first", "soonest first"
CONFIDENCE = 0.95


def soonest(offers: Offers) -> Array:
    return np.arange(len(offers))


def under_filled(offers: Offers) -> Array:
    return np.argsort(offers.taken / offers.capacity, kind="stable")


def relevant(offers: Offers) -> Array:
    return scoring.order(offers, weight=0.0)


def need_aware(offers: Offers) -> Array:
    return scoring.order(offers)


POLICIES: dict[str, Policy] = {
    SOONEST: soonest,
    RELEVANT: relevant,
    "under-filled first": under_filled,
    NEED: need_aware,
}
# Measures, how they are written, and whether differences are told in percent of the other.
MEASURES = {
    "places served": ("{:,.0f}", True),
    "of all places": ("{:.1%}", False),
    "shifts that run": ("{:.1%}", False),
    "sign-ups lost": ("{:,.0f}", True),
    "Gini over projects": ("{:.3f}", True),
    "utility, total": ("{:,.0f}", True),
    "utility, mean": ("{:.3f}", True),
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.ranking", description=__doc__)
    parser.add_argument("--size", choices=SIZES, default="neighbourhood")
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--visits", type=float, default=1.0, help="times as many as usual")
    parser.add_argument("--processes", type=int, default=min(os.cpu_count() or 1, 8))
    parser.add_argument("--markdown", action="store_true")
    given = parser.parse_args()
    began = time.perf_counter()
    size = SIZES[given.size]
    size = replace(size, visits=round(size.visits * given.visits))
    tasks = [(seed, size) for seed in range(1, given.seeds + 1)]
    with get_context("spawn").Pool(given.processes) as pool:
        found = []
        for done, row in enumerate(pool.imap(_month, tasks), 1):
            found.append(row)
            print(f"\r{done} of {given.seeds} months", end="", file=sys.stderr, flush=True)
    print("\r", end="", file=sys.stderr, flush=True)
    print(f"{given.seeds} months: {_told(size)}; {time.perf_counter() - began:.0f} s\n")
    values = np.array(found)
    for line in [*_means(values), "", *_differences(values)]:
        print(line if given.markdown else line.replace("|", " ").replace("-" * 3, ""))


def _told(size: Size) -> str:
    return ", ".join(f"{count:,} {name}" for name, count in asdict(size).items())


def _month(task: tuple[int, Size]) -> list[list[float]]:
    seed, size = task
    world = World(draw(seed, size))
    return [measure(world, world.run(policy)) for policy in POLICIES.values()]


def measure(world: World, outcome: Outcome) -> list[float]:
    """Return the values of `MEASURES` for a month."""
    shifts = world.month.shifts
    served = np.where(outcome.called_off, 0, outcome.taken)
    places = np.bincount(shifts.project, shifts.capacity)
    share = np.bincount(shifts.project, served)[places > 0] / places[places > 0]
    return [
        float(served.sum()),
        float(served.sum() / shifts.capacity.sum()),
        float(1 - outcome.called_off.mean()),
        float(outcome.lost),
        gini(share),
        float(np.sum(outcome.gains)),
        float(np.mean(outcome.gains)) if outcome.gains else 0.0,
    ]


def gini(values: Array) -> float:
    """Return 0 when all are equal, towards 1 when one has everything."""
    ordered, count = np.sort(values), len(values)
    if not ordered.sum():
        return 0.0
    return float((2 * np.arange(1, count + 1) - count - 1) @ ordered / (count * ordered.sum()))


def _means(values: Array) -> Iterator[str]:
    yield from _head("policy")
    for policy, means in zip(POLICIES, values.mean(axis=0), strict=True):
        shown = [
            text.format(mean) for (text, _), mean in zip(MEASURES.values(), means, strict=True)
        ]
        yield _line(policy, shown)


def _differences(values: Array) -> Iterator[str]:
    """Yield the need-aware ranking against each other one, with confidence intervals."""
    names = list(POLICIES)
    ours = values[:, names.index(NEED)]
    yield from _head("need-aware against")
    for at, name in enumerate(names):
        if name != NEED:
            theirs = values[:, at]
            relative = np.array([relative for _text, relative in MEASURES.values()])
            base = np.where(relative, np.maximum(theirs, 1e-9), 1.0)
            yield _line(name, [
                f"{mean:+.1f} ± {half:.1f}{' %' if percent else ' points'}"
                for mean, half, percent in zip(*_interval(100 * (ours - theirs) / base), relative,
                                               strict=True)
            ])  # fmt: skip


def _interval(differences: Array) -> tuple[Array, Array]:
    """Return means and half the width of their confidence intervals (Student's t)."""
    count = len(differences)
    mean = differences.mean(axis=0)
    if count < 2:
        return mean, np.full_like(mean, np.nan)
    reach = student.ppf((1 + CONFIDENCE) / 2, count - 1) / np.sqrt(count)
    return mean, differences.std(axis=0, ddof=1) * reach


def _head(first: str) -> Iterator[str]:
    yield _line(first, list(MEASURES))
    yield "|" + "---|" * (len(MEASURES) + 1)


def _line(name: str, cells: list[str]) -> str:
    return f"| {name:<20} | " + " | ".join(f"{cell:>18}" for cell in cells) + " |"


if __name__ == "__main__":
    main()
