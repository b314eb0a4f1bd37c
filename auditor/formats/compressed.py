"""Reads single compressed files (gzip, zlib, bzip2, xz, LZMA): what comes out of one is judged."""

from __future__ import annotations

import re
import struct

from msgspec import Struct
from msgspec.structs import replace

from auditor.evidence.models import Verdict, VerdictReason
from auditor.formats import Context, Inspection, ModelFormat, View, worst
from auditor.formats._budget import Budget
from auditor.formats._errors import FormatError
from auditor.formats._inflated import (
    Inflated,
    Opener,
    bzip2,
    lzma_alone,
    xz,
)
from auditor.formats._zlib_stream import gzip_member, zlib_stream


class _Packing(Struct, frozen=True):
    """A way to pack: its name, its opener, whether streams behind one another are one."""

    name: str
    opener: Opener
    joined: bool


_MAGICS: tuple[tuple[bytes, _Packing], ...] = (
    (b"\x1f\x8b\x08", _Packing("gzip", gzip_member, joined=True)),
    (b"BZh", _Packing("bzip2", bzip2, joined=True)),
    (b"\xfd7zXZ\x00", _Packing("xz", xz, joined=True)),
)
# joblib reads zlib streams that follow each other as one.
_ZLIB = _Packing("zlib", zlib_stream, joined=True)
# What joblib wrote before 0.10: the length in hexadecimal, blanks, then zlib.
_ZFILE = re.compile(rb"ZF0x[0-9a-f]{1,16}L? {0,20}")
_ALONE = _Packing("lzma", lzma_alone, joined=False)
_BZIP2_BLOCKS = (b"1AY&SY", b"\x17rE8P\x90")
_PROBE = 64 << 10


def packing_of(head: bytes, view: View) -> _Packing | None:
    """Return how a file is packed, by its magic number or by what comes out of it."""
    for magic, packing in _MAGICS:
        if head.startswith(magic):
            is_bzip2 = packing.name == "bzip2"
            return None if is_bzip2 and head[4:10] not in _BZIP2_BLOCKS else packing
    if _ZFILE.match(head) or (_is_zlib(head) and _something_comes_out(_ZLIB, view)):
        return _ZLIB
    if _is_lzma_alone(head) and _something_comes_out(_ALONE, view):
        return _ALONE
    return None


def _begin(view: View) -> int:
    found = _ZFILE.match(view.at(0, 64))
    return found.end() if found else 0


def _is_zlib(head: bytes) -> bool:
    """Return whether the two bytes are a header with its check (RFC 1950 2.2)."""
    if len(head) < 6 or head[0] & 0x0F != 8 or head[0] >> 4 > 7:  # noqa: PLR2004 - RFC 1950
        return False
    return (head[0] << 8 | head[1]) % 31 == 0


def _is_lzma_alone(head: bytes) -> bool:
    """Return whether properties, dictionary and size are such as writers write."""
    if len(head) < 14 or head[0] >= 9 * 5 * 5 or head[13] != 0:  # noqa: PLR2004 - the header
        return False
    dictionary, size = struct.unpack_from("<IQ", head, 1)
    plain = dictionary and (dictionary & (dictionary - 1)) == 0
    between = dictionary % 3 == 0 and _is_plain(dictionary // 3)
    # Of size 0 it is nobody's file, and the beginning of many others (NIfTI, DICOM).
    return bool(plain or between) and (size == (1 << 64) - 1 or 0 < size < 1 << 40)


def _is_plain(number: int) -> bool:
    return number > 0 and number & (number - 1) == 0


def _something_comes_out(packing: _Packing, view: View) -> bool:
    """Return whether the first bytes can be unpacked: two bytes alone are a likeness."""
    stream = Inflated(view, packing.opener, Budget())
    try:
        return bool(stream.at(0, 1)) or (stream.end > 0 and not stream.trouble)
    except FormatError:
        return True


def recognises(head: bytes, view: View) -> bool:
    """Return whether the file is packed in a way that is read here."""
    return packing_of(head, view) is not None


def inspect(view: View, context: Context) -> Inspection | None:
    """Return what the file holds, as the format that it is, with what is wrong with the packing.

    `None` where the packing is whole and what comes out is nothing that is known, as for a file
    that is not packed: then its name decides whether it had to be a model. The verdict is no
    weaker than that of the content. Raises `FormatError` where more comes out
    than is read.
    """
    packing = packing_of(view.at(0, 64), view)
    if packing is None:
        raise FormatError("the compressed stream is broken at its beginning", rule="stream-broken")
    begin = _begin(view)
    stream = Inflated(
        view, packing.opener, context.budget, begin=begin, joined=packing.joined and not begin
    )
    empty = stream.size == 0
    reasons = _reasons(stream, view, context)
    found = None if empty else context.nested(stream, packing.name)
    if found is None and not empty and not reasons:
        return None
    if found is None:
        found = Inspection(model_format="compressed", role="archive")
    verdict = worst((found.verdict, *(reason.verdict for reason in reasons)))
    return replace(found, verdict=verdict, reasons=(*found.reasons, *reasons))


def _reasons(stream: Inflated, view: View, context: Context) -> list[VerdictReason]:
    if stream.trouble:
        verdict: Verdict = "malformed" if stream.trouble_kind == "malformed" else "not-inspectable"
        return [context.reason("stream-broken", verdict, stream.trouble)]
    if stream.end < view.size:
        detail = f"{view.size - stream.end} bytes follow the compressed stream"
        return [context.reason("stream-tail", "malformed", detail, offset=stream.end)]
    return []


FORMAT = ModelFormat(
    title="compressed file",
    recognises=recognises,
    inspect=inspect,
    rank=6,
    holds_archives=True,
)
