"""Ticks of an interface's clock as nanoseconds since 1970."""

from __future__ import annotations

import numpy as np

from auditor.packets.batch import I64, U64

_BINARY = 0x80
_BILLION = 1_000_000_000
_LATEST = np.iinfo(np.int64).max
# A finer power of ten than this is no power that 64 bits hold.
_MOST_DECIMALS = 19


def nanoseconds(ticks: U64, resolution: int, offset: int) -> I64:
    """Return times; `resolution` is the byte of if_tsresol, `offset` whole seconds.

    A power of ten (or of two, where the first bit is set) of parts of a second. What does not fit
    63 bits is the nearest that does, below 1970 is 0.
    """
    if resolution & _BINARY:
        whole, rest, parts = _binary(ticks, resolution & ~_BINARY)
    else:
        whole, rest, parts = _decimal(ticks, resolution)
    seconds = np.minimum(whole, np.uint64(_LATEST // _BILLION - 1)).astype(np.int64)
    seconds = np.clip(seconds + min(max(offset, -(1 << 40)), 1 << 40), -1, _LATEST // _BILLION - 1)
    times: I64 = np.maximum(seconds * _BILLION + _scaled(rest, parts), 0)
    return times


def _decimal(ticks: U64, digits: int) -> tuple[U64, U64, int]:
    if digits > _MOST_DECIMALS:
        return np.zeros_like(ticks), np.zeros_like(ticks), 1
    parts = 10**digits
    whole = ticks // np.uint64(parts)
    return whole, ticks - whole * np.uint64(parts), parts


def _binary(ticks: U64, bits: int) -> tuple[U64, U64, int]:
    if bits > 63:  # noqa: PLR2004 - the width of a number
        return np.zeros_like(ticks), np.zeros_like(ticks), 1
    return ticks >> np.uint64(bits), ticks & np.uint64((1 << bits) - 1), 1 << bits


def _scaled(rest: U64, parts: int) -> I64:
    """Return parts of a second as nanoseconds, rounded down."""
    if _BILLION % parts == 0:
        return (rest * np.uint64(_BILLION // parts)).astype(np.int64)
    if parts % _BILLION == 0:
        return (rest // np.uint64(parts // _BILLION)).astype(np.int64)
    # Two steps, so that the product fits 64 bits: 2^32 and 10^9 do.
    while parts > 1 << 33:
        rest, parts = rest >> np.uint64(1), parts >> 1
    return (rest * np.uint64(_BILLION) // np.uint64(parts)).astype(np.int64)
