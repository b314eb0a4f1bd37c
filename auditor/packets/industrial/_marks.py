"""Numbers by which messages that do the same are known, so that each kind is read but once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from auditor.packets.batch import I64, U64
from auditor.packets.candidates import TCP
from auditor.packets.dissected import LAYER_2
from auditor.packets.industrial._signature import Packet, Signature
from auditor.packets.listening import Payloads

# Messages are told apart by bytes of their first words.
_WORD, _WORDS = 8, 9
_BITS, _SPREAD = np.uint64(8), np.uint64(29)
_PRIMES = np.array(
    (0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9), np.uint64
)  # odd numbers that spread bits


def masks_of(signatures: Sequence[Signature]) -> U64:
    """Return which bytes of a payload tell what it does: a row an owner (0 is nobody), words."""
    masks = np.zeros((len(signatures) + 1, _WORDS), np.uint64)
    for number, signature in enumerate(signatures):
        for offset in signature.told_by:
            word, byte = divmod(offset, _WORD)
            masks[number + 1, word] |= np.uint64(0xFF << 8 * (_WORD - 1 - byte))
    return masks


def marks_of(payloads: Payloads, at: I64, masks: U64) -> U64:
    """Return a number of each row: one direction's payloads with one number do the same."""
    mark: U64 = payloads.direction[at].astype(np.uint64) * _PRIMES[0]
    mark ^= payloads.size[at].astype(np.uint64) * _PRIMES[1]
    mark = (mark ^ (payloads.head[at] & masks[:, 0])) * _PRIMES[2]
    starts, length = payloads.at[at], payloads.length[at]
    for word in range(1, _WORDS):
        some = np.flatnonzero((masks[:, word] != 0) & (length > word * _WORD))
        if not len(some):
            continue
        told = _words(payloads.buffer, starts[some] + word * _WORD)
        missing = np.maximum((word + 1) * _WORD - length[some], 0).astype(np.uint64) * _BITS
        told = told >> missing << missing & masks[some, word]
        mark[some] = (mark[some] ^ told ^ mark[some] >> _SPREAD) * _PRIMES[2]
    return mark


def packets_of(payloads: Payloads, rows: I64) -> Iterator[Packet]:
    """Yield the packets of some rows."""
    buffer = payloads.buffer
    for at, length, size, sport, dport, protocol in zip(
        payloads.at[rows].tolist(), payloads.length[rows].tolist(), payloads.size[rows].tolist(),
        payloads.sport[rows].tolist(), payloads.dport[rows].tolist(),
        payloads.protocol[rows].tolist(), strict=True,
    ):  # fmt: skip
        ether_type = protocol & 0xFFFF if protocol >= LAYER_2 else 0
        data = bytes(buffer[at : at + length])
        yield Packet(data, size, sport, dport, protocol == TCP, ether_type)


def _words(buffer: memoryview, at: I64) -> U64:
    """Return the eight bytes at each place as a number, most significant first."""
    view = np.ndarray(len(buffer) - _WORD + 1, ">u8", buffer, strides=(1,))
    words: U64 = view[at].astype(np.uint64)
    return words
