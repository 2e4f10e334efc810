"""People: the four demo identities, the volunteers, their branches, roles and consents."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from volunteer_hub.accounts.models import BranchMembership, Consent, Person, RoleGrant
from volunteer_hub.accounts.services import CONSENT_VERSION, SERVICE_CONSENT
from volunteer_hub.core.permissions import Role
from volunteer_hub.demo.branches import Leaf, Tree
from volunteer_hub.demo.plan import Plan, Row
from volunteer_hub.registry.models import Branch, Enterprise

FIRST_PHONE = 19900000101
VOLUNTEER, COORDINATOR, LEADER, OFFICE = 1, 2, 3, 4
IDENTITIES = {VOLUNTEER: "陆晓雯", COORDINATOR: "沈静文", LEADER: "周建平", OFFICE: "顾海燕"}
COORDINATORS_EACH = (2, 3)
NON_MEMBERS_ONE_BY_ONE = 3
# How much likelier a Party member is to be active in a year than somebody else.
MEMBERS_AHEAD = 6.0


@dataclass
class People:
    """Who may do what, and who is likely to come: person id → weight among the active."""

    tree: Tree
    memberships: dict[int, Row] = field(default_factory=dict)
    of_branch: defaultdict[int, list[int]] = field(default_factory=lambda: defaultdict(list))
    coordinators: dict[int, list[int]] = field(default_factory=dict)
    active: dict[int, float] = field(default_factory=dict)
    # Kept out of random choice: coordinators, and people whose days other stages decide.
    reserved: set[int] = field(default_factory=set)


def build(plan: Plan, staffed: list[tuple[int, int]], tree: Tree, password_hash: str) -> People:
    """Collect everybody; ids 1 to 4 are the identities of the login page."""
    people = People(tree)
    namer = _names(plan)
    homes = {row["id"]: row["building_id"] for row in plan.rows[Enterprise]}
    home = tree.leaves[0]
    for person_id, name in IDENTITIES.items():
        at_home = person_id in (VOLUNTEER, LEADER)
        enterprise_id = home.enterprises[0] if at_home else None
        add_person(
            plan, name, enterprise_id, homes, phone=f"+86{19900000000 + person_id}",
            password_hash=password_hash,
        )  # fmt: skip
    plan.rows[Person][COORDINATOR - 1]["building_id"] = plan.building["B01"]
    workers = [item for item, size in staffed for _ in range(size)]
    plan.rng.shuffle(workers)
    for number, enterprise_id in enumerate(workers):
        add_person(
            plan, next(namer), enterprise_id, homes, phone=f"+86{FIRST_PHONE + number}",
            password_hash=password_hash,
        )  # fmt: skip
    _memberships(plan, people)
    _roles(plan, people)
    people.reserved |= set(IDENTITIES)
    _choose_active(plan, people)
    return people


def add_person(
    plan: Plan,
    name: str,
    enterprise_id: int | None,
    homes: dict[int, int],
    **fields: Any,
) -> Row:
    """Collect one person with an account and the consent to the service."""
    rng = plan.rng
    created_at = plan.moment(
        plan.days_ago(rng.randint(400, 1_100)), 7 * 60 + rng.randrange(14 * 60)
    )
    born = plan.days_ago(rng.randint(22 * 366, 58 * 366)) if rng.random() < 0.3 else None
    person = plan.add(
        Person,
        name=name,
        nickname=f"{name[0]}同学",
        birth_date=born,
        session_key=f"{rng.getrandbits(128):032x}",
        enterprise_id=enterprise_id,
        building_id=homes[enterprise_id] if enterprise_id else None,
        created_at=created_at,
        **fields,
    )
    plan.add(
        Consent, person_id=person["id"], purpose=SERVICE_CONSENT, version=CONSENT_VERSION,
        given_at=created_at,
    )  # fmt: skip
    return person


def _names(plan: Plan) -> Iterator[str]:
    """Yield names put together from the seed's parts; common surnames come first there."""
    parts = plan.seed["people"]
    whole = parts["given_names"]
    pairs = [name for name in whole if len(name) == 2]
    weights = [3 if place < 8 else 1 for place in range(len(parts["surnames"]))]
    while True:
        for surname in plan.rng.choices(parts["surnames"], weights, k=1_000):
            given = (
                plan.rng.choice(whole)
                if plan.rng.random() < 0.3
                else plan.rng.choice(pairs)[0] + plan.rng.choice(pairs)[1]
            )
            yield surname + given


