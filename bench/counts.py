"""Counts, not times: bytes of a page, statements it sends, and the first view of the list."""

from __future__ import annotations

import gzip
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import event

from bench.pages import Page
from bench.sites import ROOT, Site
from volunteer_hub.core.db import db

FIRST_VIEW_BYTES = 40_000
FRAMING = ("BEGIN", "PRAGMA", "SAVEPOINT", "RELEASE", "ROLLBACK", "COMMIT")
OWN_FILES = re.compile(r'(?:href|src)="/static/([^"?]+\.(?:css|js|svg))')


@dataclass(frozen=True)
class Count:
    """One page: HTML bytes as they are and compressed, statements, and how many are allowed."""

    page: str
    raw: int
    compressed: int
    queries: int
    goal: int | None

    @property
    def met(self) -> bool:
        return self.goal is None or self.queries <= self.goal


def count(site: Site, page: Page) -> Count | None:
    """Ask for the page twice in this process and count at the second time; None if it fails."""
    statements: list[str] = []

    def note(_conn: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if not statement.startswith(FRAMING):
            statements.append(statement)

    headers = {"Cookie": site.identity(page.phone).cookie} if page.phone else {}
    client = site.app.test_client(use_cookies=False)
    with site.app.app_context():
        engine = db.engine
    plain = client.get(page.path, headers=headers)
    if plain.status_code != 200:
        return None
    event.listen(engine, "before_cursor_execute", note)
    try:
        zipped = client.get(page.path, headers={**headers, "Accept-Encoding": "gzip"})
    finally:
        event.remove(engine, "before_cursor_execute", note)
    return Count(page.name, len(plain.data), len(zipped.data), len(statements), page.queries)


def first_view(site: Site) -> int:
    """Return the bytes over the wire for the first look at the list: HTML and our CSS and JS."""
    client = site.app.test_client(use_cookies=False)
    answer = client.get("/projects", headers={"Accept-Encoding": "gzip"})
    html = gzip.decompress(answer.data) if answer.content_encoding == "gzip" else answer.data
    files = {ROOT / "static" / name for name in OWN_FILES.findall(html.decode())}
    return len(answer.data) + sum(_sent(file) for file in files)


def _sent(file: Path) -> int:
    data = file.read_bytes()
    return min(len(data), len(gzip.compress(data)))
