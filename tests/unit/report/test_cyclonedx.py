"""The bill of materials: valid by the schemas, the same bytes again, and never more than is known."""

from __future__ import annotations

import json
import re
from pathlib import Path

import jsonschema_rs
import msgspec
import pytest

from auditor.errors import UsageError
from auditor.evidence import Coverage, Gap, Origin
from auditor.evidence.models import VERDICTS, ModelSignature
from auditor.report import cyclonedx, cyclonedx17

SCHEMAS = Path(__file__).parents[2] / "schemas" / "cyclonedx"
RENDERERS = {"1.6": cyclonedx.RENDERER, "1.7": cyclonedx17.RENDERER}
COMMIT = "b968826d9c46dd6066d109eabc6255188de91218"


def _validator(version):
    resources = {}
    for path in SCHEMAS.glob("*.json"):
        schema = json.loads(path.read_text())
        resources[f"http://cyclonedx.org/schema/{path.name}"] = schema
        resources[schema["$id"]] = schema
    schema = resources[f"http://cyclonedx.org/schema/bom-{version}.schema.json"]
    registry = jsonschema_rs.Registry(list(resources.items()), draft=jsonschema_rs.Draft7)
    return jsonschema_rs.Draft7Validator(schema, registry=registry, validate_formats=True)


VALIDATORS = {version: _validator(version) for version in RENDERERS}


def bill(judgement, version="1.6"):
    made = json.loads(RENDERERS[version].render(judgement))
    VALIDATORS[version].validate(made)
    return made


def facts(component):
    found = {}
    for one in component["properties"]:
        found.setdefault(one["name"].removeprefix("auditor:"), []).append(one["value"])
    return found


def everything(node):
    if isinstance(node, dict):
        yield node
        for value in node.values():
            yield from everything(value)
    elif isinstance(node, list):
        for value in node:
            yield from everything(value)


def aggregates(made):
    return {
        ref: one["aggregate"] for one in made["compositions"] for ref in one.get("assemblies", ())
    }


@pytest.fixture
def of(judgements):
    """Return a function that makes the bill of some records of one store, seen to its end."""

    def make(*records, version="1.6", language="en", store=None, **changes):
        found = (store or judgements.model_store(), *records)
        return bill(judgements.of_models(found, language, **changes), version)

    return make


@pytest.mark.parametrize("version", RENDERERS)
@pytest.mark.parametrize("name", ["models", "sound_models", "leaky", "sealed"])
def test_the_bill_is_valid_and_the_schema_is_not_toothless(judgements, name, version):
    made = bill(getattr(judgements, name)(), version)
    assert made["specVersion"] == version
    made["components"].append({"type": "machine-learning-model"})
    assert not VALIDATORS[version].is_valid(made)
    made["components"][-1] = {"type": "file", "name": "x", "licenses": [{"license": {"id": "no"}}]}
    assert not VALIDATORS[version].is_valid(made)


@pytest.mark.parametrize("version", RENDERERS)
def test_the_same_judgement_gives_the_same_bytes_in_any_order_and_language(judgements, version):
    render = RENDERERS[version].render
    first = judgements.models()
    turned = msgspec.structs.replace(
        first,
        evidence=msgspec.structs.replace(first.evidence, records=first.evidence.records[::-1]),
        derived=first.derived[::-1],
        language="zh",
    )
    assert render(first) == render(judgements.models()) == render(turned)


def test_the_serial_number_tells_bills_apart(judgements):
    serials = {
        bill(judgement, version)["serialNumber"]
        for judgement in (judgements.models(), judgements.sound_models())
        for version in RENDERERS
    }
    assert len(serials) == 4
    assert all(re.fullmatch(r"urn:uuid:[0-9a-f-]{36}", serial) for serial in serials)


def test_every_reference_is_unique_and_every_one_named_is_there(judgements):
    for name in ("models", "sound_models"):
        made = bill(getattr(judgements, name)())
        refs = [node["bom-ref"] for node in everything(made) if "bom-ref" in node]
        assert len(refs) == len(set(refs))
        told = [one["ref"] for one in made["dependencies"]]
        assert len(told) == len(set(told))
        assert set(told) == set(refs)
        assert {r for one in made["dependencies"] for r in one.get("dependsOn", ())} <= set(refs)
        assert set(aggregates(made)) <= set(refs)


