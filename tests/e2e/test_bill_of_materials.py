"""A bill of materials of real layouts: a hub's cache, Ollama's models and an adapter beside them."""

from __future__ import annotations

import hashlib
import json
import struct
from pathlib import Path

import jsonschema_rs
import pytest

from tests.command import audit

ROOT = Path(__file__).resolve().parents[2]
SCHEMAS = ROOT / "tests/schemas/cyclonedx"
COMMIT = "b968826d9c46dd6066d109eabc6255188de91218"
AT = "2026-01-15T08:00:00Z"
TYPE = "application/vnd.ollama.image."
CARD = """---
license: apache-2.0
datasets: [plant/defects, other/corpus]
---
# A model
"""


def safetensors(parameters: int) -> bytes:
    header = {"w": {"dtype": "F32", "shape": [parameters], "data_offsets": [0, 4 * parameters]}}
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + bytes(4 * parameters)


def gguf() -> bytes:
    def text(value: str) -> bytes:
        return struct.pack("<Q", len(value)) + value.encode()

    pairs = text("general.architecture") + struct.pack("<I", 8) + text("qwen2")
    return b"GGUF" + struct.pack("<IQQ", 3, 0, 1) + pairs


def git_sha1(data: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()


def hub(folder: Path, repository: str, files: dict[str, bytes]) -> None:
    """Lay files down as huggingface_hub does: blobs by digest, a snapshot of links, a reference."""
    snapshot = folder / repository / "snapshots" / COMMIT
    blobs = folder / repository / "blobs"
    references = folder / repository / "refs"
    for made in (snapshot, blobs, references):
        made.mkdir(parents=True)
    (references / "main").write_text(COMMIT)
    for name, data in files.items():
        small = name.endswith((".json", ".md"))
        digest = git_sha1(data) if small else hashlib.sha256(data).hexdigest()
        (blobs / digest).write_bytes(data)
        (snapshot / name).symlink_to(f"../../blobs/{digest}")


def ollama(folder: Path) -> None:
    (folder / "blobs").mkdir(parents=True)

    def blob(data: bytes, media: str) -> dict[str, object]:
        digest = hashlib.sha256(data).hexdigest()
        (folder / "blobs" / f"sha256-{digest}").write_bytes(data)
        return {"mediaType": media, "digest": f"sha256:{digest}", "size": len(data)}

    manifest = {
        "schemaVersion": 2,
        "config": blob(
            json.dumps({"model_family": "qwen2", "file_type": "Q4_K_M"}).encode(),
            "application/vnd.docker.container.image.v1+json",
        ),
        "layers": [
            blob(gguf(), TYPE + "model"),
            blob(b"Apache License\nVersion 2.0, January 2004\n", TYPE + "license"),
        ],
    }
    place = folder / "manifests/registry.ollama.ai/library/qwen2.5"
    place.mkdir(parents=True)
    (place / "0.5b").write_text(json.dumps(manifest))


@pytest.fixture
def stores(tmp_path: Path) -> Path:
    config = {"architectures": ["Qwen3ForCausalLM"], "model_type": "qwen3"}
    files = {
        "config.json": json.dumps(config).encode(),
        "README.md": CARD.encode(),
        "model-00001-of-00002.safetensors": safetensors(4),
        "model-00002-of-00002.safetensors": safetensors(6),
    }
    hub(tmp_path / "hub", "models--Qwen--Qwen3-0.6B", files)
    hub(tmp_path / "hub", "datasets--plant--defects", {"train.jsonl": b'{"text": "a"}\n' * 20})
    ollama(tmp_path / "ollama")
    adapter = tmp_path / "adapters/line3"
    adapter.mkdir(parents=True)
    (adapter / "adapter_config.json").write_text(
        json.dumps({"peft_type": "LORA", "base_model_name_or_path": "Qwen/Qwen3-0.6B"})
    )
    (adapter / "adapter_model.safetensors").write_bytes(safetensors(2))
    return tmp_path


def bill(stores: Path, *words: object) -> dict:
    asked = ("models", "hub", "ollama", "adapters", "--digest", "sha256", "--at", AT, *words)
    done = audit(*asked, "--format", "cyclonedx", cwd=stores)
    assert done.returncode in (0, 1, 3), done.stderr
    made = json.loads(done.stdout)
    resources = {}
    for path in SCHEMAS.glob("*.json"):
        schema = json.loads(path.read_text())
        resources[f"http://cyclonedx.org/schema/{path.name}"] = schema
    registry = jsonschema_rs.Registry(list(resources.items()), draft=jsonschema_rs.Draft7)
    schema = json.loads((SCHEMAS / "bom-1.6.SNAPSHOT.schema.json").read_text())
    jsonschema_rs.Draft7Validator(schema, registry=registry).validate(made)
    return made


def facts(component: dict) -> dict[str, str]:
    return {p["name"].removeprefix("auditor:"): p["value"] for p in component["properties"]}


def test_every_store_is_in_the_bill_with_digests_licences_and_descent(stores):
    made = bill(stores)
    by_name = {one["name"]: one for one in made["components"]}
    assert set(by_name) == {"Qwen3-0.6B", "defects", "qwen2.5", "line3"}
    needs = {one["ref"]: one.get("dependsOn", []) for one in made["dependencies"]}

    model = by_name["Qwen3-0.6B"]
    assert model["purl"] == f"pkg:huggingface/Qwen/Qwen3-0.6B@{COMMIT}"
    assert model["licenses"] == [{"license": {"id": "Apache-2.0", "acknowledgement": "declared"}}]
    assert model["modelCard"]["modelParameters"]["modelArchitecture"] == "Qwen3ForCausalLM"
    assert model["modelCard"]["modelParameters"]["task"] == "text-generation"
    assert facts(model)["parameters"] == "10"
    shards = [one for one in model["components"] if one["name"].startswith("model-")]
    assert [one["name"] for one in sorted(shards, key=lambda one: one["name"])] == [
        "model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors",
    ]  # fmt: skip
    digests = {one["hashes"][0]["content"] for one in shards}
    assert digests == {hashlib.sha256(safetensors(count)).hexdigest() for count in (4, 6)}
    assert all(one["evidence"]["identity"][0]["field"] == "hash" for one in shards)

    data = by_name["defects"]
    assert data["type"] == "data"
    assert data["purl"] == f"pkg:huggingface/plant/defects@{COMMIT}?type=dataset"
    assert {"ref": data["bom-ref"]} in model["modelCard"]["modelParameters"]["datasets"]
    assert data["bom-ref"] in needs[model["bom-ref"]]

    quantized = by_name["qwen2.5"]
    assert (quantized["group"], quantized["version"]) == ("library", "0.5b")
    assert "purl" not in quantized
    assert quantized["licenses"][0]["license"]["id"] == "Apache-2.0"
    assert facts(quantized)["registry"] == "registry.ollama.ai"

    adapter = by_name["line3"]
    assert adapter["pedigree"]["ancestors"][0]["purl"] == model["purl"]
    assert model["bom-ref"] in needs[adapter["bom-ref"]]

    subject = made["metadata"]["component"]["bom-ref"]
    assert set(needs[subject]) == {one["bom-ref"] for one in made["components"]}
    assert made["metadata"]["timestamp"] == AT


def test_the_same_stores_give_the_same_bill_and_a_changed_byte_is_told(stores):
    first = bill(stores)
    assert first == bill(stores)
    (blob,) = (stores / "hub/models--Qwen--Qwen3-0.6B/blobs").glob(
        hashlib.sha256(safetensors(4)).hexdigest()
    )
    blob.write_bytes(safetensors(4)[:-1] + b"\x01")
    second = bill(stores)
    assert first["serialNumber"] != second["serialNumber"]
    (model,) = [one for one in second["components"] if one["name"] == "Qwen3-0.6B"]
    assert facts(model)["name-digest"] == "differs"
    assert "blob-digest" in facts(model)["anomaly"]
    assert [one["bom-ref"] for one in first["components"]] == [
        one["bom-ref"] for one in second["components"]
    ]


def test_a_copy_under_another_name_is_a_model_too(stores):
    place = stores / "ollama/manifests/registry.ollama.ai"
    (place / "plant/line3").mkdir(parents=True)
    (place / "plant/line3/latest").write_bytes((place / "library/qwen2.5/0.5b").read_bytes())
    made = bill(stores)
    copies = [one for one in made["components"] if one.get("group") in ("library", "plant")]
    found = {(one["group"], one["name"], one.get("version")) for one in copies}
    assert {("library", "qwen2.5", "0.5b"), ("plant", "line3", "latest")} <= found
    weights = [one["components"][0] for one in copies if one["name"] != "defects"]
    assert len({one["bom-ref"] for one in weights}) == 2
    assert len({one["hashes"][0]["content"] for one in weights}) == 1


def test_the_bill_is_sealed_beside_the_report_in_both_versions(stores):
    words = ("models", "adapters", "-o", "out", "-f", "cyclonedx", "-f", "cyclonedx17", "--at", AT)
    assert audit(*words, cwd=stores).returncode in (0, 1, 3)
    for name, version in (("bom.cdx.json", "1.6"), ("bom17.cdx.json", "1.7")):
        assert json.loads((stores / "out" / name).read_text())["specVersion"] == version
    checked = audit("verify", "out", "--trust", "out/signer.pub", cwd=stores)
    assert checked.returncode == 0, checked.stdout
    (stores / "out/bom.cdx.json").write_text("{}")
    assert audit("verify", "out", "--trust", "out/signer.pub", cwd=stores).returncode == 5


def test_a_gate_has_no_bill(stores):
    (stores / "pod.yaml").write_text("apiVersion: v1\nkind: Pod\nmetadata: {name: a}\n")
    done = audit("gate", "pod.yaml", "--format", "cyclonedx", cwd=stores)
    assert done.returncode == 2
    assert "manifests hold none" in done.stderr
