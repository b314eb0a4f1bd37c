"""What a flow is in the end: application, encrypted or clear with the reason, and its names."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from msgspec.structs import replace

from auditor.catalogues.operators import operator_of
from auditor.evidence.traffic import NameSeen
from auditor.packets.applications import APPLICATIONS
from auditor.packets.dissected import LAYER_2
from auditor.packets.listening import FlowEnds, FlowNote

# Names that answers gave a flow's destination: the latest before its end.
MOST_ANSWERED = 16
_ICMP, _ESP, _AH, _ICMPV6 = 1, 50, 51, 58
_DOT, _DOQ_DRAFTS = 853, frozenset({784, 853, 8853})
_HTTPS = 443
_NOTHING = FlowNote()
_SILENT = "no data was seen"
_UNKNOWN = "what it says was not recognised, and looking random proves no encryption"
_OF_PROTOCOL = {
    _ESP: (True, "ESP (a NULL cipher cannot be told apart)"),
    _AH: (False, "AH signs and does not encrypt"),
    _ICMP: (None, "ICMP has no encryption, but what an echo carries may be anything"),
    _ICMPV6: (None, "ICMPv6 has no encryption, but what an echo carries may be anything"),
}


def judge(
    ends: FlowEnds, note: FlowNote | None, answers: Mapping[str, tuple[NameSeen, ...]]
) -> FlowNote:
    """Return what is known of a flow when the capture ends. `note` is `None` where nobody heard it.

    `answers` are the names that answers gave addresses: those said of `dst` at or before the
    flow's end become candidates. How long an answer was to be kept is not a bound: programs keep
    addresses longer than they were told to.
    """
    names = _answered(ends, answers)
    if note is None:
        note = _NOTHING
    application = note.application
    encrypted, why = note.encrypted, note.encrypted_why
    if not why:
        encrypted, why = _secrecy(ends, application)
    if not application and ends.protocol == _ESP:
        application = "esp"
    facts = note.facts
    carrier = _carries_dns(ends, note) if application in {"tls", "quic", "dtls"} else ""
    if carrier:
        facts = (*facts, ("dns-over", carrier))
    return replace(
        note,
        names=note.names + names if names else note.names,
        application=application,
        encrypted=encrypted,
        encrypted_why=why,
        facts=facts,
    )


def _secrecy(ends: FlowEnds, application: str) -> tuple[bool | None, str]:
    if application:
        known = APPLICATIONS[application]
        return known.encrypted, known.why
    if ends.protocol in _OF_PROTOCOL:
        return _OF_PROTOCOL[ends.protocol]
    if ends.protocol < LAYER_2 and not ends.data_out and not ends.data_in:
        return None, _SILENT
    return None, _UNKNOWN


def _answered(ends: FlowEnds, answers: Mapping[str, tuple[NameSeen, ...]]) -> tuple[NameSeen, ...]:
    known = answers.get(ends.dst)
    if not known:
        return ()
    said = [name for name in known if name.first <= ends.last]
    if len(said) > MOST_ANSWERED:
        said = sorted(said, key=lambda name: name.first)[-MOST_ANSWERED:]
    return tuple(said)


def _carries_dns(ends: FlowEnds, note: FlowNote) -> str:
    """Return how DNS travels in an encrypted flow: `tls`, `quic` or `https`; empty where not known.

    By port and by ALPN (RFC 7858, 9250); over HTTPS by names of known resolvers alone, since
    nothing else tells those questions from other web traffic.
    """
    alpn = next((value for name, value in note.facts if name == "alpn"), "").split(",")
    if note.application == "quic":
        if ends.dst_port in _DOQ_DRAFTS or any(p.startswith("doq") for p in alpn):
            return "quic"
    elif ends.dst_port == _DOT or "dot" in alpn:
        return "tls"
    if ends.dst_port == _HTTPS and any(_is_resolver(name.name) for name in note.names):
        return "https"
    return ""


@lru_cache(maxsize=4096)
def _is_resolver(name: str) -> bool:
    operator = operator_of(name)
    return operator is not None and operator.category == "dns"
