"""Forms as they stand in a page's markup: what a browser would send."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urljoin

from tests.templates import Element, read

# What may hold any characters, whatever the browser would let people type.
TYPED = frozenset({"text", "search", "tel", "email", "url", "password", "number", ""})
PICKED = frozenset({"date", "time", "datetime-local", "month", "week", "range", "color"})
KEPT_APART = frozenset({"csrf_token", "request_key"})


@dataclass
class Form:
    """A form with the values it would send and the names of its fields by kind."""

    action: str
    method: str
    values: dict[str, list[str]] = field(default_factory=dict)
    kinds: dict[str, str] = field(default_factory=dict)

    @property
    def key(self) -> tuple[str, str, tuple[str, ...]]:
        """Tell two forms apart by where they go, without ids, and what they ask."""
        path = self.action.partition("?")[0]
        place = "/".join("0" if part.isdigit() else part for part in path.split("/"))
        return self.method, place, tuple(sorted(self.kinds))

    @property
    def typed(self) -> list[str]:
        """Return the names of the fields that take any text."""
        return [name for name, kind in self.kinds.items() if kind in TYPED]

    def filled(self) -> dict[str, list[str]]:
        """Return the values with a sensible one in each empty field."""
        return {
            name: values if any(values) else [_sensible(name, self.kinds[name])]
            for name, values in self.values.items()
        }


def _sensible(name: str, kind: str) -> str:
    if "phone" in name or kind == "tel":
        return "13800138000"
    by_kind = {
        "password": "orange-2026-tree",
        "number": "3",
        "date": "2026-12-01",
        "time": "10:00",
        "datetime-local": "2026-12-01T10:00",
        "hidden": "",
    }
    return by_kind.get(kind, "测试 test")


def forms_of(html: str, address: str) -> list[Form]:
    """Return the forms of a page that was fetched from `address`."""
    reader = read(html)
    found: list[Form] = []
    for element in reader.elements:
        if element.tag != "form":
            continue
        form = Form(
            action=urljoin(address, element.attributes.get("action") or address),
            method=element.attributes.get("method", "get").upper(),
        )
        for control in reader.elements:
            if _belongs(control, element):
                _add(form, control, reader.elements)
        found.append(form)
    return found


def _belongs(control: Element, form: Element) -> bool:
    owner = control.attributes.get("form")
    if owner is not None:
        return owner == form.attributes.get("id")
    return form in control.parents


def _add(form: Form, control: Element, elements: list[Element]) -> None:
    attributes = control.attributes
    name, kind = attributes.get("name", ""), attributes.get("type", "").lower()
    if not name or "disabled" in attributes or name in KEPT_APART:
        return
    if control.tag == "textarea":
        form.kinds[name] = "text"
        form.values.setdefault(name, []).append(control.text.removeprefix("\n"))
    elif control.tag == "select":
        options = [one for one in elements if one.tag == "option" and control in one.parents]
        chosen = [one for one in options if "selected" in one.attributes] or options[:1]
        form.kinds[name] = "select"
        form.values.setdefault(name, []).extend(
            one.attributes.get("value", one.text) for one in chosen
        )
    elif control.tag == "input" and kind in ("checkbox", "radio"):
        form.kinds[name] = kind
        # A consent is given: what lies behind it is to be tested.
        if "checked" in attributes or kind == "checkbox":
            form.values.setdefault(name, []).append(attributes.get("value", "on"))
    elif control.tag == "input" and kind in TYPED | PICKED | {"hidden"}:
        form.kinds[name] = kind
        form.values.setdefault(name, []).append(attributes.get("value", ""))
