"""The audit trail in words: a sentence for each act, labels and values of its details.

Rows outlive the code that wrote them: an act or a detail that nobody knows any more is shown
neutrally, never an error.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from volunteer_hub.core import clock
from volunteer_hub.core.i18n import _, _l, _n, day_year
from volunteer_hub.reports import one_to_one_acts

ACTS = {
    "adoption:agree": _l("Agreed to an adoption"),
    "adoption:decline": _l("Declined an adoption"),
    "adoption:end": _l("Ended an adoption"),
    "adoption:propose": _l("Offered to adopt a project"),
    "adoption:review": _l("Looked back on an adoption"),
    "adoption:thank": _l("Thanked a branch"),
    "branch:invite": _l("Invited the whole branch"),
    "help:ask": _l("Asked branches for help"),
    "help:close": _l("Took a request for help off the list"),
    "league:switch": _l("Switched the ranking of branches"),
    "membership:ask": _l("Said to belong to a branch"),
    "membership:confirm": _l("Confirmed a membership"),
    "membership:decline": _l("Declined a membership"),
    "membership:end": _l("Ended a membership"),
    "membership:resume": _l("Let a membership go on"),
    "month:close": _l("Closed a month"),
    "attendance:check_in": _l("Checked in on site"),
    "attendance:check_out_self": _l("Checked out on site"),
    "attendance:forgotten": _l("The planned end stands in for a forgotten check-out"),
    "certificate:issue": _l("Asked for a certificate of service"),
    "certificate:withdraw": _l("Withdrew a certificate"),
    "claim:ask": _l("Asked for a late entry or a correction of hours"),
    "claim:decline": _l("Declined to change hours"),
    "claim:grant": _l("Granted a late entry or a correction of hours"),
    "claim:withdraw": _l("Withdrew a question about hours"),
    "hours:look": _l("Looked at something unusual about hours"),
    "attendance:check_out": _l("Noted that everybody has left"),
    "attendance:late": _l("Entered attendance late"),
    "attendance:mark": _l("Ticked attendance on the roster"),
    "attendance:mark_all": _l("Ticked everybody on the roster"),
    "attendance:times": _l("Changed arrival or leaving time"),
    "availability:no_recommend": _l("Turned recommendations off"),
    "availability:recommend": _l("Turned recommendations on"),
    "availability:save": _l("Said when one is free"),
    "invitation:accepted": _l("Accepted an invitation"),
    "invitation:declined": _l("Declined an invitation"),
    "invitation:expired": _l("An invitation was not answered"),
    "invitation:withdrawn": _l("An invitation was taken back"),
    "match:ask": _l("Asked for a plan"),
    "match:call_out": _l("Called people out"),
    "match:forbid": _l("Ruled a pair of a plan out"),
    "match:no_wish": _l("Took a wish about a pair back"),
    "match:pin": _l("Kept a pair of a plan"),
    "match:put_away": _l("Put a plan away"),
    "match:take_back": _l("Took unanswered invitations of a plan back"),
    "match:send": _l("Sent the invitations of a plan"),
    "branch:add": _l("Added a branch"),
    "branch:move": _l("Moved a branch in the tree"),
    "category:add": _l("Added a category"),
    "demo:load": _l("Loaded the demo data"),
    "hold:make": _l("Held places for colleagues"),
    "hold:release": _l("Gave held places back"),
    "hours:confirm": _l("Confirmed hours"),
    "hours:reverse": _l("Took hours back"),
    "leader_link:make": _l("Made a link for a shift leader"),
    "leader_link:revoke": _l("Took a shift leader's link back"),
    "organisation:add": _l("Added an organisation"),
    "person:birthday": _l("A minor came of age; the guardian ends"),
    "person:change": _l("Changed the own profile"),
    "person:delete": _l("Deleted the own account"),
    "person:guardian": _l("Noted a guardian"),
    "person:password": _l("Set a new password"),
    "person:register": _l("Opened an account"),
    "person:sign_out": _l("Signed out everywhere"),
    "person:skills": _l("Changed the own skills and languages"),
    "place:add": _l("Added a place"),
    "project:change": _l("Changed a project"),
    "project:close": _l("Closed a project"),
    "project:create": _l("Created a project"),
    "project:import": _l("Imported projects from a sheet"),
    "project:publish": _l("Published a project"),
    "qualification:add": _l("Added to the list of skills and trainings"),
    "qualification:rename": _l("Renamed in the list of skills and trainings"),
    "report:export": _l("Downloaded a sheet of a branch"),
    "role:end": _l("Ended a role"),
    "role:grant": _l("Gave a role"),
    "series:create": _l("Created a series"),
    "series:extend": _l("Extended a series"),
    "shift:add_places": _l("Added places to a shift"),
    "shift:cancel": _l("Called a shift off"),
    "shift:change": _l("Changed a shift"),
    "shift:create": _l("Created a shift"),
    "shift:message": _l("Wrote to people of a shift"),
    "shift:publish": _l("Published a shift"),
    "sign_up:accept_change": _l("Accepted the change of a shift"),
    "sign_up:accept_offer": _l("Accepted a held place"),
    "sign_up:withdraw_offer": _l("Took the offer back: the shift was called off"),
    "sign_up:back_in_line": _l("Went back into the line: places were cut"),
    "sign_up:cancel": _l("Gave a place back"),
    "sign_up:change_lapsed": _l("Lost the place: the change was not answered"),
    "sign_up:confirmed": _l("Got a place"),
    "sign_up:invite": _l("Offered a held place to a colleague"),
    "sign_up:move": _l("Moved to another post"),
    "sign_up:move_up": _l("Moved up from the line"),
    "sign_up:offer": _l("Was offered a place from the line"),
    "sign_up:offer_declined": _l("Declined a held place"),
    "sign_up:offer_expired": _l("Did not answer a held place in time"),
    "sign_up:promote": _l("Gave somebody in line a place"),
    "sign_up:remove": _l("Took somebody off the list"),
    "sign_up:waitlisted": _l("Got into the line"),
    "sign_up:walk_in": _l("Added a walk-in"),
    "training:confirm": _l("Confirmed a training"),
    **one_to_one_acts.ACTS,
}
LABELS = {
    **one_to_one_acts.LABELS,
    "added": _l("Added"),
    "after": _l("Now"),
    "asked": _l("Asked for"),
    "asked_axis": _l("Table by"),
    "asked_category": _l("Category"),
    "asked_from": _l("From"),
    "asked_members": _l("Members"),
    "asked_project": _l("Project"),
    "asked_quarter": _l("Quarter"),
    "asked_to": _l("To"),
    "before": _l("Before"),
    "branch_id": _l("Branch"),
    "capacity": _l("Places"),
    "category_id": _l("Category"),
    "contact_name": _l("Contact"),
    "contact_phone": _l("Phone of the contact"),
    "content_en": _l("What volunteers do, in English"),
    "content_zh": _l("What volunteers do"),
    "early_percent": _l("When places open"),
    "ends_at": _l("Ends"),
    "expires_on": _l("Valid until"),
    "fields": _l("Changed"),
    "from_parent_id": _l("Was below branch"),
    "guardian_id": _l("Guardian"),
    "insurance": _l("Insurance"),
    "kind": _l("Kind"),
    "last_day": _l("Last day"),
    "last_entry_id": _l("Last entry of the ledger"),
    "line_position": _l("Place in line"),
    "meeting_point": _l("Meeting point"),
    "minimum": _l("Minimum"),
    "minimum_age": _l("Minimum age"),
    "minutes": _l("Minutes"),
    "more": _l("Places added"),
    "month": _l("Month"),
    "moved_on": _l("Moved on"),
    "name": _l("Name"),
    "name_en": _l("Name in English"),
    "name_zh": _l("Name"),
    "newcomer_percent": _l("Places for newcomers"),
    "on": _l("On"),
    "outdoors": _l("Outdoors"),
    "parent_id": _l("Below branch"),
    "passed_over": _l("Passed over in line"),
    "people": _l("People"),
    "person_id": _l("Person"),
    "place_id": _l("Place"),
    "places": _l("Places"),
    "post_id": _l("Post"),
    "posts": _l("Posts"),
    "project_id": _l("Project"),
    "reason": _l("Reason"),
    "removed": _l("Removed"),
    "risk_en": _l("Risk notice in English"),
    "risk_zh": _l("Risk notice"),
    "role": _l("Role"),
    "rows": _l("Hours"),
    "rule": _l("Rule"),
    "shift_id": _l("Shift"),
    "shifts": _l("Shifts"),
    "sign_up_id": _l("Sign-up"),
    "starts_at": _l("Starts"),
    "teaches_id": _l("Training"),
    "text": _l("Message"),
    "title_en": _l("Title in English"),
    "title_zh": _l("Title"),
    "to": _l("To whom"),
    "to_parent_id": _l("Now below branch"),
    "to_post_id": _l("To post"),
}
VALUES = {
    "present": _l("Came"),
    "no_show": _l("Did not come"),
    "excused": _l("Excused"),
    "coordinator": _l("Coordinator"),
    "branch_leader": _l("Branch leader"),
    "office": _l("Office"),
    "skill": _l("Skill"),
    "language": _l("Language spoken"),
    "training": _l("Training"),
    "all": _l("Everybody"),
    "member": _l("Party members"),
    "non_member": _l("Non-members"),
}
# Numbers that only machines compare, and what is said by another detail.
HIDDEN = frozenset({"version", "changed"})
PEOPLE = frozenset({"person_id", "guardian_id"})
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(\+00:00|Z)")
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
# Whose pages everybody may open, by kind of object.
PAGES = {"project": "/projects", "shift": "/shifts", "branch": "/branches"}


def act(action: str) -> str:
    """Return the sentence of an act, or a neutral one for an act that is not known."""
    known = ACTS.get(action)
    return str(known) if known is not None else _("Another act: %(action)s", action=action)


def link(action: str, object_id: int | None, details: Mapping[str, Any]) -> tuple[str, str]:
    """Return address and name of what the act was done to; empty where it has no page."""
    kind = action.partition(":")[0]
    if kind in ("attendance", "pairing") or action == "hours:confirm":
        kind = "shift"
    elif kind == "report":
        kind = "branch"
    elif kind in ("sign_up", "hold"):
        kind, object_id = "shift", details.get("shift_id")
    if kind not in PAGES or not isinstance(object_id, int):
        return "", ""
    names = {"project": _("Project"), "shift": _("Shift"), "branch": _("Branch")}
    return f"{PAGES[kind]}/{object_id}", f"{names[kind]} {object_id}"


def details_of(details: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return labels and values; what changed is shown as `before → after`."""
    changed = details.get("changed") or {}
    found = []
    for field, values in changed.items() if isinstance(changed, dict) else ():
        found.append((label(field), _("changed") if values is None else value(field, values)))
    for key, one in details.items():
        shown = one not in (None, "", [], {}) and key not in HIDDEN
        if key == "before" and "after" in details:
            continue
        if key == "after" and shown:
            found.append((_("Changed"), f"{value(key, details.get('before'))} → {value(key, one)}"))
        elif key == "fields" and shown and not changed:
            found.append((label(key), _(", ").join(label(field) for field in one)))
        elif shown and key != "fields" and (key, one) != ("name_en", details.get("name_zh")):
            found.append((label(key), value(key, one)))
    return found


