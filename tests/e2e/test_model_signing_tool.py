"""Interoperability with `model_signing`, the reference of OpenSSF Model Signing, both ways.

It is looked for in this interpreter, or in the one that MODEL_SIGNING_PYTHON names.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from model_signers import NOW, Authority, key, pem

ROOT = Path(__file__).resolve().parents[2]
PYTHON = os.environ.get("MODEL_SIGNING_PYTHON", sys.executable)
AT = NOW.isoformat().replace("+00:00", "Z")


def _is_there() -> bool:
    try:
        asked = subprocess.run(
            [PYTHON, "-c", "import model_signing.signing"], check=False, capture_output=True,
            timeout=120,
        )  # fmt: skip
    except OSError:
        return False
    return asked.returncode == 0


pytestmark = pytest.mark.skipif(
    not _is_there(), reason="no model_signing here (set MODEL_SIGNING_PYTHON)"
)
VERIFY = """\
import sys
from model_signing import verifying
model, signature, key = sys.argv[1:]
verifying.Config().use_elliptic_key_verifier(public_key=key).verify(model, signature)
"""
SIGN = """\
import sys
from model_signing import hashing, signing
model, signature, key, how = sys.argv[1:]
config = hashing.Config()
if how == "shards":
    config.use_shard_serialization(shard_size=7)
elif how != "files":
    config.use_file_serialization(hashing_algorithm=how)
