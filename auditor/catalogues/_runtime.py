"""The entries of `policies/catalogues/runtimes.yaml`, read once."""

from __future__ import annotations

from functools import cache
from typing import Literal

import msgspec
from msgspec import Struct

from auditor import data, yamldoc
from auditor.errors import DocumentError

_PATH = "catalogues/runtimes.yaml"


class Setting(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a setting is made: `default` where nothing makes it (`None`: it cannot be told).

    `flags` and `variables` make it; `bare` is what a flag without a value means. A variable of
    `off_variables` that is switched on undoes it, whatever else is set.
    """

    default: bool | int | str | None = None
    flags: tuple[str, ...] = ()
    variables: tuple[str, ...] = ()
    bare: str = ""
    off_variables: tuple[str, ...] = ()


class Runtime(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An AI server or tool: how it is recognised, and what its settings mean.

    `executables` are base names of programs (or of scripts that an interpreter runs),
    `subcommands` the first words of which one must follow (`subcommands_of` by executable),
    `modules` Python modules after `-m`, `scripts` the ends of script paths, `python_apps` the
    applications that uvicorn or gunicorn serve, `classes` Java main classes, `images` the last
    components of an image's repository (`*` is any one), `environment` variables that only a
    program of this kind reads. `positional_model` are the words behind which the model stands
    without a flag (empty: at the start); `verified` tells how well all this is known.
    """

    key: str
    title: str
    role: Literal["model-server", "training", "tool", "vector-store", "tracker"]
    executables: tuple[str, ...] = ()
    subcommands: tuple[str, ...] = ()
    subcommands_of: dict[str, tuple[str, ...]] = {}
    modules: tuple[str, ...] = ()
    scripts: tuple[str, ...] = ()
    python_apps: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    images: tuple[str, ...] = ()
    environment: tuple[str, ...] = ()
    positional_model: tuple[str, ...] = ()
    positional_first: bool = False
    config_flags: tuple[str, ...] = ()
    bind: Setting
    port: Setting
    api_key: Setting
    tls: Setting
    remote_code: Setting
    model: Setting = Setting()
    verified: Literal["source", "no"]
    note: str = ""


class _Catalogue(Struct, frozen=True, forbid_unknown_fields=True):
    runtimes: tuple[Runtime, ...]


@cache
def runtimes() -> tuple[Runtime, ...]:
    """Return every runtime of the catalogue, in its order.

    Raises `DocumentError` where the catalogue is damaged.
    """
    path = data.folder("policies") / _PATH
    document = yamldoc.load(path.read_bytes(), where=str(path))
    try:
        return msgspec.convert(document.plain(), _Catalogue).runtimes
    except msgspec.ValidationError as error:
        raise DocumentError(
            f"the catalogue of runtimes is damaged: {error}", where=str(path)
        ) from (error)
