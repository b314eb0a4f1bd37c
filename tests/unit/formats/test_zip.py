"""Zip archives: members judged by content, and every way to show two readers two archives."""

from __future__ import annotations

import io
import struct
import time
import zipfile
import zlib

import pytest

from auditor import formats
from auditor.formats import Memory
from auditor.formats._zip_records import read_end
from tests.formats_reading import Claimed, judged, rules
from tests.model_samples._archives import zipped

EVIL = b"cos\nsystem\n(S'echo inert'\ntR."
EVIL2 = b"\x80\x02cos\nsystem\nX\n\x00\x00\x00echo inert\x85R."
CLEAN = ("data", "framework")


def patched(data, offset, raw):
    return data[:offset] + raw + data[offset + len(raw) :]


def central(data, number=0):
    """Return where an entry of the directory begins."""
    at = data.index(b"PK\1\2")
    for _ in range(number):
        at = data.index(b"PK\1\2", at + 4)
    return at


def end(data):
    return data.rindex(b"PK\5\6")


def one(name="a.txt", content=b"words", **more):
    return zipped({name: content}, **more)


def info(name, **fields):
    made = zipfile.ZipInfo(name)
    for field, value in fields.items():
        setattr(made, field, value)
    return made


def two():
    return zipped({"a.txt": b"words", "b.txt": b"other words"})


def raw_member(name, content, method, packed, flags=0):
    """Return an archive with one member packed by hand."""
    crc = zlib.crc32(content)
    head = struct.pack("<HHHHHIIIHH", 63, flags, method, 0, 33, crc, len(packed), len(content),
                       len(name), 0)  # fmt: skip
    entry = struct.pack("<HHHHHHIIIHHHHHII", 63, 63, flags, method, 0, 33, crc, len(packed),
                        len(content), len(name), 0, 0, 0, 0, 0, 0)  # fmt: skip
    body = b"PK\3\4" + head + name + packed
    directory = b"PK\1\2" + entry + name
    return body + directory + struct.pack("<4sHHHHIIH", b"PK\5\6", 0, 0, 1, 1, len(directory),
                                          len(body), 0)  # fmt: skip


def with_duplicate():
    return zipped({"a.txt": b"words", "b.txt": b"other"}).replace(b"b.txt", b"a.txt")


def lying_descriptor():
    out = io.BytesIO()

    class Pipe(io.RawIOBase):
        def writable(self):
            return True

        def write(self, data):
            return out.write(data)

    with zipfile.ZipFile(Pipe(), "w") as archive:
        archive.writestr("a.txt", b"words")
    return out.getvalue()


BASE = one()
STREAMED = lying_descriptor()
DEFLATED = zipped({"a.txt": b"words " * 50}, zipfile.ZIP_DEFLATED)


def wide_end(offset):
    """Return the base archive with a 64-bit end that says where the directory is."""
    record = struct.pack("<4sQHHIIQQQQ", b"PK\6\6", 44, 45, 45, 0, 0, 1, 1, 51, offset)
    locator = struct.pack("<4sIQI", b"PK\6\7", 0, end(BASE), 1)
    return BASE[: end(BASE)] + record + locator + BASE[end(BASE) :]


