"""The skills, languages and trainings that the sub-district speaks of everywhere."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009_first_qualifications"
down_revision = "0008_sign_up_engine"
branch_labels = None
depends_on = None

SKILLS = (
    ("chat", "陪伴聊天", "Companionship"),
    ("phone", "手机教学", "Phone teaching"),
    ("guide", "现场引导", "Wayfinding"),
    ("kiosk", "自助机操作", "Kiosk help"),
    ("craft", "手工", "Handicraft"),
    ("paint", "绘画", "Painting"),
    ("garden", "园艺", "Gardening"),
    ("photo", "摄影", "Photography"),
    ("video", "视频剪辑", "Video editing"),
    ("hair", "理发", "Hairdressing"),
    ("sew", "缝纫", "Sewing"),
    ("repair", "小家电维修", "Appliance repair"),
    ("law", "法律咨询", "Legal advice"),
    ("it", "信息技术", "IT support"),
    ("teach", "学科辅导", "Tutoring"),
    ("host", "主持", "Hosting"),
    ("run", "领跑", "Run leading"),
    ("guide_run", "助盲陪跑", "Guide running"),
)
LANGUAGES = (
    ("lang_zh", "普通话", "Mandarin"),
    ("lang_sh", "上海话", "Shanghainese"),
    ("lang_en", "英语", "English"),
    ("lang_ja", "日语", "Japanese"),
    ("lang_ko", "韩语", "Korean"),
    ("lang_fr", "法语", "French"),
    ("lang_csl", "手语", "Chinese Sign Language"),
)
# With the months that each is valid.
TRAININGS = (
    ("hospital", "医院导医上岗培训", "Hospital guide induction", 12),
    ("first_aid", "急救员证（红十字）", "First-aid certificate (Red Cross)", 24),
    ("aed", "AED 使用培训", "AED training", 24),
    ("elders", "为老服务入门培训", "Working with seniors: introduction", None),
    ("dementia", "认知障碍友好使者培训", "Dementia-friendly training", 24),
)
TABLE = sa.table(
    "qualification",
    sa.column("id", sa.Integer),
    sa.column("kind", sa.String),
    sa.column("key", sa.String),
    sa.column("name_zh", sa.String),
    sa.column("name_en", sa.String),
    sa.column("position", sa.Integer),
    sa.column("valid_months", sa.Integer),
)


def _rows() -> list[dict[str, object]]:
    plain = [("skill", *row, None) for row in SKILLS]
    plain += [("language", *row, None) for row in LANGUAGES]
    plain += [("training", *row) for row in TRAININGS]
    names = ("kind", "key", "name_zh", "name_en", "valid_months")
    # Numbered here, so that they are the same in every database.
    return [
        {"id": place, "position": place, **dict(zip(names, row, strict=True))}
        for place, row in enumerate(plain, start=1)
    ]


def upgrade() -> None:
    rows = _rows()
    op.bulk_insert(TABLE, rows)
    if op.get_bind().dialect.name == "postgresql":
        op.execute(f"SELECT setval(pg_get_serial_sequence('qualification', 'id'), {len(rows)})")


def downgrade() -> None:
    ids = sa.select(TABLE.c.id).where(TABLE.c.key.in_([str(row["key"]) for row in _rows()]))
    project = sa.table("project", sa.column("teaches_id", sa.Integer))
    op.execute(project.update().where(project.c.teaches_id.in_(ids)).values(teaches_id=None))
    for name in ("post_need", "person_qualification"):
        pointing = sa.table(name, sa.column("qualification_id", sa.Integer))
        op.execute(pointing.delete().where(pointing.c.qualification_id.in_(ids)))
    op.execute(TABLE.delete().where(TABLE.c.id.in_(ids)))
