"""Follows the certificates of a model's signer to one that is trusted (RFC 5280)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, TypeVar

from auditor.errors import SignatureError
from auditor.models.signer_keys import load_certificate

if TYPE_CHECKING:
    from cryptography import x509

_Kind = TypeVar("_Kind", bound="x509.ExtensionType")

_DEEPEST = 8
_MOST_STEPS = 200
_HASHES = frozenset({"sha256", "sha384", "sha512", "sha3-256", "sha3-384", "sha3-512"})


def check_chain(chain: Sequence[bytes], roots: Sequence[bytes], at: datetime) -> None:
    """Raise `SignatureError` unless the first of `chain` may sign, and a root vouches for it.

    All certificates are DER. Each on the way must be valid at the time `at`: nothing proves when
    the signature was made, so that it counts only while its certificate does. What a critical
    extension asks for and is not known here is refused.
    """
    try:
        own, *between = [load_certificate(der) for der in chain]
        anchors = [load_certificate(der) for der in roots]
    except Exception as error:
        raise SignatureError("it holds a certificate that is none") from error
    try:
        _may_sign(own)
        _valid(own, at)
        _Search(between, anchors, at).from_(own)
    except SignatureError:
        raise
    except Exception as error:
        raise SignatureError("a certificate of its signer is malformed") from error


class _Search:
    """Looks for a way up, in bounded steps."""

    def __init__(
        self, between: list[x509.Certificate], anchors: list[x509.Certificate], at: datetime
    ) -> None:
        self._between = between
        self._anchors = anchors
        self._at = at
        self._steps = 0
        self._why = "its certificate is of nobody whom you trust"

    def from_(self, own: x509.Certificate) -> None:
        """Raise `SignatureError` where no way leads from a certificate to one that is trusted."""
        if own not in self._anchors and not self._reaches(own, 0):
            raise SignatureError(self._why)

    def _reaches(self, one: x509.Certificate, below: int) -> bool:
        """Return whether an issuer is trusted; `below` authorities were passed on the way."""
        if below > _DEEPEST:
            return False
        for anchor in self._anchors:
            if self._issued(one, anchor, below):
                return True
        return any(
            self._reaches(issuer, below + 1)
            for issuer in self._between
            if issuer != one and self._issued(one, issuer, below)
        )

    def _issued(self, one: x509.Certificate, issuer: x509.Certificate, below: int) -> bool:
        """Return whether `issuer` issued a certificate, and might."""
        if one.issuer != issuer.subject:
            return False
        self._steps += 1
        if self._steps > _MOST_STEPS:
            raise SignatureError("its certificates lead in too many ways")
        algorithm = one.signature_hash_algorithm
        if algorithm is not None and algorithm.name not in _HASHES:
            self._why = "a certificate of its signer is signed with a hash that is broken"
            return False
        try:
            one.verify_directly_issued_by(issuer)
        except Exception:  # noqa: BLE001 - a false signature, or one of a kind that is not known
            return False
        try:
            _may_issue(issuer, below)
            _valid(issuer, self._at)
        except SignatureError as error:
            self._why = error.what
            return False
        return True


def _may_sign(own: x509.Certificate) -> None:
    from cryptography import x509
    from cryptography.x509.oid import ExtendedKeyUsageOID

    _known(own)
    usage = _extension(own, x509.KeyUsage)
    purposes = _extension(own, x509.ExtendedKeyUsage)
    if usage is not None and not usage.digital_signature:
        raise SignatureError("its certificate is not for signatures")
    if purposes is None or ExtendedKeyUsageOID.CODE_SIGNING not in purposes:
        raise SignatureError("its certificate is not for signing code (extended key usage)")


def _may_issue(issuer: x509.Certificate, below: int) -> None:
    from cryptography import x509

    _known(issuer)
    constraints = _extension(issuer, x509.BasicConstraints)
    usage = _extension(issuer, x509.KeyUsage)
    if constraints is None or not constraints.ca or (usage and not usage.key_cert_sign):
        raise SignatureError("its certificate was issued by one who may issue none")
    if constraints.path_length is not None and below > constraints.path_length:
        raise SignatureError("its certificate lies deeper than its issuers allow")


def _valid(one: x509.Certificate, at: datetime) -> None:
    begin, end = one.not_valid_before_utc, one.not_valid_after_utc
    if not begin <= at <= end:
        when = f"{begin:%Y-%m-%d} to {end:%Y-%m-%d}"
        raise SignatureError(
            f"a certificate of its signer is valid from {when} only",
            hint="No timestamp proves an earlier signature. Have the model signed again",
        )


def _known(one: x509.Certificate) -> None:
    """Raise `SignatureError` where a critical extension asks for what nobody looks at here."""
    from cryptography import x509

    looked_at = (x509.BasicConstraints, x509.KeyUsage, x509.ExtendedKeyUsage)
    harmless = (x509.SubjectAlternativeName, x509.SubjectKeyIdentifier, x509.AuthorityKeyIdentifier)
    for extension in one.extensions:
        if extension.critical and not isinstance(extension.value, looked_at + harmless):
            raise SignatureError("a certificate of its signer asks for what is not known here")


def _extension(one: x509.Certificate, kind: type[_Kind]) -> _Kind | None:
    from cryptography import x509

    try:
        return one.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None
