"""Asks one listener: what it says unasked, which versions of TLS it agrees to, what it shows."""

from __future__ import annotations

import socket  # noqa: TID251 - the one room that may (docs/adr/0012)
import ssl
import time
import warnings

from auditor.probe._hello import TLCP, VERSIONS, Reply, client_hello, enough, read_reply
from auditor.probe.words import Answer, Speaks, Target, is_loopback

CONNECT = 1.0
LISTEN = 0.4  # for a server that speaks first; those of this host need a few milliseconds
REPLY = 1.5
PER_PORT = 8.0
_MOST = 4096
_BANNER = 120
_REFUSED = "it takes no connection any more"
_NO_WORD = "it closes the connection without a word"
# Protocols whose server speaks first, and which may change to TLS by a command of their own.
_MAY_CHANGE = (b"220", b"* OK", b"+OK", b"@RSYNCD", b"<stream", b"<?xml")
_SOUND = ("TLSv1.2", "TLSv1.3")
_MYSQL = 10  # the protocol version in its greeting, behind a header of four bytes
# TLS alerts (RFC 8446 B.2) that say no to a handshake that a ServerHello had begun.
_UNSUITED = frozenset({"TLSV1_ALERT_INTERNAL_ERROR", "TLSV1_ALERT_PROTOCOL_VERSION",
                       "TLSV1_ALERT_INSUFFICIENT_SECURITY"})  # fmt: skip


class _Deadline:
    """How long one listener may keep us."""

    def __init__(self, seconds: float) -> None:
        self._until = time.monotonic() + seconds

    def within(self, seconds: float) -> float:
        """Return at most `seconds`; raises `TimeoutError` where none are left."""
        left = self._until - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return min(seconds, left)


def ask(target: Target, seconds: float = PER_PORT) -> Answer:
    """Return what a listener answers within `seconds`; never raises for what it does.

    Raises `ValueError` for a target that is not on loopback: nothing is sent to it.
    """
    if not is_loopback(target.address) or not 0 < target.port < 1 << 16:
        raise ValueError("only this host's own listeners are asked")
    deadline = _Deadline(seconds)
    try:
        return _ask(target, deadline)
    except TimeoutError:
        return Answer(target=target, speaks=None, reason="no answer in time")
    except OSError as error:
        reason = _REFUSED if isinstance(error, ConnectionRefusedError) else "the connection failed"
        return Answer(target=target, speaks=None, reason=reason)


def _ask(target: Target, deadline: _Deadline) -> Answer:
    banner = _listen(target, deadline)
    if banner:
        return _first_speaker(target, banner)
    replies = _replies(target, deadline)
    speaks_tls = any(reply and reply.kind in ("hello", "alert") for reply in replies.values())
    agreed = tuple(
        name
        for name, number in VERSIONS.items()
        if (reply := replies[name]) and reply.kind == "hello" and reply.agreed == number
    )
    if agreed:
        answer = _with_certificates(target, deadline, agreed)
        return _doubted(answer) if None in replies.values() else answer
    if _speaks_tlcp(target, deadline, replies):
        return Answer(target=target, speaks="tlcp", versions=("TLCP",))
    if speaks_tls:
        return Answer(target=target, speaks="tls", versions=(),
                      reason="it refused every version that it was offered")  # fmt: skip
    return _without_tls(target, replies)


def _doubted(answer: Answer) -> Answer:
    """Return an answer of a server that left a version unanswered: that may be one it takes."""
    sound = all(version in _SOUND for version in answer.versions or ())
    if not sound:
        return answer
    return Answer(target=answer.target, speaks="tls", reason="a version was not answered in time",
                  cipher=answer.cipher, chain=answer.chain)  # fmt: skip


def _replies(target: Target, deadline: _Deadline) -> dict[str, Reply | None]:
    """Return the reply to each version; a server that keeps silent twice is asked no more."""
    replies: dict[str, Reply | None] = {}
    for name in ("TLSv1.2", "TLSv1.3", "TLSv1.1", "TLSv1", "SSLv3"):
        silent = len(replies) > 1 and not any(replies.values())
        replies[name] = None if silent else _hello(target, deadline, VERSIONS[name])
    return replies


def _connect(target: Target, deadline: _Deadline) -> socket.socket:
    family = socket.AF_INET6 if ":" in target.address else socket.AF_INET
    made = socket.socket(family, socket.SOCK_STREAM)
    try:
        made.settimeout(deadline.within(CONNECT))
        made.connect((target.address, target.port))
    except BaseException:
        made.close()
        raise
    return made


