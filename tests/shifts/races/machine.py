"""People, coordinators, time and the worker act at random; after each step the truth is checked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.factories import NOW, SHANGHAI
from tests.shifts.races import town
from tests.shifts.races.truth import Truth, unfair, unwritten
from volunteer_hub.core.errors import DomainError
from volunteer_hub.projects.models import Adoption
from volunteer_hub.shifts import (
    adoptions,
    holds,
    jobs,
    leaving,
    offers,
    receipts,
    reserving,
    scheduling,
    signing,
)
from volunteer_hub.shifts.cutting import Cut
from volunteer_hub.shifts.holds import Group
from volunteer_hub.shifts.models import Hold, Post, Shift
from volunteer_hub.shifts.plans import ShiftPlan
from volunteer_hub.shifts.posts import PostPlan

PERSON = st.integers(0, town.PEOPLE - 1)
SHIFT = st.integers(0, 5)
NUMBER = st.integers(0, 50)
MINUTES = st.sampled_from([5, 15, 40, 150, 700, 1500, 2900])


def expect(faults: list[str]) -> None:
    """Fail with the faults, if there are any."""
    if faults:
        raise AssertionError("; ".join(faults))


class Machine(RuleBasedStateMachine):
    """One town; `session` is set on a subclass for each engine."""

    session: Session

    @initialize(wishes=st.lists(st.tuples(SHIFT, st.permutations(range(town.PEOPLE))), min_size=4))
    def begin(self, wishes: list[tuple[int, list[int]]]) -> None:
        """Most places are had and lines have formed before anything else happens."""
        self.town = town.build(self.session)
        self.now = NOW
        self.seen = self.look()
        for shift, people in [(0, list(range(town.PEOPLE))), *wishes]:
            for number, person in enumerate(people):
                self.someone_signs_up(person, shift, number % 3)
        self.seen = self.look()

    def look(self) -> Truth:
        truth = Truth(self.session, self.town.shifts, self.now)
        self.session.rollback()
        return truth

    def do(self, work: Callable[[Session], Any]) -> None:
        """Do something in one transaction, which a refusal undoes, as a request does."""
        try:
            work(self.session)
            self.session.commit()
        except DomainError:
            self.session.rollback()

    @invariant()
    def nothing_is_wrong(self) -> None:
        before, self.seen = self.seen, self.look()
        found = [
            *self.seen.faults(),
            *unfair(before, self.seen),
            *unwritten(before, self.seen),
        ]
        expect(found)

    # ------------------------------------------------------------ time and the worker

    @rule(minutes=MINUTES)
    def time_passes(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)
        # What was fair was so at its time.
        self.seen = self.look()

    @rule()
    def the_worker_comes(self) -> None:
        for job in jobs.JOBS:
            self.do(lambda session, job=job: job(session, self.now))  # type: ignore[misc]
        self.do(lambda session: jobs.pass_on_places(session, self.now))
        truth = self.look()
        expect([*truth.waiting_beside_a_free_place(), *truth.kept_too_long()])

    # ------------------------------------------------------------ volunteers

    @rule(person=PERSON, shift=SHIFT, post=NUMBER)
    def someone_signs_up(self, person: int, shift: int, post: int) -> None:
        posts = self.posts(shift)
        self.do(
            lambda session: signing.sign_up(
                session,
                shift_id=self.town.shifts[shift],
                person_id=self.town.people[person],
                post_id=posts[post % len(posts)].id,
                risk_accepted=True,
                now=self.now,
            )
        )

    @rule(
        number=NUMBER, status=st.sampled_from(["confirmed", "confirmed", "offered", "waitlisted"])
    )
    def someone_cancels(self, number: int, status: str) -> None:
        active = [s for s in self.seen.seats.values() if s.status == status]
        if active:
            seat = active[number % len(active)]
            self.do(
                lambda session: leaving.cancel(
                    session, sign_up_id=seat.id, person_id=seat.person_id, reason="", now=self.now
                )
            )

    @rule(number=NUMBER, yes=st.booleans())
    def someone_answers_an_offer(self, number: int, yes: bool) -> None:
        """Also one that is over."""
        if not self.seen.offers:
            return
        # The open ones are the latest.
        offer = self.seen.offers[-1 - number % min(6, len(self.seen.offers))]
        mine = {"offer_id": offer.id, "person_id": offer.person_id, "now": self.now}
        if yes:
            self.do(lambda session: offers.accept(session, **mine, risk_accepted=True))
        else:
            self.do(lambda session: leaving.decline(session, **mine))

    @rule(number=NUMBER, yes=st.booleans())
    def someone_answers_a_change(self, number: int, yes: bool) -> None:
        asked = [s for s in self.seen.seats.values() if s.id in self.seen.asked]
        if asked:
            seat = asked[number % len(asked)]
            self.do(
                lambda session: receipts.answer(
                    session,
                    sign_up_id=seat.id,
                    person_id=seat.person_id,
                    accepted=yes,
                    now=self.now,
                )
            )

    # ------------------------------------------------------------ colleagues

    @rule(
        person=st.integers(0, town.COLLEAGUES - 1),
        shift=SHIFT,
        places=st.integers(1, 3),
        named=st.sets(PERSON, max_size=2),
    )
    def someone_holds_places(self, person: int, shift: int, places: int, named: set[int]) -> None:
        post = self.posts(shift)[0]
        self.do(
            lambda session: holds.hold(
                session,
                shift_id=post.shift_id,
                post_id=post.id,
                holder_id=self.town.people[person],
                group=Group(enterprise_id=self.town.enterprise),
                places=places,
                phones=[self.town.phones[one] for one in sorted(named)],
                led=[],
                now=self.now,
            )
        )

    @rule(number=NUMBER)
    def someone_releases_held_places(self, number: int) -> None:
        if not self.seen.holds:
            return
        hold_id = self.seen.holds[number % len(self.seen.holds)].id
        holder = self.session.get_one(Hold, hold_id).holder_id
        self.do(
            lambda session: holds.release(session, hold_id=hold_id, holder_id=holder, now=self.now)
        )

    # ------------------------------------------------------------ branches

    @rule(branch=st.integers(0, 1), project=st.integers(0, 1), places=st.integers(1, 3))
    def a_branch_adopts(self, branch: int, project: int, places: int) -> None:
        today = self.now.astimezone(SHANGHAI).date()

        def agree(session: Session) -> None:
            adoption = adoptions.propose(
                session,
                branch_id=self.town.branches[branch],
                project_id=self.town.projects[project],
                first_day=today,
                last_day=today + timedelta(days=20),
                places=places,
                message="",
                today=today,
                actor_id=self.town.leader,
                now=self.now,
            )
            adoptions.decide(
                session,
                adoption_id=adoption.id,
                organisation_ids=[self.town.organisation],
                agree=True,
                answer="",
                actor_id=self.town.coordinator,
                now=self.now,
            )

        self.do(agree)

    @rule(number=NUMBER, ends=st.booleans())
    def an_adoption_lets_go(self, number: int, ends: bool) -> None:
        known = self.session.scalars(select(Adoption.id).order_by(Adoption.id)).all()
        self.session.rollback()
        if not known:
            return
        by = {"actor_id": self.town.leader, "now": self.now}
        today = self.now.astimezone(SHANGHAI).date()

        def let_go(session: Session) -> None:
            adoption = session.get_one(Adoption, known[number % len(known)])
            if ends:
                adoptions.finish(session, adoption, today=today, **by)
            else:
                reserving.release(session, adoption, **by)

        self.do(let_go)

    # ------------------------------------------------------------ coordinators

    @rule(shift=SHIFT, places=st.integers(1, 4), cut=st.sampled_from([*Cut, None]), post=NUMBER)
    def places_change(self, shift: int, places: int, cut: Cut | None, post: int) -> None:
        plan = self.plan(shift)
        posts = list(plan.posts)
        chosen = post % len(posts)
        posts[chosen] = replace(posts[chosen], capacity=places)
        self.change(shift, replace(plan, posts=posts), cut)

    @rule(shift=SHIFT, hours=st.sampled_from([-60, -30, -2, -1, 1, 2, 24]))
    def a_shift_moves(self, shift: int, hours: int) -> None:
        plan, by = self.plan(shift), timedelta(hours=hours)
        moved = replace(plan, starts_at=plan.starts_at + by, ends_at=plan.ends_at + by)
        self.change(shift, moved, None)

    @rule(shift=SHIFT, place=st.integers(0, 1))
    def a_shift_goes_elsewhere(self, shift: int, place: int) -> None:
        self.change(shift, replace(self.plan(shift), place_id=self.town.places[place]), None)

    @rule(shift=SHIFT, sure=st.integers(0, 3))
    def a_shift_is_called_off(self, shift: int, sure: int) -> None:
        if sure == 0:
            self.do(
                lambda session: scheduling.cancel_shift(
                    session,
                    shift_id=self.town.shifts[shift],
                    organisation_ids=[self.town.organisation],
                    reason="rain",
                    actor_id=self.town.coordinator,
                    now=self.now,
                )
            )

    def posts(self, shift: int) -> list[Any]:
        return [p for p in self.seen.posts.values() if p.shift_id == self.town.shifts[shift]]

    def plan(self, shift: int) -> ShiftPlan:
        """Return the shift as a coordinator's form would send it unchanged."""
        row = self.session.get_one(Shift, self.town.shifts[shift])
        posts = self.session.scalars(
            select(Post).where(Post.shift_id == row.id).order_by(Post.position, Post.id)
        )
        return ShiftPlan(
            place_id=row.place_id,
            starts_at=row.starts_at,
            ends_at=row.ends_at,
            meeting_point=row.meeting_point,
            posts=[PostPlan(p.capacity, p.minimum, p.name_zh, p.name_en, id=p.id) for p in posts],
        )

    def change(self, shift: int, plan: ShiftPlan, cut: Cut | None) -> None:
        shift_id = self.town.shifts[shift]
        version = self.session.get_one(Shift, shift_id).version
        self.session.rollback()
        self.do(
            lambda session: scheduling.change_shift(
                session,
                shift_id=shift_id,
                organisation_ids=[self.town.organisation],
                version=version,
                plan=plan,
                zone=SHANGHAI,
                actor_id=self.town.coordinator,
                now=self.now,
                cut=cut,
            )
        )
