"""Names as strangers may see them."""

from __future__ import annotations


def masked(name: str) -> str:
    """Return 王* for 王敏 and E**** H*** for Emily Hart: the first letter of each word stays."""
    return " ".join(f"{word[0]}{'*' * (len(word) - 1)}" for word in name.split())


_TWO_CHARACTER_SURNAMES = ("欧阳", "司马", "上官", "诸葛", "东方", "皇甫", "尉迟", "公孙", "令狐")


def called(name: str) -> str:
    """Return 敏 for 王敏 and Emily for Emily Hart: the given name, as on a sheet at the table."""
    words = name.split()
    if not words:
        return ""
    first = words[0]
    if len(words) > 1 or not "一" <= first[0] <= "鿿" or len(first) < 2:
        return first
    surname = 2 if len(first) > 2 and first.startswith(_TWO_CHARACTER_SURNAMES) else 1
    return first[surname:]
