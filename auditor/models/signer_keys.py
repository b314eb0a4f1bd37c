"""Keys that sign models and keys that check: elliptic curves, each with the hash of its size."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

from msgspec import Struct

from auditor.errors import KeyFileError

if TYPE_CHECKING:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.hashes import HashAlgorithm

MAX_TRUST_FILE = 1024 * 1024
_MOST = 100
_BLOCK = re.compile(r"-----BEGIN ([A-Z0-9 ]+)-----[^-]+-----END \1-----")
_SSH = re.compile(r"^ecdsa-sha2-nistp(?:256|384|521) AAAA[A-Za-z0-9+/=]+", re.MULTILINE)
_KINDS = "Model signatures are made with P-256, P-384 or P-521 (OpenSSF Model Signing 4.2)"
_MAKE_ONE = (
    "Make one: openssl ecparam -name prime256v1 -genkey -noout | openssl pkcs8 -topk8 -out KEY"
)


class VerifyingKey(Struct, frozen=True, order=True):
    """A public key on one of the curves: `pem` in one fixed spelling."""

    pem: bytes

    @property
    def hint(self) -> str:
        """Return what a signature calls the key: the SHA-256 of its PEM, in hex."""
        return hashlib.sha256(self.pem).hexdigest()

    def verifies(self, signature: bytes, data: bytes) -> bool:
        """Return whether `signature` (DER) is this key's over `data`."""
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric import ec
        from cryptography.hazmat.primitives.serialization import load_pem_public_key

        key = load_pem_public_key(self.pem)
        if not isinstance(key, ec.EllipticCurvePublicKey):
            return False
        try:
            key.verify(signature, data, ec.ECDSA(_hash(key.curve)))
        except InvalidSignature:
            return False
        return True


class Trusted(Struct, frozen=True, kw_only=True):
    """Whose signature counts: keys, and certificates (DER) of those who vouch; with names."""

    keys: tuple[tuple[VerifyingKey, str], ...] = ()
    roots: tuple[bytes, ...] = ()

    def __add__(self, other: Trusted) -> Trusted:
        """Return both together."""
        return Trusted(keys=(*self.keys, *other.keys), roots=(*self.roots, *other.roots))


class ModelSigner(Struct, frozen=True):
    """A private key that signs models, with the certificates that say whose it is (DER)."""

    private: ec.EllipticCurvePrivateKey
    chain: tuple[bytes, ...] = ()

    @property
    def public(self) -> VerifyingKey:
        """Return the other half."""
        return key_of(self.private.public_key())

    def sign(self, data: bytes) -> bytes:
        """Return the signature over `data`, as DER."""
        from cryptography.hazmat.primitives.asymmetric import ec

        return self.private.sign(data, ec.ECDSA(_hash(self.private.curve)))


def key_of(key: object, *, where: str = "") -> VerifyingKey:
    """Return cryptography's public key as ours; raises `KeyFileError` for another kind."""
    from cryptography.hazmat.primitives import serialization as form
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519

    if isinstance(key, ec.EllipticCurvePublicKey) and isinstance(
        key.curve, ec.SECP256R1 | ec.SECP384R1 | ec.SECP521R1
    ):
        pem = key.public_bytes(form.Encoding.PEM, form.PublicFormat.SubjectPublicKeyInfo)
        return VerifyingKey(pem)
    what = "an Ed25519 key" if isinstance(key, ed25519.Ed25519PublicKey) else "this kind of key"
    raise KeyFileError(f"{what} signs no models", where=where, hint=f"{_KINDS}. {_MAKE_ONE}")


