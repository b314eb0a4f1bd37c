"""Numbers by which messages that do the same are known, so that each kind is read but once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from auditor.packets._rows import Rows
from auditor.packets.batch import I64, U64
from auditor.packets.candidates import TCP
from auditor.packets.dissected import LAYER_2
from auditor.packets.industrial._signature import Packet, Signature
from auditor.packets.listening import Payloads

# Messages are told apart by bytes of their first words.
_WORD, _WORDS = 8, 9
_SPREAD = np.uint64(29)
# By a payload's length, which bytes of its first words it has.
_WITHIN: U64 = (
    (np.tri(_WORD * _WORDS + 1, _WORD * _WORDS, -1, np.uint8) * np.uint8(0xFF))
    .view(">u8")
    .astype(np.uint64)
)
_PRIMES = np.array(
    (0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9, 0xADF85458A2BB4A9B), np.uint64
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
    length = payloads.length[at]
    mark ^= length.astype(np.uint64) * _PRIMES[3]
    words = Rows(payloads.buffer, payloads.at[at], _WORD * _WORDS).doubles()
    told = words & masks & _WITHIN.take(np.minimum(length, _WORD * _WORDS), 0)
    for word in range(_WORDS):
        mark = (mark ^ told[:, word] ^ mark >> _SPREAD) * _PRIMES[2]
    return mark


def packet_of(payloads: Payloads, row: int) -> Packet:
    """Return the packet of a row."""
    protocol = payloads.protocol.item(row)
    return Packet(
        bytes(payloads.payload(row)),
        payloads.size.item(row),
        payloads.sport.item(row),
        payloads.dport.item(row),
        protocol == TCP,
        protocol & 0xFFFF if protocol >= LAYER_2 else 0,
    )
