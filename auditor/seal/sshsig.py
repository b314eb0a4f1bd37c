"""SSH signatures (OpenSSH PROTOCOL.sshsig), so that `ssh-keygen -Y verify` is enough to check."""

from __future__ import annotations

import base64
import binascii
import hashlib
import struct
from collections.abc import Iterable

from auditor.errors import SignatureError
from auditor.seal.keys import Algorithm, PublicKey, SigningKey
from auditor.seal.trust import NAMESPACE

MAX_SIDECAR = 64 * 1024

_MAGIC = b"SSHSIG"
_VERSION = 1
_BEGIN = "-----BEGIN SSH SIGNATURE-----"
_END = "-----END SSH SIGNATURE-----"
_LINE = 70
_NAMES: dict[Algorithm, bytes] = {
    "ed25519": b"ssh-ed25519",
    "ecdsa-p256": b"ecdsa-sha2-nistp256",
}
_HASHES = {b"sha256": hashlib.sha256, b"sha512": hashlib.sha512}
# Both halves of a P-256 signature are below 2^256; a sign byte may precede (RFC 4251 mpint).
_MPINT = 33


def sign(data: bytes, key: SigningKey, *, namespace: str = NAMESPACE) -> bytes:
    """Return the armoured signature over `data`, as `ssh-keygen -Y sign -n NAMESPACE` writes it."""
    signed = _to_sign(namespace.encode(), b"sha512", hashlib.sha512(data).digest())
    algorithm = key.public.algorithm
    inner = key.sign(signed)
    if algorithm == "ecdsa-p256":
        inner = _ssh_ecdsa(inner)
    blob = (
        _MAGIC
        + struct.pack(">I", _VERSION)
        + _string(_key_blob(key.public))
        + _string(namespace.encode())
        + _string(b"")
        + _string(b"sha512")
        + _string(_string(_NAMES[algorithm]) + _string(inner))
    )
    text = base64.b64encode(blob).decode()
    lines = [text[start : start + _LINE] for start in range(0, len(text), _LINE)]
    return "\n".join([_BEGIN, *lines, _END, ""]).encode()


def verify(
    data: bytes, sidecar: bytes, keys: Iterable[PublicKey], *, namespace: str = NAMESPACE
) -> PublicKey:
    """Return which of `keys` made the armoured signature `sidecar` over `data`.

    Raises `SignatureError` for a malformed or false signature, another namespace, or a key that
    is not among them.
    """
    fields = _Fields(_unarmour(sidecar))
    if fields.take(len(_MAGIC)) != _MAGIC or fields.number() != _VERSION:
        raise SignatureError("this is not an SSH signature of version 1")
    key_blob, signed_namespace, reserved = fields.string(), fields.string(), fields.string()
    hash_name, signature = fields.string(), _Fields(fields.string())
    name, inner = signature.string(), signature.string()
    fields.end()
    signature.end()
    if signed_namespace != namespace.encode():
        raise SignatureError(f"the SSH signature is for another purpose than {namespace}")
    if reserved or hash_name not in _HASHES:
        raise SignatureError("the SSH signature uses something that is not known here")
    key = next((key for key in keys if _key_blob(key) == key_blob), None)
    if key is None:
        shown = base64.b64encode(hashlib.sha256(key_blob).digest()).decode().rstrip("=")
        raise SignatureError(f"it is signed by a key that you do not trust: SHA256:{shown}")
    if name != _NAMES[key.algorithm]:
        raise SignatureError("the SSH signature is of another algorithm than its key")
    if key.algorithm == "ecdsa-p256":
        inner = _der_ecdsa(inner)
    signed = _to_sign(signed_namespace, hash_name, _HASHES[hash_name](data).digest())
    if not key.verifies(inner, signed):
        raise SignatureError(f"the SSH signature of key {key.key_id} is false")
    return key


class _Fields:
    """Reads the length-prefixed fields of RFC 4251 from bytes, never past their end."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def take(self, size: int) -> bytes:
        """Return the next `size` bytes."""
        if size > len(self._data) - self._at:
            raise SignatureError("the SSH signature is cut short")
        self._at += size
        return self._data[self._at - size : self._at]

    def number(self) -> int:
        """Return the next uint32."""
        return int.from_bytes(self.take(4), "big")

    def string(self) -> bytes:
        """Return the next string."""
        return self.take(self.number())

    def end(self) -> None:
        """Raise `SignatureError` where something is left."""
        if self._at != len(self._data):
            raise SignatureError("the SSH signature has something after its end")


def _unarmour(sidecar: bytes) -> bytes:
    """Return the bytes between the lines BEGIN and END."""
    if len(sidecar) > MAX_SIDECAR:
        raise SignatureError("this is too large for an SSH signature")
    try:
        lines = sidecar.decode("ascii").removesuffix("\n").split("\n")
        if len(lines) < 3 or lines[0] != _BEGIN or lines[-1] != _END:  # noqa: PLR2004
            raise SignatureError("this is not an armoured SSH signature")
        text = "".join(lines[1:-1])
        blob = base64.b64decode(text, validate=True)
    except (UnicodeDecodeError, binascii.Error, ValueError) as error:
        raise SignatureError("this is not an armoured SSH signature") from error
    if base64.b64encode(blob).decode() != text:
        raise SignatureError("the SSH signature holds base64 in another spelling")
    return blob


def _to_sign(namespace: bytes, hash_name: bytes, digest: bytes) -> bytes:
    """Return the bytes that the inner signature is over."""
    return _MAGIC + b"".join(_string(part) for part in (namespace, b"", hash_name, digest))


def _key_blob(key: PublicKey) -> bytes:
    """Return the public key in OpenSSH's wire form."""
    return base64.b64decode(key.openssh.split()[1])


def _string(data: bytes) -> bytes:
    """Return `data` with its length before it."""
    return struct.pack(">I", len(data)) + data


def _ssh_ecdsa(der: bytes) -> bytes:
    """Return a DER signature as two mpints (RFC 5656 section 3.1.2)."""
    from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

    halves = decode_dss_signature(der)
    return b"".join(_string(half.to_bytes(half.bit_length() // 8 + 1, "big")) for half in halves)


def _der_ecdsa(mpints: bytes) -> bytes:
    """Return two mpints as a DER signature."""
    from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

    fields = _Fields(mpints)
    first, second = fields.string(), fields.string()
    fields.end()
    if max(len(first), len(second)) > _MPINT:
        raise SignatureError("the SSH signature is malformed")
    return encode_dss_signature(int.from_bytes(first, "big"), int.from_bytes(second, "big"))
