"""What guards a machine's volumes: LUKS headers, key files, and where memory may be written to."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from auditor.evidence.base import Record


class LuksKeyslot(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One way to unlock a volume, and what guessing its passphrase costs.

    `kdf` is `argon2id`, `argon2i` or `pbkdf2`. `memory` is in KiB, `passes` are Argon2's,
    `iterations` PBKDF2's. `token` names the kind of token that holds the slot's passphrase
    (`systemd-tpm2`, `clevis`, `systemd-fido2` …), empty where a person or a key file does.
    """

    slot: int
    kdf: str
    hash: str
    memory: int
    passes: int
    cpus: int
    iterations: int
    token: str


class LuksSegment(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A stretch of a volume: `crypt`, `linear` (not encrypted), `hw-opal`, `hw-opal-crypt`."""

    segment_type: str
    cipher: str
    sector_size: int
    integrity: str


class LuksFacts(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a LUKS header tells, without anything of its keys: no salt, digest or key material.

    `damaged_copies` counts the copies of the header whose checksum does not hold (LUKS2 keeps
    two, LUKS1 one without a checksum). `requirements` are what a program must know to use the
    volume (`online-reencrypt-v2`, `opal`). Source: the LUKS1 and LUKS2 on-disk formats.
    """

    version: Literal[1, 2]
    key_bits: int
    segments: tuple[LuksSegment, ...]
    keyslots: tuple[LuksKeyslot, ...]
    tokens: tuple[str, ...] = ()
    requirements: tuple[str, ...] = ()
    damaged_copies: int = 0


class LuksHeader(Record, frozen=True, kw_only=True):
    """The LUKS header of a volume that is in use; `device` holds it, `mapper_name` is its mapping.

    `detached` means that the device has no header although its mapping is called LUKS: then the
    header is kept elsewhere, and what it would tell is `None`. Fields as in `LuksFacts`.
    """

    device: str
    mapper_name: str
    detached: bool
    version: int | None
    key_bits: int | None
    segments: tuple[LuksSegment, ...] | None
    keyslots: tuple[LuksKeyslot, ...] | None
    tokens: tuple[str, ...] | None
    requirements: tuple[str, ...] | None
    damaged_copies: int | None

    @property
    def label(self) -> str:
        """Return the mapping and the device."""
        return f"{self.mapper_name} ({self.device})"


class KeyFile(Record, frozen=True, kw_only=True):
    """A file that holds a secret key; of its contents only the kind of its first line is looked at.

    `purpose`: `disk` (unlocks a volume, crypttab(5)), `tls`, `ssh-host`, `ssh-user`. `readers`
    tells who besides the owner may read it: ``, `group` or `everyone`; `owner` is a user id.
    `passphrase` is whether it is encrypted itself, `None` where its form does not tell. `path`
    is the file itself, links resolved; `known_as` the path under which it is used.
    `device_number` and `encryption_policy` (the folder's) as in `ModelStore`.
    """

    path: str
    known_as: str
    purpose: Literal["disk", "tls", "ssh-host", "ssh-user"]
    owner: int
    mode: int
    readers: Literal["", "group", "everyone"] | None
    passphrase: bool | None
    device_number: str
    encryption_policy: str | None

    @property
    def label(self) -> str:
        """Return the path under which the key is used."""
        return self.known_as


class MemoryDump(Record, frozen=True, kw_only=True):
    """A place that the machine would write memory to: hibernation, a kernel crash, a core dump.

    `target_type`: `device` (`target` is a device file), `folder`, `program` (a pipe, `target`
    its path), `working-folder` (beside whatever crashes), `remote` (another machine), `none`.
    Source: swsusp-and-swap-files.rst, kdump.conf(5), core(5).
    """

    mechanism: Literal["hibernation", "kdump", "core"]
    target_type: Literal["device", "folder", "program", "working-folder", "remote", "none"]
    target: str

    @property
    def label(self) -> str:
        """Return the mechanism and where it leads."""
        return f"{self.mechanism} → {self.target or self.target_type}"


class KeyProtection(Record, frozen=True, kw_only=True):
    """A key file and how the place where it lies is encrypted at rest.

    `source_kind` is the record kind that it comes from. `form` is `passphrase` for a key that is
    encrypted itself, `untold` where its form does not say. `encryption`, `chain` and `reason` as
    in `StoreEncryption`, the rest as in `KeyFile`.
    """

    source_kind: str
    path: str
    purpose: Literal["disk", "tls", "ssh-host", "ssh-user"]
    form: Literal["open", "passphrase", "untold"]
    encryption: Literal["verified", "claimed", "memory-only", "plaintext", "mixed", "remote"] | None
    chain: tuple[str, ...]
    reason: str

    @property
    def label(self) -> str:
        """Return the path."""
        return self.path
