"""Checkpoints as PyTorch and safetensors write them: layers, number types, optimizers."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

import torch
from safetensors.torch import save_file
from torch import nn

from scripts.benign import Corpus

_LAYERS = {
    "linear": lambda: nn.Linear(8, 4), "bilinear": lambda: nn.Bilinear(3, 4, 5),
    "conv1d": lambda: nn.Conv1d(2, 3, 3), "conv2d": lambda: nn.Conv2d(3, 4, 3, groups=1),
    "conv3d": lambda: nn.Conv3d(1, 2, 3), "deconv2d": lambda: nn.ConvTranspose2d(2, 3, 3),
    "batch_norm": lambda: nn.BatchNorm2d(6), "layer_norm": lambda: nn.LayerNorm(8),
    "group_norm": lambda: nn.GroupNorm(2, 4), "rms_norm": lambda: nn.RMSNorm(8),
    "instance_norm": lambda: nn.InstanceNorm1d(3, affine=True, track_running_stats=True),
    "lstm": lambda: nn.LSTM(4, 5, 2, bidirectional=True), "gru": lambda: nn.GRU(4, 5),
    "rnn": lambda: nn.RNN(3, 4), "embedding": lambda: nn.Embedding(30, 6),
    "embedding_bag": lambda: nn.EmbeddingBag(10, 3), "prelu": lambda: nn.PReLU(4),
    "attention": lambda: nn.MultiheadAttention(8, 2),
    "encoder": lambda: nn.TransformerEncoderLayer(8, 2, 16),
    "decoder": lambda: nn.TransformerDecoderLayer(8, 2, 16),
    "sequential": lambda: nn.Sequential(nn.Linear(4, 4), nn.ReLU(), nn.Linear(4, 2)),
}  # fmt: skip
_FLOATS = (torch.float32, torch.bfloat16, torch.float16, torch.float64)
_DTYPES = (
    "bool uint8 uint16 uint32 uint64 int8 int16 int32 int64 float16 bfloat16 float32 float64 "
    "complex32 complex64 complex128 float8_e4m3fn float8_e5m2 float8_e4m3fnuz float8_e5m2fnuz "
    "float8_e8m0fnu"
).split()
_OPTIMIZERS = "SGD Adam AdamW NAdam RAdam Adamax RMSprop Adagrad Adadelta ASGD Rprop LBFGS".split()
_SCHEDULERS = {
    "step": lambda o: torch.optim.lr_scheduler.StepLR(o, 3),
    "cosine": lambda o: torch.optim.lr_scheduler.CosineAnnealingLR(o, 5),
    "plateau": torch.optim.lr_scheduler.ReduceLROnPlateau,
}


def write(corpus: Corpus) -> None:
    """Write each layer's weights in four number types, zipped and in the old way."""
    for name, make in _LAYERS.items():
        for dtype in _FLOATS:
            _layer(corpus, f"{name}.{_short(dtype)}", make().to(dtype))
    for name, value in _values():
        _both(corpus, f"torch/value_{name}", value)
    for dtype in _DTYPES:
        _both(corpus, f"torch/dtype_{dtype}", {"x": torch.zeros(3, 4).to(getattr(torch, dtype))})
    _training(corpus)


def _short(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")


def _layer(corpus: Corpus, name: str, layer: nn.Module) -> None:
    state = layer.state_dict()
    count = sum(value.numel() for value in state.values())
    corpus.add(f"torch/{name}.pt", lambda path: torch.save(state, path), "pytorch",
               parameters=count, tensors=len(state))  # fmt: skip
    corpus.add(f"torch/{name}.safetensors", lambda path: save_file(state, path, {"format": "pt"}),
               "safetensors", parameters=count, tensors=len(state))  # fmt: skip
    if "float32" in name or "bfloat16" in name:
        corpus.add(f"torch/{name}.bin", lambda path: _old(state, path), "pytorch_legacy",
                   parameters=count)  # fmt: skip


def _both(corpus: Corpus, path: str, value: object, verdict: str = "data", why: str = "") -> None:
    corpus.add(f"{path}.pt", lambda path: torch.save(value, path), "pytorch", verdict, why=why)
    corpus.add(f"{path}.old.pt", lambda path: _old(value, path), "pytorch_legacy", verdict, why=why)


def _old(value: object, path: str) -> None:
    torch.save(value, path, _use_new_zipfile_serialization=False)


def _values() -> Iterator[tuple[str, object]]:
    base = torch.arange(24, dtype=torch.float32).reshape(4, 6)
    yield "tensor", base
    yield "view", base[1:3, ::2]
    yield "shared", {"a": base, "b": base.t(), "c": base[0]}
    yield "scalar", torch.tensor(3.5)
    yield "empty", torch.zeros(0, 5)
    yield "parameter", nn.Parameter(base.clone())
    yield "parameters", [nn.Parameter(torch.ones(2)) for _ in range(3)]
    yield "buffer", nn.Buffer(torch.ones(3))
    yield "channels_last", torch.ones(1, 2, 3, 4).to(memory_format=torch.channels_last)
    yield "conjugate", torch.ones(3, dtype=torch.complex64).conj()
    yield "quantized", torch.quantize_per_tensor(base, 0.1, 2, torch.quint8)
    yield (
        "per_channel",
        torch.quantize_per_channel(
            base, torch.ones(4), torch.zeros(4, dtype=torch.int64), 0, torch.qint8
        ),
    )
    yield "meta", torch.empty(3, 4, device="meta")
    yield "size", base.size()
    yield "device", torch.device("cpu")
    yield "dtypes", [torch.float32, torch.bfloat16, torch.int8]
    yield "generator_state", torch.get_rng_state()
    yield "many", {f"layer.{n}.weight": torch.ones(2, 2) for n in range(400)}
    yield "storage", base.untyped_storage()


def _training(corpus: Corpus) -> None:
    for name in _OPTIMIZERS:
        model = nn.Linear(4, 2)
        optimizer = getattr(torch.optim, name)(model.parameters(), lr=0.01)

        def closure(m: nn.Module = model, o: torch.optim.Optimizer = optimizer) -> torch.Tensor:
            o.zero_grad()
            loss = m(torch.ones(3, 4)).pow(2).sum()
            loss.backward()
            return loss

        optimizer.step(closure)
        state = {
            "model": model.state_dict(), "optimizer": optimizer.state_dict(), "epoch": 3,
            "args": argparse.Namespace(lr=0.01, out="runs"), "rng": torch.get_rng_state(),
        }  # fmt: skip
        _both(corpus, f"torch/train_{name}", state)
        _both(corpus, f"torch/optimizer_{name}", optimizer.state_dict())
    for name, make in _SCHEDULERS.items():
        optimizer = torch.optim.SGD(nn.Linear(2, 2).parameters(), lr=0.1)
        _both(corpus, f"torch/scheduler_{name}", make(optimizer).state_dict())
    base = torch.arange(24, dtype=torch.float32).reshape(4, 6)
    _both(corpus, "torch/value_sparse", base.to_sparse(), "framework")
    _both(corpus, "torch/value_csr", base.to_sparse_csr(), "framework")
    nested = torch.nested.nested_tensor([torch.ones(2), torch.ones(3)])
    _both(corpus, "torch/value_nested", nested, "framework")
    why = "a whole module: its class is imported and its code runs at every use"
    for name in ("linear", "sequential", "lstm", "encoder", "conv2d", "batch_norm"):
        _both(corpus, f"torch/module_{name}", _LAYERS[name](), "unlisted", why)
