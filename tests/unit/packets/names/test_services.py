"""Applications without names: each known by what it begins with, and by nothing less."""

from __future__ import annotations

import random
from struct import pack

import pytest
from names_hearing import TCP, UDP, Said, hear

from auditor.packets.names._services_binary import BINARY
from auditor.packets.names._services_text import TEXT
from auditor.packets.names._services_udp import DATAGRAMS
from tests.captures.messages import plain

RNG = random.Random(3)


def snmp(version, flags=0):
    head = b"\2\1" + bytes([version])
    if version == 3:
        head += b"\x30\x0d\2\4\1\2\3\4\2\2\5\xdc\4\1" + bytes([flags]) + b"\2\1\3"
    body = head + b"\4\6public"
    return b"\x30" + bytes([len(body)]) + body


WIREGUARD = b"\1\0\0\0" + bytes(range(144))
IKE = bytes(range(1, 17)) + b"\x21\x20\x22\x08" + bytes(4) + pack(">I", 40) + bytes(12)
STUN = pack(">HHI", 1, 8, 0x2112A442) + bytes(20)
MYSQL = b"\x4a\0\0\0\n8.0.36\0" + bytes(66)
MONGO = pack("<iiii", 40, 1, 0, 2013) + bytes(24)
LDAP = bytes.fromhex("300c020101600702010304008000")
KERBEROS = pack(">I", 12) + b"\x6a\x0a" + bytes(10)
RPC = pack(">IIIIII", 0x80000000 | 40, 7, 0, 2, 100003, 3) + bytes(20)
DCE = bytes([5, 0, 11, 3, 0x10, 0, 0, 0]) + pack("<HHI", 72, 0, 1) + bytes(56)
KAFKA = pack(">ihhih", 20, 18, 3, 1, 4) + b"test" + bytes(6)

KNOWN = [
    ("ssh", TCP, 2222, plain.ssh_banner()),
    ("ntp", UDP, 123, plain.ntp()),
    ("dhcp", UDP, 67, plain.dhcp(RNG, 1, bytes(6))),
    ("dhcpv6", UDP, 547, b"\1abc" + bytes(20)),
    ("ftp", TCP, 21, b"USER anonymous\r\n"),
    ("tftp", UDP, 69, b"\0\1boot.cfg\0octet\0"),
    ("telnet", TCP, 23, b"\xff\xfd\x18"),
    ("smtp", TCP, 2526, b"EHLO press.example\r\n"),
    ("pop3", TCP, 110, b"USER me\r\n"),
    ("imap", TCP, 143, b"a1 LOGIN me secret\r\n"),
    ("smb", TCP, 445, pack(">I", 64) + b"\xfeSMB" + bytes(60)),
    ("ldap", TCP, 389, LDAP),
    ("kerberos", TCP, 88, KERBEROS),
    ("rdp", TCP, 3390, b"\3\0\0\x2a\x25\xe0\0\0\0\0\0Cookie: mstshash=me\r\n"),
    ("vnc", TCP, 5901, b"RFB 003.008\n"),
    ("snmp", UDP, 161, snmp(1)),
    ("syslog", UDP, 514, b"<34>Oct 11 22:14:15 press su: failed"),
    ("radius", UDP, 1812, b"\1\7" + pack(">H", 20) + bytes(16)),
    ("sip", UDP, 5070, b"REGISTER sip:plant.example SIP/2.0\r\n"),
    ("rtsp", TCP, 8554, b"DESCRIBE rtsp://camera/1 RTSP/1.0\r\n"),
    ("stun", UDP, 9999, STUN),
    ("ssdp", UDP, 1900, b"M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\n"),
    ("redis", TCP, 7000, b"*1\r\n$4\r\nPING\r\n"),
    ("memcached", TCP, 11211, b"get key\r\n"),
    ("postgresql", TCP, 6543, pack(">II", 8, 80877103)),
    ("mysql", TCP, 3307, MYSQL),
    ("mongodb", TCP, 27017, MONGO),
    ("amqp", TCP, 5672, b"AMQP\0\0\x09\x01"),
    ("nats", TCP, 4222, b'INFO {"server_id":"A"}\r\n'),
    ("kafka", TCP, 9092, KAFKA),
    ("coap", UDP, 5683, b"\x41\1\0\1\7\xb1a"),
    ("socks", TCP, 1080, b"\5\1\0"),
    ("bittorrent", TCP, 51413, b"\x13BitTorrent protocol" + bytes(48)),
    ("rpc", TCP, 2049, RPC),
    ("dce-rpc", TCP, 49152, DCE),
    ("ike", UDP, 500, IKE),
    ("ike", UDP, 4500, bytes(4) + IKE),
    ("esp", UDP, 4500, pack(">II", 0xC0FFEE, 7) + bytes(60)),
    ("wireguard", UDP, 51821, WIREGUARD),
    ("openvpn", UDP, 1194, b"\x38" + bytes(20)),
]


