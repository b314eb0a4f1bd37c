"""Flows that claim to be encrypted and are not, or of which nobody can know it."""

from __future__ import annotations

import random
from struct import pack

import pytest
from names_hearing import UDP, Flows, Said, hear

from auditor.packets.kinds import judge
from auditor.packets.listening import FlowEnds
from tests.captures.messages import plain, tls

RNG = random.Random(11)
HELLO = tls.record(22, tls.client_hello(RNG, "press.plant.example"))
ANSWER = tls.record(22, tls.server_hello(RNG))
TEXT = b"name=press-7; recipe=alloy-14; secret=4711; site=plant\r\n"
NOISE = RNG.randbytes(900)


def one(*said, **more):
    return hear(*said, **more).notes[0]


@pytest.mark.parametrize("batches", [1, 3])
@pytest.mark.parametrize(
    "said",
    [
        (Said(HELLO), Said(TEXT, seq=1 + len(HELLO))),
        (Said(HELLO), Said(b"HTTP/1.1 400 Bad Request\r\nServer: x\r\n\r\n", side=1)),
        (Said(HELLO), Said(ANSWER, side=1), Said(TEXT, side=1, seq=1 + len(ANSWER))),
        (Said(HELLO), Said(ANSWER, side=1), Said(tls.record(23, TEXT), seq=1 + len(HELLO))),
        (Said(tls.record(23, TEXT)),),
        (Said(tls.record(23, NOISE)), Said(tls.record(23, TEXT), side=1)),
    ],
)
def test_text_after_a_tls_hello_is_clear(said, batches):
    note = one(*said, batches=batches)
    assert (note.application, note.encrypted) == ("tls", False)


def test_text_in_the_same_segment_behind_a_hello_is_not_taken_for_a_hello():
    assert one(Said(HELLO), Said(HELLO + TEXT, seq=1)).encrypted is True


def test_a_hello_after_clear_text_was_seen_makes_nothing_encrypted():
    note = one(Said(HELLO), Said(TEXT, seq=600), Said(HELLO, seq=900), Said(ANSWER, side=1))
    assert note.encrypted is False


def test_records_of_noise_stay_encrypted():
    said = [Said(HELLO), Said(ANSWER, side=1)]
    said += [Said(tls.record(23, RNG.randbytes(300)), seq=1000 + 400 * n) for n in range(60)]
    assert one(*said, batches=2).encrypted is True


def test_a_null_cipher_is_clear_though_a_hello_comes_again():
    null = ANSWER.replace(b"\x13\x01\0", b"\0\x3b\0", 1)
    assert one(Said(HELLO), Said(null, side=1), Said(HELLO, seq=900)).encrypted is False


def test_records_where_the_connections_beginning_is_known_are_no_tls_within():
    flows = Flows()
    flows.isn[0] = 0
    assert not hear(Said(tls.record(23, NOISE)), flows=flows).notes


def test_a_file_that_holds_a_record_head_makes_its_transfer_no_tls():
    begun = Said(b"220 files.plant.example ready\r\n", dport=21, side=1)
    bait = Said(b"\x16\x03\x01\x01\x2c\x01\0\1\x28\3\3" + NOISE[:294], dport=21)
    assert one(begun, bait).encrypted is False


def test_ssh_of_which_only_text_follows_is_clear():
    said = [Said(plain.ssh_banner(), dport=22), Said(plain.ssh_banner(), dport=22, side=1)]
    said += [Said(TEXT, dport=22, seq=100 + 60 * n) for n in range(12)]
    assert one(*said).encrypted is False


def ends(**more):
    known = {
        "src": "10.0.0.7", "dst": "192.0.2.1", "src_port": 40000, "dst_port": 443, "protocol": 6,
        "packets_out": 3, "packets_in": 3, "bytes_out": 300, "bytes_in": 300, "data_out": 5,
        "data_in": 5, "first": 100, "last": 200, "tcp_state": "closed", "initiator_known": True,
        "tunnel": (), "vlan": (),
    }  # fmt: skip
    return FlowEnds(**known | more)


@pytest.mark.parametrize(
    ("data", "out", "back", "encrypted"),
    [
        (HELLO, 5, 5, True),
        (HELLO, 1, 0, None),
        (HELLO, 9, 0, None),
        (plain.ssh_banner(), 0, 1, None),
        (plain.ssh_banner(), 1, 1, None),
        (plain.ssh_banner(), 5, 5, True),
    ],
)
def test_an_opening_that_nobody_went_on_from_proves_nothing(data, out, back, encrypted):
    note = judge(ends(data_out=out, data_in=back), one(Said(data)), {})
    assert note.encrypted is encrypted
    assert note.encrypted_why


