"""Lay the figures out for people, and keep them for programs."""

from __future__ import annotations

import json
import os
import platform
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from bench.counts import FIRST_VIEW_BYTES, Count
from bench.turns import Contender, ratios

RESULTS = Path(__file__).with_name("results.json")


@dataclass(frozen=True)
class Row:
    """The site against the floor: median and extremes of the rounds' ratios."""

    engine: str
    name: str
    goal: float | None
    ratio: float = 0.0
    lowest: float = 0.0
    highest: float = 0.0
    cpu_ratio: float | None = None
    floor_rate: float = 0.0
    rate: float = 0.0
    cpu_ms: float | None = None
    p99: float = 0.0
    p95: float | None = None
    errors: int = 0
    wrong: str = ""

    @property
    def met(self) -> bool:
        return not self.errors and not self.wrong and self.ratio >= (self.goal or 0)


@dataclass(frozen=True)
class ShapeRow:
    """One way to serve the embedded database: rates and 99 % latencies in milliseconds."""

    shape: str
    list_rate: float
    list_p99: float
    sign_up_rate: float
    sign_up_p99: float
    errors: int


def row(
    engine: str, name: str, goal: float | None, ours: Contender, floor: Contender, wrong: str = ""
) -> Row:
    """Sum up the turns of one page or action."""
    rounds = ratios(ours, floor)
    cpu, floor_cpu = ours.middle(lambda s: s.cpu_ms), floor.middle(lambda s: s.cpu_ms)
    return Row(
        engine,
        name,
        goal,
        ratio=median(rounds),
        lowest=rounds[0],
        highest=rounds[-1],
        cpu_ratio=floor_cpu / cpu if cpu and floor_cpu else None,
        floor_rate=floor.middle(lambda s: s.rate) or 0,
        rate=ours.middle(lambda s: s.rate) or 0,
        cpu_ms=cpu,
        p99=ours.middle(lambda s: s.p99) or 0,
        errors=ours.errors + floor.errors,
        wrong=wrong,
    )


def with_p95(found: Row, p95: float) -> Row:
    """Return the row with the 95 % latency in milliseconds, where that is asked for."""
    return replace(found, p95=p95)


HEADER = (
    f"{'':<11}{'page or action':<27}{'ratio':>6} {'(low–high)':<12}{'by cpu':>7}"
    f"{'floor/s':>9}{'ours/s':>8}{'cpu ms':>8}{'p99 ms':>8}{'goal':>6}"
)


def show_row(found: Row) -> str:
    """Return the line of one row."""
    if found.wrong:
        return f"{found.engine:<11}{found.name:<27}✗ {found.wrong}"
    mark = ("✓" if found.met else "✗") if found.goal or not found.met else " "
    goal = f"{found.goal:.2f}" if found.goal else "–"
    errors = f"  {found.errors} errors" if found.errors else ""
    errors += "" if found.p95 is None else f"  p95 {found.p95:.0f} ms"
    extremes = f"({found.lowest:.2f}–{found.highest:.2f})"
    return (
        f"{found.engine:<11}{found.name:<27}{found.ratio:>6.2f} {extremes:<12}"
        f"{_or_dash(found.cpu_ratio):>7}{found.floor_rate:>9.0f}{found.rate:>8.0f}"
        f"{_or_dash(found.cpu_ms):>8}{found.p99:>8.0f}{goal:>6} {mark}{errors}"
    )


def _or_dash(number: float | None) -> str:
    return "–" if number is None else f"{number:.2f}"


def show_counts(counts: list[Count], first_view: int) -> str:
    """Return the table of bytes and statements."""
    lines = [f"{'page':<27}{'HTML bytes':>11}{'gzip':>8}{'queries':>9}{'goal':>6}"]
    for found in counts:
        goal = f"≤ {found.goal}" if found.goal else "–"
        mark = "" if found.goal is None else "✓" if found.met else "✗"
        sizes = f"{found.raw:>11}{found.compressed:>8}"
        lines.append(f"{found.page:<27}{sizes}{found.queries:>9}{goal:>6} {mark}")
    mark = "✓" if first_view <= FIRST_VIEW_BYTES else "✗"
    lines.append(f"first view of the list, HTML + CSS + JS: {first_view} bytes of 40 KB {mark}")
    return "\n".join(lines)


def show_shapes(rows: list[ShapeRow]) -> str:
    """Return the table of server shapes, and which is best."""
    lines = [
        f"{'embedded server shape':<34}{'list/s':>8}{'p99 ms':>8}{'sign-up/s':>11}{'p99 ms':>8}"
    ]
    lines += [
        f"{row.shape:<34}{row.list_rate:>8.0f}{row.list_p99:>8.0f}"
        f"{row.sign_up_rate:>11.0f}{row.sign_up_p99:>8.0f}"
        + (f"  {row.errors} errors ✗" if row.errors else "")
        for row in rows
    ]
    lines.append(f"best: {best(rows).shape}")
    return "\n".join(lines)


PATIENCE_MS = 250


def best(rows: list[ShapeRow]) -> ShapeRow:
    """Return the fastest on both (product of rates) among those that keep nobody waiting."""
    fit = [row for row in rows if not row.errors and row.sign_up_p99 <= PATIENCE_MS] or rows
    return max(fit, key=lambda row: row.list_rate * row.sign_up_rate)


def keep(rows: list[Row], counts: list[Count], first_view: int, shapes: list[ShapeRow]) -> None:
    """Write `bench/results.json`."""
    content = {
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": {
            "cpus": os.cpu_count(),
            "python": platform.python_version(),
            "load": os.getloadavg()[0],
        },
        "rows": [asdict(found) | {"met": found.met} for found in rows],
        "counts": [asdict(found) | {"met": found.met} for found in counts],
        "first_view_bytes": first_view,
        "shapes": [asdict(found) for found in shapes],
        "best_shape": best(shapes).shape if shapes else None,
    }
    RESULTS.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n")
