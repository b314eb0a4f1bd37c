"""Makes certificate records of a chain in its order, and says whether the chain is whole."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

from msgspec import Struct

from auditor.collect._x509 import Parsed, parse
from auditor.evidence import Origin
from auditor.evidence.transit import Certificate

Readers = Literal["", "group", "everyone"] | None


class Place(Struct, frozen=True, kw_only=True):
    """Where a chain stands, who names it, and the private key beside it."""

    path: str
    purpose: str
    key_path: str = ""
    key_readers: Readers = ""


def records(origin: Origin, place: Place, chain: Sequence[bytes]) -> Iterator[Certificate | str]:
    """Yield a record for each certificate (DER) of a chain, a text for each that is none."""
    parsed: list[Parsed] = []
    for der in chain:
        try:
            parsed.append(parse(der))
        except ValueError as error:
            yield str(error)
    whole = _complete(parsed) if len(parsed) == len(chain) else None
    for position, one in enumerate(parsed):
        # The key beside a chain is its first certificate's.
        owns_key = position == 0
        yield Certificate(
            origin=origin,
            path=place.path,
            position=position,
            purpose=place.purpose,
            subject=one.subject,
            issuer=one.issuer,
            serial=one.serial,
            not_before=one.not_before,
            not_after=one.not_after,
            key_algorithm=one.key_algorithm,
            key_bits=one.key_bits,
            signature_hash=one.signature_hash,
            names=one.names,
            is_ca=one.is_ca,
            self_signed=one.self_signed,
            chain_complete=whole,
            key_path=place.key_path if owns_key else "",
            key_readers=place.key_readers if owns_key else "",
        )


def _complete(chain: Sequence[Parsed]) -> bool | None:
    """Return whether the first certificate leads up to a self-signed one through those given.

    Its root need not be sent (RFC 8446 4.4.2): where the last issuer is not among those given,
    it cannot be told from the chain alone. Certificates that issued nothing in it break it.
    """
    if not chain:
        return None
    by_subject = {one.subject: one for one in chain}
    here = chain[0]
    for _ in range(len(chain)):
        if here.issuer == here.subject:
            return True
        above = by_subject.get(here.issuer)
        if above is None:
            break
        here = above
    is_leaf = len(chain) > 1 and not chain[0].is_ca
    return False if is_leaf and here is chain[0] else None
