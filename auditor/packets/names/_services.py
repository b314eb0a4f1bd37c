"""Tells applications that say no names by what they begin with."""

from __future__ import annotations

from functools import cache

import numpy as np

from auditor.packets.batch import I64
from auditor.packets.candidates import TCP, UDP, Candidates
from auditor.packets.names._ledger import Ledger
from auditor.packets.names._reader import Hearer, Message
from auditor.packets.names._service import Service
from auditor.packets.names._services_binary import BINARY
from auditor.packets.names._services_text import TEXT
from auditor.packets.names._services_udp import DATAGRAMS


class Services(Hearer):
    """Hears the first payload of each direction of a flow that nobody else knows."""

    transports = (TCP, UDP)

    def __init__(self) -> None:
        """Take the services, sorted once for all captures."""
        self._by_port, self._anywhere = _sorted()

    def choose(self, candidates: Candidates) -> I64:
        """Return the first payloads."""
        tcp, udp = candidates.tcp, candidates.udp
        return np.concatenate((tcp.chosen(tcp.nth == 0), udp.chosen(udp.nth == 0)))

    def hear(self, message: Message, ledger: Ledger) -> int:
        """Try the services of both ports, then those that are known anywhere."""
        if ledger.known[message.flow]:
            return 0
        by_port, transport = self._by_port, message.protocol
        for services in (
            by_port.get((transport, message.dport)),
            by_port.get((transport, message.sport)),
            self._anywhere.get((transport, message.data[:1])),
        ):
            for service in services or ():
                if service.matches(message.data):
                    note = ledger.application(message.flow, service.application)
                    if service.encrypted is not None:
                        note.encrypted, note.why = service.encrypted(message.data)
                    return 0
        return 0


_ByPort = dict[tuple[int, int], list[Service]]
_ByFirst = dict[tuple[int, bytes], list[Service]]


@cache
def _sorted() -> tuple[_ByPort, _ByFirst]:
    """Return the services by transport and port, and those known anywhere by their first byte."""
    by_port: _ByPort = {}
    anywhere: _ByFirst = {}
    for service in (*TEXT, *BINARY, *DATAGRAMS):
        for transport in service.transports:
            if service.anywhere:
                for first in service.firsts or range(256):
                    anywhere.setdefault((transport, bytes((first,))), []).append(service)
            else:
                for port in service.ports:
                    by_port.setdefault((transport, port), []).append(service)
    return by_port, anywhere
