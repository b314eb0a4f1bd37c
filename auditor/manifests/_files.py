"""Finds and reads manifest files: the only place of this package that touches a disk."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct

from auditor.errors import UsageError
from auditor.evidence import GapReason
from auditor.evidence.paths import recordable

MAX_BYTES = 16 * 1024 * 1024
MAX_ENTRIES = 100_000
MAX_DEPTH = 40

_VERSION_CONTROL = frozenset({".git", ".hg", ".svn", ".bzr", "CVS", "_darcs"})
_MANIFEST = re.compile(r"\.(ya?ml|json)$", re.IGNORECASE)
_TEMPLATE = re.compile(r"\.(ya?ml|json)\.(j2|jinja2?|tpl|tmpl|gotmpl|erb|mustache)$", re.IGNORECASE)
_KUSTOMIZATION = frozenset({"kustomization.yaml", "kustomization.yml", "Kustomization"})


class Found(Struct, frozen=True, kw_only=True):
    """A file to be listed: `shown` as named on the command line, `reason` why it is not read.

    `passed_over` says why there is nothing to read in it (a link to a file judged elsewhere).
    """

    path: Path
    shown: str
    named: bool
    reason: GapReason | None = None
    why: str = ""
    passed_over: str = ""


class Refused(Struct, frozen=True, kw_only=True):
    """A file that could not be read."""

    reason: GapReason
    why: str


class Walk(Struct, frozen=True, kw_only=True):
    """The files found, sorted within each named path; `others` counts those of other types."""

    found: tuple[Found, ...]
    others: int


def shown(path: Path) -> str:
    r"""Return a path as text with `/`: bytes that are no UTF-8 become `\xNN`."""
    return recordable(path.as_posix())


def find(paths: tuple[Path, ...]) -> Walk:
    """Return every file named, and every YAML or JSON file below every folder named.

    Raises `UsageError` where a named path does not exist.
    """
    found: dict[str, Found] = {}
    others = 0
    for named in paths:
        if not os.path.lexists(named):
            raise UsageError(f"there is no such file or folder: {shown(named)}")
        for item in _under(named):
            if item is None:
                others += 1
            else:
                found.setdefault(_identity(item), item)
    return Walk(found=tuple(found.values()), others=others)


def _identity(item: Found) -> str:
    """Return what tells a file from others; a link in a folder is not what it leads to."""
    if item.named:
        return os.path.realpath(item.path)
    return os.path.join(os.path.realpath(item.path.parent), item.path.name)  # noqa: PTH118 - text


def _under(named: Path) -> Iterator[Found | None]:
    """Yield the files that a named path stands for; `None` for one of another type."""
    try:
        is_folder = named.is_dir()
    except OSError:
        is_folder = False
    if not is_folder:
        yield _judged_name(named, named=True)
        return
    root = os.path.realpath(named)
    yield from _folder(named, root, depth=0, budget=[MAX_ENTRIES])


def _folder(folder: Path, root: str, *, depth: int, budget: list[int]) -> Iterator[Found | None]:
    """Yield what lies in a folder, sub-folders last, each in the order of its bytes."""
    if depth > MAX_DEPTH:
        why = f"folders lie more than {MAX_DEPTH} deep"
        yield Found(path=folder, shown=shown(folder), named=False, reason="limit", why=why)
        return
    try:
        with os.scandir(folder) as scan:
            entries = sorted(scan, key=lambda entry: os.fsencode(entry.name))
    except OSError as error:
        refused = _refused(error)
        yield Found(
            path=folder, shown=shown(folder), named=False, reason=refused.reason, why=refused.why
        )
        return
    folders = []
    for entry in entries:
        budget[0] -= 1
        if budget[0] < 0:
            why = f"more than {MAX_ENTRIES} files: name a smaller folder"
            yield Found(path=folder, shown=shown(folder), named=False, reason="limit", why=why)
            return
        path = folder / entry.name
        if entry.is_symlink():
            yield _linked(path, root)
        elif entry.is_dir(follow_symlinks=False):
            if entry.name not in _VERSION_CONTROL:
                folders.append(path)
        elif _is_candidate(entry.name):
            yield _judged_name(path, named=False)
        else:
            yield None
    for path in folders:
        yield from _folder(path, root, depth=depth + 1, budget=budget)


def _is_candidate(name: str) -> bool:
    return bool(_MANIFEST.search(name) or _TEMPLATE.search(name)) or name in _KUSTOMIZATION


def _judged_name(path: Path, *, named: bool) -> Found:
    """Return a file; a template or kustomization is not what will be deployed."""
    why = ""
    if _TEMPLATE.search(path.name):
        why = "a template that is not rendered (render it and judge the output)"
    elif path.name in _KUSTOMIZATION:
        why = "a kustomization may change what is deployed (judge the output of its build)"
    return Found(
        path=path, shown=shown(path), named=named, reason="unsupported" if why else None, why=why
    )


def _linked(path: Path, root: str) -> Found | None:
    """Return a symbolic link in a folder: it is never followed, its target may be judged."""
    target = os.path.realpath(path)
    base = root.rstrip("/") + "/"
    is_folder = Path(target).is_dir()
    is_file = Path(target).is_file() and _is_candidate(Path(target).name)
    hidden = not _VERSION_CONTROL.isdisjoint(Path(target.removeprefix(base)).parts)
    if (target + "/").startswith(base) and not hidden and (is_folder or is_file):
        why = "a symbolic link to what is judged under its own name"
        # The link's own path, so that its target is not taken for a file seen before.
        return Found(path=path, shown=shown(path), named=False, passed_over=why)
    if is_folder or _is_candidate(path.name):
        why = "a symbolic link that leads elsewhere is not followed (name its target)"
        return Found(path=path, shown=shown(path), named=False, reason="unsupported", why=why)
    return None


def read(found: Found) -> bytes | Refused:
    """Return a regular file's bytes; never waits for a FIFO, never reads beyond the limit."""
    flags = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
    if not found.named:
        flags |= os.O_NOFOLLOW
    try:
        descriptor = os.open(found.path, flags)
        with os.fdopen(descriptor, "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                return Refused(reason="unsupported", why="not a regular file")
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        return _refused(error)
    if len(data) > MAX_BYTES:
        return Refused(reason="limit", why=f"larger than {MAX_BYTES} bytes")
    return data


def _refused(error: OSError) -> Refused:
    """Return why the system refused."""
    if isinstance(error, PermissionError):
        return Refused(reason="denied", why="permission denied")
    if isinstance(error, FileNotFoundError):
        return Refused(reason="absent", why="it is not there any more, or a link leads nowhere")
    return Refused(reason="unsupported", why=error.strerror or "cannot be read")
