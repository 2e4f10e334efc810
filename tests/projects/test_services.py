"""Projects: drafts, publication, changes."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from tests.factories import (
    make_category,
    make_organisation,
    make_place,
    make_project,
    make_shift,
)
from volunteer_hub.audit.models import AuditEntry
from volunteer_hub.core.errors import DomainError, InvalidInput, NotFound
from volunteer_hub.projects.models import ProjectStatus, SearchTerm
from volunteer_hub.projects.publication import NotComplete
from volunteer_hub.projects.services import (
    ChangedMeanwhile,
    ProjectDetails,
    change_project,
    close_project,
    create_project,
    publish_project,
)


@pytest.fixture
def details(session):
    """Everything that publication needs."""
    return ProjectDetails(
        category_id=make_category(session).id,
        title_zh="班前一小时",
        place_id=make_place(session).id,
        content_zh="在门诊大厅带路。",
        risk_zh="大厅人多，请留意脚下。",
        contact_name="沈老师",
        contact_phone="138 0013 8000",
    )


@pytest.fixture
def create(session, organisation, alice, now):
    def create(details):
        return create_project(
            session,
            organisation_id=organisation.id,
            details=details,
            actor_id=alice.id,
            now=now,
        )

    return create


@pytest.fixture
def scope(session, organisation, alice, now):
    return {"organisation_ids": (organisation.id,), "actor_id": alice.id, "now": now}


def test_a_draft_needs_only_a_title_and_a_category(session, create):
    project = create(ProjectDetails(category_id=make_category(session).id, title_zh="只有标题"))
    assert (project.status, project.version) == (ProjectStatus.DRAFT, 1)


def test_a_project_without_a_title_is_refused(session, create):
    with pytest.raises(InvalidInput) as refused:
        create(ProjectDetails(category_id=make_category(session).id, title_zh=""))
    assert refused.value.field == "title_zh"


def test_unknown_categories_places_and_organisations_are_refused(session, create, details, now):
    with pytest.raises(InvalidInput):
        create(replace(details, category_id=2**31 - 1))
    with pytest.raises(InvalidInput):
        create(replace(details, place_id=2**31 - 1))
    with pytest.raises(InvalidInput):
        create_project(session, organisation_id=2**31 - 1, details=details, actor_id=None, now=now)


def test_the_contact_phone_is_stored_as_e164_and_a_landline_as_typed(create, details):
    assert create(details).contact_phone == "+8613800138000"
    landline = replace(details, contact_phone="021-6466 0000 转 8")
    assert create(landline).contact_phone == "021-6466 0000 转 8"


def test_a_contact_phone_without_a_number_is_refused(create, details):
    with pytest.raises(InvalidInput) as refused:
        create(replace(details, contact_phone="问前台"))
    assert refused.value.field == "contact_phone"


def test_a_new_project_is_indexed_and_audited_without_its_phone(session, create, details):
    project = create(details)
    terms = session.scalars(
        select(SearchTerm.term).where(SearchTerm.project_id == project.id)
    ).all()
    entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "project:create")).one()
    assert "班前" in terms
    assert entry.object_id == project.id
    assert "13800138000" not in str(entry.details)


def test_a_complete_project_is_published(session, create, details, scope):
    project = create(details)
    publish_project(session, project_id=project.id, **scope)
    assert project.status == ProjectStatus.PUBLISHED


def test_publication_names_everything_that_is_missing(session, create, scope):
    hazardous = make_category(session, hazardous=True)
    project = create(ProjectDetails(category_id=hazardous.id, title_zh="捡跑"))
    with pytest.raises(NotComplete) as refused:
        publish_project(session, project_id=project.id, **scope)
    assert [thing.field for thing in refused.value.missing] == [
        "place_id", "content_zh", "risk_zh", "contact_name", "contact_phone", "insurance",
    ]  # fmt: skip
    assert all(thing.name in refused.value.message for thing in refused.value.missing)
    assert project.status == ProjectStatus.DRAFT


def test_only_hazardous_work_needs_insurance(session, create, details, scope):
    project = create(replace(details, category_id=make_category(session, hazardous=True).id))
    with pytest.raises(NotComplete) as refused:
        publish_project(session, project_id=project.id, **scope)
    assert [thing.field for thing in refused.value.missing] == ["insurance"]


def test_a_change_counts_the_version_up_and_says_which_fields(session, create, details, scope):
    project = create(details)
    change_project(
        session, project_id=project.id, version=1, details=replace(details, title_en="One hour"),
        **scope,
    )  # fmt: skip
    entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "project:change")).one()
    assert project.version == 2
    assert entry.details == {"version": 2, "fields": ["title_en"]}


def test_saving_the_same_again_changes_nothing(session, create, details, scope):
    project = create(details)
    change_project(session, project_id=project.id, version=1, details=details, **scope)
    assert project.version == 1


def test_a_change_made_on_an_older_version_is_refused(session, create, details, scope):
    project = create(details)
    newer = replace(details, title_zh="新标题")
    change_project(session, project_id=project.id, version=1, details=newer, **scope)
    with pytest.raises(ChangedMeanwhile) as refused:
        change_project(session, project_id=project.id, version=1, details=details, **scope)
    assert refused.value.status == 409
    assert project.title_zh == "新标题"


def test_a_published_project_cannot_lose_its_risk_notice(session, create, details, scope):
    project = create(details)
    publish_project(session, project_id=project.id, **scope)
    with pytest.raises(NotComplete) as refused:
        change_project(
            session, project_id=project.id, version=2, details=replace(details, risk_zh=""),
            **scope,
        )  # fmt: skip
    assert refused.value.field == "risk_zh"


def test_projects_of_other_organisations_are_not_found(session, details, scope, alice):
    theirs = make_project(session, organisation=make_organisation(session))
    with pytest.raises(NotFound):
        publish_project(session, project_id=theirs.id, **scope)
    with pytest.raises(NotFound):
        close_project(session, project_id=theirs.id, **scope)
    with pytest.raises(NotFound):
        change_project(session, project_id=theirs.id, version=1, details=details, **scope)


def test_a_project_with_shifts_to_come_is_not_closed(session, organisation, scope, now):
    project = make_project(session, organisation=organisation)
    make_shift(session, project=project)
    with pytest.raises(DomainError):
        close_project(session, project_id=project.id, **scope)
    scope["now"] = now + timedelta(days=3)
    close_project(session, project_id=project.id, **scope)
    assert project.status == ProjectStatus.CLOSED
