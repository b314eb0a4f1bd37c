"""Reads nginx's configuration as far as it says how its listeners speak."""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import Struct, field

from auditor.collect._globs import matching
from auditor.collect._reading import Reading
from auditor.collect._tls_listeners import Found, Listener, listener_of, versions, weak_ciphers

MAIN = "/etc/nginx/nginx.conf"
READS = (MAIN, "/etc/nginx/*")
_FOLDER = "/etc/nginx"
_TOKEN = re.compile(
    r"""\s+|\#[^\n]*|[{};]|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'"""
    r"""|(?:\$\{[^}\n]*\}|\\.|[^\s{};"'\\])(?:\$\{[^}\n]*\}|\\.|[^\s{};\\])*""",
    re.DOTALL,
)
_SIGNS = frozenset("{};")
_DEEPEST = 30
_MOST_FILES = 500
_MOST_DIRECTIVES = 50_000
_INHERITED = ("ssl_protocols", "ssl_ciphers", "ssl_verify_client", "ssl_certificate",
              "ssl_certificate_key", "ssl")  # fmt: skip
_REDIRECTS = frozenset({"301", "302", "303", "307", "308"})


class Directive(Struct, frozen=True, kw_only=True):
    """A directive with its words (its own name first), and what stands in its block."""

    words: tuple[str, ...]
    block: tuple[Directive, ...] | None
    path: str
    line: int


class MalformedError(ValueError):
    """A text that nginx would not take; `line` counts from 1."""

    def __init__(self, line: int) -> None:
        """Keep the line."""
        super().__init__(line)
        self.line = line


class _Open(Struct):
    words: tuple[str, ...]
    line: int
    block: list[Directive] = field(default_factory=list)


def parse(text: str, path: str = "") -> tuple[Directive, ...]:
    """Return the directives of one file; raises `MalformedError`, also for what is too deep."""
    stack = [_Open(words=(), line=0)]
    words: list[str] = []
    for sign, line, quoted in _tokens(text):
        if quoted or sign not in _SIGNS:
            words.append(sign)
            continue
        if sign == ";":
            if not words:
                raise MalformedError(line)
            made = Directive(words=tuple(words), block=None, path=path, line=line)
            stack[-1].block.append(made)
        elif sign == "{":
            if not words or len(stack) > _DEEPEST:
                raise MalformedError(line)
            stack.append(_Open(words=tuple(words), line=line))
        else:
            if words or len(stack) == 1:
                raise MalformedError(line)
            done = stack.pop()
            block = tuple(done.block)
            made = Directive(words=done.words, block=block, path=path, line=done.line)
            stack[-1].block.append(made)
        words = []
    if words or len(stack) > 1:
        raise MalformedError(text.count("\n") + 1)
    return tuple(stack[0].block)


def _tokens(text: str) -> Iterator[tuple[str, int, bool]]:
    """Yield each word or sign, its line, and whether it was quoted: a quoted brace is none."""
    position, line, count = 0, 1, 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None or count > _MOST_DIRECTIVES * 4:
            raise MalformedError(line)
        token = match[0]
        count += 1
        if not token.isspace() and not token.startswith("#"):
            quoted = token[0] in "\"'"
            yield (token[1:-1] if quoted else token), line, quoted
        line += token.count("\n")
        position = match.end()


def read(reading: Reading, found: Found) -> None:
    """Keep the listeners of the configuration, and the certificates that it names."""
    text = reading.text(MAIN)
    if text is None:
        return
    whole = _Files(reading).included(_parsed(reading, MAIN, text), depth=0)
    listeners: dict[str, tuple[Listener, str, int]] = {}
    for server, inherited in _servers(whole, {}):
        for listener in _listeners(server, inherited, found):
            known = listeners.get(listener.shown)
            merged = _merged(known[0], listener) if known else listener
            listeners[listener.shown] = (merged, *(known[1:] if known else
                                                   (server.path, server.line)))  # fmt: skip
    for _, (listener, path, line) in sorted(listeners.items()):
        found.settings.append(listener.record(reading, path, line))


def _parsed(reading: Reading, path: str, text: str) -> tuple[Directive, ...]:
    try:
        return parse(text, path)
    except MalformedError as error:
        reading.malformed(path, error.line, "not what nginx reads")
        return ()