@pytest.mark.parametrize(
    ("port", "data"),
    [
        (1194, b"POST /upload?to=outside HTTP/1.0\r\n\r\n"),
        (1194, b"@everyone: recipe of press seven"),
        (500, b"GET /a/b/c/d/e/f /g/h/i HTTP/1.1 host"),
        (4500, bytes(4) + b"GET /a/b/c/d/e/f /g/h/i HTTP/1.1 host"),
    ],
)
def test_text_at_a_port_of_encrypted_datagrams_is_not_encrypted(port, data):
    heard = hear(Said(data, dport=port, protocol=UDP))
    assert not heard.notes or heard.notes[0].encrypted is not True


@pytest.mark.parametrize(
    ("port", "data", "encrypted"),
    [
        (51821, b"\1\0\0\0" + NOISE[:144], True),
        (51821, b"\1\0\0\0" + bytes(144), None),
        (9999, b"\4\0\0\0" + bytes(60), None),
        (4500, pack(">II", 0xC0FFEE, 7) + NOISE[:60], True),
        (4500, pack(">II", 0xC0FFEE, 7) + b"temperature" + bytes(50), None),
    ],
)
def test_a_head_with_little_magic_needs_what_looks_like_a_cipher(port, data, encrypted):
    assert one(Said(data, dport=port, protocol=UDP)).encrypted is encrypted


def test_a_long_quic_header_that_no_key_opens_proves_nothing():
    data = b"\xc3\0\0\0\1\x08" + NOISE[:8] + b"\0\0\x44\xb0" + NOISE
    note = one(Said(data.ljust(1218, b"."), protocol=UDP))
    assert (note.application, note.encrypted) == ("quic", None)


def test_dtls_data_before_any_keys_is_clear():
    data = b"\x17\xfe\xfd" + bytes(2) + bytes(6) + pack(">H", 40) + NOISE[:40]
    assert one(Said(data, dport=4433, protocol=UDP)).encrypted is False


def udp_in(size=32):
    return pack(">HHHH", 5000, 6000, size + 8, 0) + NOISE[:size]


def tunnelled():
    head = bytearray(pack(">BBHHHBBH4s4s", 0x45, 0, 60, 1, 0, 64, 17, 0, bytes(4), bytes(4)))
    total = sum(int.from_bytes(head[n : n + 2], "big") for n in range(0, 20, 2))
    head[10:12] = pack(">H", ~(total + (total >> 16)) & 0xFFFF)
    return bytes(head) + udp_in()


def trailer(inner, following):
    padding = -(len(inner) + 2) % 4
    return inner + bytes(range(1, padding + 1)) + bytes([padding, following])


ESP = pack(">II", 0x1001, 1)


@pytest.mark.parametrize("check", [12, 16])
@pytest.mark.parametrize("vector", [0, 8])
@pytest.mark.parametrize(
    "inner",
    [
        trailer(tunnelled(), 4),
        trailer(udp_in(), 17),
        trailer(pack(">HHIIBBHHH", 40000, 80, 1, 1, 0x50, 24, 512, 0, 0) + TEXT, 6),
    ],
)
def test_esp_with_a_null_cipher_is_clear(inner, vector, check):
    data = ESP + NOISE[:vector] + inner + NOISE[100 : 100 + check]
    assert one(Said(data, dport=0, sport=0, protocol=50)).encrypted is False


def test_esp_of_noise_is_encrypted_and_of_a_cut_packet_unknown():
    for seed in range(200):
        data = ESP + random.Random(seed).randbytes(84 + 4 * (seed % 8))
        assert one(Said(data, dport=0, sport=0, protocol=50)).encrypted is True, seed
    assert one(Said(ESP + NOISE[:10], dport=0, protocol=50, size=120)).encrypted is None


def test_clear_text_is_found_whatever_was_heard_of_other_flows():
    said = [Said(HELLO, flow=0), Said(HELLO, flow=1), Said(TEXT, flow=1, seq=900)]
    heard = hear(*said)
    assert [heard.notes[n].encrypted for n in (0, 1)] == [True, False]
