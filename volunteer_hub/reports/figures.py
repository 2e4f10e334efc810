"""Put a branch's sums together into what its page shows. Pure: no database."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from dateutil.relativedelta import relativedelta

from volunteer_hub.core.calendar import Period
from volunteer_hub.core.i18n import either
from volunteer_hub.reports.queries.branch import BranchRow, Family
from volunteer_hub.reports.queries.sums import NOTHING, Detail, Tally, few, total
from volunteer_hub.reports.shares import percent, shared_hours, tenths_of_percent
from volunteer_hub.reports.veil import Part

MOST_MONTHS = 12
MOST_CATEGORIES = 6
MOST_WEEKS = 53


@dataclass(frozen=True)
class Month:
    """Minutes of a month within the span, by its first day; `days` are those of it in the span."""

    first: date
    minutes: int
    days: Period
    is_hidden: bool = False

    @property
    def dates(self) -> dict[str, str]:
        """The query values that ask for what the month counts, and no more."""
        return {"from": self.days.first.isoformat(), "to": self.days.last.isoformat()}


@dataclass(frozen=True)
class Kind:
    """Minutes of a category; `id` None stands for all others together.

    `has_more`: some of these may be told apart; else all are of few people.
    """

    id: int | None
    name: str
    minutes: int
    has_more: bool = False


@dataclass(frozen=True)
class Standing:
    """How many people were on the books, and how many of them took part."""

    members: int
    active: int

    @property
    def rate(self) -> int | None:
        """Participation rate 参与率 in whole per cent."""
        return percent(self.active, self.members)


@dataclass(frozen=True)
class PartLine:
    """One line of the table by branch; without a branch: what is in none of those listed.

    `hidden`: the figures would tell of fewer than five people whom the reader may not name.
    `others`: how many branches are put together in this line, 0 for a line of its own.
    """

    branch: BranchRow | None
    tally: Tally
    standing: Standing | None
    hidden: bool = False
    others: int = 0


@dataclass(frozen=True)
class PlaceLine:
    """Minutes and attendances by building 楼宇; `id` 0: of people without one.

    `id` None: together, of buildings that would tell of few people, or of `others` that lack room.
    """

    id: int | None
    name: str
    committee_id: int | None
    minutes: int
    attendances: int
    # The branches, by id and name, on whose pages the reader may see the rows of this building.
    opens: tuple[tuple[int, str], ...] = ()
    others: int = 0


@dataclass(frozen=True)
class Figures:
    """The figures of one branch, span and kind of members; minutes are sums of the ledger."""

    now: Tally
    before: Tally
    year_before: Tally
    standing: Standing
    no_shows: int
    months: tuple[Month, ...]
    weeks: tuple[tuple[tuple[date, int | None], ...], ...]
    kinds: tuple[Kind, ...]
    # From Monday 0 on.
    hidden_weekdays: frozenset[int] = frozenset()
    hides_late: bool = False

    @property
    def per_member(self) -> str | None:
        """Hours per person 人均时长: all minutes over the people on the books."""
        return shared_hours(self.now.minutes, self.standing.members)

    @property
    def per_participant(self) -> str | None:
        """All minutes over the people who took part."""
        return shared_hours(self.now.minutes, self.now.people)

    @property
    def late_share(self) -> str | None:
        """Late entries 补录 per cent of all minutes, to one decimal."""
        return tenths_of_percent(self.now.late_minutes, self.now.minutes)

    @property
    def no_show_rate(self) -> str | None:
        """No-shows 爽约 per cent of those who were to come (attendances and no-shows)."""
        return tenths_of_percent(self.no_shows, self.now.attendances + self.no_shows)


def standing(members: int, tally: Tally) -> Standing:
    """Return the standing; whoever took part was on the books, whatever was corrected since."""
    return Standing(max(members, tally.people), tally.people)


def figures(
    branch_id: int,
    period: Period,
    spans: Sequence[Mapping[int, Tally]],
    books: Mapping[int, int],
    detail: Detail,
    *,
    no_shows: int,
    categories: Mapping[int, tuple[str, str]],
    veiled: Mapping[Part, Collection[int]] | None = None,
    guarded: bool = False,
    every_kind: bool = False,
) -> Figures:
    """Return the page's figures; `spans` are the tallies of now, the span before, a year before.

    `every_kind` lists all categories, not only the largest. What is `veiled` is told of nobody; a
    `guarded` reader is not told of few people before either.
    """
    veiled = veiled or {}
    now, before, year_before = (total(span, branch_id) for span in spans)
    if guarded:
        before, year_before = (NOTHING if few(one, 0) else one for one in (before, year_before))
    return Figures(
        now=now,
        before=before,
        year_before=year_before,
        standing=standing(books.get(branch_id, 0), now),
        no_shows=no_shows,
        months=_months(period, detail.days, veiled.get(Part.MONTH, ())),
        weeks=_weeks(period, detail.days),
        kinds=_kinds(
            detail.categories, categories, veiled.get(Part.CATEGORY, ()), whole=every_kind
        ),
        hidden_weekdays=frozenset((key - 1) % 7 for key in veiled.get(Part.WEEKDAY, ())),
        hides_late=1 in veiled.get(Part.LATE, ()),
    )


def _months(period: Period, days: Mapping[date, int], hidden: Collection[int]) -> tuple[Month, ...]:
    minutes: dict[date, int] = defaultdict(int)
    for day, value in days.items():
        minutes[day.replace(day=1)] += value
    months, step = [], period.first.replace(day=1)
    while step <= period.last:
        is_hidden = 100 * step.year + step.month in hidden
        following = step + relativedelta(months=1)
        part = Period(max(step, period.first), min(following - timedelta(days=1), period.last))
        months.append(Month(step, 0 if is_hidden else minutes[step], part, is_hidden))
        step = following
    return tuple(months[-MOST_MONTHS:])


def _weeks(
    period: Period, days: Mapping[date, int]
) -> tuple[tuple[tuple[date, int | None], ...], ...]:
    """Return the span's last weeks from Monday on, each day with its minutes (None: outside)."""
    step = period.first - timedelta(days=period.first.weekday())
    weeks = []
    while step <= period.last:
        week = [step + timedelta(days=n) for n in range(7)]
        weeks.append(
            tuple(
                (day, days.get(day, 0) if period.first <= day <= period.last else None)
                for day in week
            )
        )
        step += timedelta(days=7)
    return tuple(weeks[-MOST_WEEKS:])


