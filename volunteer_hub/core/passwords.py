"""Hash and check passwords (argon2id)."""

from __future__ import annotations

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

# OWASP's first choice for argon2id: 19 MiB, two passes, one lane.
_hasher = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
# Checked when nobody has this phone, so that the answer takes as long as for a wrong password.
_NOBODY = _hasher.hash("nobody has this password")


def hash_password(password: str) -> str:
    """Return the argon2id hash; takes about 25 ms, so never inside a transaction."""
    return _hasher.hash(password)


def matches(hashed: str | None, password: str) -> bool:
    """Tell whether the password is the one that was hashed, in the same time for no hash."""
    try:
        return _hasher.verify(hashed or _NOBODY, password) and hashed is not None
    except (Argon2Error, InvalidHashError):
        return False
