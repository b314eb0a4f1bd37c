"""OPC UA over its binary transport, and whether its secure channel encrypts."""

from __future__ import annotations

from auditor.packets.batch import Bools
from auditor.packets.candidates import Rows
from auditor.packets.industrial._signature import Detail, Likeness, Packet, Signature, little

_KINDS = (b"HEL", b"ACK", b"ERR", b"RHE", b"OPN", b"MSG", b"CLO")
_CHUNKS = (b"F", b"C", b"A")
_POLICY = b"http://opcfoundation.org/UA/SecurityPolicy#"
_MOST_MESSAGE = 1 << 26
_ACKNOWLEDGE, _SHORTEST_MESSAGE, _URL = 28, 24, 32
_MOST_ERROR = 16 + 4096
# Numbers of requests in their binary encoding (OPC 10000-6, Annex A); answers are 3 more.
_DOES = {
    422: "discover", 428: "discover", 527: "read", 533: "read", 631: "read", 664: "read",
    673: "write", 700: "write", 712: "control", 488: "configure", 494: "configure",
    500: "configure", 506: "configure", 751: "read", 787: "read", 826: "read",
}  # fmt: skip
_ANSWER = 3
_NODE = b"\x01\0"  # a numeric identifier in four bytes, of OPC UA's own namespace
_SERVICES = range(300, 900)
_NUMBERS = tuple(int.from_bytes(kind, "big") for kind in _KINDS)


def _chooses(rows: Rows) -> Bools:
    begin = rows.bits(63, 40)
    chosen: Bools = begin == _NUMBERS[0]
    for number in _NUMBERS[1:]:
        chosen |= begin == number
    return chosen


def _text(data: bytes, at: int) -> bytes:
    size = little(data, at, 4)
    return data[at + 4 : at + 4 + size] if size < _MOST_ERROR else b""


def _matches(packet: Packet) -> Likeness:
    data = packet.data
    kind, size = data[:3], little(data, 4, 4)
    if kind not in _KINDS or data[3:4] not in _CHUNKS or size > _MOST_MESSAGE:
        return Likeness.NO
    if kind == b"HEL":
        holds = size == _URL + max(0, _signed(data, 28)) and _signed(data, 28) < _MOST_ERROR
    elif kind == b"ACK":
        holds = size == _ACKNOWLEDGE
    elif kind == b"OPN":
        holds = _text(data, 12).startswith(_POLICY)
    elif kind in {b"MSG", b"CLO"}:
        holds = size >= _SHORTEST_MESSAGE and (size <= packet.size or packet.tcp)
    else:
        holds = size in range(16, _MOST_ERROR)
    if not holds:
        return Likeness.NO
    return Likeness.MAYBE if kind in {b"MSG", b"CLO"} and not _in_clear(data) else Likeness.SURE


def _signed(data: bytes, at: int) -> int:
    return int.from_bytes(data[at : at + 4], "little", signed=True)


def _in_clear(message: bytes) -> bool:
    """Return whether a message's body begins with the number of a service."""
    return message[24:26] == _NODE and little(message, 26) in _SERVICES


def _detail(packet: Packet) -> Detail:
    data, at, operations = packet.data, 0, set()
    encrypted, why = None, ""
    while data[at : at + 3] in _KINDS and len(data) >= at + 8:
        message, size = data[at:], little(data, at + 4, 4)
        if message[:3] == b"OPN":
            policy = _text(message, 12).removeprefix(_POLICY).decode("ascii", "replace")
            if policy == "None":
                encrypted, why = False, "OPC UA: its channel was opened without security"
            elif encrypted is None and policy.isalnum() | ("_" in policy):
                encrypted = True
                why = f"OPC UA: its channel was opened with the policy {policy[:40]}"
        elif message[:3] in {b"MSG", b"CLO"} and _in_clear(message):
            encrypted, why = False, "OPC UA: its messages can be read (signed at most)"
            number = little(message, 26)
            operation = _DOES.get(number) or _DOES.get(number - _ANSWER)
            if operation:
                operations.add(operation)
        at += max(size, 8)
    return Detail(frozenset(operations), encrypted, why)


SIGNATURE = Signature(
    title="OPC UA",
    application="opc-ua",
    specification="OPC 10000-6, 7.1 (connection protocol), 6.7 (secure conversation)",
    matches=_matches,
    detail=_detail,
    told_by=(0, 1, 16, 24, 25, 26, 27, 60),
    tcp=(4840,),
    on_tcp=True,
    firsts=tuple({kind[0] for kind in _KINDS}),
    chooses=_chooses,
)