def test_a_repository_at_a_revision_is_one_model(judgements, of):
    made = of(
        judgements.model_file("/srv/models/q/model-00001-of-00002.safetensors", digests=("sha256:" + "a" * 64, "blake3:" + "b" * 64, "sm3:" + "c" * 64)),
        judgements.model_file("/srv/models/q/model-00002-of-00002.safetensors"),
        judgements.model_file("/srv/models/old/model.safetensors", revision="1" * 40),
    )  # fmt: skip
    old, new = sorted(made["components"], key=lambda one: len(one["components"]))
    assert new["type"] == "machine-learning-model"
    assert (new["group"], new["name"], new["version"]) == ("Qwen", "Qwen3-8B", COMMIT)
    assert new["purl"] == f"pkg:huggingface/Qwen/Qwen3-8B@{COMMIT}"
    assert new["externalReferences"] == [{"type": "distribution", "url": new["purl"]}]
    assert new["licenses"] == [{"license": {"id": "Apache-2.0", "acknowledgement": "declared"}}]
    assert new["modelCard"]["modelParameters"] == {
        "task": "text-generation", "modelArchitecture": "Qwen3ForCausalLM",
    }  # fmt: skip
    assert facts(new)["parameters"] == [str(2 * 8_190_735_360)]
    assert new["evidence"]["identity"] == [{"field": "purl", "concludedValue": new["purl"]}]
    assert new["evidence"]["occurrences"] == [{"location": "/srv/models/q"}]
    first, second = new["components"]
    assert first["hashes"] == [
        {"alg": "SHA-256", "content": "a" * 64}, {"alg": "BLAKE3", "content": "b" * 64},
    ]  # fmt: skip
    assert facts(first)["digest"] == ["sm3:" + "c" * 64]
    assert "hashes" not in second
    assert old["version"] == "1" * 40


def test_no_address_is_told_that_nobody_recorded(judgements, of):
    made = of(
        judgements.model_file("/srv/models/a/x.safetensors", registry="", repository="", revision=""),
        judgements.model_file("/srv/models/b/x.safetensors", registry="registry.ollama.ai", repository="library/qwen3", revision="8b"),
    )  # fmt: skip
    text = json.dumps(made["components"])
    assert "purl" not in text
    assert "externalReferences" not in text
    assert "http" not in text
    ours, ollama = made["components"]
    assert (ours["name"], "version" in ours, "identity" in ours["evidence"]) == ("a", False, False)
    assert (ollama["group"], ollama["name"], ollama["version"]) == ("library", "qwen3", "8b")
    assert facts(ollama)["registry"] == ["registry.ollama.ai"]


@pytest.mark.parametrize("verdict", [*VERDICTS, None])
def test_a_model_is_as_bad_as_its_worst_file(judgements, of, verdict):
    made = of(
        judgements.model_file("/srv/models/q/a.safetensors"),
        judgements.model_file("/srv/models/q/b.bin", verdict),
    )
    (model,) = made["components"]
    assert facts(model)["verdict"] == [verdict or "unread"]
    assert facts(model["components"][1])["verdict"] == [verdict or "unread"]


def test_reasons_and_signatures_are_told(judgements, of):
    reason = judgements.reason(
        "pickle-global-dangerous", "dangerous", "called", offset=42, global_name="os.system"
    )
    signed = ModelSignature(
        state="valid", signer="plant", method="key", source="/srv/models/q/model.sig"
    )
    made = of(
        judgements.model_file("/srv/models/q/a.pkl", "dangerous", reasons=(reason,), signature=signed),
        judgements.model_file("/srv/models/q/b.safetensors"),
    )  # fmt: skip
    (model,) = made["components"]
    told = facts(model["components"][0])
    assert told["reason"] == ["pickle-global-dangerous: os.system: called (byte 42)"]
    assert (told["signature:state"], told["signature:signer"]) == (["valid"], ["plant"])
    assert told["signature:source"] == ["/srv/models/q/model.sig"]
    assert facts(model)["signature:state"] == ["none"], "a file of it is not signed"


