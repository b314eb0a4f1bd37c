"""HDF5 files old and new: what they hold, what leads out of them, and broken ones.

The pieces of the new layout carry no checksums: the reader does not ask for them.
"""

from __future__ import annotations

import struct

import pytest

from auditor import formats
from auditor.formats import Memory, hdf5
from tests.formats_reading import inspect
from tests.model_samples import hdf5 as old
from tests.model_samples import hdf5_user_block
from tests.model_samples.hdf5 import UNDEFINED, Writer, attribute, dataset, space


def rules(data):
    return {(reason.rule, reason.verdict) for reason in inspect(hdf5, data).reasons}


class New(Writer):
    """The layout of version 2 and later: `OHDR`, link messages, fractal heaps."""

    def header(self, *messages, flags=2):
        body = b"".join(struct.pack("<BHB", kind, len(data), 0) + data for kind, data in messages)
        return self.put(b"OHDR" + struct.pack("<BBI", 2, flags, len(body)) + body + b"sums")

    def done(self, root, version=3, extension=UNDEFINED, end=None):
        head = b"\x89HDF\r\n\x1a\n" + struct.pack("<BBBBQ", version, 8, 8, 0, 0) + extension
        head += struct.pack("<QQ", len(self.data) if end is None else end, root) + b"sums"
        self.data[: len(head)] = head
        return bytes(self.data)

    def heap(self, objects, *, record, length=7, huge=()):
        """Return the addresses of a fractal heap with one block, and of its index."""
        block = self.put(b"FHDB" + bytes(13) + b"".join(objects).ljust(512, b"\0"))
        large = [(self.put(piece), len(piece)) for piece in huge]
        ids, offset = [], 17
        for piece in objects:
            ids.append(bytes([0]) + struct.pack("<I", offset) + struct.pack("<H", len(piece)))
            offset += len(piece)
        ids += [bytes([0x10]) + struct.pack("<I", n) for n in range(1, len(large) + 1)]
        rows = [struct.pack("<QQQ", *where, n) for n, where in enumerate(large, 1)]
        tree = struct.pack("<Q", self.index(rows, 1)) if rows else UNDEFINED
        head = b"FRHP" + struct.pack("<BHHBIQ", 0, length, 0, 0, 4096, 0) + tree
        head += bytes(8) + UNDEFINED + bytes(64) + struct.pack("<HQQHH", 4, 512, 65536, 32, 1)
        heap = self.put(head + struct.pack("<QH", block, 0) + b"sums")
        return heap, self.index([record(i.ljust(length, b"\0")) for i in ids], 5)

    def index(self, records, kind):
        node = self.put((b"BTLF" + bytes([0, kind]) + b"".join(records)).ljust(512, b"\0"))
        head = struct.pack(
            "<BBIHHBBQHQ", 0, kind, 512, len(records[0]), 0, 100, 40, node, len(records), 0
        )
        return self.put(b"BTHD" + head + b"sums")


def link(name, address):
    return struct.pack("<BBB", 1, 0, len(name)) + name.encode() + struct.pack("<Q", address)


def external(name, target):
    value = b"\0" + target.encode() + b"\0/x\0"
    return (
        struct.pack("<BBBB", 1, 8, 64, len(name))
        + name.encode()
        + struct.pack("<H", len(value))
        + value
    )


def dense_links(writer, links):
    heap, index = writer.heap(links, record=lambda identifier: b"hash" + identifier)
    return 2, struct.pack("<BBQQ", 0, 0, heap, index)


def test_what_keras_keeps_in_a_file():
    found = formats.inspect(Memory(old.sample()))
    assert (found.model_format, found.role, found.verdict) == ("hdf5", "weights", "data")
    header = found.header
    assert (header.architecture, header.name, header.producer) == (
        "Sequential", "tiny", "Keras 2.15.0 (tensorflow)",
    )  # fmt: skip
    assert (header.parameters, header.precision, header.tensors) == (12, "F32", 1)


