"""Reads the site file; every mistake is told with file, line and column."""

from __future__ import annotations

from collections.abc import Callable
from difflib import get_close_matches
from typing import get_args

import msgspec
from msgspec import Struct

from auditor.errors import DocumentError, SiteError
from auditor.evidence.site import AllowedGlobal, Site, StorePurpose
from auditor.evidence.traffic import Industrial
from auditor.site import fields
from auditor.yamldoc import Limits, Mapping, Node, Scalar, Sequence, load

_LIMITS = Limits(size=1024 * 1024, nodes=50_000, depth=20)

# Reads a node into a plain value, or raises SiteError.
Reader = Callable[[Node, str], object]


class _Section(Struct, frozen=True, kw_only=True):
    """A mapping of the file: its fields, and which of them must be there."""

    title: str
    fields: dict[str, Reader]
    required: tuple[str, ...] = ()
    # The field that a plain text instead of a mapping stands for.
    short: str = ""


def load_site(data: bytes, where: str) -> Site:
    """Return the declared site. Raises `SiteError` at `file:line:column` for any mistake.

    A key that is not known is a mistake: a misspelt `exceptions` must not pass in silence.
    """
    return msgspec.convert(_read(_document(data, where), where, _SITE), Site)


def load_allowed_globals(data: bytes, where: str) -> tuple[AllowedGlobal, ...]:
    """Return the `exceptions` of a file of allowed globals; raises `SiteError` as `load_site`."""
    found = _read(_document(data, where), where, _GLOBALS_FILE)
    return msgspec.convert(found["exceptions"], tuple[AllowedGlobal, ...])


def _document(data: bytes, where: str) -> Node:
    try:
        return load(data, where=where, limits=_LIMITS)
    except SiteError:
        raise
    except DocumentError as error:
        raise SiteError(error.what, where=error.where, hint=error.hint) from error


def _read(node: Node, where: str, section: _Section) -> dict[str, object]:
    """Return the values of a section, or of the short form that stands for it."""
    if section.short and isinstance(node, Scalar):
        return {section.short: section.fields[section.short](node, where)}
    if not isinstance(node, Mapping):
        raise SiteError(f"{section.title} is a mapping of keys and values", where=node.place(where))
    values: dict[str, object] = {}
    for key, value in node.entries:
        name = key.name
        reader = section.fields.get(name)
        if reader is None:
            raise _unknown_key(key, where, section)
        values[name] = reader(value, where)
    missing = next((name for name in section.required if name not in values), None)
    if missing is not None:
        raise SiteError(f"{section.title} has no '{missing}'", where=node.place(where))
    return values


def _unknown_key(key: Scalar, where: str, section: _Section) -> SiteError:
    close = get_close_matches(key.name.lower(), section.fields, n=1, cutoff=0.6)
    known = ", ".join(section.fields)
    return SiteError(
        f"{section.title} has no key '{key.name:.60}'",
        where=key.place(where),
        hint=f"Did you mean '{close[0]}'?" if close else f"Known keys: {known}",
    )


def _value(check: fields.Check) -> Reader:
    """Return a reader of a single value. Its text counts: the country NO is not `false`."""

    def read(node: Node, where: str) -> object:
        if not isinstance(node, Scalar):
            raise SiteError("one value is expected here", where=node.place(where))
        if node.value is None:
            raise SiteError("a value is missing here", where=node.place(where))
        try:
            return check(node.text)
        except fields.Wrong as wrong:
            raise wrong.at(node.place(where)) from None

    return read


def _number(check: fields.Check) -> Reader:
    """Return a reader of a number."""
    read_text = _value(check)

    def read(node: Node, where: str) -> object:
        return int(str(read_text(node, where)))

    return read