def test_an_exception_of_the_site_lifts_the_verdict_and_is_told(judgements):
    whole = judgements.models()
    derived = tuple(
        msgspec.structs.replace(one, verdict="framework", excepted=("ultralytics.x (zhang, 2027-01-01)",), unlisted=())
        if getattr(one, "path", "").endswith("yolo.pt") else one
        for one in whole.derived
    )  # fmt: skip
    made = bill(msgspec.structs.replace(whole, derived=derived))
    (yolo,) = [n for n in everything(made) if n.get("name") == "yolo.pt"]
    assert facts(yolo)["verdict"] == ["framework"]
    assert facts(yolo)["excepted-global"] == ["ultralytics.x (zhang, 2027-01-01)"]


def test_a_file_that_is_not_what_its_name_says_is_told_and_has_no_identity(judgements, of):
    hexes = "a" * 64
    path = f"/srv/models/m/blobs/{hexes}"
    for state in ("matches", "differs", "not-asked", None):
        made = of(judgements.model_file(path, digests=(f"sha256:{hexes}",), name_digest=state))
        (model,) = made["components"]
        (file,) = model["components"]
        proven = [one["field"] for one in file["evidence"].get("identity", ())]
        assert proven == (["hash"] if state == "matches" else [])
        assert facts(file)["name-digest"] == [state or "unknown"]
        assert ("name-digest" in facts(model)) == (state == "differs")


def test_complete_is_what_was_seen_to_its_end(judgements, of):
    made = of(judgements.model_file("/srv/models/q/a.safetensors"))
    assert set(aggregates(made).values()) == {"complete"}
    assert made["compositions"][-1] == {
        "aggregate": "unknown", "dependencies": [made["components"][0]["bom-ref"]],
    }  # fmt: skip


GAP = Gap(kind="model_file", reason="denied", detail="no", origin=Origin("stores", "/srv/models/x"))
CRASH = Gap(kind="model_store", reason="crashed", detail="no", origin=Origin("stores", "stores"))
ELSEWHERE = msgspec.structs.replace(GAP, origin=Origin("stores", "/data/x"))
ELSEWHERE_AND_MORE = msgspec.structs.replace(ELSEWHERE, count=2)
OTHER = Gap(kind="mount", reason="denied", detail="no", origin=Origin("storage", "/proc/mounts"))


@pytest.mark.parametrize(
    ("case", "model", "subject"),
    [
        ("a gap in the store", "incomplete", "incomplete"),
        ("a gap in no store", "incomplete", "incomplete"),
        ("a gap that stands for several", "incomplete", "incomplete"),
        ("a gap in another store", "complete", "incomplete"),
        ("a gap of another kind", "complete", "complete"),
        ("a store not seen to its end", "incomplete", "incomplete"),
        ("a file that could not be read", "incomplete", "incomplete"),
        ("a file that nobody sees through", "unknown", "unknown"),
        ("a malformed file", "unknown", "unknown"),
        ("a store that no record tells of", "incomplete", "incomplete"),
        ("a store left out of the count", "complete", "incomplete"),
        ("nobody looked", "complete", "unknown"),
        ("a host: only the known places were looked at", "complete", "unknown"),
    ],
)
def test_never_complete_where_something_was_not_looked_at(judgements, of, case, model, subject):
    verdict = {
        "a file that could not be read": None,
        "a file that nobody sees through": "not-inspectable",
        "a malformed file": "malformed",
    }.get(case, "data")
    run = judgements.of_models((), "en").evidence.runs[0]
    short = msgspec.structs.replace(run, coverage=(Coverage(what="model stores", seen=1, total=2),))
    changes = {
        "a gap in the store": {"gaps": (GAP,)},
        "a gap in no store": {"gaps": (CRASH,)},
        "a gap that stands for several": {"gaps": (ELSEWHERE_AND_MORE,)},
        "a gap in another store": {"gaps": (ELSEWHERE,)},
        "a gap of another kind": {"gaps": (OTHER,)},
        "a store not seen to its end": {"store": judgements.model_store(complete=False)},
        "a store that no record tells of": {"store": judgements.model_store("/elsewhere")},
        "a store left out of the count": {"runs": (short,)},
        "nobody looked": {"runs": ()},
        "a host: only the known places were looked at": {"mode": "host"},
    }.get(case, {})
    made = of(
        judgements.model_file("/srv/models/q/a.safetensors", verdict),
        *([judgements.model_store("/data")] if "gaps" in changes else ()),
        **changes,
    )
    found = aggregates(made)
    assert found[made["components"][0]["bom-ref"]] == model
    assert found[made["metadata"]["component"]["bom-ref"]] == subject


