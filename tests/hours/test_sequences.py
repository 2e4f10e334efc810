"""Whatever people tap, in whatever order: the ledger is what a second calculation says it is."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from random import Random

import pytest
from sqlalchemy import func, select

from tests.factories import grant_role, make_person, make_project, make_shift, make_sign_up
from volunteer_hub.attendance import check_in, jobs, times
from volunteer_hub.attendance.events import Source
from volunteer_hub.attendance.models import Attendance, AttendanceMethod, AttendanceStatus
from volunteer_hub.attendance.queries import shift_head
from volunteer_hub.attendance.services import mark
from volunteer_hub.core.codes import step_of
from volunteer_hub.core.errors import DomainError
from volunteer_hub.core.permissions import Role
from volunteer_hub.hours import claims, deciding, reversing, services
from volunteer_hub.hours.claims import Stated
from volunteer_hub.hours.models import LedgerEntry
from volunteer_hub.hours.sheets import sheet
from volunteer_hub.hours.verify import verify

MINUTE = timedelta(minutes=1)
# Begin and length in minutes: two that overlap, one over midnight, a long one for the day's most.
PLANS = ((0, 60), (30, 90), (14 * 60 - 30, 60), (3 * 60, 8 * 60))
# What people do, and how often.
ACTS = {
    "in": 8, "out": 6, "tick": 2, "absent": 1, "untick": 1,
    "times": 2, "close": 1, "confirm": 4, "reverse": 1, "claim": 1,
}  # fmt: skip
STEPS = (1, 2, 5, 8, 15, 20)


class Book:
    """The second calculation: a set of minutes for every stay, written down tap by tap."""

    def __init__(self, plans):
        self.plans = plans
        self.stays = {}
        self.counted = {}

    def came(self, key, minute):
        stays = self.stays.setdefault(key, [])
        if not stays or stays[-1][1] is not None:
            stays.append([minute, None])

    def left(self, key, minute):
        stays = self.stays.get(key)
        if stays and stays[-1][1] is None:
            stays[-1][1] = max(minute, stays[-1][0])

    def worth(self, key):
        """Return the minutes on site that count and that no other shift of the person has."""
        person, shift = key
        stays = self.stays.get(key)
        if not stays or any(left is None for _came, left in stays):
            return None
        begin, end = self.plans[shift]
        found = set()
        for came, left in stays:
            found |= set(range(max(came, begin - 15), min(left, end + 30)))
        for (who, other), minutes in self.counted.items():
            if who == person and other != shift:
                found -= minutes
        return found

    def confirm(self, key):
        """Count as many of these minutes as the day has room for; returns how many those are."""
        found = self.worth(key)
        used = sum(
            len(minutes)
            for other, minutes in self.counted.items()
            if other[0] == key[0] and other != key
        )
        self.counted[key] = set(sorted(found)[: max(0, 480 - used)])
        return len(self.counted[key])


class World:
    """Two volunteers and the coordinators of one organisation on one day, tap by tap."""

    def __init__(self, session, organisation, start):
        self.session, self.organisation, self.start = session, organisation, start
        self.minute = -15
        project = make_project(session, organisation=organisation)
        self.shifts = [
            make_shift(
                session,
                project=project,
                starts_at=start + begin * MINUTE,
                ends_at=start + (begin + length) * MINUTE,
            )
            for begin, length in PLANS
        ]
        self.people = [make_person(session) for _ in range(2)]
        for person in self.people:
            for shift in self.shifts:
                make_sign_up(session, shift, person)
        self.desk = [make_person(session) for _ in range(2)]
        for person in self.desk:
            grant_role(session, person, Role.COORDINATOR, organisation=organisation)
        self.book = Book([(begin, begin + length) for begin, length in PLANS])

    @property
    def now(self):
        return self.start + self.minute * MINUTE

    def row(self, key):
        person, shift = self.people[key[0]], self.shifts[key[1]]
        return self.session.scalar(
            select(Attendance).where(
                Attendance.shift_id == shift.id, Attendance.person_id == person.id
            )
        )

    def act(self, name, key, number):
        """Do it in a savepoint, so that a refusal leaves no trace, as a request would."""
        with suppress(DomainError), self.session.begin_nested():
            getattr(self, f"_{name}")(key, number)

    def _who(self, key):
        return {"shift_id": self.shifts[key[1]].id, "person_id": self.people[key[0]].id}

    def _in(self, key, _number):
        source = Source(AttendanceMethod.CODE, self.people[key[0]].id, code_step=step_of(self.now))
        check_in.check_in(self.session, **self._who(key), source=source, now=self.now)
        self.book.came(key, self.minute)

    def _out(self, key, _number):
        source = Source(AttendanceMethod.TAP, self.people[key[0]].id)
        check_in.check_out(self.session, **self._who(key), source=source, now=self.now)
        end = self.book.plans[key[1]][1]
        self.book.left(key, end if self.minute > end + 30 else self.minute)

    def _mark(self, key, status):
        before = self.row(key)
        before = before.status if before else None
        mark(
            self.session,
            **self._who(key),
            status=status,
            actor_id=self.desk[0].id,
            now=self.now,
        )
        if before == status:
            return
        self.book.stays.pop(key, None)
        if status == AttendanceStatus.PRESENT:
            begin, end = self.book.plans[key[1]]
            over = self.minute >= end
            self.book.stays[key] = [[begin, end] if over else [max(begin - 120, self.minute), None]]

    def _tick(self, key, _number):
        self._mark(key, AttendanceStatus.PRESENT)

    def _absent(self, key, number):
        self._mark(key, (AttendanceStatus.NO_SHOW, AttendanceStatus.EXCUSED)[number % 2])

    def _untick(self, key, _number):
        self._mark(key, None)

    def _times(self, key, number):
        stays = self.book.stays.get(key)
        if not stays or len(stays) > 1:
            return
        came = self.book.plans[key[1]][0] + number - 60
        left = came + 2 * number
        times.set_times(
            self.session,
            **self._who(key),
            check_in_at=self.start + came * MINUTE,
            check_out_at=self.start + left * MINUTE,
            actor_id=self.desk[0].id,
            now=self.now,
        )
        self.book.stays[key] = [[came, left]]

    def _close(self, _key, _number):
        jobs.close_forgotten(self.session, self.now)
        for key, stays in self.book.stays.items():
            end = self.book.plans[key[1]][1]
            if stays[-1][1] is None and self.minute > end + 30:
                self.book.left(key, end)

    def _confirm(self, key, number):
        shift = self.shifts[key[1]]
        head = shift_head(self.session, shift_id=shift.id, organisation_ids=[self.organisation.id])
        person = self.people[key[0]]
        for row in sheet(self.session, shift=head):
            if row.person_id != person.id or row.is_confirmed or row.proposal is None:
                continue
            services.confirm(
                self.session,
                shift_id=shift.id,
                rows=[(row.attendance_id, row.proposal, "看过" if row.odd else "")],
                # Sometimes the volunteer tries to confirm their own hours.
                actor_id=[*self.desk, person][number % 3].id,
                now=self.now,
            )
            assert self.book.confirm(key) == row.proposal

    def _reverse(self, key, number):
        row = self.row(key)
        entry_id = row and self.session.scalar(
            select(func.max(LedgerEntry.id)).where(LedgerEntry.attendance_id == row.id)
        )
        if entry_id:
            reversing.reverse(
                self.session,
                entry_id=entry_id,
                reason="记错了",
                actor_id=self.desk[number % 2].id,
                now=self.now,
            )
            self.book.counted.pop(key, None)

    def _claim(self, key, number):
        came = self.book.plans[key[1]][0] + number - 30
        left = came + number + 1
        claim = claims.ask(
            self.session,
            **self._who(key),
            stated=Stated(
                check_in_at=self.start + came * MINUTE,
                check_out_at=self.start + left * MINUTE,
                reason="码扫不上",
                evidence="签到表第 2 行",
            ),
            asked_by=self.people[key[0]].id,
            today=self.now.date(),
            latest_days=60,
            now=self.now,
        )
        # One of the two may have confirmed these hours: then only the other one decides.
        for person in self.desk:
            decided = False
            with suppress(deciding.CannotDecide):
                deciding.decide(
                    self.session,
                    claim_id=claim.id,
                    organisation_ids=[self.organisation.id],
                    grant=True,
                    answer="核对过",
                    actor_id=person.id,
                    now=self.now,
                )
                decided = True
            if decided:
                self.book.counted.pop(key, None)
                self.book.stays[key] = [[came, left]]
                self.book.confirm(key)
                return

    def check(self):
        """Compare every sum of the ledger with the book, and read the whole chain."""
        self.session.flush()
        sums = {
            (person_id, shift_id): int(minutes)
            for person_id, shift_id, minutes in self.session.execute(
                select(LedgerEntry.person_id, LedgerEntry.shift_id, func.sum(LedgerEntry.minutes))
                .where(LedgerEntry.shift_id.in_([shift.id for shift in self.shifts]))
                .group_by(LedgerEntry.person_id, LedgerEntry.shift_id)
            )
        }
        counted = {
            (self.people[person].id, self.shifts[shift].id): len(minutes)
            for (person, shift), minutes in self.book.counted.items()
        }
        assert {k: v for k, v in sums.items() if v} == {k: v for k, v in counted.items() if v}
        entries = self.session.execute(
            select(LedgerEntry.person_id, LedgerEntry.confirmed_by)
        ).all()
        assert all(person_id != confirmed_by for person_id, confirmed_by in entries)
        assert verify(self.session).problem == ""


@pytest.fixture
def quiet_day(now):
    """A Monday at eight in the morning in Shanghai, ten days before now."""
    return now - timedelta(days=10, hours=2)


@pytest.mark.parametrize("seed", range(20))
def test_the_sum_of_the_ledger_is_what_a_second_calculation_counts(
    session, organisation, quiet_day, seed
):
    draw = Random(seed)
    world = World(session, organisation, quiet_day)
    for _tap in range(120):
        world.minute += draw.choice(STEPS)
        world.act(*_next(draw, world))
    # A week later all is over: the desk does its work, and people ask about what they see.
    world.minute += 7 * 24 * 60
    keys = [(person, shift) for person in range(2) for shift in range(len(PLANS))]
    for key in draw.sample(keys, len(keys)) * 2:
        world.act("confirm", key, draw.randrange(2))
        if draw.random() < 0.3:
            world.act(draw.choice(("reverse", "claim", "times")), key, draw.randint(1, 90))
    world.check()


def _next(draw, world):
    """Draw what somebody does now; mostly at a shift that goes on, sometimes at any."""
    now_on = [
        shift
        for shift, (begin, length) in enumerate(PLANS)
        if begin - 30 <= world.minute <= begin + length + 45
    ]
    shift = draw.choice(now_on if now_on and draw.random() < 0.8 else range(len(PLANS)))
    (name,) = draw.choices(list(ACTS), ACTS.values())
    return name, (draw.randrange(2), shift), draw.randint(1, 90)
