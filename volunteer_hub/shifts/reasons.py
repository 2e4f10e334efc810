"""Why somebody cannot have a place: typed, with a sentence and the cheapest way out."""

from __future__ import annotations

from enum import StrEnum

from volunteer_hub.core.errors import DomainError


class Reason(StrEnum):
    """Why somebody cannot have a place."""

    CANCELLED = "cancelled"
    STARTED = "started"
    NOT_OPEN_YET = "not_open_yet"
    TOO_YOUNG = "too_young"
    GUARDIAN_CONSENT = "guardian_consent"
    GUARDIAN_COMING = "guardian_coming"
    NO_INSURANCE = "no_insurance"
    OVERLAP = "overlap"
    TRAVEL = "travel"
    SKILL = "skill"
    LANGUAGE = "language"
    TRAINING = "training"
    TRAINING_EXPIRED = "training_expired"
    OFFER_GONE = "offer_gone"
    SIGNED_UP = "signed_up"
    FULL = "full"


class CannotSignUp(DomainError):
    """A rule keeps this person from this shift; the message says which, and what would help.

    `link` leads to the cheapest way out, and `way_out` says what is there.
    """

    def __init__(
        self, message: object, reason: Reason, *, link: str = "", way_out: str = ""
    ) -> None:
        super().__init__(message)
        self.reason = reason
        self.link = link
        self.way_out = way_out
