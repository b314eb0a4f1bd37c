"""Reads Core ML models: networks, pipelines and programs, and what the loader has to add."""

from __future__ import annotations

from auditor.formats import (
    Budget,
    Context,
    FormatError,
    Inspection,
    ModelFormat,
    ModelHeader,
    View,
    by_share,
)
from auditor.formats._coreml_layers import MODEL_TYPES, NAMES, Layers
from auditor.formats._protobuf import BYTES, VARINT, Message
from auditor.formats._tally import shown

# coremltools, mlmodel/format/Model.proto
_MODEL = {1: VARINT, 2: BYTES, 10: VARINT}
_DESCRIPTION, _METADATA = 2, 100
_LAST_VERSION = 64
_LOOKED_AT = 8
# A field 1 of a number, which is no opcode of pickle.
_FIRST = b"\x08"
_USER_DEFINED = 100
_SOURCE = "com.github.apple.coremltools.source"
_TOOL = "com.github.apple.coremltools.version"


def recognises(head: bytes, view: View) -> bool:
    """Return whether a specification's version, a description and a model follow each other."""
    if head[:1] != _FIRST:
        return False
    version = description = False
    try:
        for seen, field in enumerate(Message(view, Budget(), clipped=True).fields()):
            if field.number in MODEL_TYPES and field.wire == BYTES:
                return version and description
            if seen == _LOOKED_AT or _MODEL.get(field.number) != field.wire:
                return False
            version = version or (field.number == 1 and 1 <= field.value <= _LAST_VERSION)
            description = description or field.number == _DESCRIPTION
    except FormatError:
        pass
    return False


def inspect(view: View, context: Context) -> Inspection:
    """Return what a model says; raises `FormatError`.

    Custom layers and models are classes of the program that loads them: unlisted. A linked or a
    serialized model is not inspectable. Weights of a program lie beside it, in its package.
    """
    message = Message(view, context.budget)
    layers = Layers(context)
    metadata: dict[str, str] = {}
    version = 0
    for field in message.fields():
        if field.number == 1:
            version = message.number(field)
        elif field.number == _DESCRIPTION:
            metadata.update(_metadata(message.inner(field)))
        elif field.number >= min(MODEL_TYPES):
            layers.of(field.number, message.inner(field))
        elif field.number not in _MODEL:
            detail = f"field {field.number} of Model is not in the specification"
            layers.tell("coreml-unknown-field", "unlisted", detail, field.start)
    tally = layers.tally
    tool = metadata.get(_TOOL, "")
    return Inspection(
        model_format="coreml",
        role="pipeline" if layers.kind in (200, 201, 202) else "graph",
        header=ModelHeader(
            architecture=NAMES.get(layers.kind, ""),
            name=metadata.get("shortDescription", ""),
            parameters=tally.parameters if tally.tensors else None,
            precision=by_share(tally.elements),
            tensors=tally.tensors,
            license=metadata.get("license", ""),
            producer=f"Core ML {version}" + (f", coremltools {tool}" if tool else ""),
            custom_operators=tally.operators,
        ),
        reasons=(*layers.reasons, *layers.outside.reasons),
        external=layers.outside.files,
    )


def _metadata(description: Message) -> dict[str, str]:
    """Return the metadata's texts, those that the user defined by their own names."""
    names = {1: "shortDescription", 2: "version", 3: "author", 4: "license"}
    found: dict[str, str] = {}
    for field in description.fields():
        if field.number != _METADATA:
            continue
        inner = description.inner(field)
        for part in inner.fields():
            if part.number in names:
                found[names[part.number]] = shown(inner.text(part))
            elif part.number == _USER_DEFINED:
                entry = inner.inner(part)
                texts = {p.number: shown(entry.text(p)) for p in entry.fields() if p.number < 3}  # noqa: PLR2004
                found.setdefault(texts.get(1, ""), texts.get(2, ""))
    return found


FORMAT = ModelFormat(title="Core ML", recognises=recognises, inspect=inspect, rank=5, begins=_FIRST)
