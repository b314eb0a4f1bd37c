"""Answers the questions of a live host about mounts that may hang, in the worker's process."""

from __future__ import annotations

import time

from auditor.host import MIB, Unreadable
from auditor.host import _digests as digests
from auditor.host import _fscrypt as fscrypt
from auditor.host import _verity as verity
from auditor.host._direct import (
    decoded,
    descriptor_of,
    list_directory,
    opened,
    read_file,
    read_link,
    stat_path,
    told,
)
from auditor.host._resolve import Resolver
from auditor.host._worker import Question, Reply

# A stretch of hashing ends well before the deadline, however slow the mount is.
_STRETCH = 16 * MIB
_TURN = 0.2


class Patient:
    """What the worker does with a question: the same reading, with time to wait."""

    def __init__(self, resolver: Resolver) -> None:
        """Keep a resolver that enters remote mounts."""
        self._resolver = resolver
        self._digesting: digests.Digesting | None = None

    def __call__(self, question: Question) -> Reply:
        """Return the reply to a question; what cannot be read is told, not raised."""
        try:
            return self._reply(question, decoded(question.path))
        except Unreadable as error:
            return Reply(reason=error.reason, detail=error.detail)

    def _reply(self, question: Question, path: str) -> Reply:
        if question.operation == "digest":
            real, _ = self._resolver.resolve(path, follow=True)
            span = (question.offset, question.limit) if question.limit >= 0 else None
            self._digesting = digests.of_file(real, path, question.names, span=span, remote=True)
        if question.operation in ("digest", "more"):
            return self._next_stretch(path)
        if question.operation in ("stat", "readlink"):
            real, _ = self._resolver.resolve(path, follow=False)
            if question.operation == "stat":
                return Reply(stat=stat_path(real, path))
            return Reply(data=read_link(real, path).encode("utf-8", "surrogateescape"))
        real, _ = self._resolver.resolve(path, follow=True)
        if question.operation == "list":
            names = list_directory(real, path, limit=question.limit)
            return Reply(names=tuple(name.encode("utf-8", "surrogateescape") for name in names))
        if question.operation == "state":
            with descriptor_of(real, path) as (_, status):
                digests.refuse_holes(status, path, remote=True)
                return Reply(stat=told(status))
        return Reply(data=_bytes(question, real, path))

    def _next_stretch(self, path: str) -> Reply:
        """Hash a stretch more: how many bytes it had, and in the end the digests."""
        if self._digesting is None:
            raise Unreadable(path, "crashed", "no file is being hashed")
        begun, size = time.monotonic(), 0
        try:
            while size < _STRETCH and time.monotonic() - begun < _TURN:
                size += next(self._digesting)
        except StopIteration as end:
            self._digesting = None
            return Reply(size=size, names=tuple(digest.encode() for digest in end.value))
        return Reply(size=size)


def _bytes(question: Question, real: bytes, path: str) -> bytes:
    if question.operation == "read":
        return read_file(real, path, limit=question.limit, head=question.head)
    if question.operation == "range":
        with opened(real, path) as view:
            return view.at(question.offset, question.limit)
    if question.operation == "verity":
        return verity.measured(real, path).encode()
    return fscrypt.policy(real, path).encode()
