"""What notices about matching say: invitations and urgent calls."""

from __future__ import annotations

from collections.abc import Callable

from volunteer_hub.core.i18n import _, either
from volunteer_hub.notifications.parts import Params, Text, place, point_in_time, shift, title


def _invited(params: Params) -> Text:
    return Text(
        _("Would you like to come? %(title)s", title=title(params)),
        _(
            "%(shift)s, %(place)s. It fits your free time. Answer by %(until)s; saying no is one"
            " tap and costs nothing.",
            shift=shift(params),
            place=place(params),
            until=point_in_time(params["expires_at"]),
        ),
    )


def _called_out(params: Params) -> Text:
    return Text(
        _("Urgent: can you help? %(title)s", title=title(params)),
        _(
            "%(shift)s, %(place)s. A place is free; the first to say yes has it. Can't"
            " come? No need to do anything.",
            shift=shift(params),
            place=place(params),
        ),
    )


def _paired(params: Params) -> Text:
    return Text(
        _("You have been paired: %(title)s", title=title(params)),
        _(
            "%(shift)s. Topic: %(topic)s. Whom you meet, and at which table, is on your page.",
            shift=shift(params),
            topic=either(params["topic_zh"], params["topic_en"]),
        ),
    )


def _unpaired(params: Params) -> Text:
    return Text(
        _("A pairing has changed: %(title)s", title=title(params)),
        _(
            "%(shift)s. You do not meet the senior you were paired with. You still have your place;"
            " a notice tells you if you are paired with somebody else.",
            shift=shift(params),
        ),
    )


def _meet_again(params: Params) -> Text:
    return Text(
        _("How was it? %(title)s", title=title(params)),
        _("Would you like to meet the same senior again? One tap says yes or no."),
    )


def _request_moved(params: Params) -> Text:
    topic = either(params["topic_zh"], params["topic_en"])
    sentences = {
        "entered": _("It waits to be verified."),
        "verified": _("It is verified and waits for a shift."),
        "placed": _("It is arranged."),
        "served": _("It is done."),
        "closed": _("It is closed; the answer is on its page."),
        "withdrawn": _("It was withdrawn."),
    }
    sentence = sentences[params["state"]]
    if params["starts_at"]:
        sentence = _("It is arranged for %(when)s.", when=point_in_time(params["starts_at"]))
    return Text(_("A senior's wish goes on: %(topic)s", topic=topic), sentence)


KINDS: dict[str, Callable[[Params], Text]] = {
    "invited": _invited,
    "called_out": _called_out,
    "paired": _paired,
    "unpaired": _unpaired,
    "meet_again": _meet_again,
    "request_moved": _request_moved,
}
