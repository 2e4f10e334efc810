"""Two hundred people tap at the same ten places, 64 at a time, on the product and on the floor.

`python -m bench.crowd PORT PLAN CONNECTIONS` sends each line of the plan once, over so many
connections that stay open, and prints the same line as `wrk.lua` with the 95 % latency added.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from zoneinfo import ZoneInfo

from sqlalchemy import select

from bench import report
from bench.generator import Sample
from bench.report import Row
from bench.servers import Server
from bench.signups import Pool, Target
from bench.sites import ROOT, Site
from bench.turns import Contender
from volunteer_hub.projects.models import Project
from volunteer_hub.shifts.models import Post, Shift, SignUp
from volunteer_hub.shifts.times import local_columns

PEOPLE, PLACES, CONNECTIONS = 200, 10, 64
GOAL = 0.20  # done within five times the floor's time


def row(site: Site, ours: Server, floor: Server, pools: tuple[Pool, Pool], folder: Path) -> Row:
    """Let the crowd loose on fresh shifts in turns and sum up."""
    contenders = [Contender(ours), Contender(floor)]
    p95, wrong = [], ""
    targets = _shifts(site)
    for number in range(6):
        both = list(zip(contenders, pools, strict=True))
        for contender, pool in both if number % 2 else both[::-1]:
            target = next(targets)
            sample, slow = _run(contender.server, pool, target, folder)
            if number:  # the first turn warms up
                contender.samples.append(sample)
                p95 += [slow] if contender is contenders[0] else []
            wrong = wrong or _wrong(site, target, has_line=contender is contenders[0])
    found = report.row(
        site.engine, f"{PEOPLE} people on {PLACES} places", GOAL, *contenders, wrong=wrong
    )
    return report.with_p95(found, median(p95))


def _shifts(site: Site) -> Iterator[Target]:
    """Add shifts at night, when nobody has another place, of a project that opens all at once."""
    project = site.ask(
        select(Project.id, Project.place_id)
        .where(
            Project.status == "published",
            Project.early_percent == 100,
            Project.newcomer_percent == 0,
            Project.minimum_age <= 18,
        )
        .order_by(Project.id)
    )[0]
    zone = ZoneInfo("Asia/Shanghai")
    tonight = datetime.now(zone).replace(hour=2, minute=0, second=0, microsecond=0)
    for number in range(1, 100):
        starts_at = (tonight + timedelta(days=number)).astimezone(UTC)
        ends_at = starts_at + timedelta(hours=1)
        (shift_id,) = site.add(
            [
                Shift(
                    project_id=project.id,
                    place_id=project.place_id,
                    created_at=datetime.now(UTC),
                    starts_at=starts_at,
                    ends_at=ends_at,
                    **local_columns(starts_at, ends_at, zone),
                )
            ]
        )
        (post_id,) = site.add([Post(shift_id=shift_id, capacity=PLACES)])
        yield Target(shift_id, post_id)


def _run(server: Server, pool: Pool, target: Target, folder: Path) -> tuple[Sample, float]:
    plan = folder / "crowd.tsv"
    plan.write_text("\n".join(pool.request(one, target) for one in pool.people[:PEOPLE]) + "\n")
    before = server.cpu_seconds()
    command = [sys.executable, "-m", "bench.crowd", str(server.port), str(plan), str(CONNECTIONS)]
    done = subprocess.run(
        command, cwd=ROOT, check=True, capture_output=True, text=True, timeout=120
    )
    after = server.cpu_seconds()
    found = json.loads(done.stdout.removeprefix("RESULT "))
    slow = found.pop("p95")
    cpu = None if before is None or after is None else after - before
    return Sample(**found, cpu=cpu), slow


def _wrong(site: Site, target: Target, *, has_line: bool) -> str:
    """Return what the database says against it: too few, too many, or people lost."""
    rows = site.ask(select(SignUp.status).where(SignUp.shift_id == target.shift_id))
    states = Counter(found.status for found in rows)
    wanted = {"confirmed": PLACES} | ({"waitlisted": PEOPLE - PLACES} if has_line else {})
    return "" if states == wanted else f"{dict(states)} for {PLACES} places"


# ---------------------------------------------------------------- the client


async def _client(port: int, lines: Iterator[str], seconds: list[float], failed: list[str]) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for line in lines:
        method, path, cookie, body = line.split("\t")
        head = f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: {cookie}\r\n"
        head += f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}"
        began = time.monotonic()
        writer.write(f"{head}\r\n\r\n{body}".encode())
        answer = (await reader.readuntil(b"\r\n\r\n")).decode()
        fields = dict(one.lower().split(": ", 1) for one in answer.split("\r\n")[1:] if one)
        await reader.readexactly(int(fields["content-length"]))
        seconds.append(time.monotonic() - began)
        # The floor says 409 to who comes too late; the product puts everybody in line.
        if answer.split()[1] not in ("200", "303", "409"):
            failed.append(answer)
        if fields.get("connection") == "close":
            writer.close()
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.close()


async def _crowd(port: int, plan: list[str], connections: int) -> dict[str, float]:
    lines, seconds, failed = iter(plan), list[float](), list[str]()
    began = time.monotonic()
    await asyncio.gather(*(_client(port, lines, seconds, failed) for _ in range(connections)))
    whole = time.monotonic() - began
    seconds.sort()
    share = {name: 1000 * seconds[len(seconds) * n // 100] for name, n in _SHARES.items()}
    return {"requests": len(plan), "seconds": whole, "bytes": 0, "errors": len(failed), **share}


_SHARES = {"p50": 50, "p95": 95, "p99": 99}


def main() -> None:
    port, plan, connections = sys.argv[1:]
    lines = Path(plan).read_text().splitlines()
    print("RESULT", json.dumps(asyncio.run(_crowd(int(port), lines, int(connections)))))


if __name__ == "__main__":
    main()
