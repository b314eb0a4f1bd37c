"""Tells what the metadata and the tensor names of a safetensors file say of it."""

from __future__ import annotations

from collections.abc import Iterator

from auditor.evidence.models import Role
from auditor.formats import FormatError
from auditor.formats._json import parse, table

_TEXT = 200
_MOST_DATASETS = 50
# Parts of tensor names that only adapters have (peft, diffusers, kohya's sd-scripts, LyCORIS).
_ADAPTER = (
    b"lora_", b"hada_w1", b"lokr_w1", b"ia3_l", b"oft_r", b"prompt_embeddings", b"vera_lambda",
)  # fmt: skip
# Parts of tensor names that optimizers' states have (torch.optim).
_OPTIMIZER = (b"exp_avg", b"momentum_buffer", b'"optimizer.')
_WRITERS = {"pt": "PyTorch", "tf": "TensorFlow", "flax": "Flax", "mlx": "MLX", "np": "NumPy"}

Metadata = dict[str, str]


def role(header: bytes) -> Role:
    """Return what a file is for, by the names in its header."""
    if any(part in header for part in _ADAPTER):
        return "adapter"
    return "optimizer" if any(part in header for part in _OPTIMIZER) else "weights"


def architecture(metadata: Metadata) -> str:
    """Return the architecture (`modelspec.*` is the Stability AI model specification)."""
    return _said(metadata, "modelspec.architecture", "architecture", "ss_base_model_version")


def name(metadata: Metadata) -> str:
    """Return the model's own name."""
    return _said(metadata, "modelspec.title", "name", "ss_output_name")


def license_of(metadata: Metadata) -> str:
    """Return the licence."""
    return _said(metadata, "modelspec.license", "license")


def producer(metadata: Metadata) -> str:
    """Return what wrote the file: a training kit, else the framework."""
    kit = _said(metadata, "modelspec.implementation", "ss_network_module", "software")
    return kit or _WRITERS.get(metadata.get("format", ""), "")


def base_model(metadata: Metadata) -> str:
    """Return what a model was derived from."""
    return _said(
        metadata, "base_model", "base_model_name_or_path", "modelspec.merged_from",
        "ss_sd_model_name", "ss_base_model_version",
    )  # fmt: skip


def datasets(metadata: Metadata) -> tuple[str, ...]:
    """Return the folders that a training kit learned from, by name, sorted and bounded.

    sd-scripts writes them into every adapter (`ss_dataset_dirs`, `ss_datasets`): often nobody
    knows that they leave the house with it.
    """
    found = {*_folders(metadata), _said(metadata, "modelspec.dataset", "dataset", "datasets")}
    return tuple(sorted(found - {""}))[:_MOST_DATASETS]


def _folders(metadata: Metadata) -> Iterator[str]:
    yield from (key[:_TEXT] for key in table(_json(metadata.get("ss_dataset_dirs", ""))))
    listed = _json(metadata.get("ss_datasets", ""))
    for dataset in listed if isinstance(listed, list) else ():
        subsets = table(dataset).get("subsets")
        for subset in subsets if isinstance(subsets, list) else ():
            folder = table(subset).get("image_dir")
            if isinstance(folder, str):
                yield folder[:_TEXT]


def _json(text: str) -> object:
    if not text:
        return None
    try:
        return parse(text.encode("utf-8", "replace"), "metadata")
    except FormatError:
        # A fact that is not there, not a danger: the loader reads none of it.
        return None


def _said(metadata: Metadata, *names: str) -> str:
    return next((metadata[name][:_TEXT] for name in names if metadata.get(name)), "")
