"""The table of flows: both directions of a conversation, counted exactly, batch by batch."""

from __future__ import annotations

import numpy as np
from msgspec import Struct

from auditor.packets import _ends
from auditor.packets._grouping import Groups, by_number, group, keys
from auditor.packets.batch import I64, U8, U64, Bools
from auditor.packets.columns import Columns
from auditor.packets.paths import Paths

# More flows than this are one gap: their packets are counted, and are no flow's.
MOST_FLOWS = 1_000_000

FIN, SYN, RST, ACK = 1, 2, 4, 16
# What one direction of a TCP flow was seen to do, a bit each.
SAW_FIN, SAW_SYN, SAW_RST, SAW_SYN_ACK, SAW_DATA = 1, 2, 4, 8, 16

_NEVER = np.iinfo(np.int64).max
_TCP = 6
_MOST_SPOKEN = 1 << 12
_FIRST_CAPACITY = 4096


def _summaries() -> U8:
    """Return the bits of what was seen for every value of the TCP flags."""
    table = np.zeros(256, np.uint8)
    for flags in range(256):
        seen = (SAW_FIN if flags & FIN else 0) | (SAW_RST if flags & RST else 0)
        if flags & SYN:
            seen |= SAW_SYN_ACK if flags & ACK else SAW_SYN
        table[flags] = seen
    return table


_SUMMARY = _summaries()


class Placement(Struct, frozen=True, kw_only=True):
    """Where the rows of a batch went: flow (-1 beyond the bound), side, and how many before.

    `nth` is the number of packets with payload that the row's direction had before it.
    """

    flow: I64
    side: U8
    nth: I64


