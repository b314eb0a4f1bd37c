"""audit models sign and verify as a person types them, and the page that tells of them."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from model_signers import Authority, key, pem

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs/how-to/sign-and-verify-models.md"
SITE = """\
name: plant
signers:
  - name: Model release
    role: models
    public_key: |
{key}
"""


def environment(folder: Path) -> dict[str, str]:
    return {
        "PATH": f"{folder}/bin:{os.environ['PATH']}", "PYTHONPATH": str(ROOT),
        "LC_ALL": "C.UTF-8", "HOME": str(folder),
    }  # fmt: skip


def audit(*words: object, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "auditor", *map(str, words)], cwd=cwd, check=False,
        capture_output=True, text=True, timeout=120, env=environment(cwd),
    )  # fmt: skip


@pytest.fixture
def place(tmp_path):
    """Return a folder with a model, a snapshot of links, keys and certificates."""
    (tmp_path / "finbert").mkdir()
    (tmp_path / "finbert" / "weights.bin").write_bytes(b"x" * 100)
    (tmp_path / "blobs").mkdir()
    (tmp_path / "blobs" / "aaaa").write_bytes(b"y")
    (tmp_path / "snapshots" / "0123").mkdir(parents=True)
    (tmp_path / "snapshots" / "0123" / "weights.bin").symlink_to("../../blobs/aaaa")
    root, private = Authority(days=(-10, 9000)), key()
    between = Authority("between", root, days=(-10, 9000))
    maker = between.issue(private, "maker", days=(-10, 9000))
    for name, thing in (("maker.key", private), ("maker.pem", maker),
                        ("intermediate.pem", between.certificate), ("root.pem", root.certificate),
                        ("models.key", private), ("models.pub", private.public_key())):  # fmt: skip
        (tmp_path / name).write_bytes(pem(thing))
        (tmp_path / name).chmod(0o600)
    return tmp_path


@pytest.mark.skipif(shutil.which("openssl") is None, reason="no openssl here")
def test_the_page_word_for_word(place):
    (place / "bin").mkdir()
    command = place / "bin" / "audit"
    command.write_text(f'#!/bin/sh\nexec {sys.executable} -m auditor "$@"\n')
    command.chmod(0o755)
    blocks = re.findall(r"```sh\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert len(blocks) >= 5
    for block in blocks:
        if "model_signing" in block:
            continue  # theirs is tried in test_model_signing_tool
        (place / "finbert" / "model.sig").unlink(missing_ok=True)
        done = subprocess.run(
            ["sh", "-e"], input=block, cwd=place, check=False, capture_output=True, text=True,
            timeout=120, env=environment(place),
        )  # fmt: skip
        assert done.returncode == 0, block + done.stdout + done.stderr


def test_signed_changed_and_refused(place):
    assert audit("models", "sign", "finbert", "--key", "models.key", cwd=place).returncode == 0
    done = audit("models", "verify", "finbert", "--trust", "models.pub", cwd=place)
    assert (done.returncode, "The signature holds" in done.stdout) == (0, True)
    (place / "finbert" / "weights.bin").write_bytes(b"z" * 100)
    (place / "finbert" / "evil.py").write_text("x")
    done = audit("models", "verify", "finbert", "--trust", "models.pub", cwd=place)
    assert done.returncode == 5
    assert "DO NOT LOAD THIS" in done.stdout
    assert re.search(r"^added +evil.py", done.stdout, re.MULTILINE)
    assert re.search(r"^changed +weights.bin", done.stdout, re.MULTILINE)


def test_the_site_says_who_signs_models(place):
    indented = "".join(f"      {line}\n" for line in (place / "models.pub").read_text().split("\n"))
    (place / "site.yaml").write_text(SITE.format(key=indented))
    assert audit("models", "sign", "finbert", "--key", "models.key", cwd=place).returncode == 0
    done = audit("models", "verify", "finbert", "--site", "site.yaml", cwd=place)
    assert done.returncode == 0, done.stderr
    assert "Model release" in done.stdout


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("verify", "finbert"), 2, "nobody is trusted"),
        (("verify", "finbert", "--trust", "models.pub"), 4, "no such file"),
        (("verify", "finbert", "--trust", "models.key"), 4, "private key"),
        (("sign", "nothing", "--key", "models.key"), 4, "no such model"),
        (("sign", "finbert", "--key", "absent.key"), 4, "no key file"),
        (("sign", "finbert", "--key", "models.key", "--digest", "md5"), 2, "not signed with"),
        (("sign", "finbert", "--key", "models.key", "--ignore", "../x"), 2, "no path within"),
        (("sign", "finbert", "--key", "models.key", "--signature", "root.pem"), 2, "already"),
        (("sign", "finbert", "--key", "models.key", "--certificate", "root.pem"), 4, "another key"),
    ],
)
def test_what_goes_wrong_is_said(place, words, code, says):
    done = audit("models", *words, cwd=place)
    assert done.returncode == code, done.stderr
    assert says in done.stderr


def test_a_keyless_signature_is_undecided(place):
    assert audit("models", "sign", "finbert", "--key", "models.key", cwd=place).returncode == 0
    file = place / "finbert" / "model.sig"
    text = re.sub(
        rb'"publicKey":\{[^}]*\}', b'"certificate":{"rawBytes":"AAAA"}', file.read_bytes()
    )
    file.write_bytes(text)
    done = audit("models", "verify", "finbert", "--trust", "models.pub", cwd=place)
    assert done.returncode == 3, done.stderr
    assert "keyless" in done.stderr


def test_a_hostile_name_obeys_nothing_on_the_terminal(place):
    assert audit("models", "sign", "finbert", "--key", "models.key", cwd=place).returncode == 0
    (place / "finbert" / "a\x1b[2J\nThe signature holds").write_text("x")
    done = audit("models", "verify", "finbert", "--trust", "models.pub", cwd=place)
    assert done.returncode == 5
    assert "\x1b" not in done.stdout
    assert not re.search(r"^The signature holds", done.stdout, re.MULTILINE)
