"""The tree of Party organisations: who is above whom, and which enterprises count to which."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from volunteer_hub.demo.plan import Plan, Row
from volunteer_hub.demo.registry import HOME_BUILDING
from volunteer_hub.registry.models import Branch, BranchKind, Enterprise

MEMBER_SHARE = 0.07
HOME_BRANCH_WORKERS = (28, 36)
HOME_BRANCH_MEMBERS = 22
SMALLEST = 3
COMPANY_SIZE = 41
JOINT_SIZES = range(4, 41)


@dataclass
class Leaf:
    """A branch that has people: those of its enterprises, or members who joined one by one."""

    row: Row
    members: int
    enterprises: list[int] = field(default_factory=list)


@dataclass
class Tree:
    """All branches. `leaves[0]` is the home branch of the demo's volunteer and branch leader."""

    leaves: list[Leaf]
    # branch id → (moved on, path before): what entries of earlier days have frozen.
    moved: dict[int, tuple[date, str]] = field(default_factory=dict)

    def path_on(self, branch: Row, day: date) -> str:
        moved_on, before = self.moved.get(branch["id"], (date.min, ""))
        return before if day < moved_on else str(branch["path"])


class _Planter:
    def __init__(self, plan: Plan, staffed: list[tuple[int, int]]) -> None:
        self.plan = plan
        self.names = plan.seed["branches"]
        self.codes = {building_id: code for code, building_id in plan.building.items()}
        self.buildings = {item["code"]: item for item in plan.seed["buildings"]}
        self.free: defaultdict[str, list[tuple[int, int]]] = defaultdict(list)
        homes = {row["id"]: self.codes[row["building_id"]] for row in plan.rows[Enterprise]}
        for enterprise_id, size in staffed:
            self.free[homes[enterprise_id]].append((enterprise_id, size))
        self.leaves: list[Leaf] = []
        self.number: defaultdict[str, int] = defaultdict(int)
        self.root = self.branch(BranchKind.WORKING_COMMITTEE, None, self.names["root"])
        self.committee = self.branch(BranchKind.COMMITTEE, self.root, self.names["committee"])
        self.generals: dict[str, Row] = {}

    def branch(
        self, kind: BranchKind, parent: Row | None, name: dict[str, str], **words: Any
    ) -> Row:
        """Add one branch below `parent`; its path is known as soon as its id is."""
        row = self.plan.add(
            Branch,
            kind=str(kind),
            name_zh=name["zh"].format(**{key: zh for key, (zh, _en) in words.items()}),
            name_en=name["en"].format(**{key: en for key, (_zh, en) in words.items()}),
            parent_id=parent["id"] if parent else None,
        )
        row["path"] = f"{parent['path'] if parent else '/'}{row['id']}/"
        return row

    def general_branches(self) -> None:
        largest = sorted(self.buildings.values(), key=lambda item: -item["workers"])
        codes = dict.fromkeys([HOME_BUILDING, *(item["code"] for item in largest)])
        for code in list(codes)[: self.plan.scale.general_branches]:
            name = self.short(code)
            self.generals[code] = row = self.branch(
                BranchKind.GENERAL_BRANCH, self.committee, self.names["building"], building=name
            )
            row["building_id"] = self.plan.building[code]

    def short(self, code: str) -> tuple[str, str]:
        return self.buildings[code]["short_zh"], self.buildings[code]["short_en"]

    def joint(self, code: str, enterprises: list[int], members: int) -> None:
        """Add a joint branch of several enterprises of one building."""
        self.number[code] += 1
        number = self.number[code]
        row = self.branch(
            BranchKind.JOINT_BRANCH,
            self.generals.get(code, self.committee),
            self.names["joint"],
            building=self.short(code),
            n=(str(number), str(number)),
            n_arabic=(str(number), str(number)),
        )
        row["building_id"] = self.plan.building[code]
        self.leaves.append(Leaf(row, members, enterprises))

    def home_branch(self) -> None:
        """Pick enterprises of the home building that make up a branch of usual size."""
        least, most = HOME_BRANCH_WORKERS
        chosen: list[tuple[int, int]] = []
        workers = 0
        for enterprise in sorted(self.free[HOME_BUILDING], key=lambda item: -item[1]):
            if workers + enterprise[1] <= most and workers < least:
                chosen.append(enterprise)
                workers += enterprise[1]
        for enterprise in chosen:
            self.free[HOME_BUILDING].remove(enterprise)
        self.joint(HOME_BUILDING, [item[0] for item in chosen], HOME_BRANCH_MEMBERS)

    def company_branches(self) -> None:
        """Give some of the larger enterprises a branch of their own."""
        sizes = [(size, item, code) for code, found in self.free.items() for item, size in found]
        sizes.sort(reverse=True)
        count = self.plan.scale.company_branches
        large = [found for found in sizes if found[0] >= COMPANY_SIZE][: count * 2]
        pool = large if len(large) >= count else sizes[:count]
        enterprises = {row["id"]: row for row in self.plan.rows[Enterprise]}
        for size, enterprise_id, code in self.plan.rng.sample(pool, count):
            self.free[code].remove((enterprise_id, size))
            enterprise = enterprises[enterprise_id]
            row = self.branch(
                BranchKind.BRANCH,
                self.generals.get(code, self.committee),
                self.names["company"],
                company_short=(enterprise["name_zh"], enterprise["name_en"]),
            )
            row["building_id"] = enterprise["building_id"]
            members = round(self.plan.rng.triangular(SMALLEST, 32, 9))
            self.leaves.append(Leaf(row, min(size, members), [enterprise_id]))

    def joint_branches(self) -> None:
        """Bring enterprises of one building together, two to five in each branch."""
        rng = self.plan.rng
        codes = list(self.buildings)
        added = 1
        while added < self.plan.scale.joint_branches:
            code = rng.choice(codes)
            fitting = [item for item in self.free[code] if item[1] in JOINT_SIZES]
            if len(fitting) < 2:
                fitting = self.free[code]
            if len(fitting) < 2:
                codes.remove(code)
                continue
            chosen = rng.sample(fitting, min(len(fitting), rng.randint(2, 5)))
            for enterprise in chosen:
                self.free[code].remove(enterprise)
            members = min(sum(size for _id, size in chosen), round(rng.triangular(5, 40, 8)))
            self.joint(code, [item[0] for item in chosen], members)
            added += 1

    def other_branches(self) -> None:
        """Add the branches whose members come one by one: mobile, office, residential, partners."""
        rng, count = self.plan.rng, self.plan.scale.other_branches
        for kind, parent in (("mobile", self.committee), ("office", self.root)):
            for n in range(1, count + 1):
                number = (str(n), str(n))
                row = self.branch(
                    BranchKind.BRANCH, parent, self.names[kind], n=number, n_arabic=number
                )
                self.leaves.append(Leaf(row, rng.randint(8, 28)))
        for item in self.plan.seed["communities"]:
            words = (item["short_zh"], item["short_en"])
            row = self.branch(
                BranchKind.GENERAL_BRANCH, self.root, self.names["residential"], community=words
            )
            row["committee_id"] = self.plan.committee[item["code"]]
            self.leaves.append(Leaf(row, rng.randint(6, 20)))
        for item in self.names["partners"]:
            row = self.branch(
                BranchKind.BRANCH, self.committee, self.names["partner"],
                partner=(item["zh"], item["en"]),
            )  # fmt: skip
            self.leaves.append(Leaf(row, rng.randint(4, 12)))


def build(plan: Plan, staffed: list[tuple[int, int]]) -> Tree:
    """Collect the tree; `staffed` are (enterprise id, workers), each in at most one branch."""
    planter = _Planter(plan, staffed)
    planter.general_branches()
    planter.home_branch()
    planter.company_branches()
    planter.joint_branches()
    planter.other_branches()
    leaves = planter.leaves
    wanted = plan.scale.people * MEMBER_SHARE
    ratio = min(1.0, wanted / sum(leaf.members for leaf in leaves))
    for leaf in leaves[1:]:
        leaf.members = max(SMALLEST, round(leaf.members * ratio))
    return Tree(leaves)
