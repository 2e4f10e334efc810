"""Edge rows of people and the registry that every demo holds (those of shifts: `edge_shifts`).

Where to find them:

- the company name of 28 characters: `seed["companies"]["longest"]`, one enterprise of 高和大厦;
- the branch with three members: the last partner branch (示例剧团党支部（共建）);
- the branch moved mid-quarter: the one row of `branch_move`, with entries before and after;
- two 王敏: Party members of the branch that 19900000003 leads;
- the 15-year-old with a guardian: the one person with `guardian_id`;
- the foreigner using English: the one person with `language` en (Emily Hart);
- a training that has run out: the hospital induction of Emily Hart;
- the deleted account with kept totals: the one person with `deleted_at`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from volunteer_hub.accounts.models import BranchMembership, Consent, Person
from volunteer_hub.core.calendar import quarter_of
from volunteer_hub.demo.branches import SMALLEST, Leaf, Tree
from volunteer_hub.demo.history import History
from volunteer_hub.demo.people import People, add_person
from volunteer_hub.demo.plan import Plan, Row
from volunteer_hub.registry.models import Branch, BranchKind, BranchMove, Enterprise

DELETED_DAYS_AGO = 20
MID_QUARTER = timedelta(days=45)
BEFORE_THE_MOVE = timedelta(days=44)
NAMESAKE = "王敏"


@dataclass(frozen=True)
class Cast:
    """Ids of the unusual people."""

    minor: int
    guardian: int
    foreigner: int
    deleted: int
    namesakes: tuple[int, int]


def longest_company(plan: Plan) -> None:
    """Give the first enterprise a name of 28 characters, so that layouts are tried with it."""
    longest = plan.seed["companies"]["longest"]
    plan.rows[Enterprise][0] |= {"name_zh": longest["zh"], "name_en": longest["en"]}


def smallest_branch(tree: Tree) -> None:
    """Leave three members to the last branch: too few for a rank."""
    tree.leaves[-1].members = SMALLEST


def moved_branch(plan: Plan, tree: Tree) -> None:
    """Put one branch under another parent mid-quarter; earlier days keep the old path."""
    branch = _branch_to_move(tree).row
    generals = [
        row
        for row in plan.rows[Branch]
        if row["kind"] == BranchKind.GENERAL_BRANCH and row["building_id"]
    ]
    parent = next(row for row in reversed(generals) if row["id"] != branch["parent_id"])
    quarter = quarter_of(plan.today)
    if quarter.period.first + MID_QUARTER > plan.days_ago(7):
        quarter = quarter.previous()
    moved_on = quarter.period.first + MID_QUARTER
    plan.add(
        BranchMove,
        branch_id=branch["id"],
        from_parent_id=branch["parent_id"],
        to_parent_id=parent["id"],
        moved_on=moved_on,
    )
    tree.moved[branch["id"]] = (moved_on, branch["path"])
    branch["parent_id"] = parent["id"]
    branch["path"] = f"{parent['path']}{branch['id']}/"


def _branch_to_move(tree: Tree) -> Leaf:
    """Return a branch of enterprises that hangs directly below the composite committee."""
    committee = tree.leaves[-1].row["parent_id"]
    return next(
        leaf
        for leaf in reversed(tree.leaves)
        if leaf.row["parent_id"] == committee and leaf.enterprises
    )


def past_of_the_moved_branch(plan: Plan, people: People, history: History) -> None:
    """Make sure that the moved branch has entries on both sides of the move."""
    ((branch_id, (moved_on, _path)),) = people.tree.moved.items()
    before = history.confirmed(moved_on - BEFORE_THE_MOVE, moved_on - timedelta(days=1))
    after = history.confirmed(moved_on, plan.today)
    members = [
        person_id
        for person_id in people.of_branch[branch_id]
        if person_id not in people.reserved
        and people.memberships[person_id]["started_on"] < moved_on - BEFORE_THE_MOVE
    ]
    for person_id in members[:3]:
        history.attend_somewhere(person_id, before, 2)
        history.attend_somewhere(person_id, after, 2)


def unusual_people(plan: Plan, people: People) -> Cast:
    """Turn some ordinary people into unusual ones, and add the account that was deleted."""
    home = people.of_branch[people.tree.leaves[0].row["id"]]
    namesakes = (home[2], home[3])
    for person_id in namesakes:
        _rename(plan.rows[Person][person_id - 1], NAMESAKE, "王同学")
    guardian, minor, foreigner = _ordinary(plan, people, 3)
    child = plan.rows[Person][minor - 1]
    parent = plan.rows[Person][guardian - 1]
    _rename(parent, "夏志强", "夏同学")
    _rename(child, "夏可欣", "小夏")
    child |= {
        "birth_date": plan.days_ago(15 * 366 + 100),
        "guardian_id": guardian,
        "enterprise_id": None,
    }
    guest = plan.rows[Person][foreigner - 1]
    _rename(guest, "Emily Hart", "Emily")
    guest["language"] = "en"
    cast = Cast(minor, guardian, foreigner, _account_to_delete(plan, people), namesakes)
    set_apart = {cast.minor, cast.guardian, cast.foreigner, cast.deleted, *cast.namesakes}
    people.reserved |= set_apart
    return cast


def _ordinary(plan: Plan, people: People, count: int) -> list[int]:
    """Return people without branch, role or duties, in order of id.

    They are the last ones: load and race checks sign in with the first phones.
    """
    found = (
        row["id"]
        for row in reversed(plan.rows[Person])
        if row["id"] not in people.reserved and row["id"] not in people.memberships
    )
    return sorted(next(found) for _ in range(count))


def _rename(person: Row, name: str, nickname: str) -> None:
    person |= {"name": name, "nickname": nickname}


def _account_to_delete(plan: Plan, people: People) -> int:
    """Add somebody who counts to a company's branch; the row is emptied by `delete_account`."""
    leaf = people.tree.leaves[1]
    enterprise = plan.rows[Enterprise][leaf.enterprises[0] - 1]
    homes = {enterprise["id"]: enterprise["building_id"]}
    person = add_person(plan, "无名", enterprise["id"], homes)
    people.memberships[person["id"]] = plan.add(
        BranchMembership,
        person_id=person["id"],
        branch_id=leaf.row["id"],
        is_party_member=True,
        started_on=plan.days_ago(500),
    )
    return int(person["id"])


