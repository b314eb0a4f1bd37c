"""CIP services: what is read, set or commanded, and of which tag, or class and instance.

CIP Networks Library volume 1, 2-4 (messages), appendices A (services) and C (paths); Rockwell
1756-PM020 (tags) and 1770-6.5.16 (PCCC).
"""

from __future__ import annotations

from collections.abc import Iterator

from auditor.capture.layers._layer import AnswerError, Did, UndissectedError
from auditor.capture.talks import Does

_SERVICES: dict[int, tuple[Does, str]] = {
    0x01: ("read", "Get Attributes All"), 0x02: ("write", "Set Attributes All"),
    0x03: ("read", "Get Attribute List"), 0x04: ("write", "Set Attribute List"),
    0x05: ("control", "Reset"), 0x06: ("control", "Start"), 0x07: ("control", "Stop"),
    0x08: ("write", "Create"), 0x09: ("write", "Delete"), 0x0D: ("control", "Apply Attributes"),
    0x0E: ("read", "Get Attribute Single"), 0x10: ("write", "Set Attribute Single"),
    0x11: ("read", "Find Next Object Instance"), 0x15: ("write", "Restore"),
    0x16: ("write", "Save"), 0x18: ("read", "Get Member"), 0x19: ("write", "Set Member"),
    0x1A: ("write", "Insert Member"), 0x1B: ("write", "Remove Member"),
    0x4C: ("read", "Read Tag"), 0x4D: ("write", "Write Tag"),
    0x4E: ("write", "Read Modify Write Tag"), 0x52: ("read", "Read Tag Fragmented"),
    0x53: ("write", "Write Tag Fragmented"), 0x55: ("read", "Get Instance Attribute List"),
}  # fmt: skip
# Services of the connection manager have numbers that others have too.
_MANAGER: dict[int, str] = {
    0x4E: "Forward Close", 0x54: "Forward Open", 0x5B: "Large Forward Open",
    0x5A: "Get Connection Owner",
}  # fmt: skip
_MANAGER_CLASS, _PCCC_CLASS = 0x06, 0x67
_REPLY, _NOP, _MULTIPLE, _PCCC, _SEND = 0x80, 0x17, 0x0A, 0x4B, 0x52
_SEND_HEAD, _MOST_DEEP, _MOST_PARTS = 4, 4, 256
# Numbers that stand for two services where the path is not said with them.
_AMBIGUOUS = frozenset({0x4B, 0x4E, 0x52})
# Functions of PCCC's extended command 0x0f.
_PCCC_EXTENDED = 0x0F
_PCCC_DOES: dict[int, tuple[Does, str]] = {
    0x68: ("read", "typed read"), 0xA1: ("read", "protected typed logical read, two addresses"),
    0xA2: ("read", "protected typed logical read"), 0x67: ("write", "typed write"),
    0xA9: ("write", "protected typed logical write, two addresses"),
    0xAA: ("write", "protected typed logical write"),
    0xAB: ("write", "protected typed logical masked write"),
    0x3A: ("control", "set processor mode"), 0x80: ("control", "change mode"),
}  # fmt: skip
# Segments of a path: two bits of size, then what the number stands for.
_LOGICAL = {0: "class", 1: "instance", 2: "element", 4: "attribute"}
_SYMBOL, _KIND_LOGICAL = 0x91, 0x20


def services(message: bytes, *, of_client: bool, depth: int = 0) -> Iterator[Did]:
    """Yield what a message's services do. Raises `UndissectedError` where that is not known."""
    if len(message) < 2 or depth > _MOST_DEEP:  # noqa: PLR2004 - service and size of its path
        raise UndissectedError
    service = message[0]
    if service & _REPLY:
        yield from _reply(message, of_client=of_client, depth=depth)
        return
    end = 2 + 2 * message[1]
    classes, what = _path(message[2:end], message[1])
    data = message[end:]
    if service == _MULTIPLE:
        for part in _parts(data):
            yield from services(part, of_client=of_client, depth=depth + 1)
    elif classes == _MANAGER_CLASS and service == _SEND:
        size = int.from_bytes(data[2:4], "little")
        if not size or len(data) < _SEND_HEAD + size:
            raise UndissectedError
        sent_on = data[_SEND_HEAD : _SEND_HEAD + size]
        yield from services(sent_on, of_client=of_client, depth=depth + 1)
    else:
        yield _one(service, classes, what, data)


