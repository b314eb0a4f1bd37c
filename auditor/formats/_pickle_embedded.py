"""Finds pickles that lie as a text or bytes within a pickle: raw, base64, hex, compressed."""

from __future__ import annotations

import base64
import binascii
import re
import zlib

from auditor.formats import Context, FormatError
from auditor.formats._budget import MAX_DEPTH
from auditor.formats._view import Memory

# The first bytes of: a pickle of protocol 2 to 5 and of protocol 0 with an import or a mark
# before one; base64 of these, of gzip and zlib; hex of them; gzip and zlib themselves; base64 of
# the base64 and hex.
PREFIXES = frozenset((
    b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05", b"\x1f\x8b", b"x\x01", b"x^", b"x\x9c",
    b"x\xda", b"gA", b"H4", b"eJ", b"eN", b"eA", b"80", b"1f", b"78", b"Y2", b"Y3", b"Y1", b"KG",
    b"63", b"28", b"Z0", b"SD", b"ZU", b"WT", b"S0", b"OD",
))  # fmt: skip
_TEXTUAL = re.compile(rb"\(?[ci][A-Za-z_][A-Za-z0-9_.]*\n[A-Za-z_][A-Za-z0-9_.]*\n")
_BASE64 = re.compile(rb"[A-Za-z0-9+/_\-\s]+=*\s*")
_HEX = re.compile(rb"[0-9a-fA-F\s]+")
_MOST = 1 << 20
_LAYERS = 3
_NESTED = 3


def deeper(context: Context) -> Context | None:
    """Return the context of something within, `None` where that is too deep."""
    if context.depth + 1 > MAX_DEPTH:
        return None
    return Context(budget=context.budget, depth=context.depth + 1, member=context.member)


def prefixed(raw: bytes) -> bool:
    """Return whether a literal begins as a pickle or an encoded one may begin."""
    return raw[:2] in PREFIXES or (raw[:1] in b"c(" and _TEXTUAL.match(raw) is not None)


def what_is_in(raw: bytes, context: Context) -> str:
    """Return what the pickle in a literal imports, in a few words; `` where there is none.

    Undoes up to three encodings, each to at most 1 MiB. A pickle of plain data is nothing.
    Raises `FormatError` (limit) where the file's budget ends.
    """
    for _ in range(_LAYERS):
        found = _imported(raw, context)
        if found:
            return found
        undone = _undone(raw, context)
        if not undone:
            return ""
        raw = undone
    return _imported(raw, context)


def _imported(raw: bytes, context: Context) -> str:
    """Return the globals outside the tables for data that a pickle asks for."""
    from auditor.formats._pickle import examine

    begins = raw[:1] == b"\x80" and raw[1:2] <= b"\x05"
    if not (begins or _TEXTUAL.match(raw)):
        return ""
    nested = deeper(context)
    if nested is None:
        return "more within each other than are followed"
    found = examine(Memory(raw[:_MOST]), nested)
    if context.budget.steps < 0 or any(r.rule == "limit-steps" for r in found.reasons):
        raise FormatError("a literal was not read to its end", "limit", rule="limit-steps")
    refused = sorted({r.global_name for r in found.reasons if r.verdict != "data"} - {""})
    deep = [r.detail for r in found.reasons if r.rule == "pickle-embedded"]
    return ", ".join([*refused, *deep][:_NESTED])


def _undone(raw: bytes, context: Context) -> bytes:
    """Return the bytes with one encoding undone, empty where it is none of those known."""
    if raw[:2] == b"\x1f\x8b" or raw[:2] in (b"x\x01", b"x^", b"x\x9c", b"x\xda"):
        return _inflated(raw, context)
    if _HEX.fullmatch(raw):
        try:
            return binascii.unhexlify(b"".join(raw.split()))
        except ValueError:
            return b""
    if _BASE64.fullmatch(raw):
        return _from_base64(b"".join(raw.split()))
    return b""


def _from_base64(raw: bytes) -> bytes:
    raw = raw.rstrip(b"=").translate(bytes.maketrans(b"-_", b"+/"))
    raw = raw[: len(raw) - (len(raw) % 4 == 1)]
    try:
        return base64.b64decode(raw + b"=" * (-len(raw) % 4))
    except ValueError:
        return b""


def _inflated(raw: bytes, context: Context) -> bytes:
    decompressor = zlib.decompressobj(wbits=47)  # either header, told by the first bytes
    try:
        inflated = decompressor.decompress(raw, _MOST)
    except zlib.error:
        return b""
    context.budget.inflate(len(inflated))
    return inflated
