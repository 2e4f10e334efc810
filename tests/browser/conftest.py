"""Chromium, and the site it looks at."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests import support
from tests.browser import live as live_site
from tests.browser.live import Live
from tests.browser.watched import Watched

PHONE = {"width": 390, "height": 844}
DESK = {"width": 1280, "height": 800}
ARGUMENTS = ["--no-sandbox", "--disable-background-networking"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "browser" in item.path.parts:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        support.skip_or_fail("Chromium is not installed: `apt-get install chromium`.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def live(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    with live_site.serve(tmp_path_factory.mktemp("live")) as site:
        yield site


@pytest.fixture
def open_browser(chromium: Browser, live: Live) -> Iterator[Callable[..., Watched]]:
    """Start a browser of its own: `open_browser("volunteer", screen=PHONE, theme="dark")`.

    Cookies for theme, size and lang are set by keyword; the page comes watched and empty.
    """
    contexts = []

    def start(identity: str = "visitor", *, screen: dict[str, int] = PHONE, **kept: Any) -> Watched:
        context = chromium.new_context(
            viewport=screen,  # type: ignore[arg-type]
            base_url=live.address,
            locale="zh-CN",
            timezone_id="Asia/Shanghai",
            has_touch=screen is PHONE,
            java_script_enabled=kept.pop("scripts", True),
        )
        context.set_default_timeout(10_000)
        contexts.append(context)
        cookie = live.session_cookie(identity)
        if cookie:
            kept["session"] = cookie
        context.add_cookies(
            [{"name": name, "value": value, "url": live.address} for name, value in kept.items()]
        )
        return Watched(context.new_page(), live.address)

    yield start
    for context in contexts:
        context.close()
