"""Ollama's manifests against its blobs."""

from __future__ import annotations

import json

import pytest

from auditor.stores import Leads, load
from auditor.stores.ollama import LAYOUT, digest_named

TYPE = "application/vnd.ollama.image."
CONFIG = json.dumps({"model_family": "qwen2", "file_type": "Q4_K_M"})
LICENSE = "                 Apache License\n           Version 2.0, January 2004\n"
MODEL = "m" * 1000


def blob(letter):
    return "blobs/sha256-" + letter * 64


def layer(kind, letter, data):
    media = "application/vnd.docker.container.image.v1+json" if kind == "config" else TYPE + kind
    return {"mediaType": media, "digest": "sha256:" + letter * 64, "size": len(data)}


def manifest(*layers, config=None):
    return json.dumps(
        {"schemaVersion": 2, "config": config or layer("config", "c", CONFIG), "layers": layers}
    )


PATH = "manifests/registry.ollama.ai/library/qwen/0.5b"
GOOD = {
    PATH: manifest(layer("model", "a", MODEL), layer("license", "d", LICENSE)),
    blob("a"): MODEL,
    blob("c"): CONFIG,
    blob("d"): LICENSE,
}


def test_a_sound_store(odd, told, found):
    assert odd(GOOD) == set()
    facts = told(GOOD)[blob("a")]
    assert (facts.registry, facts.repository, facts.revision, facts.name) == (
        "registry.ollama.ai", "library/qwen", "0.5b", "qwen:0.5b",
    )  # fmt: skip
    assert (facts.architecture, facts.quantization, facts.license) == (
        "qwen2", "Q4_K_M", "Apache-2.0",
    )  # fmt: skip
    assert (facts.role, [one.path for one in found(GOOD) if isinstance(one, Leads)]) == (
        "weights",
        [f"/store/{PATH}"],
    )


def test_an_adapter_of_another_registry(told):
    path = "manifests/hf.co/org/lora/latest"
    files = {path: manifest(layer("adapter", "a", MODEL)), blob("a"): MODEL, blob("c"): CONFIG}
    facts = told(files)[blob("a")]
    assert (facts.registry, facts.repository, facts.role) == ("hf.co", "org/lora", "adapter")


@pytest.mark.parametrize(
    ("name", "files", "anomaly", "path"),
    [
        ("a blob is gone", {blob("a"): None}, "blob-missing", blob("a")),
        ("a blob is longer", {blob("a"): MODEL + "x"}, "blob-size", blob("a")),
        ("an orphan", {blob("e"): "x"}, "blob-orphan", blob("e")),
        ("unfinished", {blob("e") + "-partial-0": "x"}, "download-unfinished",
         blob("e") + "-partial-0"),
        ("no JSON", {PATH: "{"}, "configuration-malformed", PATH),
        ("no layers", {PATH: "{}"}, "configuration-malformed", PATH),
        ("layers of no form", {PATH: '{"layers": [5]}'}, "configuration-malformed", PATH),
        ("a digest that leads out", {PATH: manifest({"mediaType": TYPE + "model",
         "digest": "sha256:../../../etc/passwd", "size": 1})}, "configuration-malformed", PATH),
        ("no size", {PATH: manifest({"mediaType": TYPE + "model", "digest": "sha256:" + "a" * 64})},
         "configuration-malformed", PATH),
        ("nested deeply", {PATH: "[" * 100_000}, "configuration-malformed", PATH),
        ("elsewhere", {"manifests/x": "{}"}, "configuration-malformed", "manifests/x"),
        ("a cloud model", {blob("c"): json.dumps({"remote_host": "https://ollama.com",
         "remote_model": "big"})}, "cloud-model", PATH),
        ("keys in capitals", {blob("c"): json.dumps({"Remote_Host": "https://ollama.com"})},
         "cloud-model", PATH),
    ],
)  # fmt: skip
def test_what_is_not_as_the_store_says(odd, name, files, anomaly, path):
    changed = {path: data for path, data in {**GOOD, **files}.items() if data is not None}
    assert (anomaly, path) in odd(changed), name


def test_its_key_is_told_and_not_read(odd):
    assert odd(GOOD, {"/id_ed25519": 0o600}) == {("credential", "/id_ed25519")}


@pytest.mark.parametrize(
    ("path", "named"),
    [
        ("/m/blobs/sha256-" + "a" * 64, "sha256:" + "a" * 64),
        ("/m/blobs/sha256:" + "a" * 64, "sha256:" + "a" * 64),
        ("/m/blobs/sha256-" + "a" * 63, ""),
        ("/m/other/sha256-" + "a" * 64, ""),
    ],
)
def test_the_digests_that_blobs_are_named_by(path, named):
    assert digest_named(path) == named


def test_the_layout_is_listed():
    assert load("ollama") is LAYOUT
