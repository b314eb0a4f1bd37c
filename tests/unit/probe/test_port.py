"""What listeners say when they are asked; whatever they do, the answer comes in time."""

from __future__ import annotations

import socket
import time

import pytest

from auditor.probe._hello import TLCP, client_hello
from auditor.probe._port import ask
from auditor.probe.words import Target


def http(connection):
    connection.recv(4096)
    connection.sendall(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")


def says(banner):
    def serve(connection):
        connection.sendall(banner)
        connection.recv(100)

    return serve


def silent(connection):
    while connection.recv(4096):
        pass


def closes(connection):
    connection.recv(4096)


def garbage(connection):
    connection.recv(4096)
    connection.sendall(bytes(range(256)))


def half_a_record(connection):
    connection.recv(4096)
    connection.sendall(b"\x16\x03\x03\x00\x7a\x02\x00")
    time.sleep(4)


def drips(connection):
    connection.recv(4096)
    for byte in b"\x16\x03\x03\x01\x00" + bytes(200):
        connection.sendall(bytes([byte]))
        time.sleep(0.2)


def floods(connection):
    connection.recv(4096)
    while True:
        connection.sendall(b"\x16\x03\x03\xff\xff" + bytes(60_000))


def tlcp_gateway(connection):
    """Answer TLCP with a ServerHello of ECC_SM4_GCM_SM3, all else with an alert."""
    hello = connection.recv(4096)
    if hello[1:3] != b"\x01\x01":
        connection.sendall(b"\x15\x03\x01\x00\x02\x02\x46")
        return
    body = b"\x01\x01" + bytes(32) + b"\x00" + b"\xe0\x53" + b"\x00"
    message = b"\x02" + len(body).to_bytes(3) + body
    connection.sendall(b"\x16\x01\x01" + len(message).to_bytes(2) + message)


def mute_for(version):
    """Speak TLS 1.2 as far as a ServerHello, but say nothing where `version` is offered."""

    def serve(connection):
        hello = connection.recv(4096)
        if hello[9:11] == version:
            time.sleep(3)
        elif hello[9:11] == b"\x03\x03" and b"\x00\x2b\x00\x03" not in hello:
            body = b"\x03\x03" + bytes(32) + b"\x00\xc0\x2f\x00"
            message = b"\x02" + len(body).to_bytes(3) + body
            connection.sendall(b"\x16\x03\x03" + len(message).to_bytes(2) + message)
        else:
            connection.sendall(b"\x15\x03\x01\x00\x02\x02\x46")

    return serve


def old_server(connection):
    """Agree to SSLv3 alone, as far as a ServerHello."""
    hello = connection.recv(4096)
    if hello[9:11] != b"\x03\x00":
        connection.sendall(b"\x15\x03\x00\x00\x02\x02\x28")
        return
    body = b"\x03\x00" + bytes(32) + b"\x00\x00\x05\x00"
    message = b"\x02" + len(body).to_bytes(3) + body
    connection.sendall(b"\x16\x03\x00" + len(message).to_bytes(2) + message)


def alert_only(connection):
    connection.recv(4096)
    connection.sendall(b"\x15\x03\x03\x00\x02\x02\x28")


def test_a_modern_server_offers_two_versions_and_shows_its_certificate(tls_server):
    answer = ask(tls_server("TLSv1_2", "TLSv1_3"))
    assert (answer.speaks, answer.versions) == ("tls", ("TLSv1.2", "TLSv1.3"))
    assert len(answer.chain) == 1
    assert answer.chain[0][0] == 0x30
    assert answer.cipher


def test_a_server_of_old_versions_alone_is_tls_of_old_versions_and_not_broken(tls_server):
    answer = ask(tls_server("TLSv1", "TLSv1_1"))
    assert (answer.speaks, answer.versions) == ("tls", ("TLSv1", "TLSv1.1"))
    assert answer.chain


def test_one_old_version_beside_new_ones_does_not_hide(tls_server):
    assert ask(tls_server("TLSv1", "TLSv1_3")).versions == (
        "TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3",
    )  # fmt: skip


@pytest.mark.parametrize("highest", ["TLSv1_2", "TLSv1_3"])
def test_a_server_that_wants_a_client_certificate_speaks_tls(tls_server, highest):
    answer = ask(tls_server("TLSv1_2", highest, clients=True))
    assert answer.speaks == "tls"
    assert "TLSv1.2" in (answer.versions or ())


@pytest.mark.parametrize(
    "serve, speaks",
    [
        (http, "clear"),
        (garbage, "clear"),
        (silent, "silent"),
        (closes, None),
        (half_a_record, None),
        (says(b"SSH-2.0-OpenSSH_9.2\r\n"), "ssh"),
        (says(b"-NOAUTH who are you\r\n"), "clear"),
        (says(b"220 mail.example ESMTP\r\n"), None),
        (says(b"* OK IMAP4rev1\r\n"), None),
        (says(b"J\x00\x00\x00\x0a8.0.36\x00"), None),
        (tlcp_gateway, "tlcp"),
        (alert_only, "tls"),
    ],
    ids=["http", "garbage", "silent", "closes", "half", "ssh", "clear-banner", "smtp", "imap",
         "mysql", "tlcp", "alert"],
)  # fmt: skip
def test_each_kind_of_listener_is_told(listener, serve, speaks):
    answer = ask(listener(serve), seconds=3.5)
    assert answer.speaks == speaks
    assert (answer.reason != "") == (speaks is None or serve is alert_only)
    if speaks != "tlcp":
        assert answer.versions in (None, ())


@pytest.mark.parametrize("serve", [silent, drips, floods, half_a_record])
def test_the_deadline_holds(listener, serve):
    begun = time.monotonic()
    answer = ask(listener(serve), seconds=1.2)
    assert time.monotonic() - begun < 2.5
    assert answer.speaks in (None, "silent", "clear")


def test_a_version_that_no_library_here_can_speak_is_found(listener):
    answer = ask(listener(old_server))
    assert (answer.speaks, answer.versions) == ("tls", ("SSLv3",))


def test_a_version_that_was_not_answered_leaves_the_versions_unknown(listener):
    answer = ask(listener(mute_for(b"\x03\x01")), seconds=6)
    assert (answer.speaks, answer.versions) == ("tls", None)
    assert answer.reason
    assert ask(listener(mute_for(b"\x00\x00"))).versions == ("TLSv1.2",)


def test_a_closed_port_is_told_as_such():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    answer = ask(Target("127.0.0.1", port))
    assert (answer.speaks, answer.reason) == (None, "it takes no connection any more")


def test_ipv6_loopback_is_asked_too(listener):
    try:
        target = listener(http, family=socket.AF_INET6)
    except OSError:
        pytest.skip("no IPv6 here")
    assert ask(target).speaks == "clear"


@pytest.mark.parametrize(
    "address",
    ["192.0.2.1", "0.0.0.0", "::", "::ffff:127.0.0.1", "localhost", "128.0.0.1", "::1%lo", "127.1"],
)
def test_nothing_but_loopback_is_ever_asked(address):
    with pytest.raises(ValueError, match="own listeners"):
        ask(Target(address, 443))


def test_a_client_hello_is_one_whole_record():
    for version in (0x0300, 0x0301, 0x0302, 0x0303, 0x0304, TLCP):
        hello = client_hello(version)
        assert hello[0] == 22
        assert int.from_bytes(hello[3:5]) == len(hello) - 5
        assert int.from_bytes(hello[6:9]) == len(hello) - 9
