"""Judges the schema of a skops file: which types it names, and what its loaders would call."""

from __future__ import annotations

from collections.abc import Iterator

from auditor.evidence.models import VerdictReason
from auditor.formats import Context
from auditor.formats._json import parse
from auditor.formats._names import shown
from auditor.formats._pickle_danger import why_dangerous
from auditor.formats._pickle_tables import Entry, entries

# What the loaders of skops 0.6 to 0.16 make of a node (skops/io/_general.py, _numpy.py …): a
# value, a container or an object without its `__init__`. Which type is named is judged below.
_MAKES_OBJECTS = frozenset({
    "ListNode", "TupleNode", "SetNode", "DictNode", "DefaultDictNode", "ObjectNode", "NdArrayNode",
    "MaskedArrayNode", "RandomStateNode", "RandomGeneratorNode", "DTypeNode", "SparseMatrixNode",
    "TreeNode", "LossNode", "QuantileForestNode", "_DictWithDeprecatedKeysNode", "JsonNode",
    "BytesNode", "BytearrayNode", "SliceNode", "CachedNode", "TypeNode", "FunctionNode",
})  # fmt: skip
# What calls something or takes an attribute of it by name (CVE-2025-54412, -54413, -54886).
_CALLS = {
    "MethodNode": "takes a method of an object by its name",
    "PartialNode": "keeps a function that is called later",
    "OperatorFuncNode": "calls a function of the module operator",
    "ConstructorFromReduceNode": "calls a class with arguments",
}
_PLAIN = frozenset({
    "bool", "bytearray", "bytes", "complex", "dict", "float", "frozenset", "int", "list",
    "NoneType", "set", "slice", "str", "tuple",
})  # fmt: skip
_PLAIN_OTHERS = frozenset({("collections", "OrderedDict"), ("collections", "defaultdict")})
# What these name is called with the file's arguments; only a library's own class is let be.
_REDUCES = frozenset({"TreeNode", "LossNode", "QuantileForestNode"})
# What these name stands as a value, which a method may call later.
_KEEPS = frozenset({"FunctionNode", "TypeNode"})
_HARMLESS_ATTRIBUTES = ("attrgetter", "itemgetter")


def judge_schema(raw: bytes, context: Context) -> tuple[list[VerdictReason], set[str], str]:
    """Return reasons, unlisted types, and the version of skops that wrote the schema.

    Raises `FormatError` for what is no JSON and at the end of the budget.
    """
    document = parse(raw, "the schema")
    reasons: dict[VerdictReason, None] = {}
    unlisted: set[str] = set()
    for node in _nodes(document, context):
        for reason in _judged(node, context):
            reasons[reason] = None
            if reason.global_name and reason.verdict == "unlisted":
                unlisted.add(reason.global_name)
    version = document.get("_skops_version") if isinstance(document, dict) else ""
    return list(reasons), unlisted, shown(version) if isinstance(version, str) else ""


def _nodes(document: object, context: Context) -> Iterator[dict[str, object]]:
    """Yield every object that names a loader or a class, without recursion.

    A JSON file of this name that is no schema of skops has none.
    """
    waiting = [document]
    while waiting:
        value = waiting.pop()
        context.budget.step()
        if isinstance(value, dict):
            if "__loader__" in value or isinstance(value.get("__class__"), str):
                yield value
            waiting.extend(value.values())
        elif isinstance(value, list):
            waiting.extend(value)


def _judged(node: dict[str, object], context: Context) -> Iterator[VerdictReason]:
    loader, module, name = (node.get(key) for key in ("__loader__", "__module__", "__class__"))
    if not isinstance(loader, str) or not isinstance(module, str) or not isinstance(name, str):
        detail = "a node of the schema lacks its loader, its module or its class"
        yield context.reason("skops-node", "malformed", detail)
        return
    if loader in _CALLS:
        yield from _called(loader, module, name, context)
    elif loader not in _MAKES_OBJECTS:
        detail = f"no loader of skops is called {shown(loader)}"
        yield context.reason("skops-loader", "unlisted", detail)
    yield from _named(module, name, loader, context)
    if loader in _KEEPS:
        yield from _content(node.get("content"), loader, context)


def _called(loader: str, module: str, name: str, context: Context) -> Iterator[VerdictReason]:
    full = f"{module}.{name}"
    detail = f"the {loader} for {shown(full)} {_CALLS[loader]}"
    if loader == "OperatorFuncNode" and name not in _HARMLESS_ATTRIBUTES:
        # The module that is named is not the one that is asked: it is always `operator`.
        yield context.reason("skops-call", "dangerous", detail, global_name=f"operator.{name}")
        return
    yield context.reason("skops-call", "unlisted", detail, global_name=full)


def _content(content: object, loader: str, context: Context) -> Iterator[VerdictReason]:
    """Judge a function that is named by its module and name within a node."""
    if isinstance(content, dict):
        module, name = content.get("module_path"), content.get("function")
        if isinstance(module, str) and isinstance(name, str):
            yield from _named(module, name, loader, context)


def _named(module: str, name: str, loader: str, context: Context) -> Iterator[VerdictReason]:
    """Judge the type or function `module.name`, by what its loader does with it.

    As with pickles a table has to hold it, for a class that is made without its `__init__` still
    has its `__setstate__` and its end: numpy's DataSource removes the folder that it is told.
    """
    full = f"{module}.{name}"
    if (module == "builtins" and name in _PLAIN) or (module, name) in _PLAIN_OTHERS:
        return
    why = why_dangerous(module, name)
    if why:
        detail = f"{shown(full)} would be imported: {why}"
        yield context.reason("skops-type", "dangerous", detail, global_name=full)
        return
    entry = entries().get((module, name))
    if entry is None or not _lets(entry, loader):
        detail = f"the type {shown(full)} is in no table"
        if entry is not None:
            detail = f"{shown(full)} is used as no table lets it be: by a {shown(loader)}"
        yield context.reason("skops-type", "unlisted", detail, global_name=full)
    elif entry.table.tier == "framework":
        detail = f"a class of {shown(module.partition('.')[0])}"
        yield context.reason("skops-framework", "framework", detail, global_name=full)


def _lets(entry: Entry, loader: str) -> bool:
    framework = entry.table.tier == "framework"
    if loader in _KEEPS:
        return entry.may_be_kept
    if loader in _REDUCES:
        return framework and (entry.call or entry.new)
    return entry.may_be_kept or (framework and entry.new)
