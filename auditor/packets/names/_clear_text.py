"""Looks for text in flows that claim to be encrypted: a beginning like TLS proves nothing of it."""

from __future__ import annotations

import numpy as np

from auditor.packets._rows import Rows
from auditor.packets.batch import I64, Bools, marked
from auditor.packets.listening import Payloads
from auditor.packets.names._ledger import Ledger

# So many bytes that are all text come of a cipher once in 10^10 packets: (98/256)^24.
_LEAST = 24
_MOST = 512
_TEXT = bytes(range(0x20, 0x7F)) + b"\t\r\n"
_IS_TEXT = marked(256, _TEXT)
_HIGH_BITS = np.uint64(0x8080808080808080)
_WORD, _RECORD = 8, 5
_FIRST, _MAJOR = np.uint64(56), np.uint64(48)
_RECORD_OF_DATA = 0x1703
# SSH lists its algorithms as text, over several segments, before its keys are changed.
_SSH_OPENING = 8
WHY = "text in clear was seen where its beginning claims that it is encrypted"


def look(payloads: Payloads, ledger: Ledger) -> None:
    """Expose flows of which a payload, or the contents of a TLS record of data, is text.

    Only what came after the claim counts: hellos hold names and lists that are text.
    """
    newly = dict(ledger.newly)
    ledger.newly.clear()
    # All columns cost less than to gather one for the flows that are sealed: ask heads first.
    record = payloads.head >> _MAJOR == _RECORD_OF_DATA
    rows = np.flatnonzero(record | ((payloads.head & _HIGH_BITS) == 0))
    sealed = np.frombuffer(ledger.sealed, np.uint8)
    rows = rows[(sealed[payloads.flow[rows]] != 0) & (payloads.length[rows] >= _LEAST)]
    record = record[rows]
    plain = rows[~record]
    begins = payloads.head[plain] >> _FIRST
    _read(payloads, ledger, plain[_IS_TEXT[begins]], 0, newly)
    framed = rows[record]
    framed = framed[payloads.length[framed] >= _LEAST + _RECORD]
    if len(framed):
        words = Rows(payloads.buffer, payloads.at[framed] + _RECORD, _WORD).double(0)
        inside: Bools = (words & _HIGH_BITS) == 0
        # A record of data is no hello: the one that made the claim counts as well.
        _read(payloads, ledger, framed[inside], _RECORD, {})


def _read(payloads: Payloads, ledger: Ledger, rows: I64, skip: int, newly: dict[int, int]) -> None:
    """Read the rows whose beginnings may be text."""
    flows, opening = payloads.flow[rows].tolist(), payloads.nth[rows].tolist()
    for row, flow, nth in zip(rows.tolist(), flows, opening, strict=True):
        note = ledger.notes.get(flow)
        if note is None or row <= newly.get(flow, -1):
            continue
        if note.application == "ssh" and nth < _SSH_OPENING:
            continue
        if is_text(payloads.payload(row)[skip : skip + _MOST]):
            note.expose(WHY)
            ledger.sealed[flow] = 0


def is_text(data: bytes | memoryview) -> bool:
    """Return whether bytes are text, and so many that no cipher makes them by chance."""
    return len(data) >= _LEAST and not bytes(data).translate(None, _TEXT)
