"""Chains of VLANs and tunnels around packets, each with a number of its own."""

from __future__ import annotations

from typing import NamedTuple

# More chains than a site has: packets in further ones are counted as in none, and told.
MOST_CHAINS = 1 << 18

Carriers = tuple[tuple[bytes, bytes], ...]


class Path(NamedTuple):
    """The VLANs and the tunnels around a packet, each from the outermost to the innermost.

    `carriers` are the ends of tunnels with IP addresses: that beside the first end of the flow's
    key first, whoever speaks.
    """

    vlans: tuple[int, ...] = ()
    tunnels: tuple[str, ...] = ()
    carriers: Carriers = ()


class Paths:
    """Numbers chains; number 0 is the empty one."""

    def __init__(self) -> None:
        """Know the empty chain only. `beyond` counts packets in more chains than are kept."""
        self.beyond = 0
        self._chains: list[Path] = [Path()]
        self._numbers: dict[Path, int] = {Path(): 0}

    def number(
        self, vlans: tuple[int, ...], tunnels: tuple[str, ...] = (), carriers: Carriers = ()
    ) -> int:
        """Return a chain's number, a new one for a new chain."""
        path = Path(vlans, tunnels, carriers)
        number = self._numbers.get(path)
        if number is None:
            if len(self._chains) >= MOST_CHAINS:
                self.beyond += 1
                return 0
            number = self._numbers[path] = len(self._chains)
            self._chains.append(path)
        return number

    def __getitem__(self, number: int) -> Path:
        """Return the chain of a number."""
        return self._chains[number]
