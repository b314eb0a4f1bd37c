"""Opens HDF5 files: the superblock, addresses, and the messages of an object's header.

Layouts are those of the HDF5 File Format Specification, version 3.0, by its section numbers.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from auditor.formats import Context, FormatError, View

SIGNATURE = b"\x89HDF\r\n\x1a\n"
_MAX_CHUNKS = 1_000
_MAX_CHUNK = 16 << 20
_CONTINUATION = 0x10
_TIMES, _PHASES, _ORDER = 0x20, 0x10, 0x04
_SIZES = (2, 4, 8)
_READ = 8


class Message(NamedTuple):
    """A message of an object's header: its kind, its flags, its bytes."""

    kind: int
    flags: int
    data: bytes

    @property
    def is_shared(self) -> bool:
        """Return whether the bytes only point to the message."""
        return bool(self.flags & 2)


class Cursor:
    """Steps through bytes of a file's metadata; what is not there is `malformed`."""

    def __init__(self, data: bytes, file: File) -> None:
        """Start at the first byte."""
        self._data = data
        self._file = file
        self.place = 0

    @property
    def left(self) -> int:
        """How many bytes follow."""
        return len(self._data) - self.place

    def take(self, length: int) -> bytes:
        """Return the next bytes."""
        if length < 0 or length > self.left:
            raise FormatError("HDF5 metadata ends early", rule="hdf5-malformed")
        self.place += length
        return self._data[self.place - length : self.place]

    def number(self, width: int) -> int:
        """Return the next unsigned number, little-endian."""
        return int.from_bytes(self.take(width), "little")

    def address(self) -> int | None:
        """Return the next address, `None` where it is undefined."""
        raw = self.take(self._file.offset_width)
        return None if raw == b"\xff" * len(raw) else int.from_bytes(raw, "little")

    def length(self) -> int:
        """Return the next length."""
        return self.number(self._file.length_width)

    def expect(self, signature: bytes) -> None:
        """Step over a signature."""
        if self.take(len(signature)) != signature:
            raise FormatError(
                f"HDF5 metadata without its mark {signature.decode()}", rule="hdf5-malformed"
            )


