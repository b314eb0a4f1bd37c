"""QUIC: server names of Initials, opened with the keys that they show, put together in order."""

from __future__ import annotations

from msgspec import Struct

from auditor.packets.batch import I64
from auditor.packets.candidates import UDP, Candidates
from auditor.packets.names import _ech
from auditor.packets.names._hello import CLIENT_HELLO, ClientHello, client_hello
from auditor.packets.names._ledger import Ledger
from auditor.packets.names._quic_keys import V1, V2, Keys, client_keys, opened, salt_of
from auditor.packets.names._reader import Hearer, Message, NameReader

_LONG, _LONGEST_ID = 0x80, 20
_INITIAL, _RETRY = 0, 3
# From this first byte on, a number has more bytes than that one.
_LONGER = 0x40
_LONGEST_HELLO = 65536
_MOST_PIECES = 256
# Connections whose hello is not whole yet, and packets of one that are tried.
_MOST_WAITING = 4096
_MOST_PACKETS = 64
_MOST_COALESCED = 8
_MOST_IDS = 64
_WHY = "QUIC: all but the first packets' hello is encrypted to anyone else"
_UNOPENED = "QUIC by its first bytes alone: no Initial of a client was seen that its keys open"
_PADDING, _PING, _ACK, _ACK_ECN, _CRYPTO, _CLOSE, _CLOSE_APPLICATION = 0, 1, 2, 3, 6, 0x1C, 0x1D


class _Connection(Struct):
    """A client's hello as it comes in: CRYPTO data by offset."""

    keys: Keys | None = None
    keyed_by: bytes = b""
    pieces: dict[int, bytes] = {}
    held: int = 0
    packets: int = 0
    time: int = 0
    contradicted: bool = False


class _Known(Struct):
    """A flow whose hello was read: who spoke it, and connection ids that begin no other one."""

    side: int
    ids: set[bytes]


class _Packet(Struct, frozen=True, gc=False):
    """A packet with a long header: `kind` is -1 where only the invariants are known (RFC 8999)."""

    data: bytes
    version: int
    kind: int
    to: bytes
    sender: bytes
    after_ids: int


class _Hearer(Hearer):
    transports = (UDP,)

    def __init__(self) -> None:
        self._waiting: dict[int, _Connection] = {}
        self._done: dict[int, _Known] = {}

    def choose(self, candidates: Candidates) -> I64:
        udp = candidates.udp
        version = udp.bits(55, 24)
        draft = (version >> 8) == 0xFF0000  # noqa: PLR2004
        google = ((version >> 24) == 0x51) | ((version >> 24) == 0x54)  # noqa: PLR2004
        known = (version == V1) | (version == V2) | draft | (google & (udp.on_port(443)))
        return udp.chosen((udp.first >= _LONG) & known & (udp.length >= 7))  # noqa: PLR2004

    def hear(self, message: Message, ledger: Ledger) -> int:
        flow = message.flow
        done = self._done.get(flow)
        if done is not None and _is_known(message, done):
            return 0
        for packet in _packets(message.data):
            if done is None:
                note = ledger.application(flow, "quic")
                note.why = note.why or _UNOPENED
            elif done.side != message.side:
                if len(done.ids) < _MOST_IDS:
                    done.ids.add(packet.sender)
                continue
            elif packet.to in done.ids or len(done.ids) >= _MOST_IDS:
                continue
            else:  # another connection between the same ports
                done.ids.add(packet.to)
            if packet.kind == _INITIAL:
                self._open(message, ledger, packet)
                done = self._done.get(flow)
        return 0

    def _open(self, message: Message, ledger: Ledger, packet: _Packet) -> None:
        direction = message.flow * 2 + message.side
        state = self._waiting.get(direction)
        if state is None:
            while len(self._waiting) >= _MOST_WAITING:
                self._give_up(next(iter(self._waiting)), ledger)
            state = self._waiting[direction] = _Connection(pieces={}, time=message.time)
        state.packets += 1
        number_at = _after_token(packet.data, packet.after_ids)
        if number_at is None or state.packets > _MOST_PACKETS:
            return
        frames = opened(state.keys, packet.data, number_at) if state.keys else None
        if frames is None and packet.to != state.keyed_by:
            # The first of the connection, or the first after a Retry, which changes the id.
            keys = client_keys(packet.version, packet.to)
            frames = opened(keys, packet.data, number_at) if keys else None
            if frames is not None:
                state.keys, state.keyed_by = keys, packet.to
                state.pieces, state.held = {}, 0
        if frames is None:
            return
        ledger.note(message.flow).seal(_WHY)
        _keep(state, frames)
        hello = _hello(state)
        if hello is not None:
            self._finish(direction, message.time, hello, ledger)

    def _finish(self, direction: int, time: int, hello: ClientHello, ledger: Ledger) -> None:
        flow = direction // 2
        state = self._waiting.pop(direction, None)
        self._waiting.pop(direction ^ 1, None)
        known = self._done.setdefault(flow, _Known(direction & 1, set()))
        if state is not None:
            known.ids.add(state.keyed_by)
            if state.contradicted:
                ledger.gap("malformed", "QUIC hellos whose bytes differ where they came twice")
        note = ledger.note(flow)
        ledger.name(note, hello.name, "quic_sni", time)
        if hello.protocols:
            note.fact("alpn", ",".join(hello.protocols))
        _ech.note(ledger, note, hello)
        if not hello.whole:
            note.fact("hello", "incomplete")
            if not hello.name:
                ledger.gap("malformed", "QUIC hellos that are not whole: no name was read")

    def _give_up(self, direction: int, ledger: Ledger) -> None:
        state = self._waiting[direction]
        if state.pieces:
            self._finish(direction, state.time, _partial(state), ledger)
        else:
            del self._waiting[direction]

    def close(self, ledger: Ledger) -> None:
        """Read what is there of hellos that never became whole."""
        for direction in list(self._waiting):
            if direction in self._waiting:
                self._give_up(direction, ledger)


