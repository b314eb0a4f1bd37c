"""Reads a profile: a selection and retuning of packs, which never edits a rule."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from msgspec import Struct

from auditor.errors import PackError
from auditor.policy.comparison import closest
from auditor.policy.findings import Severity
from auditor.policy.reading import Reader
from auditor.policy.rules import Pack, Parameter, ParameterValue
from auditor.yamldoc import Node

_OPTIONAL = ("title", "packs", "set", "severity", "disable")


class Profile(Struct, frozen=True, kw_only=True):
    """A profile, checked for its form; `retune` checks it against the packs.

    `packs` are the packs chosen (empty: all that are loaded), `settings` the parameters' new
    values as nodes of the file, `disable` the rules that are not asked.
    """

    name: str
    packs: tuple[str, ...]
    settings: tuple[tuple[str, Node], ...]
    severity: tuple[tuple[str, Severity], ...]
    disable: tuple[str, ...]
    reader: Reader | None = None
    places: tuple[tuple[str, Node], ...] = ()


class Tuning(Struct, frozen=True, kw_only=True):
    """Packs as they are to be applied: with every parameter's value and every rule's severity."""

    profile: str
    packs: tuple[Pack, ...]
    parameters: Mapping[str, ParameterValue]
    severity: Mapping[str, Severity]
    disabled: frozenset[str]


def load_profile(data: bytes, where: str) -> Profile:
    """Return the profile in a YAML file named `where`; raises `PackError`."""
    reader = Reader(data, where)
    found = reader.mapping(reader.root, ("profile",), _OPTIONAL)
    places: list[tuple[str, Node]] = []
    packs = _names(reader, found.get("packs"), places)
    settings = reader.entries(found["set"]) if "set" in found else ()
    severities = reader.entries(found["severity"]) if "severity" in found else ()
    places += [(key.name, key) for key, _ in (*settings, *severities)]
    return Profile(
        name=reader.text(found["profile"]),
        packs=packs,
        settings=tuple((key.name, value) for key, value in settings),
        severity=tuple((key.name, reader.severity(value)) for key, value in severities),
        disable=_names(reader, found.get("disable"), places),
        reader=reader,
        places=tuple(places),
    )


def _names(reader: Reader, node: Node | None, places: list[tuple[str, Node]]) -> tuple[str, ...]:
    """Return a list of names, and keep where each stands."""
    if node is None:
        return ()
    names = reader.texts(node)
    places += zip(names, reader.items(node), strict=True)
    return names


def retune(packs: tuple[Pack, ...], profile: Profile | None) -> Tuning:
    """Return the packs as the profile wants them applied.

    Raises `PackError` for a pack, rule or parameter that the profile names and nobody has, a
    value of the wrong type, and for a choice that leaves nothing to evaluate.
    """
    chosen = _chosen(packs, profile)
    if not any(pack.rules for pack in chosen):
        raise PackError("there is no rule to evaluate", hint="Name at least one pack")
    declared = {p.name: p for pack in chosen for p in pack.parameters}
    parameters = {name: parameter.default for name, parameter in declared.items()}
    severity = {rule.id: rule.severity for pack in chosen for rule in pack.rules}
    if profile is None:
        return Tuning(
            profile="", packs=chosen, parameters=parameters, severity=severity,
            disabled=frozenset(),
        )  # fmt: skip
    _refuse_unknown(profile, "parameter", (name for name, _ in profile.settings), declared)
    _refuse_unknown(profile, "rule", (name for name, _ in profile.severity), severity)
    _refuse_unknown(profile, "rule", profile.disable, severity)
    return Tuning(
        profile=profile.name,
        packs=chosen,
        parameters={**parameters, **_values(profile, declared)},
        severity={**severity, **dict(profile.severity)},
        disabled=frozenset(profile.disable),
    )


def _chosen(packs: tuple[Pack, ...], profile: Profile | None) -> tuple[Pack, ...]:
    """Return the packs that the profile chooses, in the order in which they were loaded."""
    if profile is None or not profile.packs:
        return packs
    _refuse_unknown(profile, "pack", profile.packs, {pack.name: pack for pack in packs})
    return tuple(pack for pack in packs if pack.name in profile.packs)


def _values(profile: Profile, declared: Mapping[str, Parameter]) -> dict[str, ParameterValue]:
    """Return the values that the profile sets, each of the type that its pack declares."""
    if profile.reader is None:
        return {}
    read = profile.reader.parameter
    return {name: read(node, declared[name].type) for name, node in profile.settings}


def _refuse_unknown(
    profile: Profile, what: str, names: Iterable[str], known: Mapping[str, object]
) -> None:
    """Refuse a name that nobody has: it would retune nothing, in silence."""
    for name in names:
        if name in known:
            continue
        node = dict(profile.places).get(name)
        where = node.place(profile.reader.where) if node and profile.reader else profile.name
        hint = closest(name, tuple(known))
        raise PackError(f"there is no {what} '{name}' in the packs", where=where, hint=hint)
