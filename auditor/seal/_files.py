"""Reads the files of an output folder for the verifier: bounded, and only regular ones."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from io import BufferedReader
from pathlib import Path

from auditor.errors import SignatureError

MAX_FILE = 512 * 1024 * 1024
MAX_NAMES = 10_000


class Files:
    """A folder whose files are read once: what was checked is what is used."""

    def __init__(self, folder: Path) -> None:
        """Remember the folder; nothing is read yet."""
        self._folder = folder
        self._read: dict[str, bytes] = {}
        self._digests: dict[str, str] = {}
        self._names: tuple[str, ...] | None = None

    def names(self) -> tuple[str, ...]:
        """Return the sorted names in the folder; raises `SignatureError` for far too many."""
        if self._names is None:
            try:
                with os.scandir(self._folder) as entries:
                    found = [entry.name for _, entry in zip(range(MAX_NAMES + 1), entries)]  # noqa: B905 - the shorter ends it
            except OSError as error:
                raise SignatureError(
                    f"the folder cannot be read: {error.strerror}", where=str(self._folder)
                ) from error
            if len(found) > MAX_NAMES:
                raise SignatureError(
                    f"the folder holds more than {MAX_NAMES} files", where=str(self._folder)
                )
            self._names = tuple(sorted(found))
        return self._names

    def read(self, name: str, *, limit: int = MAX_FILE) -> bytes:
        """Return a file's bytes; raises `SignatureError` where it cannot be had whole."""
        if name not in self._read:
            try:
                with self._open(name) as file:
                    data = file.read(limit + 1)
            except OSError as error:
                raise _unread(error) from error
            if len(data) > limit:
                raise SignatureError(f"it is larger than {limit} bytes")
            digest = hashlib.sha256(data).hexdigest()
            if self._digests.setdefault(name, digest) != digest:
                raise SignatureError("the file changed while it was checked")
            self._read[name] = data
        return self._read[name]

    def sha256(self, name: str) -> str:
        """Return a file's SHA-256, 64 hex digits, without keeping its bytes."""
        if name not in self._digests:
            try:
                with self._open(name) as file:
                    self._digests[name] = hashlib.file_digest(file, "sha256").hexdigest()
            except OSError as error:
                raise _unread(error) from error
        return self._digests[name]

    def _open(self, name: str) -> BufferedReader:
        """Open a regular file of the folder; a symbolic link, a FIFO or a device is refused."""
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        file = open(os.open(self._folder / name, flags), "rb")  # noqa: PTH123, SIM115 - a descriptor that the caller closes
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode) or status.st_size > MAX_FILE:
            file.close()
            regular = stat.S_ISREG(status.st_mode)
            said = f"it is larger than {MAX_FILE} bytes" if regular else "it is no regular file"
            raise SignatureError(said)
        return file


def _unread(error: OSError) -> SignatureError:
    """Return the error in the verifier's words."""
    if isinstance(error, FileNotFoundError):
        return SignatureError("the file is missing")
    if error.errno == errno.ELOOP:
        return SignatureError("it is a symbolic link, not the file itself")
    return SignatureError(f"the file cannot be read: {error.strerror}")