def _memberships(plan: Plan, people: People) -> None:
    by_enterprise: defaultdict[int, list[int]] = defaultdict(list)
    for person in plan.rows[Person]:
        if person["enterprise_id"]:
            by_enterprise[person["enterprise_id"]].append(person["id"])
    taken = {item for leaf in people.tree.leaves for item in leaf.enterprises}
    loose = [
        person["id"]
        for person in plan.rows[Person][len(IDENTITIES) :]
        if person["enterprise_id"] not in taken
    ]
    plan.rng.shuffle(loose)
    for leaf in people.tree.leaves:
        if leaf.enterprises:
            workers = [person for item in leaf.enterprises for person in by_enterprise[item]]
            # Ids below stay in order, so the identities of the home branch are its first members.
            rest = [person for person in workers if person not in IDENTITIES]
            plan.rng.shuffle(rest)
            joined = [person for person in workers if person in IDENTITIES] + rest
        else:
            others = NON_MEMBERS_ONE_BY_ONE if leaf.members > NON_MEMBERS_ONE_BY_ONE else 0
            joined = [loose.pop() for _ in range(leaf.members + others)]
        _join(plan, people, leaf, joined)
    office = next(leaf for leaf in people.tree.leaves if not leaf.enterprises)
    _join(plan, people, office, [OFFICE])


def _join(plan: Plan, people: People, leaf: Leaf, joined: Iterable[int]) -> None:
    """Let people count to a branch, the first `leaf.members` of them as Party members."""
    for place, person_id in enumerate(joined):
        recent = plan.rng.random() < 0.05 and person_id not in IDENTITIES
        days = plan.rng.randint(20, 330) if recent else plan.rng.randint(380, 1_500)
        is_member = place < leaf.members
        people.memberships[person_id] = plan.add(
            BranchMembership,
            person_id=person_id,
            branch_id=leaf.row["id"],
            is_party_member=is_member,
            started_on=plan.days_ago(days),
        )
        people.of_branch[leaf.row["id"]].append(person_id)
        plan.rows[Person][person_id - 1]["shows_membership"] = is_member and plan.rng.random() < 0.2


def _roles(plan: Plan, people: People) -> None:
    candidates = range(len(IDENTITIES) + 1, len(plan.rows[Person]) + 1)
    needed = len(plan.organisation) * COORDINATORS_EACH[1]
    pool = plan.rng.sample(candidates, needed)
    for code, organisation_id in plan.organisation.items():
        chosen = [pool.pop() for _ in range(plan.rng.randint(*COORDINATORS_EACH))]
        if code == "O01":
            chosen.insert(0, COORDINATOR)
        people.coordinators[organisation_id] = chosen
        for person_id in chosen:
            _grant(plan, person_id, Role.COORDINATOR, organisation_id=organisation_id)
    people.reserved |= {person for each in people.coordinators.values() for person in each}
    _grant(plan, OFFICE, Role.OFFICE)
    for branch in plan.rows[Branch]:
        _grant(plan, _leader(plan, people, branch), Role.BRANCH_LEADER, branch_id=branch["id"])


def _leader(plan: Plan, people: People, branch: Row) -> int:
    home = people.tree.leaves[0].row["id"]
    if branch["id"] == home:
        return LEADER
    if people.of_branch[branch["id"]]:
        return people.of_branch[branch["id"]][0]
    # A general branch is led by somebody of a branch below it, an empty one by any member.
    leaves = [leaf.row for leaf in people.tree.leaves if leaf.row["id"] != home]
    below = [row for row in leaves if row["path"].startswith(branch["path"])]
    return people.of_branch[plan.rng.choice(below or leaves)["id"]][1]


def _grant(plan: Plan, person_id: int, role: Role, **scope: int) -> None:
    plan.add(
        RoleGrant,
        person_id=person_id,
        role=str(role),
        granted_by=None if person_id == OFFICE else OFFICE,
        granted_at=plan.moment(plan.days_ago(390), 10 * 60),
        **scope,
    )


def _choose_active(plan: Plan, people: People) -> None:
    """Choose who comes in a year, with a long tail: most a few times, some every week."""
    rng = plan.rng
    keys = []
    for person_id in range(len(IDENTITIES) + 1, len(plan.rows[Person]) + 1):
        if person_id in people.reserved:
            continue
        membership = people.memberships.get(person_id)
        weight = 1.0 if membership is None else 2.0
        if membership and membership["is_party_member"]:
            weight = MEMBERS_AHEAD
        keys.append((rng.random() ** (1 / weight), person_id))
    keys.sort(reverse=True)
    people.active = {
        person_id: rng.lognormvariate(0, 0.85) for _key, person_id in keys[: plan.scale.active]
    }


def workplace(plan: Plan, person_id: int) -> dict[str, Any]:
    """Return company and building of a person, as attendance and ledger keep them."""
    person = plan.rows[Person][person_id - 1]
    return {name: person[name] for name in ("enterprise_id", "building_id")}


def standing(plan: Plan, people: People, person_id: int, day: date) -> dict[str, Any]:
    """Return what a ledger entry freezes of a person on a day."""
    frozen = {
        **workplace(plan, person_id),
        "branch_id": None,
        "branch_path": "",
        "is_party_member": False,
    }
    membership = people.memberships.get(person_id)
    if membership and membership["started_on"] <= day:
        branch = plan.rows[Branch][membership["branch_id"] - 1]
        frozen["branch_id"] = branch["id"]
        frozen["branch_path"] = people.tree.path_on(branch, day)
        frozen["is_party_member"] = membership["is_party_member"]
    return frozen
