"""Knows where models and data of AI software lie by default, and which variables move them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from msgspec import Struct

from auditor.evidence.site import StorePurpose

DiscoveredBy = Literal["well-known", "option", "site", "service"]
_Place = tuple[str, str, StorePurpose]


class Place(Struct, frozen=True, kw_only=True):
    """A folder that may hold a store: `asked` as it is named, links not yet followed.

    `uncertain`: nobody names it, it is only where a container's program would keep its models.
    """

    asked: str
    tool: str
    holds: StorePurpose
    discovered_by: DiscoveredBy
    uncertain: bool = False


# Below a home folder. First those that a project's documentation or source names: HF_HOME,
# OLLAMA_MODELS, TORCH_HOME, MODELSCOPE_CACHE, lmstudio.ai/docs, docs.bentoml.com, keras.io.
_TOLD_IN_HOME: tuple[_Place, ...] = (
    (".cache/huggingface/hub", "huggingface", "models"),
    (".cache/huggingface/datasets", "huggingface", "datasets"),
    (".cache/huggingface/modules", "huggingface-modules", "models"),
    (".cache/huggingface/assets", "huggingface", "other"),
    (".ollama/models", "ollama", "models"),
    (".cache/torch/hub", "torch", "models"),
    (".cache/torch/sentence_transformers", "sentence-transformers", "models"),
    (".cache/modelscope", "modelscope", "models"),
    (".lmstudio/models", "lm-studio", "models"),
    (".cache/lm-studio/models", "lm-studio", "models"),
    (".cache/llama.cpp", "llama.cpp", "models"),
    ("bentoml", "bentoml", "models"),
    (".keras/models", "keras", "models"),
    (".keras/datasets", "keras", "datasets"),
    (".cache/whisper", "whisper", "models"),
    (".cache/vllm", "vllm", "models"),
    (".cache/mlc_llm", "mlc", "models"),
)
# From memory: a wrong one is a place where nothing lies.
_REMEMBERED_IN_HOME: tuple[_Place, ...] = (
    (".local/share/nomic.ai", "gpt4all", "models"),
    (".cache/gpt4all", "gpt4all", "models"),
    (".cache/nemo", "nemo", "models"),
    (".cache/torch/NeMo", "nemo", "models"),
    (".paddlenlp", "paddle", "models"),
    (".paddlex", "paddle", "models"),
    (".paddleocr", "paddle", "models"),
    (".paddleclas", "paddle", "models"),
    (".cache/paddle", "paddle", "models"),
    (".mscache", "mindspore", "models"),
    (".cache/openmind", "ascend", "models"),
    (".cache/sglang", "sglang", "models"),
    (".cache/nim", "nim", "models"),
    (".cache/clip", "torch", "models"),
    (".cache/fairseq2", "torch", "models"),
    (".cache/suno", "torch", "models"),
    (".cache/kagglehub", "kaggle", "models"),
    (".cache/openvino", "openvino", "models"),
    (".insightface/models", "insightface", "models"),
    (".deepface/weights", "deepface", "models"),
    (".EasyOCR/model", "easyocr", "models"),
    (".flair", "flair", "models"),
    (".cache/spacy", "spacy", "models"),
    ("nltk_data", "nltk", "datasets"),
    ("stanza_resources", "stanza", "models"),
    ("tensorflow_datasets", "tensorflow", "datasets"),
    ("scikit_learn_data", "scikit-learn", "datasets"),
    ("jan/models", "jan", "models"),
    (".config/Jan/data/models", "jan", "models"),
    (".local/share/Jan/data", "jan", "models"),
    ("text-generation-webui/models", "text-generation-webui", "models"),
    ("text-generation-webui/user_data/models", "text-generation-webui", "models"),
    ("koboldcpp", "koboldcpp", "models"),
    ("ComfyUI/models", "comfyui", "models"),
    ("stable-diffusion-webui/models", "automatic1111", "models"),
    ("stable-diffusion-webui-forge/models", "automatic1111", "models"),
    ("invokeai/models", "invokeai", "models"),
    (".localai/models", "localai", "models"),
    ("mlruns", "mlflow", "checkpoints"),
    ("mlartifacts", "mlflow", "checkpoints"),
    (".local/share/open-webui", "open-webui", "vectors"),
    (".chroma", "chroma", "vectors"),
    (".cache/chroma/onnx_models", "chroma", "models"),
    ("qdrant_storage", "qdrant", "vectors"),
    (".lancedb", "lancedb", "vectors"),
)
IN_HOME = (*_TOLD_IN_HOME, *_REMEMBERED_IN_HOME)
# Documented: Ollama's Linux service, NIM, Triton's image, KServe (`/mnt/models`), TGI and SGLang
# images (`/data`), Qdrant's and Milvus's packages. The others are customs of administrators.
ON_SYSTEM: tuple[_Place, ...] = (
    ("/usr/share/ollama/.ollama/models", "ollama", "models"),
    ("/var/lib/ollama", "ollama", "models"),
    ("/models", "folder", "models"),
    ("/srv/models", "folder", "models"),
    ("/data/models", "folder", "models"),
    ("/opt/models", "folder", "models"),
    ("/mnt/models", "folder", "models"),
    ("/model_repository", "triton", "models"),
    ("/srv/model_repository", "triton", "models"),
    ("/opt/model_repository", "triton", "models"),
    ("/var/lib/models", "folder", "models"),
    ("/usr/local/share/models", "folder", "models"),
    ("/opt/nim", "nim", "models"),
    ("/opt/tritonserver/models", "triton", "models"),
    ("/opt/ComfyUI/models", "comfyui", "models"),
    ("/opt/text-generation-webui/models", "text-generation-webui", "models"),
    ("/var/lib/vllm", "vllm", "models"),
    ("/var/lib/sglang", "sglang", "models"),
    ("/var/lib/tgi", "tgi", "models"),
    ("/var/lib/triton", "triton", "models"),
    ("/var/lib/localai", "localai", "models"),
    ("/var/lib/mlflow", "mlflow", "checkpoints"),
    ("/srv/mlflow", "mlflow", "checkpoints"),
    ("/opt/mlflow", "mlflow", "checkpoints"),
    ("/var/lib/open-webui", "open-webui", "vectors"),
    ("/var/lib/qdrant", "qdrant", "vectors"),
    ("/var/lib/milvus", "milvus", "vectors"),
    ("/var/lib/weaviate", "weaviate", "vectors"),
    ("/var/lib/chroma", "chroma", "vectors"),
    ("/var/lib/lancedb", "lancedb", "vectors"),
    ("/srv/datasets", "folder", "datasets"),
    ("/data/datasets", "folder", "datasets"),
    ("/datasets", "folder", "datasets"),
)
_HF_HOME: tuple[_Place, ...] = (
    ("/hub", "huggingface", "models"),
    ("/datasets", "huggingface", "datasets"),
    ("/modules", "huggingface-modules", "models"),
)
# Variables that move a store, and what the store is called below the folder that they name.
BY_VARIABLE: dict[str, tuple[_Place, ...]] = {
    "HF_HOME": _HF_HOME,
    "HF_HUB_CACHE": (("", "huggingface", "models"),),
    "HUGGINGFACE_HUB_CACHE": (("", "huggingface", "models"),),
    "TRANSFORMERS_CACHE": (("", "huggingface", "models"),),
    "HF_DATASETS_CACHE": (("", "huggingface", "datasets"),),
    "HF_MODULES_CACHE": (("", "huggingface-modules", "models"),),
    "XDG_CACHE_HOME": (
        *((f"/huggingface{below}", tool, holds) for below, tool, holds in _HF_HOME),
        ("/torch/hub", "torch", "models"),
        ("/modelscope", "modelscope", "models"),
        ("/vllm", "vllm", "models"),
        ("/whisper", "whisper", "models"),
    ),
    "SENTENCE_TRANSFORMERS_HOME": (("", "sentence-transformers", "models"),),
    "OLLAMA_MODELS": (("", "ollama", "models"),),
    "MODELSCOPE_CACHE": (("", "modelscope", "models"),),
    "TORCH_HOME": (("/hub", "torch", "models"),),
    "KERAS_HOME": (("/models", "keras", "models"), ("/datasets", "keras", "datasets")),
    "LLAMA_CACHE": (("", "llama.cpp", "models"),),
    "NIM_CACHE_PATH": (("", "nim", "models"),),
    "BENTOML_HOME": (("", "bentoml", "models"),),
    "NEMO_CACHE_DIR": (("", "nemo", "models"),),
    "PPNLP_HOME": (("", "paddle", "models"),),
    "PADDLE_HOME": (("", "paddle", "models"),),
    "VLLM_CACHE_ROOT": (("", "vllm", "models"),),
    "MLC_LLM_HOME": (("", "mlc", "models"),),
    "KAGGLEHUB_CACHE": (("", "kaggle", "models"),),
    "MODELS_PATH": (("", "localai", "models"),),
    "LOCALAI_MODELS_PATH": (("", "localai", "models"),),
    "MLFLOW_ARTIFACT_ROOT": (("", "mlflow", "checkpoints"),),
    "QDRANT__STORAGE__STORAGE_PATH": (("", "qdrant", "vectors"),),
    "PERSIST_DIRECTORY": (("", "chroma", "vectors"),),
    "CHROMA_PERSIST_DIRECTORY": (("", "chroma", "vectors"),),
    "PERSISTENCE_DATA_PATH": (("", "weaviate", "vectors"),),
    "DATA_DIR": (
        ("/vector_db", "chroma", "vectors"),
        ("/cache/embedding/models", "open-webui", "models"),
        ("/cache/whisper/models", "whisper", "models"),
    ),
}


def well_known(homes: tuple[str, ...]) -> Iterator[Place]:
    """Yield the default places, of the system and of every home folder."""
    for path, tool, holds in ON_SYSTEM:
        yield Place(asked=path, tool=tool, holds=holds, discovered_by="well-known")
    for home in homes:
        yield from in_home(home)


def in_home(home: str, *, uncertain: bool = False) -> Iterator[Place]:
    """Yield the default places of a home folder."""
    by: DiscoveredBy = "service" if uncertain else "well-known"
    for path, tool, holds in IN_HOME:
        asked = f"{home.rstrip('/')}/{path}"
        yield Place(asked=asked, tool=tool, holds=holds, discovered_by=by, uncertain=uncertain)


def named_by(variable: str, folder: str) -> Iterator[Place]:
    """Yield the places that a variable moves below the folder that it names."""
    for below, tool, holds in BY_VARIABLE.get(variable, ()):
        asked = folder.rstrip("/") + below
        yield Place(asked=asked, tool=tool, holds=holds, discovered_by="service")