MALFORMED = {
    "name-differs": patched(BASE, 30, b"b.txt"),
    "name-length-differs": patched(BASE, 26, b"\4"),
    "method-differs": patched(BASE, 8, b"\x08"),
    "flags-differ": patched(BASE, 6, b"\x01"),
    "flags-differ-in-the-directory": patched(BASE, central(BASE) + 8, b"\x01"),
    "checksum-differs": patched(BASE, 14, b"\1\1\1\1"),
    "size-differs": patched(BASE, 22, b"\1"),
    "packed-size-differs": patched(BASE, 18, b"\1"),
    "checksum-is-wrong-in-both": patched(
        patched(BASE, 14, b"\0\0\0\0"), central(BASE) + 16, b"\0\0\0\0"
    ),
    "stored-with-two-sizes": patched(
        patched(BASE, 22, b"\1\0\0\0"), central(BASE) + 24, b"\1\0\0\0"
    ),
    "deflated-grows-further": patched(
        patched(DEFLATED, 22, b"\5\0"), central(DEFLATED) + 24, b"\5\0"
    ),
    "deflated-stops-early": patched(
        patched(DEFLATED, 22, b"\xff\7"), central(DEFLATED) + 24, b"\xff\7"
    ),
    "deflated-is-broken": patched(DEFLATED, 35, b"\xff\xff\xff\xff"),
    "directory-offset": patched(BASE, end(BASE) + 16, b"\1\0\0\0"),
    "directory-size": patched(BASE, end(BASE) + 12, b"\x20\0\0\0"),
    "directory-missing": patched(BASE, central(BASE), b"XX"),
    "count-is-none": patched(BASE, end(BASE) + 8, b"\0\0\0\0"),
    "count-is-more": patched(BASE, end(BASE) + 8, b"\5\0\5\0"),
    "two-counts": patched(BASE, end(BASE) + 10, b"\5\0"),
    "other-disk": patched(BASE, end(BASE) + 4, b"\1\0"),
    "no-end": BASE[: end(BASE)],
    "no-directory": BASE[: central(BASE)],
    "end-cut": BASE[:-3],
    "bytes-behind": BASE + b"some more",
    "pickle-behind": BASE + EVIL2,
    "comment-too-long": patched(BASE, end(BASE) + 20, b"\5\0"),
    "second-archive-in-the-comment": zipped({"a.txt": b"words"}, comment=b"x" + BASE),
    "second-archive-behind": BASE + one("b.txt"),
    "bytes-before": b"PK\3\4" + b"x" * 60 + BASE,
    "hole": BASE[:40] + b"hidden" + patched(BASE, end(BASE) + 16, b"\x2e\0\0\0")[40:],
    "member-unknown-to-the-directory": BASE[:40]
    + BASE[:40].replace(b"a.txt", b"b.txt")
    + patched(BASE, end(BASE) + 16, b"\x50\0\0\0")[40:],
    "overlap": patched(two(), central(two(), 1) + 42, b"\0\0\0\0"),
    "local-header-missing": patched(BASE, central(BASE) + 42, b"\7\0\0\0"),
    "duplicate": with_duplicate(),
    "duplicate-by-case": zipped({"a.txt": b"words", "A.TXT": b"other"}),
    "duplicate-by-form": zipped({"\u00e9.txt": b"words", "e\u0301.txt": b"other"}),
    "name-absolute": one("/etc/passwd"),
    "name-with-drive": one("C:a.txt"),
    "name-leads-out": one("a/../../b.txt"),
    "name-with-backslash": one("aXb.txt").replace(b"aXb", b"a\\b"),
    "name-with-nul": one("aXb.txt").replace(b"aXb", b"a\0b"),
    "name-with-newline": one("a\nb.txt"),
    "name-turned-round": one("a\u202etxt.exe"),
    "name-empty": raw_member(b"", b"words", 0, b"words"),
    "folder-with-content": one("aX").replace(b"aX", b"a/"),
    "link": zipped([(info("a", create_system=3, external_attr=0o120777 << 16), b"/etc/passwd")]),
    "device": zipped([(info("a", create_system=3, external_attr=0o020666 << 16), b"")]),
    "wide-field-lies": zipped([(info("a.txt", extra=struct.pack("<HHQQ", 1, 16, 9, 9)), b"words")]),
    "extra-is-cut": zipped([(info("a.txt", extra=b"ab\xff\0x"), b"words")]),
    "path-field-differs": zipped(
        [(info("a.txt", extra=struct.pack("<HHBI", 0x7075, 10, 1, 0) + b"b.txt"), b"words")]
    ),
    "descriptor-differs": patched(STREAMED, STREAMED.index(b"PK\7\x08") + 4, b"\1\1"),
    "wide-end-differs": wide_end(39),
    "wide-end-missing": patched(BASE, end(BASE) + 16, b"\xff\xff\xff\xff"),
    "packed-bytes-behind-the-stream": raw_member(
        b"a", b"words", 8, zlib.compress(b"words")[2:-4] + b"tail"
    ),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_malformed(name):
    found = judged(MALFORMED[name])
    assert found.verdict == "malformed", found
    assert found.model_format == "zip"


def encrypted_flags(data):
    return patched(patched(data, 6, b"\x01"), central(data) + 8, b"\x01")


UNREADABLE = {
    "encrypted": encrypted_flags(BASE),
    "strongly-encrypted": patched(patched(BASE, 6, b"\x41"), central(BASE) + 8, b"\x41"),
    "aes": raw_member(b"a", b"words", 99, b"wordswords"),
    "deflate64": raw_member(b"a", b"words", 9, b"wordswords"),
    "zstandard": raw_member(b"a", b"words", 93, b"\x28\xb5\x2f\xfd"),
    "unknown-method": raw_member(b"a", b"words", 77, b"wordswords"),
    "lzma-of-a-huge-dictionary": raw_member(b"a", b"words", 14, b"\x10\2\5\0\x5d\0\0\0\x40words"),
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_what_cannot_be_read_is_never_clean(name):
    found = judged(UNREADABLE[name])
    assert found.verdict == "not-inspectable", found
    assert found.reasons


@pytest.mark.parametrize(
    "data",
    [
        encrypted_flags(one("a", EVIL2)),
        raw_member(b"a", EVIL2, 77, EVIL2),
        patched(one("a", EVIL2), 8, b"\x08"),
        patched(one("a", EVIL2), central(one("a", EVIL2)) + 10, b"\x08"),
        patched(one("a", EVIL2), 14, b"\1\1\1\1"),
        one("a", EVIL2)[: central(one("a", EVIL2))],
        one("a", one("b", one("c", EVIL2))),
        zipped({"a": EVIL2}, zipfile.ZIP_DEFLATED),
        zipped({"a": EVIL2}, zipfile.ZIP_BZIP2),
        zipped({"a": EVIL2}, zipfile.ZIP_LZMA),
        zipped({"a": b"words"}, comment=EVIL2),
        one("a.txt", EVIL),
        one("data/0", EVIL2),
    ],
    ids=[
        "flag-says-encrypted", "method-unknown", "method-lies-locally", "method-lies",
        "checksum-wrong", "directory-cut-off", "three-deep", "deflated", "bzip2", "lzma",
        "in-the-comment", "named-like-text", "named-like-a-storage",
    ],
)  # fmt: skip
def test_a_pickle_is_found_whatever_the_records_say(data):
    assert judged(data).verdict == "dangerous"


def test_xz_members_are_read():
    import lzma

    assert judged(raw_member(b"a", EVIL2, 95, lzma.compress(EVIL2))).verdict == "dangerous"


def test_members_too_deep_are_told():
    data = EVIL2
    for _ in range(6):
        data = one("a", data)
    found = judged(data)
    assert found.verdict == "not-inspectable"
    assert "limit-depth" in rules(found)


CLEAN_ARCHIVES = {
    "stored": BASE,
    "deflated": DEFLATED,
    "bzip2": zipped({"a.txt": b"words"}, zipfile.ZIP_BZIP2),
    "lzma": zipped({"a.txt": b"words"}, zipfile.ZIP_LZMA),
    "no-members": zipped({}),
    "folders": zipped({"a/": b"", "a/b.txt": b"words"}),
    "comment": zipped({"a.txt": b"words"}, comment=b"made on a Tuesday"),
    "streamed": STREAMED,
    "names-beyond-ascii": zipped({"\u6a21\u578b.txt": b"words"}),
    "wide-end": wide_end(40),
    "archive-within": one("a.zip", two()),
    "padding-in-the-extra-field": zipped([(info("a.txt", extra=b"FB\3\0ZZZ"), b"words")]),
    "arrays-told-apart-by-case": zipped({"w.npy": b"words", "W.npy": b"words"}),
}


@pytest.mark.parametrize("name", CLEAN_ARCHIVES)
def test_what_libraries_write_is_in_order(name):
    found = judged(CLEAN_ARCHIVES[name])
    assert (found.verdict, found.reasons) == ("data", ()), found


def test_wide_sizes_are_read_where_they_are_written():
    out = io.BytesIO()
    with (
        zipfile.ZipFile(out, "w") as archive,
        archive.open(zipfile.ZipInfo("a.txt"), "w", force_zip64=True) as member,
    ):
        member.write(b"words")
    assert judged(out.getvalue()).verdict == "data"


def test_scripts_and_machine_code_are_told():
    assert rules(judged(one("handler.py", b"import os"))) == {"archive-script"}
    found = judged(one("weights", b"\x7fELF" + b"\0" * 60))
    assert (found.verdict, rules(found)) == ("unlisted", {"archive-native-code"})


def test_a_program_with_an_archive_in_it_is_a_program():
    found = judged(b"\x7fELF" + b"\0" * 200 + BASE)
    assert found.verdict == "dangerous"
    assert "archive-program" in rules(found)


def test_reasons_name_the_member_and_bound_its_name():
    found = judged(one("n" * 5000, EVIL2))
    assert found.reasons[0].member.startswith("nnn")
    assert len(found.reasons[0].member) <= 200


def test_a_bomb_is_not_opened():
    data = raw_member(b"a", b"", 8, zlib.compress(b"\0" * 1000)[2:-4])
    large = (1 << 31).to_bytes(4, "little")
    data = patched(patched(data, 22, large), central(data) + 24, large)
    found = judged(data)
    assert (found.verdict, "zip-bomb" in rules(found)) == ("not-inspectable", True)


def test_members_that_share_a_body_do_not_multiply_the_work():
    kernel = zlib.compress(b"\0" * (8 << 20), 9)[2:-4]
    body = raw_member(b"a", b"\0" * (8 << 20), 8, kernel)
    entry = body[central(body) : end(body)]
    count = 400
    data = body[: central(body)] + entry * count
    data += struct.pack("<4sHHHHIIH", b"PK\5\6", 0, 0, count, count, len(entry) * count,
                        central(body), 0)  # fmt: skip
    begun = time.process_time()
    found = judged(data)
    assert time.process_time() - begun < 5
    assert found.verdict == "malformed"
    assert {"zip-overlap", "zip-duplicate"} & rules(found)


def test_more_members_than_are_read_are_a_limit():
    count = 100_001
    entry = BASE[central(BASE) : end(BASE)]
    data = BASE[: central(BASE)] + entry * count
    data += struct.pack("<4sHHHHIIH", b"PK\5\6", 0, 0, 0, 0, len(entry) * count, 40, 0)
    found = judged(data)
    assert "limit-members" in rules(found)
    assert found.verdict in ("not-inspectable", "malformed")


def test_a_file_that_says_to_be_huge_is_not_read_whole():
    view = Claimed(b"PK\3\4" + b"\0" * 100, 1 << 50)
    found = formats.inspect(view)
    assert found.verdict in ("malformed", "not-inspectable")
    assert sum(length for _, length in view.asked) < 1 << 28


def test_the_end_is_the_last_record_whose_comment_fits():
    data = zipped({"a": b"b"}, comment=b"x" * 70)
    assert read_end(Memory(data)).comment == b"x" * 70
    assert read_end(Memory(b"PK\5\6")) is None


def test_the_same_answer_as_the_standard_library_on_plain_archives():
    data = zipped({f"m{n}": bytes([n]) * n for n in range(50)}, zipfile.ZIP_DEFLATED)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        names = archive.namelist()
    from auditor.formats._zip import entry_names

    assert entry_names(Memory(data)) == names
