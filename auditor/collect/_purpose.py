"""Says what an address in a variable is for, from the variable's name."""

from __future__ import annotations

import re
from typing import Literal

Purpose = Literal["api", "telemetry", "tracing", "model-hub", "storage", "repository", "unknown"]

# The first pattern that a name matches decides; names as the tools' documents spell them.
_SPELLED: tuple[tuple[str, Purpose], ...] = (
    (r"(SENTRY|.*_SENTRY)_DSN|.*USAGE_STATS.*|.*TELEMETRY.*|POSTHOG_.*", "telemetry"),
    (r"OTEL_.*|LANGSMITH_.*|LANGCHAIN_ENDPOINT|LANGFUSE_.*|WANDB_.*|.*TRACING.*", "tracing"),
    (r"MLFLOW_TRACKING_URI|PHOENIX_.*|COMET_URL.*|CLEARML_.*|JAEGER_.*|ZIPKIN_.*", "tracing"),
    (r"HF_.*|HUGGINGFACE.*|MODELSCOPE_.*|.*MODEL_HUB.*|OLLAMA_REGISTRY.*", "model-hub"),
    (r"AWS_ENDPOINT.*|S3_.*|.*_S3_ENDPOINT.*|MINIO_.*|AZURE_STORAGE.*|GCS_.*", "storage"),
    (r"PIP_.*|UV_.*|NPM_.*|CONDA_.*|GOPROXY|.*_INDEX_URL|.*REGISTRY.*|GIT_.*", "repository"),
    (r".*_API_(BASE|URL|HOST|ENDPOINT)|.*_BASE_URL|.*_API_BASE_URLS?|OPENAI_.*", "api"),
    (r"ANTHROPIC_.*|AZURE_OPENAI.*|OLLAMA_HOST|DASHSCOPE_.*|LITELLM_.*|VLLM_.*", "api"),
)
_PURPOSES = tuple((re.compile(pattern), purpose) for pattern, purpose in _SPELLED)
_PROXY = re.compile(r"(?:http|https|ftp|all|socks|pip|npm_config|npm_config_https)_proxy")
_MIRRORS = frozenset({
    "PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS", "UV_INDEX_URL", "UV_DEFAULT_INDEX",
    "UV_INDEX", "UV_EXTRA_INDEX_URL", "UV_FIND_LINKS", "UV_PYTHON_INSTALL_MIRROR",
    "CONDA_CHANNEL_ALIAS", "NPM_CONFIG_REGISTRY", "HF_ENDPOINT", "HF_MIRROR", "GOPROXY",
})  # fmt: skip


def purpose_of(name: str) -> Purpose:
    """Return what the address in a variable of this name is for, `unknown` where no rule fits."""
    upper = name.upper()
    return next((purpose for shape, purpose in _PURPOSES if shape.fullmatch(upper)), "unknown")


def is_proxy_or_mirror(name: str) -> bool:
    """Return whether the collectors of proxies and mirrors read this variable."""
    return _PROXY.fullmatch(name.lower()) is not None or name.upper() in _MIRRORS
