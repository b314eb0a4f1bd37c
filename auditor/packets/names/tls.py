"""TLS over TCP: server names, protocols and versions, also of hellos over several segments."""

from __future__ import annotations

import numpy as np

from auditor.packets.batch import I64
from auditor.packets.candidates import Candidates
from auditor.packets.names import _ech
from auditor.packets.names._hello import (
    CLIENT_HELLO,
    SERVER_HELLO,
    ClientHello,
    client_hello,
    server_hello,
    version_text,
)
from auditor.packets.names._ledger import Ledger
from auditor.packets.names._reader import Hearer, Message, NameReader

_HANDSHAKE, _APPLICATION_DATA = 22, 23
_RECORD, _HANDSHAKE_HEAD = 5, 4
# RFC 8446, 5.2; RFC 5246 allows 2048 bytes more than 2^14.
_LONGEST_RECORD = (1 << 14) + 2048
_LONGEST_HELLO = 65536
# A hello may come later than first, after STARTTLS or a proxy's CONNECT; never in mid-transfer.
_EARLY = 32
_TLS_PORTS = (443, 465, 563, 636, 853, 989, 990, 992, 993, 994, 995, 5061, 5671, 6443, 8443, 8883)
_KNOWN = ("TLS", "SSL")
_ESTABLISHED = "the capture began within it: encrypted records, no hello was seen"
HELLO = "a TLS hello was seen"
_INSIDE = "begun in clear, then TLS: a TLS hello was seen"
_NULL = "the server chose a cipher suite that signs but does not encrypt"


class _Hearer(Hearer):
    most = 1 << 16

    def choose(self, candidates: Candidates) -> I64:
        tcp = candidates.tcp
        early = tcp.nth < _EARLY
        first = tcp.nth == 0
        handshake = tcp.bits(63, 48) == 0x1603  # noqa: PLR2004
        kind = tcp.bits(23, 16)
        hello = handshake & early & ((kind == CLIENT_HELLO) | (kind == SERVER_HELLO))
        # A record's header alone, or less: its hello comes in the next segment.
        tiny = first & (tcp.first == _HANDSHAKE) & (tcp.length <= _RECORD)
        record = first & (tcp.bits(55, 48) == 3) & (tcp.first >= 20) & (tcp.first <= 23)  # noqa: PLR2004
        compatible = first & (tcp.first >= 0x80) & (tcp.bits(47, 32) == 0x0103)  # noqa: PLR2004
        return tcp.chosen(np.asarray(hello | tiny | record | compatible))

    def hear(self, message: Message, ledger: Ledger) -> int:
        data = message.data
        if not data:
            return 0
        if data[0] >= 0x80:  # noqa: PLR2004
            return _old_hello(message, ledger)
        if data[0] != _HANDSHAKE:
            if _is_established(message):
                note = ledger.application(message.flow, "tls")
                if not note.why:
                    note.seal(_ESTABLISHED)
            return 0
        return _handshake(message, ledger)


def _handshake(message: Message, ledger: Ledger) -> int:
    body, kind, size = handshake_of(message.data)
    if kind < 0:
        return -1 if size and message.more else 0
    if kind not in {CLIENT_HELLO, SERVER_HELLO} or size > _LONGEST_HELLO:
        if _is_established(message):
            ledger.application(message.flow, "tls")
        return 0
    missing = len(body) < size
    if missing and message.more:
        return -1
    if kind == SERVER_HELLO:
        _note_choice(message, ledger, body)
        return 0
    hello = client_hello(body)
    # What looks like one within other data (a file that is sent) must hold to its end.
    first = not message.nth and not ledger.known[message.flow]
    if hello.version.startswith(_KNOWN) and (first or hello.whole or missing):
        note_hello(message, ledger, hello, missing=missing)
    return 0


def _note_choice(message: Message, ledger: Ledger, body: bytes) -> None:
    """Keep what a server chose."""
    chosen = server_hello(body)
    if chosen is None or not chosen.version.startswith(_KNOWN):
        return
    note = ledger.application(message.flow, "tls")
    note.fact("tls", chosen.version)
    if chosen.null_cipher:
        note.expose(_NULL)
    elif not note.why:
        note.seal(_why(note.application))
    ledger.sealing(message.flow)


