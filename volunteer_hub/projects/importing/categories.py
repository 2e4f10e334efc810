"""Which kind of service a sheet means, though it names it in its own words."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from volunteer_hub.projects.importing.columns import fold

OTHER_KEY = "other"
OTHER_ZH = "其他"
OTHER_EN = "Other"

# Our kinds, and other names for them: what coordinators write, and the five of NYC Service.
SYNONYMS = {
    "hospital_guide": ("导医", "医院志愿服务", "医院引导", "导诊", "班前一小时"),
    "elder_digital": ("智慧助老", "数字助老服务", "白老汇", "digital skills"),
    "elder_care": ("助老", "敬老", "为老服务", "助老服务", "养老服务", "seniors", "elder care"),
    "environment": ("环保", "环境保护", "生态环保", "垃圾分类", "捡跑", "environmental"),
    "greening": ("绿化", "植树", "gardening"),
    "hardship": ("帮困", "扶贫济困", "济困", "扶危济困", "helping neighbors in need", "hunger"),
    "youth_edu": ("助学", "支教", "教育", "亲子", "青少年", "儿童关爱", "education", "tutoring"),
    "culture_red": ("文化", "红色文化", "讲解", "文化艺术", "culture", "arts and culture"),
    "health": ("健康", "医疗卫生", "卫生健康", "医疗健康", "健康服务", "healthcare"),
    "safety_order": ("文明交通", "交通", "平安", "治安防范", "交通引导", "public safety"),
    "food_safety": ("食品安全", "food safety"),
    "professional": ("专业服务", "法律援助", "法律服务", "skills-based"),
    "building_mutual": ("社区服务", "社区建设", "邻里", "邻里互助", "楼宇", "便民服务",
                        "strengthening communities", "community"),
    "disability": ("助残", "残疾人服务", "disability"),
    "emergency": ("应急", "应急救援", "救援", "emergency preparedness"),
}  # fmt: skip
_KEY_OF = {fold(name): key for key, names in SYNONYMS.items() for name in names}


@dataclass(frozen=True)
class Kind:
    """A category of the database."""

    id: int
    key: str
    name_zh: str
    name_en: str


class Kinds:
    """The categories that exist, found by key, name in either language or another name."""

    def __init__(self, kinds: Iterable[Kind]) -> None:
        self._by_name: dict[str, Kind] = {}
        for kind in kinds:
            for name in (kind.key, kind.name_zh, kind.name_en):
                self._by_name.setdefault(fold(name), kind)

    def find(self, name: str) -> Kind | None:
        """Return the category that is meant, or None."""
        folded = fold(name)
        return self._by_name.get(folded) or self._by_name.get(fold(_KEY_OF.get(folded, "-")))

    @property
    def other(self) -> Kind | None:
        return next(
            (
                self._by_name[fold(name)]
                for name in (OTHER_KEY, OTHER_ZH, "其它", OTHER_EN)
                if fold(name) in self._by_name
            ),
            None,
        )
