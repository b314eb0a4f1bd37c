"""HTTP in clear: the hosts that requests name, also those asked of a proxy."""

from __future__ import annotations

import re

import numpy as np

from auditor.packets.batch import I64
from auditor.packets.candidates import Candidates
from auditor.packets.names._ledger import Ledger
from auditor.packets.names._reader import Hearer, Message, NameReader
from auditor.packets.names._text import host_text, name_text

# First four bytes of requests (RFC 9110, and WebDAV's: RFC 4918, 3253, 5323) and of answers.
_STARTS = (
    b"GET ", b"POST", b"HEAD", b"PUT ", b"DELE", b"OPTI", b"CONN", b"TRAC", b"PATC",
    b"HTTP", b"PROP", b"MKCO", b"MOVE", b"COPY", b"LOCK", b"UNLO", b"REPO", b"SEAR", b"SUBS",
    b"UNSU", b"NOTI", b"QUER", b"PURG", b"CHEC", b"MERG", b"MKAC", b"VERS", b"BIND", b"ACL ",
)  # fmt: skip
_HEADS = np.array(sorted(int.from_bytes(start, "big") for start in _STARTS), np.uint64)
_LOWEST, _HIGHEST = min(_STARTS)[0], max(_STARTS)[0]
_REQUEST = re.compile(rb"([A-Z][A-Z-]{1,15}) +([^ \r\n]{1,8192}) +HTTP/1\.[0-9] *\r?\n")
_ANSWER = re.compile(rb"HTTP/1\.[0-9] +[1-5][0-9]{2}(?: |\r?\n)")
_HOST = re.compile(rb"\n[Hh][Oo][Ss][Tt][ \t]*:[ \t]*([^\r\n]*)(?=[\r\n])")
_UPGRADE = re.compile(rb"\n[Uu][Pp][Gg][Rr][Aa][Dd][Ee][ \t]*:[ \t]*([^\r\n]{1,64})")
_END = re.compile(rb"\n\r?\n")
_ABSOLUTE = re.compile(rb"[A-Za-z][A-Za-z0-9+.-]{0,15}://([^/?#]*)")
# What is told of the hosts of HTTP/2 where none of them was read.
UNREAD = "not read: HTTP/2 compresses them"
_MOST_REQUESTS = 64
_MOST_HOSTS = 4
_SHORT = 8


class _Hearer(Hearer):
    most = 1 << 14

    def choose(self, candidates: Candidates) -> I64:
        tcp = candidates.tcp
        letters = np.flatnonzero((tcp.first >= _LOWEST) & (tcp.first <= _HIGHEST))
        heads = tcp.head[letters] >> np.uint64(32)
        found = _HEADS[np.searchsorted(_HEADS[:-1], heads)] == heads
        # A request whose first word does not fit its first segment.
        found |= (tcp.nth[letters] == 0) & (tcp.length[letters] < _SHORT)
        return tcp.chosen(letters[found])

    def hear(self, message: Message, ledger: Ledger) -> int:
        data = message.data
        if data.startswith(b"HTTP"):
            if _ANSWER.match(data):
                ledger.application(message.flow, "http")
            return 0
        at = 0
        for _ in range(_MOST_REQUESTS):
            request = _REQUEST.match(data, at)
            if request is None:
                return _wait_for_line(message, at)
            end = _END.search(data, request.end() - 1)
            head = data[request.end() - 1 : end.end() if end else len(data)]
            hosts = _HOST.findall(head)
            if end is None and message.more:
                return -1
            _keep(message, ledger, request, hosts, head)
            if end is None:
                if not hosts and message.cut:
                    ledger.gap("malformed", "HTTP requests that the capture cut before their host")
                break
            at = end.end()
            if at >= len(data):
                break
        return 0


def _wait_for_line(message: Message, at: int) -> int:
    """Return whether a request's line may still become whole."""
    rest = message.data[at:]
    if not message.more or not rest or b"\n" in rest:
        return 0
    begins = rest.startswith(_STARTS) or any(start.startswith(rest) for start in _STARTS)
    return -1 if begins else 0


def _keep(
    message: Message, ledger: Ledger, request: re.Match[bytes], hosts: list[bytes], head: bytes
) -> None:
    flow = message.flow
    method, target = request.group(1), request.group(2)
    note = ledger.application(flow, "http")
    note.fact("http-method", method.decode("ascii"))
    for host in hosts[:_MOST_HOSTS]:
        ledger.name(note, host_text(host), "http_host", message.time)
    absolute = _ABSOLUTE.match(target)
    if method == b"CONNECT" or absolute is not None:
        goal = host_text(absolute.group(1) if absolute else target)
        ledger.name(note, goal, "http_host", message.time)
        note.fact("proxy", "absolute form" if absolute else "CONNECT")
        if goal:
            ledger.proxied(goal, method.decode("ascii"), message.ends(), message.time)
    upgrade = _UPGRADE.search(head)
    if upgrade is not None and upgrade.group(1).strip().lower() == b"h2c":
        # Corrected by the reader of HTTP/2 where what follows was captured.
        note.fact("hosts", UNREAD)
    if upgrade is not None:
        note.fact("http-upgrade", name_text(upgrade.group(1).strip()))


READER = NameReader(title="HTTP", specification="RFC 9110, RFC 9112", begin=_Hearer)
