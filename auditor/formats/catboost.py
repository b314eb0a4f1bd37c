"""Reads CatBoost's models: a flatbuffer of trees behind the mark CBM1."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from auditor.evidence.models import VerdictReason
from auditor.formats import (
    Context,
    FormatError,
    Inspection,
    ModelFormat,
    ModelHeader,
    Part,
    View,
)
from auditor.formats._flatbuffer import Table, root
from auditor.formats._pickle_file import looks_like

MAGIC = b"CBM1"
# catboost/libs/model/flatbuffers/model.fbs: TModelCore and its TKeyValue.
_FORMAT_VERSION, _TREES, _INFO, _PARTS = range(4)
_KNOWN = "FlabuffersModel_v1"
_TEXT = 200
_MOST_VALUE = 1 << 20
_MOST_KEYS = 1_000


def recognises(head: bytes, view: View) -> bool:
    """Return whether the mark is there, and the bytes are no pickle as well (`C` is an opcode)."""
    return head.startswith(MAGIC) and not looks_like(head, view)


def inspect(view: View, context: Context) -> Inspection:
    """Return what the model says; raises `FormatError`."""
    size = int.from_bytes(view.at(4, 4), "little")
    if 8 + size > view.size:
        raise FormatError("the file ends within the model", offset=view.size)
    core = root(Part(view, 8, size), context.budget)
    version = core.text(_FORMAT_VERSION)
    if version != _KNOWN:
        raise FormatError(f"the layout {version[:40]!a} is not known", "unsupported")
    info = dict(_pairs(core))
    return Inspection(
        model_format="catboost",
        header=ModelHeader(
            architecture=_loss(info.get("params", "")),
            producer="CatBoost",
        ),
        reasons=tuple(_around(view, core, 8 + size, context)),
    )


def _around(view: View, core: Table, end: int, context: Context) -> Iterator[VerdictReason]:
    # Parts of a model (texts, embeddings) follow it; without any nothing has to.
    if view.size > end and not core.vector(_PARTS, 4)[1]:
        detail = f"{view.size - end} bytes lie behind the model"
        yield context.reason("catboost-trailing-bytes", "malformed", detail, offset=end)


def _pairs(core: Table) -> Iterator[tuple[str, str]]:
    for number, pair in enumerate(core.tables(_INFO)):
        if number == _MOST_KEYS:
            return
        key = pair.text(0)
        yield key, pair.octets(1, _MOST_VALUE).decode("utf-8", "replace")


def _loss(parameters: str) -> str:
    """Return the loss function of the training's parameters, `` where they are not told."""
    try:
        found = msgspec.json.decode(parameters.encode(), type=_Parameters)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return ""
    return found.loss_function.type[:_TEXT]


class _Loss(msgspec.Struct, frozen=True):
    type: str = ""


class _Parameters(msgspec.Struct):
    loss_function: _Loss = _Loss()


FORMAT = ModelFormat(title="CatBoost", recognises=recognises, inspect=inspect, begins=MAGIC[:1])