def test_an_optimizer_s_state_is_no_parameter():
    writer = Writer()
    state = writer.group([("m", dataset(writer, 100))])
    layers = writer.group([("w", dataset(writer, 5))])
    header = inspect(
        hdf5, writer.done(writer.group([("optimizer", state), ("layers", layers)]))
    ).header
    assert (header.parameters, header.tensors) == (5, 2)


def test_links_of_the_new_layout():
    writer = New()
    one, two = dataset(writer, 2, 3), dataset(writer, 4)
    group = writer.header((6, link("b", two)))
    root = writer.header((6, link("layers", group)), (6, link("a", one)))
    header = inspect(hdf5, writer.done(root)).header
    assert (header.parameters, header.tensors) == (10, 2)


def test_links_in_a_fractal_heap():
    writer = New()
    one, two = dataset(writer, 2, 3), dataset(writer, 4)
    root = writer.header(dense_links(writer, [link("layers", one), link("vars", two)]))
    assert inspect(hdf5, writer.done(root)).header.parameters == 10


def test_attributes_in_a_fractal_heap():
    writer = New()
    config = b'{"class_name": "Lambda", "config": {}}'
    pieces = [attribute("model_config", config)[1], attribute("keras_version", b"3.0.0")[1]]
    heap, index = writer.heap(
        pieces[:1], huge=pieces[1:], length=8, record=lambda identifier: identifier + bytes(9)
    )
    root = writer.header((0x15, struct.pack("<BBQQ", 0, 0, heap, index)))
    found = inspect(hdf5, writer.done(root))
    assert found.header.producer == "Keras 3.0.0"
    assert {reason.rule for reason in found.reasons} == {"keras-lambda-layer"}


def test_a_text_in_the_global_heap():
    writer = New()
    text = b'{"class_name": "Lambda", "config": {}}'
    collection = writer.put(
        b"GCOL" + struct.pack("<B3xQ", 1, 4096)
        + struct.pack("<HH4xQ", 1, 1, 3) + b"abc".ljust(8, b"\0")
        + struct.pack("<HH4xQ", 2, 1, len(text)) + text.ljust(40, b"\0")
    )  # fmt: skip
    writer.put(bytes(4096))
    kind = struct.pack("<BBBBI", 0x19, 1, 0, 0, 16) + old.text_type(1)
    head = struct.pack("<BBHHHB", 3, 0, 13, len(kind), 8, 1) + b"model_config\0" + kind + space()
    value = struct.pack("<IQI", len(text), collection, 2)
    root = writer.header((0x0C, head + value))
    assert rules(writer.done(root)) == {("keras-lambda-layer", "dangerous")}


OUT = ("hdf5-external", "dangerous")


def of_one_message(kind, data, *more):
    writer = New()
    return writer.done(writer.header((kind, data), *more))


def with_external_storage():
    writer = Writer()
    names = writer.put(b"\0" * 8 + b"/etc/passwd\0\0\0\0\0")
    heap = writer.put(b"HEAP" + struct.pack("<B3xQQQ", 0, 24, 1, names))
    slots = struct.pack("<B3xHHQQQQ", 1, 1, 1, heap, 8, 0, 4)
    return writer.done(writer.group([("d", dataset(writer, 1, extra=((7, slots),)))]))


def with_dense_external_link():
    writer = New()
    return writer.done(writer.header(dense_links(writer, [external("e", "/etc/passwd")])))


LEADS_OUT = {
    "external-link": of_one_message(6, external("e", "/etc/passwd")),
    "external-link-to-no-file-at-all": of_one_message(6, external("e", "")),
    "external-link-in-a-heap": with_dense_external_link(),
    "external-storage": with_external_storage(),
    "virtual-dataset": of_one_message(8, struct.pack("<BBQI", 4, 3, 0, 1)),
    "external-link-behind-a-user-block": bytes(512) + of_one_message(6, external("e", "x")),
}


@pytest.mark.parametrize("name", LEADS_OUT)
def test_whatever_leads_out_of_the_file_is_dangerous(name):
    assert OUT in rules(LEADS_OUT[name])


