"""R25, S25: naughty strings in every text field of every form, as each identity."""

from __future__ import annotations

import pytest

from tests import world
from tests.crawling import Visit, send
from tests.forms import Form
from tests.slow.naughty import strings

MARKUP = frozenset('<"')
SOURCES = pytest.mark.parametrize("source", ["own", "big list"])
# Sentences, not errors: done, refused by a rule, mended by the person, or tried too often.
ANSWERS = frozenset({200, 303, 400, 404, 409, 413, 422})

pytestmark = pytest.mark.slow


@pytest.fixture
def visits(client, session, now) -> dict[str, Visit]:
    world.build(session, now)
    return {
        identity: Visit(client.application.test_client(), session, identity)
        for identity in world.IDENTITIES
    }


def own_forms(visits: dict[str, Visit], identity: str) -> list[Form]:
    """Return the forms with text fields that nobody before this identity can reach."""
    known: set[object] = set()
    for before in world.IDENTITIES[: world.IDENTITIES.index(identity)]:
        known |= {form.key for form in visits[before].forms()}
    return [form for form in visits[identity].forms() if form.typed and form.key not in known]


def faults(visit: Visit, form: Form, values: dict[str, list[str]], text: str) -> list[str]:
    """Send the form and return what was wrong with the answer."""
    where = f"{form.method} {form.action} {text!r}"
    try:
        status, body = send(visit, form, values)
    except Exception as error:  # noqa: BLE001 - every one is a finding
        return [f"{where}: {error!r}"]
    found = []
    if status not in ANSWERS:
        found.append(f"{where}: status {status}")
    if status >= 400 and not body.strip():
        found.append(f"{where}: {status} without a sentence")
    if is_markup(text) and text in body:
        found.append(f"{where}: not escaped")
    return found


def is_markup(text: str) -> bool:
    """Tell whether the text would act as markup if it stood in a page as it is."""
    return len(text) > 3 and bool(MARKUP & set(text))


# Most of these are refused by the form itself, before any database is asked.
@pytest.mark.parametrize("databases", ["sqlite"], indirect=True)
@SOURCES
@pytest.mark.parametrize("identity", world.IDENTITIES)
def test_naughty_strings_in_all_fields_at_once(visits, identity, source):
    visit, found = visits[identity], []
    for form in own_forms(visits, identity):
        for text in strings(source):
            found += faults(visit, form, form.filled() | {key: [text] for key in form.typed}, text)
        visit.sign_in()
    assert found == []


@SOURCES
@pytest.mark.parametrize("identity", world.IDENTITIES)
def test_naughty_strings_in_one_field_while_the_others_are_right(
    visits, identity, source, databases
):
    # In turns: each string goes alone into one field of each form, another one on each engine.
    visit, found = visits[identity], []
    turn = 0 if "sqlite" in databases.url else 1
    for form in own_forms(visits, identity):
        for number, text in enumerate(strings(source)):
            name = form.typed[(number + turn) % len(form.typed)]
            found += faults(visit, form, form.filled() | {name: [text]}, text)
        visit.sign_in()
    # What was accepted now stands in the pages.
    for address in visit.pages():
        body = visit.client.get(address).text
        found += [
            f"{address}: {text!r}" for text in strings(source) if is_markup(text) and text in body
        ]
    assert found == []
