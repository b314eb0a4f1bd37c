"""Collects where secret keys lie: of volumes, of TLS, of SSH; never a key itself."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from typing import Literal

from msgspec import Struct

from auditor.collect import Collector, Fact, Options
from auditor.collect._homes import homes
from auditor.collect._paths import device_number, resolve
from auditor.collect._reading import Reading, lines
from auditor.evidence.paths import recordable
from auditor.evidence.volumes import KeyFile
from auditor.host import KIB, Absent, Host, Stat, Unreadable

NAME = "key_files"
_CRYPTTAB = "/etc/crypttab"
_VOLUME_KEYS = ("/etc/cryptsetup-keys.d", "/run/cryptsetup-keys.d")
_TLS_FOLDERS = ("/etc/ssl/private", "/etc/pki/tls/private")
_SSH = "/etc/ssh"
_HOST_KEY = re.compile(r"ssh_host_.*_key")
_USER_KEY = re.compile(r"id_[\w.-]+(?<!\.pub)")
_NO_FILE = frozenset({"", "-", "none", "/dev/null"})
# A key made anew at every start (crypttab(5)) lies nowhere.
_RANDOM = frozenset({"/dev/urandom", "/dev/random", "/dev/hwrng"})
# Flags by which servers are given the key of their certificate, as vLLM, llama.cpp, etcd, Triton,
# Jupyter, gunicorn and the kubelet spell them. Not `--key`, which is as often a password.
_FLAG = re.compile(
    r"--?(?:\w+\.)?(?:(?:ssl|tls|https?|grpc|server|peer|client|trusted)[-_]?)*"
    r"(?:key[-_]?file|private[-_]key(?:[-_](?:file|path))?|(?<=ssl[-_])key|(?<=tls[-_])key)"
)
_ARGUMENTS = 64 * KIB
_MOST = 2_000

Purpose = Literal["disk", "tls", "ssh-host", "ssh-user"]


class _Place(Struct, frozen=True, kw_only=True):
    """Where a key file may lie, and who says so."""

    path: str
    purpose: Purpose
    source: str
    line: int = 0
    named: bool = False


def _collect(host: Host, _: Options) -> Iterator[Fact]:
    reading = Reading(host, NAME, "key_file")
    places: dict[str, _Place] = {}
    for place in _places(host, reading):
        places.setdefault(place.path, place)
    if len(places) > _MOST:
        reading.miss(_TLS_FOLDERS[0], "limit", f"more than {_MOST} files that may be keys")
    for place in list(places.values())[:_MOST]:
        try:
            record = _key_file(host, reading, place)
        except Absent:
            if place.named:
                reading.miss(place.path, "absent", f"{place.source} names it, and it is not here")
            continue
        except Unreadable as error:
            reading.miss(place.path, error.reason, error.detail)
            continue
        if record is not None:
            yield record
    yield from reading.gaps()


def _places(host: Host, reading: Reading) -> Iterator[_Place]:
    yield from _of_crypttab(reading)
    for folder in _VOLUME_KEYS:
        for path in reading.folder(folder):
            yield _Place(path=path, purpose="disk", source=folder)
    for folder in _TLS_FOLDERS:
        for path in reading.folder(folder):
            yield _Place(path=path, purpose="tls", source=folder)
    for path in reading.folder(_SSH):
        if _HOST_KEY.fullmatch(posixpath.basename(path)):
            yield _Place(path=path, purpose="ssh-host", source=_SSH)
    for home in homes(reading):
        for path in reading.folder(f"{home.path}/.ssh"):
            if _USER_KEY.fullmatch(posixpath.basename(path)):
                yield _Place(path=path, purpose="ssh-user", source=home.path)
    yield from _of_processes(host, reading)


def _of_crypttab(reading: Reading) -> Iterator[_Place]:
    """Yield the key files of crypttab(5): `name device key options`, one volume a line."""
    for number, line in enumerate(lines(reading.text(_CRYPTTAB) or ""), start=1):
        fields = line.split()
        if not fields or fields[0].startswith("#"):
            continue
        key = fields[2] if len(fields) > 2 else ""  # noqa: PLR2004 - the third field
        options = fields[3].split(",") if len(fields) > 3 else []  # noqa: PLR2004 - the fourth
        scripted = any(option.startswith("keyscript=") for option in options)
        if key in _NO_FILE or key in _RANDOM or scripted:
            continue
        path, _, device = key.partition(":")
        if not path.startswith("/") or device or path.startswith("/dev/"):
            detail = f"the key of {fields[0]} lies on another device"
            reading.miss(f"{_CRYPTTAB}:{number}", "unsupported", detail)
            continue
        yield _Place(path=path, purpose="disk", source=_CRYPTTAB, line=number, named=True)


def _of_processes(host: Host, reading: Reading) -> Iterator[_Place]:
    """Yield the key files that running servers were given on their command lines."""
    try:
        pids = [name for name in host.list("/proc") if name.isdecimal()]
    except Absent:
        return
    except Unreadable as error:
        reading.miss("/proc", error.reason, error.detail)
        return
    for pid in sorted(pids, key=int):
        source = f"/proc/{pid}/cmdline"
        try:
            words = host.read(source, limit=_ARGUMENTS, head=True).decode("utf-8", "replace")
        except Absent:
            continue  # it has ended meanwhile
        except Unreadable as error:
            reading.miss(source, error.reason, error.detail)
            continue
        for path in named_keys(tuple(words.split("\0"))):
            yield _Place(path=path, purpose="tls", source=source, named=True)


def named_keys(arguments: tuple[str, ...]) -> Iterator[str]:
    """Yield the paths that a command line gives as private keys."""
    for argument, following in zip(arguments, (*arguments[1:], ""), strict=True):
        flag, assigned, value = argument.partition("=")
        value = value if assigned else following
        if _FLAG.fullmatch(flag) and value.startswith("/"):
            yield value


def _key_file(host: Host, reading: Reading, place: _Place) -> KeyFile | None:
    path, status = resolve(host, place.path)
    if status.file_type != "file":
        return None
    passphrase: bool | None = None
    if place.purpose != "disk":
        form = host.key_form(path)
        if form == "public" or (form == "other" and not place.named):
            return None
        passphrase = {"open": False, "passphrase": True}.get(form)
    return KeyFile(
        origin=reading.origin(place.source, place.line),
        path=recordable(path),
        known_as=recordable(place.path),
        purpose=place.purpose,
        owner=status.uid,
        mode=status.mode,
        readers=_readers(host, path, status),
        passphrase=passphrase,
        device_number=device_number(host, status),
        encryption_policy=_policy(host, posixpath.dirname(path)),
    )


def _readers(host: Host, path: str, status: Stat) -> Literal["", "group", "everyone"] | None:
    """Return who besides the owner may read a file: by its mode and by those of its folders.

    A copied tree has modes of its own: they say nothing of the machine.
    """
    if host.uid is None:
        return None
    if not status.mode & 0o044:
        return ""
    everyone = bool(status.mode & 0o004)
    folder = posixpath.dirname(path)
    while everyone and folder != "/":
        everyone = bool(host.stat(folder).mode & 0o001)
        folder = posixpath.dirname(folder)
    if everyone:
        return "everyone"
    return "group" if status.mode & 0o040 and status.gid != 0 else ""


def _policy(host: Host, folder: str) -> str | None:
    try:
        return host.encryption_policy(folder)
    except Unreadable:
        # Told in the record itself: without it plaintext below is not judged to be plaintext.
        return None


COLLECTOR = Collector(
    title="Files that hold secret keys",
    yields=(KeyFile,),
    reads=(
        _CRYPTTAB, *_VOLUME_KEYS, *_TLS_FOLDERS, f"{_SSH}/ssh_host_*_key", "/etc/passwd",
        "~/.ssh/id_*", "/proc/*/cmdline",
    ),
    collect=_collect,
)  # fmt: skip
