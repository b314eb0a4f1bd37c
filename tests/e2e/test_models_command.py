"""audit models as a person types it: words, files, exit codes, and the page that tells of it."""

from __future__ import annotations

import json
import os
import re
import shlex
import struct
from pathlib import Path

import pytest

from tests.command import audit

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs/how-to/audit-model-stores.md"
AT = "2026-01-15T08:00:00Z"
KINDS = ("model_file", "model_store", "store_anomaly")


def safetensors(parameters: int = 4) -> bytes:
    header = {"w": {"dtype": "F32", "shape": [parameters], "data_offsets": [0, 4 * parameters]}}
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + bytes(4 * parameters)


@pytest.fixture
def store(tmp_path: Path) -> Path:
    folder = tmp_path / "store"
    folder.mkdir(mode=0o755)
    (folder / "model.safetensors").write_bytes(safetensors())
    (folder / "model.safetensors").chmod(0o644)
    return folder


def test_a_clean_store_in_a_few_lines(store):
    done = audit("models", store, cwd=store.parent)
    assert done.returncode == 0, done.stdout
    assert "COMPLIANT" in done.stdout
    assert "Exit code   0" in done.stdout
    assert len(done.stdout.splitlines()) < 45


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("no-such-folder",), 2, "no such file or folder"),
        (("store", "--no-digest", "--digest", "sha256"), 2, "leave out"),
        (("store", "--digest", "crc32"), 2, "crc32"),
        (("store", "--shard", "5/2"), 2, "5/2"),
        (("store", "--allow-globals", "none.yaml"), 4, "none.yaml"),
        (("store", "--format", "docx"), 2, "docx"),
        (("store", "--nonsense"), 2, "nonsense"),
        (("lock", "nowhere", "-o", "l.json"), 4, "nowhere"),
        (("check", "--lock", "no.json"), 4, "no.json"),
        (("merge",), 2, "LOCK"),
    ],
)
def test_what_is_typed_wrongly_is_told(store, words, code, says):
    done = audit("models", *words, cwd=store.parent)
    assert (done.returncode, says in done.stderr + done.stdout) == (code, True), done.stderr


def test_no_word_is_a_help_page(store):
    for words in ((), ("--help",)):
        done = audit("models", *words, cwd=store.parent)
        assert "inspect" in done.stdout + done.stderr


def test_a_folder_named_like_a_command(store):
    (store.parent / "lock").mkdir()
    done = audit("models", "./lock", "--format", "json", cwd=store.parent)
    assert [s["path"] for s in json.loads(done.stdout)["stores"]] == [str(store.parent / "lock")]


def test_the_json_document_tells_the_digest_and_nothing_that_is_not_known(store):
    done = audit("models", store, "--format", "json", "--at", AT, cwd=store.parent)
    made = json.loads(done.stdout)
    (artifact,) = made["artifacts"]
    assert artifact["format"] == "safetensors"
    assert artifact["verdict"] == "data"
    assert artifact["parameters"] == 4
    assert re.fullmatch("[0-9a-f]{64}", artifact["sha256"])
    assert artifact["origin"] is artifact["license"] is artifact["base_model"] is None
    assert made["exit_code"] == done.returncode == 0
    bare = audit("models", store, "--format", "json", "--no-digest", cwd=store.parent)
    assert json.loads(bare.stdout)["artifacts"][0]["sha256"] is None


def test_a_store_with_nothing_in_it_is_no_pass(store):
    (store / "model.safetensors").unlink()
    done = audit("models", store, "--policy", "models", cwd=store.parent)
    assert done.returncode == 3, done.stdout


def test_a_broken_file_fails(store):
    (store / "bad.safetensors").write_bytes(safetensors()[:-3])
    done = audit("models", store, cwd=store.parent)
    assert done.returncode == 1
    assert "NEED ATTENTION (1 of 2 model files)" in done.stdout


def test_hostile_names_move_no_cursor(store):
    (store / "a\x1b[2J\n::error::\u202e.safetensors").write_bytes(b"\x10\0\0\0\0\0\0\0{")
    for style in ("text", "json", "markdown", "csv"):
        shown = audit("models", store, "--format", style, cwd=store.parent).stdout
        assert not re.search("[\x1b\u202e]", shown)
        assert "\n::error::" not in shown


def test_the_evidence_is_judged_again_the_same_and_verified(store):
    here = store.parent
    first = audit("models", "store", "-o", "out", "--at", AT, cwd=here)
    assert first.returncode == 0, first.stderr
    evidence = json.loads((here / "out/evidence.json").read_text())
    assert evidence["mode"] == "models"
    assert {record["kind"] for record in evidence["records"]} <= set(KINDS)
    assert [run["collector"] for run in evidence["runs"]] == ["stores"]
    again = audit("evaluate", "out/evidence.json", "-o", "again", cwd=here)
    assert again.returncode == 0
    for name in ("evidence.json", "findings.json"):
        assert (here / "out" / name).read_bytes() == (here / "again" / name).read_bytes()
    shown = audit("report", "out", "--format", "json", cwd=here)
    assert json.loads(shown.stdout)["schema"] == "auditor.models/1"
    checked = audit("verify", "out", "--trust", "out/signer.pub", cwd=here)
    assert checked.returncode == 0, checked.stdout


def test_rules_about_hosts_do_not_apply(store):
    here = store.parent
    audit("models", "store", "-o", "out", cwd=here)
    rules = json.loads((here / "out/findings.json").read_text())["rules"]
    others = [rule for rule in rules if rule["pack"] not in ("models", "host-baseline")]
    assert len(others) > 100
    assert {rule["verdict"] for rule in others} == {"not-applicable"}
    told = [rule for rule in others if "the evidence is of model stores" in rule["reason"]]
    assert len(told) > 0.9 * len(others), "the others are those that the site asks nothing of"


