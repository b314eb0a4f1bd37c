"""Tells the byte order in which a machine's kernel prints addresses in procfs."""

from __future__ import annotations

import sys
from typing import Literal

from auditor.host import Host, Unreadable

ByteOrder = Literal["little", "big"]

READS = ("/proc/sys/kernel/arch",)
_BIG_ENDIAN = frozenset({"s390", "s390x", "ppc", "ppc64", "mips", "mips64", "sparc64", "m68k"})


def byte_order(host: Host) -> ByteOrder:
    """Return the byte order of the machine that printed the tables; little where it is not told."""
    if host.live:
        return sys.byteorder
    try:
        arch = host.read(READS[0], limit=256).decode("ascii", "replace").strip()
    except Unreadable:
        return "little"
    return "big" if arch in _BIG_ENDIAN else "little"