@pytest.mark.parametrize("application,protocol,port,data", KNOWN, ids=lambda v: str(v)[:16])
def test_each_is_known_by_its_beginning(application, protocol, port, data):
    heard = hear(Said(data, dport=port, protocol=protocol))
    assert heard.notes[0].application == application


@pytest.mark.parametrize("application,protocol,port,data", KNOWN, ids=lambda v: str(v)[:16])
def test_a_port_alone_proves_nothing(application, protocol, port, data):
    for noise in (bytes([0xA7, 0x91, 0xE3, 0xC5] * 20), b"?" * 60):
        heard = hear(Said(noise, dport=port, protocol=protocol))
        assert not heard.notes, (application, noise)


BEGINNINGS = [
    *(data for _application, _protocol, _port, data in KNOWN),
    *(
        method + b" sip:plant.example SIP/2.0\r\n"
        for method in b"INVITE ACK BYE CANCEL OPTIONS REGISTER PRACK SUBSCRIBE NOTIFY PUBLISH INFO"
        b" REFER MESSAGE UPDATE".split()
    ),
    b"SIP/2.0 200 OK\r\n", b"RTSP/1.0 200 OK\r\n", b"NOTIFY * HTTP/1.1\r\n", b"LHLO press\r\n",
    b'CONNECT {"verbose":false}\r\n', b"AMQP\3\1\0\0", b"d1:ad2:id20:", b"d1:rd2:id20:",
    pack(">I", 64) + b"\xffSMB" + bytes(60), b"\2\0\0\0" + bytes(88), b"\3\0\0\0" + bytes(60),
    b"\4\0\0\0" + bytes(28),
]  # fmt: skip


@pytest.mark.parametrize(
    "service",
    [service for service in (*TEXT, *BINARY, *DATAGRAMS) if service.firsts],
    ids=lambda service: f"{service.application}-{service.transports[0]}",
)
def test_what_a_service_takes_begins_with_one_of_its_first_bytes(service):
    begun = [bytes((first,)) + data[1:] for data in BEGINNINGS for first in range(256)]
    taken = {data[0] for data in begun if service.matches(data)}
    assert taken
    assert taken <= set(service.firsts)


@pytest.mark.parametrize(
    "data,encrypted",
    [(snmp(0), False), (snmp(1), False), (snmp(3, 3), True), (snmp(3, 1), False)],
)
def test_snmp_says_whether_it_has_privacy(data, encrypted):
    assert hear(Said(data, dport=161, protocol=UDP)).notes[0].encrypted is encrypted


def test_smb_that_is_encrypted_says_so():
    data = pack(">I", 64) + b"\xfdSMB" + bytes(60)
    assert hear(Said(data, dport=445)).notes[0].encrypted is True
    data = data.replace(b"\xfd", b"\xfe")
    assert hear(Said(data, dport=445)).notes[0].encrypted is None
