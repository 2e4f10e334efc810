"""Templates read as text: Jinja taken out, the markup parsed."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[1] / "templates"
FILES = sorted(FOLDER.rglob("*.html"))
VOID = frozenset(
    {
        "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param",
        "source", "track", "wbr",
    }
)  # fmt: skip
_COMMENT = re.compile(r"\{#.*?#\}", re.DOTALL)
_EXPRESSION = re.compile(r"\{\{.*?\}\}", re.DOTALL)
_STATEMENT = re.compile(r"\{%.*?%\}", re.DOTALL)


def name_of(path: Path) -> str:
    return path.relative_to(FOLDER).as_posix()


def markup(path: Path) -> str:
    """Return the template without Jinja; an expression becomes a tilde."""
    text = _COMMENT.sub("", path.read_text())
    return _STATEMENT.sub("", _EXPRESSION.sub("~", text))


@dataclass(eq=False)
class Element:
    tag: str
    attributes: dict[str, str]
    parents: tuple[Element, ...]
    text: str = ""
    line: int = 0


@dataclass
class _Reader(HTMLParser):
    elements: list[Element] = field(default_factory=list)
    open: list[Element] = field(default_factory=list)
    roots: list[Element] = field(default_factory=list)
    bare: str = ""

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(
            tag,
            {name: value or "" for name, value in attrs},
            tuple(self.open),
            line=self.getpos()[0],
        )
        self.elements.append(element)
        if not self.open:
            self.roots.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        # The branches of an {% if %} may open an element twice and close it once.
        while self.open and tag in [element.tag for element in self.open]:
            if self.open.pop().tag == tag:
                break

    def handle_data(self, data: str) -> None:
        if self.open:
            self.open[-1].text += data
        else:
            self.bare += data


def read(html: str) -> _Reader:
    """Parse markup; `.elements` holds all, `.roots` the outermost ones, `.bare` text outside."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return reader
