"""Walks through an HDF5 file: every object once, its attributes, and what leads out of the file."""

from __future__ import annotations

import math
from collections.abc import Iterator

from auditor.evidence.models import Verdict, VerdictReason
from auditor.formats import Context, FormatError, Memory
from auditor.formats import _hdf5_links as links
from auditor.formats import _hdf5_types as types
from auditor.formats._hdf5_file import Cursor, File, Message
from auditor.formats._hdf5_heap import dense_objects

MAX_OBJECTS = 100_000
_MAX_PATH = 300
_MAX_REASONS = 200
_LINK_INFO, _LINK, _TABLE = 2, 6, 0x11
_LAST_KNOWN = 0x18
_MUST_BE_KNOWN = 0x88
_VIRTUAL, _CONTIGUOUS = 3, 1
# Filters that the library has (H5Zpublic.h); a larger number loads a plug-in.
_LAST_OWN_FILTER = 255
_PICKLE_PROTOCOLS = (2, 3, 4, 5)


class Walk:
    """What one pass over a file found."""

    def __init__(self, file: File, context: Context) -> None:
        """Start with nothing."""
        self._file = file
        self._context = context
        self.attributes: dict[str, bytes] = {}
        self.elements: dict[str, int] = {}
        self.datasets = 0
        self.groups: set[str] = set()
        self.reasons: dict[VerdictReason, None] = {}

    def run(self) -> None:
        """Visit every object that can be reached from the root.

        One that cannot be read is a reason, and the others are visited all the same; raises
        `FormatError` at a limit.
        """
        waiting = [("", self._file.root)]
        seen: set[int] = set()
        while waiting:
            path, address = waiting.pop()
            if address in seen:
                continue
            seen.add(address)
            if len(seen) > MAX_OBJECTS:
                raise FormatError(f"more than {MAX_OBJECTS} objects", "limit", rule="limit-objects")
            try:
                waiting.extend(self._visit(path, address))
            except FormatError as error:
                if error.rule.startswith("limit"):
                    raise
                self._unreadable(path, error)

    def _visit(self, path: str, address: int) -> Iterator[tuple[str, int]]:
        """Judge one object, and yield those that it leads to."""
        messages = list(self._file.messages(address))
        for link in self._links(messages):
            inner = f"{path}/{link.name}"[-_MAX_PATH:]
            self._leads_out(link, inner)
            if not path:
                self.groups.add(link.name)
            if link.address is not None:
                yield inner, link.address
        self._object(path, messages)

    def _unreadable(self, path: str, error: FormatError) -> None:
        verdict: Verdict = "malformed" if error.reason == "malformed" else "not-inspectable"
        rule = error.rule or f"hdf5-{error.reason}"
        detail = f"{path or '/'}: {error.detail}"
        self._keep(self._context.reason(rule, verdict, detail, offset=error.offset))

    def _links(self, messages: list[Message]) -> Iterator[links.Link]:
        for message in messages:
            if message.kind == _TABLE:
                yield from links.of_symbol_table(message.data, self._file)
            elif message.kind == _LINK_INFO:
                yield from links.of_link_info(message.data, self._file)
            elif message.kind == _LINK:
                yield links.of_message(types.shared(message, self._file), self._file)

    def _leads_out(self, link: links.Link, path: str) -> None:
        if link.external is not None:
            self._dangerous(
                "hdf5-external", f"{path} is a link to the file {link.external[:100]!a}"
            )
        elif link.is_unknown:
            self._add("hdf5-user-link", "unlisted", f"{path} is a link of a program's own kind")

    def _object(  # noqa: C901 - one case a kind of message (IV.A.2)
        self, path: str, messages: list[Message]
    ) -> None:
        space = kind = None
        for message in messages:
            match message.kind:
                case 1:
                    space = types.shape(types.shared(message, self._file), self._file)
                case 3:
                    kind = types.datatype(types.shared(message, self._file), self._file)
                case 7:
                    where = _external_file(message.data, self._file)
                    self._dangerous("hdf5-external", f"{path} is read from the file {where!a}")
                case 8:
                    self._layout(path, message)
                case 0xB:
                    self._filters(path, message)
                case 0xC:
                    self._attribute(path, types.shared(message, self._file))
                case 0x15:
                    self._dense_attributes(path, message)
                case unknown if unknown > _LAST_KNOWN and message.flags & _MUST_BE_KNOWN:
                    detail = f"{path} has a message of the unknown kind {unknown}"
                    self._add("hdf5-unknown-message", "not-inspectable", detail)
        if space is not None and kind is not None:
            self.datasets += 1
            top = path.split("/", 2)[1] if path else ""
            if not top.startswith("optimizer"):
                self.elements[kind.name] = self.elements.get(kind.name, 0) + math.prod(space)

    def _layout(self, path: str, message: Message) -> None:
        cursor = Cursor(message.data, self._file)
        version = cursor.number(1)
        if not 1 <= version <= 5:  # noqa: PLR2004 - the versions there are
            raise FormatError(f"a data layout of version {version}", "unsupported")
        if version < 3:  # noqa: PLR2004 - the rank stands first in old ones
            cursor.take(1)
        layout = cursor.number(1)
        if layout > _VIRTUAL:
            raise FormatError(f"a data layout of the unknown class {layout}", "unsupported")
        if layout == _VIRTUAL:
            self._dangerous("hdf5-external", f"{path} is put together from other files")
        elif layout == _CONTIGUOUS and version >= 3:  # noqa: PLR2004 - as above
            address = cursor.address()
            if address is not None and not self._file.holds(address, cursor.length()):
                detail = f"{path} lies beyond the end of the file"
                self._add("hdf5-truncated", "malformed", detail)

    def _filters(self, path: str, message: Message) -> None:
        cursor = Cursor(types.shared(message, self._file), self._file)
        version, count = cursor.number(1), cursor.number(1)
        if version == 1:
            cursor.take(6)
        for _ in range(count):
            number = cursor.number(2)
            has_name = version == 1 or number > _LAST_OWN_FILTER
            name = cursor.number(2) if has_name else 0
            cursor.take(2)
            values = cursor.number(2)
            padded = -(-name // 8) * 8 if version == 1 else name
            cursor.take(padded + 4 * values + (4 if version == 1 and values % 2 else 0))
            if number > _LAST_OWN_FILTER:
                detail = f"{path} needs the plug-in {number} to be read"
                self._add("hdf5-filter-plugin", "unlisted", detail)

    def _dense_attributes(self, path: str, message: Message) -> None:
        cursor = Cursor(message.data, self._file)
        if cursor.number(1):
            raise FormatError("attribute storage of unknown version", "unsupported")
        if cursor.number(1) & 1:
            cursor.take(2)
        heap, index = cursor.address(), cursor.address()
        if heap is None:
            return
        if index is None:
            raise FormatError("attributes without an index", rule="hdf5-malformed")
        for data in dense_objects(heap, index, self._file, id_at=0):
            self._attribute(path, data)

    def _attribute(self, path: str, data: bytes) -> None:
        name, value = types.attribute(data, self._file)
        if value is None:
            return
        if not path or name in ("model_config", "training_config"):
            self.attributes.setdefault(name, value)
        where = f"{path}@{name}"[-_MAX_PATH:]
        if name == "PSEUDOATOM" and value == b"object":
            detail = f"{path} holds pickles, which PyTables loads when they are read"
            self._add("hdf5-pickled-objects", "not-inspectable", detail)
        if _is_like_pickle(value):
            found = self._context.nested(Memory(value), where)
            detail = f"{where} is a pickle, which PyTables loads when it is read"
            self._add("hdf5-pickled-attribute", "not-inspectable", detail)
            for reason in found.reasons if found else ():
                self._keep(reason)

    def _dangerous(self, rule: str, detail: str) -> None:
        self._keep(self._context.reason(rule, "dangerous", detail))

    def _add(self, rule: str, verdict: Verdict, detail: str) -> None:
        self._keep(self._context.reason(rule, verdict, detail))

    def _keep(self, reason: VerdictReason) -> None:
        if len(self.reasons) < _MAX_REASONS or reason.verdict == "dangerous":
            self.reasons[reason] = None


def _is_like_pickle(value: bytes) -> bool:
    if value[:1] == b"\x80":
        return value[1:2] in map(bytes, zip(_PICKLE_PROTOCOLS))
    return value[:1] in (b"(", b"c") and b"\n" in value and value.rstrip(b"\0")[-1:] == b"."


def _external_file(data: bytes, file: File) -> str:
    """Return the first file that a dataset's values lie in (IV.A.2.h)."""
    cursor = Cursor(data, file)
    cursor.take(8)
    heap = cursor.address()
    offset = cursor.length() if cursor.left >= file.length_width else 0
    return links.name_in_heap(heap, offset, file) if heap is not None else ""