def note_hello(message: Message, ledger: Ledger, hello: ClientHello, *, missing: bool) -> None:
    """Keep what a client's hello says."""
    flow = message.flow
    note = ledger.application(flow, "tls")
    note.seal(_why(note.application))
    ledger.sealing(flow)
    ledger.name(note, hello.name, "tls_sni", message.time)
    if hello.protocols:
        note.fact("alpn", ",".join(hello.protocols))
    if hello.version:
        note.fact("tls-offered", hello.version)
    _ech.note(ledger, note, hello)
    if missing:
        if not hello.name:
            note.fact("hello", "incomplete")
            ledger.gap("malformed", "TLS hellos of which a part was not captured: no name was read")
    elif not hello.whole:
        note.fact("hello", "malformed")
        ledger.gap("malformed", "TLS hellos that contradict themselves")


def handshake_of(data: bytes) -> tuple[bytes, int, int]:
    """Return the first handshake message of TLS records: its body so far, type and full length.

    The type is -1 where there is not yet a header (length 1), or it is none of TLS (length 0).
    A message may be spread over several records (RFC 8446, 5.1).
    """
    if len(data) >= _RECORD + _HANDSHAKE_HEAD:
        length = data[3] << 8 | data[4]
        size = data[6] << 16 | data[7] << 8 | data[8]
        if data[1] == 3 and size + _HANDSHAKE_HEAD <= length <= _LONGEST_RECORD:  # noqa: PLR2004
            return data[9 : 9 + size], data[5], size
    spread = bytearray()
    at, broken = 0, data[:1] != b"\x16" or data[1:2] not in {b"", b"\3"}
    while at + _RECORD <= len(data) and not broken:
        kind, major, length = data[at], data[at + 1], data[at + 3] << 8 | data[at + 4]
        broken = kind != _HANDSHAKE or major != 3 or not 0 < length <= _LONGEST_RECORD  # noqa: PLR2004
        if broken:
            break
        spread += data[at + _RECORD : at + _RECORD + length]
        at += _RECORD + length
        if len(spread) >= _HANDSHAKE_HEAD:
            size = int.from_bytes(spread[1:4], "big")
            broken = len(spread) >= size + _HANDSHAKE_HEAD
    if len(spread) < _HANDSHAKE_HEAD:
        return b"", -1, 0 if broken else 1
    size = int.from_bytes(spread[1:4], "big")
    return bytes(spread[4 : 4 + size]), spread[0], size


def _why(application: str) -> str:
    return HELLO if application == "tls" else _INSIDE


def _is_established(message: Message) -> bool:
    """Return whether a payload is a chain of records, as within a connection.

    One record that reaches beyond the packet proves little: then a usual port must say so too.
    Where the capture holds the connection's beginning, TLS would have begun with a hello.
    """
    if not message.nth and message.flows.isn[message.flow * 2 + message.side] >= 0:
        return False
    data, at, records = message.data, 0, 0
    while at + _RECORD <= len(data):
        length = data[at + 3] << 8 | data[at + 4]
        good = 20 <= data[at] <= 23 and data[at + 1] == 3 and data[at + 2] <= 4  # noqa: PLR2004
        if not good or not 0 < length <= _LONGEST_RECORD:
            return False
        if data[at] == 20 and length != 1:  # noqa: PLR2004
            return False
        at += _RECORD + length
        records += 1
    usual = message.sport in _TLS_PORTS or message.dport in _TLS_PORTS
    return bool(records) and (usual or at == len(data) == message.size)


def _old_hello(message: Message, ledger: Ledger) -> int:
    """Read a hello in the form of SSL 2 that offers a later version (RFC 5246, E.2)."""
    data = message.data
    if len(data) < 11:  # noqa: PLR2004
        return 0
    length = (data[0] & 0x7F) << 8 | data[1]
    ciphers, session, challenge = (data[n] << 8 | data[n + 1] for n in (5, 7, 9))
    known = data[2] == 1 and data[3] == 3 and data[4] <= 4  # noqa: PLR2004
    if known and ciphers and ciphers % 3 == 0 and length == 9 + ciphers + session + challenge:
        note = ledger.application(message.flow, "tls")
        note.seal(_why(note.application))
        note.fact("tls-offered", version_text(data[3] << 8 | data[4]))
    return 0


READER = NameReader(title="TLS", specification="RFC 8446, RFC 5246, RFC 6066", begin=_Hearer)
