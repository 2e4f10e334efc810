"""Every page for every identity: accessible, quiet, and no wider than the screen."""

from __future__ import annotations

import pytest

from tests import world
from tests.browser.conftest import DESK, PHONE
from tests.browser.watched import axe, overflow

LOOKS = {"light": {"theme": "light"}, "dark": {"theme": "dark"}, "elder": {"size": "elder"}}
# Dark pages have the markup of light ones; only their colours are their own.
RULES = {"light": (), "dark": ("color-contrast", "link-in-text-block"), "elder": ()}


@pytest.mark.parametrize("identity", world.IDENTITIES)
@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("screen", [PHONE, DESK], ids=["390", "1280"])
def test_all_pages_are_accessible_and_quiet(open_browser, live, identity, look, screen):
    watched = open_browser(identity, screen=screen, **LOOKS[look])
    found = []
    for address in live.pages(identity):
        answer = watched.page.goto(address)
        assert answer is not None
        faults = [] if answer.ok else [f"status {answer.status}"]
        faults += axe(watched.page, *RULES[look]) + watched.faults() + overflow(watched.page)
        found += [f"{address}: {fault}" for fault in faults]
    assert found == []


@pytest.mark.parametrize("identity", world.IDENTITIES)
def test_english_pages_fit_the_phone_in_elder_size(open_browser, live, identity):
    watched = open_browser(identity, size="elder", lang="en")
    found = []
    for address in live.pages(identity):
        watched.page.goto(address)
        found += [f"{address}: {fault}" for fault in overflow(watched.page)]
        found += [f"{address}: {fault}" for fault in watched.faults()]
        assert watched.page.locator("html").get_attribute("lang") == "en"
    assert found == []
