"""Keys that sign and keys that check: Ed25519, and P-256 where an HSM or X.509 needs it."""

from __future__ import annotations

import hashlib
import os
import re
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from msgspec import Struct

from auditor.errors import KeyFileError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

Algorithm = Literal["ed25519", "ecdsa-p256"]

MAX_KEY_FILE = 64 * 1024
_PRINCIPAL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+-]{0,127}")
_KINDS = "Ed25519 and P-256 are used"
_MAKE_ONE = "Make one with 'audit keygen'"


class PublicKey(Struct, frozen=True, order=True):
    """A key that checks signatures: the algorithm is the key's, never the signature's.

    `spki` is the DER SubjectPublicKeyInfo (RFC 5280) in one fixed encoding, so that equal keys
    have equal bytes.
    """

    algorithm: Algorithm
    spki: bytes

    @property
    def key_id(self) -> str:
        """Return the SHA-256 of `spki`, 64 hex digits."""
        return hashlib.sha256(self.spki).hexdigest()

    @property
    def pem(self) -> bytes:
        """Return the key as PEM, as `openssl pkey -pubin` reads it."""
        from cryptography.hazmat.primitives import serialization as form

        return form.load_der_public_key(self.spki).public_bytes(
            form.Encoding.PEM, form.PublicFormat.SubjectPublicKeyInfo
        )

    @property
    def openssh(self) -> str:
        """Return the key as OpenSSH writes it: `ssh-ed25519 AAAA…`, without a comment."""
        from cryptography.hazmat.primitives import serialization as form

        key = form.load_der_public_key(self.spki)
        return key.public_bytes(form.Encoding.OpenSSH, form.PublicFormat.OpenSSH).decode()

    def verifies(self, signature: bytes, data: bytes) -> bool:
        """Return whether `signature` (raw for Ed25519, DER for P-256) is this key's over `data`."""
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives import hashes, serialization
        from cryptography.hazmat.primitives.asymmetric import ec, ed25519

        key = serialization.load_der_public_key(self.spki)
        try:
            if isinstance(key, ed25519.Ed25519PublicKey):
                key.verify(signature, data)
            elif isinstance(key, ec.EllipticCurvePublicKey):
                key.verify(signature, data, ec.ECDSA(hashes.SHA256()))
            else:
                return False
        except InvalidSignature:
            return False
        return True


class SigningKey:
    """A private key in memory; `public` is its other half."""

    __slots__ = ("_private", "public")

    def __init__(self, private: Ed25519PrivateKey | EllipticCurvePrivateKey) -> None:
        """Keep the private key, and its public half; raises `KeyFileError` for another kind."""
        self._private = private
        self.public = public_key_of(private.public_key())

    def __repr__(self) -> str:
        """Return a text that holds nothing secret."""
        return f"SigningKey({self.public.key_id})"

    def sign(self, data: bytes) -> bytes:
        """Return the signature over `data`: the same bytes each time (RFC 8032, RFC 6979)."""
        from cryptography.exceptions import UnsupportedAlgorithm
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.asymmetric import ec, ed25519

        if isinstance(self._private, ed25519.Ed25519PrivateKey):
            return self._private.sign(data)
        try:
            steady = ec.ECDSA(hashes.SHA256(), deterministic_signing=True)
            return self._private.sign(data, steady)
        except UnsupportedAlgorithm:  # OpenSSL before 3.2, which draws a random nonce instead
            return self._private.sign(data, ec.ECDSA(hashes.SHA256()))

    def pem(self, passphrase: bytes | None = None) -> bytes:
        """Return the private key as PKCS#8 PEM, encrypted where there is a passphrase."""
        from cryptography.hazmat.primitives import serialization as form

        lock = form.BestAvailableEncryption(passphrase) if passphrase else form.NoEncryption()
        return self._private.private_bytes(form.Encoding.PEM, form.PrivateFormat.PKCS8, lock)


class KeyPair(Struct, frozen=True, kw_only=True):
    """A key that was just made, and the files that it lies in."""

    key: SigningKey
    private_path: Path
    public_path: Path
    allowed_signers_path: Path


def public_key_of(key: object, *, where: str = "") -> PublicKey:
    """Return cryptography's public key as ours; raises `KeyFileError` for another kind."""
    from cryptography.hazmat.primitives import serialization as form
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519

    if isinstance(key, ed25519.Ed25519PublicKey):
        algorithm: Algorithm = "ed25519"
    elif isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, ec.SECP256R1):
        algorithm = "ecdsa-p256"
    else:
        raise KeyFileError("this kind of key is not used", where=where, hint=_KINDS)
    spki = key.public_bytes(form.Encoding.DER, form.PublicFormat.SubjectPublicKeyInfo)
    return PublicKey(algorithm, spki)


