"""Industrial protocols are told by what they say: none is missed, and nothing else is one."""

from __future__ import annotations

import random
from struct import pack

import pytest

from auditor.evidence.traffic import Application
from auditor.packets.applications import APPLICATIONS
from auditor.packets.industrial import signatures
from auditor.packets.industrial._signature import OPERATIONS, Likeness, Packet, Signature
from auditor.packets.industrial.dnp3 import _checksum
from tests.captures.messages import industrial

BY_WORD = {one.application: one for one in signatures()}
SERVER = {word: port for word, _t, port, _e in industrial.OVER_IP}


def packet(data: bytes, *, tcp: bool = True, port: int = 0, outward: bool = True, size: int = 0):
    sport, dport = (40000, port) if outward else (port, 40000)
    return Packet(data, size or len(data), sport, dport, tcp)


def spoken() -> list[tuple[str, Packet]]:
    """Every message of every protocol's exchange."""
    found = [
        (word, packet(data, tcp=transport == "tcp", port=port, outward=outward))
        for word, transport, port, exchange in industrial.OVER_IP
        for outward, data in exchange
    ]
    found += [
        (word, Packet(body.ljust(46, b"\0"), max(len(body), 46), ether_type=kind))
        for word, kind, _to, body in industrial.ON_THE_LINK
    ]
    return found


SPOKEN = spoken()


def ids() -> list[str]:
    return [f"{word}-{index}" for index, (word, _p) in enumerate(SPOKEN)]


def takes(signature: Signature, one: Packet) -> bool:
    if one.ether_type:
        return one.ether_type in signature.ether_types
    return signature.on_tcp if one.tcp else signature.on_udp


@pytest.mark.parametrize(("word", "one"), SPOKEN, ids=ids())
def test_no_message_is_another_protocols(word: str, one: Packet) -> None:
    likely = {s.application for s in signatures() if takes(s, one) and s.matches(one)}
    assert likely <= {word}


@pytest.mark.parametrize("word", sorted(BY_WORD))
def test_some_message_of_an_exchange_is_known(word: str) -> None:
    assert any(BY_WORD[word].matches(one) for said, one in SPOKEN if said == word)


def test_every_word_is_in_the_contract_and_every_file_has_a_specification() -> None:
    assert set(BY_WORD) <= set(APPLICATIONS)
    assert len(BY_WORD) == len(signatures()) == 16
    assert set(BY_WORD) <= set(Application.__args__)
    assert all(s.specification and s.title for s in signatures())


@pytest.mark.parametrize(("word", "one"), SPOKEN, ids=ids())
def test_a_message_that_is_cut_or_changed_raises_nothing(word: str, one: Packet) -> None:
    signature = BY_WORD[word]
    dice = random.Random(word)
    for end in range(len(one.data)):
        cut = one._replace(data=one.data[:end])
        assert signature.matches(cut) in Likeness
        assert signature.detail(cut).operations <= set(OPERATIONS)
        assert signature.matches(cut._replace(size=end)) in Likeness
    for _each in range(200):
        changed = bytearray(one.data)
        for _byte in range(dice.randint(1, 4)):
            changed[dice.randrange(len(changed))] = dice.randrange(256)
        other = one._replace(data=bytes(changed))
        signature.matches(other)
        assert signature.detail(other).operations <= set(OPERATIONS)


@pytest.mark.parametrize("signature", signatures(), ids=lambda s: s.application)
def test_random_bytes_are_nobodys(signature: Signature) -> None:
    dice = random.Random(signature.application)
    for _each in range(4000):
        data = dice.randbytes(dice.randint(1, 120))
        if signature.firsts:
            data = bytes([dice.choice(signature.firsts)]) + data[1:]
        for tcp in (True, False):
            one = packet(data, tcp=tcp, port=4)
            if takes(signature, one):
                assert signature.matches(one) != Likeness.SURE


@pytest.mark.parametrize("signature", signatures(), ids=lambda s: s.application)
@pytest.mark.parametrize(
    "data",
    [
        b"GET / HTTP/1.1\r\nHost: a.example\r\n\r\n", b"HTTP/1.1 200 OK\r\n\r\n", b"SSH-2.0-x\r\n",
        b"\x16\x03\x01\x00\x05\x01\x00\x00\x01\x03", bytes(64), b"\xff" * 64, b"HELO a\r\n",
        b"MSG not so\r\n", b"5000 text", b"FINSH it", b"\x05\x64" + bytes(30),
        b"h\x04 a word", b"\x03\0\0\x0b\x06\xe0\0\0\0\0\0",
        # RDP: TPKT, a connection request with a cookie.
        b"\x03\0\0\x2a\x25\xe0\0\0\0\0\0Cookie: mstshash=someone\r\n\x01\0\x08\0\x03\0\0\0",
        # DNS over TCP, an answer of zeros, NetBIOS session, BitTorrent.
        b"\0\x1d\x12\x34\x01\0\0\x01\0\0\0\0\0\0\x01a\x07example\0\0\x01\0\x01", b"\0\0\0\x06" + bytes(6),
        b"\x13BitTorrent protocol" + bytes(48), b"\x81\x0a\x00\x06\x02\0",
    ],
)  # fmt: skip
def test_what_looks_a_little_like_it_is_not_sure(signature: Signature, data: bytes) -> None:
    assert signature.matches(packet(data, port=80)) != Likeness.SURE
    assert signature.matches(packet(data, tcp=False, port=80)) != Likeness.SURE


