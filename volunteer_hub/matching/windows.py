"""The windows in which people say they are free, with the hours they usually have."""

from __future__ import annotations

from volunteer_hub.core.calendar import Window

WORKDAYS, WEEKEND = range(5), range(5, 7)
# On which weekdays each window can be ticked; Monday is 0.
DAYS: dict[Window, range] = {
    Window.BEFORE_WORK: WORKDAYS,
    Window.LUNCH: WORKDAYS,
    Window.AFTER_WORK: WORKDAYS,
    Window.WEEKEND_AM: WEEKEND,
    Window.WEEKEND_PM: WEEKEND,
}
# In minutes since midnight. Before work begins early: the hospital's halls fill soon after six.
HOURS: dict[Window, tuple[int, int]] = {
    Window.BEFORE_WORK: (6 * 60, 9 * 60),
    Window.LUNCH: (11 * 60 + 30, 13 * 60 + 30),
    Window.AFTER_WORK: (18 * 60, 21 * 60),
    Window.WEEKEND_AM: (8 * 60 + 30, 12 * 60 + 30),
    Window.WEEKEND_PM: (13 * 60, 17 * 60 + 30),
}
