"""Reads the index of TensorFlow's checkpoints: the variables' types, shapes and places."""

from __future__ import annotations

from collections.abc import Iterator

from auditor.formats import (
    Budget,
    Context,
    ExternalData,
    FormatError,
    Inspection,
    Memory,
    ModelFormat,
    ModelHeader,
    View,
    by_share,
)
from auditor.formats._protobuf import VARINT, Message
from auditor.formats._tally import Tally
from auditor.formats._tensorflow_walk import typed_shape

# tensorflow/core/lib/io/table (LevelDB's format): a footer of 48 bytes with the places of two
# blocks and this number; the first entry has an empty name and a BundleHeaderProto.
_MAGIC = (0xDB4775248B80FB57).to_bytes(8, "little")
_FOOTER = 48
_FIRST = b"\0\0"
_MOST_BLOCK = 16 << 20
_MAX_SHARDS = 1 << 16
_OFFSET, _SIZE, _SHARD = 4, 5, 3


def recognises(head: bytes, view: View) -> bool:
    """Return whether a table ends the file, and its first entry is that of a checkpoint."""
    size = head[2] if len(head) > 4 else 0  # noqa: PLR2004 - an entry's three lengths
    if head[:2] != _FIRST or not 2 <= size < 100:  # noqa: PLR2004 - a small message
        return False
    if view.at(view.size - len(_MAGIC), len(_MAGIC)) != _MAGIC:
        return False
    try:
        first = next(Message(Memory(head[3 : 3 + size]), Budget()).fields(), None)
    except FormatError:
        return False
    return first is not None and (first.number, first.wire) == (1, VARINT) and first.value > 0


def inspect(view: View, context: Context) -> Inspection:
    """Return which variables there are, and the files that hold them; raises `FormatError`."""
    footer = Memory(view.at(view.size - _FOOTER, _FOOTER))
    numbers = _varints(footer.at(0, _FOOTER), 4)
    tally = Tally()
    shards: dict[int, int] = {}
    count = 0
    for _, place in _block(view, context, numbers[2], numbers[3]):
        begin, size = _varints(place, 2)
        for key, value in _block(view, context, begin, size):
            message = Message(Memory(value), context.budget)
            if key:
                _variable(message, tally, shards)
                continue
            for field in message.fields():
                count = message.number(field) if field.number == 1 else count
    if not 0 < count <= _MAX_SHARDS or any(not 0 <= shard < count for shard in shards):
        raise FormatError(f"the variables lie in {count} files, or in none of them")
    return Inspection(
        model_format="tensorflow_checkpoint",
        role="index",
        header=ModelHeader(
            parameters=tally.parameters, precision=by_share(tally.elements), tensors=tally.tensors,
            producer="TensorFlow",
        ),
        external=tuple(
            ExternalData(location=f"{{stem}}.data-{shard:05d}-of-{count:05d}", needed=needed)
            for shard, needed in sorted(shards.items())
        ),
    )  # fmt: skip


def _variable(message: Message, tally: Tally, shards: dict[int, int]) -> None:
    kind, count = typed_shape(message)
    numbers = {_SHARD: 0, _OFFSET: 0, _SIZE: 0}
    for field in message.fields():
        if field.number in numbers:
            numbers[field.number] = message.number(field)
    if min(numbers.values()) < 0:
        raise FormatError("a variable lies before its file")
    needed = numbers[_OFFSET] + numbers[_SIZE]
    shards[numbers[_SHARD]] = max(shards.get(numbers[_SHARD], 0), needed)
    # The graph of objects is a text among the variables.
    if kind != "STRING":
        tally.tensor(kind, max(count, 0))


def _block(view: View, context: Context, begin: int, size: int) -> Iterator[tuple[bytes, bytes]]:
    """Yield the names and values of one block, whose names share their beginnings."""
    if size > _MOST_BLOCK:
        raise FormatError(f"a block has more than {_MOST_BLOCK} bytes", "limit")
    data = view.at(begin, size + 1)
    if len(data) < size + 1 or size < 4:  # noqa: PLR2004 - the number of restarts
        raise FormatError("a block lies beyond the file", offset=begin)
    if data[size]:
        raise FormatError("a block is compressed", "unsupported", offset=begin)
    restarts = int.from_bytes(data[size - 4 : size], "little")
    end = size - 4 - 4 * restarts
    if end < 0:
        raise FormatError("a block's restarts do not fit into it", offset=begin)
    at, key = 0, b""
    while at < end:
        context.budget.step()
        (shared, more, length), at = _varints_at(data, at, 3)
        if shared > len(key) or at + more + length > end:
            raise FormatError("an entry ends beyond its block", offset=begin + at)
        key = key[:shared] + data[at : at + more]
        yield key, data[at + more : at + more + length]
        at += more + length


def _varints(data: bytes, count: int) -> list[int]:
    return _varints_at(data, 0, count)[0]


def _varints_at(data: bytes, at: int, count: int) -> tuple[list[int], int]:
    """Return numbers of variable length, and where they end."""
    found: list[int] = []
    value = shift = 0
    while len(found) < count:
        if at >= len(data) or shift > 63:  # noqa: PLR2004 - bits of the largest number
            raise FormatError("a number is too long, or the file ends within it", offset=at)
        value |= (data[at] & 0x7F) << shift
        shift += 7
        if data[at] < 0x80:  # noqa: PLR2004 - the last byte
            found.append(value)
            value = shift = 0
        at += 1
    return found, at


FORMAT = ModelFormat(
    title="TensorFlow checkpoint", recognises=recognises, inspect=inspect, rank=5, begins=_FIRST[:1]
)
