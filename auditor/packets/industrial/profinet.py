"""PROFINET: frames on the link (cyclic data, DCP, alarms), and connections by RPC over UDP."""

from __future__ import annotations

from auditor.packets.industrial._signature import (
    NOTHING,
    Detail,
    Likeness,
    Packet,
    Signature,
    big,
    byte,
    does,
)

_ETHER_TYPE = 0x8892
_RPC_HEAD = 80
_RPC_KINDS = range(11)
_LITTLE = 0x10
# The end of the identifiers of PROFINET's objects and interfaces: dea0…-6c97-11d1-8271-…
_BIG_OBJECT = bytes.fromhex("6c9711d18271")
_LITTLE_OBJECT = bytes.fromhex("976cd1118271")
_DCP = range(0xFEFC, 0xFF00)
_ALARMS = frozenset({0xFC01, 0xFE01})
_CYCLIC = range(0x0100, 0xFC00)
_DCP_DOES = {3: "read", 4: "configure", 5: "discover", 6: "discover"}
_RPC_DOES = {0: "configure", 1: "configure", 2: "read", 3: "write", 4: "control", 5: "read"}


def _is_rpc(packet: Packet) -> bool:
    data = packet.data
    if data[:1] != b"\x04" or byte(data, 1) not in _RPC_KINDS or len(data) < _RPC_HEAD:
        return False
    ending = _LITTLE_OBJECT if data[4] & _LITTLE else _BIG_OBJECT
    length = int.from_bytes(data[74:76], "little" if data[4] & _LITTLE else "big")
    return ending in {data[12:18], data[28:34]} and _RPC_HEAD + length <= packet.size


def _matches(packet: Packet) -> Likeness:
    if packet.ether_type:
        return Likeness.SURE if len(packet.data) > 2 else Likeness.NO  # noqa: PLR2004 - an identifier
    return Likeness.SURE if _is_rpc(packet) else Likeness.NO


def _detail(packet: Packet) -> Detail:
    data = packet.data
    if not packet.ether_type:
        number = int.from_bytes(data[68:70], "little" if byte(data, 4) & _LITTLE else "big")
        word = _RPC_DOES.get(number, "") if _is_rpc(packet) else ""
        return does(word) if word else NOTHING
    frame = big(data, 0)
    if frame in _DCP:
        word = _DCP_DOES.get(byte(data, 2), "")
        return does(word) if word else NOTHING
    return does("report") if frame in _ALARMS or frame in _CYCLIC else NOTHING


SIGNATURE = Signature(
    title="PROFINET",
    application="profinet",
    specification="IEC 61158-6-10, 4.2 (frame identifiers), 4.3 (DCP), 4.10 (RPC)",
    matches=_matches,
    detail=_detail,
    told_by=(0, 1, 2, 4, 68, 69),
    udp=(34962, 34963, 34964),
    on_udp=True,
    ether_types=(_ETHER_TYPE,),
    firsts=(4,),
)
