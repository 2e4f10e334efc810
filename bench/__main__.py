"""`python -m bench`: prepare databases, take turns, print the ratios, exit 1 below a goal."""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench import counts, crowd, generator, report, turns
from bench.pages import Page, pages_of
from bench.report import Row, ShapeRow
from bench.servers import EMBEDDED, FLOOR, PRODUCT, SHAPES, Server, serve
from bench.signups import Pool, pools_of
from bench.sites import Site
from bench.turns import Contender, Turns
from tests import postgres

ENGINES = ("sqlite", "postgresql")
SIGN_UP_GOALS = {"sqlite": 0.27, "postgresql": 0.30}
FULL, QUICK = Turns(rounds=5, seconds=2), Turns(rounds=2, seconds=1)


@dataclass(frozen=True)
class Options:
    """What the command line asks for."""

    scale: str
    turns: Turns
    only: str
    shapes: bool
    engines: tuple[str, ...]


def _options() -> Options:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="short turns; rough figures")
    parser.add_argument("--scale", default="article", choices=["small", "article", "large"])
    parser.add_argument("--only", default="", help="only rows whose name holds this text")
    parser.add_argument("--no-shapes", action="store_true", help="do not compare server shapes")
    parser.add_argument("--engine", choices=ENGINES, help="only this database")
    given = parser.parse_args()
    return Options(
        given.scale,
        QUICK if given.quick else FULL,
        given.only,
        not given.no_shapes and not given.only,
        (given.engine,) if given.engine else ENGINES,
    )


def main() -> int:
    options, began = _options(), time.monotonic()
    print(f"load by {generator.wrk() or 'our own client (wrk is not installed)'}", flush=True)
    rows: list[Row] = []
    found: list[counts.Count] = []
    shapes: list[ShapeRow] = []
    first_view = 0
    with tempfile.TemporaryDirectory(prefix="hub-bench-") as name:
        folder = Path(name)
        for engine in options.engines:
            with _site(engine, options, folder) as site:
                pages = pages_of(site)
                if not found:
                    found = [
                        done
                        for page in pages
                        if page.is_plain and (done := counts.count(site, page))
                    ]
                    first_view = counts.first_view(site)
                    print(f"\n{report.show_counts(found, first_view)}\n\n{report.HEADER}")
                pools = pools_of(site)
                rows += _rows(site, pages, pools, options, folder)
                if options.shapes and engine == "sqlite":
                    shapes = _shapes(site, pools[0], options, folder)
    if shapes:
        print(f"\n{report.show_shapes(shapes)}")
    report.keep(rows, found, first_view, shapes)
    print(f"\n{time.monotonic() - began:.0f} s; figures in bench/results.json")
    met = all(row.met for row in rows) and all(count.met for count in found)
    return 0 if met and first_view <= counts.FIRST_VIEW_BYTES else 1


@contextmanager
def _site(engine: str, options: Options, folder: Path) -> Iterator[Site]:
    """Yield a database with demo data: a file, or a durable server of our own."""
    with ExitStack() as stack:
        if engine == "sqlite":
            url = f"sqlite:///{folder / 'hub.db'}"
        else:
            server_url = stack.enter_context(postgres.server(durable=True))
            made = postgres.recreate(server_url, "hub_bench")
            stack.callback(postgres.drop, server_url, "hub_bench")
            url = made.render_as_string(hide_password=False)
        site = Site(engine, url, options.scale)
        stack.callback(site.close)
        yield site


def _rows(
    site: Site, pages: list[Page], pools: tuple[Pool, Pool], options: Options, folder: Path
) -> Iterator[Row]:
    """Measure every page and the sign-up; print each row when it is there."""
    log = folder / "server.log"
    with (
        serve(PRODUCT, EMBEDDED, site, log) as product,
        serve(PRODUCT, EMBEDDED, site, log, cache=True) as cached,
        serve(FLOOR, EMBEDDED, site, log) as floor,
    ):
        for page in pages:
            if options.only in page.name:
                server = cached if page.cached else product
                yield _shown(_page_row(site, page, server, floor, options.turns, folder))
        if options.only in "sign-up POST":
            ours, theirs = Contender(product, pool=pools[0]), Contender(floor, pool=pools[1])
            turns.take([ours, theirs], options.turns, folder)
            goal = SIGN_UP_GOALS[site.engine]
            yield _shown(report.row(site.engine, "sign-up POST", goal, ours, theirs))
        if options.only in "people on places":
            yield _shown(crowd.row(site, product, floor, pools, folder))


def _shown(row: Row) -> Row:
    print(report.show_row(row), flush=True)
    return row


def _page_row(
    site: Site, page: Page, product: Server, floor: Server, plan: Turns, folder: Path
) -> Row:
    cookie = site.identity(page.phone).cookie if page.phone else ""
    size, wrong = turns.probe(product.address + page.path, cookie=cookie, contains=page.contains)
    same = f"/read/{size}"
    if not wrong:
        floor_size, wrong = turns.probe(floor.address + same, contains="data-id=")
        if not wrong and abs(floor_size - size) > size / 100:
            wrong = f"the floor sends {floor_size} bytes for {size}"
    if wrong:
        return Row(site.engine, page.name, page.goal, wrong=wrong)
    ours = Contender(product, page.path, cookie, page.encoding)
    theirs = Contender(floor, same)
    turns.take([ours, theirs], plan, folder)
    if not page.encoding and turns.unsteady(ours, size):
        wrong = "answers under load were shorter than the page"
    return report.row(site.engine, page.name, page.goal, ours, theirs, wrong)


def _shapes(site: Site, pool: Pool, options: Options, folder: Path) -> list[ShapeRow]:
    """Serve the same database in each shape, in turns, and load the list and the sign-up."""
    log = folder / "server.log"
    with ExitStack() as stack:
        servers = {shape: stack.enter_context(serve(PRODUCT, shape, site, log)) for shape in SHAPES}
        lists = [Contender(server, "/projects") for server in servers.values()]
        signs = [Contender(server, pool=pool) for server in servers.values()]
        turns.take(lists, options.turns, folder)
        turns.take(signs, options.turns, folder)
    return [
        ShapeRow(
            shape,
            read.middle(lambda s: s.rate) or 0,
            read.middle(lambda s: s.p99) or 0,
            write.middle(lambda s: s.rate) or 0,
            write.middle(lambda s: s.p99) or 0,
            sum(sample.errors for sample in read.samples + write.samples),
        )
        for shape, read, write in zip(servers, lists, signs, strict=True)
    ]


if __name__ == "__main__":
    raise SystemExit(main())
