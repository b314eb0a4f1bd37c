"""Whatever procfs or a hostile tree shows, the parsers answer with facts or malformed lines."""

import string

from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.collect._process_table import _fields, container_of, unit_of
from auditor.collect._routing import (
    Malformed,
    addresses6,
    interface_of,
    local_addresses,
    other_tables,
    routes4,
    routes6,
)
from auditor.collect._socket_table import Malformed as BadSocket
from auditor.collect._socket_table import Socket, address, parse
from auditor.host import Unreadable
from auditor.host import _mapper as mapper

QUICK = settings(max_examples=120, deadline=None)
HEX = string.digits + "ABCDEF"
tables = st.text(max_size=400) | st.lists(
    st.text(alphabet=HEX + "abcdef: x\t", max_size=120), max_size=8
).map("\n".join)
octets = st.tuples(*[st.integers(0, 255)] * 4)


@QUICK
@given(tables)
def test_any_table_is_read(text):
    for order in ("little", "big"):
        list(parse(text, "tcp", order))
        list(routes4(text, order))
    rows = tuple(row for row in routes4(text, "little") if not isinstance(row, Malformed))
    list(routes6(text))
    list(addresses6(text))
    for own in local_addresses(text):
        interface_of(own, rows)
    other_tables(text)
    container_of(text)
    unit_of(text)


@QUICK
@given(octets, st.integers(0, 65535), st.integers(0, 2**40), st.sampled_from(["0A", "01", "FF"]))
def test_a_line_as_the_kernel_prints_it_is_read_back(four, port, inode, state):
    word = int.from_bytes(bytes(four), "little")
    line = f"   0: {word:08X}:{port:04X} 00000000:0000 {state} 0:0 0:0 0 0 0 {inode} 1\n"
    (socket,) = parse("heading\n" + line, "tcp", "little")
    assert isinstance(socket, Socket)
    assert socket.local == ".".join(map(str, four)) == address(f"{word:08X}", "little")
    assert (socket.local_port, socket.inode) == (port, inode)


@QUICK
@given(st.text(max_size=80))
def test_a_line_is_a_socket_or_malformed_never_nothing(line):
    flat = "".join(line.splitlines()).strip()
    found = list(parse(f"heading\n{flat}\n", "udp", "little"))
    assert len(found) == bool(flat)
    assert all(isinstance(one, Socket | BadSocket) for one in found)


@QUICK
@given(st.binary(max_size=300))
def test_any_stat_is_read(data):
    _fields(data)


@QUICK
@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=30), st.integers(0, 2**22))
def test_a_name_cannot_move_the_fields_behind_it(name, parent):
    line = f"7 ({name}) S {parent} {' '.join(['0'] * 17)} 99 0 0\n"
    assert _fields(line.encode()) == (name, "S", parent, 99)


@QUICK
@given(st.binary(max_size=2000))
def test_any_answer_of_device_mapper_is_a_table_or_malformed(data):
    buffer = mapper.request(b"x", 4096)
    buffer[: len(data)] = data
    try:
        lines = mapper.parse(buffer)
    except Unreadable as error:
        lines = (error.reason,)
    assert all(isinstance(line, str) for line in lines)
    assert lines != ("crashed",)


@QUICK
@given(
    st.sampled_from(["crypt", "inlinecrypt", "default-key"]),
    st.text(alphabet=string.hexdigits, min_size=32, max_size=64),
    st.lists(st.text(alphabet="abc0:/", min_size=1, max_size=6), max_size=4),
)
def test_no_key_comes_out_of_a_table(target, key, rest):
    assert key not in mapper.keyless(target, " ".join(["aes-xts-plain64", key, *rest]))
