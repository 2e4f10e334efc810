"""Phone numbers: typed in many ways, stored as E.164."""

from __future__ import annotations

import re
import unicodedata

import phonenumbers

# The demo's numbers (199 0000 xxxx) are no real allocation but must sign in.
_CHINESE_MOBILE = re.compile(r"1[3-9]\d{9}")


def normalise(typed: str) -> str | None:
    """Return the number as E.164, or None when it is no mobile number a person could have."""
    text = unicodedata.normalize("NFKC", typed).strip()
    if text.startswith("00"):
        text = "+" + text[2:]
    try:
        number = phonenumbers.parse(text, "CN")
    except phonenumbers.NumberParseException:
        return None
    national = str(number.national_number)
    if number.country_code == 86:
        known = _CHINESE_MOBILE.fullmatch(national) and phonenumbers.is_possible_number(number)
        if not known or not (
            national.startswith("1990000") or phonenumbers.is_valid_number(number)
        ):
            return None
    elif not phonenumbers.is_valid_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def shown(e164: str | None) -> str:
    """Return the number as people write it: Chinese ones without +86."""
    return (e164 or "").removeprefix("+86")


def masked(e164: str | None) -> str:
    """Return 138****8000."""
    number = shown(e164)
    return f"{number[:3]}****{number[-4:]}" if len(number) >= 8 else "****"
