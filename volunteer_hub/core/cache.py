"""Whole pages for visitors, kept as long as nothing that they show has changed.

The key holds the content version, which grows inside every transaction that changes what lists
show, and the minute, because shifts begin without anybody writing. Each process keeps its own.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable

from flask import Response, current_app, request
from flask_login import current_user

from volunteer_hub.core import clock
from volunteer_hub.core.db import content_version, db
from volunteer_hub.core.web import display_choices

MOST_PAGES = 256
# Longer addresses are somebody's experiment, not a page that many look at.
LONGEST_QUERY = 200

_pages: OrderedDict[tuple[object, ...], tuple[bytes, str]] = OrderedDict()
_lock = threading.Lock()


def visitors_page(build: Callable[[], Response]) -> Response:
    """Return the page from the cache, or build and keep it; people signed in get their own."""
    if not _may_keep():
        return build()
    minute = clock.now().replace(second=0, microsecond=0)
    chosen = (*display_choices().values(), request.cookies.get("cdn") == "0")
    key = (id(db.engine), content_version(), minute, request.full_path, *chosen)
    with _lock:
        kept = _pages.get(key)
        if kept is not None:
            _pages.move_to_end(key)
    if kept is None:
        response = build()
        if response.status_code == 200:
            _keep(key, response)
        return response
    body, vary = kept
    return Response(body, headers={"Vary": vary}, mimetype="text/html")


def _may_keep() -> bool:
    return (
        current_app.config["HUB_CACHE"]
        and not current_user.is_authenticated
        and "HX-Request" not in request.headers
        and "say" not in request.cookies
        and len(request.query_string) <= LONGEST_QUERY
    )


def _keep(key: tuple[object, ...], response: Response) -> None:
    with _lock:
        _pages[key] = (response.get_data(), response.headers.get("Vary", ""))
        while len(_pages) > MOST_PAGES:
            _pages.popitem(last=False)
