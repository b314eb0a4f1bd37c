"""Reads messages of DNS and its kin: questions, and addresses in answers (RFC 1035, 9460)."""

from __future__ import annotations

from struct import Struct as Form
from struct import error as struct_error

from msgspec import Struct

from auditor.packets.names._text import label_text, labels_text

HEAD = 12
_HEADER, _RECORD = Form(">6H").unpack_from, Form(">H6xH").unpack_from
_PARAMETER = Form(">HH").unpack_from
_MOST_QUESTIONS, _MOST_RECORDS = 32, 512
_LONGEST_NAME = 255
_LAST_OPCODE = 6
_A, _CNAME, _AAAA, _SVCB, _HTTPS, _NB = 1, 5, 28, 64, 65, 32
_IPV4_HINT, _ECH, _IPV6_HINT = 4, 5, 6
_TYPES = {
    1: "A", 2: "NS", 5: "CNAME", 6: "SOA", 10: "NULL", 11: "WKS", 12: "PTR", 13: "HINFO",
    15: "MX", 16: "TXT", 17: "RP", 18: "AFSDB", 24: "SIG", 25: "KEY", 28: "AAAA", 29: "LOC",
    33: "SRV", 35: "NAPTR", 36: "KX", 37: "CERT", 39: "DNAME", 41: "OPT", 42: "APL", 43: "DS",
    44: "SSHFP", 45: "IPSECKEY", 46: "RRSIG", 47: "NSEC", 48: "DNSKEY", 49: "DHCID",
    50: "NSEC3", 51: "NSEC3PARAM", 52: "TLSA", 53: "SMIMEA", 55: "HIP", 59: "CDS",
    60: "CDNSKEY", 61: "OPENPGPKEY", 62: "CSYNC", 63: "ZONEMD", 64: "SVCB", 65: "HTTPS",
    99: "SPF", 108: "EUI48", 109: "EUI64", 249: "TKEY", 250: "TSIG", 251: "IXFR", 252: "AXFR",
    253: "MAILB", 254: "MAILA", 255: "ANY", 256: "URI", 257: "CAA", 32768: "TA", 32769: "DLV",
}  # fmt: skip
_CODES = (
    "NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED", "YXDOMAIN", "YXRRSET",
    "NXRRSET", "NOTAUTH", "NOTZONE", "DSOTYPENI", "RCODE12", "RCODE13", "RCODE14", "RCODE15",
)  # fmt: skip


class Question(Struct, frozen=True, gc=False):
    """A name and its type."""

    name: str
    query_type: str


class Message(Struct, frozen=True, gc=False):
    """What a message says.

    `opcode` 0 is an ordinary question.
    `addresses` are (address, names that lead to it); `keys` the ECH key lists of HTTPS records.
    `whole` is false where the message was cut, or contradicts itself after what was read.
    """

    is_answer: bool
    opcode: int
    response: str
    questions: tuple[Question, ...] = ()
    addresses: tuple[tuple[bytes, tuple[str, ...]], ...] = ()
    keys: tuple[bytes, ...] = ()
    whole: bool = True


class MalformedError(ValueError):
    """A name or record reaches beyond the message, or names go in circles."""


_seen: dict[bytes, Question] = {}
_MOST_SEEN = 8192


def type_text(number: int, *, netbios: bool = False) -> str:
    """Return a record type's name, `TYPE65400` for one without."""
    if netbios and number in {_NB, 33}:
        return "NB" if number == _NB else "NBSTAT"
    return _TYPES.get(number) or f"TYPE{number}"


def parse(data: bytes, *, netbios: bool = False) -> Message | None:
    """Return what a message says, as far as it can be read.

    `None` for what is none: less than a header, an opcode that nobody gave out, more questions
    than anybody asks, or neither a question nor an answer.
    """
    if len(data) < HEAD:
        return None
    _ident, flags, asked, answers, authorities, _more = _HEADER(data)
    is_answer, opcode = flags >> 15 == 1, flags >> 11 & 15
    if opcode > _LAST_OPCODE or asked > _MOST_QUESTIONS or not (asked or is_answer):
        return None
    questions: list[Question] = []
    addresses: list[tuple[bytes, tuple[str, ...]]] = []
    keys: list[bytes] = []
    whole = True
    try:
        at = HEAD
        for _ in range(asked):
            question, at = _question(data, at, netbios=netbios)
            questions.append(question)
        if is_answer:
            count = answers if not netbios else answers + authorities
            _answers(data, at, min(count, _MOST_RECORDS), questions, addresses, keys, netbios)
    except (MalformedError, IndexError, struct_error):
        whole = False
    return Message(
        is_answer,
        opcode,
        _CODES[flags & 15],
        tuple(questions),
        tuple(addresses),
        tuple(keys),
        whole,
    )


