"""Programs that PyTorch writes: TorchScript and exported graphs."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import nn

from scripts.benign import Corpus


class Gate(nn.Module):
    """Takes one way or the other by its input."""

    def __init__(self) -> None:
        """Have two ways."""
        super().__init__()
        self.one = nn.Linear(4, 4)
        self.other = nn.Linear(4, 4)

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        """Return what either way gives."""
        if bool(values.sum() > 0):
            return self.one(values)
        return self.other(values)


_CODE = "TorchScript: classes of the file's own, and code that runs when it is loaded"
_MODELS = {
    "linear": (lambda: nn.Linear(4, 2), (2, 4)),
    "net": (lambda: nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU()), (1, 3, 8, 8)),
    "encoder": (lambda: nn.TransformerEncoderLayer(8, 2, 16), (5, 1, 8)),
    "lstm": (lambda: nn.LSTM(4, 3), (5, 1, 4)),
    "embedding": (lambda: nn.Sequential(nn.Linear(3, 3), nn.LayerNorm(3)), (2, 3)),
}


def write(corpus: Corpus) -> None:
    """Write each model traced, scripted and exported."""
    _script(corpus, "script_gate", lambda: torch.jit.script(Gate()))
    for name, (make, shape) in _MODELS.items():
        model = make().eval()
        values = torch.ones(shape)
        _script(corpus, f"traced_{name}", lambda m=model, v=values: torch.jit.trace(m, v))
        _script(corpus, f"scripted_{name}", lambda m=model: torch.jit.script(m))
        corpus.add(f"torch/exported_{name}.pt2",
                   lambda path, m=model, v=values: torch.export.save(_exported(m, v), path),
                   "pytorch")  # fmt: skip


def _script(corpus: Corpus, name: str, make: Callable[[], torch.jit.ScriptModule]) -> None:
    corpus.add(f"torch/{name}.pt", lambda path: torch.jit.save(make(), path), "pytorch",
               "unlisted", why=_CODE)  # fmt: skip


def _exported(model: nn.Module, values: torch.Tensor) -> torch.export.ExportedProgram:
    return torch.export.export(model, (values,))
