"""Reads TensorFlow's SavedModel, graphs and meta graphs that stand as text (`.pbtxt`)."""

from __future__ import annotations

import re

from msgspec.structs import replace

from auditor.formats import BLANKS, Context, FormatError, Inspection, Memory, ModelFormat, View
from auditor.formats._protobuf import Message
from auditor.formats._protobuf_text import FIRST, MOST, Schema, Text, Written
from auditor.formats._tensorflow_model import Reading

# tensorflow/core/protobuf and core/framework: the fields that are read in the wire format, and
# in the messages where every other one is told, all that there are.
_SCHEMA: Schema = {
    "SavedModel": {"saved_model_schema_version": (1, "number"), "meta_graphs": (2, "MetaGraphDef")},
    "MetaGraphDef": {
        "meta_info_def": (1, "MetaInfoDef"), "graph_def": (2, "GraphDef"),
        "saver_def": (3, "nothing"), "collection_def": (4, "nothing"),
        "signature_def": (5, "nothing"), "asset_file_def": (6, "AssetFileDef"),
        "object_graph_def": (7, "SavedObjectGraph"),
    },
    "MetaInfoDef": {"tensorflow_version": (5, "text")},
    "AssetFileDef": {"tensor_info": (1, "TensorInfo"), "filename": (2, "text")},
    "TensorInfo": {"name": (1, "text")},
    "GraphDef": {
        "node": (1, "NodeDef"), "library": (2, "FunctionDefLibrary"), "version": (3, "number"),
        "versions": (4, "nothing"), "debug_info": (5, "nothing"),
    },
    "FunctionDefLibrary": {"function": (1, "FunctionDef")},
    "FunctionDef": {"node_def": (3, "NodeDef")},
    "NodeDef": {
        "name": (1, "text"), "op": (2, "text"), "input": (3, "text"), "device": (4, "text"),
        "attr": (5, "AttrEntry"), "experimental_debug_info": (6, "nothing"),
        "experimental_type": (7, "nothing"),
    },
    "AttrEntry": {"key": (1, "text"), "value": (2, "AttrValue")},
    "AttrValue": {"s": (2, "text"), "tensor": (8, "TensorProto")},
    "TensorProto": {
        "dtype": (1, "number"), "tensor_shape": (2, "TensorShapeProto"), "string_val": (8, "text")
    },
    "TensorShapeProto": {"dim": (2, "Dim"), "unknown_rank": (3, "number")},
    "Dim": {"size": (1, "number")},
    "SavedObjectGraph": {"nodes": (1, "SavedObject")},
    "SavedObject": {"user_object": (4, "SavedUserObject"), "variable": (7, "SavedVariable")},
    "SavedUserObject": {"identifier": (1, "text"), "metadata": (3, "text")},
    "SavedVariable": {
        "dtype": (1, "number"), "shape": (2, "TensorShapeProto"), "name": (6, "text")
    },
}  # fmt: skip
_CLOSED = frozenset({"SavedModel", "MetaGraphDef", "GraphDef", "NodeDef"})
# tensorflow/core/framework/types.proto, in the order of their numbers.
_TYPES = (
    "FLOAT", "DOUBLE", "INT32", "UINT8", "INT16", "INT8", "STRING", "COMPLEX64", "INT64", "BOOL",
    "QINT8", "QUINT8", "QINT32", "BFLOAT16", "QINT16", "QUINT16", "UINT16", "COMPLEX128", "HALF",
    "RESOURCE", "VARIANT", "UINT32", "UINT64", "FLOAT8_E5M2", "FLOAT8_E4M3FN",
)  # fmt: skip
_ENUMS = {f"DT_{name}": number for number, name in enumerate(_TYPES, 1)} | {
    "DT_INT4": 29, "DT_UINT4": 30, "true": 1, "True": 1, "t": 1,
}  # fmt: skip

_FIRST_WORDS = {
    "SavedModel": (b"saved_model_schema_version", b"meta_graphs"),
    "MetaGraphDef": (b"meta_info_def", b"graph_def"),
    "GraphDef": (b"node", b"library", b"versions", b"version"),
}
_LOOKED_AT = 64 << 10
# Other graphs have nodes too; those of TensorFlow have an operator by this name.
_OPERATOR = re.compile(rb"""\bop\s*:\s*["']""")


def recognises(_head: bytes, view: View) -> bool:
    """Return whether the first field is one of a SavedModel or a graph with operators."""
    return bool(_kind(view.at(0, _LOOKED_AT)))


def _kind(beginning: bytes) -> str:
    first = FIRST.match(beginning)
    for kind, words in _FIRST_WORDS.items():
        if first and first["word"] in words:
            plain = kind != "SavedModel" and not _OPERATOR.search(beginning)
            return "" if plain else kind
    return ""


def inspect(view: View, context: Context) -> Inspection:
    """Return what a model says: it is written in its wire format, and judged as that.

    Offsets are places in the text. A field that the specification does not name is unlisted, as
    TensorFlow itself refuses it. Raises `FormatError`.
    """
    if view.size > MOST:
        raise FormatError(f"a text of {view.size} bytes", "limit", rule="limit-text")
    data = view.at(0, view.size)
    kind = _kind(data[:_LOOKED_AT])
    written = Text(data, context.budget, _SCHEMA, _ENUMS, _CLOSED).written(kind)
    model = Reading(context)
    message = Message(Memory(bytes(written.wire)), context.budget)
    try:
        _read(kind, message, model)
    except FormatError as error:
        error.offset = written.place(error.offset)
        raise
    return _placed(model.inspection("tensorflow_text"), written, context)


def _read(kind: str, message: Message, model: Reading) -> None:
    if kind == "GraphDef":
        model.walk.graph(message)
    elif kind == "MetaGraphDef":
        model.meta_graph(message)
    else:
        for field in message.fields():
            if field.number == 2:  # noqa: PLR2004 - meta_graphs
                model.meta_graph(message.inner(field))


def _placed(found: Inspection, written: Written, context: Context) -> Inspection:
    reasons = [
        reason if reason.offset < 0 else replace(reason, offset=written.place(reason.offset))
        for reason in found.reasons
    ]
    reasons += [
        context.reason(
            "tensorflow-unknown-field", "unlisted",
            f"the field {name} of {message} is not in the specification", offset=at,
        )
        for message, name, at in written.unknown
    ]  # fmt: skip
    return replace(found, reasons=tuple(reasons))


FORMAT = ModelFormat(
    title="TensorFlow graph or SavedModel as text",
    recognises=recognises,
    inspect=inspect,
    rank=5,
    begins=b"smgnlv#" + BLANKS,
)