def test_a_gap_is_unknown_in_every_rule_about_it(store, monkeypatch):
    from auditor import api
    from auditor.host import Unreadable
    from auditor.host.live import LiveHost

    class Refusing(LiveHost):
        def inspect_model(self, path):
            raise Unreadable(path, "denied", "permission denied")

    host = Refusing()
    try:
        evidence = api.models(host, (str(store),), at=AT)
    finally:
        host.close()
    judged = api.evaluate(evidence, api.Criteria(packs=("models",)))
    verdicts = {rule.id: rule.verdict for rule in judged.findings.rules}
    assert verdicts["MDL-SER-001"] == verdicts["MDL-SER-004"] == "unknown"
    assert api.summary(judged).exit_code == 3


def test_stores_of_the_site_are_not_looked_for(store, tmp_path):
    site = tmp_path / "site.yaml"
    site.write_text("stores: [/nowhere/models]\n")
    done = audit("models", store, "--site", site, "--format", "json", cwd=tmp_path)
    assert [s["path"] for s in json.loads(done.stdout)["stores"]] == [str(store)]
    assert json.loads(done.stdout)["gaps"] == []


def test_a_recorded_tree(store):
    done = audit("models", "/store", "--root", store.parent, "--format", "json", cwd=store.parent)
    assert [s["path"] for s in json.loads(done.stdout)["stores"]] == ["/store"]


def test_a_lock_is_made_signed_and_checked(store):
    here = store.parent
    assert audit("models", "lock", "store", "-o", "l.json", cwd=here).returncode == 0
    assert audit("models", "lock", "store", "-o", "l.json", cwd=here).returncode == 2
    assert audit("keygen", "signer.key", cwd=here).returncode == 0
    assert audit("sign", "l.json", "--key", "signer.key", cwd=here).returncode == 0
    check = ("models", "check", "--lock", "l.json", "--trust", "signer.pub")
    assert audit(*check, cwd=here).returncode == 0
    (store / "new").write_text("x")
    done = audit(*check, cwd=here)
    assert done.returncode == 1
    assert "added" in done.stdout
    (here / "l.json").write_text((here / "l.json").read_text().replace("sha256", "sha512", 1))
    assert audit(*check, cwd=here).returncode in (4, 5)
    text = (here / "l.json").read_text().replace("sha512", "sha256", 1)
    other = re.sub(r'"made_at": "2', '"made_at": "1', text)
    (here / "l.json").write_text(other)
    assert audit(*check, cwd=here).returncode == 5


def _commands() -> list[str]:
    blocks = re.findall(r"```sh\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    return [line for block in blocks for line in block.splitlines() if line.strip()]


def test_the_commands_of_the_page_work(store):
    here = store.parent
    hub = here / ".cache/huggingface/hub"
    hub.mkdir(parents=True)
    named = re.findall(r"`(\w+\.yaml)`:\n\n```yaml\n(.*?)```", PAGE.read_text(), re.DOTALL)
    bodies = re.findall(r"```yaml\n(.*?)```", PAGE.read_text(), re.DOTALL)
    (here / "globals.yaml").write_text(dict(named)["globals.yaml"])
    (here / "profile.yaml").write_text(next(b for b in bodies if b.startswith("profile:")))
    (here / "site.yaml").write_text(next(b for b in bodies if b.startswith("model_origins:")))
    assert audit("keygen", "signer.key", cwd=here).returncode == 0
    for line in _commands():
        words = shlex.split(line, comments=True)
        words = [word.replace("/srv/models", str(store)).replace("~", str(here)) for word in words]
        words = [word.replace("/var/tmp", str(here)) for word in words]
        if "merge" in words:
            (here / "models.lock.json").unlink()
        done = audit(*words[1:], cwd=here)
        assert done.returncode in (0, 3), f"{line}\n{done.stdout}\n{done.stderr}"
        if done.returncode == 3:
            assert "huggingface" in line, line
    done = audit("models", store, "--site", "site.yaml", cwd=here)
    assert done.returncode == 0


def test_a_store_whose_name_is_no_utf_8(store):
    odd = store.parent / os.fsdecode(b"inv\xff")
    store.rename(odd)
    done = audit("models", odd, "--format", "json", cwd=store.parent)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["artifacts"][0]["path"].endswith("/inv\\xff/model.safetensors")


@pytest.mark.parametrize("command", [("models",), ("models", "lock"), ("scan", "--store")])
def test_an_empty_path_is_not_the_current_folder(store, command):
    done = audit(*command, "", cwd=store)
    assert done.returncode == 2
    assert "is empty" in done.stderr


def test_a_part_that_holds_is_not_told_to_be_the_whole_store(store):
    here = store.parent
    assert audit("models", "lock", "store", "-o", "l.json", cwd=here).returncode == 0
    done = audit("models", "check", "--lock", "l.json", cwd=here)
    assert "Everything is as it was locked." in done.stdout
    done = audit("models", "check", "--lock", "l.json", "--shard", "1/2", cwd=here)
    assert "nothing was looked at of the other parts" in done.stdout
    assert audit("models", "lock", "store", "--shard", "2/2", "-o", "p", cwd=here).returncode == 0
    done = audit("models", "check", "--lock", "p", cwd=here)
    assert done.returncode == 0
    assert "Part 2/2 is as it was locked" in done.stdout
