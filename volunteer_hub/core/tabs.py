"""The bottom tabs of each role (a left rail on wide screens)."""

from __future__ import annotations

from collections.abc import Sequence

from volunteer_hub.core.i18n import _

Tab = tuple[str, str, str, str]


def tabs_of(section: str, led: Sequence[int] = ()) -> list[Tab]:
    """Return key, icon, label and address of each tab of a section (`volunteer`, `console`, …).

    A branch leader's lead straight to the first branch of those `led`.
    """
    me = ("me", "me", _("Me"), "/me")
    if section == "console":
        return [
            ("console", "home", _("Console"), "/console"),
            ("projects", "list", _("Projects"), "/console/projects"),
            ("confirm", "check", _("Confirm"), "/console/confirmations"),
            ("import", "file", _("Import"), "/console/import"),
            me,
        ]
    if section == "branch":
        own = f"/branches/{led[0]}" if led else "/branches"
        return [
            ("branch", "chart", _("Overview"), own),
            *([("members", "team", _("Members"), f"{own}/members")] if led else []),
            *([("adoptions", "check", _("Adoptions"), f"{own}/adoptions")] if led else []),
            ("shifts", "find", _("Shifts"), "/shifts"),
            me,
        ]
    if section == "office":
        return [
            ("office", "home", _("Office"), "/office"),
            ("branch", "chart", _("Branches"), "/branches"),
            me,
        ]
    return [
        ("home", "home", _("Home"), "/"),
        ("shifts", "find", _("Shifts"), "/shifts"),
        ("check-in", "qr", _("Check in"), "/check-in"),
        ("hours", "clock", _("Hours"), "/me/hours"),
        me,
    ]
