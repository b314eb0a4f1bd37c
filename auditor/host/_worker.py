"""Reads from mounts that may hang, in a forked child that can be killed."""

from __future__ import annotations

import os
import select
import signal
import threading
import time
import warnings
from collections.abc import Callable

import msgspec
from msgspec import Struct

from auditor.evidence.base import GapReason
from auditor.host import Absent, Stat, Unreadable

DEADLINE = 2.0
_LENGTH = 8
_REAP = 0.2
# What this process holds of the pipes to its workers. A worker that kept another's end would
# keep that one alive when this process dies.
_PARENTS_ENDS: set[int] = set()
_FORKING = threading.Lock()


class Question(Struct, frozen=True, array_like=True):
    """What the child is asked: an operation of `Host`, the path, and its options."""

    operation: str
    path: bytes
    limit: int = 0
    head: bool = False
    offset: int = 0
    names: tuple[str, ...] = ()


class Reply(Struct, frozen=True, array_like=True):
    """What the child answers: one of the fields, or the reason why not."""

    data: bytes = b""
    names: tuple[bytes, ...] = ()
    stat: Stat | None = None
    reason: GapReason | None = None
    detail: str = ""
    size: int = 0


Answer = Callable[[Question], Reply]


class Worker:
    """One child, asked in turn; a question that it does not answer in time kills it.

    The child is a copy of this process (fork(2), no exec): it runs nothing but `answer`. It
    dies with its parent, whose end of the pipe then closes. Killing works on a dead NFS or FUSE
    server (their waits are killable); a child that cannot die is left behind, not waited for.
    """

    def __init__(self, answer: Answer, *, deadline: float = DEADLINE) -> None:
        """Keep the function that the child runs; it is started at the first question."""
        self._answer = answer
        self._deadline = deadline
        self._child: tuple[int, int, int] | None = None

    def ask(self, question: Question, asked: str) -> Reply:
        """Return the child's reply; raises `Unreadable` (timeout, or as the child says)."""
        if self._child is None:
            self._child = _start(self._answer)
        _, write_end, read_end = self._child
        try:
            _send(write_end, msgspec.msgpack.encode(question))
            raw = _receive(read_end, time.monotonic() + self._deadline)
            reply = msgspec.msgpack.decode(raw, type=Reply)
        except TimeoutError as error:
            self.close()
            raise Unreadable(
                asked, "timeout", f"the file system did not answer within {self._deadline:g} s"
            ) from error
        except (OSError, EOFError, msgspec.MsgspecError) as error:
            self.close()
            raise Unreadable(asked, "crashed", "the reader of slow mounts broke off") from error
        if reply.reason == "absent":
            raise Absent(asked)
        if reply.reason is not None:
            raise Unreadable(asked, reply.reason, reply.detail)
        return reply

    def close(self) -> None:
        """Kill the child, if there is one."""
        if self._child is None:
            return
        child, write_end, read_end = self._child
        self._child = None
        with _FORKING:
            _PARENTS_ENDS.difference_update((write_end, read_end))
            os.close(write_end)
            os.close(read_end)
        os.kill(child, signal.SIGKILL)
        until = time.monotonic() + _REAP
        while os.waitpid(child, os.WNOHANG)[0] == 0 and time.monotonic() < until:
            time.sleep(0.002)


def _start(answer: Answer) -> tuple[int, int, int]:
    with _FORKING:
        from_parent, to_child = os.pipe()
        from_child, to_parent = os.pipe()
        with warnings.catch_warnings():
            # Python 3.12 warns of forking beside threads: the child takes no lock of theirs.
            warnings.simplefilter("ignore", DeprecationWarning)
            child = os.fork()
        if child == 0:
            for end in (to_child, from_child, *_PARENTS_ENDS):
                os.close(end)
            _serve(answer, from_parent, to_parent)
        os.close(from_parent)
        os.close(to_parent)
        _PARENTS_ENDS.update((to_child, from_child))
    return child, to_child, from_child


def _serve(answer: Answer, read_end: int, write_end: int) -> None:
    """Answer until the parent is gone; never return into the parent's program."""
    try:
        while True:
            question = msgspec.msgpack.decode(_receive(read_end, None), type=Question)
            _send(write_end, msgspec.msgpack.encode(answer(question)))
    except BaseException:  # noqa: BLE001 - whatever it is, the child ends here
        os._exit(1)


def _send(descriptor: int, body: bytes) -> None:
    rest = memoryview(len(body).to_bytes(_LENGTH, "little") + body)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def _receive(descriptor: int, until: float | None) -> bytes:
    length = int.from_bytes(_exactly(descriptor, _LENGTH, until), "little")
    return _exactly(descriptor, length, until)


def _exactly(descriptor: int, wanted: int, until: float | None) -> bytes:
    parts = bytearray()
    waiting = select.poll()
    waiting.register(descriptor, select.POLLIN)
    while len(parts) < wanted:
        left = None if until is None else max(0.0, until - time.monotonic()) * 1000
        if not waiting.poll(left):
            raise TimeoutError
        part = os.read(descriptor, min(wanted - len(parts), 1 << 20))
        if not part:
            raise EOFError
        parts += part
    return bytes(parts)
