"""Views over made-up files: in memory, and with a size that the bytes do not have."""

from __future__ import annotations

from auditor import formats
from auditor.formats import Budget, Context, Memory

# A pickle that calls `os.system("echo inert")`.
EVIL = b"\x80\x02cos\nsystem\nX\n\x00\x00\x00echo inert\x85R."


class Claimed:
    """Bytes of a file that says to be larger (or smaller) than what can be read of it."""

    def __init__(self, data: bytes, size: int) -> None:
        self._data = data
        self.size = size
        self.asked: list[tuple[int, int]] = []

    def at(self, offset: int, length: int) -> bytes:
        self.asked.append((offset, length))
        return self._data[offset : offset + length]


def inspect(format_module, data: bytes, size: int | None = None):
    """Return what a format's module says of the bytes; raises `FormatError`."""
    view = Memory(data) if size is None else Claimed(data, size)
    return format_module.inspect(view, Context(budget=Budget()))


def judged(data: bytes):
    """Return what the format that recognises the bytes says of them; there must be one."""
    found = formats.inspect(Memory(data))
    assert found is not None
    return found


def rules(found) -> set[str]:
    """Return the rules that an inspection names."""
    return {reason.rule for reason in found.reasons}


def told(data: bytes) -> set[tuple[str, str]]:
    """Return the rules that are named of the bytes, each with its verdict."""
    return {(reason.rule, reason.verdict) for reason in judged(data).reasons}