def test_an_empty_bill_says_that_nothing_was_looked_for(judgements):
    made = bill(judgements.of_models((), "en", runs=()))
    assert made["components"] == []
    assert [one["aggregate"] for one in made["compositions"]] == ["unknown"]
    assert {"name": "auditor:models-looked-for", "value": "false"} in made["metadata"]["properties"]


@pytest.mark.parametrize("version", RENDERERS)
def test_manifests_have_no_bill(judgements, version):
    with pytest.raises(UsageError, match="manifests hold none"):
        RENDERERS[version].render(judgements.manifests())


def test_an_adapter_needs_its_base_model_where_it_is_certain_which(judgements, of):
    adapter = judgements.model_file(
        "/srv/models/lora/adapter_model.safetensors", role="adapter", base_model="Qwen/Qwen3-8B",
        registry="", repository="", revision="",
    )  # fmt: skip
    base = judgements.model_file("/srv/models/q/a.safetensors")
    made = of(adapter, base)
    needs = {one["ref"]: one.get("dependsOn", []) for one in made["dependencies"]}
    (lora,) = [one for one in made["components"] if one["name"] == "lora"]
    (qwen,) = [one for one in made["components"] if one["name"] == "Qwen3-8B"]
    (ancestor,) = lora["pedigree"]["ancestors"]
    assert qwen["bom-ref"] in needs[lora["bom-ref"]]
    assert ancestor["purl"] == qwen["purl"]
    assert facts(ancestor)["ref"] == [qwen["bom-ref"]]

    other = judgements.model_file("/srv/models/o/a.safetensors", revision="2" * 40)
    made = of(adapter, base, other)
    (lora,) = [one for one in made["components"] if one["name"] == "lora"]
    (ancestor,) = lora["pedigree"]["ancestors"]
    assert (ancestor["name"], "purl" in ancestor) == ("Qwen/Qwen3-8B", False), "which of two?"
    needs = {one["ref"]: one.get("dependsOn", []) for one in made["dependencies"]}
    assert ancestor["bom-ref"] in needs[lora["bom-ref"]]


def test_what_a_model_was_made_from_is_its_pedigree_and_no_dependency(judgements, of):
    made = of(
        judgements.model_file(
            "/srv/models/t/a.safetensors", repository="plant/tuned", base_model="Qwen/A, Qwen/B",
            datasets=("plant/defects", "else/where"),
        ),
        judgements.model_file(
            "/srv/models/d/train.parquet", model_format="parquet", role="dataset",
            repository="datasets/plant/defects", parameters=None, architecture="",
        ),
    )  # fmt: skip
    (tuned,) = [one for one in made["components"] if one["name"] == "tuned"]
    (data,) = [one for one in made["components"] if one["name"] == "defects"]
    needs = {one["ref"]: one.get("dependsOn", []) for one in made["dependencies"]}
    assert [one["purl"] for one in tuned["pedigree"]["ancestors"]] == [
        "pkg:huggingface/Qwen/A", "pkg:huggingface/Qwen/B",
    ]  # fmt: skip
    refs = {one["bom-ref"] for one in tuned["pedigree"]["ancestors"]}
    assert not refs & set(needs[tuned["bom-ref"]])
    assert tuned["modelCard"]["modelParameters"]["datasets"] == [
        {"type": "dataset", "name": "else/where"}, {"ref": data["bom-ref"]},
    ]  # fmt: skip
    assert data["bom-ref"] in needs[tuned["bom-ref"]]
    assert data["type"] == "data"
    assert data["data"] == [{"type": "dataset", "name": "datasets/plant/defects"}]
    assert data["purl"] == f"pkg:huggingface/plant/defects@{COMMIT}?type=dataset"
    assert data["components"][0]["type"] == "data"


