"""Class 4: an old document of Office whose archive, which is found from behind, is a model."""

from __future__ import annotations

from collections.abc import Iterator

from tests.corpus._archives import Member, archive, end, hostile_torch, plain_zip
from tests.corpus._case import Case
from tests.corpus._ops import attack

MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
THEME = {
    "[Content_Types].xml": b"<?xml version='1.0'?><Types/>",
    "_rels/.rels": b"<?xml version='1.0'?><Relationships/>",
    "theme/theme/theme1.xml": b"<?xml version='1.0'?><a:theme/>",
}


def document(within: bytes) -> bytes:
    """Return a compound file with an archive in one of its streams."""
    return MAGIC + bytes(504) + within + bytes(512)


def _two_ends() -> bytes:
    """Return a document whose last end, which CPython takes, is not the one that fits the file."""
    bad = archive(Member(b"archive/data.pkl", attack()))
    entries = bad[bad.index(b"PK\1\2") : -22]
    first = plain_zip({"a.xml": b"<?xml?>" + bad[:-22]})
    last = end(1, len(entries), 0)
    behind = len(entries) + len(last)
    fitting = first[:-2] + behind.to_bytes(2, "little")
    return MAGIC + bytes(504) + fitting + entries + last


def _cases() -> Iterator[tuple[str, bytes, str]]:
    yield "checkpoint", document(hostile_torch()), "a checkpoint that makes the call"
    named = document(plain_zip(THEME | {"theme/theme/theme2.xml": attack()}))
    yield "pickle_among_xml", named, "one of the members is a pickle"
    listed = [Member(name.encode(), data) for name, data in THEME.items()]
    hidden = archive(*listed, Member(b"data.pkl", attack(), listed=False))
    yield "unlisted_member", document(hidden), "a member that only a scan finds"
    yield "two_ends", _two_ends(), "the last end belongs to another archive"
    before = MAGIC + attack() + bytes(400) + hostile_torch() + plain_zip(THEME)
    yield "archive_before_the_theme", before, "a checkpoint stands before the theme"


def cases() -> Iterator[Case]:
    for label, data, why in _cases():
        yield Case(f"compound_{label}", data, "4", "MS-XLS 2.4.326", why)
