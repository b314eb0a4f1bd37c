"""Asks this host's own listeners over loopback how they speak, where the user asks for that."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from auditor.collect import Collector, Fact, Options
from auditor.collect._byte_order import READS as BYTE_ORDER
from auditor.collect._byte_order import byte_order
from auditor.collect._certificate_records import Place, records
from auditor.collect._reading import Reading
from auditor.collect._socket_table import Malformed, parse
from auditor.collect._x509 import parse as parse_certificate
from auditor.evidence import Coverage, Origin
from auditor.evidence.transit import Certificate, TlsEndpoint, endpoint_name
from auditor.host import MIB, Absent, Host, Unreadable
from auditor.hostnames import address_of
from auditor.probe.words import MOST_TARGETS, Answer, Target, is_loopback
from auditor.redaction import redact_text

NAME = "endpoints"
_TABLES = ("/proc/net/tcp", "/proc/net/tcp6")
_LIMIT = 32 * MIB
_BANNER = 80
# Where a socket on every address is asked.
_WILDCARDS = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - compared, nothing is bound


class _Listener(Struct, frozen=True, order=True):
    """A listening socket of the own network namespace."""

    address: str
    port: int


def _collect(host: Host, options: Options) -> Iterator[Fact]:
    if not options.probe_loopback:
        return
    reading = Reading(host, NAME, "tls_endpoint", "certificate")
    listeners = _listeners(reading)
    asked = {listener: target for listener in listeners if (target := _target(listener))}
    beyond = len(listeners) - len(asked)
    if beyond:
        reading.miss(
            "loopback", "unsupported",
            f"{beyond} listeners are bound to one address of the network, where nobody is asked",
        )  # fmt: skip
    targets = tuple(sorted(set(asked.values())))
    if len(targets) > MOST_TARGETS:
        reading.miss("loopback", "limit", f"more than {MOST_TARGETS} listeners")
    answers = _answers(reading, targets[:MOST_TARGETS])
    for listener, target in sorted(asked.items()):
        answer = answers.get(target)
        if answer is not None:
            yield from _facts(reading, listener, answer)
    yield from reading.gaps()
    yield Coverage(what="listeners asked over loopback", seen=len(answers), total=len(listeners))


def _listeners(reading: Reading) -> tuple[_Listener, ...]:
    order = byte_order(reading.host)
    found: dict[_Listener, None] = {}
    for path in _TABLES:
        for socket in parse(_text(reading, path), "tcp", order):
            if isinstance(socket, Malformed):
                reading.malformed(path, socket.line, "not a line of a socket table")
            elif socket.listens:
                found[_Listener(socket.local, socket.local_port)] = None
    return tuple(sorted(found))


def _text(reading: Reading, path: str) -> str:
    try:
        return reading.host.read(path, limit=_LIMIT).decode("ascii", "replace")
    except Absent as error:
        if not path.endswith("6"):  # a kernel without IPv6 has no table of it
            reading.miss(path, error.reason, error.detail)
    except Unreadable as error:
        reading.miss(path, error.reason, error.detail)
    return ""


def _target(listener: _Listener) -> Target | None:
    address = _WILDCARDS.get(listener.address, listener.address)
    return Target(address, listener.port) if is_loopback(address) else None


def _answers(reading: Reading, targets: tuple[Target, ...]) -> dict[Target, Answer]:
    if not targets:
        return {}
    try:
        return {answer.target: answer for answer in reading.host.ask_listeners(targets)}
    except Unreadable as error:
        reading.miss(error.path, error.reason, error.detail)
        return {}


def _facts(
    reading: Reading, listener: _Listener, answer: Answer
) -> Iterator[TlsEndpoint | Certificate]:
    shown = endpoint_name(listener.address, listener.port)
    origin = Origin(NAME, f"loopback {shown}")
    yield TlsEndpoint(
        origin=origin,
        address=listener.address,
        port=listener.port,
        asked=answer.target.address,
        speaks=answer.speaks,
        reason=answer.reason[:200],
        versions=answer.versions if answer.speaks is not None else None,
        cipher=answer.cipher[:100],
        banner=_banner(answer.banner),
        certificates=len(answer.chain),
        names=_names(answer.chain),
    )
    place = Place(path=shown, purpose="endpoint")
    for made in records(origin, place, answer.chain):
        if isinstance(made, str):
            reading.miss(f"loopback {shown}", "malformed", made)
        else:
            yield made


def _banner(banner: bytes) -> str:
    text = "".join(c if " " <= c <= "~" else " " for c in banner.decode("ascii", "replace"))
    return redact_text(" ".join(text.split()))[:_BANNER]


def _names(chain: tuple[bytes, ...]) -> tuple[str, ...]:
    """Return the names of the listener's own certificate; without any, its common name's."""
    if not chain:
        return ()
    try:
        own = parse_certificate(chain[0])
    except ValueError:
        return ()
    common = own.subject.rpartition("CN=")[2].partition(",")[0]
    # A common name counts for nobody any more (RFC 9525), but it tells whose it was meant to be.
    return own.names or ((common,) if common and address_of(common) is None else ())


COLLECTOR = Collector(
    title="Listeners asked over loopback (only with --probe-loopback)",
    yields=(TlsEndpoint, Certificate),
    reads=(*_TABLES, *BYTE_ORDER),
    collect=_collect,
)