def allowed_signers_line(key: PublicKey, principal: str, namespace: str = "audit-report") -> str:
    """Return the line of an allowed_signers file (ssh-keygen(1)) that trusts `key`."""
    return f'{principal} namespaces="{namespace}" {key.openssh}\n'


def generate(path: Path, *, passphrase: bytes | None = None, principal: str = "auditor") -> KeyPair:
    """Make an Ed25519 key at `path` (0600; its folder, where new, 0700), the public half beside.

    `path` with the suffix `.pub` holds PEM for openssl, `.allowed_signers` a line for ssh-keygen.
    Raises `KeyFileError` where one of the three exists: a key is never overwritten.
    """
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    if not _PRINCIPAL.fullmatch(principal):
        raise KeyFileError(
            f"{principal!r:.80} cannot name a signer", hint="Use letters, digits and ._@+-"
        )
    if not path.name or path.suffix in (".pub", ".allowed_signers"):
        raise KeyFileError(
            "this cannot be a private key's name", where=str(path), hint="Name it as signer.key"
        )
    key = SigningKey(Ed25519PrivateKey.generate())
    pair = KeyPair(
        key=key,
        private_path=path,
        public_path=path.with_suffix(".pub"),
        allowed_signers_path=path.with_suffix(".allowed_signers"),
    )
    line = allowed_signers_line(key.public, principal)
    written: list[Path] = []
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        for target, mode, content in (
            (pair.private_path, 0o600, key.pem(passphrase)),
            (pair.public_path, 0o644, key.public.pem),
            (pair.allowed_signers_path, 0o644, line.encode()),
        ):
            _write_new(target, mode, content, written)
    except OSError as error:
        for target in written:
            target.unlink(missing_ok=True)
        raise KeyFileError(
            f"the key cannot be written: {error.strerror}",
            where=str(error.filename or path),
            hint="Name a file that does not exist yet, in a folder of your own",
        ) from error
    return pair


def load_signing_key(path: Path, passphrase: bytes | None = None) -> SigningKey:
    """Return the private key in `path`: PKCS#8 PEM or the OpenSSH format.

    Raises `KeyFileError` where it is missing, unreadable, locked, of another kind, or (as ssh
    does) where the file is yours and others may read it.
    """
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519

    data = read_private(path)
    opens = serialization.load_pem_private_key
    if b"BEGIN OPENSSH PRIVATE KEY" in data:
        opens = serialization.load_ssh_private_key
    try:
        private = opens(data, passphrase)
    except TypeError as error:
        said = "has no passphrase, but one was given" if passphrase else "needs its passphrase"
        raise KeyFileError(f"the private key {said}", where=str(path)) from error
    except ValueError as error:
        raise KeyFileError(
            "this is not a private key, or the passphrase is wrong", where=str(path), hint=_MAKE_ONE
        ) from error
    except UnsupportedAlgorithm as error:
        raise KeyFileError(
            f"the private key cannot be opened: {error}",
            where=str(path),
            hint="Convert it: ssh-keygen -p -m PKCS8 -f KEY",
        ) from error
    if not isinstance(private, ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey):
        raise KeyFileError("this kind of key does not sign", where=str(path), hint=_KINDS)
    public_key_of(private.public_key(), where=str(path))
    return SigningKey(private)


def read_private(path: Path) -> bytes:
    """Return the bytes of a private key file that nobody else may read.

    Raises `KeyFileError` where it is missing, no file, or one's own and open to others.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with open(descriptor, "rb") as file:  # noqa: PTH123 - a descriptor, so that what is checked is read
            status = os.fstat(descriptor)
            _refuse_exposed(status, path)
            data = file.read(MAX_KEY_FILE + 1)
    except FileNotFoundError as error:
        raise KeyFileError("there is no key file", where=str(path), hint=_MAKE_ONE) from error
    except OSError as error:
        raise KeyFileError(
            f"the key file cannot be read: {error.strerror}", where=str(path)
        ) from error
    if len(data) > MAX_KEY_FILE:
        raise KeyFileError("this is too large for a key file", where=str(path))
    return data


def _refuse_exposed(status: os.stat_result, path: Path) -> None:
    """Raise `KeyFileError` for what is no file, or is one's own and open to others."""
    if not stat.S_ISREG(status.st_mode):
        raise KeyFileError("this is not a regular file", where=str(path))
    if status.st_uid == os.geteuid() and status.st_mode & 0o077:
        raise KeyFileError(
            f"others may read this private key (mode {stat.S_IMODE(status.st_mode):04o})",
            where=str(path),
            hint=f"Close it: chmod 600 {path}",
        )


def _write_new(path: Path, mode: int, content: bytes, written: list[Path]) -> None:
    """Write a file that must not exist yet, and note it in `written` once it does."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    written.append(path)
    with open(descriptor, "wb") as file:  # noqa: PTH123 - a descriptor, opened exclusively
        file.write(content)
        file.flush()
        os.fsync(descriptor)