def load_signer(
    data: bytes, passphrase: bytes | None = None, chain: bytes = b"", *, where: str = ""
) -> ModelSigner:
    """Return the signer whose private key is `data` (PEM), with certificates (PEM), own first.

    Raises `KeyFileError` for another kind of key, a wrong passphrase, and a certificate that is
    of another key.
    """
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        private = load_pem_private_key(data, passphrase)
    except TypeError as error:
        said = "has no passphrase, but one was given" if passphrase else "needs its passphrase"
        raise KeyFileError(f"the private key {said}", where=where) from error
    except Exception as error:  # the library raises its own kinds too, for what it has not
        raise KeyFileError(
            "this is not a private key in PEM, or the passphrase is wrong",
            where=where,
            hint=_MAKE_ONE,
        ) from error
    public = key_of(private.public_key(), where=where)
    if not isinstance(private, ec.EllipticCurvePrivateKey):
        raise KeyFileError("this kind of key signs no models", where=where, hint=_KINDS)
    certificates = _certificates(chain, where) if chain else ()
    if certificates and certificate_key(certificates[0]) != public:
        raise KeyFileError("the first certificate is of another key", where=where)
    return ModelSigner(private, certificates)


def load_trusted(data: bytes, *, where: str = "", name: str = "") -> Trusted:
    """Return the keys and certificates in `data`: PEM blocks and lines of OpenSSH, mixed.

    Keys of other kinds are passed over: they sign no models. Raises `KeyFileError` for what is
    malformed or holds a private key, and where nothing is left.
    """
    if len(data) > MAX_TRUST_FILE:
        raise KeyFileError("this is too large for a file of public keys", where=where)
    text = data.decode("utf-8", "replace")
    if "PRIVATE KEY-----" in text:
        raise KeyFileError("this is a private key", where=where, hint="Trust its public half")
    blocks = [(match[1], match[0]) for match in _BLOCK.finditer(text)]
    lines = [match[0] for match in _SSH.finditer(text)]
    if len(blocks) + len(lines) > _MOST:
        raise KeyFileError(f"there are more than {_MOST} keys", where=where)
    keys = [_public(block.encode(), where) for kind, block in blocks if kind == "PUBLIC KEY"]
    keys += [_public(line.encode(), where) for line in lines]
    roots = [block for kind, block in blocks if kind == "CERTIFICATE"]
    found = Trusted(
        keys=tuple((key, name) for key in keys if key is not None),
        roots=_certificates("\n".join(roots).encode(), where) if roots else (),
    )
    if not found.keys and not found.roots:
        raise KeyFileError("no key or certificate in it checks models", where=where, hint=_KINDS)
    return found


def certificate_key(der: bytes) -> VerifyingKey | None:
    """Return the key of a certificate, `None` where it is none of those that sign models."""
    try:
        return key_of(load_certificate(der).public_key())
    except Exception:  # noqa: BLE001 - of foreign bytes: whatever is wrong, there is no key
        return None


def load_certificate(der: bytes) -> x509.Certificate:
    """Return a certificate; raises what the library raises."""
    import warnings

    from cryptography.x509 import load_der_x509_certificate

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return load_der_x509_certificate(der)


def _certificates(data: bytes, where: str) -> tuple[bytes, ...]:
    from cryptography.hazmat.primitives.serialization import Encoding
    from cryptography.x509 import load_pem_x509_certificates

    try:
        return tuple(one.public_bytes(Encoding.DER) for one in load_pem_x509_certificates(data))
    except ValueError as error:
        raise KeyFileError("this is not a certificate in PEM", where=where) from error


def _public(data: bytes, where: str) -> VerifyingKey | None:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives import serialization

    opens = serialization.load_ssh_public_key
    if data.startswith(b"-----"):
        opens = serialization.load_pem_public_key  # type: ignore[assignment]
    try:
        return key_of(opens(data), where=where)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise KeyFileError("this is not a public key", where=where) from error
    except KeyFileError:
        return None


def _hash(curve: ec.EllipticCurve) -> HashAlgorithm:
    """Return the hash that belongs to a curve (Sigstore's protobuf specification)."""
    from cryptography.hazmat.primitives import hashes

    if curve.key_size <= 256:  # noqa: PLR2004
        return hashes.SHA256()
    return hashes.SHA384() if curve.key_size <= 384 else hashes.SHA512()  # noqa: PLR2004
