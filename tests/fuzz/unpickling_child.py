"""Unpickles what it is given, in a sandbox, and tells which globals the stream asked for.

Run alone: `python -I -S unpickling_child.py`. Requests on standard input are a length (4 bytes,
big endian) and a stream. The stream is loaded by CPython's own C unpickler in each of `MODES`;
`find_class` imports nothing: it writes down what was asked for and gives an inert class. The
answer goes to standard output as JSON lines: `{"mode"}`, `{"asked": [module, name, offset]}` and,
once, `{"called": true}` as they happen, so that a crash loses nothing, then `{"loaded": true}` or
`{"error": text}`, and `{"done": true}`. Limits of time, memory and file size end a stream that
wants too much; an attempt to open, import, connect or start something ends the process with 77.
"""

from __future__ import annotations

import _pickle
import io
import json
import os
import resource
import sys

ESCAPED = 77
MEMORY = 1 << 30
SECONDS = 2
MAX_ASKED = 20_000
# What the loading of a pickle itself announces, and what no harm can come of. The hook for
# exceptions is told of those that the interpreter prints when a broken bytearray is thrown away.
_HARMLESS = ("pickle.find_class", "object.__", "gc.", "sys.excepthook", "sys.unraisablehook")


class _Accepts:
    """Takes whatever a pickle does to a class or an object, and does nothing."""

    def append(self, item): ...

    def extend(self, items): ...

    def add(self, item): ...

    def __setitem__(self, key, item): ...

    def __setstate__(self, state): ...


class _Kind(_Accepts, type):
    """The type of inert classes, so that they bear themselves what their objects bear."""


class Inert(_Accepts, metaclass=_Kind):
    """Stands for every class and function; its objects can be called as well."""

    def __new__(cls, *args, **kwargs):
        _called()
        return object.__new__(cls)

    def __init__(self, *args, **kwargs): ...

    def __call__(self, *args, **kwargs):
        _called()
        return Inert()

    def __iter__(self):
        return iter(())


class _Bare:
    """A file that cannot be looked ahead into: the loader reads what it needs, no more."""

    def __init__(self, data: bytes) -> None:
        self._file = io.BytesIO(data)
        self.tell = self._file.tell

    def read(self, size: int = -1) -> bytes:
        return self._file.read(size)

    def readline(self) -> bytes:
        return self._file.readline()


class _Ahead(io.BufferedReader):
    """A file whose whole content can be looked at before it is read, so that its place is not told."""

    def __init__(self, data: bytes) -> None:
        super().__init__(io.BytesIO(data), buffer_size=len(data) + 1)
        self.tell = lambda: len(data)


# The three ways in which the C unpickler fills its buffer; frames come out differently.
MODES = {"bare": _Bare, "memory": io.BytesIO, "ahead": _Ahead}


# Not empty while a stream is loaded: nothing that happens then is the child's own doing.
loading: list[str] = []
called: list[bool] = []


def _tell(answer: dict) -> None:
    os.write(1, json.dumps(answer).encode() + b"\n")


class _Trap(_pickle.Unpickler):
    """Asks for nothing: writes down what would have been imported, and where."""

    def __init__(self, file) -> None:
        # Text of Python 2 as the most patient loader takes it: every byte is a letter.
        super().__init__(file, encoding="latin1", buffers=None)
        self._tell = file.tell
        self._asked = 0

    def find_class(self, module, name):
        self._asked += 1
        if self._asked > MAX_ASKED:
            raise ValueError("asks for too much")
        _tell({"asked": [str(module), str(name), self._tell()]})
        return Inert

    def persistent_load(self, reference):
        _tell({"reference": True})
        return object.__new__(Inert)


def _called() -> None:
    if not called:
        called.append(True)
        _tell({"called": True})


def _limit() -> None:
    used = resource.getrusage(resource.RUSAGE_SELF)
    spent = int(used.ru_utime + used.ru_stime) + 1
    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    resource.setrlimit(resource.RLIMIT_CPU, (spent + SECONDS, hard))


def _one(mode: str, data: bytes) -> None:
    _tell({"mode": mode})
    _limit()
    trap = _Trap(MODES[mode](data))
    called.clear()
    loading.append(mode)
    try:
        trap.load()
    except Exception as error:  # noqa: BLE001 - whatever a stream raises is an answer
        _tell({"error": f"{type(error).__name__}: {str(error)[:200]}"})
    else:
        _tell({"loaded": True})
    finally:
        loading.clear()


def _guard(event: str, args: tuple) -> None:
    if loading and not event.startswith(_HARMLESS):
        os.write(1, b'{"escaped": "%s"}\n' % event.encode())
        os._exit(ESCAPED)


def main() -> None:
    source = sys.stdin.buffer
    "\udc80".encode(
        "utf-8", "replace"
    )  # the codecs that json needs are looked up before the gate shuts
    json.dumps({"a": "\udc80", "b": 1.5})
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    sys.setrecursionlimit(500)
    sys.addaudithook(_guard)
    while len(head := source.read(4)) == 4:
        data = source.read(int.from_bytes(head, "big"))
        for mode in MODES:
            _one(mode, data)
        _tell({"done": True})


if __name__ == "__main__":
    main()