def with_attribute(name, value):
    writer = Writer()
    return writer.done(writer.group([], attribute(name, value)))


def test_pickles_that_pytables_would_load():
    evil = b"\x80\x04\x8c\x05posix\x8c\x06system\x93\x8c\x02id\x85R."
    found = rules(with_attribute("p", evil))
    assert ("hdf5-pickled-attribute", "not-inspectable") in found
    assert "dangerous" in {verdict for _, verdict in found}
    assert "dangerous" in {v for _, v in rules(with_attribute("p", b"cposix\nsystem\n(S'id'\ntR."))}
    assert ("hdf5-pickled-objects", "not-inspectable") in rules(
        with_attribute("PSEUDOATOM", b"object")
    )


def test_the_configuration_is_judged():
    config = b'{"class_name": "Sequential", "config": {"layers": [{"class_name": "system", "module": "os", "config": {}}]}}'
    (reason,) = inspect(hdf5, with_attribute("model_config", config)).reasons
    assert (reason.rule, reason.verdict, reason.member) == (
        "keras-module",
        "dangerous",
        "@model_config",
    )
    assert rules(with_attribute("training_config", b"{")) == {
        ("keras-config-malformed", "malformed")
    }


def test_what_stands_around_the_file():
    sample = old.sample()
    assert rules(sample + b"PK\3\4") == {("hdf5-trailing-bytes", "malformed")}
    assert ("hdf5-truncated", "malformed") in rules(sample[:-8])
    writer = Writer(user_block=b"#!/bin/sh\n".ljust(512, b"\0"))
    assert rules(writer.done(writer.group([]))) == {("hdf5-user-block", "unlisted")}
    writer = Writer(user_block=b"MATLAB 7.3 MAT-file, Platform: GLNXA64".ljust(512))
    assert rules(writer.done(writer.group([]))) == set()


def test_what_a_user_block_holds_is_inspected():
    evil = b"\x80\x04\x8c\x05posix\x8c\x06system\x93\x8c\x02id\x85R."
    writer = Writer(user_block=evil.ljust(512, b"\0"))
    found = inspect(hdf5, writer.done(writer.group([])))
    assert formats.worst(reason.verdict for reason in found.reasons) == "dangerous"


def test_other_readers_parts():
    data = bytearray(old.sample())
    data[48:56] = struct.pack("<Q", 96)
    assert ("hdf5-driver", "not-inspectable") in rules(bytes(data))
    plugin = struct.pack("<BBHHHH", 2, 1, 32015, 0, 0, 0)
    assert rules(of_one_message(0xB, plugin)) == {("hdf5-filter-plugin", "unlisted")}
    gzip = struct.pack("<BBHHHI", 2, 1, 1, 0, 1, 4)
    assert rules(of_one_message(0xB, gzip)) == set()
    writer = New()
    body = struct.pack("<BHB", 0x40, 0, 0x80)
    root = writer.put(b"OHDR" + struct.pack("<BBI", 2, 2, len(body)) + body + b"sums")
    assert rules(writer.done(root)) == {("hdf5-unknown-message", "not-inspectable")}
    own = struct.pack("<BBBB", 1, 8, 200, 1) + b"u" + struct.pack("<H", 0)
    assert rules(of_one_message(6, own)) == {("hdf5-user-link", "unlisted")}


def test_a_group_in_itself_is_visited_once():
    writer = New()
    place = len(writer.data)
    root = writer.header((6, link("again", place)))
    assert rules(writer.done(root)) == set()


def changed(what, to, times=-1):
    return old.sample().replace(what, to, times)


def with_root(address):
    return New().done(address)


