"""Knows the shipped packs as they were when they were checked, so that they are read at once."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import msgspec
from msgspec import Struct

from auditor.evidence.bundle import Mode
from auditor.policy.findings import Control, Severity, Text
from auditor.policy.rules import Condition, Pack, Parameter, Rule, Sentence, Types

# Written by `make docs` from packs that were read and checked whole; a test holds it to them.
_FILE = Path(__file__).with_name("_packs.json")


class _Parameter(Struct, frozen=True, kw_only=True):
    name: str
    type: str
    default: bool | int | str | list[int | str]
    description: Text


class _Rule(Struct, frozen=True, kw_only=True, omit_defaults=True):
    id: str
    title: Text
    severity: Severity
    each: str
    require: str
    observed: Text
    expected: Text
    remediation: Text
    controls: tuple[Control, ...]
    place: str
    of: tuple[str, ...] = ()
    applies: tuple[Mode, ...] = ()
    when: str = ""
    doubt: str = ""
    because: Text | None = None
    given: str = ""
    otherwise: Text = Text(en="")


class _Pack(Struct, frozen=True, kw_only=True):
    name: str
    version: str
    title: Text
    parameters: tuple[_Parameter, ...]
    rules: tuple[_Rule, ...]
    sha256: str


@cache
def _known() -> dict[str, _Pack]:
    packs = msgspec.json.decode(_FILE.read_bytes(), type=tuple[_Pack, ...])
    return {pack.sha256: pack for pack in packs}


def checked(data: bytes, where: str) -> Pack | None:
    """Return the pack in a file with these bytes, without its examples.

    `None` for every other pack than those that were shipped. `where` names the file.
    """
    known = _known().get(hashlib.sha256(data).hexdigest())
    if known is None:
        return None
    types = tuple((parameter.name, parameter.type) for parameter in known.parameters)
    return Pack(
        name=known.name,
        version=known.version,
        title=known.title,
        parameters=tuple(map(_parameter, known.parameters)),
        rules=tuple(_rule(rule, types, where) for rule in known.rules),
        sha256=known.sha256,
        place=where,
    )


def written(packs: Iterable[Pack]) -> bytes:
    """Return packs that were read and checked as the file holds them."""
    found = tuple(
        _Pack(
            name=pack.name,
            version=pack.version,
            title=pack.title,
            parameters=tuple(
                msgspec.convert(msgspec.to_builtins(parameter), _Parameter)
                for parameter in pack.parameters
            ),
            rules=tuple(map(_written, pack.rules)),
            sha256=pack.sha256,
        )
        for pack in packs
    )
    return msgspec.json.format(msgspec.json.encode(found), indent=1) + b"\n"


def _parameter(known: _Parameter) -> Parameter:
    default = known.default
    return Parameter(
        name=known.name,
        type=known.type,
        default=tuple(default) if isinstance(default, list) else default,  # type: ignore[arg-type]
        description=known.description,
    )


def _rule(known: _Rule, types: Types, where: str) -> Rule:
    kind = known.each

    def condition(source: str) -> Condition | None:
        return Condition(source=source, kind=kind, types=types) if source else None

    def sentence(said: Text) -> Sentence:
        return Sentence(said=said, kind=kind, types=types)

    return Rule(
        id=known.id,
        title=known.title,
        severity=known.severity,
        each=kind,
        of=known.of,
        applies=known.applies,
        when=condition(known.when),
        require=Condition(source=known.require, kind=kind, types=types),
        doubt=condition(known.doubt),
        because=sentence(known.because) if known.because is not None else None,
        given=condition(known.given),
        otherwise=known.otherwise,
        observed=sentence(known.observed),
        expected=sentence(known.expected),
        remediation=known.remediation,
        controls=known.controls,
        examples=(),
        place=f"{where}:{known.place}",
    )


def _written(rule: Rule) -> _Rule:
    def source(condition: Condition | None) -> str:
        return condition.source if condition else ""

    return _Rule(
        id=rule.id,
        title=rule.title,
        severity=rule.severity,
        each=rule.each,
        of=rule.of,
        applies=rule.applies,
        when=source(rule.when),
        require=rule.require.source,
        doubt=source(rule.doubt),
        because=rule.because.said if rule.because else None,
        given=source(rule.given),
        otherwise=rule.otherwise,
        observed=rule.observed.said,
        expected=rule.expected.said,
        remediation=rule.remediation,
        controls=rule.controls,
        place=":".join(rule.place.split(":")[-2:]),
    )
