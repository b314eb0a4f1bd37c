"""How well what lies somewhere is protected at rest, and how the verdicts of parts combine."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from msgspec import Struct

Verdict = Literal["verified", "claimed", "memory-only", "plaintext", "mixed", "remote"]

# The most layers that a report can use; a hostile bundle must not make a longer one.
_LONGEST = 40


class Protection(Struct, frozen=True, kw_only=True):
    """What protects some data: `verdict` as in `StoreEncryption`, `None` where it is unknown.

    `chain` names the layers from the top, `reason` says in words what decided. `beyond` means
    that what decides lies where this machine cannot look: only then a declaration counts.
    """

    verdict: Verdict | None
    chain: tuple[str, ...] = ()
    ciphers: tuple[str, ...] = ()
    reason: str = ""
    beyond: bool = False

    def under(self, *layers: str) -> Protection:
        """Return the same with `layers` on top of the chain."""
        return Protection(
            verdict=self.verdict,
            chain=clipped((*layers, *self.chain)),
            ciphers=self.ciphers,
            reason=self.reason,
            beyond=self.beyond,
        )


def unknown(reason: str, *chain: str, beyond: bool = False) -> Protection:
    """Return that it cannot be told, and why."""
    return Protection(verdict=None, chain=chain, reason=reason, beyond=beyond)


def combine(parts: Sequence[Protection]) -> Protection:
    """Return what holds for data that lies in all the parts: the weakest decides.

    In clear anywhere is `plaintext` (everywhere) or `mixed`; else unknown anywhere is unknown;
    else another machine, a claim, a proof and memory, in this order. No parts are unknown.
    """
    if not parts:
        return unknown("it is not known what it lies on")
    chain = clipped(tuple(layer for part in parts for layer in part.chain))
    ciphers = tuple(sorted({cipher for part in parts for cipher in part.ciphers}))
    verdict = _weakest([part.verdict for part in parts])
    decisive = next((p for p in parts if p.verdict == verdict), None)
    if decisive is None:
        decisive = next(part for part in parts if part.verdict in ("plaintext", "mixed"))
    open_parts = [p for p in parts if p.verdict not in ("verified", "claimed", "memory-only")]
    return Protection(
        verdict=verdict,
        chain=chain,
        ciphers=ciphers,
        reason=decisive.reason,
        beyond=bool(open_parts) and all(part.beyond for part in open_parts),
    )


def _weakest(verdicts: Sequence[Verdict | None]) -> Verdict | None:
    if all(verdict == "plaintext" for verdict in verdicts):
        return "plaintext"
    if "plaintext" in verdicts or "mixed" in verdicts:
        return "mixed"
    order: tuple[Verdict | None, ...] = (None, "remote", "claimed", "verified", "memory-only")
    return next(verdict for verdict in order if verdict in verdicts)


def clipped(chain: tuple[str, ...]) -> tuple[str, ...]:
    """Return the chain, its end told by number where it is too long to read."""
    if len(chain) <= _LONGEST:
        return chain
    return (*chain[: _LONGEST - 1], "… and further layers")
