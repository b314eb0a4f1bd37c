"""This machine: the `Host` that reads it as it is now, without hanging and without a trace."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from auditor.evidence.volumes import LuksFacts
from auditor.formats import Inspection, Paged, View, inspect
from auditor.host import DEFAULT_ENTRIES, DEFAULT_LIMIT, MIB, Stat, Unreadable, untold
from auditor.host import _clock as clock
from auditor.host import _device as device_file
from auditor.host import _digests as digests
from auditor.host import _fscrypt as fscrypt
from auditor.host import _key_form as key_form
from auditor.host import _loop as loop
from auditor.host import _mapper as mapper
from auditor.host import _verity as verity
from auditor.host._direct import (
    decoded,
    encoded,
    list_directory,
    opened,
    read_file,
    read_link,
    stat_path,
)
from auditor.host._mounts import Mounts, parse
from auditor.host._patient import Patient
from auditor.host._resolve import RemoteMount, Resolver
from auditor.host._restraint import restrain
from auditor.host._worker import DEADLINE, Question, Reply, Worker
from auditor.probe.words import Answer, Target

__all__ = ["LiveHost", "restrain"]

_MOUNTINFO = "/proc/self/mountinfo"


class LiveHost:
    """This machine, read through system calls alone: no command, no connection, no write.

    What lies on a mount that may hang (network, FUSE, a kind that is not known) is read by a
    worker with a deadline; once a mount has not answered, it is not asked again. Nothing below
    an automount point is touched: to look there would mount it.
    """

    def __init__(self, *, mountinfo: str = _MOUNTINFO, deadline: float = DEADLINE) -> None:
        """Read the mount table once. Without one, everything is left to the worker."""
        try:
            raw = read_file(encoded(mountinfo), mountinfo, limit=16 * MIB, head=False)
            points = parse(decoded(raw))
        except Unreadable:
            points = ()
        self._mounts = Mounts(points)
        self._deadline = deadline
        self._resolver = Resolver(self._mounts)
        self._worker = self._new_worker()
        self._silent: set[str] = set()
        # Of several threads one at a time asks the worker; to hash each has one of its own.
        self._asking = threading.Lock()
        self._idle: list[Worker] = []

    @property
    def name(self) -> str:
        """The host name, as uname(2) gives it."""
        return os.uname().nodename

    @property
    def live(self) -> bool:
        """True."""
        return True

    @property
    def uid(self) -> int | None:
        """The effective user id."""
        return os.geteuid()

    @property
    def privileged(self) -> bool:
        """Whether this is root."""
        return os.geteuid() == 0

    def read(self, path: str, *, limit: int = DEFAULT_LIMIT, head: bool = False) -> bytes:
        """Return a regular file's bytes; see `Host.read`."""
        try:
            real, mount = self._resolver.resolve(path, follow=True)
        except RemoteMount as away:
            question = Question("read", encoded(path), limit, head)
            return self._ask(away, question, path).data
        within_kernel = mount.manner == "kernel"
        return read_file(real, path, limit=limit, head=head, within_kernel=within_kernel)

    def list(self, path: str, *, limit: int = DEFAULT_ENTRIES) -> tuple[str, ...]:
        """Return the sorted names in a directory; see `Host.list`."""
        try:
            real, mount = self._resolver.resolve(path, follow=True)
        except RemoteMount as away:
            reply = self._ask(away, Question("list", encoded(path), limit), path)
            return tuple(decoded(name) for name in reply.names)
        within_kernel = mount.manner == "kernel"
        return list_directory(real, path, limit=limit, within_kernel=within_kernel)

    def stat(self, path: str) -> Stat:
        """Return what lstat(2) tells; see `Host.stat`."""
        try:
            real, _ = self._resolver.resolve(path, follow=False)
        except RemoteMount as away:
            return _status(self._ask(away, Question("stat", encoded(path)), path), path)
        return stat_path(real, path)

    def readlink(self, path: str) -> str:
        """Return a symbolic link's target as written; see `Host.readlink`."""
        try:
            real, _ = self._resolver.resolve(path, follow=False)
        except RemoteMount as away:
            return decoded(self._ask(away, Question("readlink", encoded(path)), path).data)
        return read_link(real, path)

    def mapper_table(self, name: str) -> tuple[str, ...]:
        """Return a device-mapper table without its keys; see `Host.mapper_table`."""
        return mapper.table(name)

    def luks_header(self, device: str) -> LuksFacts:
        """Return what a LUKS header tells, keys left out; see `Host.luks_header`."""
        return device_file.luks_header(device)

    def loop_backing(self, device: str) -> tuple[str, int]:
        """Return device and inode of a loop device's file; see `Host.loop_backing`."""
        return loop.backing(device)

    def key_form(self, path: str) -> key_form.KeyForm:
        """Return what a key file is by its first line; see `Host.key_form`."""
        return key_form.form_of(self.read(path, limit=key_form.HEAD, head=True))

    def encryption_policy(self, path: str) -> str:
        """Return the fscrypt policy of a directory; see `Host.encryption_policy`."""
        try:
            real, _ = self._resolver.resolve(path, follow=True)
        except RemoteMount as away:
            return decoded(self._ask(away, Question("policy", encoded(path)), path).data)
        return fscrypt.policy(real, path)

    def inspect_model(self, path: str) -> Inspection | None:
        """Return what a model file is; see `Host.inspect_model`."""
        with self.view(path) as view:
            return inspect(view)

    @contextmanager
    def view(self, path: str) -> Iterator[View]:
        """Give a regular file's bytes at any offset, links followed.

        On a mount that may hang every stretch is a question of its own, with its deadline.
        """
        try:
            real, _ = self._resolver.resolve(path, follow=True)
        except RemoteMount as away:
            mount = away
        else:
            with opened(real, path) as view:
                yield view
            return
        size = _status(self._ask(mount, Question("state", encoded(path)), path), path).size

        def stretch(offset: int, length: int) -> bytes:
            question = Question("range", encoded(path), min(length, MIB), offset=offset)
            return self._ask(mount, question, path).data

        yield Paged(stretch, size)

    def digest(
        self,
        path: str,
        algorithms: tuple[str, ...],
        *,
        span: tuple[int, int] | None = None,
        told: Callable[[int], None] = untold,
    ) -> tuple[str, ...]:
        """Return a regular file's digests; see `Host.digest`.

        On a mount that may hang a worker hashes, and every stretch has its deadline.
        """
        try:
            real, _ = self._resolver.resolve(path, follow=True)
        except RemoteMount as away:
            mount = away
        else:
            return digests.finished(digests.of_file(real, path, algorithms, span=span), told)
        begin, end = span or (0, -1)
        question = Question("digest", encoded(path), end, offset=begin, names=algorithms)
        with self._borrowed() as worker:
            reply = self._put(worker, mount, question, path)
            told(reply.size)
            while algorithms and not reply.names:
                reply = self._put(worker, mount, Question("more", b""), path)
                told(reply.size)
            return tuple(decoded(digest) for digest in reply.names)

    def verity_digest(self, path: str) -> str:
        """Return the digest that the kernel holds a file to; see `Host.verity_digest`."""
        try:
            real, _ = self._resolver.resolve(path, follow=True)
        except RemoteMount as away:
            return decoded(self._ask(away, Question("verity", encoded(path)), path).data)
        return verity.measured(real, path)

    def ask_listeners(self, targets: tuple[Target, ...]) -> tuple[Answer, ...]:
        """Return what this host's own listeners answer; see `Host.ask_listeners`."""
        from auditor.probe.ask import answers

        return answers(targets)

    def clock_synchronized(self) -> bool:
        """Return whether the kernel holds its clock synchronised; see `Host.clock_synchronized`."""
        return clock.synchronized()

    def close(self) -> None:
        """End the workers, if any was needed."""
        for worker in (self._worker, *self._idle):
            worker.close()

    @contextmanager
    def _borrowed(self) -> Iterator[Worker]:
        """Give a worker that is nobody else's meanwhile: files are hashed by several threads."""
        try:
            worker = self._idle.pop()
        except IndexError:
            worker = self._new_worker()
        try:
            yield worker
        finally:
            self._idle.append(worker)

    def _new_worker(self) -> Worker:
        return Worker(Patient(Resolver(self._mounts, patient=True)), deadline=self._deadline)

    def _ask(self, away: RemoteMount, question: Question, path: str) -> Reply:
        with self._asking:
            return self._put(self._worker, away, question, path)

    def _put(self, worker: Worker, away: RemoteMount, question: Question, path: str) -> Reply:
        if away.mount.path in self._silent:
            raise Unreadable(path, "timeout", "the file system did not answer before") from None
        try:
            return worker.ask(question, path)
        except Unreadable as error:
            if error.reason == "timeout":
                self._silent.add(away.mount.path)
            raise error from None


def _status(reply: Reply, path: str) -> Stat:
    if reply.stat is None:
        raise Unreadable(path, "crashed", "the reader of slow mounts broke off") from None
    return reply.stat
