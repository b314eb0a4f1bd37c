"""Tells of a Python program that nothing else names whether it serves with a model library."""

from __future__ import annotations

import re

from auditor.catalogues.runtimes import Recognition, runtimes
from auditor.collect._byte_order import READS as BYTE_ORDER
from auditor.collect._byte_order import byte_order
from auditor.collect._process_table import Seen
from auditor.collect._reading import Reading
from auditor.collect._socket_table import Protocol, Socket, parse
from auditor.host import MIB, Absent, Host, Unreadable

READS = ("/proc/*/maps", "/proc/*/fd", "/proc/*/net/tcp", "/proc/*/net/tcp6", *BYTE_ORDER)
_LIMIT = 8 * MIB
_DESCRIPTORS = 20_000
_TABLES: tuple[tuple[str, Protocol], ...] = (("tcp", "tcp"), ("tcp6", "tcp"))
_LIBRARY = re.compile(r"/(?:site|dist)-packages/([A-Za-z_]\w*)/[^\n]*\.so")
_SOCKET = re.compile(r"^socket:\[(\d+)\]$")


def by_libraries(reading: Reading, process: Seen) -> Recognition | None:
    """Return what a listening Python program is by the libraries that it has in memory.

    A training run or a notebook's kernel has them as well: only one that accepts connections
    from elsewhere than its own parts is a server. The sign is weak, and said to be.
    """
    loaded = _libraries(reading, process)
    for runtime in runtimes():
        if loaded.intersection(runtime.libraries) and _listens(reading.host, process):
            arguments = tuple((process.arguments or ())[1:])
            return Recognition(runtime=runtime, confidence="low", arguments=arguments)
    return None


def _libraries(reading: Reading, process: Seen) -> frozenset[str]:
    path = f"{process.folder}/maps"
    try:
        maps = reading.host.read(path, limit=_LIMIT, head=True).decode("utf-8", "replace")
    except Absent:
        return frozenset()  # it has ended meanwhile
    except Unreadable as error:
        reading.miss(path, error.reason, "which libraries it has in memory could not be read")
        return frozenset()
    return frozenset(_LIBRARY.findall(maps))


def _listens(host: Host, process: Seen) -> bool:
    """Return whether a process holds a listening socket that is not this host's alone.

    What listens on loopback alone may be the channel between the parts of one training run.
    """
    order = byte_order(host)
    held = _sockets(host, process)
    for name, protocol in _TABLES:
        try:
            text = host.read(f"{process.folder}/net/{name}", limit=_LIMIT).decode(
                "ascii", "replace"
            )
        except Unreadable:
            continue  # the collector of sockets tells of that
        for socket in parse(text, protocol, order) if held else ():
            if isinstance(socket, Socket) and socket.inode in held and _is_open(socket):
                return True
    return False


def _is_open(socket: Socket) -> bool:
    return socket.listens and not socket.local.startswith("127.") and socket.local != "::1"


def _sockets(host: Host, process: Seen) -> frozenset[int]:
    folder = f"{process.folder}/fd"
    found = set()
    try:
        descriptors = host.list(folder, limit=_DESCRIPTORS)
    except Unreadable:
        return frozenset()  # likewise
    for descriptor in descriptors:
        try:
            match = _SOCKET.match(host.readlink(f"{folder}/{descriptor}"))
        except Unreadable:
            continue
        if match:
            found.add(int(match[1]))
    return frozenset(found)