def _listen(target: Target, deadline: _Deadline) -> bytes:
    """Return what the server says unasked."""
    with _connect(target, deadline) as connection:
        connection.settimeout(deadline.within(LISTEN))
        try:
            return connection.recv(_BANNER)
        except (TimeoutError, ConnectionResetError):
            return b""


def _first_speaker(target: Target, banner: bytes) -> Answer:
    speaks: Speaks | None = "clear"
    reason = ""
    if banner.startswith(b"SSH-"):
        speaks = "ssh"
    elif banner.startswith(_MAY_CHANGE) or (len(banner) > 4 and banner[4] == _MYSQL):  # noqa: PLR2004
        speaks = None
        reason = "it speaks first and may change to TLS by a command, which is not tried"
    return Answer(target=target, speaks=speaks, reason=reason, banner=banner)


def _hello(target: Target, deadline: _Deadline, version: int) -> Reply | None:
    """Return the reply to a ClientHello, `None` where nothing came before the time was over.

    A connection that is closed without a word is a reply of no bytes: `other` with no suite.
    """
    with _connect(target, deadline) as connection:
        connection.settimeout(deadline.within(REPLY))
        data = b""
        try:
            connection.sendall(client_hello(version))
            while not enough(data) and len(data) < _MOST:
                connection.settimeout(deadline.within(REPLY))
                part = connection.recv(_MOST)
                if not part:
                    break
                data += part
        except TimeoutError:
            return read_reply(data) if data else None
        except (ConnectionResetError, BrokenPipeError):
            pass
    return read_reply(data) if data else Reply(kind="cut")


def _speaks_tlcp(target: Target, deadline: _Deadline, replies: dict[str, Reply | None]) -> bool:
    """Return whether the server agrees to TLCP; one that keeps silent or talks is not asked."""
    if any(reply is None or reply.kind == "other" for reply in replies.values()):
        return False
    reply = _hello(target, deadline, TLCP)
    return reply is not None and reply.kind == "hello" and reply.agreed == TLCP


def _without_tls(target: Target, replies: dict[str, Reply | None]) -> Answer:
    if any(reply and reply.kind == "other" for reply in replies.values()):
        return Answer(target=target, speaks="clear")
    if any(reply is None for reply in replies.values()):
        return Answer(target=target, speaks="silent")
    return Answer(target=target, speaks=None, reason=_NO_WORD)


def _with_certificates(target: Target, deadline: _Deadline, agreed: tuple[str, ...]) -> Answer:
    """Return the versions, and what a real handshake in the newest of them shows.

    A server may agree in its ServerHello and then find that it cannot go on: a version whose
    handshake it breaks off itself for that reason is none that it offers.
    """
    kept: list[str] = []
    cipher, chain, reason = "", (), ""
    shown: tuple[bytes, ...] = chain
    for name in agreed:
        try:
            cipher, shown = _handshake(target, deadline, name)
        except ssl.SSLError as error:
            if error.reason in _UNSUITED:
                continue
            reason = "a client certificate is asked for, or the handshake was broken off"
        except (OSError, ValueError) as error:
            reason = f"no handshake could be made ({type(error).__name__})"
        kept.append(name)
    return Answer(target=target, speaks="tls", versions=tuple(kept), cipher=cipher, chain=shown,
                  reason="" if shown else reason)  # fmt: skip


def _handshake(target: Target, deadline: _Deadline, version: str) -> tuple[str, tuple[bytes, ...]]:
    context = _context(version)
    with _connect(target, deadline) as connection:
        connection.settimeout(deadline.within(REPLY))
        with context.wrap_socket(connection, do_handshake_on_connect=False) as wrapped:
            wrapped.do_handshake()
            cipher = wrapped.cipher()
            return (cipher[0] if cipher else "", _chain(wrapped))


def _context(version: str) -> ssl.SSLContext:
    """Return a context that takes anything of one version: here nothing is trusted or kept."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    number = ssl.TLSVersion[version.replace(".", "_")]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = number
        context.maximum_version = number
    context.set_ciphers("ALL:COMPLEMENTOFALL:@SECLEVEL=0")
    return context


def _chain(wrapped: ssl.SSLSocket) -> tuple[bytes, ...]:
    """Return the certificates shown, the server's own alone where Python gives no others."""
    own = wrapped.getpeercert(binary_form=True)
    inner = getattr(wrapped, "_sslobj", None)
    whole = getattr(wrapped, "get_unverified_chain", None) or getattr(
        inner, "get_unverified_chain", None
    )
    found = whole() if whole is not None else None
    chain = tuple(
        one if isinstance(one, bytes) else ssl.PEM_cert_to_DER_cert(one.public_bytes())
        for one in found or ()
    )
    return chain or ((own,) if own else ())
