"""Software that ships, calls home or lets somebody in: how it is recognised, where it goes.

The catalogue is `policies/catalogues/agents.yaml`; its head tells what each field means.
"""

from __future__ import annotations

from functools import cache
from typing import Literal

import msgspec
from msgspec import Struct

from auditor import data
from auditor.errors import AuditError
from auditor.yamldoc import load

Category = Literal[
    "tunnel", "remote-support", "shipper", "monitoring", "backup", "management", "distribution",
    "sync",
]  # fmt: skip


class Switch(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A file that turns an agent off: `key` set to one of `silent_at`.

    `absent` tells whether the agent is on where the file or the key is not there.
    """

    path: str
    key: str
    silent_at: tuple[str, ...]
    absent: bool


class KnownAgent(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An agent of the catalogue; the fields are told in the head of its file."""

    id: str
    title: str
    category: Category
    verified: bool
    domain: str = ""
    processes: tuple[str, ...] = ()
    units: tuple[str, ...] = ()
    interfaces: tuple[str, ...] = ()
    switch: Switch | None = None


class _Catalogue(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    agents: tuple[KnownAgent, ...]


@cache
def agents() -> tuple[KnownAgent, ...]:
    """Return the catalogue in its order; raises `AuditError` where it is damaged."""
    path = data.folder("policies") / "catalogues" / "agents.yaml"
    document = load(path.read_bytes(), where=path.name)
    try:
        return msgspec.convert(document.plain(), _Catalogue).agents
    except msgspec.ValidationError as error:
        raise AuditError(f"the catalogue is damaged: {error}", where=str(path)) from error
