"""Tells by its first line what a private key file is: nothing of the key is kept."""

from __future__ import annotations

import base64
import binascii
from typing import Literal

KeyForm = Literal["open", "passphrase", "public", "other"]

# The longest first line and what follows it as far as it tells of a passphrase: of an OpenSSH
# key the name of the cipher (PROTOCOL.key), of an old PEM key its second line (RFC 1421).
HEAD = 80
_BEGIN, _END = b"-----BEGIN ", b"-----"
_OPENSSH = b"openssh-key-v1\0"
_UNLOCKED = b"\0\0\0\x04none"


def form_of(head: bytes) -> KeyForm:
    """Return the form of a key file that begins with `head` (its first `HEAD` bytes).

    `open` is a private key that anybody who has the file can use, `passphrase` an encrypted one,
    `public` PEM that holds no private key, `other` what is not PEM at all.
    """
    first, _, rest = head.partition(b"\n")
    line = first.strip()
    if not line.startswith(_BEGIN) or not line.endswith(_END):
        return "other"
    label = line.removeprefix(_BEGIN).removesuffix(_END)
    if not label.endswith(b"PRIVATE KEY"):
        return "public"
    if label == b"ENCRYPTED PRIVATE KEY" or rest.startswith(b"Proc-Type: 4,ENCRYPTED"):
        return "passphrase"
    return _openssh(rest) if label == b"OPENSSH PRIVATE KEY" else "open"


def _openssh(body: bytes) -> KeyForm:
    text = body.partition(b"\n")[0].strip()
    try:
        begin = base64.b64decode(text[: len(text) // 4 * 4])
    except (binascii.Error, ValueError):
        return "other"
    if not begin.startswith(_OPENSSH):
        return "other"
    return "open" if begin.startswith(_UNLOCKED, len(_OPENSSH)) else "passphrase"
