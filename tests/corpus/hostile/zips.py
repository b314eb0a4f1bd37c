"""Class 4: zip archives whose readers do not agree on what they hold; each hides the call."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from tests.corpus import _ops as op
from tests.corpus._archives import (
    Member,
    archive,
    central,
    end,
    local,
    plain_zip,
    torch_members,
    torch_zip,
    weights,
)  # fmt: skip
from tests.corpus._case import Case
from tests.corpus._ops import attack

BAD = attack()
GOOD = weights()
FIRST, *REST = torch_members(BAD)


def torch(member: Member, *more: Member, **lies) -> bytes:
    return archive(member, *REST, *more, **lies)


def _names() -> Iterator[tuple[str, bytes, str]]:
    yield (
        "local_name_differs",
        torch(FIRST._replace(local_name=b"archive/readme.md")),
        "CVE-2025-1944",
    )
    yield (
        "central_name_differs",
        torch(FIRST._replace(name=b"archive/readme.md", local_name=b"archive/data.pkl")),
        "CVE-2025-1944",
    )
    yield (
        "local_name_longer",
        torch(FIRST._replace(local_name=b"archive/data.pkl.txt")),
        "CVE-2025-1944",
    )
    yield "local_name_empty", torch(FIRST._replace(local_name=b"")), "CVE-2025-1944"
    yield "name_with_nul", torch(FIRST._replace(name=b"archive/data.pkl\0.txt")), "CVE-2025-1944"
    yield "name_with_backslash", torch(FIRST._replace(name=b"archive\\data.pkl")), "names"
    yield "name_not_utf8", torch(FIRST._replace(name=b"archive/\xff\xfe.pkl", flags=0x800)), "names"
    yield "name_absolute", torch(FIRST, Member(b"/etc/inert.pkl", BAD)), "names"
    yield "name_climbs", torch(FIRST, Member(b"archive/../../inert.pkl", BAD)), "names"
    yield "name_empty", torch(FIRST._replace(name=b"")), "names"
    yield "name_is_a_folder", torch(FIRST._replace(name=b"archive/data.pkl/")), "names"
    yield "name_of_a_drive", torch(FIRST, Member(b"C:/inert.pkl", BAD)), "names"
    yield "name_in_other_case", torch(FIRST._replace(name=b"ARCHIVE/DATA.PKL")), "names"
    yield (
        "name_with_bidi",
        torch(FIRST._replace(name="archive/\u202elkp.atad".encode(), flags=0x800)),
        "names",
    )
    other = struct.pack("<HHBI", 0x7075, 5 + 16, 1, 0) + b"archive/data.pkl"
    yield (
        "unicode_path_field_differs",
        torch(FIRST._replace(name=b"archive/note.txt", extra=other)),
        "names",
    )
    yield (
        "symbolic_link",
        torch(FIRST, Member(b"archive/data/1", b"/etc/passwd", attributes=0o120777 << 16)),
        "links",
    )
    twice = FIRST._replace(data=GOOD)
    yield "duplicate_member_bad_first", torch(FIRST, twice), "duplicates"
    yield "duplicate_member_bad_last", torch(twice, FIRST), "duplicates"
    yield (
        "duplicate_but_one_is_not_listed",
        torch(twice, FIRST._replace(listed=False)),
        "duplicates",
    )


def _fields() -> Iterator[tuple[str, bytes, str]]:
    yield "flag_encrypted", torch(FIRST._replace(flags=1)), "CVE-2025-1945"
    yield "flag_encrypted_local_only", torch(FIRST._replace(local_flags=1)), "CVE-2025-1945"
    yield (
        "flag_encrypted_central_only",
        torch(FIRST._replace(flags=1, local_flags=0)),
        "CVE-2025-1945",
    )
    yield "flag_patched", torch(FIRST._replace(flags=0x20)), "CVE-2025-1945"
    yield "flag_strong_encryption", torch(FIRST._replace(flags=0x41)), "CVE-2025-1945"
    yield "flag_masked_headers", torch(FIRST._replace(flags=0x2000)), "CVE-2025-1945"
    yield "flag_every_bit", torch(FIRST._replace(flags=0xFFF7)), "CVE-2025-1945"
    yield "crc_wrong", torch(FIRST._replace(crc=1)), "CVE-2025-10156"
    yield "crc_zero", torch(FIRST._replace(crc=0)), "CVE-2025-10156"
    yield (
        "crc_wrong_elsewhere",
        torch(FIRST, Member(b"archive/data/1", b"abcd", crc=1)),
        "CVE-2025-10156",
    )
    for method, label in (
        (9, "deflate64"),
        (12, "bzip2"),
        (14, "lzma"),
        (93, "zstandard"),
        (95, "xz"),
        (97, "wavpack"),
        (99, "aes"),
        (1, "shrunk"),
        (255, "unknown"),
    ):
        yield f"method_{label}", torch(FIRST._replace(method=method)), "unlisted method"
    yield "method_says_deflate_is_stored", torch(FIRST._replace(method=8, stored=BAD)), "method lie"
    yield "method_differs_local", torch(FIRST._replace(method=0, local_method=8)), "method lie"
    yield (
        "method_differs_central",
        torch(FIRST._replace(method=8, local_method=0, stored=BAD)),
        "method lie",
    )
    yield (
        "method_stored_holds_deflate",
        torch(FIRST._replace(method=8, local_method=0)),
        "method lie",
    )
    yield "size_too_small", torch(FIRST._replace(size=2, packed=2)), "size lie"
    yield "size_zero", torch(FIRST._replace(size=0, packed=0)), "size lie"
    yield "size_local_differs", torch(FIRST._replace(local_size=2)), "size lie"
    yield "size_too_large", torch(FIRST._replace(size=2**31, packed=2**31)), "size lie"
    yield "size_of_deflate_too_small", torch(FIRST._replace(method=8, size=2)), "size lie"
    yield "data_descriptor", torch(FIRST._replace(descriptor=True)), "descriptor"
    yield (
        "data_descriptor_of_deflate",
        torch(FIRST._replace(descriptor=True, method=8)),
        "descriptor",
    )
    yield "deflate_with_a_tail", torch(FIRST._replace(method=8, stored=_tail())), "descriptor"
    big = struct.pack("<HHQQ", 1, 16, len(BAD), len(BAD))
    yield "zip64_sizes", torch(FIRST._replace(size=2**32 - 1, packed=2**32 - 1, extra=big)), "zip64"
    lie = struct.pack("<HHQQ", 1, 16, 2, 2)
    yield (
        "zip64_sizes_lie",
        torch(FIRST._replace(size=2**32 - 1, packed=2**32 - 1, extra=lie)),
        "zip64",
    )
    vast = struct.pack("<HHQQ", 1, 16, 2**63, 2**63)
    yield (
        "zip64_sizes_vast",
        torch(FIRST._replace(size=2**32 - 1, packed=2**32 - 1, extra=vast)),
        "zip64",
    )
    cut = struct.pack("<HH", 1, 16) + b"\0\0"
    yield "zip64_field_cut", torch(FIRST._replace(extra=cut)), "zip64"
    local_only = struct.pack("<HHQQ", 1, 16, 2, 2)
    yield "zip64_local_differs", torch(FIRST._replace(local_extra=local_only)), "zip64"
    yield (
        "offset_of_another_member",
        archive(Member(b"archive/note", BAD), Member(b"archive/data.pkl", GOOD, offset=0), *REST),
        "overlap",
    )
    yield "offset_past_the_end", torch(FIRST._replace(offset=2**31)), "overlap"
    yield (
        "offset_into_a_member",
        torch(FIRST, Member(b"archive/data/1", b"", offset=10, size=4, packed=4)),
        "overlap",
    )
    within = local(Member(b"archive/data.pkl", BAD))
    yield (
        "member_inside_a_member",
        torch(FIRST._replace(data=GOOD), Member(b"archive/data/1", within)),
        "overlap",
    )
    yield (
        "member_not_listed",
        archive(*torch_members(), Member(b"archive/x.pkl", BAD, listed=False)),
        "gaps",
    )
    yield "gap_before_the_directory", torch_zip(None, gap=BAD), "gaps"


def _tail() -> bytes:
    import zlib

    packer = zlib.compressobj(wbits=-15)
    return packer.compress(BAD) + packer.flush() + b"tail"


def _ends() -> Iterator[tuple[str, bytes, str]]:
    whole = torch_zip(BAD)
    good = torch_zip()
    yield "count_zero", torch_zip(BAD, count=0), "EOCD count"
    yield "count_too_small", torch_zip(BAD, count=1), "EOCD count"
    yield "count_too_large", torch_zip(BAD, count=1000), "EOCD count"
    yield "count_zero_behind_a_prefix", torch_zip(BAD, count=0, prefix=b"\0" * 9), "EOCD count"
    yield "count_zero_behind_a_frame", op.frame(b"") + torch_zip(BAD, count=0), "EOCD count"
    yield (
        "count_too_large_behind_a_prefix",
        torch_zip(BAD, count=999, prefix=b"\0" * 9),
        "EOCD count",
    )
    yield "end_missing", whole[:-22], "EOCD"
    yield "end_cut", whole[:-5], "EOCD"
    yield "directory_missing", whole[: whole.index(b"PK\1\2")], "EOCD"
    yield "magic_of_end_changed", whole.replace(b"PK\5\6", b"PK\5\7"), "EOCD"
    yield "magic_of_directory_changed", whole.replace(b"PK\1\2", b"PK\1\3", 1), "EOCD"
    yield "directory_shifted", torch_zip(BAD, shifted=7), "EOCD"
    yield "directory_shifted_back", torch_zip(BAD, shifted=-46), "EOCD"
    yield "comment", torch_zip(BAD, comment=b"inert"), "EOCD"
    yield "comment_holds_an_end", torch_zip(BAD, comment=end(0, 0, 0)), "two EOCDs"
    yield "comment_holds_an_archive", torch_zip(None, comment=whole), "two EOCDs"
    yield "comment_holds_a_pickle", torch_zip(None, comment=BAD), "two EOCDs"
    yield "comment_shorter_than_told", whole[:-2] + b"\x40\0", "EOCD"
    yield "end_twice", whole + whole[-22:], "two EOCDs"
    yield "empty_end_behind", whole + end(0, 0, 0), "two EOCDs"
    yield "archive_behind", good + whole, "two archives"
    yield "archive_before", whole + good, "two archives"
    yield "pickle_before", BAD + good, "polyglot prefix"
    yield "pickle_before_with_right_offsets", torch_zip(None, prefix=BAD), "polyglot prefix"
    yield "protocol_0_pickle_before", torch_zip(None, prefix=attack(0)), "polyglot prefix"
    yield (
        "script_before",
        torch_zip(BAD, prefix=b"#!/bin/sh\necho inert\nexit\n"),
        "polyglot prefix",
    )
    yield "program_before", torch_zip(BAD, prefix=b"\x7fELF" + b"\0" * 100), "polyglot prefix"
    yield (
        "picture_before",
        torch_zip(BAD, prefix=b"\x89PNG\r\n\x1a\n" + b"\0" * 100),
        "polyglot prefix",
    )
    yield "gguf_before", torch_zip(BAD, prefix=b"GGUF\3\0\0\0" + b"\0" * 16), "polyglot prefix"
    yield "safetensors_before", torch_zip(BAD, prefix=b"\2\0\0\0\0\0\0\0{}"), "polyglot prefix"
    yield (
        "npy_before",
        torch_zip(
            BAD,
            prefix=b"\x93NUMPY\1\0\x76\0"
            + b"{'descr': '<f4', 'fortran_order': False, 'shape': (0,), }".ljust(117)
            + b"\n",
        ),
        "polyglot prefix",
    )
    yield "pickle_behind", good + BAD, "tail"
    yield "zeros_behind", whole + b"\0" * 40, "tail"
    yield "one_byte_before", torch_zip(BAD, prefix=b"\n"), "polyglot prefix"
    yield "magic_of_a_split_archive", b"PK\7\10" + whole, "polyglot prefix"
    far = struct.pack("<4sQHHIIQQQQ", b"PK\6\6", 44, 45, 45, 0, 0, 4, 4, 0, 0)
    yield "zip64_end_without_locator", whole[:-22] + far + whole[-22:], "zip64"
    at = struct.pack("<4sIQI", b"PK\6\7", 0, 2**60, 1)
    yield "zip64_locator_far_away", whole[:-22] + at + whole[-22:], "zip64"
    both = _two_directories()
    yield "two_directories", both, "zip64: one reader takes one directory, the next the other"
    yield "disks_that_are_not_there", whole[:-18] + b"\1\0\1\0" + whole[-14:], "EOCD"


def _two_directories() -> bytes:
    """Return an archive whose plain end points at one directory, its zip64 end at another."""
    body, good, bad = b"", b"", b""
    for one, other in zip(torch_members(), torch_members(BAD), strict=True):
        good += central(one, len(body))
        body += local(one)
        bad += central(other, len(body))
        body += local(other)
    at = len(body)
    far_at = at + len(good) + len(bad)
    far = struct.pack("<4sQHHIIQQQQ", b"PK\6\6", 44, 45, 45, 0, 0, 4, 4, len(bad), at + len(good))
    locator = struct.pack("<4sIQI", b"PK\6\7", 0, far_at, 1)
    return body + good + bad + far + locator + end(4, len(good), at)


def _nested() -> Iterator[tuple[str, bytes, str]]:
    inner = torch_zip(BAD)
    yield "in_a_zip", plain_zip({"model.pt": inner}), "nested zip"
    yield "in_a_deflated_zip", plain_zip({"model.pt": inner}, 8), "nested zip"
    yield "in_a_zip_without_a_name", plain_zip({"readme": inner}), "nested zip"
    yield "in_two_zips", plain_zip({"a": plain_zip({"b": inner})}), "nested zip"
    yield "pickle_in_a_zip", plain_zip({"a.txt": BAD}), "nested zip"
    yield "pickle_in_a_bzip2_zip", plain_zip({"a.pkl": BAD}, 12), "nested zip"
    yield "pickle_in_an_lzma_zip", plain_zip({"a.pkl": BAD}, 14), "nested zip"
    yield "protocol_0_pickle_in_a_zip", plain_zip({"a.txt": attack(0)}), "nested zip"
    yield "as_a_storage", archive(*torch_members(), Member(b"archive/data/1", inner)), "nested zip"


def cases() -> Iterator[Case]:
    for label, data, reference in (*_names(), *_fields(), *_ends(), *_nested()):
        why = "readers differ on what the archive holds, or none can say"
        yield Case(f"zip_{label}", data, "4", reference, why)
