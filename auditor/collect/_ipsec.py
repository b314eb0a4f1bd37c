"""Reads the connections of strongSwan and Libreswan: whom they lead to, with which algorithms."""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import Struct, field

from auditor.collect._globs import matching
from auditor.collect._reading import Reading

_OLD = "/etc/ipsec.conf"
_NEW = "/etc/swanctl/swanctl.conf"
READS = (_OLD, "/etc/ipsec.d/*.conf", _NEW, "/etc/swanctl/conf.d/*.conf")
_DEEPEST = 30
_MOST_FILES = 200
# Algorithms that protect nothing, or not enough (RFC 8221, RFC 8247: MUST NOT and SHOULD NOT).
_WEAK = re.compile(r"^(?:null|3?des|md5(?:_128)?|modp(?:768|1024|1536)|blowfish\d*|cast128|"
                   r"sha1_160|dh[125])$")  # fmt: skip
_ANYBODY = frozenset({"%any", "%any4", "%any6", "%defaultroute", "%group", "%opportunistic",
                      "0.0.0.0/0", "::/0", "0.0.0.0", "::", ""})  # fmt: skip  # noqa: S104
_PROPOSALS = frozenset({"esp", "ike", "ah", "phase2alg", "esp_proposals", "ah_proposals",
                        "proposals"})  # fmt: skip
_PEERS = frozenset({"right", "remote_addrs"})
_TOKEN = re.compile(r"[{}]|=[^\n}]*|[^\s{}=#]+|#[^\n]*|\s+")


class Connection(Struct, kw_only=True):
    """A configured connection: `endpoints` are its peers; `also_clear` lets traffic by in clear."""

    name: str
    path: str
    line: int
    endpoints: list[str] = field(default_factory=list)
    weak: dict[str, None] = field(default_factory=dict)
    also_clear: bool = False


def connections(reading: Reading) -> tuple[Connection, ...]:
    """Return the connections of both programs' files; templates (`%default`) are none."""
    found: list[Connection] = []
    told: set[str] = set()
    for path in (_OLD, *reading.folder("/etc/ipsec.d", ".conf")):
        found += _old(reading, path, told)
    for path in (_NEW, *reading.folder("/etc/swanctl/conf.d", ".conf")):
        text = reading.text(path)
        if text is not None:
            found += _new(reading, path, text)
    return tuple(found)


def _old(reading: Reading, path: str, told: set[str]) -> Iterator[Connection]:
    """Yield the `conn` sections of an ipsec.conf(5); of files told already nothing more."""
    text = reading.text(path) if _first_time(reading, path, told) else None
    if text is None:
        return
    current: Connection | None = None
    for number, raw in enumerate(text.split("\n"), start=1):
        line = raw.partition("#")[0].rstrip()
        if not line:
            continue
        words = line.split()
        if line[0] not in " \t":
            if current is not None:
                yield current
            current = None
            if words[0] == "conn" and len(words) > 1 and words[1] != "%default":
                current = Connection(name=words[1], path=path, line=number)
            elif words[0] == "include" and len(words) > 1:
                yield from _included(reading, words[1], told)
        elif current is not None and "=" in line:
            name, _, value = line.strip().partition("=")
            _set(current, name.strip(), value.strip())
    if current is not None:
        yield current


def _first_time(reading: Reading, path: str, told: set[str]) -> bool:
    if path in told:
        return False
    if len(told) == _MOST_FILES:
        reading.miss(path, "limit", "too many included files")
        return False
    told.add(path)
    return True


def _included(reading: Reading, pattern: str, told: set[str]) -> Iterator[Connection]:
    whole = pattern if pattern.startswith("/") else f"/etc/{pattern}"
    for path in matching(reading, whole):
        # That folder is read anyway.
        if not path.startswith("/etc/ipsec.d/"):
            yield from _old(reading, path, told)


def _set(connection: Connection, name: str, value: str) -> None:
    bare = value.strip("\"'")
    if name in _PEERS:
        for peer in bare.split(","):
            if peer.strip() not in _ANYBODY:
                connection.endpoints.append(peer.strip())
    elif name in _PROPOSALS:
        for word in re.split(r"[-,;+!\s]+", bare):
            if _WEAK.match(word.lower()):
                connection.weak[word.lower()] = None
    elif (name, bare) in (("type", "passthrough"), ("mode", "pass")):
        connection.also_clear = True


def _new(reading: Reading, path: str, text: str) -> list[Connection]:
    """Return the connections of a swanctl.conf(5): what stands under `connections`."""
    found: list[Connection] = []
    stack: list[str] = []
    name, line = "", 1
    for match in _TOKEN.finditer(text):
        sign = match[0]
        if sign in ("{", "}"):
            if not _turn(stack, sign, name):
                reading.malformed(path, line, "brackets that do not match")
                return found
            if sign == "{" and len(stack) == 2 and stack[0] == "connections":  # noqa: PLR2004
                found.append(Connection(name=name, path=path, line=line))
        elif sign[0] == "=":
            if found and stack[:1] == ["connections"]:
                _set(found[-1], name, sign[1:].partition("#")[0].strip())
        elif not sign.isspace() and sign[0] != "#":
            name = sign
        line += sign.count("\n")
    if stack:
        reading.malformed(path, line, "a bracket is not closed")
    return found


def _turn(stack: list[str], sign: str, name: str) -> bool:
    """Go into a section or out of one; false where there is none to leave, or no end of them."""
    if sign == "{":
        stack.append(name)
        return len(stack) <= _DEEPEST
    if stack:
        stack.pop()
        return True
    return False
