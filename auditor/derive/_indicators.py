"""Finds what deserves a look among the flows and questions that crossed the perimeter.

None of it proves anything: each indicator goes with what harmless things look the same. The
thresholds are those from which a reader would want to know, not those of an attack.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from msgspec import Struct

from auditor.derive._asked import JudgedQuery, information
from auditor.derive._regular import LEAST_EVENTS, alikeness, regularity
from auditor.derive._traffic import JudgedFlow
from auditor.evidence.base import Origin
from auditor.evidence.crossing import Indicator

_SECOND = 1_000_000_000
_HOUR = 3600
# Distinct names below one domain, and the bits in them, from which a tunnel is worth a thought.
_NAMES = 50
_NAME_BITS = 8_000
_TUNNEL_BITS = 400_000
# Bytes out, and the percentage of all bytes that they are.
_MUCH_OUT = 1_000_000
_MOSTLY_OUT = 80
_HUGE_OUT = 1_000_000_000
# Hours open (RITA's steps), and the score of each.
_LONG = ((12, 90), (8, 75), (4, 60), (1, 40))
_PERIODIC = 70
_LEAST_PERIOD = 5 * _SECOND
# What is spoken at these ports by those who mean no harm.
_USUAL = {
    22: ("ssh",), 25: ("smtp",), 53: ("dns",), 80: ("http",),
    123: ("ntp",), 443: ("tls", "quic", "dtls"),
    853: ("tls", "quic", "dtls"), 8883: ("tls", "mqtt"),
}  # fmt: skip


class Sign(Struct, frozen=True, kw_only=True):
    """An indicator as it was found: fields of `TrafficIndicator`."""

    origin: Origin
    indicator: Indicator
    subject: str
    score: int
    detail: str
    approved: bool | None


def of_flows(flows: Sequence[JudgedFlow]) -> Iterator[Sign]:
    """Yield what flows that crossed the perimeter show, destination by destination."""
    alike: dict[tuple[str, str], list[JudgedFlow]] = defaultdict(list)
    for one in flows:
        alike[(one.peer, one.address)].append(one)
    for (peer, address), mine in alike.items():
        subject = f"{peer} → {address}"
        yield from _asymmetric(mine, subject)
        yield from _periodic(mine, subject)
        yield from _long(mine, subject)
        yield from _unknown(mine, subject)
        yield from _hidden_resolver(mine, subject)
        yield from _hidden_name(mine, subject)


def of_queries(queries: Sequence[JudgedQuery]) -> Iterator[Sign]:
    """Yield domains whose names carried more than names have to."""
    alike: dict[str, list[JudgedQuery]] = defaultdict(list)
    for one in queries:
        alike[one.domain].append(one)
    for domain, mine in alike.items():
        names = {one.query.name for one in mine}
        bits = information(names, domain)
        if len(names) < _NAMES or bits < _NAME_BITS:
            continue
        seconds = _seconds(
            min(one.query.first for one in mine), max(one.query.last for one in mine)
        )
        longest = max(len(name) for name in names)
        yield Sign(
            origin=min(one.query.origin for one in mine),
            indicator="dns-information",
            subject=domain,
            score=_scaled(bits, _NAME_BITS, _TUNNEL_BITS),
            detail=f"{len(names)} names (the longest {longest} characters) with about "
            f"{bits // 8} bytes of information in {seconds} s",
            approved=all(one.standing == "approved" for one in mine),
        )


def _sign(
    mine: Sequence[JudgedFlow], indicator: Indicator, subject: str, score: int, detail: str
) -> Sign:
    approvals = {one.approved for one in mine}
    return Sign(
        origin=min(one.flow.origin for one in mine),
        indicator=indicator,
        subject=subject,
        score=min(100, score),
        detail=detail,
        approved=False if False in approvals else None if None in approvals else True,
    )


def _asymmetric(mine: Sequence[JudgedFlow], subject: str) -> Iterator[Sign]:
    sent, received = sum(one.sent for one in mine), sum(one.received for one in mine)
    if sent < _MUCH_OUT or 100 * sent < _MOSTLY_OUT * (sent + received):
        return
    percent = 100 * sent // (sent + received)
    detail = f"{sent:,} bytes out, {received:,} bytes in: {percent} % went out"
    score = (percent + _scaled(sent, _MUCH_OUT, _HUGE_OUT)) // 2
    yield _sign(mine, "byte-asymmetry", subject, score, detail)


def _periodic(mine: Sequence[JudgedFlow], subject: str) -> Iterator[Sign]:
    if len(mine) < LEAST_EVENTS:
        return
    timing, usual = regularity([one.flow.first for one in mine])
    if usual < _LEAST_PERIOD:
        return
    score = (timing + alikeness([one.sent for one in mine])) // 2
    if score >= _PERIODIC:
        detail = f"{len(mine)} flows, one every {usual // _SECOND} s"
        yield _sign(mine, "periodic", subject, score, detail)


def _long(mine: Sequence[JudgedFlow], subject: str) -> Iterator[Sign]:
    longest = max(_seconds(one.flow.first, one.flow.last) for one in mine)
    for hours, score in _LONG:
        if longest >= hours * _HOUR:
            detail = f"a flow of {longest // _HOUR} h {longest % _HOUR // 60} min"
            yield _sign(mine, "long-connection", subject, score, detail)
            return


def _unknown(mine: Sequence[JudgedFlow], subject: str) -> Iterator[Sign]:
    strange = [one for one in mine if one.answered and _is_strange(one)]
    if not strange:
        return
    told = sorted({f"{one.flow.application or 'something unknown'} at "
                   f"{one.flow.protocol} port {one.flow.dst_port}" for one in strange})  # fmt: skip
    yield _sign(strange, "unknown-protocol", subject, 60, "; ".join(told[:4]))


def _is_strange(one: JudgedFlow) -> bool:
    usual = _USUAL.get(one.flow.dst_port)
    if not usual or one.flow.protocol not in ("tcp", "udp"):
        return False
    # A capture that began in the middle does not hold what tells the application.
    if not one.flow.application and one.flow.tcp_state == "partial":
        return False
    return one.flow.application not in usual


def _hidden_resolver(mine: Sequence[JudgedFlow], subject: str) -> Iterator[Sign]:
    hidden = [one for one in mine if _hides_questions(one)]
    if hidden:
        ports = sorted({f"{one.flow.protocol}/{one.flow.dst_port}" for one in hidden})
        detail = f"{len(hidden)} flows to a name server that encrypts, at {', '.join(ports)}"
        yield _sign(hidden, "hidden-resolver", subject, 70, detail)


def _hides_questions(one: JudgedFlow) -> bool:
    encrypted = one.flow.encrypted is True
    by_port = one.flow.dst_port == 853  # noqa: PLR2004 - IANA's port of DNS over TLS and QUIC
    category = one.operator.category if one.operator else one.far.category
    return encrypted and (by_port or category == "dns")


def _hidden_name(mine: Sequence[JudgedFlow], subject: str) -> Iterator[Sign]:
    hidden = [one for one in mine if one.flow.hidden_name]
    if hidden:
        detail = f"{len(hidden)} flows do not say in the clear which name they want"
        yield _sign(hidden, "hidden-name", subject, 40, detail)


def _seconds(first: int, last: int) -> int:
    return max(0, last - first) // _SECOND


def _scaled(value: int, least: int, most: int) -> int:
    """Return a score from 30 at `least` to 100 at `most`, by the number of digits (doublings)."""
    steps = max(1, (most // least).bit_length() - 1)
    taken = max(0, (value // least).bit_length() - 1)
    return min(100, 30 + 70 * taken // steps)