def _question(data: bytes, at: int, *, netbios: bool) -> tuple[Question, int]:
    # The same questions come again and again: what was read of these bytes is kept.
    zero = data.find(b"\0", at)
    raw = data[at : zero + 5]
    known = None if netbios else _seen.get(raw)
    if known is not None and zero >= 0:
        return known, zero + 5
    labels, end = _labels(data, at)
    kind = data[end] << 8 | data[end + 1]
    data[end + 3]  # the class must be there too
    name = _netbios_name(labels) if netbios else labels_text(labels)
    question = Question(name, type_text(kind, netbios=netbios))
    # Of a name without a pointer alone, which is its labels and the length before each.
    if not netbios and end == zero + 1 and end - at == len(b".".join(labels)) + 2:
        if len(_seen) >= _MOST_SEEN:
            _seen.clear()
        _seen[raw] = question
    return question, end + 4


def _labels(data: bytes, at: int) -> tuple[list[bytes], int]:
    """Return a name's labels and where what follows it begins.

    A pointer must point before the name that it is part of, so that each jump goes back.
    """
    labels: list[bytes] = []
    end = -1
    limit = at
    size = 0
    while True:
        length = data[at]
        if length < 64:  # noqa: PLR2004
            if not length:
                return labels, at + 1 if end < 0 else end
            label = data[at + 1 : at + 1 + length]
            at += 1 + length
            size += 1 + length
            if len(label) < length or size > _LONGEST_NAME:
                raise MalformedError
            labels.append(label)
        elif length >= 0xC0:  # noqa: PLR2004
            target = (length & 0x3F) << 8 | data[at + 1]
            if end < 0:
                end = at + 2
            if target >= limit:
                raise MalformedError
            at = limit = target
        else:
            raise MalformedError


def _name(data: bytes, at: int) -> tuple[str, int]:
    labels, end = _labels(data, at)
    return labels_text(labels), end


def _answers(  # noqa: PLR0913, PLR0917
    data: bytes,
    at: int,
    count: int,
    questions: list[Question],
    addresses: list[tuple[bytes, tuple[str, ...]]],
    keys: list[bytes],
    netbios: bool,
) -> None:
    """Read records. An address is given to its owner, and to the names that lead there."""
    aliases: dict[str, str] = {}
    found: list[tuple[str, bytes]] = []
    first = questions[0].name if questions else ""
    try:
        for _ in range(count):
            if data[at] == 0xC0 and data[at + 1] == HEAD and first:  # noqa: PLR2004
                owner, at = first, at + 2
            else:
                owner, at = _owner(data, at, netbios=netbios)
            kind, size = _RECORD(data, at)  # between them the class and the time to live
            at += 10
            if at + size > len(data):
                raise MalformedError
            if netbios:
                if kind == _NB:
                    found.extend((owner, data[n + 2 : n + 6]) for n in range(at, at + size - 5, 6))
            elif (kind == _A and size == 4) or (kind == _AAAA and size == 16):  # noqa: PLR2004
                found.append((owner, data[at : at + size]))
            elif kind == _CNAME:
                aliases.setdefault(owner, _name(data, at)[0])
            elif kind in {_HTTPS, _SVCB}:
                found.extend((owner, hint) for hint in _hints(data, at, at + size, keys))
            at += size
    finally:
        chain = _chain(first, aliases)
        addresses += [(address, chain if owner in chain else (owner,)) for owner, address in found]


def _owner(data: bytes, at: int, *, netbios: bool) -> tuple[str, int]:
    labels, end = _labels(data, at)
    if netbios:
        return _netbios_name(labels), end
    return labels_text(labels), end


def _chain(first: str, aliases: dict[str, str]) -> tuple[str, ...]:
    """Return the name that was asked for and those that it is another name of."""
    chain: list[str] = []
    name = first
    while name and name not in chain:
        chain.append(name)
        name = aliases.get(name, "")
    return tuple(chain)


def _hints(data: bytes, at: int, end: int, keys: list[bytes]) -> list[bytes]:
    """Return the addresses that an HTTPS or SVCB record hints at; keep its ECH keys."""
    hints: list[bytes] = []
    _target, at = _labels(data, at + 2)
    while at + 4 <= end:
        key, size = _PARAMETER(data, at)
        value = data[at + 4 : min(at + 4 + size, end)]
        at += 4 + size
        if key == _ECH:
            keys.append(value)
        elif key in {_IPV4_HINT, _IPV6_HINT}:
            width = 4 if key == _IPV4_HINT else 16
            hints.extend(value[n : n + width] for n in range(0, len(value) - width + 1, width))
    return hints


def _netbios_name(labels: list[bytes]) -> str:
    """Return a NetBIOS name: two letters a byte, the last byte its purpose (RFC 1001, 14.1)."""
    if not labels or len(labels[0]) != 32 or not all(65 <= c <= 80 for c in labels[0]):  # noqa: PLR2004
        raise MalformedError
    coded = labels[0]
    raw = bytes((coded[n] - 65) << 4 | (coded[n + 1] - 65) for n in range(0, 32, 2))
    plain = raw[:15].rstrip(b" \0")
    return label_text(plain) or "."
