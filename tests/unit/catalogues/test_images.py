"""Image references: whose registry a name leads to."""

from __future__ import annotations

import pytest

from auditor.catalogues.images import parse

DIGEST = "sha256:" + "0" * 64


@pytest.mark.parametrize(
    ("reference", "parts"),
    [
        ("ubuntu", ("", "ubuntu", "", "")),
        ("vllm/vllm-openai:v1", ("", "vllm/vllm-openai", "v1", "")),
        ("docker.io/vllm/x", ("docker.io", "vllm/x", "", "")),
        ("localhost/x", ("localhost", "x", "", "")),
        ("registry:5000/x:1", ("registry:5000", "x", "1", "")),
        ("Registry/x", ("registry", "x", "", "")),
        ("10.0.0.1/x", ("10.0.0.1", "x", "", "")),
        ("[2001:db8::1]:5000/x", ("[2001:db8::1]:5000", "x", "", "")),
        (f"harbor.corp.example/a/b:1@{DIGEST}", ("harbor.corp.example", "a/b", "1", DIGEST)),
        ("corp.example.evil.example/x", ("corp.example.evil.example", "x", "", "")),
        ("x:5000", ("", "x", "5000", "")),
    ],
)
def test_registry_repository_tag_and_digest(reference, parts):
    image = parse(reference)
    assert (image.registry, image.repository, image.tag, image.digest) == parts


@pytest.mark.parametrize(
    "reference",
    ["", "{{ image }}", "$(IMAGE)", "a b", "UPPER", "x@sha256:00", "https://a.example/x", "x:" + "t" * 129,
     "harbor.corp.example@evil.example/x", "a" * 2000, "x:", "-x"],
)  # fmt: skip
def test_what_is_no_reference(reference):
    assert parse(reference) is None
