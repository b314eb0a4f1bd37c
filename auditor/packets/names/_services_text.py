"""Applications whose first payload is text."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial

from auditor.packets.candidates import TCP, UDP
from auditor.packets.names._service import Service, service


def _begins(*patterns: bytes) -> Callable[[bytes], bool]:
    compiled = re.compile(rb"|".join(rb"(?:" + pattern + rb")" for pattern in patterns), re.DOTALL)
    return lambda data: compiled.match(data) is not None


def _on(
    transport: int,
    application: str,
    *patterns: bytes,
    ports: tuple[int, ...] = (),
    firsts: bytes = b"",
) -> Service:
    return service(transport, application, _begins(*patterns), *ports, firsts=firsts)


_tcp, _udp = partial(_on, TCP), partial(_on, UDP)
_SMTP = (25, 587, 2525)
_SYSLOG = (rb"<[0-9]{1,3}>", rb"[0-9]{1,6} <[0-9]{1,3}>1 ")  # RFC 5424, RFC 6587
# RFC 3261, 7, and the methods that came later.
_SIP_METHOD = (
    rb"(?:INVITE|ACK|BYE|CANCEL|OPTIONS|REGISTER|PRACK|SUBSCRIBE|NOTIFY|PUBLISH|INFO|REFER|MESSAGE"
    rb"|UPDATE)"
)
_SIP_FIRSTS = b"ABCIMNOPRSU"
_SIP = (_SIP_METHOD + rb" \S{1,1024} SIP/2\.0\r\n", rb"SIP/2\.0 \d{3} ")
_IMAP_COMMAND = rb"[A-Za-z0-9.]{1,16} (?i:CAPABILITY|LOGIN|AUTHENTICATE|STARTTLS|ID|NOOP)\b"
TEXT = (
    _tcp("ssh", rb"SSH-(?:2\.0|1\.99|1\.5)-", firsts=b"S"),  # RFC 4253, 4.2
    _tcp("smtp", rb"220[ -][^\r\n]*\r?\n", rb"(?i:EHLO|HELO) ", ports=_SMTP),  # RFC 5321
    _tcp("smtp", rb"(?:EHLO|HELO|LHLO) [^\r\n]+\r\n", firsts=b"EHL"),
    _tcp("ftp", rb"220[ -]", rb"(?i:USER|FEAT|AUTH|OPTS)[ \r]", ports=(21,)),  # RFC 959
    _tcp("pop3", rb"\+OK", rb"(?i:CAPA|USER|STLS|AUTH)[ \r]", ports=(110,)),  # RFC 1939
    _tcp("imap", rb"\* (?:OK|PREAUTH|BYE)", _IMAP_COMMAND, ports=(143,)),  # RFC 9051
    _tcp("telnet", rb"\xff[\xfb-\xfe]", ports=(23,)),  # RFC 854
    _tcp("sip", *_SIP, firsts=_SIP_FIRSTS),
    _udp("sip", *_SIP, firsts=_SIP_FIRSTS),
    _tcp(
        "rtsp",  # RFC 7826
        rb"[A-Z_]{4,13} \S{1,1024} RTSP/[12]\.0\r\n",
        rb"RTSP/[12]\.0 \d{3} ",
        firsts=b"ABCDEFGHIJKLMNOPQRSTUVWXYZ_",
    ),
    _udp("ssdp", rb"(?:M-SEARCH|NOTIFY) \* HTTP/1\.1\r\n", firsts=b"MN"),
    _udp("ssdp", rb"HTTP/1\.1 200 OK\r\n", ports=(1900,)),
    _tcp("syslog", *_SYSLOG, ports=(514, 601)),
    _udp("syslog", *_SYSLOG, ports=(514,)),
    _tcp("redis", rb"\*[1-9][0-9]{0,5}\r\n\$[0-9]{1,9}\r\n", firsts=b"*"),  # RESP
    _tcp(
        "redis",
        rb"(?:PING|INFO|AUTH|SELECT|HELLO)\b",
        rb"[+-][A-Z]",
        rb"\$-?[0-9]+\r\n",
        ports=(6379,),
    ),
    _tcp(
        "memcached",
        rb"(?:gets?|set|add|stats|version|delete|incr|decr)[ \r]",
        rb"\x80[\x00-\x24]",
        ports=(11211,),
    ),
    _udp("memcached", rb".{4}\x00\x01\x00\x00(?:gets?|set|stats|version)[ \r]", ports=(11211,)),
    _tcp(
        "nats",
        rb"INFO \{\"server_id\":",
        rb"CONNECT \{\"(?:verbose|lang|pedantic)\"",
        firsts=b"IC",
    ),
    _tcp(
        "amqp",
        rb"AMQP[\x00-\x03]\x01[\x00\x01]",
        rb"AMQP\x00\x00\x09\x01",
        rb"AMQP\x01\x01",
        firsts=b"A",
    ),
    _tcp("vnc", rb"RFB 00[34]\.00[0-9]\n", firsts=b"R"),  # RFC 6143, 7.1.1
    _tcp("bittorrent", rb"\x13BitTorrent protocol", firsts=b"\x13"),
    _udp("bittorrent", rb"d1:[ader](?:d2:id20:|l)", firsts=b"d"),
)
