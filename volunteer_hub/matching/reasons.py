"""Why a shift and a person suit each other: kept as data, said in the reader's language."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from volunteer_hub.core.calendar import Window
from volunteer_hub.core.i18n import _, _l, either

# Further reasons would not be read.
MOST = 4
WINDOWS = {
    Window.BEFORE_WORK: _l("Before work"),
    Window.LUNCH: _l("Lunch"),
    Window.AFTER_WORK: _l("After work"),
    Window.WEEKEND_AM: _l("Weekend morning"),
    Window.WEEKEND_PM: _l("Weekend afternoon"),
}
# One reason: its kind, then JSON values.
Reason = Sequence[Any]


def reasons(
    *,
    window: str = "",
    walk: int | None = None,
    skills: Iterable[tuple[str, str]] = (),
    branch: bool = False,
    served: bool = False,
    liked: tuple[str, str] | None = None,
    short: int = 0,
) -> list[Reason]:
    """Return the reasons in the order in which they are said, what the shift still lacks last.

    `window` is when the person is free, `walk` minutes on foot, `skills` (names in Chinese and
    English) what is asked for and known, `liked` the names of a category, `short` the people
    missing to the minimum.
    """
    found: list[Reason] = []
    if window in WINDOWS:
        found.append(["window", str(window)])
    if walk is not None:
        found.append(["walk", walk])
    found += [["skill", *names] for names in skills]
    if branch:
        found.append(["branch"])
    if served:
        found.append(["served"])
    elif liked:
        found.append(["like", *liked])
    found = found[:MOST]
    if short > 0:
        found.append(["short", short])
    return found


def in_words(why: Iterable[Reason]) -> str:
    """Return `午间 · 步行 6 分钟 · 会上海话 · 还差 2 人开班`; unknown kinds are left out."""
    return " · ".join(filter(None, (_say(*reason) for reason in why)))


def _say(kind: str, *values: Any) -> str:
    if kind == "window":
        return str(WINDOWS[Window(values[0])])
    if kind == "walk":
        return _("%(n)s min on foot", n=values[0])
    if kind == "skill":
        return _("skill: %(skills)s", skills=either(*values))
    if kind == "like":
        return _("interest: %(kind)s", kind=either(*values))
    if kind == "short":
        return _("%(n)s more and it can go ahead", n=values[0])
    plain = {"branch": _("adopted by the own branch"), "served": _("been there before")}
    return plain.get(kind, "")
