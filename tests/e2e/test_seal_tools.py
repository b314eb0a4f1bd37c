"""OpenSSH and OpenSSL, which know nothing of this toolkit, agree with it."""

from __future__ import annotations

import base64
import shutil
import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from auditor.errors import SignatureError
from auditor.seal import dsse, sshsig
from auditor.seal.keys import SigningKey, allowed_signers_line, generate, load_signing_key
from auditor.seal.trust import read_public_keys

DATA = b"<p>report</p>\n<!--AUDITOR-DSSE:v1 e30=-->\n"

ssh_keygen = pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="no ssh-keygen here")
openssl = pytest.mark.skipif(shutil.which("openssl") is None, reason="no openssl here")


def run(*command: str | Path, data: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(command, input=data, capture_output=True, check=False, timeout=30)


def p256() -> SigningKey:
    return SigningKey(ec.generate_private_key(ec.SECP256R1()))


def accepted_by_ssh(folder: Path, key: SigningKey, data: bytes, namespace: str) -> bool:
    signers = folder / "signers"
    signers.write_text(allowed_signers_line(key.public, "auditor"))
    (folder / "report.html.sig").write_bytes(sshsig.sign(DATA, key, namespace=namespace))
    done = run(
        "ssh-keygen", "-Y", "verify", "-f", signers, "-I", "auditor",
        "-n", namespace, "-s", folder / "report.html.sig", data=data,
    )  # fmt: skip
    return done.returncode == 0


@ssh_keygen
@pytest.mark.parametrize("kind", ["ed25519", "p256"])
def test_ssh_keygen_accepts_our_signature(tmp_path: Path, kind: str) -> None:
    for attempt in range(8 if kind == "p256" else 1):  # P-256 numbers differ in length
        key = p256() if kind == "p256" else generate(tmp_path / f"{attempt}.key").key
        assert accepted_by_ssh(tmp_path, key, DATA, "audit-report")
    assert not accepted_by_ssh(tmp_path, key, DATA + b"x", "audit-report")
    assert not accepted_by_ssh(tmp_path, key, DATA, "git")


@ssh_keygen
def test_our_key_files_are_what_ssh_keygen_takes(tmp_path: Path) -> None:
    pair = generate(tmp_path / "signing.key", principal="ops@corp.example")
    (tmp_path / "r.sig").write_bytes(sshsig.sign(DATA, load_signing_key(pair.private_path)))
    done = run(
        "ssh-keygen", "-Y", "verify", "-f", pair.allowed_signers_path, "-I", "ops@corp.example",
        "-n", "audit-report", "-s", tmp_path / "r.sig", data=DATA,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


@ssh_keygen
@pytest.mark.parametrize("kind", ["ed25519", "ecdsa"])
@pytest.mark.parametrize("hash_name", ["sha512", "sha256"])
def test_we_accept_the_signature_of_ssh_keygen(tmp_path: Path, kind: str, hash_name: str) -> None:
    made = tmp_path / "id"
    assert run("ssh-keygen", "-q", "-t", kind, "-N", "", "-C", "ops", "-f", made).returncode == 0
    (tmp_path / "r").write_bytes(DATA)
    for purpose in ("audit-report", "git"):
        options = ("-O", f"hashalg={hash_name}", "-n", purpose, "-f", made)
        done = run("ssh-keygen", "-Y", "sign", *options, tmp_path / "r")
        assert done.returncode == 0, done.stderr
        (trusted,) = read_public_keys(made.with_suffix(".pub"))
        sidecar = (tmp_path / "r.sig").read_bytes()
        (tmp_path / "r.sig").unlink()
        if purpose == "audit-report":
            assert sshsig.verify(DATA, sidecar, [trusted.key]) == trusted.key
            with pytest.raises(SignatureError, match="false"):
                sshsig.verify(DATA + b"x", sidecar, [trusted.key])
        else:
            with pytest.raises(SignatureError, match="another purpose"):
                sshsig.verify(DATA, sidecar, [trusted.key])
    assert load_signing_key(made).public == trusted.key


@ssh_keygen
def test_both_write_the_same_bytes(tmp_path: Path) -> None:
    made = tmp_path / "id"
    assert run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", made).returncode == 0
    (tmp_path / "r").write_bytes(DATA)
    run("ssh-keygen", "-Y", "sign", "-n", "audit-report", "-f", made, tmp_path / "r")
    assert sshsig.sign(DATA, load_signing_key(made)) == (tmp_path / "r.sig").read_bytes()


@openssl
@pytest.mark.parametrize("kind", ["ed25519", "p256"])
def test_openssl_accepts_an_envelopes_signature(tmp_path: Path, kind: str) -> None:
    key = p256() if kind == "p256" else generate(tmp_path / "signing.key").key
    envelope = dsse.sign(b'{"_type":"x"}', key)
    message = dsse.pae(envelope.payload_type, base64.b64decode(envelope.payload))
    (tmp_path / "key.pem").write_bytes(key.public.pem)
    (tmp_path / "sig").write_bytes(base64.b64decode(envelope.signatures[0].sig))
    for data, wanted in ((message, 0), (message + b"x", 1)):
        (tmp_path / "pae").write_bytes(data)
        extra = ("-digest", "sha256") if kind == "p256" else ()
        done = run(
            "openssl", "pkeyutl", "-verify", "-pubin", "-inkey", tmp_path / "key.pem", "-rawin",
            *extra, "-in", tmp_path / "pae", "-sigfile", tmp_path / "sig",
        )  # fmt: skip
        assert (done.returncode != 0) == bool(wanted), done.stderr


@openssl
def test_openssl_reads_our_keys_and_we_read_its_own(tmp_path: Path) -> None:
    pair = generate(tmp_path / "signing.key", passphrase=b"pw")
    shown = run("openssl", "pkey", "-in", pair.private_path, "-passin", "pass:pw", "-pubout")
    assert shown.stdout == pair.public_path.read_bytes()
    made = tmp_path / "theirs.key"
    done = run("openssl", "genpkey", "-algorithm", "ed25519", "-out", made)
    assert done.returncode == 0, done.stderr
    made.chmod(0o600)
    public = run("openssl", "pkey", "-in", made, "-pubout").stdout
    assert load_signing_key(made).public.pem == public


@openssl
def test_the_key_id_is_the_digest_that_openssl_gives(tmp_path: Path) -> None:
    pair = generate(tmp_path / "signing.key")
    der = run("openssl", "pkey", "-pubin", "-in", pair.public_path, "-outform", "DER").stdout
    digest = run("openssl", "dgst", "-sha256", "-r", data=der).stdout.split()[0].decode()
    assert digest == pair.key.public.key_id
