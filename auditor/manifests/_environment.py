"""Resolves a container's environment against the ConfigMaps and Secrets that lie beside it."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable
from typing import Literal

import msgspec
from msgspec import Struct

from auditor.evidence import Origin
from auditor.manifests._reading import Cursor

_REFERENCE = re.compile(r"\$(?:\$|\((?P<name>[-._A-Za-z0-9]{1,253})\))")
# Expansion can double a value with every variable: what grows beyond this is not kept.
_MAX_VALUE = 64 * 1024
_MAX_GROWN = 1024 * 1024
# The same ConfigMap can stand behind every container: beyond this they count as unresolved.
_MOST_VALUES = 50_000

# What a URL with an address of the pod's own or of its node leads to, in words that the site
# knows: the address itself is told by the cluster alone.
_OWN_ADDRESSES = {
    "status.podIP": "0.0.0.0", "status.podIPs": "0.0.0.0",  # noqa: S104 - compared, not bound
    "status.hostIP": "host.containers.internal", "status.hostIPs": "host.containers.internal",
}  # fmt: skip

Source = Literal["literal", "config-map", "secret", "cluster", "unresolved"]


class Setting(Struct, frozen=True, kw_only=True):
    """A variable of a container; `value` is `None` where it is not in the manifests.

    `written` is the value before its references to other variables are replaced. `cluster`
    values are set by the cluster (a resource limit, the pod's own address: `written` then says
    where a URL with it leads). `required` is true
    where a Secret must supply it: without it the container does not start.
    """

    name: str
    value: str | None
    source: Source
    written: str = ""
    required: bool = False
    origin: Origin
    cursor: Cursor


class Environment(Struct, frozen=True, kw_only=True):
    """The variables of a container, by name the last one wins, in the order of the manifest.

    `unresolved` names what else sets variables that cannot be known (`ConfigMap/settings`).
    """

    settings: tuple[Setting, ...]
    unresolved: tuple[str, ...] = ()


class _Data(Struct, frozen=True, kw_only=True):
    """The keys of a ConfigMap or Secret; `None` for a value that is no text."""

    values: dict[str, str | None]


class Configuration:
    """The ConfigMaps and Secrets of the input, by kind, namespace and name."""

    def __init__(self, documents: Iterable[Cursor]) -> None:
        """Index the documents that are ConfigMaps or Secrets; of twins the last wins."""
        self._found: dict[tuple[str, str, str], _Data] = {}
        self._handed_out = 0
        for document in documents:
            kind = document.string("kind", "workload")
            if kind in ("ConfigMap", "Secret"):
                name = document.down("metadata", "name")
                key = kind, namespace_of(document), (name.text() or "") if name else ""
                self._found[key] = _Data(values=_values(document, kind))

    def get(self, kind: str, namespace: str, name: str) -> dict[str, str | None] | None:
        """Return the values of a ConfigMap or Secret; `None` where it is not in the input."""
        found = self._found.get((kind, namespace, name))
        return None if found is None else found.values

    def all_of(self, kind: str, namespace: str, name: str) -> dict[str, str | None] | None:
        """Return the same for a container that takes every value; `None` beyond the limit."""
        values = self.get(kind, namespace, name)
        self._handed_out += len(values or ())
        return values if self._handed_out <= _MOST_VALUES else None


def namespace_of(document: Cursor) -> str:
    """Return the namespace of an object; without one it goes to `default`."""
    found = document.down("metadata", "namespace")
    return (found.text() if found else None) or "default"


def _values(document: Cursor, kind: str) -> dict[str, str | None]:
    values: dict[str, str | None] = {}
    data = document.get("data")
    for key, cursor in data.entries() if data else ():
        text = cursor.text()
        values[key] = _decoded(text) if kind == "Secret" and text else text
    plain = document.get("stringData") if kind == "Secret" else None
    for key, cursor in plain.entries() if plain else ():
        values[key] = cursor.text()
    return values


def _decoded(text: str) -> str | None:
    try:
        return base64.b64decode(text, validate=True).decode()
    except (binascii.Error, ValueError):
        return None


def resolve(container: Cursor, namespace: str, configuration: Configuration) -> Environment:
    """Return the environment of a container (`env`, `envFrom`; core/v1 EnvVar)."""
    settings: dict[str, Setting] = {}
    unresolved: dict[str, None] = {}
    for source in container.mappings("envFrom", "environment_variable"):
        for setting in _from_all(source, namespace, configuration, unresolved):
            settings[setting.name] = setting
    known = {name: setting.value for name, setting in settings.items()}
    own: dict[str, str | None] = {}
    grown = 0
    listed = container.get("env")
    if listed is not None and not listed.is_list:
        unresolved["env"] = None
    for item in container.mappings("env", "environment_variable"):
        one = _one(item, namespace, configuration, known, own)
        if one is not None:
            grown += max(len(one.value or "") - len(one.written), 0)
            if grown > _MAX_GROWN:
                one = msgspec.structs.replace(one, value=None, source="unresolved")
            settings.pop(one.name, None)
            settings[one.name] = one
            known[one.name] = one.value
            own.pop(one.name, None)
            own |= own_addresses((one,))
    return Environment(settings=tuple(settings.values()), unresolved=tuple(unresolved))


def _from_all(
    source: Cursor, namespace: str, configuration: Configuration, unresolved: dict[str, None]
) -> list[Setting]:
    """Return the variables that one `envFrom` item sets."""
    prefix = source.string("prefix", "environment_variable")
    made = []
    for key, kind in (("configMapRef", "ConfigMap"), ("secretRef", "Secret")):
        reference = source.mapping(key, "environment_variable")
        if reference is None:
            continue
        name = reference.string("name", "environment_variable")
        values = configuration.all_of(kind, namespace, name)
        if values is None:
            unresolved[f"{kind}/{name}"] = None
            continue
        made += [
            Setting(
                name=prefix + variable,
                value=value,
                source=_source(kind, value),
                origin=reference.origin,
                cursor=reference,
            )
            for variable, value in values.items()
        ]
    return made


def _source(kind: str, value: str | None) -> Source:
    if value is None:
        return "unresolved"
    return "secret" if kind == "Secret" else "config-map"


def _one(
    item: Cursor,
    namespace: str,
    configuration: Configuration,
    known: dict[str, str | None],
    own: dict[str, str | None],
) -> Setting | None:
    """Return the variable of one `env` item."""
    name = item.string("name", "environment_variable")
    if not name:
        item.malformed("environment_variable", "a variable without a name")
        return None
    origin = item
    source: Source = "literal"
    written = item.string("value", "environment_variable")
    value = expand(written, known | own if "://" in written else known)
    place = item.get("value")
    if place is not None:
        origin = place
    reference = item.mapping("valueFrom", "environment_variable")
    if reference is not None:
        origin = reference
        source, value = _referenced(reference, namespace, configuration)
    elif value is None:
        source = "unresolved"
    return Setting(
        name=name,
        value=value,
        source=source,
        written=written if reference is None else _own_address(reference),
        required=reference is not None and _is_required(reference),
        origin=origin.origin,
        cursor=origin,
    )


def _own_address(reference: Cursor) -> str:
    field = reference.down("fieldRef", "fieldPath")
    return _OWN_ADDRESSES.get((field.text() if field else "") or "", "")


def own_addresses(settings: Iterable[Setting]) -> dict[str, str | None]:
    """Return the variables that hold an address of the pod or its node, as a URL may hold it."""
    return {s.name: s.written for s in settings if s.source == "cluster" and s.written}


def _is_required(reference: Cursor) -> bool:
    """Return whether a Secret must be there for the container to start."""
    secret = reference.get("secretKeyRef")
    return secret is not None and not secret.flag("optional", "environment_variable")


def _referenced(
    reference: Cursor, namespace: str, configuration: Configuration
) -> tuple[Source, str | None]:
    """Return what a `valueFrom` leads to."""
    for key, kind in (("configMapKeyRef", "ConfigMap"), ("secretKeyRef", "Secret")):
        selector = reference.mapping(key, "environment_variable")
        if selector is not None:
            name = selector.string("name", "environment_variable")
            values = configuration.get(kind, namespace, name) or {}
            value = values.get(selector.string("key", "environment_variable"))
            return _source(kind, value), value
    if reference.get("fieldRef") or reference.get("resourceFieldRef"):
        return "cluster", None
    return "unresolved", None


def expand(text: str, known: dict[str, str | None]) -> str | None:
    """Return `text` with `$(NAME)` replaced as Kubernetes does it; `$$` is a `$`.

    A name that is not set stays as it is written. `None` where a name is set to what is not
    known, or the result is unreasonably long.
    """
    if "$" not in text:
        return text
    names = {match["name"] for match in _REFERENCE.finditer(text) if match["name"]}
    if any(name in known and known[name] is None for name in names):
        return None

    def replaced(match: re.Match[str]) -> str:
        name = match["name"]
        if name is None:
            return "$"
        value = known.get(name)
        return match[0] if value is None else value

    longest = len(text) + sum(len(known.get(name) or "") for name in names) * text.count("$(")
    expanded = _REFERENCE.sub(replaced, text) if longest < 16 * _MAX_VALUE else None
    return expanded if expanded is not None and len(expanded) <= _MAX_VALUE else None
