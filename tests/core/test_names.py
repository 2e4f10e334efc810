"""What people are called on a sheet that hangs at the wall."""

from __future__ import annotations

import pytest

from volunteer_hub.core.names import called


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("王敏", "敏"),
        ("陆晓雯", "晓雯"),
        ("欧阳海燕", "海燕"),
        ("欧阳", "阳"),
        ("敏", "敏"),
        ("Emily Hart", "Emily"),
        ("Zoë", "Zoë"),
        ("买买提 艾力", "买买提"),
        ("", ""),
        ("  ", ""),
    ],
)
def test_a_given_name_is_what_stays_without_the_surname(name, given):
    assert called(name) == given
