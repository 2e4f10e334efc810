"""What people can do: said by themselves, or confirmed by others."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from tests.factories import make_attendance, make_person, make_project, make_shift
from tests.support import login
from volunteer_hub.accounts import qualification_list, qualifications, queries
from volunteer_hub.accounts.models import PersonQualification, Qualification
from volunteer_hub.accounts.services import delete_account
from volunteer_hub.audit.models import AuditEntry
from volunteer_hub.core.errors import DomainError, InvalidInput, NotFound
from volunteer_hub.hours.models import LedgerEntry
from volunteer_hub.hours.reversing import reverse
from volunteer_hub.hours.services import confirm

HOUR = timedelta(hours=1)
DAY = date(2026, 11, 22)


@pytest.fixture
def known(session):
    """Ids of the sub-district's list by key."""
    return dict(session.execute(select(Qualification.key, Qualification.id)).all())


def held_keys(session, person):
    keys = {row.id: row.key for row in queries.all_qualifications(session)}
    return [keys[one.qualification_id] for one in queries.of_person(session, person.id)]


@pytest.fixture
def grant(session, alice, bob, known, now):
    def grant(day=DAY, *, key="hospital", by=None, to=None):
        return qualifications.grant_training(
            session,
            person_id=(to or bob).id,
            qualification_id=known[key],
            day=day,
            confirmed_by=(by or alice).id,
            now=now,
        )

    return grant


# ---------------------------------------------------------------- the list


def test_the_list_begins_with_what_the_sub_district_speaks_of(session):
    rows = queries.all_qualifications(session)
    assert [row.kind for row in rows] == sorted(
        (row.kind for row in rows), key=["skill", "language", "training"].index
    )
    names = {row.name_zh for row in rows}
    assert {"手机教学", "上海话", "手语", "医院导医上岗培训", "急救员证（红十字）"} <= names
    assert all(row.name_en for row in rows)


def test_the_office_adds_to_the_list_and_renames(session, alice, now, known):
    row = qualification_list.add_qualification(
        session, kind="training", name_zh="垃圾分类讲师", name_en="Sorting coach",
        valid_months=6, actor_id=alice.id, now=now,
    )  # fmt: skip
    qualification_list.rename_qualification(
        session, qualification_id=row.id, name_zh="垃圾分类宣讲员", name_en="Coach",
        actor_id=alice.id, now=now,
    )  # fmt: skip
    last = queries.all_qualifications(session)[-1]
    assert (last.name_zh, last.name_en, last.valid_months) == ("垃圾分类宣讲员", "Coach", 6)
    with pytest.raises(InvalidInput):
        qualification_list.rename_qualification(
            session, qualification_id=row.id, name_zh="上海话", name_en="",
            actor_id=alice.id, now=now,
        )  # fmt: skip


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"kind": "wizardry"}, "kind"),
        ({"name_zh": ""}, "name_zh"),
        ({"name_zh": "长" * 41}, "name_zh"),
        ({"name_zh": "上海话"}, "name_zh"),
        ({"name_en": "x" * 41}, "name_en"),
        ({"valid_months": 0}, "valid_months"),
        ({"valid_months": 121}, "valid_months"),
    ],
)
def test_what_cannot_be_in_the_list_is_refused_at_its_field(session, alice, now, change, field):
    values = {"kind": "training", "name_zh": "新的", "name_en": "New", "valid_months": 12}
    with pytest.raises(InvalidInput) as refused:
        qualification_list.add_qualification(session, actor_id=alice.id, now=now, **values | change)
    assert refused.value.field == field


# ---------------------------------------------------------------- said by oneself


def test_people_say_their_skills_and_languages_and_take_them_back(session, bob, known, now):
    def say(*keys):
        qualifications.set_own(
            session, person_id=bob.id, qualification_ids=[known[key] for key in keys], now=now
        )

    say("phone", "lang_sh")
    assert held_keys(session, bob) == ["phone", "lang_sh"]
    say("lang_sh", "lang_en")
    say("lang_sh", "lang_en")
    assert held_keys(session, bob) == ["lang_sh", "lang_en"]
    acts = session.scalars(
        select(AuditEntry.details).where(AuditEntry.action == "person:skills")
    ).all()
    assert acts == [{"added": 2, "removed": 0}, {"added": 1, "removed": 1}]


def test_nobody_says_a_training_of_themselves(session, bob, known, now, grant):
    grant()
    with pytest.raises(InvalidInput):
        qualifications.set_own(session, person_id=bob.id, qualification_ids=[known["aed"]], now=now)
    qualifications.set_own(session, person_id=bob.id, qualification_ids=[], now=now)
    assert held_keys(session, bob) == ["hospital"]


# ---------------------------------------------------------------- confirmed by others


