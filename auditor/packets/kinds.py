"""What a flow is in the end: application, encrypted or clear with the reason, and its names."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache, lru_cache

from auditor.catalogues.operators import operator_of, operators
from auditor.evidence.traffic import SILENT, NameSeen
from auditor.packets.applications import APPLICATIONS
from auditor.packets.dissected import LAYER_2
from auditor.packets.listening import FlowEnds, FlowNote
from auditor.packets.names.tls import HELLO

# Names that answers gave a flow's destination: the latest before its end.
MOST_ANSWERED = 16
_ICMP, _ESP, _AH, _ICMPV6 = 1, 50, 51, 58
_DOT, _DOQ_DRAFTS = 853, frozenset({784, 853, 8853})
_HTTPS = 443
_CARRIERS = frozenset({"tls", "quic", "dtls"})
_NOTHING = FlowNote()
_UNKNOWN = "what it says was not recognised, and looking random proves no encryption"
_BANNERS = 2
_OPENING = "only its opening was seen, which is in clear"
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
    application = note.application or ("esp" if ends.protocol == _ESP else "")
    carrier = _carries_dns(ends, note) if application in _CARRIERS else ""
    encrypted, why = note.encrypted, note.encrypted_why
    if not why:
        encrypted, why = _secrecy(ends, note.application)
    if encrypted and _is_opening(ends, application, why):
        encrypted, why = None, _OPENING
    if why is note.encrypted_why and not names and not carrier:
        return note
    return FlowNote(
        names=note.names + names,
        application=application,
        encrypted=encrypted,
        encrypted_why=why,
        hidden_name=note.hidden_name,
        facts=(*note.facts, ("dns-over", carrier)) if carrier else note.facts,
    )


def _is_opening(ends: FlowEnds, application: str, why: str) -> bool:
    """Return whether no more is known to have been said than the opening, which is in clear.

    A hello that nobody was heard to answer agrees upon no key.
    """
    if why == HELLO:
        return not ends.data_out or not ends.data_in
    return application == "ssh" and ends.data_out + ends.data_in <= _BANNERS


def _secrecy(ends: FlowEnds, application: str) -> tuple[bool | None, str]:
    if application:
        known = APPLICATIONS[application]
        return known.encrypted, known.why
    if ends.protocol in _OF_PROTOCOL:
        return _OF_PROTOCOL[ends.protocol]
    if ends.protocol < LAYER_2 and not ends.data_out and not ends.data_in:
        return None, SILENT
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

    By port and by ALPN (RFC 7858, 9250); over HTTPS by names and addresses of known resolvers
    alone, since nothing else tells those questions from other web traffic.
    """
    alpn = _alpn(note.facts)
    if note.application == "quic":
        if ends.dst_port in _DOQ_DRAFTS or "doq" in alpn:
            return "quic"
    elif ends.dst_port == _DOT or alpn == "dot":
        return "tls"
    if ends.dst_port == _HTTPS:
        names = [ends.dst, *[name.name for name in note.names]]
        return "https" if _has_resolver(names) else ""
    return ""


# Many flows were told the same, few of them this.
@lru_cache(maxsize=1 << 10)
def _alpn(facts: tuple[tuple[str, str], ...]) -> str:
    return next((value for name, value in facts if name == "alpn"), "")


def _has_resolver(names: list[str]) -> bool:
    """Return whether the catalogue knows one of the names and addresses as a resolver's."""
    endings = _endings()
    likely = [name for name in names if name.endswith(endings)]  # most are nobody's in the list
    return any(map(_is_resolver, likely))


def _is_resolver(name: str) -> bool:
    operator = operator_of(name)
    return operator is not None and operator.category == "dns"


@cache
def _endings() -> tuple[str, ...]:
    """Return the last two labels of the resolvers in the catalogue."""
    entries = (entry.suffix for entry in operators() if entry.category == "dns")
    return tuple({".".join(suffix.split(".")[-2:]) for suffix in entries})
