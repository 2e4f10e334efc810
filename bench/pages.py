"""What is measured, and how much of the floor each must reach."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlencode

from bench.sites import LEADER, VOLUNTEER, Site


@dataclass(frozen=True)
class Page:
    """One address: who asks for it, what must be on it, and the goals."""

    name: str
    path: str
    contains: str
    phone: str | None = None
    goal: float | None = None
    queries: int | None = None
    on_postgresql: bool = False
    encoding: str = ""
    cached: bool = False

    @property
    def is_plain(self) -> bool:
        """Tell whether this is a page of its own, not another way to send one."""
        return not self.encoding and not self.cached


def pages_of(site: Site) -> list[Page]:
    """Return the pages of the suite with the ids of this database."""
    facts = site.facts()
    near = {"building": facts.building_id, "walk": 15, "seats": 1}
    filtered = urlencode({"window": "lunch", **near})
    searched = urlencode({"q": "医院"})
    lunch = urlencode({"date": facts.lunch_day, "from": "11:45", "to": "13:15", **near})
    card = "data-id="
    every = [
        Page("project list", "/projects", card, goal=0.35, queries=4, on_postgresql=True),
        Page("project list, compressed", "/projects", card, encoding="gzip"),
        Page("project list, cached", "/projects", card, goal=1.0, cached=True,
             on_postgresql=True),
        Page("project list, filtered", f"/projects?{filtered}", card, queries=4),
        Page("project list, searched", f"/projects?{searched}", card, queries=4),
        Page("project list, logged in", "/projects", card, VOLUNTEER, goal=0.30, queries=5),
        Page("free-hour search", f"/shifts?{lunch}", card, queries=4),
        Page("shift page", f"/shifts/{facts.shift_id}", "data-left=", goal=0.28,
             on_postgresql=True),
        Page("branch page", f"/branches/{facts.branch_id}?quarter={_last_quarter()}", "<h1",
             LEADER, on_postgresql=True),
    ]  # fmt: skip
    return [page for page in every if page.on_postgresql or site.engine == "sqlite"]


def _last_quarter() -> str:
    now = datetime.now(UTC)
    year, quarter = now.year, (now.month - 1) // 3
    return f"{year}Q{quarter}" if quarter else f"{year - 1}Q4"
