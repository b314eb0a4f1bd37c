"""Tar archives: members judged by content, and whatever two readers see differently."""

from __future__ import annotations

import io
import tarfile

import pytest

from auditor import formats
from auditor.formats import Memory
from auditor.formats._tar import is_header, leaves, number, pax_records
from tests.formats_reading import EVIL, Claimed, judged, rules
from tests.model_samples._archives import tarred, zipped


def info(name="a.txt", **fields):
    made = tarfile.TarInfo(name)
    for field, value in fields.items():
        setattr(made, field, value)
    return made


def one(content=b"words", form=tarfile.USTAR_FORMAT, **fields):
    return tarred([(info(**fields), content)], form)


def with_field(data, begin, raw, at=0):
    """Return the archive with a header's field changed, and its checksum made to hold."""
    block = bytearray(data[at : at + 512])
    block[begin : begin + len(raw)] = raw
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    return data[:at] + bytes(block) + data[at + 512 :]


BASE = one()
PAX = tarred([(info(name="a.txt", pax_headers={"comment": "c"}), b"words")])


def pax(text):
    """Return an archive whose member has one pax record, written by hand."""
    record = text.encode()
    length = len(record) + 2
    while len(b"%d " % length + record + b"\n") != length:
        length = len(b"%d " % length + record + b"\n")
    body = b"%d " % length + record + b"\n"
    header = with_field(one(body, name="PaxHeaders/a")[:512], 156, b"x")
    return header + body.ljust(512, b"\0") + BASE


