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
    `off_variables` that is switched on undoes it, whatever else is set. `inverted`: its switches
    say the contrary of what it is called here.
    """

    default: bool | int | str | None = None
    flags: tuple[str, ...] = ()
    variables: tuple[str, ...] = ()
    bare: str = ""
    off_variables: tuple[str, ...] = ()
    inverted: bool = False


class Runtime(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An AI server or tool: how it is recognised, and what its settings mean.

    `executables` are base names of programs (or of scripts that an interpreter runs),
    `subcommands` the first words of which one must follow (`subcommands_of` by executable),
    `modules` Python modules after `-m`, `scripts` the ends of script paths, `python_apps` the
    applications that uvicorn or gunicorn serve, `classes` Java main classes, `images` the last
    components of an image's repository (`*` is any one), `environment` variables that only a
    program of this kind reads, `libraries` the folders in site-packages whose compiled parts such
    a program has mapped. `positional_model` are the words behind which the model stands
    without a flag (empty: at the start). `cors`: web pages of any origin may call it; without
    one it is not told. `tunnel`: a relay outside leads to it. `verified`: `yes` seen in `source`
    (a release or commit), `stored` seen in an older stored version of it, `no` general knowledge.
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
    libraries: tuple[str, ...] = ()
    positional_model: tuple[str, ...] = ()
    positional_first: bool = False
    config_flags: tuple[str, ...] = ()
    bind: Setting
    port: Setting
    api_key: Setting
    tls: Setting
    remote_code: Setting
    model: Setting = Setting()
    cors: Setting | None = None
    tunnel: Setting | None = None
    verified: Literal["yes", "stored", "no"]
    source: str = ""
    note: str = ""

    @property
    def switches(self) -> tuple[Setting, ...]:
        """Return every setting that is there."""
        settings = (self.bind, self.port, self.api_key, self.tls, self.remote_code, self.model,
                    self.cors, self.tunnel)  # fmt: skip
        return tuple(setting for setting in settings if setting is not None)


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
