"""Categories and projects, with what their shifts have in common."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

from volunteer_hub.accounts.models import Person
from volunteer_hub.core.calendar import Period
from volunteer_hub.demo.people import COORDINATOR, People
from volunteer_hub.demo.plan import HISTORY_DAYS, Plan, Row
from volunteer_hub.demo.titles import Title, titles
from volunteer_hub.projects.models import Category, Project, ProjectStatus
from volunteer_hub.shifts.offers import risk_digest

LIVE_SHARE, COMING_SHARE = 0.75, 0.03
# The three projects everybody knows, by category; the first title of each always has shifts.
FLAGSHIPS = {"hospital_guide": "T01", "elder_digital": "T07", "environment": "T25"}
FLAGSHIP_TITLES = 3
DUTY_PHONE = 19900000010
INSURANCE = (
    "主办单位为每位参加者投保志愿者人身意外险（演示）：意外伤害 20 万元、意外医疗 2 万元，"
    "服务当日有效；出险请先联系现场联系人。"
)


@dataclass
class Offer:
    """A project with the pattern of its shifts: window, start, length, place and posts."""

    project: Row
    category: dict[str, Any]
    window: dict[str, Any]
    start: int
    meeting_point: str
    period: Period
    phase: str
    posts: list[dict[str, str]]
    risk: str
    coordinators: list[int]
    flagship: bool = False
    days: set[date] = field(default_factory=set)


@dataclass
class Offers:
    """All projects; `flagships` by category key."""

    all: list[Offer]
    flagships: dict[str, Offer]

    def live(self) -> list[Offer]:
        return [offer for offer in self.all if offer.phase == "live"]


def build(plan: Plan, people: People) -> Offers:
    """Collect categories and as many projects as the scale wants, shared out as the seed says."""
    categories = plan.seed["categories"]
    for position, item in enumerate(categories):
        plan.add(
            Category, key=item["key"], name_zh=item["zh"], name_en=item["en"],
            position=position, hazardous=item["hazardous"],
        )  # fmt: skip
    found = titles(plan)
    chosen: list[Title] = []
    left, share = plan.scale.projects, sum(item["share"] for item in categories)
    for item in categories:
        count = round(left * item["share"] / share)
        chosen += _choose(plan, item["key"], found[item["key"]], count)
        left, share = left - count, share - item["share"]
    firsts: dict[str, Title] = {}
    for title in chosen:
        if title.template["id"] in FLAGSHIPS.values() and title.phase == "live":
            firsts.setdefault(title.template["category"], title)
    plan.rng.shuffle(chosen)
    offers = Offers([], {})
    for title in chosen:
        offer = _offer(plan, people, title)
        offers.all.append(offer)
        if firsts.get(offer.category["key"]) is title:
            _raise_flag(plan, offer)
            offers.flagships[offer.category["key"]] = offer
    return offers


def _choose(plan: Plan, key: str, candidates: list[Title], count: int) -> list[Title]:
    """Choose titles of one category: mostly live ones, some of the next quarter, the rest past."""
    plan.rng.shuffle(candidates)
    year_ago = plan.days_ago(HISTORY_DAYS)
    by_phase: dict[str, list[Title]] = {"live": [], "coming": [], "past": []}
    for title in candidates:
        by_phase[title.phase].append(title)
    # Of the past mostly what falls into the year of history.
    by_phase["past"].sort(
        key=lambda title: title.period.last < year_ago and plan.rng.random() < 0.8
    )
    first = [t for t in by_phase["live"] if t.template["id"] == FLAGSHIPS.get(key)]
    first = first[:FLAGSHIP_TITLES]
    ahead = {title.zh for title in first}
    live = first + [title for title in by_phase["live"] if title.zh not in ahead]
    chosen = live[: max(len(first), round(count * LIVE_SHARE))]
    chosen += by_phase["coming"][: round(count * COMING_SHARE)]
    taken = {title.zh for title in chosen}
    rest = by_phase["past"] + [_ended(plan, title) for title in live if title.zh not in taken]
    chosen += rest[: count - len(chosen)]
    # Three times the projects need more titles than there are: a second group of the same.
    more = [replace(t, zh=f"{t.zh}（二组）", en=f"{t.en}, group 2") for t in chosen]
    return (chosen + more)[:count]


def _ended(plan: Plan, title: Title) -> Title:
    """Return an undated title as a project that ended a while ago."""
    if title.dated:
        return title
    return replace(
        title,
        phase="past",
        period=Period(title.period.first, plan.days_ago(plan.rng.randint(20, 90))),
    )


def _offer(plan: Plan, people: People, title: Title) -> Offer:
    rng, template = plan.rng, title.template
    category = next(c for c in plan.seed["categories"] if c["key"] == template["category"])
    window = _window(plan, category, template)
    organisation_id = plan.organisation[title.organisation]
    coordinators = people.coordinators[organisation_id]
    project = plan.add(
        Project,
        organisation_id=organisation_id,
        category_id=1 + plan.seed["categories"].index(category),
        place_id=plan.place[title.place],
        title_zh=title.zh,
        title_en=title.en,
        content_zh=template.get("content_zh", category["content_zh"]),
        content_en=template.get("content_en", category["content_en"]),
        risk_zh=category["risk_zh"],
        risk_en=category["risk_en"],
        insurance=INSURANCE if category["hazardous"] else "",
        contact_name=plan.rows[Person][coordinators[0] - 1]["name"][0] + "老师",
        contact_phone=f"+86{DUTY_PHONE + organisation_id}",
        minimum_age=category["minimum_age"],
        outdoors=category["outdoors"],
        one_to_one=template["id"] == FLAGSHIPS["elder_digital"],
        status=str(ProjectStatus.PUBLISHED),
        created_at=_created_at(plan, title.period),
    )
    several = category["key"] == "hospital_guide" or rng.random() < 0.12
    roles = category["roles"][: rng.randint(2, 3)] if several else [{"zh": "", "en": ""}]
    return Offer(
        project=project,
        category=category,
        window=window,
        start=_start(plan, window, category["duration"]),
        meeting_point=_meeting_point(plan, title.place),
        period=title.period,
        phase=title.phase,
        posts=roles,
        risk=risk_digest(category["risk_zh"], category["risk_en"]),
        coordinators=coordinators,
    )


def _window(plan: Plan, category: dict[str, Any], template: dict[str, Any]) -> dict[str, Any]:
    wanted = [template["window"]] if "window" in template else category["windows"]
    windows = [window for window in plan.seed["windows"] if window["key"] in wanted]
    chosen = plan.rng.choices(windows, [window["share"] for window in windows])[0]
    return dict(chosen)


def _start(plan: Plan, window: dict[str, Any], duration: int) -> int:
    """Return a start in steps of five minutes, mostly so that the shift fits into its window."""
    slack = max(0, window["end"] - window["start"] - duration)
    if plan.rng.random() < 0.25:
        return int(window["start"] - plan.rng.randrange(5, 35, 5))
    return int(window["start"] + plan.rng.randrange(0, slack + 5, 5))


def _meeting_point(plan: Plan, place: str) -> str:
    location = next((item for item in plan.seed["locations"] if item["code"] == place), None)
    if location:
        return str(plan.seed["meeting_points"][location["type"]])
    return "居委会门口" if place.startswith("C") else "一楼前台"


def _created_at(plan: Plan, period: Period) -> Any:
    first = min(period.first, plan.days_ago(25))
    day = first - timedelta(days=plan.rng.randint(3, 20))
    return plan.moment(day, 9 * 60 + plan.rng.randrange(9 * 60))


def _raise_flag(plan: Plan, offer: Offer) -> None:
    """Let a well-known project have shifts now, whatever quarter its title speaks of."""
    offer.flagship = True
    week = timedelta(days=7)
    offer.period = Period(
        min(offer.period.first, plan.today - week), max(offer.period.last, plan.today + week)
    )
    fitting = {"hospital_guide": 7 * 60, "elder_digital": 12 * 60, "environment": 18 * 60 + 45}
    offer.start = fitting[offer.category["key"]]
    if offer.category["key"] == "hospital_guide" and COORDINATOR not in offer.coordinators:
        raise ValueError("the hospital project belongs to the demo's coordinator")
