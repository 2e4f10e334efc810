"""The least that could do the same: Flask, one Core statement, one template, nothing around it.

`GET /read/<bytes>` reads 20 rows and sends a page of that many bytes; `POST /take` takes a place
by a guarded UPDATE, writes it down by an INSERT and commits once, with the site's own durability.
No sign-in, no form token, no headers, no languages, no compression.
"""

from __future__ import annotations

import os
import threading
from contextlib import nullcontext
from datetime import UTC, datetime
from functools import lru_cache

from flask import Flask, redirect, render_template, request
from markupsafe import Markup
from sqlalchemy import create_engine, func, insert, select, update
from werkzeug.wrappers import Response

from volunteer_hub.core.db import engine_options, listen
from volunteer_hub.projects.models import Project
from volunteer_hub.shifts.models import Post, SignUp

ROWS = 20
PAGE = """<!doctype html>
<html lang="zh-CN"><head><meta charset="utf-8"><title>Floor</title></head>
<body><main><h1>Floor</h1><ul>
{% for row in rows %}<li class="card" data-id="{{ row.id }}">
<h3><a href="/projects/{{ row.id }}">{{ row.title_zh }}</a></h3><p>{{ row.title_en }}</p>
<p>{{ row.status }}</p>{{ filler }}</li>
{% endfor %}</ul></main></body></html>
"""
READ = (
    select(Project.id, Project.title_zh, Project.title_en, Project.status)
    .where(Project.status == "published")
    .order_by(Project.id)
    .limit(ROWS)
)

app = Flask(__name__)
TEMPLATE = app.jinja_env.from_string(PAGE)
engine = create_engine(os.environ["DATABASE_URL"], **engine_options(os.environ["DATABASE_URL"]))
listen(engine)
on_sqlite = engine.dialect.name == "sqlite"
writer = threading.Lock() if on_sqlite else nullcontext()


def _page(filler: str) -> str:
    # Committed, because psycopg forgets its prepared statements at every rollback.
    with engine.begin() as connection:
        rows = connection.execute(READ).all()
    return render_template(TEMPLATE, rows=rows, filler=Markup(filler))


@lru_cache
def _filler(size: int) -> str:
    bare = len(_page("").encode())
    return "." * max(0, round((size - bare) / ROWS))


@app.get("/read/<int:size>")
def read(size: int) -> str:
    return _page(_filler(size))


@app.post("/take")
def take() -> Response:
    shift_id, post_id, person_id = (int(request.form[name]) for name in ("shift", "post", "person"))
    with writer, engine.connect().execution_options(begin="IMMEDIATE") as connection:
        guarded = connection.execute(
            update(Post)
            .where(Post.id == post_id, Post.taken < Post.capacity)
            .values(taken=Post.taken + 1)
        )
        if guarded.rowcount != 1:
            return Response("full", 409)
        connection.execute(
            insert(SignUp).values(
                shift_id=shift_id,
                post_id=post_id,
                person_id=person_id,
                status="confirmed",
                signed_up_at=datetime.now(UTC),
                risk_digest="",
                cancel_reason="",
            )
        )
        connection.commit()
    return redirect(f"/shifts/{shift_id}", 303)


@app.get("/healthz")
def alive() -> str:
    with engine.connect() as connection:
        return str(connection.scalar(select(func.count()).select_from(Project)))
