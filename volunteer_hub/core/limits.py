"""How often something may be tried."""

from __future__ import annotations

from time import time

from flask import Flask
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address

limiter = Limiter(get_remote_address, headers_enabled=False)


def init_app(app: Flask, redis_url: str) -> None:
    """Count in this process, or in Redis when there are several."""
    app.config["RATELIMIT_STORAGE_URI"] = redis_url or "memory://"
    hooks = app.before_request_funcs.setdefault(None, [])
    others = list(hooks)
    limiter.init_app(app)
    # We set no limit for all pages, and the decorated views count for themselves; the look at every
    # request would cost a fifth of a small one.
    hooks[:] = others


def seconds_to_wait() -> int:
    """Return after how many seconds the limit that was reached lets people try again."""
    reached = limiter.current_limit
    return max(1, int(reached.reset_at - time())) if reached else 60
