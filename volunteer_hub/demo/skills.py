"""What people can do, what posts ask for, and the induction that opens the hospital's posts.

Written after all shifts are known: nothing here changes who comes when.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from typing import NamedTuple

from dateutil.relativedelta import relativedelta

from volunteer_hub.accounts.models import Person, PersonQualification
from volunteer_hub.demo.edges import Cast
from volunteer_hub.demo.people import COORDINATOR, VOLUNTEER, People
from volunteer_hub.demo.plan import Plan, Row
from volunteer_hub.demo.projects import Offers
from volunteer_hub.shifts.models import ACTIVE, Post, PostNeed, Shift, ShiftStatus, SignUp

# In the order of migration 0009, which numbers them from 1.
KEYS = (
    "chat", "phone", "guide", "kiosk", "craft", "paint", "garden", "photo", "video", "hair", "sew",
    "repair", "law", "it", "teach", "host", "run", "guide_run", "lang_zh", "lang_sh", "lang_en",
    "lang_ja", "lang_ko", "lang_fr", "lang_csl", "hospital", "first_aid", "aed", "elders",
    "dementia",
)  # fmt: skip
IDS = {key: place for place, key in enumerate(KEYS, start=1)}
SKILLS = KEYS[: KEYS.index("lang_zh")]
MOST_SKILLS = 3
# Shares of those who have filled this in: seed `language_share_pct`.
LANGUAGES = {
    "lang_zh": 0.99, "lang_sh": 0.34, "lang_en": 0.47, "lang_ja": 0.06, "lang_ko": 0.02,
    "lang_fr": 0.02, "lang_csl": 0.006,
}  # fmt: skip
# Whoever comes often has filled in the profile, of the others few.
OTHERS_FILLED_IN = 0.04
FAIR_SHARE = 0.04


class _Training(NamedTuple):
    share: float
    months: int | None


TRAININGS = {
    "hospital": _Training(0.12, 12),
    "first_aid": _Training(0.05, 24),
    "aed": _Training(0.03, 24),
    "elders": _Training(0.10, None),
    "dementia": _Training(0.03, 24),
}
SPEAKS = {"zh": "上海话接待", "en": "Welcome desk in Shanghainese"}
PARTNER = {"zh": "一对一伙伴", "en": "One-to-one partner"}


def build(plan: Plan, people: People, cast: Cast, offers: Offers) -> None:
    """Collect needs of posts, what people can do, and projects that open in steps."""
    skills = _Skills(plan, people, cast)
    skills.hospital_needs(offers)
    skills.shanghainese(offers)
    skills.identities()
    skills.profiles()
    fair_release(plan, offers)


class _Skills:
    def __init__(self, plan: Plan, people: People, cast: Cast) -> None:
        self.plan = plan
        self.people = people
        self.cast = cast
        self.known: set[tuple[int, str]] = set()
        self.coming: defaultdict[int, list[int]] = defaultdict(list)
        for row in plan.rows[SignUp]:
            if row["status"] in ACTIVE:
                self.coming[row["post_id"]].append(row["person_id"])
        self.posts: defaultdict[int, list[Row]] = defaultdict(list)
        for row in plan.rows[Post]:
            self.posts[row["shift_id"]].append(row)

    def can(self, person_id: int, key: str) -> None:
        """Let the person say this of themselves."""
        if (person_id, key) in self.known:
            return
        self.known.add((person_id, key))
        since = self.plan.days_ago(self.plan.rng.randint(20, 300))
        self.plan.add(
            PersonQualification,
            person_id=person_id,
            qualification_id=IDS[key],
            since=since,
        )

    def trained(self, person_id: int, key: str, day: date) -> None:
        """Confirm a training that took place on a day."""
        if (person_id, key) in self.known or person_id in (COORDINATOR, self.cast.deleted):
            return
        self.known.add((person_id, key))
        months = TRAININGS[key].months
        self.plan.add(
            PersonQualification,
            person_id=person_id,
            qualification_id=IDS[key],
            since=day,
            expires_on=day + relativedelta(months=months) if months else None,
            confirmed_by=COORDINATOR,
        )

    def need(self, post: Row, key: str) -> None:
        self.plan.rows[PostNeed].append({"post_id": post["id"], "qualification_id": IDS[key]})

    def ahead(self, project_id: int) -> list[Row]:
        return [
            row
            for row in self.plan.rows[Shift]
            if row["project_id"] == project_id
            and row["status"] == ShiftStatus.PUBLISHED
            and row["starts_at"] > self.plan.last_midnight
        ]

    def hospital_needs(self, offers: Offers) -> None:
        """Ask for the induction in the last post; the others stay open to everybody."""
        hospital = {
            offer.project["id"] for offer in offers.all if offer.category["key"] == "hospital_guide"
        }
        for shift in self.plan.rows[Shift]:
            posts = self.posts[shift["id"]]
            ahead = shift["starts_at"] > self.plan.last_midnight
            if shift["project_id"] not in hospital or not ahead or len(posts) < 2:
                continue
            coming = self.coming[posts[-1]["id"]]
            if {VOLUNTEER, self.cast.foreigner} & set(coming):
                continue
            self.need(posts[-1], "hospital")
            for person_id in coming:
                self.trained(
                    person_id, "hospital", self.plan.days_ago(self.plan.rng.randint(10, 300))
                )

    def shanghainese(self, offers: Offers) -> None:
        """Add a post for people who speak Shanghainese beside the one open to everybody."""
        for shift in self.ahead(offers.flagships["elder_digital"].project["id"]):
            posts = self.posts[shift["id"]]
            if len(posts) == 1:
                posts[0] |= {"name_zh": PARTNER["zh"], "name_en": PARTNER["en"]}
            post = self.plan.add(
                Post,
                shift_id=shift["id"],
                position=len(posts),
                name_zh=SPEAKS["zh"],
                name_en=SPEAKS["en"],
                capacity=2,
                minimum=1,
            )
            self.need(post, "lang_sh")

    def identities(self) -> None:
        """Let the demo's volunteer speak Shanghainese without any training; one has run out."""
        for key in ("phone", "lang_zh", "lang_sh"):
            self.can(VOLUNTEER, key)
        self.can(self.cast.foreigner, "lang_en")
        self.trained(self.cast.foreigner, "hospital", self.plan.days_ago(400))

    def profiles(self) -> None:
        """Let those who come often say what they can do, and a few of the others."""
        rng = self.plan.rng
        kept_apart = {VOLUNTEER, COORDINATOR, self.cast.deleted, self.cast.foreigner}
        active = self.people.active
        for person in self.plan.rows[Person]:
            person_id = person["id"]
            if person_id in kept_apart:
                continue
            if person_id not in active and rng.random() >= OTHERS_FILLED_IN:
                continue
            for key in rng.sample(SKILLS, rng.randint(0, MOST_SKILLS)):
                self.can(person_id, key)
            for key, share in LANGUAGES.items():
                if rng.random() < share:
                    self.can(person_id, key)
            if person_id in active:
                self._trainings(person_id)

    def _trainings(self, person_id: int) -> None:
        rng = self.plan.rng
        for key, training in TRAININGS.items():
            if rng.random() < training.share:
                # Longer ago than some are valid: a few have run out.
                self.trained(person_id, key, self.plan.days_ago(rng.randint(5, 420)))


def fair_release(plan: Plan, offers: Offers) -> None:
    """Let a few projects open their places in steps, and a few keep some for newcomers."""
    for offer in offers.live():
        drawn = plan.rng.random()
        if offer.flagship:
            continue
        if drawn < FAIR_SHARE / 2:
            offer.project["early_percent"] = 50
        elif drawn < FAIR_SHARE:
            offer.project["newcomer_percent"] = 20
