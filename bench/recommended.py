"""`python -m bench.recommended`: what recommending costs against the plain list of shifts.

At article size, on both engines: a sample of volunteers who have said when they are free, and one
of volunteers who have said nothing, each ask for `/shifts` and `/recommended` in turn, in this
process, one after the other. The goal: not more than twice the plain list (median).
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from sqlalchemy import select

from bench.sites import Site
from tests import postgres
from volunteer_hub.accounts.models import Person
from volunteer_hub.core.db import db
from volunteer_hub.matching.models import Availability

ENGINES = ("sqlite", "postgresql")
PEOPLE, GOAL = 100, 2.0
PATHS = ("/shifts", "/recommended")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.recommended", description=__doc__)
    parser.add_argument("--scale", default="article", choices=["small", "article", "large"])
    parser.add_argument("--engine", choices=ENGINES)
    given = parser.parse_args()
    for engine in [given.engine] if given.engine else ENGINES:
        with ExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="hub-rec-")))
            url = f"sqlite:///{folder / 'hub.db'}"
            if engine == "postgresql":
                server = stack.enter_context(postgres.server())
                url = postgres.recreate(server, "hub_rec").render_as_string(hide_password=False)
            site = Site(engine, url, given.scale)
            stack.callback(site.close)
            _measure(site)


def _measure(site: Site) -> None:
    said = select(Availability.person_id)
    kinds = {
        "free hours said": Person.id.in_(said),
        "nothing said": Person.id.not_in(said) & Person.building_id.is_not(None),
    }
    for name, who in kinds.items():
        query = select(Person.id, Person.session_key).where(who, Person.deleted_at.is_(None))
        people = site.ask(query.order_by(Person.id).limit(PEOPLE))
        times = _times(site, people)
        plain, ranked = (times[path] for path in PATHS)
        ratio = median(ranked) / median(plain)
        mark = "" if ratio <= GOAL else f"  ABOVE {GOAL}"
        print(
            f"{site.engine}, {name}: plain list {_shown(plain)}, recommended {_shown(ranked)},"
            f" {ratio:.2f} ×{mark}",
            flush=True,
        )


def _times(site: Site, people: Sequence[Any]) -> dict[str, list[float]]:
    """Return the seconds of every request, both pages in turn for each person."""
    found: dict[str, list[float]] = {path: [] for path in PATHS}
    client = site.app.test_client(use_cookies=False)
    for round_ in range(3):
        for identity in site.identities(people):
            for path in PATHS:
                began = time.perf_counter()
                answer = client.get(path, headers={"Cookie": identity.cookie})
                taken = time.perf_counter() - began
                assert answer.status_code == 200, answer.status_code
                # The first round warms caches of statements up.
                if round_:
                    found[path].append(taken)
    with site.app.app_context():
        db.session.remove()
    return found


def _shown(seconds: Sequence[float]) -> str:
    return f"{1000 * median(seconds):.1f} ms (p99 {1000 * quantiles(seconds, n=100)[98]:.1f})"


if __name__ == "__main__":
    main()
