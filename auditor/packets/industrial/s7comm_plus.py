"""S7comm-plus: Siemens S7-1200 and S7-1500."""

from __future__ import annotations

from auditor.packets.industrial import _tpkt
from auditor.packets.industrial._signature import Detail, Likeness, Packet, Signature, big, byte

_MAGIC = b"\x72"
_ROOT = b"SIMATIC-ROOT-"
# Versions of the framing: 0xfe is keep-alive, 3 has a digest of 33 bytes before its data.
_VERSIONS, _SIGNED, _DIGEST = frozenset({1, 2, 3}), 3, 33
_HEAD = 4
_OPCODES = frozenset({0x31, 0x32, 0x33, 0x02})
_NOTIFICATION = 0x33
_TLS = (b"\x14\x03", b"\x15\x03", b"\x16\x03", b"\x17\x03")
_DOES = {
    0x04BB: "read", 0x04CA: "configure", 0x04D4: "configure", 0x04F2: "write", 0x04FC: "read",
    0x0524: "read", 0x0542: "write", 0x054C: "read", 0x0556: "program", 0x0560: "program",
    0x056B: "control", 0x0586: "read",
}  # fmt: skip


def _body(data: bytes, size: int) -> bytes | None:
    """Return a message from its opcode on, `None` where it is none."""
    version, length = byte(data, 1), big(data, 2)
    if data[:1] != _MAGIC or version not in _VERSIONS or _HEAD + length > size or not length:
        return None
    start = _HEAD
    if version == _SIGNED and byte(data, start) == _DIGEST - 1:
        start += _DIGEST
    body = data[start : _HEAD + length]
    trailer = data[_HEAD + length : size]
    if byte(body, 0) not in _OPCODES:
        return None
    if trailer and trailer != bytes((0x72, version, 0, 0)):
        return None
    return body


def _of(packet: Packet) -> list[bytes]:
    return [
        body
        for _kind, data, size in _tpkt.messages(packet.data)
        if (body := _body(data, size)) is not None
    ]


def _asks_for_root(packet: Packet) -> bool:
    """Return whether a connection is asked for to the part of a controller that speaks this."""
    return any(
        kind in _tpkt.CONNECT and _ROOT in data for kind, data, _s in _tpkt.messages(packet.data)
    )


def _matches(packet: Packet) -> Likeness:
    return Likeness.SURE if _of(packet) or _asks_for_root(packet) else Likeness.NO


def _detail(packet: Packet) -> Detail:
    operations = set()
    for body in _of(packet):
        if body[0] == _NOTIFICATION:
            operations.add("report")
        elif (word := _DOES.get(big(body, 3))) is not None:
            operations.add(word)
    sealed = any(data[:2] in _TLS for _k, data, _s in _tpkt.messages(packet.data))
    if sealed:
        return Detail(frozenset(operations), encrypted=True, why="TLS within its transport")
    return Detail(frozenset(operations))


SIGNATURE = Signature(
    title="S7comm-plus",
    application="s7comm-plus",
    specification="RFC 1006; no public specification: as S7-1200 and S7-1500 controllers speak",
    matches=_matches,
    detail=_detail,
    told_by=(5, 7, 8, 11, 14, 15),
    tcp=(102,),
    on_tcp=True,
    firsts=(_tpkt.TPKT_FIRST,),
    chooses=_tpkt.chooses,
)
