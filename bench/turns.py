"""Two or more servers under the same load in turns, so that a neighbour's work meets all."""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from bench import generator
from bench.generator import Sample
from bench.servers import Server
from bench.signups import Pool

STEADY = 0.02  # how far the bytes of an answer may be from those of the probe


@dataclass(frozen=True)
class Turns:
    """How often each server has its turn, and for how many seconds."""

    rounds: int
    seconds: int


@dataclass
class Contender:
    """A server with what is asked of it: one address again and again, or sign-ups from a pool."""

    server: Server
    path: str = ""
    cookie: str = ""
    encoding: str = ""
    pool: Pool | None = None
    samples: list[Sample] = field(default_factory=list)

    def turn(self, folder: Path, seconds: int, *, keep: bool = True) -> None:
        """Load the server for some seconds."""
        file = folder / "plan.tsv"
        if self.pool:
            self.pool.plan(file, seconds)
        else:
            file.write_text(generator.line("GET", self.path, self.cookie) + "\n")
        sample = generator.run(self.server, file, seconds, encoding=self.encoding)
        if self.pool:
            self.pool.note(sample)
        if keep:
            self.samples.append(sample)

    def middle(self, value: Callable[[Sample], float | None]) -> float | None:
        """Return the median of a figure over the turns."""
        found = [value(sample) for sample in self.samples]
        return (
            median(number for number in found if number is not None) if None not in found else None
        )

    @property
    def errors(self) -> int:
        missing = self.pool.missing() if self.pool else 0
        return sum(sample.errors for sample in self.samples) + missing


def take(contenders: Sequence[Contender], turns: Turns, folder: Path) -> None:
    """Give each its turns: A B, B A, A B … after one second of warming up."""
    for contender in contenders:
        contender.turn(folder, 1, keep=False)
    for number in range(turns.rounds):
        for contender in contenders if number % 2 == 0 else reversed(contenders):
            contender.turn(folder, turns.seconds)


def ratios(ours: Contender, floor: Contender) -> list[float]:
    """Return what share of the floor's rate each round reached, lowest first."""
    pairs = zip(ours.samples, floor.samples, strict=True)
    return sorted(a.rate / b.rate for a, b in pairs)


def probe(address: str, *, cookie: str = "", contains: str = "") -> tuple[int, str]:
    """Return the size of a page in bytes, and what is wrong with it ("" for nothing)."""
    request = urllib.request.Request(address, headers={"Cookie": cookie} if cookie else {})
    try:
        with urllib.request.build_opener(_Stay).open(request, timeout=30) as answer:
            body = answer.read()
            status = answer.status
    except urllib.error.HTTPError as error:
        return 0, f"status {error.code}"
    if status != 200:
        return len(body), f"status {status}"
    if contains.encode() not in body:
        return len(body), f"{contains!r} is not on the page"
    return len(body), ""


class _Stay(urllib.request.HTTPRedirectHandler):
    """A redirect is an answer, not a way: a login page must never be measured as the page."""

    def redirect_request(self, *_arguments: object) -> None:
        return None


def unsteady(contender: Contender, size: int) -> bool:
    """Tell whether answers under load were shorter than the probe's page."""
    return any(
        sample.requests and sample.bytes / sample.requests < size * (1 - STEADY)
        for sample in contender.samples
    )
