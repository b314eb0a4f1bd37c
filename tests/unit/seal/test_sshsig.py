"""SSH signatures: for this purpose, by a known key, over these bytes."""

from __future__ import annotations

import base64
import hashlib
import struct

import pytest

from auditor.errors import SignatureError
from auditor.seal import sshsig
from auditor.seal.keys import SigningKey

DATA = b"the report\n"


@pytest.fixture(params=["key", "p256"])
def signer(request: pytest.FixtureRequest) -> SigningKey:
    return request.getfixturevalue(request.param)


def test_a_signature_is_checked_against_the_keys_that_are_known(
    signer: SigningKey, stranger: SigningKey
) -> None:
    sidecar = sshsig.sign(DATA, signer)
    assert sshsig.verify(DATA, sidecar, [stranger.public, signer.public]) == signer.public
    with pytest.raises(SignatureError, match="do not trust"):
        sshsig.verify(DATA, sidecar, [stranger.public])
    with pytest.raises(SignatureError, match="false"):
        sshsig.verify(DATA + b"x", sidecar, [signer.public])


def test_the_same_signature_is_made_each_time(signer: SigningKey) -> None:
    assert sshsig.sign(DATA, signer) == sshsig.sign(DATA, signer)


def test_a_signature_for_another_purpose_is_refused(signer: SigningKey) -> None:
    with pytest.raises(SignatureError, match="another purpose"):
        sshsig.verify(DATA, sshsig.sign(DATA, signer, namespace="git"), [signer.public])


def test_no_single_byte_can_be_changed_unless_it_only_breaks_a_line(signer: SigningKey) -> None:
    sidecar = sshsig.sign(DATA, signer)
    for position in range(len(sidecar)):
        flipped = bytearray(sidecar)
        flipped[position] ^= 0x01
        with pytest.raises(SignatureError):
            sshsig.verify(DATA, bytes(flipped), [signer.public])
    for length in range(len(sidecar) - 1):
        with pytest.raises(SignatureError):
            sshsig.verify(DATA, sidecar[:length], [signer.public])


def blob(sidecar: bytes) -> bytes:
    return base64.b64decode(b"".join(sidecar.splitlines()[1:-1]))


def armoured(data: bytes) -> bytes:
    return (
        b"-----BEGIN SSH SIGNATURE-----\n"
        + base64.b64encode(data)
        + b"\n-----END SSH SIGNATURE-----\n"
    )


def string(data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + data


def forged(
    key: SigningKey,
    *,
    magic: bytes = b"SSHSIG",
    version: int = 1,
    reserved: bytes = b"",
    hash_name: bytes = b"sha512",
    name: bytes = b"ssh-ed25519",
    tail: bytes = b"",
    inner_tail: bytes = b"",
) -> bytes:
    """Return a signature that is mathematically right, and odd in one way."""
    digest = hashlib.new(hash_name.decode(), DATA).digest()
    signed = b"SSHSIG" + b"".join(map(string, (b"audit-report", reserved, hash_name, digest)))
    public = base64.b64decode(key.public.openssh.split()[1])
    return armoured(
        magic
        + struct.pack(">I", version)
        + b"".join(map(string, (public, b"audit-report", reserved, hash_name)))
        + string(string(name) + string(key.sign(signed)) + inner_tail)
        + tail
    )


def test_sha256_is_the_other_hash_that_ssh_keygen_knows(key: SigningKey) -> None:
    assert sshsig.verify(DATA, forged(key), [key.public]) == key.public
    assert sshsig.verify(DATA, forged(key, hash_name=b"sha256"), [key.public]) == key.public


@pytest.mark.parametrize(
    "oddity",
    [
        {"magic": b"SSHSIH"},
        {"version": 2},
        {"reserved": b"x"},
        {"hash_name": b"md5"},
        {"hash_name": b"sha1"},
        {"name": b"ssh-rsa"},
        {"name": b"ecdsa-sha2-nistp256"},
        {"tail": b"x"},
        {"inner_tail": b"x"},
    ],
    ids=str,
)
def test_an_odd_signature_is_refused_though_the_mathematics_hold(
    key: SigningKey, oddity: dict[str, bytes]
) -> None:
    with pytest.raises(SignatureError):
        sshsig.verify(DATA, forged(key, **oddity), [key.public])


def test_a_key_inside_the_signature_is_trusted_by_nobody(
    key: SigningKey, stranger: SigningKey
) -> None:
    mixed = blob(sshsig.sign(DATA, stranger)).replace(
        base64.b64decode(stranger.public.openssh.split()[1]),
        base64.b64decode(key.public.openssh.split()[1]),
    )
    with pytest.raises(SignatureError, match="false"):
        sshsig.verify(DATA, armoured(mixed), [key.public])


@pytest.mark.parametrize(
    "sidecar",
    [
        b"",
        b"hello",
        b"-----BEGIN SSH SIGNATURE-----\n-----END SSH SIGNATURE-----\n",
        armoured(b""),
        armoured(b"SSHSIG\0\0\0\1\xff\xff\xff\xff"),
        armoured(b"SSHSIG\0\0\0\1" + b"\0\0\0\0" * 5),
        armoured(b"SSHSIG\0\0\0\1" + b"\0" * 60_000),
        b"\xff" * 100,
        b"-----BEGIN SSH SIGNATURE-----\n!!!!\n-----END SSH SIGNATURE-----\n",
        b"A" * 70_000,
    ],
    ids=range(10),
)
def test_a_malformed_signature_is_refused(key: SigningKey, sidecar: bytes) -> None:
    with pytest.raises(SignatureError):
        sshsig.verify(DATA, sidecar, [key.public])


@pytest.mark.parametrize(
    "inner", [b"", b"\0\0\0\1\1", string(b"\1" * 99) * 2, string(b"") * 2, string(b"\1") * 3]
)
def test_a_malformed_p256_signature_is_refused(p256: SigningKey, inner: bytes) -> None:
    public = base64.b64decode(p256.public.openssh.split()[1])
    data = (
        b"SSHSIG\0\0\0\1"
        + b"".join(map(string, (public, b"audit-report", b"", b"sha512")))
        + string(string(b"ecdsa-sha2-nistp256") + string(inner))
    )
    with pytest.raises(SignatureError):
        sshsig.verify(DATA, armoured(data), [p256.public])
