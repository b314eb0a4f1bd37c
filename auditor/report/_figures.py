"""Writes figures as people read them, by integers, so that every machine writes the same."""

from __future__ import annotations

_BINARY = ("B", "KiB", "MiB", "GiB", "TiB")
_THOUSANDS = ("", "K", "M", "B", "T")


def size(count: int) -> str:
    """Return a size in binary units, one decimal: `1.5 GiB`."""
    return _scaled(count, 1024, _BINARY, " ", "B")


def amount(count: int) -> str:
    """Return a number of parameters as model cards write it: `7.6B`, `22.7M`."""
    return _scaled(count, 1000, _THOUSANDS, "", "")


def _scaled(count: int, step: int, units: tuple[str, ...], gap: str, plain: str) -> str:
    unit = 1
    for name in units:
        if count < unit * step or name == units[-1]:
            break
        unit *= step
    if unit == 1:
        return f"{count}{gap}{plain}"
    tenths = 10 * count // unit
    return f"{tenths // 10:,}.{tenths % 10}{gap}{name}"
