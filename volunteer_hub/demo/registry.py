"""The sub-district: committees, buildings, enterprises, organisations, places and walks."""

from __future__ import annotations

from itertools import product
from typing import Any

from volunteer_hub.core.geo import walking_minutes
from volunteer_hub.demo.plan import Plan, Row
from volunteer_hub.registry.models import (
    Building,
    Enterprise,
    NeighbourhoodCommittee,
    Organisation,
    Place,
    SubDistrict,
    Walk,
)

HOME_BUILDING = "B01"
HOME_WORKERS = 60
# As many names as the first patterns give; more enterprises need the further ones too.
PLAIN_PATTERNS = 3
ENOUGH_NAMES = 1_600


def build(plan: Plan) -> list[tuple[int, int]]:
    """Collect the registry; return (enterprise id, number of workers), summing up to the scale."""
    seed = plan.seed
    district = seed["sub_district"]
    plan.add(
        SubDistrict, code=district["code"], name_zh=district["zh"], name_en=district["en"],
        is_demo=True,
    )  # fmt: skip
    for item in seed["communities"]:
        row = plan.add(
            NeighbourhoodCommittee, code=item["code"], name_zh=item["zh"], name_en=item["en"]
        )
        plan.committee[item["code"]] = row["id"]
    for item in seed["buildings"]:
        plan.building[item["code"]] = _building(plan, item)["id"]
    for item in seed["organisations"] + seed["communities"]:
        row = plan.add(Organisation, name_zh=item["zh"], name_en=item["en"])
        plan.organisation[item["code"]] = row["id"]
    _places(plan)
    return _enterprises(plan)


def _building(plan: Plan, item: dict[str, Any]) -> Row:
    return plan.add(
        Building,
        code=item["code"],
        name_zh=item["zh"],
        name_en=item["en"],
        address_zh=item["address_zh"],
        address_en=item["address_en"],
        lat=item["lat"],
        lng=item["lng"],
        committee_id=plan.committee[item["community"]],
    )


def _places(plan: Plan) -> None:
    seed = plan.seed
    for item in seed["locations"]:
        plan.place[item["code"]] = _place(plan, item, item["zh"], item["en"])
    for item in seed["buildings"]:
        plan.place[item["code"]] = _place(plan, item, item["station_zh"], item["station_en"])
    for item in seed["communities"]:
        name_zh, name_en = f"{item['short_zh']}社区活动室", f"{item['short_en']} community room"
        plan.place[item["code"]] = _place(plan, item, name_zh, name_en)
    walks = plan.rows[Walk]
    for building, place in product(plan.rows[Building], plan.rows[Place]):
        minutes = walking_minutes(building["lat"], building["lng"], place["lat"], place["lng"])
        walks.append({"building_id": building["id"], "place_id": place["id"], "minutes": minutes})


def _place(plan: Plan, item: dict[str, Any], name_zh: str, name_en: str) -> int:
    row = plan.add(
        Place,
        name_zh=name_zh,
        name_en=name_en,
        address_zh=item.get("address_zh", ""),
        address_en=item.get("address_en", ""),
        lat=item["lat"],
        lng=item["lng"],
    )
    return int(row["id"])


def _enterprises(plan: Plan) -> list[tuple[int, int]]:
    buildings = plan.seed["buildings"]
    workers = _shares(plan.scale.people - HOME_WORKERS, [b["workers"] for b in buildings])
    homes = _shares(plan.scale.enterprises, [b["enterprises"] for b in buildings])
    # The demo's volunteer works here; at every scale the building has people for a branch.
    missing = max(0, HOME_WORKERS - workers[0])
    workers[0] += missing
    workers[max(range(len(workers)), key=workers.__getitem__)] += HOME_WORKERS - missing
    homes[0] = max(homes[0], 8)
    names = _names(plan, sum(homes))
    staffed = []
    for item, total, count in zip(buildings, workers, homes, strict=True):
        for size in _sizes(plan, total, min(count, total)):
            name_zh, name_en = names.pop()
            row = plan.add(
                Enterprise,
                name_zh=name_zh,
                name_en=name_en,
                building_id=plan.building[item["code"]],
            )
            staffed.append((row["id"], size))
    return staffed


def _shares(total: int, weights: list[int]) -> list[int]:
    """Share `total` out in proportion, at least 1 each, so that the shares sum up to it."""
    whole = sum(weights)
    if total == whole:
        return list(weights)
    rest = total - len(weights)
    shares = [1 + rest * weight // whole for weight in weights]
    shares[max(range(len(weights)), key=weights.__getitem__)] += total - sum(shares)
    return shares


def _sizes(plan: Plan, workers: int, enterprises: int) -> list[int]:
    """Draw how many people work in each enterprise of a building, at least one each."""
    rng = plan.rng
    classes = plan.seed["companies"]["size_distribution"]
    drawn = rng.choices(classes, [item["pct"] for item in classes], k=enterprises)
    return _shares(workers, [rng.randint(*item["employees"]) for item in drawn])


def _names(plan: Plan, count: int) -> list[tuple[str, str]]:
    """Return distinct fictional company names, in industries as common as in the seed."""
    companies = plan.seed["companies"]
    patterns = list(zip(companies["patterns_zh"], companies["patterns_en"], strict=True))
    if count <= ENOUGH_NAMES:
        patterns = patterns[:PLAIN_PATTERNS]
    drawn = []
    for (zh, en), brand, industry in product(
        patterns, companies["brands"], companies["industries"]
    ):
        # Weighted drawing without putting back: the largest random() ** (1 / weight) win.
        key = plan.rng.random() ** (1 / industry["share_pct"])
        name_zh = zh.format(brand=brand["zh"], industry=industry["zh"])
        drawn.append((key, name_zh, en.format(brand=brand["en"], industry=industry["en"])))
    drawn.sort(reverse=True)
    names = [(zh, en) for _key, zh, en in drawn[:count]]
    plan.rng.shuffle(names)
    return names