MALFORMED = {
    "checksum": BASE[:1024] + BASE[:512].replace(b"a.txt", b"b.txt") + BASE[512:],
    "cut-in-a-member": BASE[:514],
    "cut-behind-a-member": BASE[:1024],
    "one-block-of-zeros-then-a-member": BASE[:1024] + b"\0" * 512 + BASE,
    "bytes-behind": BASE + b"some more",
    "archive-behind": BASE + one(EVIL),
    "zip-behind": BASE + zipped({"a": EVIL}),
    "member-longer-than-the-file": with_field(BASE, 124, b"77777777777\0"),
    "size-negative": with_field(BASE, 124, b"\xff" * 12),
    "size-no-number": with_field(BASE, 124, b"0000000009x\0"),
    "size-in-base-256-too-large": with_field(BASE, 124, b"\x80" + b"\0" * 6 + b"\xff" * 5),
    "size-behind-a-nul": with_field(BASE, 124, b"\0000000005\0"),
    "size-with-a-sign": with_field(BASE, 124, b"-0000000005\0"),
    "two-sizes": pax("size=3"),
    "size-of-letters": pax("size=five"),
    "pax-record-cut": pax("path=b")[:512] + b"99 path=b\n".ljust(512, b"\0") + BASE,
    "pax-record-twice": tarred([(info(pax_headers={"k": "v"}), b"w")]).replace(
        b"6 k=v\n", b"6 k=v\n6 k=w\n"
    ),
    "name-absolute": one(name="/etc/passwd"),
    "name-leads-out": one(name="a/../../b"),
    "name-in-pax-leads-out": pax("path=../../b"),
    "name-with-newline": one(name="a\nb"),
    "link-leads-out": one(b"", type=tarfile.SYMTYPE, linkname="../../etc/passwd"),
    "link-absolute": one(b"", type=tarfile.SYMTYPE, linkname="/etc/passwd"),
    "hard-link-leads-out": one(b"", type=tarfile.LNKTYPE, linkname="../x"),
    "link-with-content": with_field(with_field(BASE, 156, b"2"), 157, b"b.txt"),
    "folder-with-content": with_field(BASE, 156, b"5"),
    "device": one(b"", type=tarfile.CHRTYPE),
    "pipe": one(b"", type=tarfile.FIFOTYPE),
    "duplicate": tarred([("a.txt", b"words"), ("a.txt", b"other")]),
    "duplicate-by-dot": tarred([("a.txt", b"words"), ("./a.txt", b"other")]),
    "all-members-renamed": with_field(pax("path=b"), 156, b"g"),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_malformed(name):
    found = judged(MALFORMED[name])
    assert found.verdict in ("malformed", "dangerous"), found
    assert any(reason.verdict == "malformed" for reason in found.reasons)


UNREADABLE = {
    "old-sparse": with_field(BASE, 156, b"S"),
    "pax-sparse": pax("GNU.sparse.major=1"),
    "continued": with_field(BASE, 156, b"M"),
    "unknown-kind": with_field(BASE, 156, b"Z"),
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_what_cannot_be_put_together_is_never_clean(name):
    assert judged(UNREADABLE[name]).verdict == "not-inspectable"


@pytest.mark.parametrize(
    "form", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT], ids=str
)
def test_members_are_judged_in_every_layout(form):
    name = "folder/" * 15 + "weights"
    found = judged(tarred([(name, EVIL)], form))
    assert found.verdict == "dangerous"
    assert found.reasons[0].member.startswith("folder/")
    assert judged(tarred([(name, b"words")], form)).verdict == "data"


def test_links_that_stay_inside_are_nothing():
    link = info("a/b", type=tarfile.SYMTYPE, linkname="../c")
    assert judged(tarred([("c", b"words"), (link, b"")])).verdict == "data"


@pytest.mark.parametrize("field,raw", [(257, b"xstar\0"), (257, b"\0" * 8), (0, b"\0" * 5)])
def test_a_header_without_a_magic_number_or_a_name_hides_nothing(field, raw):
    assert judged(with_field(one(EVIL), field, raw)).verdict == "dangerous"


def test_sizes_beyond_octal_are_read():
    raw = with_field(BASE, 124, b"\x80" + b"\0" * 10 + b"\5")
    assert judged(raw).verdict == "data"


def test_a_nemo_model_is_judged_by_what_its_configuration_calls():
    def nemo(target):
        text = f"encoder:\n  _target_: {target}\n  layers: 2\n".encode()
        return judged(tarred({"./model_config.yaml": text, "./model_weights.ckpt": b"words"}))

    assert nemo("nemo.collections.asr.modules.ConformerEncoder").verdict == "data"
    assert nemo("mylib.Encoder").verdict == "unlisted"
    assert nemo("os.system").verdict == "dangerous"
    assert rules(nemo("builtins.eval")) == {"nemo-target"}


def test_scripts_beside_weights_are_told():
    assert rules(judged(tarred({"a/handler.py": b"import os"}))) == {"archive-script"}


def test_a_huge_claim_is_not_read():
    header = with_field(BASE, 124, b"\x80" + b"\0" * 4 + b"\x0f" * 7)[:512]
    view = Claimed(header, 1 << 62)
    assert formats.inspect(view).verdict in ("malformed", "not-inspectable")
    assert sum(length for _, length in view.asked) < 1 << 24


def test_many_members_are_a_limit():
    block = one(b"")[:512]
    found = judged(block * 100_002)
    assert found.verdict == "malformed"
    assert len(found.reasons) <= 51


def test_small_parts():
    assert number(b"0000644\0") == 0o644
    assert number(b"\x80\0\0\1") == 1
    assert number(b"\xff\xff\xff\xff") is number(b"12x") is None
    assert number(b"12\0x") == 0o12
    assert pax_records(b"6 k=v\n") == {"k": "v"}
    assert pax_records(b"7 k=v\n") is pax_records(b"x") is pax_records(b"0 k=v\n") is None
    assert leaves("", "..")
    assert leaves("a", "../../b")
    assert not leaves("a/b", "../c/../d")
    assert not is_header(b"")


def test_checksums_of_signed_bytes_hold():
    name = "\u00e9.txt"
    raw = bytearray(one(name=name)[:512])
    raw[148:156] = b" " * 8
    signed = sum(byte - 256 if byte > 127 else byte for byte in raw)
    raw[148:156] = b"%06o\0 " % signed
    assert is_header(bytes(raw))


def test_the_standard_library_reads_the_same_members():
    data = tarred({f"m{n}": bytes([n + 1]) * n for n in range(1, 30)})
    from auditor.formats import Budget, Context
    from auditor.formats._tar import TarArchive

    mine = [
        (m.name, m.begin, m.size)
        for m in TarArchive(Memory(data), Context(budget=Budget())).members()
    ]
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        assert mine == [(m.name, m.offset_data, m.size) for m in archive]