def _one(service: int, classes: int, what: str, data: bytes) -> Did:
    """Return what a service does that holds no other."""
    if classes == _PCCC_CLASS and service == _PCCC:
        return _pccc(data)
    if service == _NOP:
        return Did("other", "NOP")
    if classes == _MANAGER_CLASS and service in _MANAGER:
        return Did("other", _MANAGER[service])
    if service in _SERVICES and classes != _MANAGER_CLASS:
        does, name = _SERVICES[service]
        return Did(does, name, (what,) if what else ())
    raise UndissectedError


def _reply(message: bytes, *, of_client: bool, depth: int) -> Iterator[Did]:
    """Yield what an answer says was asked for. Raises `AnswerError` where it does not say it."""
    service = message[0] & ~_REPLY
    if of_client or len(message) < 4:  # noqa: PLR2004 - service, reserved, status, size of more
        raise UndissectedError
    data = message[4 + 2 * message[3] :]
    if service == _MULTIPLE:
        for part in _parts(data):
            yield from services(part, of_client=of_client, depth=depth + 1)
    elif message[2] or service in _AMBIGUOUS:
        raise AnswerError
    elif service not in _SERVICES and service not in _MANAGER:
        raise UndissectedError
    elif service in _MANAGER:
        yield Did("other", _MANAGER[service])
    else:
        yield Did(*_SERVICES[service])


def _parts(data: bytes) -> Iterator[bytes]:
    """Yield the messages of a multiple service packet: a count, offsets, then they."""
    count = int.from_bytes(data[:2], "little")
    if not 0 < count <= _MOST_PARTS or len(data) < 2 + 2 * count:
        raise UndissectedError
    starts = [int.from_bytes(data[2 + 2 * i : 4 + 2 * i], "little") for i in range(count)]
    ends = [*starts[1:], len(data)]
    for start, end in zip(starts, ends, strict=True):
        if not 2 + 2 * count <= start < end <= len(data):
            raise UndissectedError
        yield data[start:end]


def _path(path: bytes, words: int) -> tuple[int, str]:
    """Return the class of a path (-1: none) and the whole of it in words: a tag, or numbers."""
    if len(path) != 2 * words:
        raise UndissectedError
    at, of_class, tag, numbers = 0, -1, "", []
    while at < len(path):
        kind = path[at]
        if kind == _SYMBOL:
            size = path[at + 1]
            name = path[at + 2 : at + 2 + size]
            if len(name) != size or not size:
                raise UndissectedError
            tag += ("." if tag else "") + name.decode("ascii", "backslashreplace")
            at += 2 + size + size % 2
            continue
        word = _LOGICAL.get(kind >> 2 & 7)
        size = {0: 1, 1: 2, 2: 4}.get(kind & 3, 0)
        if kind & 0xE0 != _KIND_LOGICAL or word is None or not size:
            raise UndissectedError
        at += 1 if size == 1 else 2  # a wider number is aligned
        number = int.from_bytes(path[at : at + size], "little")
        at += size
        if word == "class":
            of_class = number
        if word == "element" and tag:
            tag += f"[{number}]"
        else:
            numbers.append(f"{word} {number:#x}" if word == "class" else f"{word} {number}")
    if at != len(path):
        raise UndissectedError
    said = [f"tag {tag}"] if tag else []
    return of_class, ", ".join([*said, *numbers])


def _pccc(data: bytes) -> Did:
    """Return what a command does that is carried for an older controller."""
    command = data[data[0] :] if data else b""
    if len(command) < 5 or command[0] != _PCCC_EXTENDED or command[4] not in _PCCC_DOES:  # noqa: PLR2004
        raise UndissectedError
    does, name = _PCCC_DOES[command[4]]
    return Did(does, f"PCCC {name}")
