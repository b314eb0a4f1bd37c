"""A store in memory: files and links from a dict, looked at by the layouts alone."""

from __future__ import annotations

import posixpath
from pathlib import Path

import pytest

from auditor.stores import Contents, File, Folder, Link, Odd, Told, joined, look

ROOT = "/store"


class Memory:
    """A store whose files are known; `beside` are files outside it, with their modes."""

    def __init__(self, files, beside=None):
        self._files = {f"{ROOT}/{path}": data for path, data in files.items()}
        self._beside = beside or {}
        self.contents = _contents(self._files)

    def read(self, path, limit):
        file = self.contents.at(path)
        if file is None:
            return None
        data = _bytes(self._files[file.path])
        return data if len(data) <= limit else None

    def digests(self, path):
        return None

    def beside(self, path):
        return self._beside.get(path)


def _bytes(data):
    return data if isinstance(data, bytes) else data.encode()


def _contents(files):
    folders = {ROOT: ([], [], set())}
    for path, data in sorted(files.items()):
        folder, _, name = path.rpartition("/")
        inner = folder
        while inner not in folders:
            folders[inner] = ([], [], set())
            inner = posixpath.dirname(inner)
        while folder != ROOT and folder:
            above, _, last = folder.rpartition("/")
            folders[above][2].add(last)
            folder = above
        folder = posixpath.dirname(path)
        if isinstance(data, Path):
            end = posixpath.normpath(posixpath.join(folder, str(data)))
            state = "inside" if end in files else "outside"
            if state == "outside" and end.startswith(f"{ROOT}/"):
                state = "dangling"
            folders[folder][1].append(Link(folder, name, str(data), state, end))
        else:
            folders[folder][0].append(File(joined(folder, name), len(_bytes(data))))
    return Contents(
        root=ROOT,
        folders={
            path: Folder(
                path=path,
                mode=0o755,
                files=tuple(sorted(held, key=lambda file: file.name)),
                links=tuple(links),
                folders=tuple(sorted(names)),
            )
            for path, (held, links, names) in folders.items()
        },
    )


@pytest.fixture
def found():
    """Return `run(files, beside=None) -> everything the layouts find`."""
    return lambda files, beside=None: list(look(Memory(files, beside)))


@pytest.fixture
def odd(found):
    """Return `run(files, beside=None) -> {(anomaly, path)}`, paths below the store."""

    def run(files, beside=None):
        return {
            (one.anomaly, one.path.removeprefix(f"{ROOT}/"))
            for one in found(files, beside)
            if isinstance(one, Odd)
        }

    return run


@pytest.fixture
def told(found):
    """Return `run(files) -> {path below the store: facts}` of what is told."""

    def run(files):
        facts = {}
        for one in found(files):
            if isinstance(one, Told):
                path = one.path.removeprefix(ROOT).lstrip("/")
                facts[path] = facts[path].over(one.facts) if path in facts else one.facts
        return facts

    return run