class _Files:
    """Follows `include`, each file once on a way down, and not without end."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._read = 0

    def included(self, block: tuple[Directive, ...], *, depth: int) -> tuple[Directive, ...]:
        """Return the directives with those of the included files in their places."""
        made: list[Directive] = []
        for one in block:
            if one.words[0] == "include" and len(one.words) > 1:
                made += self._of_pattern(one, depth + 1)
            elif one.block is not None:
                inner = self.included(one.block, depth=depth)
                made.append(Directive(words=one.words, block=inner, path=one.path, line=one.line))
            else:
                made.append(one)
        return tuple(made)

    def _of_pattern(self, one: Directive, depth: int) -> list[Directive]:
        pattern = one.words[1]
        whole = pattern if pattern.startswith("/") else f"{_FOLDER}/{pattern}"
        made: list[Directive] = []
        for path in matching(self._reading, whole):
            self._read += 1
            if depth > _DEEPEST or self._read > _MOST_FILES:
                self._reading.miss(path, "limit", "too many included files")
                break
            text = self._reading.text(path)
            if text is not None:
                made += self.included(_parsed(self._reading, path, text), depth=depth)
        return made


def _servers(
    block: tuple[Directive, ...], inherited: dict[str, tuple[str, ...]]
) -> Iterator[tuple[Directive, dict[str, tuple[str, ...]]]]:
    """Yield each server with the TLS directives of the blocks around it."""
    own = inherited | _values(block)
    for one in block:
        if one.block is None:
            continue
        if one.words[0] == "server":
            yield one, own
        elif one.words[0] in ("http", "stream", "mail"):
            yield from _servers(one.block, own)


def _values(block: tuple[Directive, ...]) -> dict[str, tuple[str, ...]]:
    return {one.words[0]: one.words[1:] for one in block if one.words[0] in _INHERITED}


def _listeners(
    server: Directive, inherited: dict[str, tuple[str, ...]], found: Found
) -> Iterator[Listener]:
    block = server.block or ()
    values = inherited | _values(block)
    certificate = (values.get("ssl_certificate") or ("",))[0]
    key = (values.get("ssl_certificate_key") or ("",))[0]
    path = found.name(certificate, key, "nginx", base=_FOLDER) if certificate else ""
    ways = [one.words[1:] for one in block if one.words[0] == "listen" and len(one.words) > 1]
    for words in ways or [("80",)]:
        address, port = listener_of(words[0], 80)
        if address == "unix":
            continue
        tls = {"ssl", "quic"} & set(words[1:]) or values.get("ssl") == ("on",)
        yield Listener(
            service="nginx",
            address=address,
            port=port,
            tls=bool(tls),
            redirects=_redirects(block),
            protocols=versions(values.get("ssl_protocols", ())),
            weak=weak_ciphers(" ".join(values.get("ssl_ciphers", ()))),
            peers_verified=values.get("ssl_verify_client", ("off",))[0] == "on",
            certificates=(path,) if path and tls else (),
        )


def _redirects(block: tuple[Directive, ...]) -> bool:
    """Return whether the server answers everything with a way to TLS (`return 301 https://…`)."""
    return any(
        one.words[0] == "return" and len(one.words) > 2  # noqa: PLR2004 - code and address
        and one.words[1] in _REDIRECTS and one.words[2].startswith("https://")
        for one in block
    )  # fmt: skip


def _merged(one: Listener, other: Listener) -> Listener:
    """Return a listener that two servers share: TLS where one of them asks for it (nginx)."""
    if not one.tls or not other.tls:
        protocols, weak = (
            (one, other)[bool(other.tls)].protocols,
            (one, other)[bool(other.tls)].weak,
        )
    else:
        both = one.protocols and other.protocols
        protocols = versions((*(one.protocols or ()), *(other.protocols or ()))) if both else ()
        weak = tuple(sorted({*(one.weak or ()), *(other.weak or ())}))
    return Listener(
        service=one.service,
        address=one.address,
        port=one.port,
        tls=bool(one.tls or other.tls),
        redirects=one.redirects and other.redirects,
        protocols=protocols,
        weak=weak,
        peers_verified=bool(one.peers_verified and other.peers_verified),
        certificates=(*one.certificates, *other.certificates),
    )