class File:
    """An HDF5 file: where its addresses count from, how wide they are, its root."""

    def __init__(self, view: View, start: int, context: Context) -> None:
        """Read the superblock at byte `start` (II.A); raises `FormatError`."""
        self._view = view
        self._context = context
        # Addresses count from the superblock, whatever base address the file itself says: so
        # does the library (H5Fsuper.c).
        self.base = start
        self.offset_width = self.length_width = 8
        self.driver: int | None = None
        self.extension: int | None = None
        head = Cursor(view.at(start, 512), self)
        head.expect(SIGNATURE)
        version = head.number(1)
        if version > 3:  # noqa: PLR2004 - the newest there is
            raise FormatError(f"HDF5 superblock version {version} is not known", "unsupported")
        root = self._old(head, version) if version < 2 else self._new(head)  # noqa: PLR2004 - as above
        if root is None:
            raise FormatError("the file has no root group", rule="hdf5-malformed")
        self.root = root

    def _widths(self, head: Cursor) -> None:
        self.offset_width, self.length_width = head.number(1), head.number(1)
        if self.offset_width not in _SIZES or self.length_width not in _SIZES:
            raise FormatError("addresses of an unusual width", "unsupported")

    def _old(self, head: Cursor, version: int) -> int | None:
        head.take(4)
        self._widths(head)
        head.take(1 + 4 + 4 + (4 if version else 0))
        head.take(2 * self.offset_width)
        self.end = head.address() or 0
        self.driver = head.address()
        head.take(self.offset_width)
        return head.address()

    def _new(self, head: Cursor) -> int | None:
        self._widths(head)
        head.take(1)
        head.take(self.offset_width)
        self.extension = head.address()
        self.end = head.address() or 0
        return head.address()

    def at(self, address: int, length: int) -> bytes:
        """Return exactly `length` bytes at an address; raises `FormatError`."""
        self._context.budget.step(_READ)
        data = self._view.at(self.base + address, length)
        if len(data) < length:
            raise FormatError(
                f"{length} bytes at address {address} lie beyond the end of the file",
                rule="hdf5-truncated", offset=self.base + address,
            )  # fmt: skip
        return data

    def cursor(self, address: int, length: int) -> Cursor:
        """Return a cursor over bytes of the file."""
        return Cursor(self.at(address, length), self)

    def cursor_up_to(self, address: int, length: int) -> Cursor:
        """Return a cursor over bytes of the file, fewer where it ends."""
        self._context.budget.step(_READ)
        return Cursor(self._view.at(self.base + address, length), self)

    def holds(self, address: int, length: int) -> bool:
        """Return whether a stretch lies within the file."""
        return self.base + address + length <= self._view.size

    def messages(self, address: int) -> Iterator[Message]:
        """Yield the messages of the object header at an address (IV.A.1), with continuations."""
        if self.cursor_up_to(address, 4).take(4) == b"OHDR":
            yield from self._new_header(address)
        else:
            yield from self._old_header(address)

    def _old_header(self, address: int) -> Iterator[Message]:
        prefix = self.cursor(address, 16)
        if prefix.number(1) != 1:
            raise FormatError(f"no object header at address {address}", rule="hdf5-malformed")
        # How many messages it counts is not asked: the library takes all that there are.
        prefix.take(7)
        chunks = [(address + 16, prefix.number(4))]
        for begin, length in _bounded(chunks):
            chunk = self.cursor(begin, length)
            while chunk.left >= 8:  # noqa: PLR2004 - a message's prefix
                kind, size, flags = chunk.number(2), chunk.number(2), chunk.number(1)
                chunk.take(3)
                message = Message(kind, flags, chunk.take(size))
                self._context.budget.step()
                if kind == _CONTINUATION:
                    chunks.append(self._continued(message))
                yield message

    def _new_header(self, address: int) -> Iterator[Message]:
        prefix = self.cursor_up_to(address, 64)
        prefix.expect(b"OHDR")
        if prefix.number(1) != 2:  # noqa: PLR2004 - the newest there is
            raise FormatError("an object header of unknown version", "unsupported")
        flags = prefix.number(1)
        prefix.take((16 if flags & _TIMES else 0) + (4 if flags & _PHASES else 0))
        size = prefix.number(1 << (flags & 3))
        chunks = [(address + prefix.place, size)]
        first = True
        for begin, length in _bounded(chunks):
            chunk = self.cursor(begin, length)
            if not first:
                chunk.expect(b"OCHK")
            # A continuation's length counts its checksum, the first chunk's does not.
            tail = 0 if first else 4
            first = False
            width = 6 if flags & _ORDER else 4
            while chunk.left >= tail + width:
                kind, size, marks = chunk.number(1), chunk.number(2), chunk.number(1)
                chunk.take(width - 4)
                message = Message(kind, marks, chunk.take(size))
                self._context.budget.step()
                if kind == _CONTINUATION:
                    chunks.append(self._continued(message))
                yield message

    def _continued(self, message: Message) -> tuple[int, int]:
        pointer = Cursor(message.data, self)
        address, length = pointer.address(), pointer.length()
        if address is None:
            raise FormatError("a header continues nowhere", rule="hdf5-malformed")
        return address, length


def _bounded(chunks: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Yield the chunks of a header, also those that are found on the way."""
    seen: set[int] = set()
    for begin, length in chunks:
        if begin in seen:
            raise FormatError("a header continues in itself", rule="hdf5-malformed")
        seen.add(begin)
        if len(seen) > _MAX_CHUNKS or length > _MAX_CHUNK:
            raise FormatError("a header is too long", "limit")
        yield begin, length
