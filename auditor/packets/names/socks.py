"""SOCKS: where a proxy is asked to go, by name or address (RFC 1928, and versions 4 and 4A)."""

from __future__ import annotations

import numpy as np

from auditor.packets._spelled import address
from auditor.packets.batch import I64
from auditor.packets.candidates import Candidates
from auditor.packets.names._ledger import Ledger
from auditor.packets.names._reader import Hearer, Message, NameReader
from auditor.packets.names._text import name_text

_FIVE, _FOUR = 5, 4
_PORTS = (1080, 9050, 9150)
# A request follows a greeting, and sometimes a password.
_EARLY = 6
_COMMANDS = {1: "CONNECT", 2: "BIND", 3: "UDP"}
_ASKS = frozenset({b"", b"\1", b"\2", b"\3"})
_FOUR_ASKS = frozenset({b"", b"\1", b"\2"})
_IPV4, _NAME, _IPV6 = 1, 3, 4
_SIZES = {_IPV4: 4, _IPV6: 16}
_HEAD_5, _HEAD_4, _PORT = 4, 8, 2
_SHORTEST, _LONGEST = 9, 1024


class _Hearer(Hearer):
    def choose(self, candidates: Candidates) -> I64:
        # Few payloads begin with one of these: the rest is looked for in them alone.
        every = candidates.tcp
        begins = ((every.first == _FIVE) | (every.first == _FOUR)) & (every.nth < _EARLY)
        tcp = every.some(np.flatnonzero(begins))
        if not len(tcp.at):
            return tcp.at
        command, kind = tcp.bits(55, 48), tcp.bits(39, 32)
        five = (tcp.first == _FIVE) & (tcp.bits(47, 40) == 0) & (kind >= _IPV4) & (kind <= _IPV6)
        # Version 4 has too little magic to be known on any port.
        four = (tcp.first == _FOUR) & (tcp.nth == 0) & tcp.on_port(*_PORTS)
        size = (tcp.length >= _SHORTEST) & (tcp.length <= _LONGEST)
        return tcp.chosen(
            (five | four) & size & (command >= 1) & (command <= 3)  # noqa: PLR2004
        )

    def hear(self, message: Message, ledger: Ledger) -> int:
        data = message.data
        if not _begins(data, message):
            return 0
        # Of a stream the beginning comes in pieces.
        if len(data) < _SHORTEST:
            return -1
        name = _of_5(data) if data[0] == _FIVE else _of_4(data)
        if name:
            ledger.application(message.flow, "socks")
            ledger.proxied(name, _COMMANDS[data[1]], message.ends(), message.time)
        return 0


def _begins(data: bytes, message: Message) -> bool:
    """Return whether bytes are, or may become, a request: what they begin with is what it says."""
    if len(data) > _LONGEST or not data:
        return False
    if data[0] == _FOUR:
        return (message.dport in _PORTS or message.sport in _PORTS) and data[1:2] in _FOUR_ASKS
    return data[0] == _FIVE and data[1:2] in _ASKS and data[2:3] in {b"", b"\0"}


def _of_5(data: bytes) -> str:
    """Return where a request of version 5 leads; nothing where it does not hold to its end."""
    kind = data[3]
    size = _SIZES.get(kind)
    if kind == _NAME:
        return _host(data[_HEAD_5 + 1 : -_PORT]) if len(data) == data[4] + 7 else ""
    # An answer says an address of this form too: all zeros, or where it listens.
    if size is None:
        return ""
    goal = data[_HEAD_5 : _HEAD_5 + size]
    return address(goal) if len(data) == _HEAD_5 + size + _PORT and any(goal) else ""


def _of_4(data: bytes) -> str:
    """Return where a request of version 4 leads, which ends with a user and (4A) with a name."""
    if data[-1]:
        return ""
    parts = data[_HEAD_4:-1].split(b"\0")
    goal = data[4:_HEAD_4]
    if len(parts) == 2 and not any(goal[:3]) and goal[3]:  # noqa: PLR2004 - a user and a name
        return _host(parts[1])
    plain = len(parts) == 1 and goal[0] and (not parts[0] or parts[0].isascii())
    return address(goal) if plain else ""


def _host(raw: bytes) -> str:
    """Return a host's name; nothing for bytes that are none."""
    name = name_text(raw)
    return name if raw and name.isprintable() and "\\" not in name else ""


READER = NameReader(title="SOCKS", specification="RFC 1928; SOCKS 4, 4A", begin=_Hearer)
