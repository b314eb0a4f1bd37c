"""Starts the program that listens, and keeps what it hears: the audit's side, without a socket."""

from __future__ import annotations

import os
import selectors
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import IO

import msgspec

from auditor.capture.words import (
    LONGEST_NAME,
    MOST_BYTES,
    MOST_SECONDS,
    Request,
    Told,
    decode_told,
    encode,
)
from auditor.child import Child, start
from auditor.errors import AuditError, OutputError, UsageError

_CHUNK = 1 << 18
_FILE_MODE, _FOLDER_MODE = 0o600, 0o700
# How long the program may take to start (scapy is large), and to end after its time.
_STARTS, _GRACE = 60.0, 10.0
_MOST_WORDS = 1 << 16
_DENIED = (
    "Run the command as root, or give this one process the right to hear packets: "
    "a service or container with CAP_NET_RAW"
)


def listen(
    request: Request, into: Path, *, progress: Callable[[str], None] = lambda _: None
) -> Told:
    """Capture into a new pcapng file, readable by its owner only, and say what was captured.

    It ends after the request's seconds, at its size, or at an interrupt (SIGINT): each time with
    a whole file. Raises `UsageError` for what cannot be asked, `AuditError` where it is refused,
    `OutputError` where the file cannot be written; then there is no file.
    """
    _check(request)
    part = into.with_name(f".{into.name}.{os.getpid()}.part")
    try:
        into.parent.mkdir(mode=_FOLDER_MODE, parents=True, exist_ok=True)
        number = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, _FILE_MODE)
        try:
            with os.fdopen(number, "wb") as file:
                told = _run(request, file, progress)
            if told.ended == "failed" or told.ended is None:
                raise _refusal(request, told)
            part.replace(into)
        finally:
            part.unlink(missing_ok=True)
    except OSError as error:
        raise OutputError(
            f"cannot write the capture: {error.strerror}",
            where=str(into),
            hint="Name a folder that you may write to with -o",
        ) from error
    return told


def _check(request: Request) -> None:
    if not request.interface or len(request.interface.encode()) > LONGEST_NAME:
        raise UsageError("this is no name of an interface", where=request.interface)
    if not 0 < request.seconds <= MOST_SECONDS:
        raise UsageError(f"--seconds is more than 0 and at most {MOST_SECONDS}")
    if not 0 < request.most_bytes <= MOST_BYTES:
        raise UsageError(f"a live capture has at most {MOST_BYTES} bytes")


def _refusal(request: Request, told: Told) -> AuditError:
    """Return the error that says why nothing was captured."""
    if told.error == "denied":
        return AuditError(
            "capturing needs root or CAP_NET_RAW", where=request.interface, hint=_DENIED
        )
    return AuditError(
        f"cannot capture: {told.error or 'the program that listens broke off'}",
        where=request.interface,
    )


def _run(request: Request, file: IO[bytes], progress: Callable[[str], None]) -> Told:
    """Return the last thing that the program said; its packets are in the file."""
    with start("auditor.capture", hears_errors=True) as child:
        try:
            words = _Keeping(request, child, file, progress).until_it_ends()
        except BaseException:
            child.kill()
            raise
    return _last(words)


class _Keeping:
    """The pipes of a capture that goes on."""

    def __init__(
        self,
        request: Request,
        child: Child,
        file: IO[bytes],
        progress: Callable[[str], None],
    ) -> None:
        self._request, self._child, self._file, self._progress = request, child, file, progress
        self._words = b""
        self._bytes = 0
        self._until = time.monotonic() + _STARTS
        self._began = 0.0

    def until_it_ends(self) -> bytes:
        """Return what the program said. The first interrupt ends the capture, a second one all."""
        stdin, stdout, stderr = self._child.stdin, self._child.stdout, self._child.stderr
        if stdin is None or stdout is None or stderr is None:  # pragma: no cover - pipes were asked
            return b""
        with suppress(BrokenPipeError):  # it ended at once: what it said tells why
            stdin.write(encode(self._request))
            stdin.flush()
        with selectors.DefaultSelector() as selector:
            selector.register(stdout, selectors.EVENT_READ, self._keep)
            selector.register(stderr, selectors.EVENT_READ, self._listen)
            while selector.get_map():
                try:
                    self._turn(selector)
                except KeyboardInterrupt:
                    if stdin.closed:
                        raise
                    stdin.close()
                    self._until = time.monotonic() + _GRACE
        return self._words

    def _turn(self, selector: selectors.BaseSelector) -> None:
        for key, _events in selector.select(timeout=0.5):
            data = os.read(key.fd, _CHUNK)
            if data:
                key.data(data)
            else:
                selector.unregister(key.fileobj)
        now = time.monotonic()
        if now > self._until:
            self._child.kill()
        if self._began:
            seconds = min(now - self._began, self._request.seconds)
            self._progress(
                f"{self._bytes:,} bytes, {seconds:.0f} of {self._request.seconds:.0f} s "
                f"on {self._request.interface}"
            )

    def _keep(self, data: bytes) -> None:
        self._file.write(data)
        self._file.flush()
        self._bytes += len(data)

    def _listen(self, data: bytes) -> None:
        if len(self._words) < _MOST_WORDS:
            self._words += data
        if not self._began and _last(self._words).ready:
            self._began = time.monotonic()
            self._until = self._began + self._request.seconds + _GRACE


def _last(words: bytes) -> Told:
    """Return the last thing that was said; a line that is none of ours is left out."""
    told = Told()
    for line in words.split(b"\n"):
        try:
            told = decode_told(line)
        except msgspec.MsgspecError:
            continue
    return told
