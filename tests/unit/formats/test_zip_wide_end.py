"""Archives with a 64-bit end, as torch writes them: no name makes a second directory of one."""

from __future__ import annotations

import io
import struct
import zipfile

import pytest

from tests.formats_reading import judged

EVIL = b"\x80\x02cos\nsystem\nX\x04\x00\x00\x00echo\x85R."
RECORD, LOCATOR = 56, 20


def with_wide_end(data: bytes) -> bytes:
    """Return an archive of zipfile's with the 64-bit end that torch always writes."""
    at = data.rindex(b"PK\5\6")
    count, size, offset = struct.unpack_from("<HII", data, at + 10)
    record = struct.pack("<4sQHHIIQQQQ", b"PK\6\6", 44, 45, 45, 0, 0, count, count, size, offset)
    return data[:at] + record + struct.pack("<4sIQI", b"PK\6\7", 0, at, 1) + data[at:]


def archive(*names: str, content: bytes = b"words") -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        for name in names:
            made.writestr(name, content)
    return with_wide_end(out.getvalue())


@pytest.mark.parametrize("length", range(1, 80))
def test_a_name_of_any_length_is_in_order(length):
    # 76 bytes of entries (a name of 30 letters) are as long as the 64-bit end and its locator.
    found = judged(archive("a" * length, "b.txt", "c.txt"))
    assert (found.verdict, found.reasons) == ("data", ())


def test_a_member_that_the_shifted_offsets_lead_to_is_seen():
    # A reader that knows of no 64-bit end begins 76 bytes later, and so do its members.
    first, second = b"a" * 30, b"b"
    hidden = struct.pack("<4sHHHHHIIIHH", b"PK\3\4", 20, 0, 0, 0, 33, 0, len(EVIL), len(EVIL), 1, 0)
    body = b"x" * (RECORD + LOCATOR - 31) + hidden + second + EVIL
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        made.writestr(first.decode(), b"words")
        made.writestr(second.decode(), body)
    found = judged(with_wide_end(out.getvalue()))
    assert found.verdict == "dangerous"


def test_another_directory_before_the_plain_end_is_seen():
    data = archive("a.txt", content=EVIL)
    at = data.rindex(b"PK\6\6")
    entry = data.index(b"PK\1\2")
    other = data[:at] + data[entry:at] + data[at:]
    assert judged(other).verdict == "dangerous"
    assert judged(other).reasons


def test_an_entry_in_an_entry_is_no_later_entry():
    # 76 bytes into the directory a second one begins, in the midst of a name.
    inner = archive("evil.pkl", content=EVIL)
    entry = inner[inner.index(b"PK\1\2") : inner.rindex(b"PK\6\6")]
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        made.writestr("a" * 30 + entry.decode("cp437"), b"words")
    found = judged(with_wide_end(out.getvalue()))
    assert found.verdict != "data"
