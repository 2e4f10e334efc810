"""What the audit trail says of seniors' wishes and of pairings."""

from __future__ import annotations

from volunteer_hub.core.i18n import _l

ACTS = {
    "pairing:again_senior": _l("Noted whether a senior wants to meet again"),
    "pairing:again_volunteer": _l("Said whether to meet a senior again"),
    "pairing:by_hand": _l("Chose by hand who sits together"),
    "pairing:came": _l("Took back that somebody of a pair did not come"),
    "pairing:make": _l("Paired volunteers and seniors"),
    "pairing:met": _l("Noted that a pair sits together"),
    "pairing:missing": _l("Noted that somebody of a pair did not come"),
    "request:change": _l("Changed a senior's wish"),
    "request:close": _l("Closed a senior's wish with an answer"),
    "request:enter": _l("Entered a senior's wish"),
    "request:forget": _l("Details of a senior's wish were taken out"),
    "request:place": _l("Put a senior's wish into a shift"),
    "request:serve": _l("A senior's wish was met"),
    "request:take_out": _l("A senior's wish waits for another shift"),
    "request:verify": _l("Verified a senior's wish"),
    "request:withdraw": _l("Withdrew a senior's wish"),
    "topic:add": _l("Added a topic for seniors"),
    "topic:hide": _l("Took a topic for seniors off the list"),
    "topic:rename": _l("Renamed a topic for seniors"),
    "topic:show": _l("Put a topic for seniors back on the list"),
    "topic:teach": _l("Said what one likes to teach"),
}
LABELS = {
    "again": _l("Meet again"),
    "alone": _l("By who entered it"),
    "moved": _l("Changed partners"),
    "one_to_one": _l("One to one"),
    "pairs": _l("Pairs"),
    "request_id": _l("Wish"),
    "who": _l("Who did not come"),
}
