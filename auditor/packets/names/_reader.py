"""What a reader of names is: it chooses rows by columns, then hears them one by one."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import TYPE_CHECKING

from msgspec import Struct

from auditor.packets.batch import I64
from auditor.packets.candidates import TCP, Candidates
from auditor.packets.names._ledger import Ledger

if TYPE_CHECKING:
    from auditor.packets.flows import FlowTable


class Message(Struct, frozen=True, gc=False):
    """A payload, or the beginning of a TCP direction put together from several.

    `size` is its length on the wire: longer than `data` where the capture cut it. `nth` counts
    packets with payload in its direction. `more` says that a stream may still grow: a hearer
    that needs more says so, and is asked again.
    """

    data: bytes
    size: int
    flow: int
    side: int
    nth: int
    sport: int
    dport: int
    protocol: int
    time: int
    more: bool
    flows: FlowTable

    def ends(self) -> tuple[str, str]:
        """Return the addresses of who speaks and of the other end."""
        speaker = self.flows.speaker
        return speaker(self.flow, self.side)[0], speaker(self.flow, 1 - self.side)[0]

    @property
    def cut(self) -> bool:
        """Return whether the capture cut the packet."""
        return len(self.data) < self.size


class Hearer(ABC):
    """Reads one protocol during one run.

    `follows` is for protocols that are a stream of messages: their TCP directions (on `ports`)
    are put together, and `hear` returns how many bytes it is done with. `most` bounds what is
    kept of a direction.
    """

    transports: tuple[int, ...] = (TCP,)
    ports: tuple[int, ...] = ()
    follows = False
    most = 0

    @abstractmethod
    def choose(self, candidates: Candidates) -> I64:
        """Return the rows that may begin a message."""

    @abstractmethod
    def hear(self, message: Message, ledger: Ledger) -> int:
        """Read a message. For a stream, return -1 to be asked again when there is more.

        Otherwise the result is the number of bytes done with; only a hearer that `follows` is
        given the rest again.
        """

    def close(self, ledger: Ledger) -> None:  # noqa: B027 - most keep nothing
        """Read what still waits for more when the capture ends."""


class NameReader(Struct, frozen=True, kw_only=True):
    """A protocol that says names: `begin` makes what hears it during one run."""

    title: str
    specification: str
    begin: Callable[[], Hearer]
