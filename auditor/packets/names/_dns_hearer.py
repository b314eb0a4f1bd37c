"""Hears DNS and its kin: counts questions, and keeps what answers named."""

from __future__ import annotations

import numpy as np

from auditor.evidence.traffic import NameSource
from auditor.packets.batch import I64
from auditor.packets.candidates import TCP, UDP, Candidates
from auditor.packets.names._dns_message import HEAD, Message, parse
from auditor.packets.names._ech import keep_keys
from auditor.packets.names._ledger import MOST_ANSWERS, Asked, Ledger
from auditor.packets.names._reader import Hearer
from auditor.packets.names._reader import Message as Payload

_MOST_REMEMBERED = 4096


class DnsHearer(Hearer):
    """Hears one service. `answer` is the source that a name has whose address was answered."""

    transports = (TCP, UDP)
    follows = True
    most = (1 << 16) + 2

    def __init__(  # noqa: PLR0913
        self,
        *,
        port: int,
        application: str,
        source: NameSource,
        answer: NameSource,
        grouped: bool = False,
        netbios: bool = False,
    ) -> None:
        """Hear on a port. `grouped`: questions go to a group, answers come from its members."""
        self._port = port
        # 137/tcp was never used.
        self.ports = () if netbios else (port,)
        self._application = application
        dns = application == "dns"
        # What a question's transport is called.
        self._words = {way: way if dns else application for way in ("udp", "tcp")}
        self._source = source
        self._answer = answer
        self._grouped = grouped
        self._netbios = netbios
        self._last: dict[tuple[str, str, str], Asked] = {}

    def choose(self, candidates: Candidates) -> I64:
        """Return datagrams with a header, and every segment of a connection on the port."""
        udp, tcp = candidates.udp, candidates.tcp
        datagrams = udp.chosen(udp.on_port(self._port) & (udp.length >= HEAD))
        if self._netbios:
            return datagrams
        return np.concatenate((datagrams, tcp.chosen(tcp.on_port(self._port))))

    def hear(self, payload: Payload, ledger: Ledger) -> int:
        """Read a datagram, or the messages of a stream that are whole."""
        data = payload.data
        if payload.protocol != TCP:
            self._read(payload, data, "udp", ledger)
            return 0
        at = 0
        while at + 2 <= len(data):
            end = at + 2 + (data[at] << 8 | data[at + 1])
            if end > len(data):
                break
            if end > at + 2:
                self._read(payload, data[at + 2 : end], "tcp", ledger)
            at = end
        return at

    def _read(self, payload: Payload, data: bytes, transport: str, ledger: Ledger) -> None:
        message = parse(data, netbios=self._netbios)
        if message is None:
            return
        if not message.whole:
            if transport == "udp" and payload.cut:
                ledger.gap("malformed", "DNS messages that the capture cut short")
            else:
                ledger.gap("malformed", "DNS messages that contradict themselves")
                if not message.questions:
                    return
        note = ledger.application(payload.flow, self._application)
        for question in message.questions:
            ledger.name(note, question.name, self._source, payload.time)
        if message.is_answer:
            self._answered(payload, message, transport, ledger)
        elif not self._netbios or message.opcode == 0:
            self._asked(payload, message, transport, ledger)

    def _asked(self, payload: Payload, message: Message, transport: str, ledger: Ledger) -> None:
        client, server = payload.ends()
        for question in message.questions:
            key = (question.name, question.query_type, client, server, self._words[transport])
            entry = ledger.asked(key, payload.time)
            if self._grouped and entry is not None:
                if len(self._last) >= _MOST_REMEMBERED:
                    self._last.clear()
                self._last[question.name, question.query_type, client] = entry

    def _answered(self, payload: Payload, message: Message, transport: str, ledger: Ledger) -> None:
        for keys in message.keys:
            keep_keys(ledger, keys)
        for address, names in message.addresses:
            if _is_one_host(address):
                for name in names:
                    ledger.answered(address, name, self._answer, payload.time)
        server, client = payload.ends()
        for question in message.questions[:1]:
            entry: Asked | None
            if self._grouped:
                entry = self._last.get((question.name, question.query_type, client))
            else:
                key = (question.name, question.query_type, client, server, self._words[transport])
                entry = ledger.queries.get(key) or ledger.asked(key, payload.time, 0)
            if entry is not None:
                entry.response = message.response
                entry.last = max(entry.last, payload.time)
                _merge(entry, message)


def _merge(entry: Asked, message: Message) -> None:
    for address, _names in message.addresses:
        if address not in entry.answers and len(entry.answers) < MOST_ANSWERS:
            entry.answers = (*entry.answers, address)


def _is_one_host(address: bytes) -> bool:
    """Return whether an address can be a host's that others reach."""
    if len(address) == 4:  # noqa: PLR2004
        return address[0] not in {0, 127} and address[0] < 224  # noqa: PLR2004
    return address[0] != 0xFF and any(address[:15])  # noqa: PLR2004
