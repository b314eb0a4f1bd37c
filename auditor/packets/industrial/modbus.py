"""Modbus/TCP: registers and coils of controllers."""

from __future__ import annotations

import numpy as np

from auditor.packets.batch import Bools, marked
from auditor.packets.candidates import Rows
from auditor.packets.industrial._signature import Detail, Likeness, Packet, Signature, big, byte

_HEAD = 7
_LENGTHS = range(2, 255)
# What functions do. 90 is Schneider's UMAS, which programs controllers.
_DOES = {
    1: "read", 2: "read", 3: "read", 4: "read", 5: "write", 6: "write", 7: "read", 8: "control",
    11: "read", 12: "read", 15: "write", 16: "write", 17: "discover", 20: "read", 21: "write",
    22: "write", 23: "write", 24: "read", 43: "discover", 90: "program",
}  # fmt: skip
_FAILED = 0x80
_CODES = frozenset({1, 2, 3, 4, 5, 6, 8, 10, 11})
_READS, _MOST_READ = frozenset({1, 2, 3, 4}), 2000
_COIL, _DIAGNOSE, _READ_WRITE, _IDENTIFY = 5, 8, 23, 43
_WHICH_COIL, _DIAGNOSES, _INTERFACES = {b"\0\0", b"\xff\0"}, range(22), {13, 14}
# Lengths, after unit and function, of requests and answers whose length does not vary; and how
# long a request is before the count of the bytes that end it.
_FIXED = {
    1: {4}, 2: {4}, 3: {4}, 4: {4}, 5: {4}, 6: {4}, 7: {0, 1}, 11: {0, 4}, 12: {0}, 15: {4},
    16: {4}, 17: {0}, 22: {6}, 24: {2},
}  # fmt: skip
_COUNTED_AFTER = {15: 4, 16: 4, 20: 0, 21: 0, 23: 8}
_COUNTED_ANSWER = frozenset({*_READS, 12, 17, 20, 21, 23})
_FREE = frozenset({24, 90})
_IS_FUNCTION = marked(256, (*_DOES, *(function | _FAILED for function in _DOES)))


def _chooses(rows: Rows) -> Bools:
    chosen: Bools = rows.bits(47, 32) == 0
    some = np.flatnonzero(chosen)
    few = rows.some(some)
    length, function = few.bits(31, 16), few.bits(7, 0)
    chosen[some] = (length >= _LENGTHS.start) & (length < _LENGTHS.stop) & _IS_FUNCTION[function]
    return chosen


def _fits(pdu: bytes, length: int) -> bool:
    """Return whether a function's data are as long as it says; `length` counts the unit too."""
    function, data, rest = pdu[0], pdu[1:], length - 2
    if function & _FAILED:
        return rest == 1 and byte(data, 0) in _CODES
    if rest in _FIXED.get(function, ()) and _is_plausible(function, data):
        return True
    if function in _COUNTED_ANSWER and byte(data, 0) == rest - 1:
        return True
    before = _COUNTED_AFTER.get(function)
    if before is not None:
        return rest > before and byte(data, before) == rest - before - 1
    if function == _DIAGNOSE:
        return rest > 1 and big(data, 0) in _DIAGNOSES
    return function in _FREE or (function == _IDENTIFY and byte(data, 0) in _INTERFACES)


def _is_plausible(function: int, data: bytes) -> bool:
    if function in _READS:
        return big(data, 2) in range(1, _MOST_READ + 1)
    return function != _COIL or data[2:4] in _WHICH_COIL


def _messages(packet: Packet) -> list[bytes] | None:
    """Return the function and its data of every message; `None` where one does not hold."""
    data, at, found = packet.data, 0, []
    while len(data) >= at + _HEAD + 1:
        length = big(data, at + 4)
        if big(data, at + 2) or length not in _LENGTHS or at + 6 + length > packet.size:
            return None
        pdu = data[at + _HEAD : at + 6 + length]
        if pdu[0] & ~_FAILED not in _DOES or not _fits(pdu, length):
            return None
        found.append(pdu)
        at += 6 + length
    return found if at == packet.size or not packet.whole else None


def _matches(packet: Packet) -> Likeness:
    return Likeness.MAYBE if _messages(packet) else Likeness.NO


def _detail(packet: Packet) -> Detail:
    found = _messages(packet) or []
    return Detail(frozenset(_DOES[pdu[0] & ~_FAILED] for pdu in found))


SIGNATURE = Signature(
    title="Modbus/TCP",
    application="modbus",
    specification="MODBUS Messaging on TCP/IP Implementation Guide 1.0b; Protocol 1.1b3",
    matches=_matches,
    detail=_detail,
    told_by=(5, 7),
    tcp=(502,),
    udp=(502,),
    on_tcp=True,
    on_udp=True,
    chooses=_chooses,
)
