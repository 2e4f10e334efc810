"""Where the time of a request goes: `python -m bench.where [--only TEXT] [--top N]`.

Runs requests one after the other in this process under the profiler: first the plain processor
time of a request, then its share by package and the functions that cost most.
"""

from __future__ import annotations

import argparse
import cProfile
import pstats
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from werkzeug.test import EnvironBuilder, run_wsgi_app

from bench.pages import pages_of
from bench.signups import pools_of
from bench.sites import ROOT, Site

WARM, TIMED = 30, 300
PLACES = ("sqlalchemy/", "jinja2/", "werkzeug/", "flask_sqlalchemy/", "flask_login/", "flask_wtf/",
          "wtforms/", "flask_babel/", "babel/", "flask_limiter/", "flask_compress/", "whitenoise/",
          "itsdangerous/", "flask/", "volunteer_hub/", "gettext.py", "<template>")  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.where", description=__doc__)
    parser.add_argument("--only", default="", help="only pages whose name holds this text")
    parser.add_argument("--top", type=int, default=25, help="how many functions to list")
    parser.add_argument("--scale", default="article")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="hub-bench-") as folder:
        site = Site("sqlite", f"sqlite:///{Path(folder) / 'hub.db'}", given.scale)
        for name, requests in _kinds(site):
            if given.only in name:
                _look(site.app, name, requests, given.top)
        site.close()


def _kinds(site: Site) -> Iterator[tuple[str, Iterator[dict[str, Any]]]]:
    for page in pages_of(site):
        cookie = site.identity(page.phone).cookie if page.phone else ""
        if page.is_plain:
            yield page.name, _again(f"GET\t{page.path}\t{cookie}\t")
    pool = pools_of(site)[0]
    yield "sign-up POST", (_environment(pool.line(n)) for n in range(pool.size))


def _again(line: str) -> Iterator[dict[str, Any]]:
    while True:
        yield _environment(line)


def _environment(line: str) -> dict[str, Any]:
    method, path, cookie, body = line.split("\t")
    headers = [("Cookie", cookie)] if cookie else []
    kind = "application/x-www-form-urlencoded" if body else None
    builder = EnvironBuilder(
        path, method=method, headers=headers, data=body or None, content_type=kind
    )
    return builder.get_environ()


def _look(app: Any, name: str, requests: Iterator[dict[str, Any]], top: int) -> None:
    _run(app, islice(requests, WARM))
    ready = list(islice(requests, TIMED))
    wall, began = time.perf_counter(), time.process_time()
    _run(app, ready)
    spent, wall = time.process_time() - began, time.perf_counter() - wall
    print(f"\n=== {name}: {1000 * spent / TIMED:.2f} ms of processor, {1000 * wall / TIMED:.2f} ms")
    ready = list(islice(requests, TIMED))
    profile = cProfile.Profile()
    profile.runcall(_run, app, ready)
    _shares(profile)
    _functions(profile, lambda cell: cell[2], "own time", top)
    _functions(profile, lambda cell: cell[3], "with what it calls", top * 2)


def _run(app: Any, environments: Any) -> None:
    for environment in environments:
        _body, status, _headers = run_wsgi_app(app, environment, buffered=True)
        if not status.startswith(("200", "303")):
            raise SystemExit(f"answered {status}")


def _cells(profile: cProfile.Profile) -> Any:
    return pstats.Stats(profile).stats.items()  # type: ignore[attr-defined]


def _shares(profile: cProfile.Profile) -> None:
    shares: Counter[str] = Counter()
    for (file, _line, function), cell in _cells(profile):
        shares[_place(file, function)] += cell[2]
    total = sum(shares.values())
    print(
        "  " + ", ".join(f"{place} {100 * t / total:.0f} %" for place, t in shares.most_common(12))
    )


def _place(file: str, function: str) -> str:
    if file == "~":
        return "driver" if "sqlite" in function or "fetch" in function else "built-in"
    return next((place for place in PLACES if place in file), "other")


def _functions(
    profile: cProfile.Profile, by: Callable[[Any], float], title: str, count: int
) -> None:
    print(f"  -- {title}: µs and calls per request")
    cells = sorted(_cells(profile), key=lambda item: -by(item[1]))
    for (file, line, function), cell in cells[:count]:
        where = file.split("site-packages/")[-1].removeprefix(f"{ROOT}/")
        calls = cell[1] / TIMED
        print(f"  {1e6 * by(cell) / TIMED:>8.0f} {calls:>7.1f}  {where}:{line} {function}")


if __name__ == "__main__":
    main()
