"""Finds the private key beside a certificate and who may read it; the key itself is not read."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from auditor.collect._certificate_records import Readers
from auditor.collect._paths import resolve
from auditor.host import Absent, Host, Stat, Unreadable

READS = ("/etc/ssl/private/*", "/etc/pki/tls/private/*")
_PRIVATE = ("/etc/ssl/private", "/etc/pki/tls/private")
# Names that tools give to the two of a pair.
_PAIRS = {"fullchain": "privkey", "cert": "privkey", "public": "private", "chain": "privkey"}
_GROUP, _OTHERS, _SEARCH = 0o040, 0o004, 0o001


def key_beside(
    host: Host, certificate: str, named: str, *, within: bool, authority: bool
) -> tuple[str, Readers]:
    """Return the path of a certificate's private key and who else may read it.

    `named` is the key that a service names, `within` says that it lies in the same file. The
    path is empty where none is found. Where looking was refused, readers are `None` and the
    path is the first that may be there. The key of an `authority` is looked for beside it alone:
    one that is only trusted here has none here.
    """
    if named or within:
        path = named or certificate
        try:
            return path, readers(host, path)
        except Unreadable:
            return path, None
    refused = ""
    for path in _guesses(certificate, elsewhere=not authority):
        try:
            return path, readers(host, path)
        except Absent:
            continue
        except Unreadable:
            refused = refused or path
    return refused, None if refused else ""


def _guesses(certificate: str, *, elsewhere: bool) -> Iterator[str]:
    folder, name = posixpath.split(certificate)
    stem = name.rpartition(".")[0]
    yield f"{folder}/{stem}.key"
    yield f"{folder}/{stem}-key.pem"
    pair = _PAIRS.get(stem)
    if pair:
        yield f"{folder}/{pair}.pem"
        yield f"{folder}/{pair}.key"
    for private in (f"{posixpath.dirname(folder)}/private", *_PRIVATE) if elsewhere else ():
        yield f"{private}/{stem}.key"


def readers(host: Host, path: str) -> Readers:
    """Return who besides the owner may read a file: its mode, and the folders on the way to it.

    Raises what `Host.stat` raises. Access lists are not looked at: they show as the group's.
    """
    real, status = resolve(host, path)
    if status.mode & _OTHERS and all(_searchable(above) for above in _above(host, real)):
        return "everyone"
    return "group" if status.mode & (_GROUP | _OTHERS) else ""


def _searchable(status: Stat) -> bool:
    return bool(status.mode & _SEARCH)


def _above(host: Host, path: str) -> Iterator[Stat]:
    folder = posixpath.dirname(path)
    while folder != "/":
        yield host.stat(folder)
        folder = posixpath.dirname(folder)
