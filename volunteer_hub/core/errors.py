"""Refusals that a person can understand. A service raises one; `core.web` answers it once."""

from __future__ import annotations


class DomainError(Exception):
    """A rule of the domain says no.

    `message` is a translated sentence with the next step, `field` the form field it belongs to.
    """

    status = 409
    # Where the next step can be taken, when it is a page of ours.
    link = ""

    def __init__(self, message: object, *, field: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.field = field


class NotFound(DomainError):
    """No such object, or one that this person may not know of."""

    status = 404

    def __init__(self, message: object = "", *, field: str | None = None) -> None:
        super().__init__(message, field=field)


class InvalidInput(DomainError):
    """What was typed cannot be taken; the form is shown again."""

    status = 422
