"""Writes the names of files as records hold them."""

from __future__ import annotations


def recordable(path: str) -> str:
    r"""Return a path as UTF-8 text: bytes that are not UTF-8 are written `\xff`."""
    if path.isascii():
        return path
    try:
        raw = path.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:  # halves of a pair, which JSON can write and no file name holds
        raw = path.encode("utf-8", "backslashreplace")
    return raw.decode("utf-8", "backslashreplace")
