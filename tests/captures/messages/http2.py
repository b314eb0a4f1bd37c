"""HTTP/2 in the clear: the client's side of a connection (RFC 9113, RFC 7541)."""

from __future__ import annotations

from struct import pack

from hpack import Encoder

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, SETTINGS, CONTINUATION = 0, 1, 4, 9
END_STREAM, END_HEADERS, PADDED, PRIORITY = 1, 4, 8, 32
GRPC = {"content-type": "application/grpc", "te": "trailers"}
OTLP = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"


def frame(kind: int, flags: int, stream: int, body: bytes = b"") -> bytes:
    """Return a frame."""
    return len(body).to_bytes(3, "big") + bytes([kind, flags]) + pack(">I", stream) + body


def opening(*settings: tuple[int, int]) -> bytes:
    """Return what a client begins with."""
    return PREFACE + frame(SETTINGS, 0, 0, b"".join(pack(">HI", *each) for each in settings))


def fields(
    authority: str = "", path: str = "/", method: str = "GET", more: dict[str, str] | None = None
) -> list[tuple[str, str]]:
    """Return the fields of a request."""
    first = [(":method", method), (":scheme", "http"), (":path", path), (":authority", authority)]
    return [pair for pair in first if pair[1]] + list((more or {}).items())


def request(
    encoder: Encoder, stream: int, said: list[tuple[str, str]], *, plain: bool = False
) -> bytes:
    """Return a request in one HEADERS frame; `plain` without Huffman's code."""
    return frame(HEADERS, END_STREAM | END_HEADERS, stream, encoder.encode(said, huffman=not plain))


def call(encoder: Encoder, stream: int, authority: str, path: str = OTLP) -> bytes:
    """Return a call of gRPC with an empty message."""
    head = encoder.encode(fields(authority, path, "POST", GRPC))
    return frame(HEADERS, END_HEADERS, stream, head) + frame(DATA, END_STREAM, stream, bytes(5))
