"""Sigstore bundles as model signatures use them: whose signature it is said to be, over what."""

from __future__ import annotations

import base64
import binascii
from typing import Literal

import msgspec
from msgspec import Struct

from auditor.errors import SignatureError

MEDIA_TYPE = "application/vnd.dev.sigstore.bundle.v0.3+json"
PAYLOAD_TYPE = "application/vnd.in-toto+json"
MAX_BUNDLE = 64 * 1024 * 1024
MAX_CHAIN = 16
_MARK = b"application/vnd.dev.sigstore.bundle"

Method = Literal["key", "certificate", "sigstore"]


class Bundle(Struct, frozen=True, kw_only=True):
    """A signature over `payload` (a statement), and what it says of its signer: all unproven.

    `hint` is the SHA-256 of the public key's PEM, `key` that PEM itself where an older tool put
    it in; `chain` are certificates as DER, the signer's own first.
    """

    method: Method
    payload: bytes
    signature: bytes
    hint: str = ""
    key: bytes = b""
    chain: tuple[bytes, ...] = ()

    @property
    def signed(self) -> bytes:
        """Return the bytes that the signature is over (DSSE's pre-authentication encoding)."""
        return pae(self.payload)


class _Camel(Struct, frozen=True, rename="camel"):
    pass


class _Raw(_Camel, frozen=True):
    raw_bytes: str


class _PublicKey(_Camel, frozen=True, omit_defaults=True):
    hint: str | None = None
    raw_bytes: str | None = None


class _Chain(_Camel, frozen=True):
    certificates: tuple[_Raw, ...]


class _Material(_Camel, frozen=True, omit_defaults=True):
    public_key: _PublicKey | None = None
    x509_certificate_chain: _Chain | None = None
    certificate: _Raw | None = None
    tlog_entries: tuple[msgspec.Raw, ...] | msgspec.UnsetType = msgspec.UNSET


class _Signature(_Camel, frozen=True):
    sig: str
    keyid: str | None = ""


class _Envelope(_Camel, frozen=True):
    payload: str
    payload_type: str
    signatures: tuple[_Signature, ...]


class _Bundle(_Camel, frozen=True):
    media_type: str
    verification_material: _Material
    dsse_envelope: _Envelope


def pae(payload: bytes) -> bytes:
    """Return the pre-authentication encoding of an in-toto payload (DSSE 1.0)."""
    kind = PAYLOAD_TYPE.encode()
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


def is_bundle(head: bytes) -> bool:
    """Return whether a file that begins like this (some 4 KiB) is a Sigstore bundle."""
    return head.lstrip().startswith(b"{") and _MARK in head


def encode(bundle: Bundle) -> bytes:
    """Return the bundle as one line of JSON."""
    material = _Material(tlog_entries=())
    if bundle.method == "key":
        material = msgspec.structs.replace(material, public_key=_PublicKey(hint=bundle.hint))
    else:
        chain = _Chain(tuple(_Raw(_base64(der)) for der in bundle.chain))
        material = msgspec.structs.replace(material, x509_certificate_chain=chain)
    envelope = _Envelope(
        payload=_base64(bundle.payload),
        payload_type=PAYLOAD_TYPE,
        signatures=(_Signature(_base64(bundle.signature)),),
    )
    return msgspec.json.encode(_Bundle(MEDIA_TYPE, material, envelope))


def decode(data: bytes) -> Bundle:
    """Return the bundle in `data`; raises `SignatureError` for what is none."""
    if len(data) > MAX_BUNDLE:
        raise SignatureError(f"the signature is larger than {MAX_BUNDLE} bytes")
    try:
        bundle = msgspec.json.decode(data, type=_Bundle)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise SignatureError("this is no Sigstore bundle with a signed statement") from error
    envelope, material = bundle.dsse_envelope, bundle.verification_material
    if bundle.media_type != MEDIA_TYPE:
        raise SignatureError(f"it is not of the type {MEDIA_TYPE}")
    if envelope.payload_type != PAYLOAD_TYPE:
        raise SignatureError(f"it signs another type than {PAYLOAD_TYPE}")
    if len(envelope.signatures) != 1:
        raise SignatureError("it has not exactly one signature")
    kinds = (material.public_key, material.x509_certificate_chain, material.certificate)
    if sum(kind is not None for kind in kinds) != 1:
        raise SignatureError("it does not say by one key or certificate who signed it")
    payload, signature = _bytes(envelope.payload), _bytes(envelope.signatures[0].sig)
    if material.public_key is not None:
        return Bundle(
            method="key",
            payload=payload,
            signature=signature,
            hint=material.public_key.hint or "",
            key=_bytes(material.public_key.raw_bytes or ""),
        )
    if material.certificate is not None:
        own = (_bytes(material.certificate.raw_bytes),)
        return Bundle(method="sigstore", payload=payload, signature=signature, chain=own)
    chain = material.x509_certificate_chain
    certificates = chain.certificates if chain is not None else ()
    if not 1 <= len(certificates) <= MAX_CHAIN:
        raise SignatureError(f"it has not 1 to {MAX_CHAIN} certificates")
    ders = tuple(_bytes(one.raw_bytes) for one in certificates)
    return Bundle(method="certificate", payload=payload, signature=signature, chain=ders)


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _bytes(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise SignatureError("the signature holds malformed base64") from error
