"""Names as strangers may see them."""

from __future__ import annotations


def masked(name: str) -> str:
    """Return 王* for 王敏 and E**** H*** for Emily Hart: the first letter of each word stays."""
    return " ".join(f"{word[0]}{'*' * (len(word) - 1)}" for word in name.split())
