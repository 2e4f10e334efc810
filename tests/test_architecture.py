"""Rules of the house that no single feature can keep alone."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from flask import Flask
from jinja2 import UndefinedError

from tests import templates, translations
from tests.templates import FILES, name_of
from volunteer_hub.core import permissions
from volunteer_hub.core.errors import DomainError
from volunteer_hub.core.permissions import Permission, access_of

ROOT = Path(__file__).resolve().parents[1]
SOURCES = sorted((ROOT / "volunteer_hub").rglob("*.py"))
ALLOWED_HX = frozenset(
    {
        "hx-get", "hx-post", "hx-target", "hx-swap", "hx-trigger", "hx-push-url",
        "hx-replace-url", "hx-swap-oob", "hx-indicator", "hx-sync", "hx-disabled-elt",
        "hx-confirm",
    }
)  # fmt: skip
SPOKEN_ATTRIBUTES = ("aria-label", "title", "alt", "placeholder", "content", "hx-confirm")
WORDS = re.compile(r"[^\W\d_]{2,}|[一-鿿]")


# ---------------------------------------------------------------- routes


def test_every_route_says_who_may_use_it(some_app):
    unmarked = [
        rule.rule
        for rule in some_app.url_map.iter_rules()
        if rule.endpoint != "static" and access_of(some_app.view_functions[rule.endpoint]) is None
    ]
    assert unmarked == []


def test_a_mark_is_public_or_a_permission(some_app):
    for name, view in some_app.view_functions.items():
        if name != "static":
            assert access_of(view) == "public" or isinstance(access_of(view), Permission), name


def test_a_route_that_nobody_marked_is_closed(make_app):
    app: Flask = make_app()
    app.add_url_rule("/unmarked", view_func=lambda: "open")
    assert app.test_client().get("/unmarked").status_code == 404


def test_every_permission_is_granted_to_somebody():
    granted = permissions.EVERYBODY.union(*permissions.GRANTS.values())
    assert granted == set(Permission)


# ---------------------------------------------------------------- templates


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_templates_hold_no_script_style_or_forbidden_attribute(path):
    text = path.read_text()
    assert not re.search(r"\|\s*safe\b|autoescape\s+false|\{%-?\s*raw", text)
    for element in templates.read(templates.markup(path)).elements:
        where = f"line {element.line}: <{element.tag}>"
        assert element.tag != "style", where
        assert element.tag != "script" or "src" in element.attributes, where
        for name, value in element.attributes.items():
            assert name != "style", where
            assert not name.startswith("on"), f"{where} {name}"
            assert "javascript:" not in value.lower(), where
            assert not value.startswith("js:"), where
            if name.startswith(("hx-", "data-hx-")):
                assert name in ALLOWED_HX, f"{where} {name}"


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_htmx_attributes_are_not_inherited_or_filtered(path):
    for element in templates.read(templates.markup(path)).elements:
        asks = {"hx-get", "hx-post"} & element.attributes.keys()
        rest = {name for name in element.attributes if name.startswith("hx-")} - asks
        assert asks or rest <= {"hx-swap-oob"}, f"line {element.line}: {rest}"
        assert "[" not in element.attributes.get("hx-trigger", "")


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_every_posting_form_carries_the_token(path):
    text = path.read_text()
    for form in re.findall(r"<form\b.*?</form>", text, re.DOTALL):
        opening = form.partition(">")[0]
        if re.search(r"method=\"?post", opening, re.IGNORECASE) or "hx-post" in opening:
            assert "hidden()" in form or "csrf_token" in form, opening
    elements = templates.read(templates.markup(path)).elements
    for element in elements:
        if "hx-post" in element.attributes and element.tag != "form":
            assert any(parent.tag == "form" for parent in element.parents), element.line


@pytest.mark.parametrize("path", [path for path in FILES if path.name.startswith("_")], ids=name_of)
def test_a_fragment_has_one_root_element_with_an_id(path):
    read = templates.read(templates.markup(path))
    roots = [root for root in read.roots if "hx-swap-oob" not in root.attributes]
    assert roots, "no root element"
    assert read.bare.strip(" \n~") == ""
    # The branches of an {% if %} may each write the root; it is one place on the page.
    ids = {root.attributes.get("id") for root in roots}
    assert len(ids) == 1
    assert ids != {None}


def test_undefined_variables_in_templates_fail(some_app):
    with some_app.test_request_context(), pytest.raises(UndefinedError):
        some_app.jinja_env.from_string("{{ nobody_set_this }}").render()


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_all_templates_compile(path, some_app):
    some_app.jinja_env.get_template(name_of(path))


# ---------------------------------------------------------------- texts


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_templates_hold_no_text_outside_the_catalogues(path):
    read = templates.read(templates.markup(path))
    assert not WORDS.search(_without_jinja_marks(read.bare)), read.bare
    for element in read.elements:
        # A text in an element with its own `lang` is meant to be in that language.
        if any(
            "lang" in one.attributes for one in (element, *element.parents) if one.tag != "html"
        ):
            continue
        assert not WORDS.search(element.text), f"line {element.line}: {element.text.strip()}"
        for name in SPOKEN_ATTRIBUTES:
            if element.tag != "meta":
                assert not WORDS.search(element.attributes.get(name, "")), element.line


def _without_jinja_marks(text: str) -> str:
    # Blocks that fill attributes of the base page hold no text.
    return re.sub(r'[\w-]+="[^"]*"', "", text)


def test_every_text_is_in_both_catalogues():
    assert translations.problems() == []


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_what_people_are_told_is_translated(path):
    refusals = {"ValidationError", *(one.__name__ for one in _refusals(DomainError))}
    for call in ast.walk(ast.parse(path.read_text())):
        if not isinstance(call, ast.Call):
            continue
        name = getattr(call.func, "id", getattr(call.func, "attr", ""))
        told = list(call.args[:1]) if name in refusals or name.endswith("Field") else []
        told += [word.value for word in call.keywords if word.arg in ("say", "message")]
        for value in told:
            literal = isinstance(value, ast.Constant) and isinstance(value.value, str)
            assert not literal or not value.value, f"line {call.lineno}"


def _refusals(kind: type[DomainError]) -> list[type[DomainError]]:
    return [kind, *(below for one in kind.__subclasses__() for below in _refusals(one))]


# ---------------------------------------------------------------- code


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_modules_stay_short_and_markup_stays_in_templates(path):
    text = path.read_text()
    assert not re.search(r"\bMarkup\(|\|safe|render_template_string", text)
    if "migrations" not in path.parts:
        lines = len(text.splitlines())
        assert lines <= 300


@pytest.mark.parametrize(
    "path",
    [path for path in SOURCES if re.search(r"(services|queries)", path.name)],
    ids=lambda path: path.relative_to(ROOT).as_posix(),
)
def test_rules_never_read_the_clock_or_commit(path):
    for call in ast.walk(ast.parse(path.read_text())):
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute):
            name = ast.unparse(call.func)
            assert name not in ("clock.now", "clock.today", "datetime.now", "date.today"), (
                f"line {call.lineno}: {name}"
            )
            assert not name.endswith(("session.commit", "session.rollback")), call.lineno
