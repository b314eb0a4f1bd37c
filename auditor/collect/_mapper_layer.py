"""Tells what a device-mapper device is, from the kernel's table or else from its uuid's claim."""

from __future__ import annotations

import re
from typing import Literal

from msgspec import Struct

from auditor.evidence.storage import LayerType

Encryption = Literal["verified", "claimed", "null", "none", "unknown"]


class Layer(Struct, frozen=True, kw_only=True):
    """A device-mapper layer; `devices` are the `major:minor` that its table names."""

    layer: LayerType
    encryption: Encryption
    cipher: str = ""
    key_bits: int = 0
    devices: tuple[str, ...] = ()


# cryptsetup marks with these what it set up to encrypt (lib/utils_devpath.c names the types).
_CLAIMS = (
    "CRYPT-LUKS1-", "CRYPT-LUKS2-", "CRYPT-PLAIN-", "CRYPT-BITLK-", "CRYPT-TCRYPT-",
    "CRYPT-LOOPAES-", "CRYPT-FVAULT2-", "VERACRYPT-",
)  # fmt: skip
# … and with these what it set up for another purpose: they keep the data as it is.
_NOT_ENCRYPTION: tuple[tuple[str, LayerType], ...] = (
    ("CRYPT-VERITY-", "verity"),
    ("CRYPT-INTEGRITY-", "integrity"),
    ("CRYPT-SUBDEV-", "mapper"),
    ("LVM-", "linear"),
    ("mpath-", "multipath"),
    ("DMRAID-", "raid"),
)
_KPARTX = re.compile(r"part[0-9]+-")

# Targets that pass data on as it is (Documentation/admin-guide/device-mapper).
_PASSING: dict[str, LayerType] = {
    "linear": "linear", "striped": "linear", "unstriped": "linear", "raid": "raid",
    "mirror": "raid", "multipath": "multipath", "verity": "verity", "integrity": "integrity",
    "cache": "cache", "writecache": "cache", "thin": "mapper", "thin-pool": "mapper",
    "snapshot": "mapper", "snapshot-origin": "mapper", "snapshot-merge": "mapper",
    "era": "mapper", "clone": "mapper", "delay": "mapper", "flakey": "mapper", "dust": "mapper",
    "log-writes": "mapper", "switch": "mapper", "zoned": "mapper", "vdo": "mapper",
    "error": "mapper", "zero": "mapper",
}  # fmt: skip
_DEVICE = re.compile(r"[0-9]{1,7}:[0-9]{1,7}")
_KEYRING = re.compile(r":([0-9]{1,4}):[a-z]+")
_TARGET_FIELDS = 3
_CIPHER, _KEY = 0, 1


class _Target(Struct, frozen=True, kw_only=True):
    """One line of a table."""

    kind: str
    parameters: tuple[str, ...]


def by_uuid(uuid: str) -> Layer:
    """Return what a device's uuid claims. Anybody who can make a device can forge one."""
    if uuid.startswith(_CLAIMS):
        return Layer(layer="crypt", encryption="claimed")
    for prefix, layer in _NOT_ENCRYPTION:
        if uuid.startswith(prefix):
            return Layer(layer=layer, encryption="none")
    if _KPARTX.match(uuid):
        return Layer(layer="linear", encryption="none")
    return Layer(layer="mapper", encryption="unknown")


def by_table(lines: tuple[str, ...]) -> Layer | None:
    """Return what a table says, `None` where a line of it cannot be read.

    Encrypted is a device of which *every* target is `crypt` with a cipher that encrypts; one
    target of another kind leaves a part of it in clear.
    """
    targets = [_target(line) for line in lines]
    known = [target for target in targets if target is not None]
    if not known or len(known) != len(targets):
        return None
    devices = tuple(
        sorted({word for t in known for word in t.parameters if _DEVICE.fullmatch(word)})
    )
    kinds = sorted({target.kind for target in known})
    if kinds == ["crypt"]:
        return _crypt(known, devices)
    layers = sorted({_PASSING.get(kind, "unknown") for kind in kinds if kind != "crypt"})
    only = layers[0] if len(layers) == 1 and "crypt" not in kinds else "mapper"
    if "unknown" in layers:
        return Layer(layer="mapper", encryption="unknown", devices=devices)
    return Layer(layer=only, encryption="none", devices=devices)


def _target(line: str) -> _Target | None:
    words = line.split()
    if len(words) < _TARGET_FIELDS or not (words[0].isdecimal() and words[1].isdecimal()):
        return None
    if words[2] == "crypt" and len(words) < _TARGET_FIELDS + 2:
        return None
    return _Target(kind=words[2], parameters=tuple(words[3:]))


def _crypt(targets: list[_Target], devices: tuple[str, ...]) -> Layer:
    ciphers = sorted({target.parameters[_CIPHER] for target in targets})
    # `cipher_null-ecb`, `capi:ecb(cipher_null)`, `capi:authenc(hmac(sha256),ecb(cipher_null))`.
    null = any("null" in cipher.lower() for cipher in ciphers)
    bits = [_key_bits(target.parameters[_KEY]) for target in targets]
    return Layer(
        layer="crypt",
        encryption="null" if null else "verified",
        cipher=", ".join(ciphers),
        key_bits=min(bits),
        devices=devices,
    )


def _key_bits(field: str) -> int:
    """Return the key's length where the field still tells it (`:64:logon:…`), else 0."""
    keyring = _KEYRING.match(field)
    return int(keyring[1]) * 8 if keyring else 0