def test_folders_and_ggufs_without_a_repository_are_models(judgements, of):
    plain = {"registry": "", "repository": "", "revision": ""}
    made = of(
        judgements.model_file("/srv/models/st/model.safetensors", **plain),
        judgements.model_file("/srv/models/st/1_Pooling/config.json", role="configuration", model_format="json", **plain),
        judgements.model_file("/srv/models/lm/a-00001-of-00002.gguf", model_format="gguf", **plain),
        judgements.model_file("/srv/models/lm/a-00002-of-00002.gguf", model_format="gguf", **plain),
        judgements.model_file("/srv/models/lm/b.gguf", model_format="gguf", parameters=None, **plain),
        judgements.model_file("/srv/models/alone/tokenizer.json", role="tokenizer", model_format="tokenizer", **plain),
    )  # fmt: skip
    found = {one["name"]: one for one in made["components"]}
    assert {name: len(one["components"]) for name, one in found.items()} == {
        "st": 2, "a.gguf": 2, "b.gguf": 1, "alone": 1,
    }  # fmt: skip
    assert [one["name"] for one in found["st"]["components"]] == [
        "1_Pooling/config.json", "model.safetensors",
    ]  # fmt: skip
    assert facts(found["a.gguf"])["parameters"] == [str(2 * 8_190_735_360)]
    assert "parameters" not in facts(found["b.gguf"])
    assert (found["alone"]["type"], found["alone"]["data"][0]["type"]) == ("data", "configuration")


def test_quantisations_of_one_repository_are_not_added_up(judgements, of):
    made = of(
        judgements.model_file("/srv/models/g/q4.gguf", model_format="gguf", quantization="Q4_K_M"),
        judgements.model_file("/srv/models/g/q8.gguf", model_format="gguf", quantization="Q8_0"),
    )
    (model,) = made["components"]
    assert "parameters" not in facts(model)
    assert facts(model)["quantization"] == ["Q4_K_M", "Q8_0"]


def test_several_licences_stand_beside_one_another_and_at_their_files(judgements, of):
    for version in RENDERERS:
        made = of(
            judgements.model_file("/srv/models/q/a.safetensors", license="mit OR apache-2.0"),
            judgements.model_file("/srv/models/q/b.safetensors", license="llama3.1"),
            version=version,
        )
        (model,) = made["components"]
        assert [one["license"]["name"] for one in model["licenses"]] == [
            "llama3.1", "MIT OR Apache-2.0",
        ]  # fmt: skip
        assert model["components"][0]["licenses"] == [
            {"expression": "MIT OR Apache-2.0", "acknowledgement": "declared"}
        ]


def test_anomalies_stand_at_their_model_or_at_the_whole(judgements, of):
    made = of(
        judgements.model_file("/srv/models/q/a.safetensors", links=("/srv/models/latest",)),
        judgements.anomaly("/srv/models/q/deep/run.py", "script", "a script"),
        judgements.anomaly("/srv/models/latest", "reference-mutable", "it moves"),
        judgements.anomaly("/srv/models/token", "credential", "a token"),
    )
    (model,) = made["components"]
    assert facts(model)["anomaly"] == [
        "reference-mutable: /srv/models/latest: it moves",
        "script: /srv/models/q/deep/run.py: a script",
    ]
    assert facts(made["metadata"])["anomaly"] == ["credential: /srv/models/token: a token"]


