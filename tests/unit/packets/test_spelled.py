"""Addresses are spelled as RFC 5952 says."""

from __future__ import annotations

from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.packets._spelled import address

_WORDS = st.sampled_from([0, 1, 0x10, 0xA0, 0xFF, 0x100, 0xFFFF]) | st.integers(0, 0xFFFF)


@given(st.lists(_WORDS, min_size=8, max_size=8))
def test_ipv6_reads_as_the_standard_library_writes_it(words: list[int]) -> None:
    raw = b"".join(word.to_bytes(2, "big") for word in words)
    assert address(raw) == str(ip_address(raw))


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (bytes(4), "0.0.0.0"),
        (b"\xff" * 4, "255.255.255.255"),
        (bytes(16), "::"),
        (bytes(15) + b"\1", "::1"),
        (b"\0\1" + bytes(14), "1::"),
        # The first of the longest runs, and never a single zero (RFC 5952, 4.2).
        (bytes.fromhex("20010db8000000010001000100010001"), "2001:db8:0:1:1:1:1:1"),
        (bytes.fromhex("20010000000000010000000000010001"), "2001::1:0:0:1:1"),
        (bytes.fromhex("000102030405"), "00:01:02:03:04:05"),
    ],
)
def test_an_address_is_spelled(raw: bytes, text: str) -> None:
    assert address(raw) == text
