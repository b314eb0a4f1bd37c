"""audit sign: what is signed is bounded by the largest file that the toolkit itself makes."""

from __future__ import annotations

import os

import pytest

from auditor import api
from auditor.commands.sealing import keygen, sign
from auditor.errors import AuditError, ExitCode
from auditor.models import lock
from auditor.seal.keys import load_signing_key
from auditor.seal.sshsig import verify


@pytest.fixture
def key(tmp_path, capsys):
    path = tmp_path / "signer.key"
    keygen(path, None)
    return path


def test_a_lock_larger_than_other_inputs_is_signed(tmp_path, key):
    path = tmp_path / "models.lock.json"
    path.touch()
    os.truncate(path, api.MAX_INPUT_BYTES + 1)
    assert sign(path, key, None) is ExitCode.PASS
    armored = (tmp_path / "models.lock.json.sig").read_bytes()
    public = load_signing_key(key, None).public
    assert verify(path.read_bytes(), armored, [public]) == public


def test_what_is_larger_than_any_lock_is_refused(tmp_path, key, monkeypatch):
    assert lock.MAX_BYTES == 512 * 1024 * 1024
    monkeypatch.setattr(lock, "MAX_BYTES", 1000)
    path = tmp_path / "models.lock.json"
    path.write_bytes(b"x" * 1001)
    with pytest.raises(AuditError, match="larger than 1000 bytes"):
        sign(path, key, None)
    assert not path.with_name("models.lock.json.sig").exists()
    path.write_bytes(b"x" * 1000)
    assert sign(path, key, None) is ExitCode.PASS
