"""Which column of a sheet is which fact of a project."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from volunteer_hub.core.errors import InvalidInput
from volunteer_hub.core.i18n import _, _l
from volunteer_hub.projects.importing.read import Row

IGNORE = "ignore"

# Field → its name on screens.
FIELDS = {
    "title": _l("Title"),
    "title_en": _l("Title in English"),
    "content": _l("What volunteers do"),
    "content_en": _l("What volunteers do, in English"),
    "category": _l("Category"),
    "host": _l("Recording organisation"),
    "place": _l("Place"),
    "address": _l("Address"),
    "latitude": _l("Latitude"),
    "longitude": _l("Longitude"),
    "contact_name": _l("Contact"),
    "contact_phone": _l("Phone of the contact"),
    "risk": _l("Risk notice"),
    "begin": _l("First day"),
    "end": _l("Last day"),
    "external_id": _l("Number in the old list"),
}

# What coordinators write in row 1, folded by `fold`. Sheets of Chinese universities and
# sub-districts, and the headers of open volunteering data in English.
ALIASES: dict[str, tuple[str, ...]] = {
    "title": ("活动名称", "志愿项目名称", "志愿项目名称（全称）", "项目名称", "项目标题",
              "活动标题", "名称", "标题", "title", "title_zh", "project", "project title",
              "project name", "activity", "name", "opportunity"),
    "title_en": ("英文名称", "项目英文名称", "英文标题", "title_en", "english title",
                 "title in english"),
    "content": ("活动内容", "服务内容", "项目内容", "内容", "项目简介", "活动简介", "简介",
                "活动介绍", "content", "content_zh", "summary", "description", "details",
                "what volunteers do"),
    "content_en": ("英文内容", "英文简介", "content_en", "english content",
                   "what volunteers do, in english"),
    "category": ("活动类别", "志愿类别", "志愿活动类别", "志愿项目类别", "志愿服务类别", "服务类别",
                 "项目类别", "项目类型", "类别", "类型", "分类", "category", "category_desc",
                 "category name", "kind", "type"),
    "host": ("举办单位", "主办单位", "承办单位", "组织单位", "记录单位", "发布单位", "服务组织",
             "单位", "host", "organisation", "organization", "org_title", "organiser", "organizer",
             "recording organisation", "agency"),
    "place": ("活动地点", "服务地点", "地点", "集合地点", "场地", "place", "location", "locality",
              "venue", "primary_loc"),
    "address": ("活动地址", "服务地址", "详细地址", "地址", "address", "street address"),
    "latitude": ("纬度", "latitude", "lat"),
    "longitude": ("经度", "longitude", "lng", "lon", "long"),
    "contact_name": ("联系人", "联系人姓名", "负责人", "负责人姓名", "项目负责人", "项目负责人姓名",
                     "活动负责人", "contact", "contact name", "manager", "manager_name"),
    "contact_phone": ("联系电话", "联系人电话", "负责人电话", "项目负责人电话", "负责人手机",
                      "联系人手机", "咨询电话", "contact phone", "phone of the contact", "phone",
                      "telephone", "manager_phone"),
    "risk": ("风险告知", "风险提示", "安全提示", "注意事项", "risk", "risk notice", "risk_zh"),
    "begin": ("服务日期", "服务日期（xxxx/xx/xx）", "活动日期", "日期", "服务开始日期", "开始日期",
              "活动开始日期", "开始时间", "date", "begin", "start", "start date", "start_date",
              "start_date_date", "first day"),
    "end": ("服务结束日期", "结束日期", "服务截止日期", "截止日期", "活动结束日期", "结束时间",
            "end", "end date", "end_date", "end_date_date", "last day"),
    "external_id": ("项目编号", "活动编号", "编号", "项目id", "id", "external_id", "external id",
                    "opportunity_id", "project_id", "number in the old list"),
}  # fmt: skip

# Columns that we know and leave out on purpose.
_OF_VOLUNTEERS = ("姓名", "学号", "联系方式", "学院（全称）", "班级", "手机号", "身份证号")
_OF_SHIFTS = ("人数", "名额", "招募人数", "计划人数", "志愿时长（小时）", "志愿时长", "时长",
              "capacity", "places", "seats", "vol_requests", "volunteers needed",
              "hours")  # fmt: skip
_UNUSED = ("序号", "备注", "项目负责人qq号", "no", "no.", "notes")


@dataclass(frozen=True)
class Column:
    """One column of the sheet: where, its header, its field (None is left out) and why."""

    index: int
    header: str
    field: str | None
    hint: str = ""


@dataclass(frozen=True)
class Layout:
    """Where the header stands and what each column means."""

    header_row: int
    columns: tuple[Column, ...]

    @property
    def problem(self) -> str:
        """Why the sheet cannot be used with these columns, or nothing."""
        if {"title", "title_en"} & self.by_field.keys():
            return ""
        return str(
            _("No column holds the title of a project. Name one 活动名称 or “title”, or say which"
              " column it is.")
        )  # fmt: skip

    @property
    def by_field(self) -> dict[str, Column]:
        return {column.field: column for column in self.columns if column.field}


def fold(header: str) -> str:
    """Return the header as it is compared: width, case, blanks and marks do not matter."""
    text = unicodedata.normalize("NFKC", header).casefold()
    return re.sub(r"[\s*:_\-#]+", "", text)


_FIELD_OF = {fold(alias): field for field, aliases in ALIASES.items() for alias in aliases}
_FIELD_OF |= {fold(field): field for field in FIELDS}


def find_layout(rows: Sequence[Row], chosen: Mapping[str, str] | None = None) -> Layout:
    """Tell which row is the header and what the columns mean.

    `chosen` maps a header (or a column's place, counted `#1`, `#2` …) to a field or to `ignore`
    and wins over what we know. Raises InvalidInput when it names what is not there.
    """
    header = next((row for row in rows[:10] if _known(row) >= 2), rows[0])
    columns = [_column(index, text) for index, text in enumerate(header.cells)]
    for name, field in (chosen or {}).items():
        columns = _choose(columns, name, field)
    return Layout(header.number, tuple(_once(columns)))


def _known(row: Row) -> int:
    return sum(1 for cell in row.cells if _field_of(cell))


def _field_of(header: str) -> str | None:
    folded = fold(header)
    # 服务日期（年/月/日） is 服务日期 with a remark.
    return _FIELD_OF.get(folded) or _FIELD_OF.get(re.sub(r"\([^)]*\)$", "", folded))


def _column(index: int, header: str) -> Column:
    text = " ".join(header.split())
    field = _field_of(text)
    return Column(index, text, field, "" if field else _hint(text))


def _hint(header: str) -> str:
    return str(_why_left_out(header))


def _why_left_out(header: str) -> object:
    folded = fold(header)
    if folded in map(fold, _OF_VOLUNTEERS):
        return _("belongs to people, not to projects: left out")
    if folded in map(fold, _OF_SHIFTS):
        return _("belongs to shifts: left out, plan shifts for the project afterwards")
    if not folded or folded in map(fold, _UNUSED):
        return _("left out")
    return _("not known: left out")


def _choose(columns: list[Column], name: str, field: str) -> list[Column]:
    if field != IGNORE and field not in FIELDS:
        raise InvalidInput(
            _("There is no field “%(field)s”. Use one of: %(fields)s.",
              field=field, fields=", ".join([*FIELDS, IGNORE])), field="map"
        )  # fmt: skip
    wanted = [c.index for c in columns if name == f"#{c.index + 1}" or fold(c.header) == fold(name)]
    if not wanted:
        raise InvalidInput(_("The sheet has no column “%(name)s”.", name=name), field="map")
    chosen = Column(
        wanted[0],
        columns[wanted[0]].header,
        None if field == IGNORE else field,
        _("left out as you said") if field == IGNORE else "",
    )
    # What was chosen wins over a column that only looked like this field.
    others = [
        Column(c.index, c.header, None, _("another column was chosen for this"))
        if c.field and c.field == chosen.field
        else c
        for c in columns
    ]
    return [chosen if c.index == chosen.index else c for c in others]


def _once(columns: Sequence[Column]) -> list[Column]:
    """Keep the first column of each field."""
    taken: set[str] = set()
    kept = []
    for column in columns:
        if column.field and column.field in taken:
            column = Column(  # noqa: PLW2901
                column.index, column.header, None, _("an earlier column holds this already")
            )
        elif column.field:
            taken.add(column.field)
        kept.append(column)
    return kept
