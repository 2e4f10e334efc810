"""What takes many minutes runs only when rounds are asked for: `HUB_ROUNDS=100`."""

from __future__ import annotations

import os

collect_ignore = [] if os.environ.get("HUB_ROUNDS") else ["test_last_seat.py"]
