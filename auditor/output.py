"""Writes a set of files into the output folder: whole or not at all, readable by the owner only."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path

from auditor.errors import OutputError

_FOLDER_MODE = 0o700
_FILE_MODE = 0o600


def write_all(folder: Path, files: Mapping[str, bytes]) -> tuple[Path, ...]:
    """Write `files` (name to bytes) into `folder`, made if need be; return their paths.

    Every file is first written beside its place and then renamed, so that a full disk or a
    killed run leaves the files of the run before. Raises `OutputError`.
    """
    _prepare(folder)
    waiting: list[tuple[Path, Path]] = []
    try:
        for name, data in files.items():
            temporary = folder / f".{name}.{os.getpid()}.part"
            waiting.append((temporary, folder / name))
            _write_new(temporary, data)
        _refuse_folders(path for _, path in waiting)
        for temporary, path in waiting:
            temporary.replace(path)
    except OSError as error:
        raise OutputError(
            f"cannot write: {error.strerror}",
            where=str(error.filename2 or error.filename or folder),
            hint="Name a folder that you may write to with -o",
        ) from error
    finally:
        for temporary, _ in waiting:
            _remove(temporary)
    return tuple(folder / name for name in files)


def _prepare(folder: Path) -> None:
    """Make the folder, private to its owner; refuse what is no folder."""
    try:
        folder.mkdir(mode=_FOLDER_MODE, parents=True, exist_ok=True)
        if not stat.S_ISDIR(folder.stat().st_mode):
            raise OutputError("this is not a folder", where=str(folder))
    except FileExistsError as error:
        raise OutputError(
            "this is not a folder", where=str(folder), hint="Name a folder with -o"
        ) from error
    except OSError as error:
        raise OutputError(
            f"cannot make the output folder: {error.strerror}",
            where=str(folder),
            hint="Name a folder that you may write to with -o",
        ) from error


def _refuse_folders(paths: Iterable[Path]) -> None:
    """Raise `OutputError` where a folder has a file's name, before the first file is replaced."""
    for path in paths:
        if path.is_dir() and not path.is_symlink():
            raise OutputError(
                "a folder is where a file is to be written",
                where=str(path),
                hint="Move it away, or name another folder with -o",
            )


def _remove(path: Path) -> None:
    """Remove what a failed run may have left; where that fails too, its own error is told."""
    with suppress(OSError):
        path.unlink(missing_ok=True)


def _write_new(path: Path, data: bytes) -> None:
    """Write `data` to a new file; never through a symbolic link."""
    _remove(path)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(path, flags, _FILE_MODE)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
