"""Writes the benign corpus: files of real libraries, and a manifest of what to say of each.

`python scripts/make_benign_corpus.py FOLDER [FAMILY…]`, by an interpreter that has what
requirements-corpus.in names (`make corpus`). The seeds are fixed.
"""

from __future__ import annotations

import importlib
import os
import sys
import warnings
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
# Nothing is fetched and nothing is told to anybody; Keras runs on PyTorch.
os.environ |= {
    "HF_ENDPOINT": "http://127.0.0.1:9", "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_DISABLE_XET": "1", "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "KERAS_BACKEND": "torch", "TOKENIZERS_PARALLELISM": "false", "OMP_NUM_THREADS": "1",
    "CUDA_VISIBLE_DEVICES": "",
}  # fmt: skip

from scripts.benign import Corpus

FAMILIES = {
    "python_data": (),
    "numpy_files": ("numpy",),
    "torch_files": ("torch", "safetensors"),
    "torch_programs": ("torch",),
    "sklearn_files": ("scikit-learn", "joblib", "skops"),
    "trees": ("xgboost", "lightgbm"),
    "graphs": ("onnx", "gguf"),
    "keras_files": ("keras", "h5py"),
    "hub_files": ("transformers", "tokenizers", "peft"),
    "frames": ("pandas", "pyarrow", "scipy"),
    "stores": ("huggingface_hub", "gguf"),
}
SEED = 20261127


def main() -> None:
    """Write every family that is asked for, all of them where none is."""
    warnings.simplefilter("ignore")
    folder = Path(sys.argv[1])
    corpus = Corpus(folder)
    distributions: list[str] = []
    for family in sys.argv[2:] or FAMILIES:
        seed()
        before = len(corpus.files)
        importlib.import_module(f"scripts.benign.{family}").write(corpus)
        distributions += FAMILIES[family]
        print(f"{family}: {len(corpus.files) - before} files", file=sys.stderr)
    corpus.finish(tuple(dict.fromkeys(distributions)))
    print(f"{len(corpus.files)} files, {len(corpus.left_out)} left out")


def seed() -> None:
    """Begin each family with the same numbers, whatever was written before it."""
    import numpy as np

    np.random.seed(SEED)  # noqa: NPY002 - what the libraries draw from where they are not told
    if "torch" in sys.modules:
        sys.modules["torch"].manual_seed(SEED)


if __name__ == "__main__":
    main()
