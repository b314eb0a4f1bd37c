"""Puts IP datagrams together from their fragments; every fragment is a flow's, once."""

from __future__ import annotations

from collections import Counter, OrderedDict
from typing import TypeAlias

from msgspec.structs import replace

from auditor.packets._datagram import Datagram
from auditor.packets._layer import V4
from auditor.packets.dissect import continued
from auditor.packets.dissected import Dissected, Fragment, Placed

# Datagrams that wait at a time, their fragments, and their bytes; the oldest are given up first.
MOST_WAITING = 4096
MOST_FRAGMENTS = 16384
MOST_HELD = 16 << 20
# Nanoseconds of the capture's time after which the missing are not waited for (RFC 8200: 60 s).
PATIENCE = 60_000_000_000
# Datagrams that were complete: a fragment that comes twice is still their flow's.
_REMEMBERED = 1024

_Key: TypeAlias = tuple[object, ...]


class Fragments:
    """Datagrams that lack a part. `gaps` counts, by reason, what could not be put together.

    Of bytes that came twice, those that came first are kept; where they differ the datagram is
    counted as `fragments-contradict`: receivers differ in what they then read (RFC 5722).
    A datagram is let go whole, so its fragments are placed late, each with its own time.
    """

    def __init__(self) -> None:
        """Begin with nothing waiting."""
        self.gaps: Counter[str] = Counter()
        self._waiting: OrderedDict[_Key, Datagram] = OrderedDict()
        self._complete: OrderedDict[_Key, Dissected] = OrderedDict()
        self._fragments = 0
        self._held = 0

    def add(self, dissected: Dissected, *, time: int, order: int) -> list[Placed]:
        """Take a fragment; return those that are a flow's now."""
        placed = self._too_old(time)
        part = dissected.fragment
        if part is None:
            return [*placed, Placed(dissected, time, order)]
        key = _key(dissected, part)
        datagram = self._waiting.get(key)
        known = self._complete.get(key)
        if datagram is None and known is not None and part.offset:
            again = _part(dissected, known)
            return [*placed, Placed(again, time, order)]
        if datagram is None:
            datagram = self._waiting[key] = Datagram(time)
        self._fragments += 1
        self._held += datagram.add(dissected, part, time, order)
        if datagram.complete:
            self._forget(key, datagram)
            placed += self._whole(key, datagram)
        while (
            len(self._waiting) > MOST_WAITING
            or self._fragments > MOST_FRAGMENTS
            or self._held > MOST_HELD
        ):
            placed += self._give_up("fragments-over-limit")
        return placed

    def finish(self) -> list[Placed]:
        """Return those that still wait."""
        placed: list[Placed] = []
        while self._waiting:
            placed += self._give_up("fragments-missing")
        return placed

    def _too_old(self, time: int) -> list[Placed]:
        placed: list[Placed] = []
        while self._waiting:
            oldest = next(iter(self._waiting.values()))
            if time - oldest.begun < PATIENCE:
                break
            placed += self._give_up("fragments-missing")
        return placed

    def _give_up(self, reason: str) -> list[Placed]:
        """Let the oldest datagram go as it is: all that is known is what it begins with."""
        key, datagram = next(iter(self._waiting.items()))
        self._forget(key, datagram)
        self.gaps[reason] += 1
        return self._let_go(datagram, carrier=datagram.first)

    def _forget(self, key: _Key, datagram: Datagram) -> None:
        del self._waiting[key]
        self._fragments -= len(datagram.parts)
        self._held -= len(datagram.bytes)

    def _whole(self, key: _Key, datagram: Datagram) -> list[Placed]:
        """Let a complete datagram go; the fragment that completed it has the payload."""
        carrier = len(datagram.parts) - 1
        self._complete[key] = _outer(datagram, datagram.parts[carrier].packet)
        self._complete.move_to_end(key)
        if len(self._complete) > _REMEMBERED:
            self._complete.popitem(last=False)
        return self._let_go(datagram, carrier=carrier)

    def _let_go(self, datagram: Datagram, *, carrier: int) -> list[Placed]:
        """Return the fragments as parts of their flow, the payload with the `carrier`, if any."""
        if datagram.contradicted:
            self.gaps["fragments-contradict"] += 1
        flow = _outer(datagram, datagram.parts[carrier].packet) if carrier >= 0 else None
        placed: list[Placed] = []
        for number, (packet, time, order) in enumerate(datagram.parts):
            if number != carrier:
                placed.append(Placed(_part(packet, flow), time, order))
                continue
            whole = continued(packet, datagram.start, datagram.size)
            # A tunnel was in fragments; what it carries may be a fragment itself.
            placed += self.add(whole, time=time, order=order)
        return placed


def _key(packet: Dissected, part: Fragment) -> _Key:
    """Return what fragments of one datagram have in common (RFC 791, RFC 8200)."""
    protocol = packet.protocol if packet.version == V4 else -1
    return (
        packet.src, packet.dst, part.identity, protocol, packet.vlans, packet.tunnels,
        packet.carriers,
    )  # fmt: skip


def _outer(datagram: Datagram, packet: Dissected) -> Dissected:
    """Return a packet with the protocol and the ports that the datagram's beginning says."""
    return continued(packet, datagram.start, datagram.size, inside=False)


def _part(packet: Dissected, flow: Dissected | None) -> Dissected:
    """Return a fragment as a packet of its flow, without payload; of no ports where unknown."""
    alone = replace(packet, fragment=None, payload=b"", payload_size=0)
    if flow is None:
        return alone
    return replace(alone, protocol=flow.protocol, sport=flow.sport, dport=flow.dport)
