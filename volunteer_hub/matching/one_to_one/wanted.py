"""What a wish is about, in the reader's language."""

from __future__ import annotations

from volunteer_hub.core.i18n import either


class Wanted:
    """Says language, topic and place of a line that holds them in both languages."""

    language_zh: str
    language_en: str
    topic_zh: str
    topic_en: str
    building_zh: str | None
    building_en: str | None
    venue: str

    @property
    def language(self) -> str:
        return either(self.language_zh, self.language_en)

    @property
    def topic(self) -> str:
        return either(self.topic_zh, self.topic_en)

    @property
    def place(self) -> str:
        """The building, then the room or neighbourhood, as far as they are known."""
        building = either(self.building_zh, self.building_en)
        return " · ".join(part for part in (building, self.venue) if part)
