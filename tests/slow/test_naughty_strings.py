"""R25, S25: 515 naughty strings in every text field of every form, as each identity.

The strings are the Big List of Naughty Strings (MIT licence, Max Woolf).
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests import world
from tests.crawling import Visit, send
from tests.forms import Form

STRINGS: list[str] = json.loads(
    (Path(__file__).resolve().parents[1] / "data" / "naughty_strings.json").read_text()
)
DANGEROUS = frozenset("<>\"'")
# Sentences, not errors: done, refused by a rule, mended by the person, or tried too often.
ANSWERS = frozenset({200, 303, 400, 404, 409, 413, 422})

pytestmark = pytest.mark.slow


@pytest.fixture
def visit(client, session, now, identity) -> Visit:
    world.build(session, now)
    return Visit(client, session, identity)


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
    if len(text) > 3 and DANGEROUS & set(text) and _raw(text, body):
        found.append(f"{where}: not escaped")
    return found


def _raw(text: str, body: str) -> bool:
    # Ordinary words of the page may contain a short piece; whole payloads may not.
    return any(mark in text for mark in ("<", '"')) and text in body


@pytest.mark.parametrize("identity", world.IDENTITIES)
def test_naughty_strings_in_all_fields_at_once(visit):
    found: list[str] = []
    for form in visit.forms():
        if not form.typed:
            continue
        for text in STRINGS:
            values = form.filled() | {name: [text] for name in form.typed}
            found += faults(visit, form, values, text)
        visit.sign_in()
    assert found == []


@pytest.mark.parametrize("identity", world.IDENTITIES)
def test_naughty_strings_in_each_field_while_the_others_are_right(visit):
    found: list[str] = []
    for form in visit.forms():
        names = form.typed
        for name in names:
            # Each string reaches each field of one engine or the other, and all at once above.
            for text in STRINGS:
                found += faults(visit, form, form.filled() | {name: [text]}, text)
            visit.sign_in()
    if visit.pages():
        for address in visit.pages():
            answer = visit.client.get(address)
            if answer.status_code >= 500:
                found.append(f"{address}: status {answer.status_code} afterwards")
    assert found == []
