"""Judges the members of archives of any kind: by content, and by what a loader does with a name."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from auditor.evidence.models import VerdictReason
from auditor.formats import Context, FormatError, View
from auditor.formats._gathered import Gathered
from auditor.formats._json import MOST, parse
from auditor.formats._keras import examine_config, names_a_class
from auditor.formats._names import is_script, shown
from auditor.formats._native import native_code
from auditor.formats._recipes import judge_manifest, judge_targets
from auditor.formats._skops import judge_schema

_Judge = Callable[[bytes, Context], Iterable[VerdictReason]]


def within(context: Context, member: str) -> Context:
    """Return where a reader of a member stands that is read here and not by `nested`."""
    path = f"{context.member}!{shown(member)}" if context.member else shown(member)
    return Context(budget=context.budget, depth=context.depth + 1, member=path)


def judge_member(name: str, view: View, context: Context, gathered: Gathered) -> None:
    """Judge one member: nothing is run, whatever it is called.

    Raises `FormatError` only at the end of the budget.
    """
    if not view.size:
        return
    context.budget.step(_JUDGED)
    code = native_code(view)
    if code:
        detail = f"{shown(name)} is machine code: {code}"
        gathered.tell([context.reason("archive-native-code", "unlisted", detail)])
    elif is_script(name):
        detail = f"{shown(name)} is a script"
        gathered.tell([context.reason("archive-script", "unlisted", detail)])
    _judge_text(name, view, within(context, name), gathered)
    gathered.add(context.nested(view, shown(name)))


def _judge_text(name: str, view: View, context: Context, gathered: Gathered) -> None:
    last = name.rpartition("/")[2][:_LONGEST].casefold()
    judge = _TEXTS.get(last)
    if judge is None and last not in ("schema.json", "config.json"):
        return
    raw = view.at(0, MOST + 1)
    try:
        if judge is not None:
            gathered.tell(judge(raw, context))
            return
        if last == "config.json":
            _judge_keras(raw, context, gathered)
            return
        reasons, unlisted, version = judge_schema(raw, context)
        gathered.tell(reasons)
        gathered.name(unlisted)
        gathered.producer = f"skops {version}".rstrip() if version or reasons else ""
    except FormatError as error:
        if error.rule == "limit-steps":
            raise
        gathered.tell_error(error, context, "archive-text")


def _judge_keras(raw: bytes, context: Context, gathered: Gathered) -> None:
    """Judge what Keras takes a class by its name from; transformers has files of this name too."""
    if not names_a_class(parse(raw, "the configuration"), context):
        return
    config = examine_config(raw, context)
    gathered.tell(config.reasons)
    gathered.architecture = config.header.architecture
    gathered.model_name = config.header.name
    gathered.operators.update(config.header.custom_operators)


_TEXTS: dict[str, _Judge] = {
    "model_config.yaml": judge_targets,
    "manifest.json": judge_manifest,
}
# Steps for a member, whatever it is.
_JUDGED = 20
# One letter more than any of the names has.
_LONGEST = 1 + max(map(len, _TEXTS))
