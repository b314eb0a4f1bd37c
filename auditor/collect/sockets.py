"""Reads listening ports and connections of every network namespace, and whose they are."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property

from msgspec import Struct

from auditor.collect import Collector, Fact, Options
from auditor.collect._byte_order import READS as BYTE_ORDER
from auditor.collect._byte_order import byte_order
from auditor.collect._network_namespaces import Namespace, has_ended, namespaces
from auditor.collect._process_table import FIRST_PID_NAMESPACE, container_of
from auditor.collect._reading import Reading
from auditor.collect._socket_table import Malformed, Protocol, Socket, parse
from auditor.evidence import Coverage, Gap, Origin
from auditor.evidence.network import Connection, ListeningPort
from auditor.host import MIB, Absent, Host, Unreadable

NAME = "sockets"
_KINDS = ("listening_port", "connection")
_TABLES: tuple[tuple[str, Protocol], ...] = (
    ("tcp", "tcp"),
    ("tcp6", "tcp"),
    ("udp", "udp"),
    ("udp6", "udp"),
)
_LIMIT = 32 * MIB
_SMALL = 65536
_HOLDS = re.compile(r"^socket:\[(\d+)\]$")
# What a service manager holds for somebody it starts is that one's as soon as it holds it too.
_MANAGER = "systemd"
_ANY4, _ANY6 = "0.0.0.0", "::"  # noqa: S104 - compared, nothing is bound


class _Owner(Struct, frozen=True, kw_only=True):
    """The process that holds a socket; the first one where several share it.

    A service manager counts only where nobody else holds it (systemd.socket(5)).
    """

    pid: int
    name: str
    container: str | None

    @property
    def workload(self) -> str:
        """Return what services are joined by; nobody has none."""
        return f"pid:{self.pid}" if self.pid else ""


_NOBODY = _Owner(pid=0, name="", container="")


class _Sockets:
    """The sockets of one host, and what could not be seen of them."""

    def __init__(self, host: Host) -> None:
        """Read from `host`."""
        self.host = host
        self.reading = Reading(host, NAME, *_KINDS)
        self.owners: dict[int, _Owner] = {}
        self.denied: list[str] = []
        self.ended = 0
        self.pids = self._pids()
        for pid in self.pids:
            self._find_owned(pid)
        self.order = byte_order(host)

    def _pids(self) -> tuple[int, ...]:
        try:
            names = self.host.list("/proc")
        except Unreadable as error:
            self.reading.miss("/proc", error.reason, error.detail)
            return ()
        return tuple(sorted(int(n) for n in names if n.isdecimal() and len(n) < 12))  # noqa: PLR2004

    def _find_owned(self, pid: int) -> None:
        folder = f"/proc/{pid}/fd"
        try:
            descriptors = self.host.list(folder)
        except Absent:
            self.ended += 1
            return
        except Unreadable:
            self.denied.append(folder)
            return
        owner: _Owner | None = None
        for descriptor in descriptors:
            inode = self._socket(f"{folder}/{descriptor}")
            if inode is None or not self._is_free(inode):
                continue
            owner = owner or self._owner(pid)
            if inode not in self.owners or owner.name != _MANAGER:
                self.owners[inode] = owner

    def _is_free(self, inode: int) -> bool:
        return inode not in self.owners or self.owners[inode].name == _MANAGER

    def _socket(self, path: str) -> int | None:
        try:
            match = _HOLDS.match(self.host.readlink(path))
        except Absent:
            return None  # closed meanwhile
        except Unreadable:
            folder = path.rpartition("/")[0]
            if folder not in self.denied[-1:]:
                self.denied.append(folder)
            return None
        return int(match[1]) if match else None

    def _owner(self, pid: int) -> _Owner:
        try:
            name = self.host.read(f"/proc/{pid}/comm", limit=_SMALL).decode("utf-8", "replace")
        except Unreadable:
            name = ""
        try:
            cgroup = self.host.read(f"/proc/{pid}/cgroup", limit=_SMALL).decode("utf-8", "replace")
        except Unreadable:
            return _Owner(pid=pid, name=name.strip("\n"), container=None)
        return _Owner(pid=pid, name=name.strip("\n"), container=container_of(cgroup))

    def holder(self, socket: Socket) -> _Owner | None:
        """Return the process that holds a socket, nobody (`pid` 0), or `None` where unknown.

        Where every descriptor of every process was seen, a socket that none of them holds is
        the kernel's own (NFS, WireGuard). One without inode has outlived its process.
        """
        if socket.inode == 0 or (socket.inode not in self.owners and self._saw_all):
            return _NOBODY
        return self.owners.get(socket.inode)

    @cached_property
    def _saw_all(self) -> bool:
        """Whether every process there is was seen whole: none hidden, refused or just ended."""
        if self.denied or self.ended or self.host.uid != 0 or not self.pids:
            return False
        try:
            return self.host.readlink("/proc/self/ns/pid") == FIRST_PID_NAMESPACE
        except Unreadable:
            return False

    def table(self, folder: str) -> tuple[tuple[str, Socket], ...]:
        """Return the sockets of a namespace, each with the file that it stands in."""
        found: list[tuple[str, Socket]] = []
        for name, protocol in _TABLES:
            path = f"{folder}/{name}"
            text = self._text(path, optional=name.endswith("6") or has_ended(self.host, folder))
            for socket in parse(text, protocol, self.order):
                if isinstance(socket, Malformed):
                    self.reading.malformed(path, socket.line, "not a line of a socket table")
                else:
                    found.append((path, socket))
        return tuple(found)

    def _text(self, path: str, *, optional: bool) -> str:
        try:
            return self.host.read(path, limit=_LIMIT).decode("ascii", "replace")
        except Absent as error:
            if not optional or (path.endswith("6") and self._speaks_ipv6()):
                self.reading.miss(path, error.reason, error.detail)
        except Unreadable as error:
            self.reading.miss(path, error.reason, error.detail)
        return ""

    def _speaks_ipv6(self) -> bool:
        """Return whether the kernel has IPv6, so that its tables must be there."""
        for path in ("/proc/net/if_inet6", "/proc/sys/net/ipv6"):
            try:
                self.host.stat(path)
            except Absent:
                continue
            except Unreadable:
                return True
            return True
        return False


def _collect(host: Host, _options: Options) -> Iterator[Fact]:
    sockets = _Sockets(host)
    owned = 0
    unowned = dict.fromkeys(_KINDS, 0)
    for namespace in namespaces(sockets.reading, sockets.pids):
        table = sockets.table(namespace.folder)
        listening = {(s.protocol, s.local, s.local_port) for _, s in table if s.listens}
        for path, socket in table:
            owner = sockets.holder(socket)
            owned += owner is not None
            if socket.listens:
                yield _port(sockets, path, socket, owner, namespace)
                unowned["listening_port"] += owner is None
            elif socket.remote_port:
                incoming = _is_accepted(socket, listening)
                yield _connection(sockets, path, socket, owner, incoming=incoming)
                unowned["connection"] += owner is None
    yield from _unowned(sockets, unowned)
    yield from sockets.reading.gaps()
    yield Coverage(what="owners of sockets", seen=owned, total=owned + sum(unowned.values()))


def _is_accepted(socket: Socket, listening: set[tuple[Protocol, str, int]]) -> bool:
    """Return whether a connection came in: something listens on its own address and port."""
    every = (_ANY4, _ANY6) if socket.family == "ipv4" else (_ANY6,)
    return any(
        (socket.protocol, address, socket.local_port) in listening
        for address in (socket.local, *every)
    )


def _unowned(sockets: _Sockets, counts: dict[str, int]) -> Iterator[Gap]:
    """Yield a gap for the sockets whose process is not known, and why it is not."""
    for kind, count in counts.items():
        if count and sockets.denied:
            detail = (
                f"the owners of {count} sockets could not be seen: "
                f"the descriptors of {len(sockets.denied)} processes are refused"
            )
            source = sockets.denied[0]
            yield Gap(
                kind=kind, reason="denied", detail=detail, origin=Origin(NAME, source), count=count
            )
        elif count:
            detail = f"no process that is seen holds {count} sockets: it is hidden or has ended"
            yield Gap(
                kind=kind, reason="absent", detail=detail, origin=Origin(NAME, "/proc"), count=count
            )


def _port(
    sockets: _Sockets, path: str, socket: Socket, owner: _Owner | None, namespace: Namespace
) -> ListeningPort:
    return ListeningPort(
        origin=sockets.reading.origin(path),
        protocol=socket.protocol,
        family=socket.family,
        address=socket.local,
        port=socket.local_port,
        pid=owner.pid if owner else None,
        process=owner.name if owner else None,
        workload=owner.workload if owner else None,
        container=owner.container if owner else None,
        published_by="namespace" if namespace.apart else "socket",
        namespace_addresses=namespace.addresses,
    )


def _connection(
    sockets: _Sockets, path: str, socket: Socket, owner: _Owner | None, *, incoming: bool
) -> Connection:
    return Connection(
        origin=sockets.reading.origin(path),
        protocol=socket.protocol,
        family=socket.family,
        local_address=socket.local,
        local_port=socket.local_port,
        remote_address=socket.remote,
        remote_port=socket.remote_port,
        state=socket.state,
        direction="in" if incoming else "out",
        pid=owner.pid if owner else None,
        process=owner.name if owner else None,
    )


COLLECTOR = Collector(
    title="Listening ports and connections",
    yields=(ListeningPort, Connection),
    reads=(
        "/proc",
        *(f"/proc/net/{name}" for name, _ in _TABLES),
        *(f"/proc/*/net/{name}" for name, _ in _TABLES),
        "/proc/*/net/fib_trie",
        "/proc/*/ns/net",
        "/proc/*/fd",
        "/proc/*/comm",
        "/proc/*/cgroup",
        "/proc/self/ns/pid",
        "/proc/net/if_inet6",
        "/proc/sys/net/ipv6",
        *BYTE_ORDER,
    ),
    collect=_collect,
)
