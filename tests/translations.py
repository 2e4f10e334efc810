"""The catalogues hold every text of the code: `python -m tests.translations [--write]`.

`--write` adds texts that are new and drops those that are gone; a new one waits, empty, for its
Chinese.
"""

from __future__ import annotations

import io
import sys
import tomllib
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parents[1]
LOCALES = ("zh", "en")
KEYWORDS = {"_": None, "gettext": None, "_l": None, "ngettext": (1, 2), "_n": (1, 2)}

MessageId = str | tuple[str, str]


def used() -> dict[MessageId, set[str]]:
    """Return every message id of code and templates, with the files that use it."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["babel"]
    methods = [(one["pattern"], one["method"]) for one in settings["mappings"]]
    options = {
        one["pattern"]: {
            name: str(value) for name, value in one.items() if name not in ("pattern", "method")
        }
        for one in settings["mappings"]
    }
    found: dict[MessageId, set[str]] = {}
    for file, _line, message, _comments, _context in extract_from_dir(
        ROOT,
        methods,
        options,
        keywords=KEYWORDS,
        directory_filter=_ours,
    ):
        key = message if isinstance(message, str) else (message[0], message[1])
        if key:
            found.setdefault(key, set()).add(file)
    return found


def _ours(folder: str | Path) -> bool:
    return Path(folder).relative_to(ROOT).parts[0] in ("volunteer_hub", "templates")


def path_of(locale: str) -> Path:
    return ROOT / "volunteer_hub" / "translations" / locale / "LC_MESSAGES" / "messages.po"


def catalogue(locale: str) -> Catalog:
    """Return what translators have written."""
    with path_of(locale).open("rb") as file:
        return read_po(file, locale=locale)


def problems() -> list[str]:
    """Return one sentence for each text that is missing, unfinished or used no more."""
    texts = used()
    return [sentence for locale in LOCALES for sentence in _problems(locale, texts)]


def _problems(locale: str, texts: dict[MessageId, set[str]]) -> list[str]:
    kept = catalogue(locale)
    sentences = []
    for key, files in sorted(texts.items(), key=str):
        single = key if isinstance(key, str) else key[0]
        message = kept.get(single)
        where = f"{locale}: {single!r} ({min(files)})"
        if message is None:
            sentences.append(f"{where} is not in the catalogue")
        elif not _all_forms(message.string):
            sentences.append(f"{where} is not translated")
        elif message.fuzzy:
            sentences.append(f"{where} is marked fuzzy")
        elif isinstance(key, tuple) and not message.pluralizable:
            sentences.append(f"{where} has no plural")
        else:
            sentences += [f"{where}: {error}" for error in message.check(kept)]
    singles = {key if isinstance(key, str) else key[0] for key in texts}
    for message in kept:
        single = message.id if isinstance(message.id, str) else message.id[0]
        if single and single not in singles:
            sentences.append(f"{locale}: {single!r} is used no more")
    return sentences


def _all_forms(string: str | list[str] | tuple[str, ...]) -> bool:
    return bool(string) and all([string] if isinstance(string, str) else string)


def write() -> None:
    """Bring both catalogues up to date with the code; English repeats the message id."""
    texts = used()
    for locale in LOCALES:
        before = catalogue(locale) if path_of(locale).exists() else Catalog(locale=locale)
        after = Catalog(locale=locale, project="Volunteer Hub", version="1", fuzzy=False)
        for key, files in sorted(texts.items(), key=str):
            known = before.get(key if isinstance(key, str) else key[0])
            string = known.string if known is not None else ""
            if locale == "en":
                string = key
            elif isinstance(key, tuple) and isinstance(string, str):
                string = (string,)
            after.add(key, string, locations=[(file, None) for file in sorted(files)])
        buffer = io.BytesIO()
        write_po(buffer, after, include_lineno=False, sort_output=True, width=100)
        path_of(locale).parent.mkdir(parents=True, exist_ok=True)
        path_of(locale).write_bytes(buffer.getvalue())


def main() -> int:
    if "--write" in sys.argv:
        write()
    found = problems()
    sys.stdout.writelines(f"{sentence}\n" for sentence in found)
    sys.stdout.write(f"translations: {len(used())} texts, {len(found)} problems\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
