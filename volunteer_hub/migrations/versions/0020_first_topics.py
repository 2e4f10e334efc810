"""What seniors ask for most, so that the first wish can be entered at once."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020_first_topics"
down_revision = "0019_one_to_one"
branch_labels = None
depends_on = None

TOPICS = (
    ("微信视频", "WeChat video calls"),
    ("扫码付款", "Paying by QR code"),
    ("挂号就医", "Booking a doctor"),
    ("打车", "Calling a taxi"),
    ("防诈骗", "Staying safe from fraud"),
    ("拍照", "Taking photos"),
    ("地图与公交", "Maps and buses"),
    ("字体放大", "Making text larger"),
    ("网上买菜", "Ordering groceries"),
    ("手机缴费", "Paying bills"),
)
TABLE = sa.table(
    "topic",
    sa.column("id", sa.Integer),
    sa.column("name_zh", sa.String),
    sa.column("name_en", sa.String),
    sa.column("position", sa.Integer),
    sa.column("hidden", sa.Boolean),
)


def upgrade() -> None:
    op.bulk_insert(
        TABLE,
        [
            {"id": place, "name_zh": zh, "name_en": en, "position": place, "hidden": False}
            for place, (zh, en) in enumerate(TOPICS, start=1)
        ],
    )
    if op.get_bind().dialect.name == "postgresql":
        op.execute(f"SELECT setval(pg_get_serial_sequence('topic', 'id'), {len(TOPICS)})")


def downgrade() -> None:
    ids = range(1, len(TOPICS) + 1)
    request = sa.table(
        "service_request",
        sa.column("id", sa.Integer),
        sa.column("topic_id", sa.Integer),
        sa.column("first_id", sa.Integer),
    )
    about = sa.select(request.c.id).where(request.c.topic_id.in_(ids))
    for name in ("pairing", "request_step", "request_window"):
        pointing = sa.table(name, sa.column("request_id", sa.Integer))
        op.execute(pointing.delete().where(pointing.c.request_id.in_(about)))
    op.execute(request.update().where(request.c.first_id.in_(about)).values(first_id=None))
    op.execute(request.delete().where(request.c.topic_id.in_(ids)))
    helper = sa.table("topic_helper", sa.column("topic_id", sa.Integer))
    op.execute(helper.delete().where(helper.c.topic_id.in_(ids)))
    op.execute(TABLE.delete().where(TABLE.c.id.in_(ids)))
