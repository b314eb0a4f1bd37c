"""Loads packs of rules from YAML, and refuses a pack that could judge wrongly or nothing."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from auditor.data import folder
from auditor.errors import PackError, UsageError
from auditor.policy.checked import checked
from auditor.policy.comparison import closest
from auditor.policy.reading import Reader
from auditor.policy.rule_reader import RuleReader
from auditor.policy.rules import Pack, Parameter, Rule
from auditor.policy.shapes import PARAMETER_SHAPES
from auditor.yamldoc import Node

_NAME = re.compile(r"[a-z][a-z0-9-]*")
_PARAMETER = re.compile(r"[a-z][a-z0-9_]*")
_VERSION = re.compile(r"\d+\.\d+\.\d+")
MAX_BYTES = 4 * 1024 * 1024
# What lies beside the packs and is none: the tables that pickles are held against.
_NO_PACKS = ("allow_globals",)


@cache
def shipped() -> tuple[str, ...]:
    """Return the names of the packs that come with the toolkit, sorted."""
    found = (path.stem for path in folder("policies").glob("*.yaml"))
    return tuple(sorted(name for name in found if name not in _NO_PACKS))


def load_packs(names: Sequence[str | Path] = (), *, examples: bool = True) -> tuple[Pack, ...]:
    """Return the packs named: shipped ones by name, others by the path of a file or folder.

    Without names all shipped packs are returned. Without `examples` a pack that is, byte for
    byte, one that was shipped is not checked again, and has none. Raises `UsageError` for a name
    that there is no pack of and `PackError` (`file:line:column`) for a mistake in one, also for a
    rule id or parameter that two packs share.
    """
    files = [file for name in names or shipped() for file in _files(str(name))]
    found = ((_bytes(file), str(file.name)) for file in dict.fromkeys(files))
    packs = tuple(
        (None if examples else checked(data, where)) or read_pack(data, where)
        for data, where in found
    )
    _refuse_shared(packs)
    return packs


def read_pack(data: bytes, where: str) -> Pack:
    """Return the pack in a YAML file named `where`; raises `PackError`."""
    reader = Reader(data, where)
    found = reader.mapping(reader.root, ("pack", "version", "title", "rules"), ("params",))
    name = reader.text(found["pack"])
    version = reader.text(found["version"])
    if not _NAME.fullmatch(name):
        raise reader.wrong(found["pack"], f"'{name}' is no pack name", "Write it as host-baseline")
    if not _VERSION.fullmatch(version):
        raise reader.wrong(found["version"], f"'{version}' is no version", "Write it as 1.0.0")
    parameters = _parameters(reader, found["params"]) if "params" in found else ()
    rules = RuleReader(reader, {parameter.name: parameter.type for parameter in parameters})
    nodes = reader.items(found["rules"])
    if not nodes:
        raise reader.wrong(found["rules"], "a pack that evaluates nothing is refused")
    pack = Pack(
        name=name,
        version=version,
        title=reader.said(found["title"]),
        parameters=parameters,
        rules=tuple(rules.rule(node) for node in nodes),
        sha256=hashlib.sha256(data).hexdigest(),
        place=where,
    )
    _refuse_unused(reader, found.get("params"), pack)
    return pack


def _files(name: str) -> tuple[Path, ...]:
    """Return the files of a pack's name or path."""
    path = Path(name)
    if name in shipped():
        return (folder("policies") / f"{name}.yaml",)
    if path.is_dir():
        files = tuple(sorted((*path.glob("*.yaml"), *path.glob("*.yml"))))
        if not files:
            raise UsageError("there is no pack (*.yaml) in this folder", where=name)
        return files
    if path.is_file():
        return (path,)
    hint = closest(name, shipped()) or f"Packs: {', '.join(shipped())}"
    raise UsageError(f"there is no pack '{name}'", hint=hint)


def _bytes(file: Path) -> bytes:
    """Return a file's bytes; raises `PackError` where it cannot be read or is too large."""
    try:
        with file.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise PackError(f"cannot be read: {error.strerror}", where=str(file)) from error
    if len(data) > MAX_BYTES:
        raise PackError(f"larger than {MAX_BYTES} bytes", where=str(file))
    return data


def _parameters(reader: Reader, node: Node) -> tuple[Parameter, ...]:
    """Return the parameters that a pack declares."""
    found = []
    for key, value in reader.entries(node):
        if not _PARAMETER.fullmatch(key.name):
            raise reader.wrong(key, f"'{key.name}' is no parameter name")
        parts = reader.mapping(value, ("type", "default", "description"))
        type_name = reader.text(parts["type"])
        if type_name not in PARAMETER_SHAPES:
            raise reader.wrong(
                parts["type"], f"'{type_name}' is no type",
                closest(type_name, (*PARAMETER_SHAPES,)) or f"Types: {', '.join(PARAMETER_SHAPES)}",
            )  # fmt: skip
        found.append(
            Parameter(
                name=key.name,
                type=type_name,
                default=reader.parameter(parts["default"], type_name),
                description=reader.said(parts["description"]),
            )
        )
    return tuple(found)


def _refuse_unused(reader: Reader, node: Node | None, pack: Pack) -> None:
    """Refuse a parameter that no condition reads: setting it would change nothing."""
    read = {
        name
        for rule in pack.rules
        for condition in rule.conditions
        for name in condition.analysis.parameters
    }
    for parameter in pack.parameters:
        if parameter.name not in read:
            raise reader.wrong(
                node or reader.root, f"no condition reads the parameter '{parameter.name}'"
            )


def _refuse_shared(packs: tuple[Pack, ...]) -> None:
    """Refuse two packs, rules or parameters of one name: what is meant could not be told."""
    packs_seen: dict[str, Pack] = {}
    rules_seen: dict[str, Rule] = {}
    parameters_seen: dict[str, Pack] = {}
    for pack in packs:
        if pack.name in packs_seen:
            raise PackError(
                f"the pack '{pack.name}' is there twice: also {packs_seen[pack.name].place}",
                where=pack.place,
            )
        packs_seen[pack.name] = pack
        for parameter in pack.parameters:
            if parameter.name in parameters_seen:
                raise PackError(
                    f"the parameter '{parameter.name}' is also in "
                    f"{parameters_seen[parameter.name].place}",
                    where=pack.place,
                )
            parameters_seen[parameter.name] = pack
        for rule in pack.rules:
            if rule.id in rules_seen:
                raise PackError(
                    f"the rule {rule.id} is also at {rules_seen[rule.id].place}", where=rule.place
                )
            rules_seen[rule.id] = rule
