"""Settings of AI software that decide whether something leaves: what they are, not how they stand.

The catalogue is `policies/catalogues/settings.yaml`; its head tells what each field means.
"""

from __future__ import annotations

from collections import Counter
from functools import cache
from typing import Literal

import msgspec
from msgspec import Struct

from auditor import data
from auditor.errors import AuditError
from auditor.yamldoc import load

EVERY_RUNTIME = "*"

Effect = Literal["telemetry", "fetch", "tracing", "update", "exposure"]
Comparison = Literal["exact", "any-case", "not", "no-item", "set", "unset", "inside"]


class _Entry(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A part of the catalogue."""


class Switch(_Entry, frozen=True, kw_only=True):
    """A variable or a flag (one of the two), and which of its values keep things in."""

    compare: Comparison
    variable: str = ""
    flag: str = ""
    values: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Return the variable's or the flag's name."""
        return self.variable or self.flag


class Setting(_Entry, frozen=True, kw_only=True):
    """A setting with its switches; `safe` and `leaves` are words for the report.

    `signs` are variables that show that a library is in use. `verified`: `yes` seen in
    `source`, `stored` seen in an older stored version of it, `no` general knowledge.
    """

    id: str
    runtimes: tuple[str, ...]
    effect: Effect
    decides: Literal["any", "first", "all"]
    switches: tuple[Switch, ...]
    default_leaves: bool
    safe: str
    leaves: str
    source: str
    verified: Literal["yes", "stored", "no"]
    signs: tuple[str, ...] = ()
    note: str = ""


class _Catalogue(_Entry, frozen=True, kw_only=True):
    settings: tuple[Setting, ...]
    known: tuple[str, ...]


def settings() -> tuple[Setting, ...]:
    """Return the catalogue's settings in its order; raises `AuditError` where it is damaged."""
    return _catalogue().settings


def settings_of(runtime: str) -> tuple[Setting, ...]:
    """Return the settings that concern `runtime`, those of every runtime included."""
    return tuple(s for s in settings() if runtime in s.runtimes or EVERY_RUNTIME in s.runtimes)


def known_variable(name: str) -> bool:
    """Return whether the catalogue knows an environment variable; case counts."""
    return name in _variables()


def own_variables(setting: Setting) -> frozenset[str]:
    """Return the variables whose presence shows that `setting` matters: signs and its own.

    One that several settings share (`DO_NOT_TRACK`) says nothing about any one of them.
    """
    users = _users()
    own = (s.variable for s in setting.switches if s.variable and users[s.variable] == 1)
    return frozenset((*own, *setting.signs))


def own_flags(setting: Setting) -> frozenset[str]:
    """Return the flags of `setting` that no other setting has."""
    users = _users()
    return frozenset(s.flag for s in setting.switches if s.flag and users[s.flag] == 1)


@cache
def _catalogue() -> _Catalogue:
    path = data.folder("policies") / "catalogues" / "settings.yaml"
    document = load(path.read_bytes(), where=path.name)
    try:
        return msgspec.convert(document.plain(), _Catalogue)
    except msgspec.ValidationError as error:
        raise AuditError(f"the catalogue is damaged: {error}", where=str(path)) from error


@cache
def _variables() -> frozenset[str]:
    switches = (switch.variable for setting in settings() for switch in setting.switches)
    signs = (sign for setting in settings() for sign in setting.signs)
    return frozenset((*switches, *signs, *_catalogue().known)) - {""}


@cache
def _users() -> Counter[str]:
    return Counter(
        name for setting in settings() for name in {switch.name for switch in setting.switches}
    )
