"""Groups a batch's rows by flow and direction, exactly."""

from __future__ import annotations

import numpy as np
from msgspec import Struct

from auditor.packets.batch import I64, U8, U32, U64, Bools
from auditor.packets.columns import Columns

# A row's word is 31 bits of its flow's hash, and one of side. Sorted by one half of it and then by
# the other, by a sort that keeps equals in order, rows are by flow, then by side, then in file
# order. NumPy sorts numbers of 16 bits by their digits: twice that is half of what one sort of
# long numbers takes.
_HALF = 16
_HASH_SHIFT = np.uint64(33)

# Odd constants for multiplication, from the digits of e, pi and the golden ratio.
_K1 = np.uint64(0x9E3779B97F4A7C15)
_K2 = np.uint64(0xADF85458A2BB4A9B)
_K3 = np.uint64(0xC90FDAA22168C235)
_K4 = np.uint64(0xD6E8FEB86659FD93)
_FOLD = np.uint64(32)
_HIGH = np.uint64(48)


class Keys(Struct, frozen=True, kw_only=True):
    """Both ends of every row in one order, whoever speaks; `side` says whether the second did.

    Six words: address and address, `port << 48 | port << 32 | protocol`, `path << 8 | version`.
    """

    words: tuple[U64, U64, U64, U64, U64, U64]
    side: U8
    mixed: U64


class Groups(Struct, frozen=True, kw_only=True):
    """`row` is the rows in order of group, side and file; starts are places in `row`.

    `starts` begins each group, `part_starts` each direction within a group, `part_group` is the
    group of each part and `part_side` its side.
    """

    row: I64
    starts: I64
    part_starts: I64
    part_group: I64
    part_side: I64


def keys(columns: Columns) -> Keys:
    """Return what makes two packets the same flow's."""
    src_hi, src_lo = columns.src_hi, columns.src_lo
    dst_hi, dst_lo = columns.dst_hi, columns.dst_lo
    sport, dport = columns.sport.astype(np.uint64), columns.dport.astype(np.uint64)
    swap: Bools = (src_lo > dst_lo) | ((src_lo == dst_lo) & (sport > dport))
    if src_hi.any() or dst_hi.any():
        swap = (src_hi > dst_hi) | ((src_hi == dst_hi) & swap)
    first_hi = np.where(swap, dst_hi, src_hi)
    second_hi = np.where(swap, src_hi, dst_hi)
    first = np.where(swap, dst_lo, src_lo)
    second = np.where(swap, src_lo, dst_lo)
    ports = np.where(swap, dport << _HIGH | sport << _FOLD, sport << _HIGH | dport << _FOLD)
    ports |= columns.protocol.astype(np.uint64)
    path = columns.path.astype(np.uint64) << np.uint64(8) | columns.version
    mixed = (first * _K1) ^ ((second + (ports * _K2)) * _K3)
    mixed ^= (first_hi + path * _K4) * _K2 ^ (second_hi * _K4)
    mixed ^= mixed >> _FOLD
    mixed *= _K1
    mixed ^= mixed >> _FOLD
    return Keys(
        words=(first_hi, first, second_hi, second, ports, path),
        side=swap.astype(np.uint8),
        mixed=mixed,
    )


def group(keyed: Keys) -> Groups:
    """Return the rows grouped by their keys. Two keys with one hash are told apart."""
    groups = _groups((keyed.mixed >> _HASH_SHIFT).astype(np.uint32), keyed.side)
    if _is_exact(keyed, groups):
        return groups
    return by_number(_exact_numbers(keyed), keyed.side)


def by_number(numbers: I64, side: U8) -> Groups:
    """Return the rows grouped by numbers (below 2^31) that are the group's for certain."""
    return _groups(numbers.astype(np.uint32), side)


def _groups(numbers: U32, side: U8) -> Groups:
    """Return the rows grouped by numbers of 31 bits."""
    words = numbers << np.uint32(1) | side
    by_low = np.argsort(words.astype(np.uint16), kind="stable")
    high = (words >> np.uint32(_HALF)).astype(np.uint16)
    row = by_low[np.argsort(high[by_low], kind="stable")]
    part = words[row]
    changes = np.empty(len(part), np.bool_)
    changes[:1] = True
    np.not_equal(part[1:], part[:-1], out=changes[1:])
    part_starts = np.flatnonzero(changes)
    heads = part[part_starts]
    group_of = heads >> np.uint32(1)
    new = np.empty(len(heads), np.bool_)
    new[:1] = True
    np.not_equal(group_of[1:], group_of[:-1], out=new[1:])
    return Groups(
        row=row,
        starts=part_starts[new],
        part_starts=part_starts,
        part_group=np.cumsum(new) - 1,
        part_side=(heads & np.uint32(1)).astype(np.int64),
    )


def _is_exact(keyed: Keys, groups: Groups) -> bool:
    """Say whether all rows of each group have the same key."""
    begins = np.zeros(len(groups.row), np.bool_)
    begins[groups.starts] = True
    inside = ~begins[1:]
    for word in keyed.words:
        ordered = word[groups.row]
        if ((ordered[1:] != ordered[:-1]) & inside).any():
            return False
    return True


def _exact_numbers(keyed: Keys) -> I64:
    """Return the same number for the same key, by comparing whole keys: slow, for the rare case."""
    order = np.lexsort(keyed.words)
    changes = np.zeros(len(order), np.bool_)
    for word in keyed.words:
        ordered = word[order]
        changes[1:] |= ordered[1:] != ordered[:-1]
    numbers = np.empty(len(order), np.int64)
    numbers[order] = np.cumsum(changes)
    return numbers