class FlowTable:
    """Flows by number. Columns of a direction are at `flow * 2 + side`.

    `isn` is the sequence number of a direction's SYN, -1 where none was seen.
    """

    def __init__(self, *, most: int = MOST_FLOWS) -> None:
        """Begin with no flow."""
        self.paths = Paths()
        self.beyond = 0
        self._most = most
        self._count = 0
        self._numbers: dict[bytes, int] = {}
        self._key = np.zeros((_FIRST_CAPACITY, 6), np.uint64)
        self._spoken: dict[int, tuple[tuple[str, int], tuple[str, int]]] = {}
        self._directions: dict[str, I64] = {}
        for name, value in _START.items():
            self._directions[name] = np.full(_FIRST_CAPACITY * 2, value, np.int64)

    def __len__(self) -> int:
        """Return the number of flows so far."""
        return self._count

    @property
    def isn(self) -> I64:
        """Return the initial sequence number of every direction, -1 for unknown."""
        return self._directions["isn"]

    def column(self, name: str) -> I64:
        """Return a column of directions (`packets`, `bytes`, `data`, `first` …), two a flow."""
        return self._directions[name][: self._count * 2]

    def key_words(self) -> U64:
        """Return the six words of every flow's key (see `_grouping.Keys`)."""
        return self._key[: self._count]

    def add(self, columns: Columns) -> Placement:
        """Count a batch's rows, and return each row's flow."""
        keyed = keys(columns)
        groups = group(keyed)
        flows = self._lookup(np.stack([word[groups.row[groups.starts]] for word in keyed.words], 1))
        numbers = np.empty(len(columns), np.int64)
        numbers[groups.row] = np.repeat(flows, np.diff(groups.starts, append=len(columns)))
        if self._split_reused(columns, keyed.side, groups, flows, numbers):
            groups = by_number(numbers + 1, keyed.side)
            flows = numbers[groups.row[groups.starts]]
        return self._count_in(columns, keyed.side, groups, flows, numbers)

    def close(self) -> None:
        """Forget what rows to come would need; ends and columns stay."""
        self._numbers.clear()
        self._spoken.clear()

    def _lookup(self, words: U64) -> I64:
        """Return the flows of keys; new ones are numbered in the order of the rows of `words`."""
        raw = np.ascontiguousarray(words).view("V48").ravel().tolist()
        get = self._numbers.get
        found = np.array([get(key, -1) for key in raw], np.int64)
        for place in np.flatnonzero(found < 0).tolist():
            found[place] = self._create(raw[place], words[place])
        return found

    def _create(self, raw: bytes, words: U64) -> int:
        """Return a new flow's number; -1 where there are too many."""
        number = self._count
        if number >= self._most:
            return -1
        if number >= len(self._key):
            self._grow()
        self._key[number] = words
        self._numbers[raw] = number
        self._count = number + 1
        return number

    def _grow(self) -> None:
        """Double the room of every column."""
        self._key = np.concatenate((self._key, np.zeros_like(self._key)))
        for name, column in self._directions.items():
            more = np.full(len(column), _START[name], np.int64)
            self._directions[name] = np.concatenate((column, more))

    def _split_reused(
        self, columns: Columns, side: U8, groups: Groups, flows: I64, numbers: I64
    ) -> bool:
        """Give rows after a new SYN on known ports a flow of their own; say whether any was.

        As tshark does: a SYN whose number is not the one that its direction began with opens a
        new connection; the same number again is a retransmission.
        """
        syn = (columns.flags[groups.row] & SYN) != 0
        places = np.flatnonzero(syn)
        if not len(places):
            return False
        part = np.searchsorted(groups.part_starts, places, "right") - 1
        direction = flows[groups.part_group[part]] * 2 + groups.part_side[part]
        known = self._directions["base"][direction]
        first_row = groups.row[groups.part_starts[part]]
        here = _base(columns, first_row)
        begun = np.where(known >= 0, known, here)
        strange = (columns.seq[groups.row[places]] != begun) & (direction >= 0)
        if not strange.any():
            return False
        ends = np.append(groups.starts[1:], len(groups.row))
        split = False
        for number in sorted(set(groups.part_group[part[strange]].tolist())):
            rows = np.sort(groups.row[groups.starts[number] : ends[number]])
            split |= self._split(columns, side, rows, int(flows[number]), numbers)
        return split

    def _split(self, columns: Columns, side: U8, rows: I64, flow: int, numbers: I64) -> bool:
        """Walk the rows of one key in file order; begin a flow at each SYN with a new number."""
        begun = self._directions["base"][flow * 2 : flow * 2 + 2].tolist()
        words = self._key[flow].copy()
        raw = words.tobytes()
        current = flow
        for row in rows.tolist():
            end = int(side[row])
            base = int(_base(columns, np.array([row]))[0])
            if columns.flags[row] & SYN and begun[end] >= 0 and begun[end] != base:
                current = self._create(raw, words)
                begun = [-1, -1]
            if begun[end] < 0:
                begun[end] = base
            numbers[row] = current
        return current != flow

    def _count_in(
        self, columns: Columns, side: U8, groups: Groups, flows: I64, numbers: I64
    ) -> Placement:
        """Add the rows to their directions' columns."""
        row, starts = groups.row, groups.part_starts
        counts = np.diff(starts, append=len(row))
        direction = flows[groups.part_group] * 2 + groups.part_side
        has_data = columns.size[row] > 0
        before: I64 = np.cumsum(has_data) - has_data
        known = direction >= 0
        old_data = np.where(known, self._directions["data"][direction], 0)
        nth = np.empty(len(row), np.int64)
        nth[row] = before + np.repeat(old_data - before[starts], counts)
        seen = _SUMMARY[columns.flags[row]] | (has_data * np.uint8(SAW_DATA))
        late = self._late_resets(columns, side, numbers)
        if len(late):
            seen[np.isin(row, late)] &= np.uint8(0xFF ^ SAW_RST)
        time, order = columns.time[row], columns.order[row]
        first_row = row[starts]
        is_tcp = columns.protocol[first_row] == _TCP
        base = np.where(is_tcp, _base(columns, first_row), -1)
        if not known.all():
            self.beyond += int(counts[~known].sum())
        at = direction[known]
        column = self._directions
        column["packets"][at] += counts[known]
        column["bytes"][at] += np.add.reduceat(columns.ip_bytes[row], starts)[known]
        column["data"][at] += np.add.reduceat(has_data.astype(np.int64), starts)[known]
        column["seen"][at] |= np.bitwise_or.reduceat(seen, starts)[known]
        column["first"][at] = np.minimum(
            column["first"][at], np.minimum.reduceat(time, starts)[known]
        )
        column["last"][at] = np.maximum(
            column["last"][at], np.maximum.reduceat(time, starts)[known]
        )
        column["order"][at] = np.minimum(
            column["order"][at], np.minimum.reduceat(order, starts)[known]
        )
        column["base"][at] = np.where(column["base"][at] < 0, base[known], column["base"][at])
        syn = np.flatnonzero((columns.flags & SYN) != 0)
        syn = syn[numbers[syn] >= 0]
        column["isn"][numbers[syn] * 2 + side[syn]] = columns.seq[syn]
        return Placement(flow=numbers, side=side, nth=nth)

    def _late_resets(self, columns: Columns, side: U8, numbers: I64) -> I64:
        """Return the rows that reset what both ends had finished: nothing more was lost by it."""
        resets = np.flatnonzero(((columns.flags & RST) != 0) & (numbers >= 0))
        if not len(resets):
            return resets
        fins = np.flatnonzero(((columns.flags & FIN) != 0) & (numbers >= 0))
        ended, first = np.unique(numbers[fins] * 2 + side[fins], return_index=True)
        late: Bools = np.ones(len(resets), np.bool_)
        for direction in (numbers[resets] * 2, numbers[resets] * 2 + 1):
            finished = (self._directions["seen"][direction] & SAW_FIN) != 0
            if len(ended):
                place = np.minimum(np.searchsorted(ended, direction), len(ended) - 1)
                finished |= (ended[place] == direction) & (fins[first[place]] <= resets)
            late &= finished
        return resets[late]

    def speaker(self, flow: int, side: int) -> tuple[str, int]:
        """Return the address (text) and port of one end of a flow's key."""
        known = self._spoken.get(flow)
        if known is None:
            if len(self._spoken) >= _MOST_SPOKEN:
                self._spoken.clear()
            known = self._spoken[flow] = _ends.speakers(self, flow)
        return known[side]


# What a direction begins with. `first` and `last` are times, `order` the first packet's number,
# `base` the sequence number that it began with (its SYN's, or one before the first seen).
_START = {
    "packets": 0, "bytes": 0, "data": 0, "seen": 0, "first": _NEVER, "last": -1, "order": _NEVER,
    "base": -1, "isn": -1,
}  # fmt: skip


def _base(columns: Columns, rows: I64) -> I64:
    """Return the number that a direction begins with, by its first packet."""
    syn = (columns.flags[rows] & SYN) != 0
    base: I64 = (columns.seq[rows].astype(np.int64) - ~syn) & 0xFFFFFFFF
    return base
