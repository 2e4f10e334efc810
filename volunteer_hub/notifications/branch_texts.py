"""What notices about branches say: membership, the invitation to all, adoptions."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from volunteer_hub.core.i18n import _, day_year, either
from volunteer_hub.notifications.parts import Params, Text, title


def _branch(params: Params) -> str:
    return either(params["branch_zh"], params["branch_en"])


def _membership_asked(params: Params) -> Text:
    return Text(
        _("Somebody says they belong to %(branch)s", branch=_branch(params)),
        _("Please look who it is, and confirm or decline. Nothing counts before."),
    )


def _membership_confirmed(params: Params) -> Text:
    if params.get("is_change"):
        kind = _("as a Party member") if params["is_party_member"] else _("as a non-member")
        return Text(
            _("%(branch)s has confirmed your change", branch=_branch(params)),
            _("You belong to it %(kind)s now. Earlier hours stay as they are.", kind=kind),
        )
    return Text(
        _("You belong to %(branch)s", branch=_branch(params)),
        _("Your branch has confirmed it. Hours from now on count for it too."),
    )


def _membership_declined(params: Params) -> Text:
    if params.get("is_change"):
        return Text(
            _("%(branch)s left your membership as it is", branch=_branch(params)),
            _("Please ask your branch leader if that is not right."),
        )
    return Text(
        _("%(branch)s could not confirm your membership", branch=_branch(params)),
        _("Please ask your branch leader, or choose another branch in your profile."),
    )


def _membership_ended(params: Params) -> Text:
    return Text(
        _("Your membership of %(branch)s has ended", branch=_branch(params)),
        _(
            "Its last day was %(day)s. Earlier hours stay as they are.",
            day=day_year(date.fromisoformat(params["day"])),
        ),
    )


def _membership_resumed(params: Params) -> Text:
    return Text(
        _("Your membership of %(branch)s goes on", branch=_branch(params)),
        _("That it had ended was a slip; nothing has changed for you."),
    )


def _branch_invites(params: Params) -> Text:
    return Text(
        _("%(branch)s would be glad to see you at a shift", branch=_branch(params)),
        _("One hour is enough. Everybody in the branch gets this line; nothing follows from a no."),
    )


def _adoption_proposed(params: Params) -> Text:
    return Text(
        _("%(branch)s would like to adopt a project", branch=_branch(params)),
        _("%(title)s. Please agree or decline.", title=title(params)),
    )


def _with_answer(sentence: str, params: Params) -> str:
    if not params.get("reason"):
        return sentence
    return _("%(sentence)s Their answer: %(answer)s", sentence=sentence, answer=params["reason"])


def _adoption_agreed(params: Params) -> Text:
    return Text(
        _("Adopted: %(title)s", title=title(params)),
        _with_answer(_("Places are kept for your branch in the shifts to come."), params),
    )


def _adoption_declined(params: Params) -> Text:
    return Text(
        _("Not this time: %(title)s", title=title(params)),
        _with_answer(_("The project could not agree. Others ask for help."), params),
    )


def _adoption_thanked(params: Params) -> Text:
    return Text(
        _("Thank you, %(branch)s", branch=_branch(params)),
        f"{title(params)}: {params['reason']}",
    )


KINDS: dict[str, Callable[[Params], Text]] = {
    "membership_asked": _membership_asked,
    "membership_confirmed": _membership_confirmed,
    "membership_declined": _membership_declined,
    "membership_ended": _membership_ended,
    "membership_resumed": _membership_resumed,
    "branch_invites": _branch_invites,
    "adoption_proposed": _adoption_proposed,
    "adoption_agreed": _adoption_agreed,
    "adoption_declined": _adoption_declined,
    "adoption_thanked": _adoption_thanked,
}