def test_a_training_is_valid_for_whole_months_of_the_calendar(grant):
    assert grant(date(2024, 2, 29)).expires_on == date(2025, 2, 28)


def test_renewing_extends_and_never_shortens(grant):
    assert grant(date(2026, 5, 1)).expires_on == date(2027, 5, 1)
    assert grant(date(2026, 3, 1)).expires_on == date(2027, 5, 1)
    assert grant(date(2026, 11, 1)).expires_on == date(2027, 11, 1)


def test_a_training_without_end_stays_without_end(grant):
    assert grant(key="elders").expires_on is None
    assert grant(date(2027, 1, 1), key="elders").expires_on is None


def test_nobody_confirms_their_own_training(grant, alice):
    with pytest.raises(DomainError, match="自己"):
        grant(to=alice)


def test_a_language_is_no_training_that_could_be_confirmed(grant):
    with pytest.raises(NotFound):
        grant(key="lang_sh")


@pytest.fixture
def induction(session, organisation, known, now):
    """Yesterday's induction for the hospital."""
    project = make_project(session, organisation=organisation, teaches_id=known["hospital"])
    return make_shift(session, project=project, starts_at=now - 26 * HOUR, ends_at=now - 24 * HOUR)


def test_confirmed_hours_of_an_induction_give_the_training(session, induction, alice, bob, now):
    late = make_person(session)
    rows = [
        (make_attendance(session, induction, bob).id, 60, "说好一小时"),
        (make_attendance(session, induction, late).id, 0, "没有听课"),
    ]
    confirm(session, shift_id=induction.id, rows=rows, actor_id=alice.id, now=now)
    (held,) = queries.of_person(session, bob.id)
    assert (held.name_zh, held.since) == ("医院导医上岗培训", induction.day)
    assert held.expires_on == induction.day.replace(year=2027)
    assert queries.of_person(session, late.id) == []
    (row,) = session.scalars(select(PersonQualification)).all()
    assert row.confirmed_by == alice.id


def test_hours_taken_back_leave_the_training(session, induction, alice, bob, now):
    attendance = make_attendance(session, induction, bob)
    confirm(
        session, shift_id=induction.id, rows=[(attendance.id, 60, "迟到")], actor_id=alice.id,
        now=now,
    )  # fmt: skip
    entry = session.scalars(select(LedgerEntry)).one()
    reverse(session, entry_id=entry.id, reason="记错", actor_id=alice.id, now=now)
    assert held_keys(session, bob) == ["hospital"]


def test_other_projects_give_no_training(session, alice, bob, organisation, now):
    project = make_project(session, organisation=organisation)
    shift = make_shift(session, project=project, starts_at=now - 26 * HOUR, ends_at=now - 24 * HOUR)
    attendance = make_attendance(session, shift, bob)
    confirm(
        session, shift_id=shift.id, rows=[(attendance.id, 60, "迟到")], actor_id=alice.id, now=now
    )
    assert queries.of_person(session, bob.id) == []


# ---------------------------------------------------------------- pages


def test_the_profile_keeps_what_was_ticked_and_shows_trainings_with_their_end(
    client, session, bob, known, grant
):
    grant(date(2025, 1, 10))
    grant(date(2026, 11, 20), key="aed")
    grant(key="elders")
    session.commit()
    login(client, bob)
    ticks = {"qualification_ids": [str(known["phone"]), str(known["lang_sh"])]}
    answer = client.post("/me/profile/skills", data=ticks)
    assert (answer.status_code, answer.location) == (303, "/me/profile#skills")
    page = client.get("/me/profile?lang=en").text
    for key in ("phone", "lang_sh"):
        assert f'value="{known[key]}" checked' in page
    assert f'name="qualification_ids" value="{known["hospital"]}"' not in page
    assert "Expired on 10 Jan 2026" in page
    assert "Valid until 20 Nov 2028" in page
    assert "Valid without end" in page


def test_a_training_cannot_be_ticked_by_hand(client, session, bob, known):
    login(client, bob)
    for value in (str(known["hospital"]), "99999", str(2**70), "'", "上海话"):
        answer = client.post(
            "/me/profile/skills", data={"qualification_ids": [value, str(known["phone"])]}
        )
        assert answer.status_code == 422
        assert f'value="{known["phone"]}" checked' in answer.text
    assert queries.of_person(session, bob.id) == []


def test_the_own_data_names_what_one_can_do_and_a_deleted_account_can_nothing(
    client, session, bob, known, grant, now
):
    grant()
    session.commit()
    (row,) = login(client, bob).get("/me/data.json").get_json()["qualifications"]
    assert (row["name_zh"], row["expires_on"]) == ("医院导医上岗培训", "2027-11-22")
    delete_account(session, person_id=bob.id, today=now.date(), now=now)
    assert session.scalars(select(PersonQualification)).all() == []
