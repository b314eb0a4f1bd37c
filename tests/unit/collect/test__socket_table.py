"""A socket table that was cut off says so."""

from __future__ import annotations

import pytest

from auditor.collect._socket_table import Malformed, parse

TABLE = (
    "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
    "   0: 0100007F:1F40 00000000:0000 0A 00000000:00000000 00:00000000 00000000   998        0 21034 1 0\n"
    "   1: 00000000:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 20114 1 0\n"
)


def malformed(text: str) -> list[int]:
    return [fact.line for fact in parse(text, "tcp", "little") if isinstance(fact, Malformed)]


def test_a_whole_table_has_no_malformed_line() -> None:
    assert malformed(TABLE) == []
    assert len(list(parse(TABLE, "tcp", "little"))) == 2


@pytest.mark.parametrize("cut", range(1, len(TABLE)))
def test_a_table_cut_within_a_line_is_malformed_there(cut: int) -> None:
    part = TABLE[:-cut]
    whole_lines = part.endswith("\n") or not part
    assert malformed(part) == ([] if whole_lines else [part.count("\n") + 1])
