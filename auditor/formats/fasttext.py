"""Reads fastText's models: the arguments of the training and the sizes of the tables."""

from __future__ import annotations

import struct

from auditor.formats import Context, FormatError, Inspection, ModelFormat, ModelHeader, View

# fastText/src/fasttext.cc: signModel's magic and version, Args::save, Dictionary::save.
_MAGIC = struct.pack("<I", 793712314)
_VERSIONS = (11, 12)
_ARGUMENTS = struct.Struct("<12id")
_DICTIONARY = struct.Struct("<3i2q")
_MODELS = {1: "cbow", 2: "skip-gram", 3: "supervised"}
_LARGEST = 1 << 40


def recognises(head: bytes, _view: View) -> bool:
    """Return whether the magic number is there."""
    return head.startswith(_MAGIC)


def inspect(view: View, _context: Context) -> Inspection:
    """Return what the arguments say; raises `FormatError`.

    The words and numbers behind them are not read: fastText copies them into tables.
    """
    head = view.at(4, 4 + _ARGUMENTS.size + _DICTIONARY.size)
    if len(head) < 4 + _ARGUMENTS.size + _DICTIONARY.size:
        raise FormatError("the file ends within its header")
    version = int.from_bytes(head[:4], "little")
    if version not in _VERSIONS:
        raise FormatError(f"version {version} is not known", "unsupported")
    arguments = _ARGUMENTS.unpack_from(head, 4)
    width, model, bucket = arguments[0], arguments[7], arguments[8]
    size, words, labels, _, _ = _DICTIONARY.unpack_from(head, 4 + _ARGUMENTS.size)
    if min(width, words, labels, bucket) < 0 or size != words + labels or model not in _MODELS:
        raise FormatError("the header's sizes do not fit each other")
    outputs = labels if _MODELS[model] == "supervised" else words
    parameters = (words + bucket + outputs) * width
    if parameters > _LARGEST or size > view.size:
        raise FormatError("the tables are larger than the file")
    return Inspection(
        model_format="fasttext",
        header=ModelHeader(
            architecture=_MODELS[model],
            parameters=parameters,
            producer="fastText",
        ),
    )


FORMAT = ModelFormat(title="fastText", recognises=recognises, inspect=inspect, begins=_MAGIC[:1])
