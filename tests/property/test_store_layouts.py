"""Whatever stands in a store's documents: every layout ends, breaks nothing off, and can be kept."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.evidence.paths import recordable
from auditor.stores import Judged, Odd, Told, look
from tests.unit.stores.conftest import Memory

NAMES = (
    "config.json", "tokenizer_config.json", "modules.json", "adapter_config.json",
    "model_index.json", "README.md", "LICENSE", "MLmodel", "model.yaml", "w.dvc", "dvc.lock",
    "config.pbtxt", "model.safetensors.index.json", "chat_template.jinja", ".mv", "refs/main",
    "manifests/registry.ollama.ai/library/m/latest", "blobs/sha256-" + "a" * 64,
    ".cache/huggingface/download/w.metadata", "q-00001-of-00003.gguf", "pyvenv.cfg",
)  # fmt: skip
FIELDS = (
    "architectures", "auto_map", "weight_map", "metadata", "total_size", "quantization_config",
    "layers", "config", "digest", "size", "mediaType", "chat_template", "type", "unet",
    "_class_name", "outs", "path", "stages", "flavors", "python_function", "loader_module", "code",
    "license", "base_model", "datasets", "_name_or_path", "text_config", "custom_pipelines",
)  # fmt: skip
WORDS = st.one_of(
    st.sampled_from(
        ("../x", "/etc/passwd", "w", "sha256:" + "a" * 64, "\ud800", "application/vnd.ollama.x",
         "{{ ''.__class__ }}", "a" * 5000, "a\n\x1b[31m", "")
    ),
    st.text(max_size=20),
)  # fmt: skip
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), WORDS),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(st.one_of(st.sampled_from(FIELDS), st.text(max_size=5)), inner, max_size=5),
    ),
    max_leaves=12,
)
DOCUMENTS = st.one_of(
    st.binary(max_size=200),
    VALUES.map(lambda value: json.dumps(value).encode()),
    VALUES.map(lambda value: b"---\n" + json.dumps(value).encode() + b"\n---\n"),
)
LINKS = st.sampled_from(("w", "../x", "/etc/passwd", "gone", "blobs/sha256-" + "a" * 64)).map(Path)
FOLDERS = st.sampled_from(("", "m/", "models--a--b/", "models--a--b/snapshots/" + "c" * 40 + "/"))


@settings(max_examples=300, deadline=None)
@given(
    st.dictionaries(
        st.tuples(FOLDERS, st.sampled_from((*NAMES, "w", "x.py"))).map("".join),
        st.one_of(DOCUMENTS, LINKS),
        max_size=8,
    )
)
def test_layouts_end_and_what_they_find_can_be_kept(files):
    folders = {path.rpartition("/")[0] for path in files}
    kept = {path: data for path, data in files.items() if path not in folders}
    for found in look(Memory(kept)):
        assert isinstance(found, Odd | Told | Judged) or found.path
        if isinstance(found, Odd):
            assert len(found.detail) <= 300
            msgspec.json.encode([recordable(found.path), recordable(found.detail)])
        elif isinstance(found, Told):
            msgspec.json.encode(found.facts)
        elif isinstance(found, Judged):
            msgspec.json.encode(found.inspection)
