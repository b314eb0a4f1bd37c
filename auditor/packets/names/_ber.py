"""Reads the head of a BER element (X.690), as LDAP, Kerberos and SNMP begin with one."""

from __future__ import annotations

from typing import NamedTuple


class Element(NamedTuple):
    """An element's tag, and where its contents begin and end (the end may be beyond the data)."""

    tag: int
    start: int
    end: int


def element(data: bytes, at: int) -> Element | None:
    """Return the element at `at`; `None` for what is none, or an endless length."""
    if at + 2 > len(data) or data[at] & 31 == 31:  # noqa: PLR2004
        return None
    length = data[at + 1]
    start = at + 2
    if length >= 0x80:  # noqa: PLR2004
        count = length & 0x7F
        if not 1 <= count <= 4 or start + count > len(data):  # noqa: PLR2004
            return None
        length = int.from_bytes(data[start : start + count], "big")
        start += count
    return Element(data[at], start, start + length)
