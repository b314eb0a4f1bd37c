"""Reads HAProxy's configuration as far as it says how its listeners speak."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from msgspec import Struct, field

from auditor.collect._reading import Reading
from auditor.collect._tls_listeners import (
    VERSIONS,
    Found,
    Listener,
    between,
    listener_of,
    version,
    weak_ciphers,
)

MAIN = "/etc/haproxy/haproxy.cfg"
READS = (MAIN, "/etc/haproxy/conf.d/*.cfg")
_SECTIONS = frozenset({
    "global", "defaults", "frontend", "backend", "listen", "userlist", "peers", "resolvers",
    "mailers", "cache", "program", "http-errors", "ring",
})  # fmt: skip
_WORD = re.compile(r'"((?:[^"\\]|\\.)*)"|\'([^\']*)\'|((?:[^\s"\'#\\]|\\.)+)')
_BOUNDS = ("ssl-min-ver", "ssl-max-ver")


class _Bind(Struct, frozen=True, kw_only=True):
    words: tuple[str, ...]
    path: str
    line: int


class _Proxy(Struct, kw_only=True):
    """A frontend or listen section."""

    binds: list[_Bind] = field(default_factory=list)
    redirects: bool = False


class _State(Struct, kw_only=True):
    options: tuple[str, ...] = ()
    ciphers: str = ""
    base: str = "/etc/haproxy"
    proxies: list[_Proxy] = field(default_factory=list)


def read(reading: Reading, found: Found) -> None:
    """Keep the listeners of the configuration, and the certificates that it names."""
    state = _State()
    files = (MAIN, *reading.folder("/etc/haproxy/conf.d", ".cfg"))
    for path, text in reading.texts(files):
        _evaluate(state, path, text)
    for proxy in state.proxies:
        for bind in proxy.binds:
            for listener in _listeners(state, proxy, bind, found):
                found.settings.append(listener.record(reading, bind.path, bind.line))


def _evaluate(state: _State, path: str, text: str) -> None:
    section = ""
    proxy = _Proxy()
    for number, raw in enumerate(text.split("\n"), start=1):
        words = tuple(_words(raw))
        if not words:
            continue
        if words[0] in _SECTIONS and raw[:1] not in " \t":
            section = words[0]
            proxy = _Proxy()
            if section in ("frontend", "listen"):
                state.proxies.append(proxy)
        elif section == "global":
            _of_global(state, words)
        elif words[0] == "bind" and len(words) > 1:
            proxy.binds.append(_Bind(words=words[1:], path=path, line=number))
        elif _is_redirect(words):
            proxy.redirects = True


def _words(line: str) -> Iterator[str]:
    position = 0
    while position < len(line):
        match = _WORD.match(line, position)
        if match is not None:
            yield match[1] or match[2] or match[3] or ""
            position = match.end()
        elif line[position] == "#":
            return
        else:
            position += 1


def _of_global(state: _State, words: tuple[str, ...]) -> None:
    if words[0] == "ssl-default-bind-options":
        state.options = words[1:]
    elif words[0] == "ssl-default-bind-ciphers":
        state.ciphers = " ".join(words[1:])
    elif words[0] == "crt-base" and len(words) > 1:
        state.base = words[1]


def _is_redirect(words: tuple[str, ...]) -> bool:
    """Return whether every request in clear is sent to TLS (`… unless { ssl_fc }`)."""
    text = " ".join(words)
    sends = re.match(r"(?:http-request )?redirect scheme https\b", text) is not None
    condition = re.search(r" (if|unless) (.*)", text)
    return sends and (
        condition is None
        or (condition[1], condition[2].replace(" ", ""))
        in (("unless", "{ssl_fc}"), ("if", "!{ssl_fc}"))
    )


def _listeners(state: _State, proxy: _Proxy, bind: _Bind, found: Found) -> Iterator[Listener]:
    words = bind.words
    options = (*state.options, *words)
    tls = "ssl" in words
    certificate = _after(words, "crt")
    # The key lies in the same file, or beside it as `.key` (ssl-load-extra-files).
    path = found.name(certificate, "", "haproxy", base=state.base) if certificate else ""
    ciphers = _after(words, "ciphers") or state.ciphers
    for one in words[0].split(","):
        address, port = listener_of(one)
        if address == "unix" or address.startswith(("fd@", "sockpair@")):
            continue
        yield Listener(
            service="haproxy",
            address=address.removeprefix("ipv4@").removeprefix("ipv6@"),
            port=port,
            tls=tls,
            redirects=proxy.redirects,
            protocols=_protocols(options),
            weak=weak_ciphers(ciphers),
            peers_verified=_after(words, "verify") == "required",
            certificates=(path,) if path else (),
        )


def _after(words: tuple[str, ...], name: str) -> str:
    place = words.index(name) + 1 if name in words else len(words)
    return words[place] if place < len(words) else ""


def _protocols(options: tuple[str, ...]) -> tuple[str, ...]:
    """Return the versions that the options leave on; `()` where they do not say the lowest.

    The lowest that is not said was 1.0 before HAProxy 2.2, and is 1.2 since.
    """
    said = {word: following for word, following in pairwise(options) if word in _BOUNDS}
    forced = [version(word.removeprefix("force-")) for word in options if word.startswith("force-")]
    if forced and forced[-1]:
        return (forced[-1],)
    off = {version(word.removeprefix("no-")) for word in options if word.startswith("no-")}
    if "ssl-min-ver" not in said and not off - {""}:
        return ()
    on = between(said.get("ssl-min-ver", VERSIONS[1]), said.get("ssl-max-ver", VERSIONS[-1]))
    return tuple(one for one in VERSIONS if one in on and one not in off)
