"""The home branch stands by the hospital's project; other projects ask for help."""

from __future__ import annotations

from datetime import timedelta

from volunteer_hub.accounts.models import RoleGrant
from volunteer_hub.core.permissions import Role
from volunteer_hub.demo.branches import Tree
from volunteer_hub.demo.people import COORDINATOR
from volunteer_hub.demo.plan import Plan, Row
from volunteer_hub.demo.projects import Offers
from volunteer_hub.projects.models import Adoption, AdoptionState, HelpWanted
from volunteer_hub.shifts.models import Hold, Post, Shift, ShiftStatus

SINCE, STILL, NEEDED = 40, 50, 60
PLACES, MOST_KEPT = 2, 6
FALL_BACK = timedelta(hours=48)
MESSAGE = "每周二、四早上，支部里有几位固定可以来。"
ANSWER = "太好了，早高峰最缺人，名额给你们留着。"
WANTED = {
    "hospital_guide": "早高峰自助机前排长队，想请一两个支部固定支持一个季度。",
    "environment": "周末捡跑缺领队和收尾的人，两位就够。",
}


def build(plan: Plan, tree: Tree, offers: Offers) -> None:
    """Collect an adoption with its reserved places, one that waits for an answer, and needs."""
    home, other = tree.leaves[0].row, tree.leaves[1].row
    hospital = offers.flagships["hospital_guide"].project
    agreed = _adoption(plan, home, hospital, days=SINCE)
    agreed |= {
        "state": str(AdoptionState.AGREED),
        "answer": ANSWER,
        "decided_by": COORDINATOR,
        "decided_at": plan.moment(plan.days_ago(SINCE), 15 * 60),
    }
    _reserve(plan, agreed)
    _adoption(plan, other, hospital, days=0)
    for key, text in WANTED.items():
        plan.add(
            HelpWanted,
            project_id=offers.flagships[key].project["id"],
            first_day=plan.today,
            last_day=plan.days_ago(-NEEDED),
            places=PLACES,
            text=text,
            asked_by=COORDINATOR,
            asked_at=plan.last_midnight,
        )


def _adoption(plan: Plan, branch: Row, project: Row, *, days: int) -> Row:
    leader = next(
        row["person_id"]
        for row in plan.rows[RoleGrant]
        if row["role"] == Role.BRANCH_LEADER and row["branch_id"] == branch["id"]
    )
    return plan.add(
        Adoption,
        project_id=project["id"],
        branch_id=branch["id"],
        first_day=plan.days_ago(days),
        last_day=plan.days_ago(-STILL),
        places=PLACES,
        state=str(AdoptionState.PROPOSED),
        message=MESSAGE,
        proposed_by=leader,
        proposed_at=plan.moment(plan.days_ago(days + 1), 9 * 60),
    )


def _reserve(plan: Plan, adoption: Row) -> None:
    """Reserve places in the next shifts that have enough of them left."""
    shifts = {
        row["id"]: row
        for row in plan.rows[Shift]
        if row["project_id"] == adoption["project_id"]
        and row["status"] == ShiftStatus.PUBLISHED
        and plan.days_ago(-3) <= row["day"] <= adoption["last_day"]
    }
    kept = 0
    for post in plan.rows[Post]:
        shift = shifts.pop(post["shift_id"], None)
        if shift is None or kept == MOST_KEPT or post["capacity"] - post["taken"] < 2 * PLACES:
            continue
        post["taken"] += PLACES
        kept += 1
        plan.add(
            Hold,
            post_id=post["id"],
            adoption_id=adoption["id"],
            holder_id=adoption["proposed_by"],
            branch_id=adoption["branch_id"],
            places=PLACES,
            made_at=adoption["decided_at"],
            until=shift["starts_at"] - FALL_BACK,
        )
