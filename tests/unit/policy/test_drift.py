"""What got worse, what was mended."""

from __future__ import annotations

import pytest

from auditor.policy.drift import Change


@pytest.mark.parametrize(
    ("before", "after", "direction"),
    [
        ("pass", "fail", "worse"),
        ("", "fail", "worse"),
        ("", "unknown", "worse"),
        ("pass", "unknown", "worse"),
        ("waived", "fail", "worse"),
        ("unknown", "fail", "worse"),
        ("error", "fail", "worse"),
        ("fail", "pass", "better"),
        ("unknown", "pass", "better"),
        ("fail", "waived", "better"),
        ("fail", "", "other"),  # it vanished from sight: that is not mended
        ("fail", "unknown", "other"),
        ("pass", "", "other"),
        ("", "pass", "other"),
    ],
)
def test_direction(before: str, after: str, direction: str) -> None:
    change = Change(rule="R", subject="s", severity="high", before=before, after=after)
    assert change.direction == direction
