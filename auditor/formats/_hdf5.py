"""Inspects HDF5 files wherever they begin: Keras' facts, and whatever leads out of the file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import msgspec

from auditor.evidence.models import Role, VerdictReason
from auditor.formats import (
    Context,
    FormatError,
    Inspection,
    ModelHeader,
    Part,
    View,
    by_share,
)
from auditor.formats._hdf5_file import SIGNATURE, File

if TYPE_CHECKING:
    from auditor.formats._hdf5_walk import Walk
    from auditor.formats._keras import KerasConfig

_FIRST_BLOCK = 512
_TEXT = 200
_CONFIGS = ("model_config", "training_config")
# Top groups of Keras' weight files (`.weights.h5`, and HDF5 files of Keras 2).
_KERAS_GROUPS = frozenset({"model_weights", "_layer_checkpoint_dependencies", "layers", "vars"})


def starts(head: bytes, view: View, most: int) -> int | None:
    """Return where the superblock is: at 0, 512 or a double of it (II), `None` for nowhere."""
    if head.startswith(SIGNATURE):
        return 0
    place = _FIRST_BLOCK
    while place <= most and place < view.size:
        if view.at(place, len(SIGNATURE)) == SIGNATURE:
            return place
        place *= 2
    return None


def inspect(view: View, context: Context, name: str) -> Inspection:
    """Return what the file holds, as the format `name`; raises `FormatError`.

    Links to other files, datasets whose values lie in other files and virtual datasets are
    dangerous (CVE-2026-1669): whoever loads the model reads what they name.
    """
    from auditor.formats._hdf5_walk import Walk

    start = starts(view.at(0, len(SIGNATURE)), view, view.size)
    if start is None:
        raise FormatError("no HDF5 signature")
    file = File(view, start, context)
    walk = Walk(file, context)
    walk.run()
    reasons = [*_around(view, file, context), *walk.reasons]
    keras = _keras(walk, context)
    for config in keras:
        reasons.extend(config.reasons)
    return Inspection(
        model_format=name, role=_role(walk), header=_header(walk, keras), reasons=tuple(reasons)
    )


def _around(view: View, file: File, context: Context) -> Iterator[VerdictReason]:
    """Yield what lies before and behind, and what only a driver of its own reads."""
    if file.base:
        block = view.at(0, min(file.base, 1 << 20))
        # MATLAB 7.3 writes a line of text there, nobody else anything.
        if block.strip(b"\0") and not block.startswith(b"MATLAB 7.3 MAT-file"):
            detail = f"{file.base} bytes stand before the file"
            yield context.reason("hdf5-user-block", "unlisted", detail, offset=0)
            found = context.nested(Part(view, 0, file.base), "user block")
            yield from found.reasons if found else ()
    behind = min(view.size - file.end, view.size - file.base - file.end)
    if behind > 0:
        detail = f"{behind} bytes lie behind the file's end"
        yield context.reason("hdf5-trailing-bytes", "malformed", detail, offset=view.size - behind)
    if view.size < file.end:
        detail = f"the file has {view.size} bytes of {file.end}"
        yield context.reason("hdf5-truncated", "malformed", detail, offset=view.size)
    if file.driver is not None:
        detail = "the file is read by a driver that spreads it over other files"
        yield context.reason("hdf5-driver", "not-inspectable", detail)


def _keras(walk: Walk, context: Context) -> list[KerasConfig]:
    from auditor.formats._keras import examine_config

    found = []
    for name in _CONFIGS:
        value = walk.attributes.get(name)
        if value is not None:
            place = msgspec.structs.replace(context, member=f"{context.member}@{name}")
            found.append(examine_config(value, place))
    return found


def _role(walk: Walk) -> Role:
    is_keras = "model_config" in walk.attributes or "keras_version" in walk.attributes
    return "weights" if is_keras or walk.groups & _KERAS_GROUPS else "dataset"


def _header(walk: Walk, keras: list[KerasConfig]) -> ModelHeader:
    def said(name: str) -> str:
        return walk.attributes.get(name, b"")[:_TEXT].decode("utf-8", "replace")

    model = keras[0].header if "model_config" in walk.attributes else ModelHeader()
    version, backend = said("keras_version"), said("backend")
    numbers = {name: count for name, count in walk.elements.items() if name[-1:].isdigit()}
    producer = f"Keras {version}" if version else ""
    return msgspec.structs.replace(
        model,
        parameters=sum(numbers.values()) if _role(walk) == "weights" else None,
        precision=by_share(numbers),
        tensors=walk.datasets,
        producer=f"{producer} ({backend})" if producer and backend else producer,
    )
