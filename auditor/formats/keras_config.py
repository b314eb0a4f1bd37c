"""Reads a Keras model's configuration that lies in a file of its own (`model.to_json()`)."""

from __future__ import annotations

from auditor.formats import BLANKS, Context, FormatError, Inspection, ModelFormat, View
from auditor.formats._json import MOST
from auditor.formats._keras import examine_config

_CLASS, _CONFIG = b'"class_name"', b'"config"'
_KERAS = (b'"keras_version"', b'"registered_name"', b'"layers"', b'"Sequential"', b'"Functional"')
_BOM = b"\xef\xbb\xbf"
# Who writes the file orders its fields and puts blanks before them.
_LOOKED_AT = 64 << 10


def recognises(head: bytes, view: View) -> bool:
    """Return whether it is JSON that names a class and, soon, what only Keras has."""
    begin = head.removeprefix(_BOM).lstrip()
    if begin and not begin.startswith((b"{", b"[")):
        return False
    beginning = view.at(0, _LOOKED_AT)
    if not begin and not beginning.removeprefix(_BOM).lstrip().startswith((b"{", b"[")):
        return False
    named = _CLASS in beginning and _CONFIG in beginning
    return named and any(mark in beginning for mark in _KERAS)


def inspect(view: View, context: Context) -> Inspection:
    """Return what the configuration says and would do; raises `FormatError`."""
    if view.size > MOST:
        raise FormatError(f"a configuration of {view.size} bytes", "limit", rule="limit-json")
    raw = view.at(0, view.size)
    if len(raw) < view.size:
        raise FormatError("the configuration ends early")
    found = examine_config(raw, context)
    return Inspection(
        model_format="keras_config", role="graph", header=found.header, reasons=found.reasons
    )


FORMAT = ModelFormat(
    title="Keras configuration",
    recognises=recognises,
    inspect=inspect,
    rank=5,
    begins=b"{[" + BLANKS,
)
