"""The lock of model stores: every file and link of them with its digests, in canonical JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from io import BytesIO
from itertools import pairwise, zip_longest
from typing import Literal

import msgspec
from msgspec import Struct

from auditor.errors import DocumentError, UsageError
from auditor.evidence import Tool
from auditor.models.shards import Shard, shard

SCHEMA = "auditor.models-lock/1"
# A million files and their digests are 200 MB of it.
MAX_BYTES = 512 * 1024 * 1024
_DIGEST = re.compile(r"[a-z0-9-]{1,20}:[0-9a-f]{1,200}")
_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")
# A store that is a single file has one entry, of this name.
ITSELF = "."


class Entry(
    Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True, gc=False
):
    """A file or symbolic link of a store; `path` is relative to it, `.` for the store itself.

    Of a file: `size` in bytes and `digests`, one for each algorithm of the lock, and `verity`,
    the digest that the kernel holds it to, where there is one. Of a link: its `target` as
    written, and where it leads: `leads_to` within the store (the path without links), or out of
    it to a file whose `size` and `digests` then stand here, or nowhere.
    """

    path: str
    file_type: Literal["file", "symlink"] = "file"
    size: int = 0
    digests: tuple[str, ...] = ()
    verity: str = ""
    target: str = ""
    leads_to: str = ""


class Store(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A store: `root` as it was named, its totals, and its entries sorted by path."""

    root: str
    files: int
    links: int
    size: int
    entries: tuple[Entry, ...]


class Lock(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The document: `shard` is the part of each store that it holds (`1/1`: all of it)."""

    schema: str
    tool: Tool
    made_at: str
    algorithms: tuple[str, ...]
    shard: str
    stores: tuple[Store, ...]

    @property
    def part(self) -> Shard:
        """Return `shard` as a part."""
        return shard(self.shard)


def store(root: str, entries: list[Entry]) -> Store:
    """Return a store of these entries, sorted and counted."""
    files = [entry for entry in entries if entry.file_type == "file"]
    return Store(
        root=root,
        files=len(files),
        links=len(entries) - len(files),
        size=sum(entry.size for entry in files),
        entries=tuple(sorted(entries, key=lambda entry: entry.path)),
    )


def encode(lock: Lock) -> bytes:
    r"""Return the lock as JSON in ASCII, an entry a line: the same bytes for the same lock.

    Names that are no UTF-8 are kept in surrogates (PEP 383), as JSON writes them: `\udcff`.
    """
    text = bytearray()
    for line in _lines(lock):
        text += line
    return bytes(text)


def _lines(lock: Lock) -> Iterator[bytes]:
    """Yield the lines of the document, ends included."""
    yield b"{\n"
    yield _field("schema", lock.schema)
    yield _field("tool", {"name": lock.tool.name, "version": lock.tool.version})
    yield _field("made_at", lock.made_at)
    yield _field("algorithms", list(lock.algorithms))
    yield _field("shard", lock.shard)
    yield b' "stores": [\n'
    for number, one in enumerate(lock.stores):
        head = {"root": one.root, "files": one.files, "links": one.links, "size": one.size}
        yield b"  " + _json(head)[:-1] + b',"entries":[\n'
        last = len(one.entries) - 1
        for place, entry in enumerate(one.entries):
            yield b"   " + _entry(entry) + (b",\n" if place < last else b"\n")
        yield b"  ]}" + (b",\n" if number < len(lock.stores) - 1 else b"\n")
    yield b" ]\n"
    yield b"}\n"


def _field(name: str, value: object) -> bytes:
    return f" {json.dumps(name)}: ".encode() + _json(value) + b",\n"


def _entry(entry: Entry) -> bytes:
    """Return an entry as JSON; where all is plain ASCII msgspec writes the same, much faster."""
    plain = f"{entry.path}{entry.target}{entry.leads_to}"
    if plain.isascii() and plain.isprintable():
        return msgspec.json.encode(entry)
    return _json(msgspec.to_builtins(entry))


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=True, separators=(",", ":")).encode("ascii")


def decode(data: bytes, *, where: str = "") -> Lock:
    """Return the lock in `data`; raises `DocumentError` for one that this toolkit did not write.

    Only the canonical bytes are taken: nobody reads another lock in them than is read here.
    """
    try:
        lock = _read(data)
    except (ValueError, msgspec.MsgspecError, RecursionError) as error:
        raise DocumentError(
            f"this is no lock of model stores: {error}"[:300], where=where
        ) from error
    if lock.schema != SCHEMA:
        raise DocumentError(
            f"the lock has schema {lock.schema!r:.80}, this toolkit reads {SCHEMA}",
            where=where,
            hint="Read it with the toolkit that wrote it, or a newer one",
        )
    problem = next(_problems(lock), "")
    if not problem and not all(
        here == there for here, there in zip_longest(_lines(lock), BytesIO(data))
    ):
        problem = "it is not written as this toolkit writes it"
    if problem:
        raise DocumentError(f"the lock does not hold: {problem}", where=where)
    return lock


def _read(data: bytes) -> Lock:
    try:
        return msgspec.json.decode(data, type=Lock)
    except msgspec.ValidationError:
        raise
    except (msgspec.DecodeError, UnicodeDecodeError):
        # Only the standard library reads names that are no UTF-8.
        return msgspec.convert(json.loads(data), Lock)


def _problems(lock: Lock) -> Iterator[str]:
    """Yield what a lock says that cannot be so."""
    if not _TIME.fullmatch(lock.made_at):
        yield "its time is none"
    if not lock.algorithms or len(set(lock.algorithms)) != len(lock.algorithms):
        yield "it names no algorithm, or one twice"
    if not _is_part(lock.shard):
        yield f"{lock.shard!r:.40} is no part of a store"
        return
    roots = [one.root for one in lock.stores]
    if not roots or len(set(roots)) != len(roots):
        yield "it names no store, or one twice"
    for one in lock.stores:
        yield from _problems_of(one, lock)


def _is_part(text: str) -> bool:
    try:
        return str(shard(text)) == text
    except UsageError:
        return False


def _problems_of(one: Store, lock: Lock) -> Iterator[str]:
    paths = [entry.path for entry in one.entries]
    if any(here >= after for here, after in pairwise(paths)):
        yield "its entries are not sorted, or one is there twice"
    if one != store(one.root, list(one.entries)):
        yield "its totals are not those of its entries"
    for entry in one.entries:
        for problem in _problems_with(entry, lock):
            yield f"{entry.path!r:.100}: {problem}"


def _problems_with(entry: Entry, lock: Lock) -> Iterator[str]:
    names = tuple(digest.partition(":")[0] for digest in entry.digests)
    told = (*entry.digests, entry.verity) if entry.verity else entry.digests
    if entry.path != ITSELF and not _is_below(entry.path):
        yield "no path below a store"
    if not lock.part.holds(entry.path):
        yield "it belongs to another part of the store"
    if not all(_DIGEST.fullmatch(digest) for digest in told):
        yield "a digest that is none"
    if names not in ((), lock.algorithms) or entry.size < 0 or (entry.size and not names):
        yield "a size or digests that are not all there"
    if entry.file_type == "file" and (entry.target or entry.leads_to or not names):
        yield "a file that is not hashed, or leads somewhere"
    if entry.file_type == "symlink" and (entry.verity or not entry.target):
        yield "a link that names no target"
    if entry.leads_to and (names or not (entry.leads_to == ITSELF or _is_below(entry.leads_to))):
        yield "it leads out of the store and stays in it"


def _is_below(path: str) -> bool:
    return "\0" not in path and all(part not in ("", ".", "..") for part in path.split("/"))
