"""Files and folders of a store that others than their owner may write."""

from __future__ import annotations

from collections.abc import Iterator

from auditor.stores import File, Folder, Found, Odd, Store, StoreLayout, odd

_GROUP = 0o020
_OTHERS = 0o002
_STICKY = 0o1000
_NAMED = 5
_WHO = ((_OTHERS, "everyone"), (_GROUP, "the group"))


def _look(folder: Folder, _store: Store) -> Iterator[Found]:
    yield from _folder(folder)
    for bit, who in _WHO:
        names = [f.name for f in folder.files if _who(f.mode) == bit and not _is_lock(f)]
        if names:
            path = f"{folder.path}/{names[0]}" if len(names) == 1 else folder.path
            more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
            detail = f"{who} may write {', '.join(names[:_NAMED])}{more}"
            yield odd(path, "writable", detail)


def _folder(folder: Folder) -> Iterator[Odd]:
    bit = _who(folder.mode)
    if bit:
        what = "add files" if folder.mode & _STICKY else "add, remove and replace files"
        who = dict(_WHO)[bit]
        yield odd(folder.path, "writable", f"{who} may {what} here, mode {folder.mode:04o}")


def _is_lock(file: File) -> bool:
    """Return whether a file is an empty lock: the hub's client has the group write its own."""
    return not file.size and file.name.endswith(".lock")


def _who(mode: int) -> int:
    """Return the widest right to write that a mode gives beyond its owner's, 0 for none."""
    return mode & _OTHERS or mode & _GROUP


def _recognises(folder: Folder) -> bool:
    return bool(_who(folder.mode)) or any(_who(file.mode) for file in folder.files)


LAYOUT = StoreLayout(title="What others may write", recognises=_recognises, look=_look, rank=8)
