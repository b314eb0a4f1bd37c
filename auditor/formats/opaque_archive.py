"""Names what is packed or encrypted in a way that is not read: nothing in it was looked at."""

from __future__ import annotations

import re

from auditor.formats import Context, Inspection, ModelFormat, View
from auditor.formats._polyglot import zip_at_the_end

_MAGICS: tuple[tuple[bytes, str], ...] = (
    (b"\x04\x22\x4d\x18", "LZ4 frames"),
    (b"\x02\x21\x4c\x18", "LZ4 of the older kind"),
    (b"\x28\xb5\x2f\xfd", "Zstandard frames"),
    (b"\xff\x06\x00\x00sNaPpY", "Snappy frames"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (b"Rar!\x1a\x07", "a RAR archive"),
    (b"\x1f\x8b", "gzip of an unknown method"),
    (b"\x1f\x9d", "compress (.Z)"),
    (b"\x1f\xa0", "compress -H"),
    (b"LZIP", "lzip"),
    (b"\x89LZO\x00\x0d\x0a\x1a\x0a", "lzop"),
    (b"MSCF\x00\x00\x00\x00", "a cabinet archive"),
    (b"xar!", "a xar archive"),
    (b"070701", "a cpio archive"),
    (b"070702", "a cpio archive"),
    (b"070707", "a cpio archive"),
    (b"\xc7\x71", "a cpio archive"),
    (b"!<arch>\n", "an ar archive"),
    (b"hsqs", "a squashfs image"),
    (b"LUKS\xba\xbe", "an encrypted LUKS volume"),
    (b"SKUL\xba\xbe", "an encrypted LUKS volume"),
    (b"Salted__", "encrypted by openssl enc"),
    (b"age-encryption.org/", "encrypted by age"),
    (b"-----BEGIN AGE ENCRYPTED FILE-----", "encrypted by age"),
    (b"-----BEGIN PGP MESSAGE-----", "encrypted by OpenPGP"),
    (b"gAAAAA", "encrypted by Fernet"),
    (b"U2FsdGVkX1", "encrypted by openssl enc"),
    (b"LRZI\x00", "lrzip"),
    (b"7kSt\xa0", "a ZPAQ archive"),
    (b"bvx2", "LZFSE"),
    (b"RE\x7e\x5e", "a RAR archive"),
    (b"MSWIM\x00\x00\x00", "a Windows image"),
)
_FIRST = tuple(magic for magic, _ in _MAGICS)
# Zstandard and LZ4 share the frames that a reader skips: sixteen magic numbers.
_SKIPPABLE = re.compile(rb"[\x50-\x5f]\x2a\x4d\x18")
# OpenPGP without armour (RFC 9580 4.2): a session key encrypted to a key (tag 1) or a passphrase
# (tag 3) of a known version, with the length in front of it.
_OPENPGP = re.compile(
    rb"(?:[\x84\xc1].|\x85..|\xc1[\xc0-\xdf].)[\x03\x06]|[\x8c\xc3][\x04-\x40][\x04-\x06][\x01-\x0d]",
    re.DOTALL,
)
_BITLOCKER = 3
_ISO = (32769, b"CD001")
# The first part of a split archive, where the last one, with its directory, is another file.
_SPLIT = (b"PK\x07\x08PK\x03\x04", b"PK00PK\x03\x04")


def what_it_is(head: bytes) -> str:
    """Return the name of a packing or encryption that is not read, `` for none."""
    if head.startswith(_FIRST):
        return next(name for magic, name in _MAGICS if head.startswith(magic))
    if head.startswith(b"-FVE-FS-", _BITLOCKER):
        return "an encrypted BitLocker volume"
    if head.startswith(_SPLIT):
        return "a part of a split zip archive"
    if _SKIPPABLE.match(head):
        return "Zstandard or LZ4 frames"
    if head[7:14] == b"**ACE**":
        return "an ACE archive"
    return "encrypted by OpenPGP" if _OPENPGP.match(head) else ""


def recognises(head: bytes, view: View) -> bool:
    """Return whether the file begins as something that is not read here."""
    if head.startswith(_SPLIT) and zip_at_the_end(view) >= 0:
        return False
    return bool(what_it_is(head)) or view.at(_ISO[0], len(_ISO[1])) == _ISO[1]


def inspect(view: View, context: Context) -> Inspection:
    """Return that the file cannot be inspected, and what it is.

    Zstandard too, although Python 3.14 reads it: a verdict does not depend on the interpreter.
    """
    name = what_it_is(view.at(0, 64)) or "an ISO 9660 image"
    reason = context.reason("archive-opaque", "not-inspectable", f"it is {name}", offset=0)
    return Inspection(
        model_format="opaque_archive", role="archive", verdict=reason.verdict, reasons=(reason,)
    )


FORMAT = ModelFormat(
    title="archive that is not read",
    recognises=recognises,
    inspect=inspect,
    rank=7,
    holds_archives=True,
)