def _list(read_item: Reader, what: str) -> Reader:
    """Return a reader of a list without repetitions; an empty value is an empty list."""

    def read(node: Node, where: str) -> object:
        if isinstance(node, Scalar) and node.value is None:
            return []
        if not isinstance(node, Sequence):
            raise SiteError(f"a list of {what} is expected here", where=node.place(where))
        found: dict[str, object] = {}
        for item in node.items:
            value = read_item(item, where)
            if repr(value) in found:
                raise SiteError("this stands in the list already", where=item.place(where))
            found[repr(value)] = value
        return list(found.values())

    return read


def _filled(read_list: Reader) -> Reader:
    """Return a reader of a list that is left out or holds something: an empty pin pins nothing."""

    def read(node: Node, where: str) -> object:
        found = read_list(node, where)
        if not found:
            raise SiteError("this list is empty", where=node.place(where), hint="Leave it out")
        return found

    return read


def _part(section: _Section) -> Reader:
    def read(node: Node, where: str) -> object:
        return _read(node, where, section)

    return read


_NETWORK = _Section(
    title="a network",
    fields={
        "cidr": _value(fields.network),
        "zone": _value(fields.text),
        "description": _value(fields.text),
    },
    required=("cidr",),
    short="cidr",
)
_EXCEPTION = _Section(
    title="an exception",
    fields={
        "destination": _value(fields.entry),
        "port": _number(fields.port),
        "owner": _value(fields.text),
        "reason": _value(fields.text),
        "expires": _value(fields.day),
    },
    required=("destination", "owner", "reason", "expires"),
)
_JURISDICTION = _Section(
    title="jurisdiction",
    fields={
        "home": _value(fields.country),
        "allowed": _list(_value(fields.country), "country codes"),
    },
)
_STORE = _Section(
    title="a store",
    fields={
        "path": _value(fields.path),
        "holds": _value(fields.one_of(*get_args(StorePurpose))),
        "encryption": _value(fields.one_of("", "declared")),
        "description": _value(fields.text),
    },
    required=("path",),
    short="path",
)
_SIGNER = _Section(
    title="a signer",
    fields={
        "name": _value(fields.text),
        "public_key": _value(fields.public_key),
        "role": _value(fields.text),
    },
    required=("name", "public_key"),
)
_ALLOWED_GLOBAL = _Section(
    title="an allowed global",
    fields={
        "name": _value(fields.global_name),
        "owner": _value(fields.text),
        "reason": _value(fields.text),
        "expires": _value(fields.day),
        "sha256": _filled(_list(_value(fields.sha256), "digests")),
    },
    required=("name", "owner", "reason", "expires"),
)
_CROSSING = _Section(
    title="a crossing",
    fields={
        "from": _value(fields.text),
        "to": _value(fields.text),
        "applications": _filled(
            _list(_value(fields.one_of(*get_args(Industrial))), "industrial applications")
        ),
        "description": _value(fields.text),
    },
    required=("from", "to"),
)
_ALLOWED_GLOBALS = _list(_part(_ALLOWED_GLOBAL), "allowed globals")
_HOSTS = _list(_value(fields.entry), "names and addresses")
_SITE = _Section(
    title="the site file",
    fields={
        "name": _value(fields.text),
        "networks": _list(_part(_NETWORK), "networks"),
        "names": _list(_value(fields.name_suffix), "names"),
        "resolvers": _HOSTS,
        "time_servers": _HOSTS,
        "registries": _HOSTS,
        "mirrors": _HOSTS,
        "exceptions": _list(_part(_EXCEPTION), "exceptions"),
        "jurisdiction": _part(_JURISDICTION),
        "stores": _list(_part(_STORE), "stores"),
        "signers": _list(_part(_SIGNER), "signers"),
        "model_origins": _list(_value(fields.model_origin), "model origins"),
        "allowed_globals": _ALLOWED_GLOBALS,
        "crossings": _list(_part(_CROSSING), "crossings"),
    },
)
_GLOBALS_FILE = _Section(
    title="the file of allowed globals",
    fields={"exceptions": _ALLOWED_GLOBALS},
    required=("exceptions",),
)
