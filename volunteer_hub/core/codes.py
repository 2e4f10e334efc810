"""Codes that prove presence: pure, from the secret key and the server's clock alone.

A check-in code changes every 30 s and is an HMAC over shift, direction and time step (trust.md
S36); nothing is stored. The offline code of a place stays the same: its owner shows it where
neither phone has a network.
"""

from __future__ import annotations

import hashlib
import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

STEP_SECONDS = 30
# A code is taken in its own step and in the next one, so never when older than 60 s. The step
# ahead is that of another server whose clock runs before ours.
TOLERATED = (0, 1, -1)
_MAC_BYTES = 8
_DIGITS = 6


class Direction(StrEnum):
    """Whether a code lets people in or out."""

    IN = "in"
    OUT = "out"


class Scan(NamedTuple):
    """What a token says: a code of this shift, made in this time step."""

    shift_id: int
    direction: Direction
    step: int

    def is_fresh(self, now: datetime) -> bool:
        return step_of(now) - self.step in TOLERATED


def step_of(now: datetime) -> int:
    """Return the number of the time step in which this moment lies."""
    return int(now.timestamp()) // STEP_SECONDS


def token(key: str, scan: Scan) -> str:
    """Return what the QR code carries: 22 letters that are safe in an address."""
    said = _said(scan)
    return urlsafe_b64encode(said + _mac(key, "scan", said)[:_MAC_BYTES]).decode().rstrip("=")


def read_token(key: str, text: str) -> Scan | None:
    """Return what a token says, or None when one bit of it is not ours."""
    try:
        raw = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:
        return None
    said, mac = raw[:8], raw[8:]
    # Of several spellings of the same bytes only one is ours.
    if len(mac) != _MAC_BYTES or urlsafe_b64encode(raw).decode().rstrip("=") != text:
        return None
    if not hmac.compare_digest(mac, _mac(key, "scan", said)[:_MAC_BYTES]):
        return None
    number = int.from_bytes(said[4:], "big")
    direction = Direction.OUT if number & 1 else Direction.IN
    return Scan(int.from_bytes(said[:4], "big"), direction, number >> 1)


def digits(key: str, scan: Scan) -> str:
    """Return the six digits for those who cannot scan."""
    return _six(_mac(key, "digits", _said(scan)))


def find_digits(
    key: str, typed: str, *, shift_id: int, direction: Direction, now: datetime
) -> Scan | None:
    """Return the code of this shift that shows these digits at present, or None."""
    for back in TOLERATED:
        scan = Scan(shift_id, direction, step_of(now) - back)
        if hmac.compare_digest(digits(key, scan).encode(), typed.encode()):
            return scan
    return None


def offline_digits(key: str, sign_up_id: int) -> str:
    """Return the personal code of a place: six digits that only its owner and the site know."""
    return _six(_mac(key, "offline", sign_up_id.to_bytes(8, "big")))


def _said(scan: Scan) -> bytes:
    number = scan.step << 1 | (scan.direction is Direction.OUT)
    return scan.shift_id.to_bytes(4, "big") + number.to_bytes(4, "big")


def _mac(key: str, purpose: str, said: bytes) -> bytes:
    return hmac.digest(key.encode(), f"check-in:{purpose}:".encode() + said, hashlib.sha256)


def _six(mac: bytes) -> str:
    return f"{int.from_bytes(mac[:8], 'big') % 10**_DIGITS:0{_DIGITS}}"
