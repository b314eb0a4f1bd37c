"""Reads a Keras model's configuration that lies in a file of its own (`model.to_json()`)."""

from __future__ import annotations

from auditor.formats import Context, FormatError, Inspection, ModelFormat, View
from auditor.formats._json import MOST
from auditor.formats._keras import examine_config

_MARKS = (b'"class_name"', b'"config"')
_KERAS = (b'"keras_version"', b'"registered_name"', b'"layers"', b'"Sequential"', b'"Functional"')


def recognises(head: bytes, view: View) -> bool:
    """Return whether it is a JSON table that names a class and, soon, what only Keras has."""
    if not head.lstrip().startswith(b"{") or b'"class_name"' not in head:
        return False
    beginning = head + view.at(len(head), 3 * len(head))
    return all(mark in beginning for mark in _MARKS) and any(mark in beginning for mark in _KERAS)


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


FORMAT = ModelFormat(title="Keras configuration", recognises=recognises, inspect=inspect, rank=5)
