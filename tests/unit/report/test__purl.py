"""Package URLs: of what came from Hugging Face, and of nothing else."""

from __future__ import annotations

import pytest

from auditor.report._purl import purl

COMMIT = "797174552AE47F449AB70B684CABCB6603E5E85E"


# The first four are of purl-spec's own tests (tests/types/huggingface-test.json).
@pytest.mark.parametrize(
    ("repository", "revision", "expected"),
    [
        ("EleutherAI/gpt-neo-1.3B", COMMIT, f"pkg:huggingface/EleutherAI/gpt-neo-1.3B@{COMMIT.lower()}"),
        ("LumiOpen/Poro-34B", "100B", "pkg:huggingface/LumiOpen/Poro-34B@100B"),
        ("datasets/bigcode/the-stack", "v1.1", "pkg:huggingface/bigcode/the-stack@v1.1?type=dataset"),
        ("spaces/black-forest-labs/FLUX.1-Kontext-Dev", "", "pkg:huggingface/black-forest-labs/FLUX.1-Kontext-Dev?type=space"),
        ("org/name", "refs/pr/1 ?#@", "pkg:huggingface/org/name@refs%2Fpr%2F1%20%3F%23%40"),
        ("gpt2", COMMIT, ""),
        ("org/name/more", COMMIT, ""),
        ("org/na me", COMMIT, ""),
        ("org/näme", COMMIT, ""),
        ("", COMMIT, ""),
    ],
)  # fmt: skip
def test_package_urls(repository, revision, expected):
    assert purl("huggingface.co", repository, revision) == expected


@pytest.mark.parametrize(
    "registry", ["", "modelscope.cn", "registry.ollama.ai", "hf.co.evil.example"]
)
def test_another_registry_has_none(registry):
    assert purl(registry, "Qwen/Qwen3-8B", COMMIT) == ""
