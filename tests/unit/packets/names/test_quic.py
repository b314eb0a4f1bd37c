"""QUIC Initials: versions, hellos over several packets, Retry, coalesced packets, a second one."""

from __future__ import annotations

import random

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from names_hearing import UDP, Said, hear, names_of

from auditor.packets.names._quic_keys import V1, client_keys
from tests.captures.messages import quic, tls

RNG = random.Random(9)
DCID, SCID = bytes(range(8)), b"scid"
HELLO = tls.client_hello(RNG, "quic.plant.example", protocols=("h3",), quic=quic.parameters(SCID))
NAME = [("quic.plant.example", "quic_sni")]


def datagram(data, **more):
    return Said(data, protocol=UDP, **more)


def test_keys_are_those_of_the_specifications_example():
    """RFC 9001, appendix A.1 and A.2."""
    keys = client_keys(V1, bytes.fromhex("8394c8f03e515708"))
    nonce = bytes.fromhex("fa044b2f42a3fd3b46fb255c")
    told = AESGCM(bytes.fromhex("1f369613dd76d5467730efcbe3b1a22d")).encrypt(nonce, b"frames", b"")
    assert keys is not None
    assert keys.nonce == int.from_bytes(nonce, "big")
    assert keys.packet.decrypt(nonce, told, b"") == b"frames"
    for _ in range(2):  # the same for every packet
        mask = keys.header.update(bytes.fromhex("d1b1c98dd7689fb8ec11d242b123dc9b"))
        assert mask[:5] == bytes.fromhex("437b9aec36")


@pytest.mark.parametrize("version", [quic.V1, quic.V2])
def test_an_initial(version):
    heard = hear(datagram(quic.initial(version, DCID, SCID, quic.crypto(0, HELLO))))
    note = heard.notes[0]
    assert names_of(heard) == NAME
    assert (note.application, note.encrypted) == ("quic", True)
    assert dict(note.facts)["alpn"] == "h3"


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
def test_a_hello_over_several_packets_in_any_order(order):
    pieces = [(0, HELLO[:50]), (50, HELLO[50:120]), (120, HELLO[120:])]
    said = [
        datagram(quic.initial(quic.V1, DCID, SCID, quic.crypto(*pieces[n]), ordinal=n))
        for n in order
    ]
    assert names_of(hear(*said, batches=2)) == NAME


def test_frames_shuffled_within_a_packet():
    frames = b"\1" + quic.crypto(60, HELLO[60:]) + b"\0\0\1" + quic.crypto(0, HELLO[:60])
    assert names_of(hear(datagram(quic.initial(quic.V1, DCID, SCID, frames)))) == NAME


def test_pieces_that_overlap():
    frames = quic.crypto(0, HELLO[:80]) + quic.crypto(40, HELLO[40:])
    assert names_of(hear(datagram(quic.initial(quic.V1, DCID, SCID, frames)))) == NAME


def test_packets_coalesced_in_a_datagram():
    first = quic.initial(quic.V1, DCID, SCID, quic.crypto(0, HELLO[:60]), size=200)
    second = quic.initial(quic.V1, DCID, SCID, quic.crypto(60, HELLO[60:]), ordinal=1)
    assert names_of(hear(datagram(first + second))) == NAME


def test_an_initial_after_a_retry_has_keys_of_the_new_id():
    other = b"fromretry"
    heard = hear(
        datagram(quic.initial(quic.V1, DCID, SCID, quic.crypto(0, HELLO[:60]))),
        datagram(bytes([0xF0]) + b"\0\0\0\1\4scid" + bytes([9]) + other + bytes(40), side=1),
        datagram(
            quic.initial(quic.V1, other, SCID, quic.crypto(0, HELLO), token=b"token", ordinal=1)
        ),
    )
    assert names_of(heard) == NAME


def test_initials_that_follow_the_servers_answer_keep_the_first_keys():
    later = quic.initial(
        quic.V1, b"server-id", SCID, quic.crypto(60, HELLO[60:]), ordinal=1, secret_of=DCID
    )
    first = quic.initial(quic.V1, DCID, SCID, quic.crypto(0, HELLO[:60]))
    assert names_of(hear(datagram(first), datagram(later))) == NAME


def test_a_second_connection_between_the_same_ports():
    other = tls.client_hello(RNG, "other.example", quic=quic.parameters(SCID))
    heard = hear(
        datagram(quic.initial(quic.V1, DCID, SCID, quic.crypto(0, HELLO))),
        datagram(quic.initial(quic.V1, b"another1", SCID, quic.crypto(0, other))),
    )
    assert names_of(heard) == [*NAME, ("other.example", "quic_sni")]


def test_the_servers_initials_are_no_second_connection():
    heard = hear(
        datagram(quic.initial(quic.V1, DCID, SCID, quic.crypto(0, HELLO))),
        datagram(quic.initial(quic.V1, SCID, b"srv", b"", sender="server", secret_of=DCID), side=1),
        datagram(quic.initial(quic.V1, b"srv", SCID, b"\1", ordinal=2, secret_of=DCID)),
    )
    assert names_of(heard) == NAME


def test_a_changed_byte_gives_no_name():
    data = bytearray(quic.initial(quic.V1, DCID, SCID, quic.crypto(0, HELLO)))
    data[600] ^= 1
    heard = hear(datagram(bytes(data)))
    assert heard.notes[0].application == "quic"
    assert not names_of(heard)


def test_a_hello_that_lacks_its_end_is_a_gap():
    heard = hear(datagram(quic.initial(quic.V1, DCID, SCID, quic.crypto(0, HELLO[:50]))))
    assert [gap.reason for gap in heard.gaps] == ["malformed"]


def test_an_unknown_version_is_no_quic():
    data = bytearray(quic.initial(quic.V1, DCID, SCID, quic.crypto(0, HELLO)))
    data[1:5] = b"\x12\x34\x56\x78"
    assert 0 not in hear(datagram(bytes(data))).notes


@pytest.mark.parametrize("name", ["alloy.plant.example", "q.example"])
def test_frames_that_say_two_names_in_one_place_are_told(name):
    other = tls.client_hello(RNG, name, quic=quic.parameters(SCID))
    frames = quic.crypto(0, HELLO[:70]) + quic.crypto(30, other[30:])
    heard = hear(datagram(quic.initial(quic.V1, DCID, SCID, frames)))
    assert "malformed" in {gap.reason for gap in heard.gaps}
    assert any("differ where they came twice" in gap.detail for gap in heard.gaps)