config.set_ignored_paths(paths=["model.sig"])
signing.Config().use_elliptic_key_signer(private_key=key).set_hashing_config(config).sign(
    model, signature
)
"""


def run(*words: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        list(map(str, words)), check=False, capture_output=True, text=True, timeout=120,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "LC_ALL": "C.UTF-8"},
    )  # fmt: skip


def audit(*words: object) -> subprocess.CompletedProcess[str]:
    return run(sys.executable, "-m", "auditor", "models", *words)


def theirs(*words: object) -> subprocess.CompletedProcess[str]:
    # Theirs must not see our tree: nothing of it is theirs to import.
    return subprocess.run(
        [PYTHON, "-m", "model_signing", *map(str, words)], check=False, capture_output=True,
        text=True, timeout=120,
    )  # fmt: skip


def script(text: str, *words: object) -> subprocess.CompletedProcess[str]:
    return run(PYTHON, "-c", text, *words)


@pytest.fixture
def model(tmp_path):
    folder = tmp_path / "models--a--b" / "snapshots" / "m"
    (folder / "sub").mkdir(parents=True)
    (folder / "weights.bin").write_bytes(bytes(range(100)))
    (folder / "sub" / "config.json").write_text("{}")
    (folder / "sub-a").mkdir()
    (folder / "sub-a" / "z").write_text("z")
    (folder / "模型 1.bin").write_bytes(b"named")
    (folder / ".gitignore").write_text("x")
    return folder


@pytest.fixture
def keys(tmp_path):
    private = key()
    (tmp_path / "k.key").write_bytes(pem(private))
    (tmp_path / "k.key").chmod(0o600)
    (tmp_path / "k.pub").write_bytes(pem(private.public_key()))
    return tmp_path / "k.key", tmp_path / "k.pub"


def change_byte(model):
    (model / "weights.bin").write_bytes(bytes(range(99)) + b"\0")


def add_file(model):
    (model / "sub" / "evil.py").write_text("x")


def remove_file(model):
    (model / "sub" / "config.json").unlink()


CHANGES = (change_byte, add_file, remove_file)


@pytest.mark.parametrize("how", ["files", "shards"])
@pytest.mark.parametrize("change", CHANGES)
def test_they_verify_what_we_sign(model, keys, how, change):
    private, public = keys
    words = ["--shard-size", 7] if how == "shards" else []
    done = audit("sign", model, "--key", private, *words)
    assert done.returncode == 0, done.stderr
    out = model / "model.sig"
    assert (done := script(VERIFY, model, out, public)).returncode == 0, done.stderr
    change(model)
    assert script(VERIFY, model, out, public).returncode != 0
    assert audit("verify", model, "--trust", public).returncode == 5


@pytest.mark.parametrize("how", ["files", "shards"])
@pytest.mark.parametrize("change", CHANGES)
def test_we_verify_what_they_sign(model, keys, how, change):
    private, public = keys
    out = model / "model.sig"
    assert (done := script(SIGN, model, out, private, how)).returncode == 0, done.stderr
    done = audit("verify", model, "--trust", public)
    assert done.returncode == 0, done.stdout + done.stderr
    change(model)
    assert audit("verify", model, "--trust", public).returncode == 5
    assert script(VERIFY, model, out, public).returncode != 0


@pytest.mark.parametrize("how", ["blake2", "blake3"])
def test_we_verify_what_they_sign_with_other_digests(model, keys, how):
    if how == "blake3":
        pytest.importorskip("blake3")
    assert script(SIGN, model, model / "model.sig", keys[0], how).returncode == 0
    assert audit("verify", model, "--trust", keys[1]).returncode == 0
    change_byte(model)
    assert audit("verify", model, "--trust", keys[1]).returncode == 5


def test_their_own_command_with_a_key(model, keys, tmp_path):
    private, public = keys
    assert audit("sign", model, "--key", private).returncode == 0
    words = ("verify", "key", model, "--signature", model / "model.sig", "--public_key", public)
    assert (done := theirs(*words)).returncode == 0, done.stdout
    out = tmp_path / "theirs.sig"
    done = theirs("sign", "key", model, "--signature", out, "--private_key", private,
                  "--ignore-paths", model / "model.sig")  # fmt: skip
    assert done.returncode == 0, done.stdout
    assert audit("verify", model, "--signature", out, "--trust", public).returncode == 0


def test_certificates_both_ways(model, tmp_path):
    root, private = Authority(days=(-10, 4000)), key()
    between = Authority("between", root, days=(-10, 4000))
    files = {
        "maker.key": pem(private),
        "maker.pem": pem(between.issue(private, "maker", days=(-10, 4000))),
        "between.pem": pem(between.certificate),
        "root.pem": pem(root.certificate),
        "stranger.pem": pem(Authority("stranger", days=(-10, 4000)).certificate),
    }
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
        (tmp_path / name).chmod(0o600)
    chain = ("--certificate", tmp_path / "maker.pem", "--certificate", tmp_path / "between.pem")
    done = audit("sign", model, "--key", tmp_path / "maker.key", *chain)
    assert done.returncode == 0, done.stderr
    out = model / "model.sig"
    asked = ("verify", "certificate", model, "--signature", out, "--certificate_chain")
    assert (done := theirs(*asked, tmp_path / "root.pem")).returncode == 0, done.stdout
    assert theirs(*asked, tmp_path / "stranger.pem").returncode != 0
    out.unlink()
    done = theirs("sign", "certificate", model, "--signature", out,
                  "--private_key", tmp_path / "maker.key",
                  "--signing_certificate", tmp_path / "maker.pem",
                  "--certificate_chain", tmp_path / "between.pem")  # fmt: skip
    assert done.returncode == 0, done.stdout
    done = audit("verify", model, "--trust", tmp_path / "root.pem", "--at", AT)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "CN=maker (certificate)" in done.stdout
    for words in ((tmp_path / "stranger.pem", "--at", AT), (tmp_path / "root.pem", "--at",
                  "2046-01-01T00:00:00Z")):  # fmt: skip
        assert audit("verify", model, "--trust", *words).returncode == 5
    change_byte(model)
    assert audit("verify", model, "--trust", tmp_path / "root.pem", "--at", AT).returncode == 5


def test_links_of_a_hub_cache_both_ways(model, keys, tmp_path):
    private, public = keys
    blobs = model.parents[1] / "blobs"
    blobs.mkdir()
    (model / "weights.bin").rename(blobs / "aaaa")
    (model / "weights.bin").symlink_to("../../blobs/aaaa")
    (blobs / "bbbb").write_bytes(b"another")
    out, their_out = tmp_path / "ours.sig", tmp_path / "theirs.sig"
    done = audit("sign", model, "--key", private, "--signature", out)
    assert done.returncode == 4
    assert "links are not signed" in done.stderr
    words = ("--key", private, "--signature", out, "--allow-symlinks")
    assert audit("sign", model, *words).returncode == 0
    done = theirs("sign", "key", model, "--signature", their_out, "--private_key", private,
                  "--allow_symlinks")  # fmt: skip
    assert done.returncode == 0, done.stdout

    def verdicts() -> list[int]:
        found = []
        for signature in (out, their_out):
            done = audit("verify", model, "--trust", public, "--signature", signature)
            found.append(done.returncode)
            done = theirs("verify", "key", model, "--signature", signature, "--public_key", public,
                          "--allow_symlinks")  # fmt: skip
            found.append(done.returncode)
        return found

    assert verdicts() == [0, 0, 0, 0]
    (model / "weights.bin").unlink()
    (model / "weights.bin").symlink_to("../../blobs/bbbb")
    assert verdicts() == [5, 1, 5, 1]
