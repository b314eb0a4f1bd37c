"""Knows machine code by its content: programs and libraries of Linux, Windows and macOS."""

from __future__ import annotations

from auditor.formats._view import View

_MACH_O = (
    b"\xfe\xed\xfa\xce", b"\xfe\xed\xfa\xcf", b"\xce\xfa\xed\xfe", b"\xcf\xfa\xed\xfe",
)  # fmt: skip
_COSMOPOLITAN = (b"MZqFpD=", b"jartsr=", b"APEDBG=")
_MOST = 1 << 24
_DOS_HEADER = 64


def native_code(view: View) -> str:
    """Return what kind of machine code a file is, `` for none (ELF is GPU code as well)."""
    head = view.at(0, _DOS_HEADER)
    if head.startswith(b"\x7fELF"):
        return "ELF"
    if head.startswith(_COSMOPOLITAN):
        return "an executable of every system (cosmopolitan)"
    if head.startswith(_MACH_O):
        return "Mach-O"
    if head.startswith(b"MZ") and len(head) == _DOS_HEADER:
        begin = int.from_bytes(head[60:64], "little")
        if begin < _MOST and view.at(begin, 4) == b"PE\0\0":
            return "a Windows executable"
    return ""
