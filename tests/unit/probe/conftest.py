"""Listeners of this host that behave well, badly and strangely; each lives for one test."""

from __future__ import annotations

import datetime as dt
import socket
import ssl
import threading
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from auditor.probe.words import Target

Serve = Callable[[socket.socket], None]


@pytest.fixture
def listener() -> Iterator[Callable[[Serve], Target]]:
    """Return `listen(serve) -> Target`: `serve` is called with each connection."""
    sockets: list[socket.socket] = []
    over = threading.Event()

    def listen(serve: Serve, *, family: int = socket.AF_INET) -> Target:
        server = socket.socket(family, socket.SOCK_STREAM)
        server.bind(("::1" if family == socket.AF_INET6 else "127.0.0.1", 0))
        server.listen(16)
        server.settimeout(0.1)
        sockets.append(server)

        def one(connection: socket.socket) -> None:
            with connection:
                connection.settimeout(5)
                try:
                    serve(connection)
                except (OSError, ValueError):
                    return

        def accept() -> None:
            while not over.is_set():
                try:
                    connection, _ = server.accept()
                except TimeoutError:
                    continue
                except OSError:
                    return
                threading.Thread(target=one, args=(connection,), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        return Target(server.getsockname()[0], server.getsockname()[1])

    yield listen
    over.set()
    for server in sockets:
        server.close()


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a PEM file with a self-signed certificate for `probe.example` and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "probe.example")])
    begins = dt.datetime(2025, 1, 1, tzinfo=dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(begins)
        .not_valid_after(begins + dt.timedelta(days=3650))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("probe.example")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "server.pem"
    path.write_bytes(
        made.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return path


@pytest.fixture
def tls_server(listener, certificate):
    """Return `serve(lowest, highest, clients=False) -> Target`: a server of those versions."""

    def serve(lowest: str, highest: str, *, clients: bool = False) -> Target:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        context.set_ciphers("ALL:@SECLEVEL=0")
        if clients:
            context.load_verify_locations(certificate)
            context.verify_mode = ssl.CERT_REQUIRED
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            context.minimum_version = ssl.TLSVersion[lowest]
            context.maximum_version = ssl.TLSVersion[highest]

        def talk(connection: socket.socket) -> None:
            with context.wrap_socket(connection, server_side=True) as wrapped:
                wrapped.recv(100)

        return listener(talk)

    return serve
