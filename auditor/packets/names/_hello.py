"""Reads the hellos of TLS, DTLS and QUIC: names, protocols, versions (RFC 8446, 6066, 7301)."""

from __future__ import annotations

from functools import lru_cache
from struct import Struct as Form
from struct import error as struct_error

from msgspec import Struct

from auditor.packets.names._text import name_text

CLIENT_HELLO, SERVER_HELLO, HELLO_VERIFY = 1, 2, 3
_SERVER_NAME, _ALPN, _VERSIONS = 0, 16, 43
_ESNI, _ECH = 0xFFCE, 0xFE0D
_READ = frozenset({_SERVER_NAME, _ALPN, _VERSIONS, _ESNI, _ECH})
_MOST_EXTENSIONS = 128
_EXTENSION = Form(">HH").unpack_from
_MOST_PROTOCOLS = 16
_VERSION_TEXT = {
    0x0300: "SSL 3.0", 0x0301: "TLS 1.0", 0x0302: "TLS 1.1", 0x0303: "TLS 1.2",
    0x0304: "TLS 1.3", 0xFEFF: "DTLS 1.0", 0xFEFD: "DTLS 1.2", 0xFEFC: "DTLS 1.3",
}  # fmt: skip
# Suites that sign but do not encrypt (IANA TLS parameters: `…_WITH_NULL_…`, RFC 9150).
_NULL_SUITES = frozenset({
    0x0000, 0x0001, 0x0002, 0x002C, 0x002D, 0x002E, 0x003B, 0x00B0, 0x00B1, 0x00B4, 0x00B5,
    0x00B8, 0x00B9, 0xC001, 0xC006, 0xC00B, 0xC010, 0xC015, 0xC039, 0xC03A, 0xC03B,
    0xC0B4, 0xC0B5,
})  # fmt: skip


class Ech(Struct, frozen=True, gc=False):
    """The outer half of an encrypted hello: which key it says it used, and its lengths."""

    config_id: int
    kem_size: int
    payload_size: int


class ClientHello(Struct, frozen=True, gc=False):
    """What a client says in clear. `whole` is false where the hello was cut or contradicts itself.

    `name` is empty where none was said (in what was read). `esni` is the older draft's extension.
    """

    name: str = ""
    protocols: tuple[str, ...] = ()
    version: str = ""
    ech: Ech | None = None
    esni: bool = False
    whole: bool = True


class ServerHello(Struct, frozen=True, gc=False):
    """What a server chose. `null_cipher`: the suite protects nothing from being read."""

    version: str = ""
    protocol: str = ""
    null_cipher: bool = False


def version_text(number: int) -> str:
    """Return how a version is written."""
    return _VERSION_TEXT.get(number) or f"0x{number:04x}"


class _Said(Struct, gc=False):
    """A client's extensions, as they are read."""

    name: str = ""
    protocols: tuple[str, ...] = ()
    offered: int = 0
    ech: Ech | None = None
    esni: bool = False


def client_hello(body: bytes, *, dtls: bool = False) -> ClientHello:
    """Return what a ClientHello's body (after the handshake header) says, as far as it reaches."""
    said = _Said()
    version = int.from_bytes(body[:2], "big")
    try:
        at = 35 + body[34]
        if dtls:  # the cookie (RFC 6347, 4.2.1)
            at += 1 + body[at]
        at += 2 + (body[at] << 8 | body[at + 1])
        at += 1 + body[at]
        # Extensions may lack altogether up to TLS 1.2.
        whole = at == len(body) or _extensions(body, at, said, dtls=dtls)
    except (IndexError, struct_error):
        whole = False
    return ClientHello(
        said.name,
        said.protocols,
        version_text(said.offered or version) if len(body) >= 2 else "",  # noqa: PLR2004
        said.ech,
        said.esni,
        whole,
    )


def _extensions(body: bytes, at: int, said: _Said, *, dtls: bool) -> bool:
    """Keep what extensions say; return whether they end where the hello does."""
    end = at + 2 + (body[at] << 8 | body[at + 1])
    at += 2
    for _ in range(_MOST_EXTENSIONS):
        if at >= end:
            break
        kind, length = _EXTENSION(body, at)
        begin = at + 4
        at = begin + length
        if kind not in _READ:
            continue
        data = body[begin:at]
        if kind == _SERVER_NAME:
            said.name = said.name or _server_name(data)
        elif kind == _ALPN:
            said.protocols = _protocols(data)
        elif kind == _VERSIONS:
            said.offered = _newest(data, dtls=dtls)
        elif kind == _ECH:
            said.ech = _outer(data)
        else:
            said.esni = True
    return at == end == len(body)


def server_hello(body: bytes) -> ServerHello | None:
    """Return what a ServerHello's body says; `None` for what is none, or was cut too early."""
    try:
        version = int.from_bytes(body[:2], "big")
        at = 35 + body[34]
        suite = body[at] << 8 | body[at + 1]
        at += 3
        protocol = ""
        if at + 2 <= len(body):
            end = min(at + 2 + (body[at] << 8 | body[at + 1]), len(body))
            at += 2
            for _ in range(_MOST_EXTENSIONS):
                if at >= end:
                    break
                kind, length = _EXTENSION(body, at)
                at += 4
                if kind == _VERSIONS and length == 2:  # noqa: PLR2004
                    version = body[at] << 8 | body[at + 1]
                elif kind == _ALPN:
                    protocol = "".join(_protocols(body[at : at + length])[:1])
                at += length
    except (IndexError, struct_error):
        return None
    return ServerHello(version_text(version), protocol, suite in _NULL_SUITES)


def _server_name(data: bytes) -> str:
    # A list of (type, name); only type 0, host_name, was ever given (RFC 6066, 3).
    at = 2
    while at + 3 <= len(data):
        length = data[at + 1] << 8 | data[at + 2]
        if data[at] == 0:
            raw = data[at + 3 : at + 3 + length]
            return name_text(raw) if len(raw) == length else ""
        at += 3 + length
    return ""


@lru_cache(maxsize=1024)
def _protocols(data: bytes) -> tuple[str, ...]:
    found: list[str] = []
    at = 2
    while at < len(data) and len(found) < _MOST_PROTOCOLS:
        length = data[at]
        raw = data[at + 1 : at + 1 + length]
        # GREASE (RFC 8701): two equal bytes `0x?a 0x?a`.
        if length and not (length == 2 and raw[0] == raw[-1] and raw[0] & 15 == 10):  # noqa: PLR2004
            found.append(name_text(raw[:32]))
        at += 1 + length
    return tuple(found)


@lru_cache(maxsize=1024)
def _newest(data: bytes, *, dtls: bool) -> int:
    numbers = [data[at] << 8 | data[at + 1] for at in range(1, len(data) - 1, 2)]
    known = [n for n in numbers if n in _VERSION_TEXT and (n >> 8 == 0xFE) == dtls]  # noqa: PLR2004
    if not known:
        return 0
    return min(known) if dtls else max(known)  # DTLS counts down


def _outer(data: bytes) -> Ech | None:
    # ECHClientHello (RFC 9849, 5): type, suite (KDF, AEAD), config_id, enc<2>, payload<2>.
    if len(data) < 8 or data[0] != 0:  # noqa: PLR2004
        return None
    kem_size = data[6] << 8 | data[7]
    at = 8 + kem_size
    if at + 2 > len(data):
        return None
    return Ech(data[5], kem_size, data[at] << 8 | data[at + 1])