def past_of_unusual_people(plan: Plan, cast: Cast, history: History) -> None:
    """Give the namesakes, the foreigner and the deleted account some confirmed hours."""
    earlier = history.confirmed(plan.days_ago(300), plan.days_ago(60))
    recent = history.confirmed(plan.days_ago(80), plan.today)
    history.attend_somewhere(cast.deleted, earlier, 4)
    history.attend_somewhere(cast.foreigner, earlier, 2)
    for person_id in cast.namesakes:
        history.attend_somewhere(person_id, recent, 3)


def delete_account(plan: Plan, people: People, cast: Cast) -> None:
    """Empty the row as `accounts.services.delete_account` does; entries keep what they froze."""
    person = plan.rows[Person][cast.deleted - 1]
    deleted_on = plan.days_ago(DELETED_DAYS_AGO)
    deleted_at = plan.moment(deleted_on, 20 * 60)
    person |= {
        "phone": None,
        "password_hash": None,
        "name": "",
        "nickname": "",
        "birth_date": None,
        "enterprise_id": None,
        "building_id": None,
        "deleted_at": deleted_at,
    }
    people.memberships[cast.deleted]["ended_on"] = deleted_on
    for consent in plan.rows[Consent]:
        if consent["person_id"] == cast.deleted:
            consent["withdrawn_at"] = deleted_at
