"""Reads XGBoost's models, as JSON and as UBJSON: trees and weights, and no code."""

from __future__ import annotations

import re

import msgspec
from msgspec import Raw, Struct

from auditor.formats import BLANKS, Context, FormatError, Inspection, ModelFormat, ModelHeader, View
from auditor.formats._ubjson import Reader, Value

# xgboost/doc/model.schema: a table of `learner` and `version`, in either order.
_BINARY = re.compile(rb"\{(?:i|U|I.|l...|L.{7})(?:\x07learner|\x07version)", re.DOTALL)
_TEXT = re.compile(rb'\s*\{\s*"(?:learner|version)"\s*:')
_INSIDE = (b'"gradient_booster"', b'"learner_model_param"', b'"feature_names"', b'"attributes"')
_MOST = 64 << 20
_SHOWN = 200


class _Name(Struct):
    name: str = ""


class _Parameters(Struct):
    num_feature: str = ""
    num_class: str = ""


class _Learner(Struct):
    """What is told of a model; the trees stay bytes."""

    objective: _Name
    gradient_booster: _Name
    learner_model_param: _Parameters
    attributes: dict[str, Raw] = {}


class _Model(Struct):
    learner: _Learner
    version: list[int] = []


def recognises(head: bytes, view: View) -> bool:
    """Return whether it begins with the table of a learner."""
    if _BINARY.match(head):
        return True
    if not _TEXT.match(head):
        return False
    beginning = head + view.at(len(head), 64 << 10)
    return b'"learner"' in beginning and any(name in beginning for name in _INSIDE)


def inspect(view: View, context: Context) -> Inspection:
    """Return what the model says; raises `FormatError`.

    The whole document is read: what is no JSON, or goes on behind its end, is malformed.
    """
    found = _binary(view, context) if view.at(0, 2)[1:] in b"iUIlL" else _text(view, context)
    learner = found.learner
    booster, objective = learner.gradient_booster.name, learner.objective.name
    version = ".".join(str(part) for part in found.version[:3])
    header = ModelHeader(
        architecture=f"{booster} {objective}".strip()[:_SHOWN],
        producer=f"XGBoost {version}".strip(),
    )
    return Inspection(model_format="xgboost", header=header)


def _text(view: View, context: Context) -> _Model:
    if view.size > _MOST:
        raise FormatError(f"a text of {view.size} bytes", "limit", rule="limit-json")
    context.budget.step(view.size // 64)
    try:
        return msgspec.json.decode(view.at(0, view.size), type=_Model)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise FormatError(f"not a model in JSON: {error}"[:_SHOWN]) from error


def _binary(view: View, context: Context) -> _Model:
    document = Reader(view, context).document()
    try:
        return msgspec.convert(_without_trees(document), _Model, strict=False)
    except msgspec.ValidationError as error:
        raise FormatError(f"not a model: {error}"[:_SHOWN]) from error


def _without_trees(document: Value) -> Value:
    learner = document.get("learner") if isinstance(document, dict) else None
    if isinstance(learner, dict):
        learner.pop("attributes", None)
    return document


FORMAT = ModelFormat(
    title="XGBoost", recognises=recognises, inspect=inspect, rank=5, begins=b"{" + BLANKS
)
