"""Why places of a plan stay open, in the reader's language."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from volunteer_hub.core.i18n import _, _n
from volunteer_hub.matching.plan_queries import PlannedPost

Counts = Mapping[str, int]


def in_words(post: PlannedPost) -> str:
    """Return a sentence about the places that a plan could not fill, empty for unknown causes."""
    say = _SENTENCES.get(post.cause)
    return say(post.counts) if say else ""


def _nobody_free(_counts: Counts) -> str:
    return _("Nobody on standby is free then.")


def _too_far(counts: Counts) -> str:
    sentence = _n(
        "%(num)s person is free, but too far away.",
        "%(num)s people are free, but too far away.",
        counts["free"],
    )
    return _with_farther(sentence, counts)


def _lacks_skill(counts: Counts) -> str:
    return _n(
        "%(num)s person is free and near, but lacks what the post asks for.",
        "%(num)s people are free and near, but lack what the post asks for.",
        counts["near"],
    )


def _only_blocked(counts: Counts) -> str:
    return _n(
        "%(num)s person would fit, but has a place here, said no, or has something else then.",
        "%(num)s people would fit, but have a place here, said no, or have something else then.",
        counts["able"],
    )


def _below_minimum(counts: Counts) -> str:
    if counts["candidates"] >= counts.get("needed", 0):
        return _("Another post of this shift cannot reach its minimum, so nobody is asked.")
    sentence = _n(
        "Only %(num)s person could come, too few for the minimum.",
        "Only %(num)s people could come, too few for the minimum.",
        counts["candidates"],
    )
    return _with_farther(sentence, counts)


def _minimum_not_reached(counts: Counts) -> str:
    sentence = _n("%(num)s person could come.", "%(num)s people could come.", counts["candidates"])
    hint = _(
        "But the shift would miss its minimum: the same people fill more places on other shifts."
    )
    return f"{sentence} {hint}"


def _all_coming(counts: Counts) -> str:
    return _with_farther(_("Everybody who could come is in the plan already."), counts)


def _all_busy(counts: Counts) -> str:
    parts = []
    if counts["busy"]:
        parts.append(
            _n(
                "%(num)s is planned elsewhere then",
                "%(num)s are planned elsewhere then",
                counts["busy"],
            )
        )
    if counts["week_full"]:
        parts.append(
            _n(
                "%(num)s has reached the week's limit",
                "%(num)s have reached the week's limit",
                counts["week_full"],
            )
        )
    sentence = _("All who could come have something: %(what)s.", what=_(", ").join(parts))
    return _with_farther(sentence, counts)


def _with_farther(sentence: str, counts: Counts) -> str:
    more = counts.get("farther", 0)
    if not more:
        return sentence
    hint = _n(
        "With 5 more minutes on foot %(num)s more would be near.",
        "With 5 more minutes on foot %(num)s more would be near.",
        more,
    )
    return f"{sentence} {hint}"


_SENTENCES: dict[str, Callable[[Counts], str]] = {
    "nobody_free": _nobody_free,
    "too_far": _too_far,
    "lacks_skill": _lacks_skill,
    "only_blocked": _only_blocked,
    "below_minimum": _below_minimum,
    "minimum_not_reached": _minimum_not_reached,
    "all_coming": _all_coming,
    "all_busy": _all_busy,
}
