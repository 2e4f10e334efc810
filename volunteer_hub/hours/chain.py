"""How ledger entries are chained, so that an edit behind the database's triggers shows."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, date, datetime

UNCHAINED = frozenset({"id", "digest"})


def entry_digest(previous: str, fields: Mapping[str, object]) -> str:
    """Return the digest of a ledger entry as 64 hex digits.

    SHA-256 over the digest of the entry before it (`""` for the first, in order of id), a line
    break, and the entry's columns as JSON with sorted keys. `id` and `digest` are left out when
    given, every other column of `ledger_entry` belongs in. Dates are ISO dates; moments are ISO
    in UTC with microseconds, whatever zone they came in. Raises ValueError for a naive moment.
    """
    text = json.dumps(
        {key: value for key, value in fields.items() if key not in UNCHAINED},
        default=_plain,
        ensure_ascii=False,
        separators=(",", ":"),
        sort_keys=True,
    )
    return hashlib.sha256(f"{previous}\n{text}".encode()).hexdigest()


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise ValueError("naive datetime")
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no place in a ledger entry")
