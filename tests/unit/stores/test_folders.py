"""Folders of models: what their configurations, indexes, cards and neighbours say."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from auditor import stores
from auditor.stores import (
    File,
    Folder,
    Judged,
    adapters,
    bentoml,
    chat_templates,
    code,
    credentials,
    downloads,
    dvc,
    entries,
    mlflow,
    model_card,
    modelscope,
    remote_code_cache,
    sentence_transformers,
    shards,
    transformers,
    triton,
    writable,
)

LISTED = {
    module.__name__.rpartition(".")[2]: module
    for module in (
        adapters, bentoml, chat_templates, code, credentials, downloads, dvc, entries, mlflow, model_card,
        modelscope, remote_code_cache, sentence_transformers, shards, transformers, triton,
        writable,
    )
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(LISTED))
def test_each_layout_is_found_by_listing(name):
    assert stores.load(name) is LISTED[name].LAYOUT
    assert stores.load(name).title


def test_every_layout_has_a_test_of_its_own():
    assert set(stores.names()) == {*LISTED, "huggingface", "huggingface_local", "ollama"}


CONFIG = {
    "architectures": ["QwenForCausalLM"],
    "max_position_embeddings": 4096,
    "transformers_version": "4.56.0",
    "_name_or_path": "Qwen/Base",
    "quantization_config": {"quant_method": "awq", "bits": 4},
}


def test_what_transformers_says_of_a_model(told, odd):
    facts = told({"m/config.json": json.dumps(CONFIG)})["m"]
    assert (facts.architecture, facts.context_length) == ("QwenForCausalLM", 4096)
    assert (facts.producer, facts.base_model) == ("transformers 4.56.0", "Qwen/Base")
    assert facts.quantization == "awq 4 bit"
    assert odd({"m/config.json": json.dumps(CONFIG)}) == set()


@pytest.mark.parametrize(
    ("config", "quantization"),
    [
        ({"quant_method": "bitsandbytes", "load_in_4bit": True}, "bitsandbytes 4 bit"),
        ({"quant_method": "fp8"}, "fp8"),
        ({"load_in_8bit": True}, "bitsandbytes 8 bit"),
        ([], ""),
    ],
)
def test_quantisation_by_the_configuration(told, config, quantization):
    facts = told({"config.json": json.dumps({"quantization_config": config})})[""]
    assert facts.quantization == quantization


@pytest.mark.parametrize(
    ("name", "document"),
    [
        ("config.json", {"auto_map": {"AutoModel": "modeling_x.X"}}),
        ("config.json", {"auto_map": {"AutoModel": "org/repo--modeling_x.X"}}),
        ("config.json", {"auto_map": "modeling_x.X"}),
        ("config.json", {"auto_map": {"AutoModel": 5}}),
        ("config.json", {"custom_pipelines": {"p": {"impl": "pipeline.P"}}}),
        ("tokenizer_config.json", {"auto_map": {"AutoTokenizer": [None, "tok.T"]}}),
        ("preprocessor_config.json", {"auto_map": {"AutoProcessor": "p.P"}}),
        ("modules.json", [{"type": "sentence_transformers.models.Pooling"}, {"type": "os.x"}]),
        ("modules.json", [{"type": 5}]),
        ("adapter_config.json", {"auto_mapping": {"parent_library": "modeling_evil"}}),
        ("model_index.json", {"_class_name": ["pipeline", "Mine"]}),
    ],
)
def test_code_that_a_configuration_asks_to_run(odd, told, name, document):
    files = {f"m/{name}": json.dumps(document), "m/config.json": "{}"}
    files[f"m/{name}"] = json.dumps(document)
    assert ("remote-code-declared", f"m/{name}") in odd(files)
    assert told(files)["m"].remote_code


def test_a_pipeline_with_code_beside_it(odd):
    index = {"_class_name": "P", "unet": ["my_unet", "Unet"], "vae": ["diffusers", "Vae"]}
    files = {"model_index.json": json.dumps(index), "unet/my_unet.py": "x", "vae/config.json": "{}"}
    assert ("remote-code-declared", "model_index.json") in odd(files)
    del files["unet/my_unet.py"]
    assert odd(files) == set()


def test_not_a_number_is_read_as_python_reads_it(odd):
    config = '{"a": NaN, "auto_map": {}, "auto_map": {"AutoModel": "x.X"}}'
    assert odd({"config.json": config}) == {("remote-code-declared", "config.json")}


def test_an_adapter_is_one_and_names_its_base(told):
    config = json.dumps({"base_model_name_or_path": "Qwen/Base", "peft_type": "LORA"})
    facts = told({"adapter_config.json": config, "adapter_model.safetensors": "x"})
    assert (facts[""].base_model, facts[""].architecture) == ("Qwen/Base", "LORA")
    assert facts["adapter_model.safetensors"].role == "adapter"


CARD = """---
license: other
license_name: mine
base_model:
- a/b
datasets: [d/e, c]
library_name: transformers
---
# Title
"""


def test_what_a_card_says(told):
    facts = told({"README.md": CARD})[""]
    assert (facts.license, facts.base_model, facts.producer) == ("mine", "a/b", "transformers")
    assert facts.datasets == ("c", "d/e")


@pytest.mark.parametrize(
    ("card", "anomalies"),
    [
        ("# only a title", set()),
        ("---\n# no end", set()),
        ("---\na: [\n---\n", {("configuration-malformed", "README.md")}),
        ("---\n- a\n---\n", {("configuration-malformed", "README.md")}),
        ("---\n" + "[" * 10_000 + "\n---\n", {("configuration-malformed", "README.md")}),
    ],
)
def test_cards_that_say_nothing_in_fields(odd, card, anomalies):
    assert odd({"README.md": card}) == anomalies


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("MIT License\n\nCopyright", "MIT"),
        ("   Apache License\n   Version 2.0, January 2004", "Apache-2.0"),
        ("LLAMA 3.1 COMMUNITY LICENSE AGREEMENT", "llama3.1"),
        ("Our own terms\nmore", "Our own terms"),
    ],
)
def test_licences_by_their_first_words(told, text, name):
    assert told({"LICENSE": text})[""].license == name


def index(**weights):
    return json.dumps({"metadata": {"total_size": 4}, "weight_map": weights})


@pytest.mark.parametrize(
    ("name", "files", "anomalies"),
    [
        ("sound", {"m.safetensors.index.json": index(w="a.safetensors"), "a.safetensors": "1234"},
         set()),
        ("a file is gone", {"m.safetensors.index.json": index(w="a.safetensors")},
         {("index-mismatch", "m.safetensors.index.json")}),
        ("too short", {"m.safetensors.index.json": index(w="a.safetensors"), "a.safetensors": "1"},
         {("index-mismatch", "m.safetensors.index.json")}),
        ("one too many", {"m.safetensors.index.json": index(w="a-00001-of-00002.safetensors"),
         "a-00001-of-00002.safetensors": "1234", "a-00002-of-00002.safetensors": "1234"},
         {("index-mismatch", "m.safetensors.index.json"),
          ("index-mismatch", "a-00002-of-00002.safetensors")}),
        ("leads out", {"pytorch_model.bin.index.json": index(w="../../x.bin")},
         {("external-escaping", "pytorch_model.bin.index.json")}),
        ("absolute", {"pytorch_model.bin.index.json": index(w="/etc/x.bin")},
         {("external-escaping", "pytorch_model.bin.index.json")}),
        ("names nothing", {"m.safetensors.index.json": "{}"},
         {("index-mismatch", "m.safetensors.index.json")}),
        ("no JSON", {"m.safetensors.index.json": "]"},
         {("configuration-malformed", "m.safetensors.index.json")}),
        ("a split lacks a part", {"q-00001-of-00003.gguf": "x", "q-00003-of-00003.gguf": "x"},
         {("index-mismatch", "q-00001-of-00003.gguf")}),
        ("a split is whole", {"q-00001-of-00002.gguf": "x", "q-00002-of-00002.gguf": "x"}, set()),
        ("counted from 0", {"d-00000-of-00002.arrow": "x", "d-00001-of-00002.arrow": "x"}, set()),
        ("99,999 promised", {"q-00001-of-99999.gguf": "x"},
         {("index-mismatch", "q-00001-of-99999.gguf")}),
    ],
)  # fmt: skip
def test_models_in_several_files(odd, name, files, anomalies):
    assert odd(files) == anomalies, name


@pytest.mark.parametrize(
    ("config", "code", "anomaly"),
    [
        ('backend: "python"', {"1/model.py": "x"}, True),
        ("backend : 'python'", {}, True),
        ('platform: "onnxruntime_onnx"', {"1/model.onnx": "x"}, False),
        ('# backend: "python"\nplatform: "x"', {}, False),
        ('name: "m"', {"1/model.py": "x"}, True),
        ('parameters: {key: "EXECUTION_ENV_PATH"}', {}, True),
    ],
)
def test_tritons_python_backend(odd, config, code, anomaly):
    files = {"m/config.pbtxt": config, **{f"m/{path}": text for path, text in code.items()}}
    assert (("remote-code-declared", "m/config.pbtxt") in odd(files)) is anomaly


MLMODEL = """
mlflow_version: 2.9.0
run_id: abc
flavors:
  python_function:
    loader_module: {loader}
    {more}
