"""Models in several files: what their index or their names promise, and what is there."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator

from auditor.stores import Folder, Found, Odd, Store, StoreLayout, joined, odd, within
from auditor.stores._documents import INDEX_LIMIT, json_of, mapping, number

_INDEX = re.compile(r".*\.(?:safetensors|bin|msgpack|h5)\.index(?:\.[\w-]+)?\.json")
# `model-00001-of-00003.safetensors` and llama.cpp's splits of GGUF files.
_SHARD = re.compile(r"(?P<stem>.+)-(?P<number>\d{5})-of-(?P<count>\d{5})(?P<suffix>\.\w+)")
_NAMED = 5
_MOST_PARTS = 10_000


def _recognises(folder: Folder) -> bool:
    return any("-of-" in name or ".index." in name for name in folder.names())


def _look(folder: Folder, store: Store) -> Iterator[Found]:
    indexed: set[str] = set()
    for name in folder.names():
        if _INDEX.fullmatch(name):
            path = joined(folder.path, name)
            document = json_of(store, path, INDEX_LIMIT)
            if isinstance(document, Odd):
                yield document
            elif document is not None:
                named = _named(document)
                indexed |= named
                yield from _against(folder, store, path, named)
                yield from _size(folder, store, path, named, document)
    yield from _by_name(folder, indexed)


def _named(document: dict[str, object]) -> set[str]:
    """Return the files that an index names; what is no name is a name of nothing."""
    names = mapping(document.get("weight_map")).values()
    return {name if isinstance(name, str) else "(no name)" for name in names}


def _against(folder: Folder, store: Store, path: str, named: set[str]) -> Iterator[Odd]:
    if not named:
        yield odd(path, "index-mismatch", "it names no files")
    outside = sorted(name for name in named if not within(folder.path, name))
    if outside:
        yield odd(path, "external-escaping", f"it names {_some(outside)}")
    inside = {name: within(folder.path, name) for name in named.difference(outside)}
    missing = sorted(name for name, at in inside.items() if not _there(store, at))
    if missing:
        yield odd(path, "index-mismatch", f"not there: {_some(missing)}")
    patterns = {_family(name) for name in named} - {""}
    extra = sorted(
        name for name in folder.names() if _family(name) in patterns and name not in named
    )
    if extra:
        yield odd(path, "index-mismatch", f"there, but not in the index: {_some(extra)}")


def _there(store: Store, path: str) -> bool:
    """Return whether there is something at a path; a link that leads out is told by itself."""
    folder, _, name = path.rpartition("/")
    found = store.contents.folder(folder or "/")
    if found is None:
        return False
    link = found.link(name)
    return found.file(name) is not None or (link is not None and link.state != "dangling")


def _size(
    folder: Folder, store: Store, path: str, named: set[str], document: dict[str, object]
) -> Iterator[Odd]:
    """Yield that the files are smaller than the tensors that the index says they hold."""
    promised = number(mapping(document.get("metadata")).get("total_size"))
    files = [store.contents.at(within(folder.path, name)) for name in sorted(named)]
    sizes = [file.size for file in files if file is not None]
    if len(sizes) == len(named) and sum(sizes) < promised:
        detail = f"it tells of {promised} bytes of tensors, the files have {sum(sizes)}"
        yield odd(path, "index-mismatch", detail)


def _by_name(folder: Folder, indexed: set[str]) -> Iterator[Odd]:
    """Yield the parts that names alone promise (`-00002-of-00003`) and that are not there."""
    parts: dict[tuple[str, str, str], set[int]] = defaultdict(set)
    for name in folder.names():
        shard = _SHARD.fullmatch(name)
        if shard is not None and name not in indexed:
            key = (shard["stem"], shard["count"], shard["suffix"])
            parts[key].add(int(shard["number"]))
    for (stem, count, suffix), numbers in sorted(parts.items()):
        expected = range(1, min(int(count), _MOST_PARTS) + 1)
        # Data sets count their parts from 0, models from 1.
        first = 0 if 0 in numbers else 1
        missing = [n for n in expected if n - 1 + first not in numbers]
        if missing:
            names = [f"{stem}-{n - 1 + first:05}-of-{count}{suffix}" for n in missing]
            whole = joined(folder.path, f"{stem}-{min(numbers):05}-of-{count}{suffix}")
            yield odd(whole, "index-mismatch", f"not there: {_some(names)}")


def _family(name: str) -> str:
    shard = _SHARD.fullmatch(name)
    return f"{shard['stem']} {shard['suffix']}" if shard else ""


def _some(names: list[str]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(name[:100] for name in names[:_NAMED]) + more


LAYOUT = StoreLayout(title="Models in several files", recognises=_recognises, look=_look, rank=6)
