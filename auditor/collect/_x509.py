"""Reads X.509 certificates (RFC 5280) out of PEM or DER bytes: data only, bounded, never a key."""

from __future__ import annotations

import base64
import binascii
import re
import warnings
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from cryptography import x509

# A file with more certificates than this is a bundle of authorities, no server's chain.
MOST = 64
LARGEST = 64 * 1024  # bytes of one certificate; the largest in use are about 10 kB
_BLOCK = re.compile(
    rb"-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----([A-Za-z0-9+/=\s]{0,131072})"
    rb"-----END (?:TRUSTED |X509 )?CERTIFICATE-----"
)
_BEGIN = re.compile(rb"-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----")
_KEY = re.compile(rb"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY-----")
_LONGEST = 300
_NAMES = 100
# Object identifiers as they are encoded (GB/T 33560): the SM2 curve, and SM2 signing with SM3.
_SM2_CURVE = bytes.fromhex("06082a811ccf5501822d")
_SM3_SIGNATURE = "1.2.156.10197.1.501"
_WITHOUT_HASH = frozenset({"1.3.101.112", "1.3.101.113"})  # Ed25519, Ed448 (RFC 8410)


class Parsed(Struct, frozen=True, kw_only=True):
    """What a certificate says of itself; the fields are those of the record `Certificate`."""

    subject: str
    issuer: str
    serial: str
    not_before: str
    not_after: str
    key_algorithm: str
    key_bits: int | None
    signature_hash: str | None
    names: tuple[str, ...]
    is_ca: bool
    self_signed: bool


class Contents(Struct, frozen=True, kw_only=True):
    """What a file holds: certificates as DER, whether a private key lies in it, and damage."""

    certificates: tuple[bytes, ...]
    holds_key: bool
    damaged: int
    too_many: bool


def contents(data: bytes) -> Contents:
    """Return what PEM or DER bytes hold; DER is one certificate."""
    if data[:1] == b"\x30" and b"-----BEGIN" not in data[:64]:
        return Contents(certificates=(data,), holds_key=False, damaged=0, too_many=False)
    begun = len(_BEGIN.findall(data))
    blocks: list[bytes] = []
    if begun <= MOST:
        blocks = [found for match in _BLOCK.finditer(data) if (found := _decoded(match[1]))]
    return Contents(
        certificates=tuple(blocks),
        holds_key=bool(_KEY.search(data)),
        damaged=begun - len(blocks) if begun <= MOST else 0,
        too_many=begun > MOST,
    )


def _decoded(body: bytes) -> bytes:
    try:
        return base64.b64decode(b"".join(body.split()), validate=True)
    except binascii.Error:
        return b""


def parse(der: bytes) -> Parsed:
    """Return what a certificate says; raises `ValueError` for what is none."""
    from cryptography import x509
    from cryptography.exceptions import UnsupportedAlgorithm

    if not 0 < len(der) <= LARGEST:
        raise ValueError("not the size of a certificate")
    with warnings.catch_warnings():
        # Serial numbers of zero and the like: what they are is for the rules to say.
        warnings.simplefilter("ignore")
        try:
            certificate = x509.load_der_x509_certificate(der)
            return _parsed(certificate, der)
        except (ValueError, TypeError, UnsupportedAlgorithm, x509.DuplicateExtension,
                x509.InvalidVersion, OverflowError) as error:  # fmt: skip
            raise ValueError(f"not a certificate ({type(error).__name__})") from error


def is_authority(der: bytes) -> bool:
    """Return whether a certificate is that of a CA; what is no certificate is none."""
    try:
        return parse(der).is_ca
    except ValueError:
        return False


def _parsed(certificate: x509.Certificate, der: bytes) -> Parsed:
    algorithm, bits = _key(certificate, der)
    return Parsed(
        subject=_shown(certificate.subject.rfc4514_string()),
        issuer=_shown(certificate.issuer.rfc4514_string()),
        serial=f"{certificate.serial_number:x}"[:_LONGEST],
        not_before=certificate.not_valid_before_utc.strftime("%Y-%m-%dT%H:%M:%SZ").zfill(20),
        not_after=certificate.not_valid_after_utc.strftime("%Y-%m-%dT%H:%M:%SZ").zfill(20),
        key_algorithm=algorithm,
        key_bits=bits,
        signature_hash=_hash(certificate),
        names=_names(certificate),
        is_ca=_is_ca(certificate),
        self_signed=_self_signed(certificate),
    )


def _shown(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode()[:_LONGEST]


def _key(certificate: x509.Certificate, der: bytes) -> tuple[str, int | None]:
    """Return the kind and length of the public key; SM2 is told by the name of its curve."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa

    try:
        key = certificate.public_key()
    except (UnsupportedAlgorithm, ValueError):
        return ("sm2", 256) if _SM2_CURVE in der else ("other", None)
    if isinstance(key, rsa.RSAPublicKey):
        return "rsa", key.key_size
    if isinstance(key, ec.EllipticCurvePublicKey):
        return "ec", key.curve.key_size
    if isinstance(key, dsa.DSAPublicKey):
        return "dsa", key.key_size
    if isinstance(key, ed25519.Ed25519PublicKey):
        return "ed25519", 256
    return ("ed448", 456) if isinstance(key, ed448.Ed448PublicKey) else ("other", None)


def _hash(certificate: x509.Certificate) -> str | None:
    """Return the hash that was signed, `` for a signature without one, `None` where unknown."""
    from cryptography.exceptions import UnsupportedAlgorithm

    identifier = certificate.signature_algorithm_oid.dotted_string
    if identifier in _WITHOUT_HASH:
        return ""
    try:
        found = certificate.signature_hash_algorithm
    except (UnsupportedAlgorithm, ValueError):
        return "sm3" if identifier == _SM3_SIGNATURE else None
    return found.name if found is not None else None


def _names(certificate: x509.Certificate) -> tuple[str, ...]:
    from cryptography import x509

    try:
        extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        return ()
    names: dict[str, None] = {}
    for name in extension.value:
        if isinstance(name, x509.DNSName | x509.IPAddress):
            names[_shown(str(name.value))] = None
    return tuple(sorted(names))[:_NAMES]


def _is_ca(certificate: x509.Certificate) -> bool:
    from cryptography import x509

    try:
        constraints = certificate.extensions.get_extension_for_class(x509.BasicConstraints)
    except x509.ExtensionNotFound:
        return False
    return constraints.value.ca


def _self_signed(certificate: x509.Certificate) -> bool:
    """Return whether its own key signed it.

    Where the signature cannot be checked (SHA-1, SM2), one that names itself as issuer counts as
    signed by itself: what it is judged for then is no better.
    """
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm

    if certificate.issuer != certificate.subject:
        return False
    try:
        certificate.verify_directly_issued_by(certificate)
    except InvalidSignature:
        return False
    except (UnsupportedAlgorithm, ValueError, TypeError):
        pass
    return True
