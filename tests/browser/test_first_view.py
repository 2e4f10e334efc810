"""What the first page costs on the wire."""

from __future__ import annotations

FIRST_VIEW = 40 * 1024
PAGE = 10 * 1024


def test_the_first_view_of_the_list_stays_small(open_browser):
    page = open_browser().page
    cdp = page.context.new_cdp_session(page)
    cdp.send("Network.enable")
    sizes: dict[str, int] = {}
    names: dict[str, str] = {}
    cdp.on(
        "Network.responseReceived", lambda e: names.update({e["requestId"]: e["response"]["url"]})
    )
    cdp.on(
        "Network.loadingFinished",
        lambda e: sizes.update({e["requestId"]: int(e["encodedDataLength"])}),
    )
    page.goto("/projects", wait_until="networkidle")
    wire = {names[one]: size for one, size in sizes.items() if names[one].startswith("http")}
    assert any(url.endswith("/projects") for url in wire)
    assert sum(wire.values()) <= FIRST_VIEW, wire
    assert next(size for url, size in wire.items() if url.endswith("/projects")) <= PAGE, wire
