"""A certificate states what the ledger says, and a stranger can check it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from tests.factories import make_attendance, make_person, make_project, make_shift
from tests.support import login
from volunteer_hub.certificates import document, services
from volunteer_hub.certificates.models import Certificate
from volunteer_hub.certificates.services import State
from volunteer_hub.core.errors import InvalidInput, NotFound
from volunteer_hub.core.names import masked
from volunteer_hub.hours import reversing
from volunteer_hub.hours.models import LedgerEntry
from volunteer_hub.hours.services import confirm

DAY = timedelta(days=1)


@pytest.fixture
def served(session, organisation, alice, bob, now):
    """Let Bob have hours at two shifts, one and three days ago."""
    bob.name = "王敏"
    for days in (1, 3):
        project = make_project(session, organisation=organisation)
        shift = make_shift(session, project=project, starts_at=now - days * DAY)
        row = make_attendance(session, shift, bob)
        confirm(session, shift_id=shift.id, rows=[(row.id, 60)], actor_id=alice.id, now=now)
    session.commit()


@pytest.fixture
def issue(session, bob, now):
    def issue(first=10, last=0, language="zh"):
        found = services.issue(
            session,
            person_id=bob.id,
            first=(now - first * DAY).date(),
            last=(now - last * DAY).date(),
            language=language,
            today=now.date(),
            now=now,
        )
        session.commit()
        return found

    return issue


def paper(certificate, tmp_path, language="zh"):
    return document.Paper(
        serial=certificate.serial,
        language=language,
        issued_at=certificate.issued_at,
        issued_on=certificate.issued_at.date(),
        digest=certificate.digest,
        verify_address=f"https://hub.example.org/verify/{certificate.code}",
        site_name="小橙子志愿",
        folder=tmp_path,
    )


def test_it_states_the_hours_of_the_period_and_no_others(served, issue):
    assert issue().minutes == 120
    assert issue(first=2).minutes == 60


@pytest.mark.parametrize(("first", "last"), [(1, 2), (2, -1)])
def test_dates_that_cannot_be_are_refused(served, issue, first, last):
    with pytest.raises(InvalidInput):
        issue(first=first, last=last)


def test_without_hours_there_is_nothing_to_certify(issue):
    with pytest.raises(services.NothingToCertify):
        issue()


def test_a_reversal_after_issue_shows_and_one_before_does_not(session, served, issue, alice, now):
    entries = session.scalars(select(LedgerEntry.id).order_by(LedgerEntry.id)).all()
    early = issue()
    reversing.reverse(session, entry_id=entries[0], reason="误登记", actor_id=alice.id, now=now)
    session.commit()
    found = services.standing(session, early)
    assert (found.state, found.corrected_by) == (State.CORRECTED, -60)
    late = issue()
    assert late.minutes == 60
    assert services.standing(session, late).state == State.VALID


def test_figures_that_somebody_changed_are_not_shown(session, served, issue):
    certificate = issue()
    certificate.figures = certificate.figures | {"minutes": 999}
    session.commit()
    with pytest.raises(NotFound):
        services.by_code(session, certificate.code)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_same_figures_give_the_same_bytes(served, issue, tmp_path, language):
    certificate = issue(language=language)
    first = document.pdf(certificate.figures, paper(certificate, tmp_path, language))
    again = document.pdf(certificate.figures, paper(certificate, tmp_path, language))
    assert first == again
    assert first.startswith(b"%PDF-")
    assert b"FontFile2" in first
    assert len(first) < 100_000


def test_a_year_with_many_shifts_fills_several_pages(served, issue, tmp_path):
    certificate = issue()
    many = certificate.figures | {"rows": certificate.figures["rows"] * 60}
    content = document.pdf(many, paper(certificate, tmp_path))
    assert content.count(b"/Type /Page\n") > 3


def test_names_are_masked_for_strangers():
    assert masked("王敏") == "王*"
    assert masked("阿卜杜拉·买买提") == "阿*******"
    assert masked("Emily Hart") == "E**** H***"
    assert masked("") == ""


def test_a_volunteer_issues_downloads_and_a_stranger_checks(client, session, served, bob):
    login(client, bob)
    sent = {"first": "2026-11-01", "last": "2026-11-23", "language": "zh"}
    assert client.post("/me/certificates", data=sent).status_code == 303
    certificate = session.scalars(select(Certificate)).one()
    assert certificate.serial in client.get("/me/certificates").text
    document_ = client.get(f"/certificates/{certificate.code}.pdf")
    assert document_.content_type == "application/pdf"
    client.post("/logout")
    page = client.get(f"/verify/{certificate.code}").text
    assert "王*" in page
    assert "王敏" not in page
    assert "2.0" in page
    assert 'data-state="valid"' in page
    assert client.get("/verify/nobody-knows").status_code == 404
    assert client.get("/certificates/nobody-knows.pdf").status_code == 404


def test_a_withdrawn_one_says_so_and_has_no_document(client, session, served, issue, bob):
    certificate = issue()
    login(client, make_person(session))
    assert client.post(f"/me/certificates/{certificate.id}/withdraw").status_code == 404
    client.post("/logout")
    login(client, bob)
    client.post(f"/me/certificates/{certificate.id}/withdraw")
    assert 'data-state="withdrawn"' in client.get(f"/verify/{certificate.code}").text
    assert client.get(f"/certificates/{certificate.code}.pdf").status_code == 404


def test_a_form_that_cannot_be_keeps_what_was_typed(client, served, bob):
    login(client, bob)
    answer = client.post(
        "/me/certificates", data={"first": "2026-11-20", "last": "2026-11-01", "language": "en"}
    )
    assert answer.status_code == 422
    assert 'value="2026-11-20"' in answer.text
    assert client.post("/me/certificates", data={"first": "x"}).status_code == 422


def test_after_the_account_is_deleted_only_the_masked_name_is_kept(
    session, served, issue, bob, now
):
    certificate = issue()
    services.forget(session, person_id=bob.id, now=now)
    session.commit()
    assert services.by_code(session, certificate.code).figures["name"] == "王*"
    assert services.standing(session, certificate).state == State.WITHDRAWN
