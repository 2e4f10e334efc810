"""Which terms a text is found by, and which terms a person asked for. Pure: no database.

One ordinary table holds them all, in three families that cannot collide:

- Chinese (and kana, hangul): each pair of neighbouring characters, and the last one alone;
- words and figures of other scripts, whole;
- the sound of Chinese, for titles, categories and places only: initials of up to four neighbouring
  characters (医院 `yy`) and, marked with an apostrophe, their syllables (`'yiyuan`).

A query term that ends in `*` stands for every indexed term that begins so: a single character, or
a word of which only the beginning was typed.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from functools import lru_cache
from itertools import product

TITLE = 64
CATEGORY = 16
PLACE = 4
ORGANISATION = 2
CONTENT = 1

BEGINS = "*"
SYLLABLES = "'"

MAX_WEIGHT = 1000
MAX_TEXT = 2000
MAX_WORD = 32
MAX_QUERY = 100
MAX_QUERY_TERMS = 12
SOUND_REACH = 4
# English words that say nothing. None of them is a syllable or could be initials of Chinese.
STOP_WORDS = frozenset({"the", "and", "for", "with", "from", "your", "are"})

# Scripts written without spaces: Han with its extensions, kana, bopomofo, hangul.
_UNSPACED = (
    "\u3005-\u3007\u3041-\u3096\u30a1-\u30fa\u30fc\u3105-\u312f\u3400-\u4dbf\u4e00-\u9fff"
    "\uac00-\ud7a3\uf900-\ufaff\U00020000-\U0003ffff"
)
_RUN = re.compile(rf"([{_UNSPACED}]+)|((?:(?![{_UNSPACED}])[^\W_])+)")
_HAN = re.compile("[\u3007\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003ffff]+")
_INITIALS_ONLY = re.compile("[b-df-hj-np-tw-z]{5,}")
_ACCENTS = re.compile("[\u0300-\u036f]")


def normalise(text: str) -> str:
    """Return the text as it is compared: full width folded, lower case, without accents."""
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).casefold())
    return unicodedata.normalize("NFC", _ACCENTS.sub("", folded))


def project_terms(texts: Mapping[str, int]) -> dict[str, int]:
    """Return the index of one project: term → what a hit is worth.

    `texts` maps each text to its weight (TITLE … CONTENT). A term that several texts hold is worth
    their sum, and a hit by sound half of a hit by writing, a quarter for a rarer reading.
    """
    terms: dict[str, int] = {}
    for text, weight in texts.items():
        found = _short_text_terms(text) if weight >= PLACE else _text_terms(text)
        for term, share in found.items():
            worth = terms.get(term, 0) + max(1, weight // share)
            terms[term] = min(worth, MAX_WEIGHT)
    return terms


def query_terms(q: str) -> list[str]:
    """Return what to look for, all of it required; an empty list when nothing is searchable."""
    terms: list[str] = []
    for characters, word in _RUN.findall(normalise(q[:MAX_QUERY])):
        if word in STOP_WORDS:
            continue
        if word:
            terms.extend(part + BEGINS for part in _reachable(word[:MAX_WORD]))
        elif len(characters) == 1:
            terms.append(characters + BEGINS)
        else:
            terms.extend(_pairs(characters))
    return list(dict.fromkeys(terms))[:MAX_QUERY_TERMS]


def beginnings(term: str) -> list[str]:
    """Return the beginnings that a term ending in `*` stands for.

    From three letters on a word may also be the syllables of Chinese; two letters are initials.
    """
    start = term.removesuffix(BEGINS)
    sounds = len(start) > 2 and start.isascii() and start.isalpha()
    return [start, SYLLABLES + start] if sounds else [start]


def _pairs(characters: str) -> Iterable[str]:
    return (characters[i : i + 2] for i in range(len(characters) - 1))


def _reachable(word: str) -> list[str]:
    """Cut many initials (`hsyymz`) into as many as the index knows beside each other."""
    if not _INITIALS_ONLY.fullmatch(word):
        return [word]
    return [word[i : i + SOUND_REACH] for i in range(len(word) - SOUND_REACH + 1)]


@lru_cache(maxsize=512)
def _short_text_terms(text: str) -> Mapping[str, int]:
    """Return the terms of a text by writing and by sound; names come again and again."""
    return _text_terms(text, by_sound=True)


def _text_terms(text: str, *, by_sound: bool = False) -> Mapping[str, int]:
    """Return term → by what its weight is divided, for one text."""
    found: dict[str, int] = {}
    for characters, word in _RUN.findall(normalise(text[:MAX_TEXT])):
        if word in STOP_WORDS:
            continue
        if word:
            found[word[:MAX_WORD]] = 1
            continue
        found.update(dict.fromkeys(_pairs(characters), 1))
        found[characters[-1]] = 1
        if by_sound:
            for run in _HAN.findall(characters):
                _add_sounds(run, found)
    return found


def _add_sounds(run: str, found: dict[str, int]) -> None:
    """Add initials and syllables from each character on, but no last character alone."""
    usual = _usual_reading(run)
    for i in range(max(1, len(run) - 1)):
        syllables = usual[i : i + SOUND_REACH]
        found.setdefault(SYLLABLES + "".join(syllables)[:MAX_WORD], 2)
        if len(run) == 1:
            return
        # All readings of the first two, so that every pair is found however it is read.
        rest = "".join(syllable[0] for syllable in syllables[2:])
        ordinary = syllables[0][0] + syllables[1][0]
        found[ordinary + rest] = min(2, found.get(ordinary + rest, 2))
        for first, second in product(_initials(run[i]), _initials(run[i + 1])):
            found.setdefault(first + second + rest, 4)


@lru_cache(maxsize=16384)
def _initials(character: str) -> tuple[str, ...]:
    """Return the first letters of all readings of one character."""
    from pypinyin import Style, pinyin  # noqa: PLC0415 - 55 MB that only the indexer pays

    readings = pinyin(character, style=Style.NORMAL, heteronym=True)[0]
    return tuple(dict.fromkeys(_plain(reading)[0] for reading in readings))


def _usual_reading(run: str) -> list[str]:
    """Return one syllable for each character, as the whole phrase is read (银行 `yin hang`)."""
    from pypinyin import lazy_pinyin  # noqa: PLC0415

    return [_plain(syllable) for syllable in lazy_pinyin(run, errors=list)]  # type: ignore[arg-type]


def _plain(syllable: str) -> str:
    # A character without a known reading stands for itself.
    return normalise(syllable).replace("ü", "v") or syllable
