"""What may be typed about a senior: what they are called and where they sit, nothing more."""

from __future__ import annotations

import re
import unicodedata

from volunteer_hub.core.errors import InvalidInput
from volunteer_hub.core.i18n import _

NAME_LENGTH, VENUE_LENGTH = 20, 60
MOST_HAN, MOST_WORDS = 4, 2
# Beside letters, what names are written with.
_IN_NAMES = frozenset(" '’·-")
# No name has them; what is said with them is about health (product rule 10).
_OF_HEALTH = frozenset("病症癌痛聋哑瘫瘤药")
_HOUSE_NUMBER = re.compile(
    r"\d\s*(号|號|弄|室|栋|幢|单元|座)|[〇零一二三四五六七八九十百]弄|\d\s*[-－—]\s*\d"
    r"|\b(room|flat|apt|apartment|unit|lane|no)\b\.?\s*\d",
    re.IGNORECASE,
)


def check_name(typed: str) -> None:
    """Raise InvalidInput unless it is what people call somebody: 4 Han characters, or 2 words."""
    name = typed.strip()
    if not 1 <= len(name) <= NAME_LENGTH:
        raise _refused(_("Please give a given name, in at most 20 characters."))
    # Numbers of phones, cards and flats do not belong here.
    if any(letter.isnumeric() and not _is_han(letter) for letter in name):
        raise _refused(_("Only what people call the senior, please: no numbers."))
    if set(name) & _OF_HEALTH:
        raise _refused(_("Only what people call the senior, please: nothing about health."))
    is_sentence = (
        sum(map(_is_han, name)) > MOST_HAN
        or len(name.split()) > MOST_WORDS
        or any(not _is_letter(letter) and letter not in _IN_NAMES for letter in name)
    )
    if is_sentence:
        raise _refused(
            _(
                "Only what people call the senior, please: at most 4 Chinese characters, or two"
                " short words."
            )
        )


def check_venue(typed: str) -> None:
    """Raise InvalidInput for what is too long or tells where somebody lives."""
    venue = typed.strip()
    if len(venue) > VENUE_LENGTH:
        raise InvalidInput(
            _("Please use at most %(max)d characters.") % {"max": VENUE_LENGTH}, field="venue"
        )
    if _HOUSE_NUMBER.search(unicodedata.normalize("NFKC", venue)):
        raise InvalidInput(
            _(
                "Please leave out house and room numbers, so that nobody's home is written here:"
                " the neighbourhood or the venue is enough, such as 居委会活动室."
            ),
            field="venue",
        )


def _refused(sentence: str) -> InvalidInput:
    return InvalidInput(sentence, field="given_name")


def _is_han(letter: str) -> bool:
    return unicodedata.name(letter, "").startswith("CJK")


def _is_letter(letter: str) -> bool:
    return unicodedata.category(letter)[0] in "LM"
