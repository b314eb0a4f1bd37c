"""Signs models and checks who signed them, as OpenSSF Model Signing 1.0 has it: bytes alone.

What is signed are digests of files; to hash the files is another's work (`collect._signed_model`).
"""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from auditor.errors import ExitCode, SignatureError
from auditor.models import signature_bundle, signed_manifest
from auditor.models.signature_bundle import Bundle, Method
from auditor.models.signed_manifest import Manifest
from auditor.models.signer_chain import check_chain
from auditor.models.signer_keys import (
    ModelSigner,
    Trusted,
    VerifyingKey,
    certificate_key,
    load_certificate,
)

_LONGEST = 120


class NotCheckedError(SignatureError):
    """A signature that needs what an air-gapped site has not: nothing says whether it holds."""

    exit_code = ExitCode.UNDECIDED


class FalseSignatureError(SignatureError):
    """A signature that is whole, and not of the key that it names over what it holds."""


class UntrustedError(SignatureError):
    """A signature by somebody who is not trusted; what it says it signs is in `manifest`."""

    def __init__(self, what: str, manifest: Manifest, signer: str) -> None:
        """Keep what was said, by whom it claims to be."""
        super().__init__(what)
        self.manifest = manifest
        self.signer = signer


class Signed(Struct, frozen=True, kw_only=True):
    """What is signed, and by whom: a name that the one who trusts gave, or what proves it."""

    manifest: Manifest
    signer: str
    method: Method


def sign(manifest: Manifest, signer: ModelSigner) -> bytes:
    """Return the signature over a manifest, as the file that is written beside the model."""
    payload = signed_manifest.encode(manifest)
    bundle = Bundle(
        method="certificate" if signer.chain else "key",
        payload=payload,
        signature=signer.sign(signature_bundle.pae(payload)),
        hint=signer.public.hint,
        chain=signer.chain,
    )
    return signature_bundle.encode(bundle)


def verify(data: bytes, trusted: Trusted, *, at: datetime | None = None) -> Signed:
    """Return what the signature file `data` signs, where one of the trusted made it.

    Certificates must be valid at `at`; without a time none counts, but by its key. Raises
    `SignatureError` where it is malformed or false, `UntrustedError` where others made it, and
    `NotCheckedError` for a keyless one.
    """
    bundle = signature_bundle.decode(data)
    if bundle.method == "sigstore":
        raise NotCheckedError(
            "it is a keyless signature: to check it takes Sigstore's log and roots",
            hint="Have it signed with a key or certificate of the site",
        )
    manifest = signed_manifest.decode(bundle.payload)
    own = _own_key(bundle)
    if own is not None and not own.verifies(bundle.signature, bundle.signed):
        raise FalseSignatureError("the signature is false")
    claimed = _claimed(bundle, own)
    for key, name in trusted.keys:
        if own in (None, key) and bundle.hint in ("", key.hint):
            if not key.verifies(bundle.signature, bundle.signed):
                if not bundle.hint:
                    continue  # it does not say whose it is
                raise FalseSignatureError(f"the signature of the key {key.hint} is false")
            return Signed(manifest=manifest, signer=name or f"key {key.hint}", method=bundle.method)
    if bundle.method == "certificate" and trusted.roots and at is not None:
        try:
            check_chain(bundle.chain, trusted.roots, at)
        except SignatureError as error:
            raise UntrustedError(error.what, manifest, claimed) from error
        return Signed(manifest=manifest, signer=claimed, method="certificate")
    raise UntrustedError(f"it is signed by somebody whom you do not trust: {claimed}",
                         manifest, claimed)  # fmt: skip


def _own_key(bundle: Bundle) -> VerifyingKey | None:
    """Return the key that a signature brings along, which proves nothing but that it is whole."""
    if bundle.method == "certificate":
        key = certificate_key(bundle.chain[0])
        if key is None:
            raise SignatureError("its certificate holds no key that signs models")
        return key
    if not bundle.key:
        return None
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    from auditor.errors import KeyFileError
    from auditor.models.signer_keys import key_of

    try:
        return key_of(load_pem_public_key(bundle.key))
    except (ValueError, UnsupportedAlgorithm, KeyFileError) as error:
        raise SignatureError("it holds a key that signs no models") from error


def _claimed(bundle: Bundle, own: VerifyingKey | None) -> str:
    """Return what a signature says whose it is, in printable text."""
    if bundle.method == "certificate":
        try:
            subject = load_certificate(bundle.chain[0]).subject.rfc4514_string()
        except Exception:  # noqa: BLE001 - foreign bytes: then it has no name
            subject = "?"
        return ascii(subject)[1:-1][:_LONGEST] or "a certificate without a name"
    hint = own.hint if own is not None else bundle.hint
    return f"key {ascii(hint)[1:-1][:64]}" if hint else "a key that it does not name"
