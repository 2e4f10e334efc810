"""S23, S24: headers on pages, errors and static files."""

from __future__ import annotations

import pytest

from tests.support import login

ANSWERS = ["/login", "/no-such-page", "/healthz", "/me"]


@pytest.mark.parametrize("path", ANSWERS)
def test_every_answer_tells_the_browser_to_be_careful(client, path):
    headers = client.get(path).headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "object-src 'none'; base-uri 'none'; frame-ancestors 'none'" in policy
    for word in ("unsafe-inline", "unsafe-eval", "nonce-", "*"):
        assert word not in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "camera=(self)" in headers["Permissions-Policy"]
    assert "Access-Control-Allow-Origin" not in headers


def test_scripts_come_from_here_and_from_one_file_of_the_cdn(client):
    policy = client.get("/login").headers["Content-Security-Policy"]
    scripts = policy.partition("script-src ")[2].partition(";")[0].split()
    assert scripts == ["'self'", "https://cdn.jsdelivr.net/npm/htmx.org@2.0.11/dist/htmx.min.js"]


def test_without_an_address_for_htmx_everything_comes_from_here(make_app):
    policy = make_app(htmx_url="").test_client().get("/login").headers["Content-Security-Policy"]
    assert "script-src 'self';" in policy


def test_pages_of_a_person_are_stored_nowhere(client, bob):
    assert login(client, bob).get("/me").headers["Cache-Control"] == "no-store"


def test_static_files_keep_for_a_year_and_are_what_they_say(client):
    with client.get("/static/css/hub.css") as answer:
        headers = answer.headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "immutable" in headers["Cache-Control"]
    assert headers["Content-Type"].startswith("text/css")


def test_in_production_only_https_and_host_cookies(make_app):
    app = make_app(production=True)
    answer = app.test_client().get("/login", base_url="https://localhost")
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"
    cookies = answer.headers.getlist("Set-Cookie")
    session = next(cookie for cookie in cookies if cookie.startswith("__Host-session="))
    for word in ("Secure", "HttpOnly", "SameSite=Lax", "Path=/"):
        assert word in session
