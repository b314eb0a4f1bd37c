"""Keys: made closed, read closed, one encoding a key."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization as form
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from auditor.errors import KeyFileError
from auditor.seal.keys import SigningKey, generate, load_signing_key, public_key_of
from auditor.seal.trust import load_public_keys, read_public_keys


def written(path: Path, data: bytes, mode: int = 0o600) -> Path:
    path.write_bytes(data)
    path.chmod(mode)
    return path


def test_a_new_key_is_closed_to_others_and_read_back(tmp_path: Path) -> None:
    pair = generate(tmp_path / "keys" / "signing.key")
    assert stat.S_IMODE(pair.private_path.stat().st_mode) == 0o600
    assert stat.S_IMODE(pair.private_path.parent.stat().st_mode) == 0o700
    again = load_signing_key(pair.private_path)
    assert again.public == pair.key.public
    assert again.public.verifies(pair.key.sign(b"x"), b"x")
    assert not again.public.verifies(pair.key.sign(b"x"), b"y")


def test_both_public_files_hold_the_same_key(tmp_path: Path) -> None:
    pair = generate(tmp_path / "signing.key", principal="ops@corp.example")
    (from_pem,) = read_public_keys(pair.public_path)
    (from_ssh,) = read_public_keys(pair.allowed_signers_path)
    assert from_pem.key == from_ssh.key == pair.key.public
    assert from_ssh.name == "ops@corp.example"


@pytest.mark.parametrize("existing", ["signing.key", "signing.pub", "signing.allowed_signers"])
def test_a_key_is_never_overwritten_and_nothing_half_is_left(tmp_path: Path, existing: str) -> None:
    (tmp_path / existing).write_bytes(b"mine")
    with pytest.raises(KeyFileError, match="exists"):
        generate(tmp_path / "signing.key")
    assert [(p.name, p.read_bytes()) for p in tmp_path.iterdir()] == [(existing, b"mine")]


def test_the_two_halves_never_share_a_file(tmp_path: Path) -> None:
    with pytest.raises(KeyFileError):
        generate(tmp_path / "signing.pub")
    assert list(tmp_path.iterdir()) == []


def test_a_private_key_is_not_written_through_a_planted_link(tmp_path: Path) -> None:
    (tmp_path / "signing.key").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(KeyFileError):
        generate(tmp_path / "signing.key")
    assert not (tmp_path / "elsewhere").exists()


def test_a_passphrase_locks_the_key(tmp_path: Path) -> None:
    pair = generate(tmp_path / "signing.key", passphrase=b"correct horse")
    assert load_signing_key(pair.private_path, b"correct horse").public == pair.key.public
    with pytest.raises(KeyFileError, match="needs its passphrase"):
        load_signing_key(pair.private_path)
    with pytest.raises(KeyFileError, match="passphrase is wrong"):
        load_signing_key(pair.private_path, b"wrong")


def test_a_passphrase_for_an_open_key_is_told(tmp_path: Path) -> None:
    pair = generate(tmp_path / "signing.key")
    with pytest.raises(KeyFileError, match="has no passphrase"):
        load_signing_key(pair.private_path, b"x")


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
def test_a_private_key_that_others_may_read_is_refused(tmp_path: Path, mode: int) -> None:
    pair = generate(tmp_path / "signing.key")
    pair.private_path.chmod(mode)
    with pytest.raises(KeyFileError, match="chmod 600"):
        load_signing_key(pair.private_path)


def test_what_is_no_file_is_refused_without_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo", 0o600)
    with pytest.raises(KeyFileError, match="not a regular file"):
        load_signing_key(tmp_path / "fifo")
    with pytest.raises(KeyFileError, match="audit keygen"):
        load_signing_key(tmp_path / "absent")
    with pytest.raises(KeyFileError):
        load_signing_key(tmp_path)


@pytest.mark.parametrize(
    "data", [b"", b"hello", b"-----BEGIN PRIVATE KEY-----\nAAAA\n", b"\0" * 70000]
)
def test_what_is_no_key_is_refused(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(KeyFileError):
        load_signing_key(written(tmp_path / "k", data))


@pytest.mark.parametrize(
    "private",
    [
        rsa.generate_private_key(public_exponent=65537, key_size=2048),
        ec.generate_private_key(ec.SECP384R1()),
    ],
    ids=["rsa", "p384"],
)
def test_other_kinds_of_key_are_refused(tmp_path: Path, private: rsa.RSAPrivateKey) -> None:
    pem = private.private_bytes(form.Encoding.PEM, form.PrivateFormat.PKCS8, form.NoEncryption())
    with pytest.raises(KeyFileError, match="kind of key"):
        load_signing_key(written(tmp_path / "k", pem))
    public = private.public_key().public_bytes(
        form.Encoding.PEM, form.PublicFormat.SubjectPublicKeyInfo
    )
    with pytest.raises(KeyFileError, match="kind of key"):
        load_public_keys(public)


def test_an_openssh_private_key_signs(tmp_path: Path) -> None:
    private = ed25519.Ed25519PrivateKey.generate()
    data = private.private_bytes(form.Encoding.PEM, form.PrivateFormat.OpenSSH, form.NoEncryption())
    key = load_signing_key(written(tmp_path / "id", data))
    assert key.public == public_key_of(private.public_key())


def test_a_p256_key_signs_the_same_bytes_each_time(tmp_path: Path, p256: SigningKey) -> None:
    key = load_signing_key(written(tmp_path / "k", p256.pem()))
    assert key.public.algorithm == "ecdsa-p256"
    assert key.public.verifies(p256.sign(b"x"), b"x")
    assert p256.sign(b"x") == p256.sign(b"x")


def test_one_key_has_one_id_however_it_is_encoded(p256: SigningKey) -> None:
    public = form.load_der_public_key(p256.public.spki)
    compressed = public.public_bytes(form.Encoding.X962, form.PublicFormat.CompressedPoint)
    again = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), compressed)
    assert public_key_of(again).key_id == p256.public.key_id


def test_a_signature_of_another_algorithm_is_false(key: SigningKey, p256: SigningKey) -> None:
    assert not key.public.verifies(p256.sign(b"x"), b"x")
    assert not p256.public.verifies(key.sign(b"x"), b"x")


def test_the_secret_is_in_no_repr(key: SigningKey) -> None:
    assert repr(key) == f"SigningKey({key.public.key_id})"


@pytest.mark.parametrize("principal", ["", "a b", "a,b", "*", '"x"', "a\nb", "#x"])
def test_a_signer_cannot_be_named_by_a_pattern(tmp_path: Path, principal: str) -> None:
    with pytest.raises(KeyFileError, match="cannot name a signer"):
        generate(tmp_path / "k", principal=principal)
    assert not (tmp_path / "k").exists()