def label(key: str) -> str:
    """Return what a detail is called; one that is not known keeps its key."""
    known = LABELS.get(key)
    return str(known) if known is not None else key


def value(key: str, one: Any) -> str:
    """Return a stored value in words, times on the local wall clock."""
    if one is None or one == "":
        return "–"
    if isinstance(one, bool):
        return _("yes") if one else _("no")
    if key == "rows" and isinstance(one, list):
        return _hours(one)
    if key == "people" and isinstance(one, list):
        return _n("%(num)s person", "%(num)s people", len(one))
    if isinstance(one, list):
        return " → ".join(value(key, part) for part in one)
    if key in PEOPLE:
        return _("Volunteer %(number)s", number=one)
    text = str(one)
    return _plain(text)


def _plain(text: str) -> str:
    if text in VALUES:
        return str(VALUES[text])
    if _MOMENT.fullmatch(text):
        return clock.local(datetime.fromisoformat(text)).strftime("%Y-%m-%d %H:%M")
    return day_year(date.fromisoformat(text)) if _DAY.fullmatch(text) else text


def _hours(rows: list[Any]) -> str:
    """Return how many people's hours were confirmed, with the reasons that were given."""
    known = [row for row in rows if isinstance(row, dict)]
    minutes = sum(row.get("minutes") or 0 for row in known)
    people = _n("%(num)s person", "%(num)s people", len(rows))
    total = _n("%(num)s minute", "%(num)s minutes", minutes)
    reasons = [str(row["reason"]) for row in known if row.get("reason")]
    return " · ".join([people, total, *reasons])
