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
from volunteer_hub.reports.queries.sums import FEWEST, NOTHING, Detail, Tally, total

MOST_MONTHS = 12
MOST_CATEGORIES = 6
MOST_WEEKS = 53


@dataclass(frozen=True)
class Month:
    """Minutes of a month within the span, by its first day."""

    first: date
    minutes: int

    @property
    def dates(self) -> dict[str, str]:
        """The query values that ask for this month alone."""
        last = self.first + relativedelta(months=1, days=-1)
        return {"from": self.first.isoformat(), "to": last.isoformat()}


@dataclass(frozen=True)
class Kind:
    """Minutes of a category; `id` None stands for all smaller ones together."""

    id: int | None
    name: str
    minutes: int


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

    `hidden`: fewer than `FEWEST` people took part, and the reader does not lead this branch.
    """

    branch: BranchRow | None
    tally: Tally
    standing: Standing | None
    hidden: bool = False


@dataclass(frozen=True)
class PlaceLine:
    """Minutes and attendances by building 楼宇; `id` 0: of people without one."""

    id: int
    name: str
    committee_id: int | None
    minutes: int
    attendances: int


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


def shared_hours(minutes: int, people: int) -> str | None:
    """Return hours for each to one decimal, rounded half up once; None when there is nobody."""
    if people <= 0:
        return None
    tenths = (abs(minutes) + 3 * people) // (6 * people)
    return f"{'-' if minutes < 0 and tenths else ''}{tenths // 10}.{tenths % 10}"


def percent(part: int, whole: int) -> int | None:
    """Return whole per cent, rounded half up; None of nothing."""
    return (200 * part + whole) // (2 * whole) if whole else None


def tenths_of_percent(part: int, whole: int) -> str | None:
    """Return per cent to one decimal, rounded half up; None of nothing."""
    if whole <= 0:
        return None
    tenths = (2000 * part + whole) // (2 * whole)
    return f"{tenths // 10}.{tenths % 10}"


def change(now: int, before: int) -> int | None:
    """Return the change against before in whole per cent; None where there was nothing."""
    if before <= 0:
        return None
    rest = now - before
    rounded = (200 * abs(rest) + before) // (2 * before)
    return rounded if rest >= 0 else -rounded


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
) -> Figures:
    """Return the page's figures; `spans` are the tallies of now, the span before, a year before."""
    now, before, year_before = (total(span, branch_id) for span in spans)
    return Figures(
        now=now,
        before=before,
        year_before=year_before,
        standing=standing(books.get(branch_id, 0), now),
        no_shows=no_shows,
        months=_months(period, detail.days),
        weeks=_weeks(period, detail.days),
        kinds=_kinds(detail.categories, categories),
    )


def _months(period: Period, days: Mapping[date, int]) -> tuple[Month, ...]:
    minutes: dict[date, int] = defaultdict(int)
    for day, value in days.items():
        minutes[day.replace(day=1)] += value
    months, step = [], period.first.replace(day=1)
    while step <= period.last:
        months.append(Month(step, minutes[step]))
        step = date(step.year + step.month // 12, step.month % 12 + 1, 1)
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


def _kinds(minutes: Mapping[int, int], names: Mapping[int, tuple[str, str]]) -> tuple[Kind, ...]:
    ordered = sorted(
        ((id_, value) for id_, value in minutes.items() if value),
        key=lambda item: (-item[1], item[0]),
    )
    kinds = [Kind(id_, either(*names[id_]), value) for id_, value in ordered[:MOST_CATEGORIES]]
    rest = sum(value for _id, value in ordered[MOST_CATEGORIES:])
    return tuple(kinds + [Kind(None, "", rest)] * bool(rest))


def by_branch(
    family: Family,
    tallies: Mapping[int, Tally],
    books: Mapping[int, int],
    *,
    led: Collection[int],
) -> tuple[PartLine, ...]:
    """Return the lines below a branch, in the order of the tree, never by hours.

    The last line is what is in no branch listed (its own people, and who has moved since), so that
    the minutes always add up. A reader who does not lead sees no line of fewer than `FEWEST`
    people, nor the one that would give it away; `led` branches are the reader's own.
    """
    if not family.children:
        return ()
    rows = [(branch, total(tallies, branch.id)) for branch in family.children]
    hidden = small_ones({branch.id: tally for branch, tally in rows}) - set(led)
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
        lines.append(PartLine(None, rest, None))
    return tuple(lines)


def small_ones(tallies: Mapping[int, Tally]) -> set[int]:
    """Return what to keep from those who do not lead: fewer than `FEWEST` people took part.

    A single one could be worked out from the sum, so the next smallest is hidden with it.
    """
    active = sorted((tally.people, id_) for id_, tally in tallies.items() if tally.people)
    hidden = [id_ for people, id_ in active if people < FEWEST]
    if len(hidden) == 1 and len(active) > 1:
        hidden.append(active[1][1])
    return set(hidden)


def by_place(
    detail: Detail, names: Mapping[int, tuple[str, str, int | None]]
) -> tuple[PlaceLine, ...]:
    """Return the lines by building, by name; the minutes add up to the branch's."""
    lines = []
    for id_, (minutes, attendances) in detail.buildings.items():
        if not minutes and not attendances:
            continue
        zh, en, committee_id = names.get(id_, ("", "", None))
        lines.append(PlaceLine(id_, either(zh, en), committee_id, minutes, attendances))
    return tuple(sorted(lines, key=lambda line: (line.id == 0, line.name)))