def _is_known(message: Message, done: _Known) -> bool:
    """Return whether a datagram begins with a packet of a connection whose hello was read."""
    data = message.data
    at = 6 + data[5]
    if done.side != message.side:
        at, size = at + 1, data[at] if at < len(data) else 0
        return data[at : at + size] in done.ids
    return data[6:at] in done.ids


def _packets(data: bytes) -> list[_Packet]:
    """Return the packets with long headers of a datagram.

    Several may be one after another (RFC 9000, 12.2). What is no QUIC gives an empty list.
    """
    found: list[_Packet] = []
    start = 0
    while start + 7 <= len(data) and data[start] & _LONG and len(found) < _MOST_COALESCED:
        version = int.from_bytes(data[start + 1 : start + 5], "big")
        at = start + 6 + data[start + 5]
        to = data[start + 6 : at]
        if len(to) > _LONGEST_ID or at >= len(data):
            break
        sender = data[at + 1 : at + 1 + data[at]]
        at += 1 + data[at]
        if salt_of(version) is None:  # its form is not known beyond this
            if not found:
                found.append(_Packet(data, version, -1, to, sender, at))
            break
        kind = (data[start] >> 4 & 3) - (1 if version == V2 else 0) & 3
        end = len(data) if kind == _RETRY else _end(data, at, token=kind == _INITIAL)
        if len(sender) > _LONGEST_ID or at >= len(data) or end is None:
            break
        found.append(_Packet(data[start:end], version, kind, to, sender, at - start))
        start = end
    return found


def _end(data: bytes, at: int, *, token: bool) -> int | None:
    if token:
        value, at = _number(data, at)
        at += value
    length, at = _number(data, at)
    return at + length if length and at + length <= len(data) else None


def _after_token(packet: bytes, at: int) -> int | None:
    token, at = _number(packet, at)
    _length, at = _number(packet, at + token)
    return at if at < len(packet) else None


def _number(data: bytes, at: int) -> tuple[int, int]:
    """Return a variable-length integer and what follows it (RFC 9000, 16); 0 beyond the end."""
    if at >= len(data):
        return 0, at
    first = data[at]
    if first < _LONGER:
        return first, at + 1
    size = 1 << (first >> 6)
    value = int.from_bytes(data[at : at + size], "big") & ((1 << (8 * size - 2)) - 1)
    return value, at + size


def _keep(state: _Connection, frames: bytes) -> None:
    """Keep the CRYPTO frames of a packet. Any other frame that an Initial may hold is passed."""
    at = 0
    size = len(frames)
    while at < size:
        kind = frames[at]
        at += 1
        if kind == _PADDING:
            rest = frames[at:].lstrip(b"\0")
            at = size - len(rest)
        elif kind == _CRYPTO:
            offset, at = _number(frames, at)
            length, at = _number(frames, at)
            piece = frames[at : at + length]
            at += length
            fits = offset + length <= _LONGEST_HELLO and state.held + length <= 2 * _LONGEST_HELLO
            if fits and len(state.pieces) < _MOST_PIECES:
                known = state.pieces.get(offset, b"")
                state.contradicted |= known[: len(piece)] != piece[: len(known)]
                if len(piece) > len(known):
                    state.pieces[offset] = piece
                    state.held += len(piece) - len(known)
        elif kind in {_ACK, _ACK_ECN}:
            at = _after_ack(frames, at, ecn=kind == _ACK_ECN)
        elif kind != _PING:
            return  # CONNECTION_CLOSE ends it, and nothing else is allowed here


def _after_ack(frames: bytes, at: int, *, ecn: bool) -> int:
    for _ in range(2):
        _value, at = _number(frames, at)
    ranges, at = _number(frames, at)
    for _ in range(min(1 + 2 * ranges + (3 if ecn else 0), len(frames))):
        _value, at = _number(frames, at)
    return at


def _contiguous(state: _Connection) -> bytes:
    data = bytearray()
    for offset in sorted(state.pieces):
        if offset > len(data):
            break
        piece = state.pieces[offset]
        again = data[offset : offset + len(piece)]
        state.contradicted |= piece[: len(again)] != again
        data += piece[len(data) - offset :]
    return bytes(data)


def _hello(state: _Connection) -> ClientHello | None:
    """Return the hello when it is whole."""
    data = _contiguous(state)
    if len(data) < 4:  # noqa: PLR2004
        return None
    size = int.from_bytes(data[1:4], "big")
    if data[0] != CLIENT_HELLO:
        return ClientHello(whole=False)
    if len(data) < 4 + size and size <= _LONGEST_HELLO:
        return None
    return client_hello(data[4 : 4 + size])


def _partial(state: _Connection) -> ClientHello:
    data = _contiguous(state)
    return client_hello(data[4:]) if data[:1] == b"\1" else ClientHello(whole=False)


READER = NameReader(title="QUIC", specification="RFC 9000, RFC 9001, RFC 9369", begin=_Hearer)
