"""Shapes of what volunteers say about one-to-one shifts."""

from __future__ import annotations

from flask_wtf import FlaskForm

from volunteer_hub.accounts.forms import SeveralField
from volunteer_hub.core.i18n import _l


class TeachForm(FlaskForm):
    topic_ids = SeveralField(_l("What I like to teach"), choices=[])
