"""Whom the verifier trusts: public keys from PEM, OpenSSH and allowed_signers files."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from auditor.errors import KeyFileError
from auditor.regular_file import read_regular
from auditor.seal.keys import PublicKey, public_key_of

NAMESPACE = "audit-report"
MAX_TRUST_FILE = 1024 * 1024
MAX_KEYS = 1000

_SSH_TYPES = ("ssh-ed25519", "ecdsa-sha2-nistp256")
# Every OpenSSH key begins with the length of its type's name, below 256: base64 of four zeros.
_SSH_KEY = "AAAA"
_FIELD = re.compile(r'(?:[^\s"]|"[^"]*")+')
# Options of ssh-keygen(1) "ALLOWED SIGNERS": words, some with a quoted value.
_OPTION = re.compile(r'([A-Za-z-]+)(?:="([^"]*)")?')
_OPTIONS = re.compile(rf"{_OPTION.pattern}(?:,{_OPTION.pattern})*")
_KNOWN_OPTIONS = frozenset({"cert-authority", "namespaces", "valid-after", "valid-before"})
_TIME = re.compile(r"(\d{8})(\d{4})?(\d{2})?Z")
_WANTED = "Give a PEM public key, an OpenSSH public key or an allowed_signers file"


class TrustedKey(Struct, frozen=True, order=True, kw_only=True):
    """A key whose signature counts, whose it is, and when it counts (None: always)."""

    key: PublicKey
    name: str = ""
    valid_after: datetime | None = None
    valid_before: datetime | None = None

    def objection(self, at: datetime | None) -> str:
        """Return why the key does not count at the time `at`, or `` where it does.

        A key with a validity time never counts where the time is not known.
        """
        if self.valid_after is None and self.valid_before is None:
            return ""
        if at is None:
            return "the key has a validity time, and the time is not known"
        if self.valid_after is not None and at < self.valid_after:
            return f"the key is valid only after {self.valid_after.isoformat()}"
        if self.valid_before is not None and at > self.valid_before:
            return f"the key was valid only before {self.valid_before.isoformat()}"
        return ""


def load_public_keys(data: bytes, *, where: str = "", name: str = "") -> tuple[TrustedKey, ...]:
    """Return the keys in `data`: PEM blocks, OpenSSH lines and allowed_signers lines, mixed.

    Keys of other kinds, of certificate authorities and for other namespaces are passed over:
    they are not trusted here. `name` names keys that have no name of their own. Raises
    `KeyFileError` for what is malformed, and where no usable key is left.
    """
    if len(data) > MAX_TRUST_FILE:
        raise KeyFileError("this is too large for a file of public keys", where=where)
    try:
        # Lines end as ssh-keygen has it: whoever reads a comment with U+2028 sees no second line.
        lines = data.decode("utf-8").split("\n")
    except UnicodeDecodeError as error:
        raise KeyFileError("this is not a public key", where=where, hint=_WANTED) from error
    found = []
    for trusted in _keys(lines, where):
        found.append(trusted if trusted.name else replace(trusted, name=name))
        if len(found) > MAX_KEYS:
            raise KeyFileError(f"there are more than {MAX_KEYS} keys", where=where)
    if not found:
        raise KeyFileError("there is no usable public key in it", where=where, hint=_WANTED)
    return tuple(found)


def read_public_keys(path: Path) -> tuple[TrustedKey, ...]:
    """Return the keys in the file `path`; raises `KeyFileError`."""
    data = read_regular(path, limit=MAX_TRUST_FILE, error=KeyFileError)
    return load_public_keys(data, where=str(path))


def _keys(lines: list[str], where: str) -> Iterator[TrustedKey]:
    """Yield the usable keys, block after block and line after line."""
    numbered = enumerate(lines, start=1)
    for number, line in numbered:
        text = line.strip()
        place = f"{where}:{number}"
        if text.startswith("-----BEGIN"):
            block = [text]
            for _, inner in numbered:
                block.append(inner.strip())
                if block[-1].startswith("-----END"):
                    break
            yield TrustedKey(key=_pem_key("\n".join(block), place))
        elif text and not text.startswith("#"):
            trusted = _ssh_key(text, place)
            if trusted is not None:
                yield trusted


def _pem_key(block: str, place: str) -> PublicKey:
    """Return the public key in one PEM block."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    if "PRIVATE KEY-----" in block.partition("\n")[0]:
        raise KeyFileError(
            "this is a private key",
            where=place,
            hint="Trust its public half, and keep the private one to its owner",
        )
    try:
        return public_key_of(load_pem_public_key(block.encode()), where=place)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise KeyFileError("this is not a public key", where=place, hint=_WANTED) from error


