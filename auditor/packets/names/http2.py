"""HTTP/2 in clear: the hosts that its first requests name, and the gRPC services they call."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from msgspec import Struct

from auditor.packets.batch import I64
from auditor.packets.candidates import Candidates
from auditor.packets.names._ledger import Ledger
from auditor.packets.names._reader import Hearer, Message, NameReader
from auditor.packets.names._text import host_text, name_text
from auditor.packets.names.http import UNREAD

if TYPE_CHECKING:
    from hpack import Decoder

_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
_WORD = int.from_bytes(_PREFACE[:4], "big")
# A client may begin with HTTP/1.1 and change (RFC 7540, 3.2); not in mid-transfer.
_EARLY = 32
_FRAME = 9
_HEADERS, _CONTINUATION = 1, 9
_END_HEADERS, _PADDED, _PRIORITY = 0x04, 0x08, 0x20
_PRIORITY_SIZE = 5
# What a server may allow a client to remember (its settings are not read), and what one request
# may unfold to: far more than any takes, and little.
_MOST_TABLE = _MOST_UNFOLDED = 1 << 16
# Whoever sends a byte at a time has all of them read again each time.
_MOST_FRAMES = 64
_MOST_HOSTS = _MOST_SERVICES = 4
_CALL = re.compile(rb"/([A-Za-z_][A-Za-z0-9_.]{0,119})/[A-Za-z0-9_]{1,120}")
_FIRST_ALONE = "of the first requests alone: HTTP/2 compresses those that follow"


class _Request(Struct, frozen=True):
    """What the headers of a request say."""

    method: bytes = b""
    authority: bytes = b""
    path: bytes = b""
    kind: bytes = b""

    @property
    def service(self) -> str:
        """Return the service that a call of gRPC is for, by its full name in Protocol Buffers."""
        called = _CALL.fullmatch(self.path)
        if called is None or not self.kind.startswith(b"application/grpc"):
            return ""
        return called.group(1).decode("ascii")


class _Hearer(Hearer):
    most = 1 << 14

    def choose(self, candidates: Candidates) -> I64:
        tcp = candidates.tcp
        return tcp.chosen((tcp.bits(63, 32) == _WORD) & (tcp.nth < _EARLY))

    def hear(self, message: Message, ledger: Ledger) -> int:
        data = message.data
        if not data.startswith(_PREFACE):
            return -1 if message.more and _PREFACE.startswith(data) else 0
        requests, whole = _requests(data)
        if not requests and whole and message.more:
            return -1
        if not whole:
            ledger.gap("malformed", "HTTP/2 requests whose headers cannot be read")
        note = ledger.application(message.flow, "http")
        note.fact("http-version", "2 (upgraded)" if message.nth else "2 (prior knowledge)")
        note.correct("hosts", _FIRST_ALONE if requests else UNREAD)
        if requests:
            note.fact("http-method", name_text(requests[0].method).upper())
        services = list(dict.fromkeys(filter(None, (each.service for each in requests))))
        if services:
            note.fact("grpc-service", ",".join(services[:_MOST_SERVICES]))
        for host, method in list(dict.fromkeys(map(_asked, requests)))[:_MOST_HOSTS]:
            ledger.name(note, host, "http_host", message.time)
            if host and method == b"CONNECT":  # RFC 9113, 8.5
                note.fact("proxy", "CONNECT")
                ledger.proxied(host, "CONNECT", message.ends(), message.time)
        return 0


def _asked(request: _Request) -> tuple[str, bytes]:
    return host_text(request.authority), request.method


def _requests(data: bytes) -> tuple[list[_Request], bool]:
    """Return the requests that are whole, and whether nothing in them contradicts itself."""
    from hpack import Decoder, HPACKError  # for the few captures that hold such a thing

    decoder = Decoder(max_header_list_size=_MOST_UNFOLDED)
    decoder.max_allowed_table_size = _MOST_TABLE
    found: list[_Request] = []
    try:
        for block in _blocks(data):
            request = _request(block, decoder)
            found.append(request)
    except (HPACKError, ValueError):
        return found, False
    return found, True


def _blocks(data: bytes) -> Iterator[bytes]:
    """Yield what the HEADERS frames of each stream hold, with their CONTINUATIONs (RFC 9113, 6).

    Raises `ValueError` where frames contradict themselves.
    """
    block, stream, blocks = bytearray(), 0, 0
    at = len(_PREFACE)
    for _ in range(_MOST_FRAMES):
        if at + _FRAME > len(data):
            return
        size = int.from_bytes(data[at : at + 3], "big")
        kind, flags = data[at + 3], data[at + 4]
        of_stream = int.from_bytes(data[at + 5 : at + _FRAME], "big") & 0x7FFFFFFF
        body = data[at + _FRAME : at + _FRAME + size]
        if len(body) < size:
            return
        at += _FRAME + size
        if stream and (kind, of_stream) != (_CONTINUATION, stream):
            raise ValueError("a header block is interrupted")
        if kind == _HEADERS:
            block[:] = _unpadded(body, flags)
        elif kind == _CONTINUATION and stream:
            block += body
        else:
            continue
        stream = 0 if flags & _END_HEADERS else of_stream
        if not stream:
            blocks += 1
            yield bytes(block)
    if not blocks:
        raise ValueError("no request within so many frames")


def _unpadded(body: bytes, flags: int) -> bytes:
    begin = end = 0
    if flags & _PADDED:
        begin, end = 1, body[0] if body else 1
    if flags & _PRIORITY:
        begin += _PRIORITY_SIZE
    if begin + end > len(body):
        raise ValueError("padding is longer than its frame")
    return body[begin : len(body) - end]


def _request(block: bytes, decoder: Decoder) -> _Request:
    """Return a request; a trailer has no method. Raises `HPACKError`."""
    said: dict[bytes, bytes] = {}
    for name, value in decoder.decode(block, raw=True):
        said.setdefault(bytes(name), bytes(value))
    return _Request(
        method=said.get(b":method", b""),
        authority=said.get(b":authority") or said.get(b"host", b""),
        path=said.get(b":path", b""),
        kind=said.get(b"content-type", b""),
    )


READER = NameReader(title="HTTP/2", specification="RFC 9113, RFC 7541", begin=_Hearer)
