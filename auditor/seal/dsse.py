"""DSSE envelopes: exact bytes, their type, and who signed them (secure-systems-lab/dsse v1)."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable

import msgspec
from msgspec import Struct

from auditor.errors import SignatureError
from auditor.seal.keys import PublicKey, SigningKey

IN_TOTO = "application/vnd.in-toto+json"
MAX_ENVELOPE = 8 * 1024 * 1024
MAX_SIGNATURES = 64


class Signature(Struct, frozen=True, forbid_unknown_fields=True):
    """One signature: `keyid` only says which key to try, `sig` is standard base64."""

    keyid: str
    sig: str


class Envelope(Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """An envelope as it stands in a file: `payload` is standard base64."""

    payload: str
    payload_type: str
    signatures: tuple[Signature, ...]

    @property
    def key_ids(self) -> tuple[str, ...]:
        """Return the key ids that the envelope claims, unchecked, as printable text."""
        return tuple(ascii(signature.keyid)[1:-1][:64] for signature in self.signatures)


class Verified(Struct, frozen=True, kw_only=True):
    """What was signed, by which of the known keys, and the key ids that are not known."""

    payload: bytes
    signers: tuple[PublicKey, ...]
    unknown: tuple[str, ...]


def pae(payload_type: str, payload: bytes) -> bytes:
    """Return the pre-authentication encoding: the bytes that a signature is over."""
    kind = payload_type.encode()
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


def sign(payload: bytes, *keys: SigningKey, payload_type: str = IN_TOTO) -> Envelope:
    """Return an envelope of `payload` signed by every one of `keys`."""
    envelope = Envelope(base64.b64encode(payload).decode(), payload_type, ())
    for key in keys:
        envelope = countersign(envelope, key)
    return envelope


def countersign(envelope: Envelope, key: SigningKey) -> Envelope:
    """Return the envelope with one signature more; a key that signed already signs no second."""
    if any(signature.keyid == key.public.key_id for signature in envelope.signatures):
        return envelope
    message = pae(envelope.payload_type, decode_base64(envelope.payload))
    made = Signature(key.public.key_id, base64.b64encode(key.sign(message)).decode())
    return msgspec.structs.replace(envelope, signatures=(*envelope.signatures, made))


def encode(envelope: Envelope) -> bytes:
    """Return the envelope as JSON, one line, the only spelling that `decode` accepts."""
    return msgspec.json.encode(envelope)


def decode(data: bytes) -> Envelope:
    """Return the envelope in `data`.

    Raises `SignatureError` for any other spelling of the same JSON too (spaces, twice the same
    name, escapes, another order): no byte of an envelope may be changed unseen.
    """
    if len(data) > MAX_ENVELOPE:
        raise SignatureError(f"the signature envelope is larger than {MAX_ENVELOPE} bytes")
    try:
        envelope = msgspec.json.decode(data, type=Envelope)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise SignatureError("the signature envelope is malformed") from error
    if encode(envelope) != data:
        raise SignatureError("the signature envelope is not spelt as it was written")
    if not 1 <= len(envelope.signatures) <= MAX_SIGNATURES:
        raise SignatureError(f"the envelope has not 1 to {MAX_SIGNATURES} signatures")
    return envelope


def verify(
    envelope: Envelope, keys: Iterable[PublicKey], *, payload_type: str = IN_TOTO
) -> Verified:
    """Return what was signed and by whom: equal keys count once, whatever they are called.

    Raises `SignatureError` where the payload is of another type, where a signature in the name
    of a known key is false, and where no known key signed.
    """
    if envelope.payload_type != payload_type:
        raise SignatureError(f"the envelope holds another type than {payload_type}")
    payload = decode_base64(envelope.payload)
    message = pae(payload_type, payload)
    by_id = {key.key_id: key for key in keys}
    signers: set[PublicKey] = set()
    unknown: list[str] = []
    for signature, shown in zip(envelope.signatures, envelope.key_ids, strict=True):
        key = by_id.get(signature.keyid)
        if key is None:
            unknown.append(shown)
        elif key.verifies(decode_base64(signature.sig), message):
            signers.add(key)
        else:
            raise SignatureError(f"the signature of key {key.key_id} is false")
    if not signers:
        names = ", ".join(unknown) or "nobody"
        raise SignatureError(f"it is signed by a key that you do not trust: {names}")
    return Verified(payload=payload, signers=tuple(sorted(signers)), unknown=tuple(unknown))


def decode_base64(text: str) -> bytes:
    """Return the bytes of standard, padded base64 in its one canonical spelling.

    Python and others pass over stray characters and unused bits; this raises `SignatureError`.
    """
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise SignatureError("the signature envelope holds malformed base64") from error
    if base64.b64encode(data).decode() != text:
        raise SignatureError("the signature envelope holds base64 in another spelling")
    return data
