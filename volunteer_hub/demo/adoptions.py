"""The home branch stands by the hospital's project; other projects ask for help."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

from volunteer_hub.accounts.models import RoleGrant
from volunteer_hub.core.permissions import Role
from volunteer_hub.demo.history import History
from volunteer_hub.demo.people import COORDINATOR, People
from volunteer_hub.demo.plan import Plan, Row
from volunteer_hub.demo.projects import Offers
from volunteer_hub.projects.models import Adoption, AdoptionState, HelpWanted
from volunteer_hub.shifts.models import Hold, Post, Shift, ShiftStatus

SINCE, STILL, NEEDED = 40, 50, 60
BEFORE, EARLIER, UNTIL = 90, 220, 100
# Who of the branch, by place in its list, and how often each.
SERVING, EACH = slice(4, 12), 2
PLACES, MOST_KEPT = 2, 6
FALL_BACK = timedelta(hours=48)
MESSAGE = "每周二、四早上，支部里有几位固定可以来。"
ANSWER = "太好了，早高峰最缺人，名额给你们留着。"
WELCOME = "一起干！每场留两个位置给你们。"
FULL = "这个月领队已经够了，下个月再请你们来。"
ENDED = {
    "state": str(AdoptionState.ENDED),
    "message": "我们支部想固定支持一个季度。",
    "answer": "欢迎，装备我们准备。",
    "review": "来过的人都说还想再来，建议夏天早半小时开始。",
    "thanks": "谢谢你们守了整个季度，一次都没落下。",
}
WANTED = {
    "hospital_guide": "早高峰自助机前排长队，想请一两个支部固定支持一个季度。",
    "environment": "周末捡跑缺领队和收尾的人，两位就够。",
}


def build(plan: Plan, people: People, offers: Offers, history: History) -> None:
    """Collect an adoption in every state, with reserved places and hours, and needs."""
    home, other = people.tree.leaves[0].row, people.tree.leaves[1].row
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
    # The hospital's hours of these days still wait, so that there is something to confirm.
    lasting = _adoption(plan, home, _busiest(plan, history, BEFORE, 1), days=BEFORE)
    lasting |= {
        "state": str(AdoptionState.AGREED),
        "answer": WELCOME,
        "decided_by": COORDINATOR,
        "decided_at": plan.moment(plan.days_ago(BEFORE), 15 * 60),
    }
    _reserve(plan, lasting)
    _serve(people, history, lasting)
    over = _adoption(plan, home, _busiest(plan, history, EARLIER, UNTIL), days=EARLIER)
    over |= ENDED | {
        "last_day": plan.days_ago(UNTIL),
        "decided_by": COORDINATOR,
        "decided_at": plan.moment(plan.days_ago(EARLIER), 15 * 60),
        "reviewed_at": plan.moment(plan.days_ago(UNTIL - 1), 9 * 60),
        "thanked_at": plan.moment(plan.days_ago(UNTIL - 2), 9 * 60),
    }
    _serve(people, history, over)
    declined = _adoption(plan, home, offers.flagships["environment"].project, days=0)
    declined |= {
        "state": str(AdoptionState.DECLINED),
        "answer": FULL,
        "decided_by": COORDINATOR,
        "decided_at": plan.last_midnight,
    }
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


def _busiest(plan: Plan, history: History, first: int, last: int) -> Row:
    """Return the project with the most free places in confirmed shifts of these days ago."""
    free: Counter[int] = Counter()
    projects: dict[int, Row] = {}
    for past in history.confirmed(plan.days_ago(first), plan.days_ago(last)):
        project = past.occasion.offer.project
        projects[project["id"]] = project
        # Many shifts count for more than one large one.
        free[project["id"]] += min(
            PLACES, sum(post["capacity"] - post["taken"] for post in past.occasion.posts)
        )
    return projects[max(free, key=lambda id_: (free[id_], -id_))]


def _serve(people: People, history: History, adoption: Row) -> None:
    """Let some of the branch have been there while it stood by the project."""
    shifts = [
        past
        for past in history.confirmed(adoption["first_day"], adoption["last_day"])
        if past.occasion.shift["project_id"] == adoption["project_id"]
    ]
    for person_id in people.of_branch[adoption["branch_id"]][SERVING]:
        history.attend_somewhere(person_id, shifts, EACH)


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