BROKEN = {
    "root-beyond-the-file": (with_root(1 << 40), "malformed"),
    "root-undefined": (with_root((1 << 64) - 1), "malformed"),
    "superblock-of-tomorrow": (changed(b"\r\n\x1a\n\0", b"\r\n\x1a\n\x09", 1), "unsupported"),
    "addresses-of-three-bytes": (changed(b"\0\x08\x08\0\x04", b"\0\x03\x08\0\x04", 1), "unsupported"),
    "tree-without-its-mark": (changed(b"TREE", b"EERT"), "malformed"),
    "symbols-without-their-mark": (changed(b"SNOD", b"DONS"), "malformed"),
    "names-without-their-mark": (changed(b"HEAP", b"PAEH"), "malformed"),
    "continuation-nowhere": (of_one_message(0x10, UNDEFINED + bytes(8)), "malformed"),
    "continuation-beyond-the-file": (of_one_message(0x10, struct.pack("<QQ", 1 << 40, 64)), "malformed"),
    "continuation-of-terabytes": (of_one_message(0x10, struct.pack("<QQ", 96, 1 << 40)), "limit"),
    "attribute-of-tomorrow": (of_one_message(0xC, bytes([9]) + bytes(20)), "unsupported"),
    "attribute-ends-early": (of_one_message(0xC, b"\3\0\xff\xff\1\0\1\0\0"), "malformed"),
    "layout-of-tomorrow": (of_one_message(8, bytes([9, 0])), "unsupported"),
    "layout-class-of-tomorrow": (of_one_message(8, bytes([4, 9])), "unsupported"),
    "space-of-tomorrow": (of_one_message(1, bytes([9, 1, 0, 0])), "unsupported"),
    "too-many-dimensions": (of_one_message(1, bytes([2, 200, 0, 0])), "malformed"),
    "larger-than-any-file": (of_one_message(1, space(1 << 60, 1 << 60)), "malformed"),
    "link-of-tomorrow": (of_one_message(6, bytes([9, 0])), "unsupported"),
    "links-without-an-index": (of_one_message(2, struct.pack("<BBQ", 0, 0, 96) + UNDEFINED), "malformed"),
    "links-in-no-heap": (of_one_message(2, struct.pack("<BBQQ", 0, 0, 48, 48)), "malformed"),
}  # fmt: skip


@pytest.mark.parametrize("name", BROKEN)
def test_broken_files(name):
    data, reason = BROKEN[name]
    found = formats.inspect(Memory(data))
    assert found.verdict == ("malformed" if reason == "malformed" else "not-inspectable")
    assert found.reasons


def test_what_is_broken_hides_nothing_else():
    writer = New()
    broken = writer.header((8, bytes([9, 0])))
    evil = writer.header((6, external("e", "/etc/passwd")))
    root = writer.header((6, link("a", broken)), (6, link("b", evil)), (6, link("c", broken)))
    assert {"not-inspectable", "dangerous"} <= {verdict for _, verdict in rules(writer.done(root))}


def test_continuation_in_a_circle():
    writer = New()
    place = len(writer.data) + 8
    writer.put(bytes(8))
    body = b"OCHK" + struct.pack("<BHBQQ", 0x10, 16, 0, place, 28) + b"sums"
    writer.put(body)
    root = writer.header((0x10, struct.pack("<QQ", place, len(body))))
    assert ("hdf5-malformed", "malformed") in rules(writer.done(root))


def test_values_beyond_the_file_are_told():
    layout = struct.pack("<BBQQ", 3, 1, 48, 1 << 40)
    assert rules(of_one_message(8, layout)) == {("hdf5-truncated", "malformed")}


def test_a_long_user_block_is_searched():
    data = hdf5_user_block.sample()
    assert formats.recognise(Memory(data)) == "hdf5_user_block"
    evil = bytes(1 << 17) + of_one_message(6, external("e", "/etc/passwd"))
    assert OUT in {
        (reason.rule, reason.verdict) for reason in formats.inspect(Memory(evil)).reasons
    }


def test_what_is_no_hdf5():
    for other in (b"", b"\x89HDF", b"\x89PNG\r\n\x1a\n" + bytes(2000), bytes(5000)):
        assert formats.recognise(Memory(other)) not in ("hdf5", "hdf5_user_block")
