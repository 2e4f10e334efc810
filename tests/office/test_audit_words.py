"""The audit trail speaks in sentences, whatever was noted by whom."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from tests.factories import grant_role, make_person
from tests.support import login
from volunteer_hub.audit import services as audit
from volunteer_hub.core.i18n import speaking
from volunteer_hub.core.permissions import Role
from volunteer_hub.reports import audit_words
from volunteer_hub.shifts.models import SignUpStatus

SOURCES = sorted((Path(__file__).resolve().parents[2] / "volunteer_hub").rglob("*.py"))
ACT = re.compile(r"[a-z_]+:[a-z_]+")
NOTING = frozenset({"record", "note", "_note"})


def acts_noted() -> dict[str, str]:
    """Return every act that the source notes, with the file that does."""
    found = {}
    for path in SOURCES:
        for call in ast.walk(ast.parse(path.read_text())):
            if isinstance(call, ast.Call):
                name = getattr(call.func, "attr", getattr(call.func, "id", ""))
                for value in call.args if name in NOTING else ():
                    if isinstance(value, ast.Constant) and ACT.fullmatch(str(value.value)):
                        found[str(value.value)] = path.name
    return found


def test_every_act_that_is_noted_has_a_sentence():
    noted = acts_noted()
    assert len(noted) > 30
    assert {act: file for act, file in noted.items() if act not in audit_words.ACTS} == {}


@pytest.mark.parametrize("status", [SignUpStatus.CONFIRMED, SignUpStatus.WAITLISTED])
def test_what_signing_up_leads_to_has_a_sentence(status):
    assert f"sign_up:{status}" in audit_words.ACTS


def test_an_act_that_nobody_knows_any_more_is_shown_neutrally(some_app):
    with some_app.test_request_context("/?lang=en"), speaking("en"):
        assert audit_words.act("moon:land") == "Another act: moon:land"
        assert audit_words.details_of({"speed": 3, "odd": [1, None]}) == [
            ("speed", "3"), ("odd", "1 → –"),
        ]  # fmt: skip


@pytest.mark.parametrize(
    ("details", "words"),
    [
        ({"changed": {"capacity": [8, 10]}, "fields": ["capacity"]}, [("Places", "8 → 10")]),
        (
            {"changed": {"starts_at": ["2026-11-25 04:00:00+00:00", "2026-11-25 05:30:00+00:00"]}},
            [("Starts", "2026-11-25 12:00 → 2026-11-25 13:30")],
        ),
        ({"changed": {"posts": None}, "version": 3}, [("Posts", "changed")]),
        ({"fields": ["title_zh", "outdoors"]}, [("Changed", "Title, Outdoors")]),
        ({"before": None, "after": "no_show"}, [("Changed", "– → Did not come")]),
        ({"people": [4, 5]}, [("People", "2 people")]),
        ({"expires_on": "2027-11-22", "person_id": 7}, [
            ("Valid until", "22 Nov 2027"), ("Person", "Volunteer 7")]),
        ({"rows": [{"attendance": 1, "minutes": 60, "reason": "早走"}]}, [
            ("Hours", "1 person · 60 minutes · 早走")]),
        ({"branch_id": None, "role": "office"}, [("Role", "Office")]),
    ],
)  # fmt: skip
def test_details_are_labelled_words_with_local_times(some_app, details, words):
    with some_app.test_request_context("/?lang=en"), speaking("en"):
        assert audit_words.details_of(details) == words


def test_the_page_shows_sentences_and_leads_to_what_it_speaks_of(client, session, now):
    office = make_person(session, name="街道老张")
    grant_role(session, office, Role.OFFICE)
    audit.record(session, "sign_up:cancel", actor_id=office.id, object_id=5, now=now, shift_id=12)
    audit.record(
        session, "project:change", actor_id=office.id, object_id=7, now=now, fields=["insurance"]
    )
    page = login(client, office).get("/office/audit?lang=zh").text
    assert "取消了报名" in page
    assert 'href="/shifts/12"' in page
    assert 'href="/projects/7"' in page
    assert "保险" in page
    assert "sign_up:cancel</td>" not in page
