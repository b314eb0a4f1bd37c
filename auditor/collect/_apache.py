"""Reads Apache httpd's configuration as far as it says how its listeners speak."""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import Struct, field

from auditor.collect._globs import matching
from auditor.collect._reading import Reading
from auditor.collect._tls_listeners import (
    VERSIONS,
    Found,
    Listener,
    listener_of,
    version,
    weak_ciphers,
)

# Debian's main file and Red Hat's, each with the folder that relative paths are under.
_MAINS = (("/etc/apache2/apache2.conf", "/etc/apache2"), ("/etc/httpd/conf/httpd.conf",
                                                          "/etc/httpd"))  # fmt: skip
READS = (*(path for path, _ in _MAINS), "/etc/apache2/*", "/etc/httpd/*")
_MOST_FILES = 500
_DEEPEST = 16
_SECTION = re.compile(r"<(/?)\s*(\w+)\s*([^>]*)>")
_WORD = re.compile(r'"((?:[^"\\]|\\.)*)"|(\S+)')
_OURS = frozenset({"sslengine", "sslprotocol", "sslciphersuite", "sslverifyclient",
                   "sslcertificatefile", "sslcertificatekeyfile"})  # fmt: skip


class _Line(Struct, frozen=True, kw_only=True):
    words: tuple[str, ...]
    path: str
    line: int


class _Host(Struct, kw_only=True):
    """A `<VirtualHost>`: where it listens, and its settings."""

    ports: tuple[int, ...]
    values: dict[str, tuple[str, ...]]
    redirects: bool = False


class _Server(Struct, kw_only=True):
    """What the whole configuration says."""

    base: str
    listens: list[_Line] = field(default_factory=list)
    values: dict[str, tuple[str, ...]] = field(default_factory=dict)
    hosts: list[_Host] = field(default_factory=list)
    files: int = 0


def read(reading: Reading, found: Found) -> None:
    """Keep the listeners of the configuration, and the certificates that it names."""
    for path, base in _MAINS:
        text = reading.text(path)
        if text is None:
            continue
        server = _Server(base=base)
        _evaluate(server, _lines(reading, server, path, text, depth=0))
        _keep(reading, server, found)


def _lines(
    reading: Reading, server: _Server, path: str, text: str, *, depth: int
) -> Iterator[_Line]:
    """Yield the lines that say something, those of included files in their places."""
    for number, raw in enumerate(re.sub(r"\\\r?\n", " ", text).split("\n"), start=1):
        stripped = raw.strip()
        if not stripped or stripped.startswith("#"):
            continue
        section = _SECTION.fullmatch(stripped)
        if section is not None:
            name = f"<{section[1]}{section[2].lower()}"
            yield _Line(words=(name, *section[3].split()), path=path, line=number)
            continue
        if stripped.startswith("<"):
            reading.malformed(path, number, "a section without its end")
            continue
        words = tuple(quoted or bare for quoted, bare in _WORD.findall(stripped))
        if words[0].lower() in ("include", "includeoptional") and len(words) > 1:
            yield from _included(reading, server, words[1], depth=depth + 1)
        else:
            yield _Line(words=(words[0].lower(), *words[1:]), path=path, line=number)


def _included(reading: Reading, server: _Server, pattern: str, *, depth: int) -> Iterator[_Line]:
    whole = pattern if pattern.startswith("/") else f"{server.base}/{pattern}"
    for path in matching(reading, whole):
        server.files += 1
        if depth > _DEEPEST or server.files > _MOST_FILES:
            reading.miss(path, "limit", "too many included files")
            return
        text = reading.text(path)
        if text is not None:
            yield from _lines(reading, server, path, text, depth=depth)


def _evaluate(server: _Server, lines: Iterator[_Line]) -> None:
    host: _Host | None = None
    for line in lines:
        name, words = line.words[0], line.words[1:]
        if name == "<virtualhost":
            ports = tuple(listener_of(word)[1] for word in words)
            host = _Host(ports=ports, values={})
            server.hosts.append(host)
        elif name == "</virtualhost":
            host = None
        elif name == "listen" and words:
            server.listens.append(line)
        elif name in _OURS:
            (host.values if host else server.values)[name] = words
        elif host is not None and _is_redirect(name, words):
            host.redirects = True


def _is_redirect(name: str, words: tuple[str, ...]) -> bool:
    """Return whether everything is sent to TLS: `Redirect permanent / https://…`."""
    if name not in ("redirect", "redirectpermanent", "redirectmatch"):
        return False
    return bool(words) and words[-1].startswith("https://") and words[-2:-1] in (("/",), ("^/",))


def _keep(reading: Reading, server: _Server, found: Found) -> None:
    for line in server.listens:
        address, port = listener_of(line.words[1])
        # A host without a port is there for every port.
        hosts = [host for host in server.hosts if port in host.ports or 0 in host.ports]
        secure = [host for host in hosts if _has_tls(server, host)]
        values = [server.values | host.values for host in secure]
        found.settings.append(
            Listener(
                service="apache",
                address=address,
                port=port,
                tls=bool(secure) or line.words[2:3] == ("https",),
                redirects=bool(hosts) and all(host.redirects for host in hosts),
                protocols=_protocols(values),
                weak=weak_ciphers(*(" ".join(one.get("sslciphersuite", ())) for one in values)),
                peers_verified=bool(values)
                and all(one.get("sslverifyclient", ("none",))[0] == "require" for one in values),
                certificates=tuple(_certificates(server, found, values)),
            ).record(reading, line.path, line.line)
        )


def _has_tls(server: _Server, host: _Host) -> bool:
    word = (server.values | host.values).get("sslengine", ("off",))[:1]
    return bool(word) and word[0].lower() in ("on", "optional")


def _protocols(values: list[dict[str, tuple[str, ...]]]) -> tuple[str, ...]:
    """Return the versions that any host has on; `()` where one leaves them to the default."""
    found = [switched(one["sslprotocol"]) if one.get("sslprotocol") else () for one in values]
    if not found or not all(found):
        return ()
    return tuple(one for one in VERSIONS if any(one in each for each in found))


def switched(words: tuple[str, ...]) -> tuple[str, ...]:
    """Return what `SSLProtocol all -SSLv3 +TLSv1.2` switches on (mod_ssl), oldest first.

    `all` is every version that the build knows, SSLv3 not among them since OpenSSL 1.1.
    """
    on: set[str] = set()
    for word in words:
        bare = word.lstrip("+-")
        named = set(VERSIONS[2:]) if bare.lower() == "all" else {version(bare)} - {""}
        on = on - named if word.startswith("-") else on | named
    return tuple(one for one in VERSIONS if one in on)


def _certificates(
    server: _Server, found: Found, values: list[dict[str, tuple[str, ...]]]
) -> Iterator[str]:
    for one in values:
        certificate = " ".join(one.get("sslcertificatefile", ()))
        key = " ".join(one.get("sslcertificatekeyfile", ()))
        path = found.name(certificate, key, "apache", base=server.base)
        if path:
            yield path