def _ssh_key(line: str, place: str) -> TrustedKey | None:
    """Return the key of an OpenSSH or allowed_signers line, `None` where it does not apply.

    The line is `type key [comment]` or `principals [options] type key [comment]`.
    """
    fields = _FIELD.findall(line)
    keys = [index for index, field in enumerate(fields[1:4]) if field.startswith(_SSH_KEY)]
    if not keys:
        raise KeyFileError("this line holds no public key", where=place, hint=_WANTED)
    kind, encoded, *comment = fields[keys[0] :]
    if kind not in _SSH_TYPES:
        return None
    if keys[0] == 0:
        return TrustedKey(key=_openssh_key(kind, encoded, place), name=" ".join(comment))
    options = _options(fields[1], place) if keys[0] > 1 else {}
    if "cert-authority" in options or not _matches(NAMESPACE, options.get("namespaces", "*")):
        return None
    return TrustedKey(
        key=_openssh_key(kind, encoded, place),
        name=fields[0].strip('"'),
        valid_after=_time(options.get("valid-after"), place),
        valid_before=_time(options.get("valid-before"), place),
    )


def _openssh_key(kind: str, encoded: str, place: str) -> PublicKey:
    """Return the public key of one OpenSSH line."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import load_ssh_public_key

    try:
        return public_key_of(load_ssh_public_key(f"{kind} {encoded}".encode()), where=place)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise KeyFileError("the key of this line is damaged", where=place) from error


def _options(text: str, place: str) -> dict[str, str]:
    """Return the options by lower-case name; one that is not known may not be passed over."""
    if not _OPTIONS.fullmatch(text):
        raise KeyFileError("the options of this line are malformed", where=place)
    pairs = [(match[1].lower(), match[2] or "") for match in _OPTION.finditer(text)]
    options = dict(pairs)
    if len(options) != len(pairs):
        raise KeyFileError("an option of this line is given twice", where=place)
    unknown = sorted(options.keys() - _KNOWN_OPTIONS)
    if unknown:
        raise KeyFileError(f"the option {unknown[0]!r:.40} is not known", where=place)
    return options


def _time(text: str | None, place: str) -> datetime | None:
    """Return `YYYYMMDD[HHMM[SS]]Z` as a time in UTC; local times are refused."""
    if text is None:
        return None
    match = _TIME.fullmatch(text)
    try:
        if match is not None:
            digits = match[1] + (match[2] or "0000") + (match[3] or "00")
            return datetime.strptime(digits, "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        match = None
    raise KeyFileError(
        f"{text!r:.40} is not a time in UTC", where=place, hint="Write YYYYMMDDHHMMSSZ, with the Z"
    )


def _matches(name: str, patterns: str) -> bool:
    """Return whether `name` is in a pattern-list of ssh_config(5): `*`, `?`, and `!` to exclude."""
    hit = False
    for pattern in patterns.split(","):
        body = pattern.removeprefix("!")
        expression = re.escape(body).replace(r"\*", ".*").replace(r"\?", ".")
        if re.fullmatch(expression, name):
            if pattern.startswith("!"):
                return False
            hit = True
    return hit