def _kinds(
    minutes: Mapping[int, int],
    names: Mapping[int, tuple[str, str]],
    hidden: Collection[int] = (),
    *,
    whole: bool = False,
) -> tuple[Kind, ...]:
    ordered = sorted(
        ((id_, value) for id_, value in minutes.items() if value and id_ not in hidden),
        key=lambda item: (-item[1], item[0]),
    )
    most = len(ordered) if whole else MOST_CATEGORIES
    kinds = [Kind(id_, either(*names[id_]), value) for id_, value in ordered[:most]]
    rest = sum(value for _id, value in ordered[most:])
    rest += sum(minutes.get(id_, 0) for id_ in hidden)
    return tuple(kinds + [Kind(None, "", rest, len(ordered) > most)] * bool(rest))


def by_branch(
    family: Family,
    tallies: Mapping[int, Tally],
    books: Mapping[int, int],
    *,
    hidden: Collection[int],
    hides_rest: bool,
) -> tuple[PartLine, ...]:
    """Return the lines below a branch, in the order of the tree, never by hours.

    The last line is what is in no branch listed (its own people, and who has moved since), so that
    the minutes always add up. Lines of `hidden` branches, and of the rest if `hides_rest`, say so.
    """
    if not family.children:
        return ()
    rows = [(branch, total(tallies, branch.id)) for branch in family.children]
    lines = [
        PartLine(branch, tally, standing(books.get(branch.id, 0), tally), branch.id in hidden)
        for branch, tally in rows
    ]
    whole = total(tallies, family.branch.id)
    rest = Tally(
        whole.minutes - sum(tally.minutes for _branch, tally in rows),
        whole.attendances - sum(tally.attendances for _branch, tally in rows),
    )
    if rest != NOTHING:
        lines.append(PartLine(None, rest, None, hides_rest))
    return tuple(lines)


def by_place(
    detail: Detail,
    names: Mapping[int, tuple[str, str, int | None]],
    hidden: Collection[int] = (),
) -> tuple[PlaceLine, ...]:
    """Return the lines by building, by name; the minutes add up to the branch's."""
    lines, few_minutes, few_attendances = [], 0, 0
    for id_, (minutes, attendances) in detail.buildings.items():
        if not minutes and not attendances:
            continue
        if id_ in hidden:
            few_minutes, few_attendances = few_minutes + minutes, few_attendances + attendances
            continue
        zh, en, committee_id = names.get(id_, ("", "", None))
        lines.append(PlaceLine(id_, either(zh, en), committee_id, minutes, attendances))
    lines.sort(key=lambda line: (line.id == 0, line.name))
    if few_minutes or few_attendances:
        lines.append(PlaceLine(None, "", None, few_minutes, few_attendances))
    return tuple(lines)