"""


@pytest.mark.parametrize(
    ("loader", "more", "anomalies"),
    [
        ("mlflow.sklearn", "env: conda.yaml", set()),
        ("mymodule", "env: x", {("remote-code-declared", "m/MLmodel")}),
        ("mlflow.pyfunc.model", "python_model: python_model.pkl",
         {("remote-code-declared", "m/MLmodel"), ("external-missing", "m/MLmodel")}),
        ("mlflow.sklearn", "code: code",
         {("remote-code-declared", "m/MLmodel"), ("external-missing", "m/MLmodel")}),
        ("mlflow.sklearn", "data: ../../x", {("external-escaping", "m/MLmodel")}),
        ("[", "a: b", {("configuration-malformed", "m/MLmodel")}),
    ],
)  # fmt: skip
def test_what_an_mlflow_model_loads(odd, loader, more, anomalies):
    assert odd({"m/MLmodel": MLMODEL.format(loader=loader, more=more)}) == anomalies


def test_what_mlflow_says_of_a_model(told):
    facts = told({"m/MLmodel": MLMODEL.format(loader="mlflow.sklearn", more="a: b")})["m"]
    assert (facts.producer, facts.revision) == ("mlflow 2.9.0", "abc")


@pytest.mark.parametrize(
    ("pointer", "files", "anomalies"),
    [
        ("outs:\n- {md5: abc, size: 1, path: w.dat}", {"w.dat": "x"}, set()),
        ("outs:\n- {md5: abc, size: 2, path: w.dat}", {"w.dat": "x"}, {("blob-size", "w.dat")}),
        ("outs:\n- {md5: abc, size: 2, path: w.dat}", {}, {("blob-missing", "w.dat")}),
        ("outs:\n- {md5: abc, path: ../w}", {}, {("external-escaping", "w.dat.dvc")}),
        ("outs:\n- {path: /etc/w}", {}, {("external-escaping", "w.dat.dvc")}),
        ("outs:\n- {}", {}, {("external-escaping", "w.dat.dvc")}),
        ("outs:\n- {md5: abc.dir, path: d}", {}, set()),
        ("outs: 5", {}, set()),
        ("]", {}, {("configuration-malformed", "w.dat.dvc")}),
    ],
)
def test_what_dvc_tracks(odd, pointer, files, anomalies):
    assert odd({"w.dat.dvc": pointer, **files}) == anomalies


def test_dvcs_lock_and_its_secrets(odd):
    lock = "stages:\n  train:\n    outs:\n    - {path: w.dat, md5: a, size: 1}\n"
    assert odd({"dvc.lock": lock, ".dvc/config.local": "x"}) == {
        ("blob-missing", "w.dat"), ("credential", ".dvc/config.local"),
    }  # fmt: skip


def test_what_bentoml_and_modelscope_say(told):
    files = {"models/iris/v1/model.yaml": "name: iris\nversion: v1\nmodule: bentoml.sklearn\n"}
    facts = told(files)["models/iris/v1"]
    assert (facts.name, facts.revision, facts.producer) == ("iris", "v1", "bentoml bentoml.sklearn")
    files = {"Qwen/Qwen2___5-7B/.mv": "Revision:master,CreatedAt:1", "Qwen/Qwen2___5-7B/.msc": "x"}
    facts = told(files)["Qwen/Qwen2___5-7B"]
    assert (facts.registry, facts.repository, facts.revision) == (
        "modelscope.cn", "Qwen/Qwen2.5-7B", "master",
    )  # fmt: skip


def test_code_that_was_imported_here(odd):
    files = {
        "transformers_modules/org/repo/abc/modeling_x.py": "x",
        "transformers_modules/org/__init__.py": "",
    }
    assert odd(files) == {("remote-code-cached", "transformers_modules/org/repo/abc")}


def test_scripts_and_native_code_by_name(odd):
    files = {"m/train.py": "x", "m/libx.so.1": "x", "m/config.txt": "x", "m/A.EXE": "x"}
    assert odd(files) == {
        ("script", "m/train.py"), ("native-code", "m/libx.so.1"), ("native-code", "m/A.EXE"),
    }  # fmt: skip
    assert odd({f"m/{n}.py": "x" for n in range(9)}) == {("script", "m")}
    environment = {"venv/pyvenv.cfg": "x", "venv/lib/a.py": "x", "venv/lib/b.so": "x"}
    assert odd(environment) == {("script", "venv")}


@pytest.mark.parametrize("name", ["token", ".env", "server.key", "my-service-account.json"])
def test_credentials_by_name(odd, name):
    assert odd({f"m/{name}": "secret"}) == {("credential", f"m/{name}")}


@pytest.mark.parametrize("name", ["tokenizer.json", "keys.txt", "environment.yml"])
def test_names_that_are_no_credentials(odd, name):
    assert odd({f"m/{name}": "{}"}) == set()


def test_downloads_that_are_not_finished(odd):
    assert odd({"m/w.gguf.part": "x"}) == {("download-unfinished", "m/w.gguf.part")}


def test_links_that_lead_out_or_nowhere(odd):
    files = {
        "out": Path("/data/x"), "gone": Path("nothing"), "python": Path("/usr/bin/python3"),
        "library": Path("/library/x"), "in": Path("w"), "w": "x",
    }  # fmt: skip
    assert odd(files) == {
        ("link-escaping", "out"), ("link-dangling", "gone"), ("link-escaping", "library"),
    }  # fmt: skip


ESCAPE = "{{ ''.__class__.__mro__[1].__subclasses__() }}"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("chat_template.jinja", ESCAPE),
        ("additional_chat_templates/tool.jinja", ESCAPE),
        ("tokenizer_config.json", json.dumps({"chat_template": ESCAPE})),
        ("tokenizer_config.json", json.dumps({"chat_template": [{"name": "a", "template": "x"},
         {"name": "b", "template": ESCAPE}]})),
        ("chat_template.json", json.dumps({"chat_template": ESCAPE})),
    ],
)  # fmt: skip
def test_a_template_that_leaves_its_sandbox_is_dangerous(found, name, text):
    (judged,) = (one for one in found({name: text}) if isinstance(one, Judged))
    assert (judged.path, judged.inspection.verdict) == (f"/store/{name}", "dangerous")


def test_a_template_in_a_cache_is_its_blobs(found, told):
    files = {"s/chat_template.jinja": Path("../blobs/t"), "blobs/t": "{{ messages[0].content }}"}
    (judged,) = (one for one in found(files) if isinstance(one, Judged))
    assert (judged.path, judged.inspection.verdict) == ("/store/blobs/t", "data")
    assert told(files)["s"].chat_template == judged.inspection.header.chat_template


@pytest.mark.parametrize("text", ["{", "[]", '{"chat_template": 5}', "{}"])
def test_configurations_without_a_template(found, text):
    assert not [o for o in found({"tokenizer_config.json": text}) if isinstance(o, Judged)]


def test_an_empty_lock_that_the_group_may_write_is_told_of_nobody():
    locks = (File("/store/a.lock", 0, 0o664), File("/store/b.lock", 3, 0o664))
    found = writable.LAYOUT.look(Folder(path="/store", mode=0o755, files=locks), None)
    assert [(one.path, one.detail) for one in found] == [
        ("/store/b.lock", "the group may write b.lock")
    ]