def does(word: str, data: bytes, *, tcp: bool = True) -> set[str]:
    return set(BY_WORD[word].detail(packet(data, tcp=tcp, port=SERVER.get(word, 0))).operations)


def cotp(data: bytes) -> bytes:
    return pack(">BBHBBB", 3, 0, 7 + len(data), 2, 0xF0, 0x80) + data


def test_a_dnp3_checksum_is_the_standards() -> None:
    # CRC-16/DNP of "123456789".
    assert _checksum(b"123456789") == 0xEA82


def test_modbus_reads_writes_and_programs() -> None:
    assert does("modbus", industrial.modbus(1)[0][1]) == {"read"}
    assert does("modbus", industrial.modbus(1, write=True)[0][1]) == {"write"}
    assert does("modbus", bytes.fromhex("00010000 0004 00 5a 0002")) == {"program"}
    both = industrial.modbus(1)[0][1] + industrial.modbus(2, write=True)[0][1]
    assert does("modbus", both) == {"read", "write"}


def test_s7comm_stops_and_downloads() -> None:
    def job(function: bytes) -> bytes:
        return cotp(pack(">BBHHHH", 0x32, 1, 0, 5, len(function), 0) + function)

    assert does("s7comm", job(bytes.fromhex("290000000000") + b"\x09P_PROGRAM")) == {"control"}
    assert does("s7comm", job(b"\x1a" + bytes(17))) == {"program"}
    assert does("s7comm", job(b"\x05\x01" + bytes(12))) == {"write"}


def test_s7comm_plus_in_tls_is_encrypted() -> None:
    detail = BY_WORD["s7comm-plus"].detail(packet(cotp(b"\x16\x03\x03\0\x04abcd"), port=102))
    assert detail.encrypted is True


def test_opc_ua_says_whether_it_encrypts() -> None:
    def message(kind: bytes, body: bytes) -> bytes:
        return kind + b"F" + pack("<I", 8 + len(body)) + body

    def opened(policy: bytes) -> bytes:
        uri = b"http://opcfoundation.org/UA/SecurityPolicy#" + policy
        return message(b"OPN", pack("<II", 0, len(uri)) + uri + bytes(200))

    detail = BY_WORD["opc-ua"].detail
    assert detail(packet(opened(b"None"))).encrypted is False
    assert detail(packet(opened(b"Basic256Sha256"))).encrypted is True
    signed = message(b"MSG", pack("<IIII", 9, 1, 2, 2) + b"\x01\0" + pack("<H", 673) + bytes(60))
    assert detail(packet(signed)).encrypted is False
    assert detail(packet(signed)).operations == {"write"}
    sealed = message(b"MSG", pack("<II", 9, 1) + b"\x93\x11\xfe\x88" * 20)
    assert not detail(packet(sealed)).why


def test_what_writes_and_what_commands() -> None:
    assert does("dnp3", industrial.dnp3()[0][1]) == {"read"}
    assert does("iec-104", bytes.fromhex("680e0000000064010600010000000014")) == {"read"}
    assert does("iec-104", bytes.fromhex("680e000000002d010600010001000001")) == {"control"}
    assert does("bacnet", industrial.bacnet()[0][1], tcp=False) == {"read"}
    assert does("fins", bytes.fromhex("80000200010000020001010282006400000100ff"), tcp=False) == {
        "write"
    }
    assert does("slmp", bytes.fromhex("500000ffff03000600100002100000")) == {"control"}
    assert does("ethernet-ip", industrial.ethernet_ip()[2][1]) == {"read"}
    assert does("mqtt", industrial.mqtt()[2][1]) == {"report"}


def test_slmp_in_ascii_is_known() -> None:
    # 3E: subheader, network, station, module, multidrop, length, timer, command, subcommand.
    text = b"500000FF03FF000018001004010000D*0001000001"
    assert BY_WORD["slmp"].matches(packet(text, port=5007)) == Likeness.SURE
    assert does("slmp", text) == {"read"}


def test_fins_over_tcp_is_known() -> None:
    frame = bytes.fromhex("800002000100000200 01 0101 82006400 0001".replace(" ", ""))
    data = b"FINS" + pack(">III", 8 + len(frame), 2, 0) + frame
    assert BY_WORD["fins"].matches(packet(data, port=9600)) == Likeness.SURE
    assert does("fins", data) == {"read"}


def test_profinet_connects_by_rpc() -> None:
    body = bytes(20)
    head = bytes([4, 0, 0x20, 0, 0x10, 0, 0, 0]) + bytes.fromhex("0000a0de976cd111827100a02442df7d")
    head += (
        bytes.fromhex("0100a0de976cd111827100a02442df7d") + bytes(16) + bytes(4) + pack("<II", 1, 0)
    )
    head += pack("<HHHHH", 3, 0xFFFF, 0xFFFF, len(body), 0) + bytes(2)
    one = packet(head + body, tcp=False, port=34964)
    assert len(head) == 80
    assert BY_WORD["profinet"].matches(one) == Likeness.SURE
    assert BY_WORD["profinet"].detail(one).operations == {"write"}


def test_an_ethercat_datagram_fills_its_packet():
    """Over UDP nothing pads it, and little else tells it from noise on its port."""
    signature = BY_WORD["ethercat"]
    for body in (b"\x10\x50" + bytes(40), b"\x20\x40" + bytes(60)):
        assert signature.matches(packet(body, tcp=False, port=34980)) is Likeness.NO
    exact = b"\x14\x10" + b"\x04\0\0\0\0\0\x08\0\0\0" + bytes(10)
    assert signature.matches(packet(exact, tcp=False, port=34980)) is Likeness.MAYBE
