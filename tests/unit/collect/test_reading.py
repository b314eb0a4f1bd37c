"""Files of settings as text: what is none is a gap, and lines end as the kernel ends them."""

from __future__ import annotations

import pytest

from auditor.collect._globs import matching
from auditor.collect._reading import Reading, lines


@pytest.mark.parametrize(
    "body",
    [
        "A=1\nB=2\n".encode("utf-16"),
        b"\0",
        b"\0" * 40,
        b"A=1\0\nB=2\n",
        b"A=1\rB=2\r",
        bytes(range(0x80, 0x100)),
    ],
    ids=["UTF-16", "one NUL", "NULs", "NUL in a line", "carriage returns", "no characters"],
)
def test_what_is_no_text_is_a_gap_and_not_empty(plain_tree, body: bytes) -> None:
    reading = Reading(plain_tree({"/etc/x": body}), "test", "mount")
    assert reading.text("/etc/x") is None
    assert [gap.reason for gap in reading.gaps()] == ["malformed"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"A=1\r\nB=2\r\n",
        b"Board of somebody\0",
        "# 注释：本机不得外联\nA=1\n".encode("gb18030"),
        b"# caf\xe9\nA=1\n",
    ],
    ids=["empty", "CRLF", "a device tree's", "GB 18030", "Latin 1"],
)
def test_what_others_write_is_text(plain_tree, body: bytes) -> None:
    reading = Reading(plain_tree({"/etc/x": body}), "test", "mount")
    assert reading.text("/etc/x") is not None
    assert list(reading.gaps()) == []


def test_a_line_ends_at_a_newline_alone() -> None:
    for inside in "\x0b\x0c\x1c\x85\u2028\u2029":
        assert lines(f"a{inside}b\nc\n") == [f"a{inside}b", "c"]
    assert lines("a\r\nb\r\n") == ["a", "b"]
    assert lines("a\n\nb") == ["a", "", "b"]
    assert lines("") == []


def test_patterns_that_match_too_much_are_a_gap(plain_tree) -> None:
    files = {f"/etc/{a}/{b}/x": "" for a in range(80) for b in range(80)}
    reading = Reading(plain_tree(files), "test", "mount")
    for _ in range(3):
        matching(reading, "/etc/*/*/*")
    assert "limit" in {gap.reason for gap in reading.gaps()}
