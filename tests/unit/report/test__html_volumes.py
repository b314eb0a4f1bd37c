"""Volumes and keys are shown, those in clear first, and what was not read is said to be unread."""

from __future__ import annotations

from auditor.evidence import Origin
from auditor.evidence.volumes import (
    KeyFile,
    KeyProtection,
    LuksHeader,
    LuksKeyslot,
    LuksSegment,
)
from auditor.report._html_volumes import MAX_ROWS, volumes

ORIGIN = Origin("storage", "/dev/sda3")


def header(name, **fields):
    values = {
        "detached": False,
        "version": 2,
        "key_bits": 512,
        "segments": (
            LuksSegment(segment_type="crypt", cipher="aes-xts-plain64", sector_size=512, integrity=""),
        ),
        "keyslots": (
            LuksKeyslot(slot=0, kdf="argon2id", hash="", memory=1048576, passes=4, cpus=4, iterations=0, token=""),
            LuksKeyslot(slot=1, kdf="pbkdf2", hash="sha512", memory=0, passes=0, cpus=0, iterations=1000, token="systemd-tpm2"),
        ),
        "tokens": (),
        "requirements": (),
        "damaged_copies": 0,
    }  # fmt: skip
    return LuksHeader(origin=ORIGIN, device="sda3", mapper_name=name, **{**values, **fields})


def key(path, encryption):
    return KeyProtection(
        origin=ORIGIN, source_kind="key_file", path=path, purpose="tls", form="open",
        encryption=encryption, chain=(), reason="",
    )  # fmt: skip


def test_slots_and_segments_in_words():
    (volume,) = volumes([header("data")], ()).volumes
    assert volume.segments == ("crypt aes-xts-plain64",)
    assert volume.slots == (
        "0: argon2id, 1,024 MiB × 4",
        "1: pbkdf2, 1,000 × sha512 ← systemd-tpm2",
    )


def test_a_header_kept_elsewhere_has_nothing_to_show():
    absent = dict.fromkeys(
        ("version", "key_bits", "segments", "keyslots", "tokens", "requirements", "damaged_copies")
    )
    (volume,) = volumes([header("data", detached=True, **absent)], ()).volumes
    assert (volume.slots, volume.segments) == (None, None)


def test_keys_in_clear_come_first_and_the_rest_is_counted():
    derived = [key("/a", "verified"), key("/b", None), key("/c", "plaintext")]
    file = KeyFile(
        origin=ORIGIN, path="/a", known_as="/a", purpose="tls", owner=0, mode=0o600, readers="",
        passphrase=False, device_number="", encryption_policy="",
    )  # fmt: skip
    found = volumes([file], derived)
    assert [(one.protection.path, one.file) for one in found.keys] == [
        ("/c", None),
        ("/b", None),
        ("/a", file),
    ]
    many = volumes((), [key(f"/{n:04}", "plaintext") for n in range(MAX_ROWS + 7)])
    assert (len(many.keys), many.keys_hidden) == (MAX_ROWS, 7)
