"""The rows of the demo agree with each other, and the identities find what they need."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest

from tests.demo.conftest import TODAY, Build, by_id
from volunteer_hub.accounts.models import BranchMembership, Consent, Person, RoleGrant
from volunteer_hub.attendance.models import Attendance
from volunteer_hub.demo.plan import Plan
from volunteer_hub.hours.chain import entry_digest
from volunteer_hub.hours.models import LedgerEntry
from volunteer_hub.matching.models import Availability
from volunteer_hub.projects.models import Project
from volunteer_hub.shifts.models import (
    SEATED,
    Hold,
    Post,
    PostNeed,
    Shift,
    ShiftStatus,
    SignUp,
    SignUpStatus,
)

IDENTITIES = [f"+8619900000{n:03}" for n in (1, 2, 3, 4)]
FLAGSHIPS = ("班前一小时", "白老汇", "捡跑")


def test_the_same_seed_and_day_give_the_same_rows(plan: Plan, build: Build) -> None:
    assert build(TODAY).rows == plan.rows


def test_another_seed_gives_other_rows(plan: Plan, build: Build) -> None:
    assert build(TODAY, seed=2).rows[Person] != plan.rows[Person]


def test_taken_places_are_the_confirmed_the_offered_and_the_held_ones(plan: Plan) -> None:
    confirmed = Counter(row["post_id"] for row in plan.rows[SignUp] if row["status"] in SEATED)
    for row in plan.rows[Hold]:
        confirmed[row["post_id"]] += row["places"]
    assert {row["id"]: row["taken"] for row in plan.rows[Post] if row["taken"]} == confirmed
    assert all(row["minimum"] <= row["capacity"] >= row["taken"] for row in plan.rows[Post])


def test_nobody_has_two_confirmed_places_at_one_time(plan: Plan) -> None:
    shifts = by_id(plan, Shift)
    spans = defaultdict(list)
    for row in plan.rows[SignUp]:
        if row["status"] == SignUpStatus.CONFIRMED:
            shift = shifts[row["shift_id"]]
            spans[row["person_id"]].append((shift["starts_at"], shift["ends_at"]))
    for each in spans.values():
        each.sort()
        assert all(ends <= starts for (_, ends), (starts, _) in pairwise(each))


def test_only_full_posts_have_a_waiting_line(plan: Plan) -> None:
    posts = by_id(plan, Post)
    waiting = [row for row in plan.rows[SignUp] if row["status"] == SignUpStatus.WAITLISTED]
    assert all(
        posts[row["post_id"]]["taken"] == posts[row["post_id"]]["capacity"] for row in waiting
    )


def test_the_ledger_is_one_chain_confirmed_by_others(plan: Plan) -> None:
    digest = ""
    for row in plan.rows[LedgerEntry]:
        digest = entry_digest(digest, row)
        assert row["digest"] == digest
        assert row["confirmed_by"] != row["person_id"]


def test_every_confirmed_attendance_is_in_the_ledger_once(plan: Plan) -> None:
    confirmed = {row["id"] for row in plan.rows[Attendance] if row["minutes"] is not None}
    entries = [row["attendance_id"] for row in plan.rows[LedgerEntry]]
    assert len(entries) == len(confirmed)
    assert set(entries) == confirmed


def test_projects_know_their_last_published_shift(plan: Plan) -> None:
    last: dict[int, datetime] = {}
    for row in plan.rows[Shift]:
        if row["status"] == ShiftStatus.PUBLISHED:
            project = row["project_id"]
            last[project] = max(last.get(project, row["starts_at"]), row["starts_at"])
    assert {row["id"]: row["last_starts_at"] for row in plan.rows[Project]} == {
        row["id"]: last.get(row["id"]) for row in plan.rows[Project]
    }


def test_nothing_was_recorded_after_today_began(plan: Plan) -> None:
    midnight = datetime(2026, 11, 23, 16, tzinfo=UTC)
    for model, column in (
        (SignUp, "signed_up_at"),
        (Attendance, "recorded_at"),
        (LedgerEntry, "recorded_at"),
        (Person, "created_at"),
        (Shift, "created_at"),
    ):
        assert max(row[column] for row in plan.rows[model]) <= midnight, column


def test_phones_run_without_gaps(plan: Plan) -> None:
    phones = [row["phone"] for row in plan.rows[Person] if row["phone"]]
    assert phones == IDENTITIES + [f"+8619900000{n:03}" for n in range(101, 101 + len(phones) - 4)]


def test_titles_are_distinct_in_both_languages(plan: Plan) -> None:
    for column in ("title_zh", "title_en"):
        titles = [row[column] for row in plan.rows[Project]]
        assert len(set(titles)) == len(titles)


def test_every_volunteer_gave_consent_and_no_shift_lacks_what_publication_needs(plan: Plan) -> None:
    asked = Counter(row["purpose"] for row in plan.rows[Consent])
    assert asked["service"] == len(plan.rows[Person])
    assert asked["standby"] == len(plan.rows[Availability])
    for row in plan.rows[Project]:
        assert all(row[key] for key in ("content_zh", "risk_zh", "contact_name", "place_id"))


def test_the_volunteer_has_hours_places_and_free_lunches(plan: Plan) -> None:
    entries = [row for row in plan.rows[LedgerEntry] if row["person_id"] == 1]
    assert len(entries) >= 3
    shifts = by_id(plan, Shift)
    ahead = [
        shifts[row["shift_id"]]
        for row in plan.rows[SignUp]
        if row["person_id"] == 1 and shifts[row["shift_id"]]["day"] > TODAY
    ]
    assert 1 <= len(ahead) <= 3
    week = TODAY + timedelta(days=7)
    assert all(shift["window"] != "lunch" or shift["day"] > week for shift in ahead)


@pytest.mark.parametrize("today", [TODAY, date(2026, 12, 30), date(2027, 1, 1), date(2028, 2, 29)])
def test_on_any_day_the_known_projects_have_places_within_a_week(today: date, build: Build) -> None:
    plan = build(today)
    projects = by_id(plan, Project)
    places = Counter[int]()
    asking = {row["post_id"] for row in plan.rows[PostNeed]}
    for row in plan.rows[Post]:
        if row["id"] in asking:
            continue
        places[row["shift_id"]] += row["capacity"] - row["taken"]
    titles = [
        projects[row["project_id"]]["title_zh"]
        for row in plan.rows[Shift]
        if today < row["day"] <= today + timedelta(days=7) and places[row["id"]] > 0
    ]
    assert all(any(known in title for title in titles) for known in FLAGSHIPS)


def test_the_coordinators_desk_has_something_today_and_something_to_confirm(plan: Plan) -> None:
    organisation_id, _one_to_one = [
        row["organisation_id"] for row in plan.rows[RoleGrant] if row["person_id"] == 2
    ]
    projects, shifts = by_id(plan, Project), by_id(plan, Shift)
    own = {
        row["id"]
        for row in plan.rows[Shift]
        if projects[row["project_id"]]["organisation_id"] == organisation_id
    }
    assert any(shifts[shift_id]["day"] == TODAY for shift_id in own)
    assert any(row["shift_id"] in own and row["minutes"] is None for row in plan.rows[Attendance])


def test_the_branch_leader_has_a_branch_of_usual_size(plan: Plan) -> None:
    (branch_id,) = [row["branch_id"] for row in plan.rows[RoleGrant] if row["person_id"] == 3]
    members = [row for row in plan.rows[BranchMembership] if row["branch_id"] == branch_id]
    assert 20 <= len(members) <= 40
    assert {1, 3} <= {row["person_id"] for row in members}
