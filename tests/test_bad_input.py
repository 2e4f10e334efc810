"""R24, R25: whatever is sent, the answer is a page or a sentence, and nothing is half stored."""

from __future__ import annotations

import pytest

from tests import world
from tests.crawling import Visit, row_counts, send
from tests.pages import PARAMETERS, rules
from tests.support import Client

IDENTITIES = pytest.mark.parametrize("identity", world.IDENTITIES)
IMPOSSIBLE_IDS = ["1180591620717411303424", "9223372036854775808", "9223372036854775807", "0"]
BAD_VALUES = [
    "", "0", "-1", "1000000000", "99999999999999999999999", "1e9", "NaN", "２", "x", "é", "\0",
    "'; DROP TABLE person; --", "%", "_", "\\", "<script>alert(1)</script>", "2026-13-45",
    "25:99", "9999-12-31", "0001-01-01", "2026Q9", "a" * 5000,
]  # fmt: skip
QUERY_NAMES = [
    "q", "category", "window", "date", "building", "walk", "seats", "sort", "page", "from", "to",
    "eligible", "quarter", "members", "n", "next", "lang", "size", "theme", "year", "status",
]  # fmt: skip
UNREADABLE = ["NUL", "lone surrogate", "no UTF-8"]
TEN_MEGABYTES = 10 * 1024 * 1024


@pytest.fixture
def visit(client: Client, session, now, identity) -> Visit:
    world.build(session, now)
    return Visit(client, session, identity)


@IDENTITIES
def test_all_pages_open(visit):
    for address in visit.pages():
        answer = visit.client.get(address)
        assert answer.status_code in (200, 302, 303), address
        if answer.status_code == 200 and answer.mimetype == "text/html":
            assert answer.text.count("<h1") == 1, address
            assert answer.text.count("<html") == 1, address


@IDENTITIES
@pytest.mark.parametrize("number", IMPOSSIBLE_IDS)
def test_impossible_ids_are_not_found(visit, number):
    app = visit.client.application
    for method in ("GET", "POST"):
        for rule in rules(app, method):
            if not rule.arguments or not rule.arguments <= PARAMETERS.keys():
                continue
            path = rule.rule
            for name in rule.arguments:
                path = path.replace(f"<int:{name}>", number)
            answer = visit.client.open(path, method=method)
            # A visitor is asked to sign in before anything is looked up.
            expected = (404, 303) if visit.phone is None else (404,)
            assert answer.status_code in expected, f"{method} {path}"


@IDENTITIES
def test_unknown_query_values_are_ignored(visit):
    pages = {address.partition("?")[0] for address in visit.pages()}
    for address in sorted(pages):
        for value in BAD_VALUES:
            answer = visit.client.get(address, query_string=dict.fromkeys(QUERY_NAMES, value))
            assert answer.status_code in (200, 302, 303, 400, 404), f"{address} {value!r}"
            assert "<script>alert(1)" not in answer.text
        raw = "&".join(f"{name}=%ED%A0%80%00%FF" for name in QUERY_NAMES)
        assert visit.client.get(f"{address}?{raw}").status_code in (200, 303, 400, 404), address


@pytest.mark.parametrize("identity", ["volunteer", "coordinator"])
def test_a_page_far_behind_the_last_is_no_error(visit):
    for address in visit.pages():
        path = address.partition("?")[0]
        assert visit.client.get(f"{path}?page={10**9}").status_code in (200, 303, 404), path


@pytest.mark.parametrize("identity", ["visitor", "coordinator"])
def test_ten_megabytes_are_too_large_for_every_form(visit):
    before = row_counts(visit.session)
    for form in visit.forms():
        if form.method == "POST":
            answer = visit.client.post(form.action, data={"name": "a" * TEN_MEGABYTES})
            assert answer.status_code == 413, form.action
            assert "<h1" in answer.text
    assert row_counts(visit.session) == before


@pytest.mark.parametrize("identity", ["visitor", "coordinator"])
def test_ten_thousand_fields_are_no_error(visit):
    many = {f"field-{n}": "x" for n in range(10_000)}
    for form in visit.forms():
        if form.method == "POST":
            status, _body = send(visit, form, many)
            assert 300 <= status < 500, form.action


@IDENTITIES
@pytest.mark.parametrize("raw", [b"a\0b", b"a\xed\xa0\x80b", b"a\xffb"], ids=UNREADABLE)
def test_text_that_cannot_be_stored_is_refused_with_a_sentence(visit, raw):
    for form in visit.forms():
        if form.method != "POST":
            continue
        before = row_counts(visit.session)
        for name in form.typed:
            answer = visit.client.post(
                form.action,
                data=_multipart(name, raw),
                content_type="multipart/form-data; boundary=x",
            )
            assert answer.status_code == 400, f"{form.action} {name}"
            assert "<h1" in answer.text
        assert row_counts(visit.session) == before, form.action


def _multipart(name: str, raw: bytes) -> bytes:
    """Return a body with one field whose bytes are sent as they are."""
    head = f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n'
    return head.encode() + raw + b"\r\n--x--\r\n"


@IDENTITIES
def test_percent_signs_that_are_no_text_are_no_error(visit):
    for form in visit.forms():
        for name in form.typed if form.method == "POST" else ():
            for raw in (b"=a%00b", b"=a%ED%A0%80b", b"=a%FFb", b"=a%"):
                answer = visit.client.post(
                    form.action,
                    data=name.encode() + raw,
                    content_type="application/x-www-form-urlencoded",
                )
                expected = {400} if raw == b"=a%00b" else {303, 400, 409, 422, 429}
                assert answer.status_code in expected, f"{form.action} {name} {raw!r}"
