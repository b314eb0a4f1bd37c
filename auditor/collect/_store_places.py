"""Knows where models and data of AI software lie by default, and how a store is recognised."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from msgspec import Struct

from auditor.evidence.site import StorePurpose

DiscoveredBy = Literal["well-known", "option", "site", "service"]


class Place(Struct, frozen=True, kw_only=True):
    """A folder that may hold a store: `asked` as it is named, links not yet followed."""

    asked: str
    tool: str
    holds: StorePurpose
    discovered_by: DiscoveredBy


# Below a home folder.
IN_HOME: tuple[tuple[str, str, StorePurpose], ...] = (
    (".cache/huggingface/hub", "huggingface", "models"),
    (".cache/huggingface/datasets", "huggingface", "datasets"),
    (".ollama/models", "ollama", "models"),
    (".cache/torch/hub", "torch", "models"),
    (".cache/modelscope", "modelscope", "models"),
    (".lmstudio/models", "lm-studio", "models"),
    (".cache/lm-studio/models", "lm-studio", "models"),
    (".cache/llama.cpp", "llama.cpp", "models"),
    (".local/share/nomic.ai", "gpt4all", "models"),
)
ON_SYSTEM: tuple[tuple[str, str, StorePurpose], ...] = (
    ("/usr/share/ollama/.ollama/models", "ollama", "models"),
    ("/var/lib/ollama", "ollama", "models"),
    ("/models", "folder", "models"),
    ("/srv/models", "folder", "models"),
    ("/data/models", "folder", "models"),
    ("/opt/models", "folder", "models"),
    ("/mnt/models", "folder", "models"),
    ("/opt/nim", "nim", "models"),
    ("/opt/tritonserver/models", "triton", "models"),
    ("/var/lib/vllm", "vllm", "models"),
    ("/var/lib/triton", "triton", "models"),
    ("/var/lib/mlflow", "mlflow", "checkpoints"),
    ("/var/lib/qdrant", "qdrant", "vectors"),
    ("/var/lib/milvus", "milvus", "vectors"),
    ("/var/lib/weaviate", "weaviate", "vectors"),
    ("/var/lib/chroma", "chroma", "vectors"),
)
# Variables that move a store, and what the store is called below the folder that they name.
BY_VARIABLE: dict[str, tuple[str, str, StorePurpose]] = {
    "HF_HOME": ("/hub", "huggingface", "models"),
    "HF_HUB_CACHE": ("", "huggingface", "models"),
    "HUGGINGFACE_HUB_CACHE": ("", "huggingface", "models"),
    "TRANSFORMERS_CACHE": ("", "huggingface", "models"),
    "HF_DATASETS_CACHE": ("", "huggingface", "datasets"),
    "SENTENCE_TRANSFORMERS_HOME": ("", "huggingface", "models"),
    "OLLAMA_MODELS": ("", "ollama", "models"),
    "MODELSCOPE_CACHE": ("", "modelscope", "models"),
    "TORCH_HOME": ("/hub", "torch", "models"),
    "LLAMA_CACHE": ("", "llama.cpp", "models"),
    "NIM_CACHE_PATH": ("", "nim", "models"),
}


def well_known(homes: tuple[str, ...]) -> Iterator[Place]:
    """Yield the default places, of the system and of every home folder."""
    for path, tool, holds in ON_SYSTEM:
        yield Place(asked=path, tool=tool, holds=holds, discovered_by="well-known")
    for home in homes:
        for path, tool, holds in IN_HOME:
            asked = f"{home}/{path}"
            yield Place(asked=asked, tool=tool, holds=holds, discovered_by="well-known")


def layout(names: tuple[str, ...]) -> str:
    """Return the tool whose layout a folder has by the names in it, `folder` for none."""
    if any(name.startswith(("models--", "datasets--")) for name in names):
        return "huggingface"
    if {"blobs", "manifests"} <= set(names):
        return "ollama"
    return "folder"