@pytest.mark.parametrize(
    ("kind", "path", "expected"),
    [
        ("blob-missing", "/srv/models/q/model-2.safetensors", "incomplete"),
        ("index-mismatch", "/srv/models/q/model.safetensors.index.json", "incomplete"),
        ("script", "/srv/models/q/modeling.py", "incomplete"),
        ("remote-code-declared", "/srv/models/q/config.json", "incomplete"),
        ("link-escaping", "/srv/models/elsewhere", "incomplete"),
        ("blob-missing", "/srv/models/blobs/sha256-a", "incomplete"),
        ("writable", "/srv/models/q", "complete"),
        ("reference-mutable", "/srv/models/refs/main", "complete"),
        ("blob-orphan", "/srv/models/q/x", "complete"),
    ],
)
def test_a_part_that_is_missing_or_not_listed_leaves_nothing_complete(
    judgements, of, kind, path, expected
):
    made = of(
        judgements.model_file("/srv/models/q/a.safetensors"),
        judgements.anomaly(path, kind, "it is so"),
    )
    found = aggregates(made)
    assert found[made["components"][0]["bom-ref"]] == expected
    assert found[made["metadata"]["component"]["bom-ref"]] == expected


def test_an_anomaly_in_a_folder_of_several_models_is_none_of_one_alone(judgements, of):
    plain = {"registry": "", "repository": "", "revision": "", "model_format": "gguf"}
    made = of(
        judgements.model_file("/srv/models/lm/a.gguf", **plain),
        judgements.model_file("/srv/models/lm/b.gguf", **plain),
        judgements.anomaly("/srv/models/lm/run.py", "script", "a script"),
        judgements.anomaly("/srv/models/lm/b.gguf", "writable", "by everyone"),
    )
    assert facts(made["metadata"])["anomaly"] == ["script: /srv/models/lm/run.py: a script"]
    assert ["anomaly" in facts(one) for one in made["components"]] == [False, True]
    assert set(aggregates(made).values()) == {"incomplete"}


def test_a_blob_is_a_file_of_every_revision_that_leads_to_it(judgements, of):
    cache = "/srv/models/models--Qwen--Qwen3-8B"
    old = "1" * 40
    made = of(
        judgements.model_file(
            f"{cache}/blobs/{'a' * 64}",
            links=(f"{cache}/snapshots/{COMMIT}/model.safetensors", f"{cache}/snapshots/{old}/weights.safetensors"),
        ),
        judgements.model_file(f"{cache}/blobs/{'b' * 40}", role="configuration", links=(f"{cache}/snapshots/{COMMIT}/config.json",)),
        judgements.model_file(f"{cache}/blobs/{'c' * 40}", role="configuration", revision=old, license="mit", links=(f"{cache}/snapshots/{old}/config.json",)),
    )  # fmt: skip
    found = {one["version"]: one for one in made["components"]}
    assert [one["name"] for one in found[COMMIT]["components"]] == [
        "model.safetensors",
        "config.json",
    ]
    assert [one["name"] for one in found[old]["components"]] == [
        "weights.safetensors",
        "config.json",
    ]
    assert found[old]["type"] == "machine-learning-model"
    assert found[old]["licenses"][0]["license"]["id"] == "MIT", "the card of its own commit"
    assert found[COMMIT]["licenses"][0]["license"]["id"] == "Apache-2.0"


def test_every_gap_is_told(judgements, of):
    made = of(judgements.model_file("/srv/models/q/a.safetensors"), gaps=(GAP, OTHER))
    assert facts(made["metadata"])["gap"] == ["model_file: denied: /srv/models/x: no"]


def test_hostile_text_breaks_nothing_and_is_printed_harmlessly(judgements, of):
    for text in (*judgements.HOSTILE[:-1], "a" * 5_000, "../..", "//", ", , "):
        made = of(
            judgements.model_file(
                f"/srv/models/{text}/x", license=text, base_model=text, datasets=(text,),
                architecture=text, repository=text, revision=text, name=text, links=(text,),
                digests=(f"sha256:{text}", text),
            ),
            judgements.model_file(text, store=text, registry="", repository=""),
        )  # fmt: skip
        assert len(made["components"]) == 2
        assert [text] in [facts(one).get("revision") for one in made["components"]]
    page = cyclonedx.render(
        judgements.of_models((judgements.model_file(f"/srv/{text}\u202e\x1b\x9b"),), "en")
    )
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e]", page.decode())
    judgement = judgements.hostile("zero\u200bwidth")
    VALIDATORS["1.6"].is_valid(json.loads(cyclonedx.render(judgement)))
