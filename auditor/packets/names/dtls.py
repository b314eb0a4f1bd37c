"""DTLS over UDP: server names of hellos, put together of their fragments (RFC 6347, RFC 9147)."""

from __future__ import annotations

from msgspec import Struct

from auditor.packets.batch import I64
from auditor.packets.candidates import UDP, Candidates
from auditor.packets.names import _ech
from auditor.packets.names._hello import (
    CLIENT_HELLO,
    HELLO_VERIFY,
    SERVER_HELLO,
    client_hello,
    server_hello,
)
from auditor.packets.names._ledger import Ledger, Note
from auditor.packets.names._reader import Hearer, Message, NameReader

_RECORD, _HANDSHAKE = 13, 12
_LONGEST_HELLO = 1 << 14
_MOST_WAITING = 1024
_CHANGE, _ALERT, _HELLO_TYPE, _DATA = 20, 21, 22, 23
_VERSIONS = (0xFEFF, 0xFEFD, 0x0100)
_HELLOS = frozenset({CLIENT_HELLO, SERVER_HELLO, HELLO_VERIFY})
_WHY = "a DTLS hello was seen"
_ESTABLISHED = "the capture began within it: encrypted DTLS records, no hello was seen"
_BEFORE_KEYS = "DTLS records of data before any keys were agreed: they are not encrypted"
_NULL = "the server chose a cipher suite that signs but does not encrypt"


class _Pieces(Struct):
    """A hello's fragments by offset."""

    size: int
    by_offset: dict[int, bytes]


class _Hearer(Hearer):
    transports = (UDP,)

    def __init__(self) -> None:
        self._waiting: dict[tuple[int, int], _Pieces] = {}

    def choose(self, candidates: Candidates) -> I64:
        udp = candidates.udp
        version = udp.bits(55, 40)
        known = (version == 0xFEFF) | (version == 0xFEFD) | (version == 0x0100)  # noqa: PLR2004
        hello = (udp.first == _HELLO_TYPE) & (udp.bits(39, 24) == 0)  # epoch 0
        begun = (udp.nth == 0) & (udp.first >= _CHANGE) & (udp.first <= _DATA)
        return udp.chosen(known & (udp.length >= _RECORD) & (hello | begun))

    def hear(self, message: Message, ledger: Ledger) -> int:
        records = _records(message.data)
        if not records:
            return 0
        note = ledger.application(message.flow, "dtls")
        if not note.why:
            note.seal(_ESTABLISHED)
        for kind, epoch, body in records:
            if kind == _DATA and not epoch:
                note.expose(_BEFORE_KEYS)
            if kind == _HELLO_TYPE and not epoch and len(body) >= _HANDSHAKE:
                if body[0] in _HELLOS and note.why == _ESTABLISHED:
                    note.seal(_WHY)
                whole = self._whole(message, body)
                if whole is not None:
                    _keep(message, ledger, note, body[0], whole)
        return 0

    def _whole(self, message: Message, body: bytes) -> bytes | None:
        """Return a handshake message's body when all its fragments are there."""
        size = int.from_bytes(body[1:4], "big")
        offset = int.from_bytes(body[6:9], "big")
        length = int.from_bytes(body[9:12], "big")
        piece = body[_HANDSHAKE : _HANDSHAKE + length]
        if body[0] not in {CLIENT_HELLO, SERVER_HELLO} or size > _LONGEST_HELLO:
            return None
        if offset == 0 and length == size:
            return piece
        direction = (message.flow * 2 + message.side, body[4] << 8 | body[5])
        waiting = self._waiting.get(direction)
        if waiting is None or waiting.size != size:
            while len(self._waiting) >= _MOST_WAITING:
                del self._waiting[next(iter(self._waiting))]
            waiting = self._waiting[direction] = _Pieces(size, {})
        if offset + length <= size and len(waiting.by_offset) < 64:  # noqa: PLR2004
            waiting.by_offset.setdefault(offset, piece)
        data = bytearray()
        for start in sorted(waiting.by_offset):
            if start > len(data):
                return None
            data += waiting.by_offset[start][len(data) - start :]
        if len(data) < size:
            return None
        del self._waiting[direction]
        return bytes(data[:size])


def _keep(message: Message, ledger: Ledger, note: Note, kind: int, body: bytes) -> None:
    """Keep what a whole hello says."""
    if kind == CLIENT_HELLO:
        hello = client_hello(body, dtls=True)
        ledger.name(note, hello.name, "tls_sni", message.time)
        _ech.note(ledger, note, hello)
        if hello.protocols:
            note.fact("alpn", ",".join(hello.protocols))
        return
    chosen = server_hello(body)
    if chosen is not None:
        note.fact("tls", chosen.version)
        if chosen.null_cipher:
            note.expose(_NULL)


def _records(data: bytes) -> list[tuple[int, int, bytes]]:
    """Return (type, epoch, body) of a datagram's records; empty for what is no DTLS throughout."""
    found: list[tuple[int, int, bytes]] = []
    at = 0
    while at + _RECORD <= len(data):
        kind, version = data[at], data[at + 1] << 8 | data[at + 2]
        length = data[at + 11] << 8 | data[at + 12]
        if not _CHANGE <= kind <= 26 or version not in _VERSIONS or not length:  # noqa: PLR2004
            return found if found and data[at] & 0xE0 == 0x20 else []  # noqa: PLR2004
        found.append((kind, data[at + 3] << 8 | data[at + 4], data[at + _RECORD :][:length]))
        at += _RECORD + length
    return found


READER = NameReader(title="DTLS", specification="RFC 6347, RFC 9147", begin=_Hearer)
