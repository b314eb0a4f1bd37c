"""Finds the network namespaces of a host, and which of them lie apart as those of containers."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from auditor.collect._reading import Reading
from auditor.collect._routing import local_addresses
from auditor.host import MIB, Absent, Host, Unreadable

OWN = "/proc/net"
_LIMIT = 8 * MIB
_Identity = tuple[str, int]


class Namespace(Struct, frozen=True, kw_only=True):
    """A network namespace: `folder` shows its tables, `addresses` are its own where it is apart.

    It is apart where it is not that of the machine's first process: as a container's is.
    """

    folder: str
    apart: bool
    addresses: tuple[str, ...] = ()


def namespaces(reading: Reading, pids: tuple[int, ...]) -> Iterator[Namespace]:
    """Yield every network namespace: the own one, then those of the other processes."""
    own = _own_identity(reading, pids)
    first = _identity(reading, "/proc/1/net") or own
    yield _namespace(reading.host, OWN, apart=own != first)
    known = {own}
    for pid in pids:
        folder = f"/proc/{pid}/net"
        identity = _identity(reading, folder)
        if identity is not None and identity not in known:
            known.add(identity)
            yield _namespace(reading.host, folder, apart=identity != first)


def has_ended(host: Host, folder: str) -> bool:
    """Return whether the process by which a namespace was found is no more."""
    if folder == OWN:
        return False
    try:
        host.stat(folder.rpartition("/")[0])
    except Absent:
        return True
    except Unreadable:
        return False
    return False


def _own_identity(reading: Reading, pids: tuple[int, ...]) -> _Identity | None:
    """Return the own namespace; of a copied tree the one of the first process that tells."""
    if reading.host.uid is not None:
        return _identity(reading, OWN)
    told = (_linked(reading.host, f"/proc/{pid}/net") for pid in pids)
    return next((identity for identity in told if identity is not None), None)


def _identity(reading: Reading, folder: str) -> _Identity | None:
    """Return what tells a namespace from others.

    The files of one namespace have one inode wherever they are seen, and anybody may ask for
    it; the link `ns/net`, which tells the same, is for the process's owner alone. The inodes of
    a copied tree are its own: there the copied links must tell.
    """
    if reading.host.uid is None:
        return _linked(reading.host, folder)
    try:
        stat = reading.host.stat(f"{folder}/tcp")
    except Absent:
        return None  # the process has ended; of the own namespace the table itself will tell
    except Unreadable as error:
        reading.miss(f"{folder}/tcp", error.reason, error.detail)
        return None
    return stat.device, stat.inode


def _linked(host: Host, folder: str) -> _Identity | None:
    try:
        return host.readlink(f"{folder.rpartition('/')[0]}/ns/net"), 0
    except Unreadable:
        return None


def _namespace(host: Host, folder: str, *, apart: bool) -> Namespace:
    if not apart:
        return Namespace(folder=folder, apart=False)
    try:
        trie = host.read(f"{folder}/fib_trie", limit=_LIMIT).decode("ascii", "replace")
    except Unreadable:
        trie = ""  # without its addresses nobody is known to publish its ports
    addresses = (text for text in local_addresses(trie) if not text.startswith("127."))
    return Namespace(folder=folder, apart=True, addresses=tuple(sorted(addresses)))
