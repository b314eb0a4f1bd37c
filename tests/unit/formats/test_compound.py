"""Old documents of Office hold a zip archive of XML: no model, unless something else is in it."""

from __future__ import annotations

import pytest

from auditor.formats import Memory, inspect
from tests.corpus._archives import Member, archive, plain_zip, torch_zip
from tests.corpus.hostile.documents import MAGIC, THEME, document
from tests.formats_reading import EVIL


def test_a_workbook_with_a_theme_is_no_model():
    assert inspect(Memory(document(plain_zip(THEME, 8)))) is None
    assert inspect(Memory(document(plain_zip(THEME)))) is None


def test_one_that_ends_with_its_archive_is_no_model():
    assert inspect(Memory(MAGIC + bytes(504) + plain_zip(THEME))) is None


@pytest.mark.parametrize(
    "data",
    [
        document(torch_zip()),
        document(plain_zip({"model.xml": b"<?xml version='1.0'?><net name='n' version='11'></net>"})),
        document(plain_zip(THEME | {"data.bin": b"words"})),
        document(plain_zip(THEME | {"config.json": b"{}"})),
        document(plain_zip({f"{number}.xml": b"<?xml?>" for number in range(17)})),
        document(archive(Member(b"a.xml", b"<?xml?>"), gap=b"words")),
        document(archive(Member(b"a.xml", b"<?xml?>", crc=1))),
        document(archive(Member(b"a.xml", b"<?xml?>"), Member(b"b.pkl", EVIL, listed=False))),
        document(archive(Member(b"a.xml", b"<?xml?>"), comment=b"words")),
        document(plain_zip(THEME)) + plain_zip(THEME),
        MAGIC[:4] + bytes(508) + plain_zip(THEME),
        bytes(512) + plain_zip(THEME),
    ],
    ids=[
        "checkpoint", "graph", "another-member", "configuration", "too-many", "hole", "checksum",
        "unlisted-member", "comment", "two-archives", "half-a-magic", "no-magic",
    ],
)  # fmt: skip
def test_anything_else_is_an_archive_where_none_should_be(data):
    found = inspect(Memory(data))
    assert found is not None
    assert found.verdict in ("malformed", "dangerous")
