"""S7comm: Siemens S7-300 and S7-400, and others that speak as they do."""

from __future__ import annotations

from auditor.packets.industrial import _tpkt
from auditor.packets.industrial._signature import Detail, Likeness, Packet, Signature, big, byte

_MAGIC = b"\x32"
_JOB, _ACK, _ACK_DATA, _USER = 1, 2, 3, 7
_HEADS = {_JOB: 10, _ACK: 12, _ACK_DATA: 12, _USER: 10}
# Functions of jobs: 0x1a to 0x1c load a block into the controller, 0x1d to 0x1f out of it;
# 0x28 starts services, 0x29 stops the controller.
_DOES = {
    0x04: "read", 0x05: "write", 0x1A: "program", 0x1B: "program", 0x1C: "program",
    0x1D: "upload", 0x1E: "upload", 0x1F: "upload", 0x28: "control", 0x29: "control",
}  # fmt: skip
# Groups of user data by their low half, and the subfunctions that change something.
_USER_DOES = {0: "report", 1: "program", 2: "read", 3: "read", 4: "read", 5: "configure", 7: "read"}
_CLOCK, _SETS_CLOCK = 7, frozenset({2, 3, 4})


def _is_message(data: bytes, size: int) -> bool:
    kind = byte(data, 1)
    head = _HEADS.get(kind)
    if head is None or data[:1] != _MAGIC or len(data) < head or big(data, 2):
        return False
    parameters, rest = big(data, 6), big(data, 8)
    return head + parameters + rest == size


def _of(packet: Packet) -> list[bytes]:
    return [
        data
        for _kind, data, size in _tpkt.messages(packet.data)
        if data and _is_message(data, size)
    ]


def _matches(packet: Packet) -> Likeness:
    return Likeness.SURE if _of(packet) else Likeness.NO


def _operation(data: bytes) -> str:
    kind = data[1]
    if kind != _USER:
        return _DOES.get(byte(data, _HEADS[kind]), "")
    group, subfunction = byte(data, 15) & 0x0F, byte(data, 16)
    if group == _CLOCK and subfunction in _SETS_CLOCK:
        return "configure"
    return _USER_DOES.get(group, "")


def _detail(packet: Packet) -> Detail:
    return Detail(frozenset(word for data in _of(packet) if (word := _operation(data))))


SIGNATURE = Signature(
    title="S7comm",
    application="s7comm",
    specification="RFC 1006; no public specification: as S7-300 and S7-400 controllers speak",
    matches=_matches,
    detail=_detail,
    told_by=(5, 8, 17, 19, 22, 23),
    tcp=(102,),
    on_tcp=True,
    firsts=(_tpkt.TPKT_FIRST,),
    chooses=_tpkt.chooses,
)
