"""Tells of every key file whether the place where it lies is encrypted at rest."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from auditor.derive import Derivation
from auditor.derive._layers import Layers
from auditor.derive._protection import Protection, unknown
from auditor.evidence import Evidence, Record, kind_of
from auditor.evidence.storage import BlockDevice, Mount, Swap
from auditor.evidence.volumes import KeyFile, KeyProtection

_FORMS: dict[bool | None, Literal["open", "passphrase", "untold"]] = {
    True: "passphrase", False: "open", None: "untold",
}  # fmt: skip


def _derive(evidence: Evidence) -> Iterator[Record]:
    if evidence.mode != "host":
        return
    layers = Layers(evidence)
    for key in evidence.records:
        if isinstance(key, KeyFile):
            found = _protection(layers, key)
            yield KeyProtection(
                origin=key.origin,
                source_kind=kind_of(key),
                path=key.known_as,
                purpose=key.purpose,
                form=_FORMS[key.passphrase],
                encryption=found.verdict,
                chain=found.under(key.path).chain,
                reason=found.reason,
            )


def _protection(layers: Layers, key: KeyFile) -> Protection:
    below = layers.path(key.path, key.device_number)
    if key.encryption_policy:
        policy = f"fscrypt {key.encryption_policy}"
        return Protection(verdict="verified", chain=(policy, *below.chain), ciphers=(policy,))
    if key.encryption_policy is None and below.verdict in ("plaintext", "mixed"):
        return unknown("whether its folder is encrypted by fscrypt is not known", *below.chain)
    return below


DERIVATION = Derivation(
    title="Encryption at rest of key files",
    yields=KeyProtection,
    sources=(KeyFile, Mount, BlockDevice, Swap),
    derive=_derive,
)
