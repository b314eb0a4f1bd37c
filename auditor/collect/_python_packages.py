"""Reads where pip, uv and conda take packages from."""

from __future__ import annotations

from collections.abc import Iterator

from auditor.collect._environment import HOST
from auditor.collect._homes import Home
from auditor.collect._ini import entries
from auditor.collect._mirror_records import Mirrors, Place
from auditor.collect._reading import Reading
from auditor.collect._structured import (
    Settings,
    strings,
    table,
    tables,
    toml_settings,
    yaml_settings,
)

_PIP_FILES = ("/etc/pip.conf", "/etc/xdg/pip/pip.conf")
_PIP_HOME_FILES = (".config/pip/pip.conf", ".pip/pip.conf")
_PIP_PROGRAMS = ("/usr/bin/pip3", "/usr/bin/pip", "/usr/local/bin/pip3", "/usr/local/bin/pip")
_UV_FILES = ("/etc/uv/uv.toml", "/etc/xdg/uv/uv.toml")
_UV_HOME_FILE = ".config/uv/uv.toml"
_UV_PROGRAMS = ("/usr/bin/uv", "/usr/local/bin/uv")
_UV_HOME_PROGRAMS = (".local/bin/uv", ".cargo/bin/uv")
_CONDA_FOLDERS = ("/opt/conda", "/opt/miniconda3", "/opt/miniforge3", "/opt/anaconda3")
_CONDA_HOME_FOLDERS = ("miniconda3", "miniforge3", "anaconda3", ".conda")
_CONDA_FILES = (
    "/etc/conda/.condarc",
    "/etc/conda/condarc",
    "/var/lib/conda/.condarc",
    *(f"{folder}/.condarc" for folder in _CONDA_FOLDERS),
)
_CONDA_HOME_FILES = (".condarc", ".config/conda/.condarc",
                     *(f"{folder}/.condarc" for folder in _CONDA_HOME_FOLDERS))  # fmt: skip
_TRUE = frozenset({"1", "yes", "true", "on"})

READS = (
    *_PIP_FILES,
    *(f"~/{name}" for name in _PIP_HOME_FILES),
    *_UV_FILES,
    f"~/{_UV_HOME_FILE}",
    *_CONDA_FILES,
    *(f"~/{name}" for name in _CONDA_HOME_FILES),
)


def pip(reading: Reading, mirrors: Mirrors, accounts: tuple[Home, ...]) -> None:
    """Keep pip's indexes and link pages of the host and of each account, as pip.conf has them."""
    for path in _PIP_FILES:
        _pip_file(reading, mirrors, HOST, path)
    for home in accounts:
        for name in _PIP_HOME_FILES:
            _pip_file(reading, mirrors, f"user {home.username}", f"{home.path}/{name}")
    mirrors.default_where_present("pip", *_PIP_PROGRAMS)


def _pip_file(reading: Reading, mirrors: Mirrors, subject: str, path: str) -> None:
    for entry in entries(reading.text(path) or "", continuation="indent"):
        key = entry.key.lower().replace("_", "-")
        place = Place(ecosystem="pip", subject=subject, path=path, line=entry.line)
        if key == "index-url":
            mirrors.configure(place, entry.value)
        elif key in {"extra-index-url", "find-links"}:
            for address in entry.value.split():
                mirrors.configure(place, address, settles=False)
        elif key == "no-index" and entry.value.lower() in _TRUE:
            mirrors.settle("pip", subject)


def uv(reading: Reading, mirrors: Mirrors, accounts: tuple[Home, ...]) -> None:
    """Keep uv's indexes and link pages (uv.toml), for the host and each account."""
    for path in _UV_FILES:
        _uv_settings(mirrors, HOST, path, toml_settings(reading, path))
    for home in accounts:
        path = f"{home.path}/{_UV_HOME_FILE}"
        _uv_settings(mirrors, f"user {home.username}", path, toml_settings(reading, path))
    programs = [f"{home.path}/{name}" for home in accounts for name in _UV_HOME_PROGRAMS]
    mirrors.default_where_present("uv", *_UV_PROGRAMS, *programs)


def _uv_settings(mirrors: Mirrors, subject: str, path: str, settings: Settings) -> None:
    place = Place(ecosystem="uv", subject=subject, path=path)
    for part in (settings, table(settings, "pip")):
        for address in strings(part.get("index-url")):
            mirrors.configure(place, address)
        for key in ("extra-index-url", "find-links"):
            for address in strings(part.get(key)):
                mirrors.configure(place, address, settles=False)
        if part.get("offline") is True or part.get("no-index") is True:
            mirrors.settle("uv", subject)
    for index in tables(settings.get("index")):
        for address in strings(index.get("url")):
            mirrors.configure(place, address, settles=index.get("default") is True)
    for key in ("python-install-mirror", "pypy-install-mirror"):
        for address in strings(settings.get(key)):
            mirrors.configure(place, address, settles=False)


def conda(reading: Reading, mirrors: Mirrors, accounts: tuple[Home, ...]) -> None:
    """Keep conda's channels (.condarc); a channel's bare name leads to the channel alias."""
    for path in _CONDA_FILES:
        _conda_settings(mirrors, HOST, path, yaml_settings(reading, path))
    for home in accounts:
        for name in _CONDA_HOME_FILES:
            path = f"{home.path}/{name}"
            settings = yaml_settings(reading, path)
            _conda_settings(mirrors, f"user {home.username}", path, settings)
    folders = [f"{home.path}/{name}" for home in accounts for name in _CONDA_HOME_FOLDERS]
    mirrors.default_where_present("conda", *_CONDA_FOLDERS, "/usr/bin/conda", *folders)


def _conda_settings(mirrors: Mirrors, subject: str, path: str, settings: Settings) -> None:
    place = Place(ecosystem="conda", subject=subject, path=path)
    for address in strings(settings.get("channel_alias")):
        mirrors.configure(place, address, settles=False)
    for name in _channels(settings):
        if "://" in name or name.startswith("/"):
            mirrors.configure(place, name, settles=False)
    if _conda_settled(settings):
        mirrors.settle("conda", subject)


def _channels(settings: Settings) -> Iterator[str]:
    """Yield every channel and mirror that the settings name."""
    for key in ("channels", "default_channels", "migrated_channel_aliases"):
        yield from strings(settings.get(key))
    for key in ("custom_channels", "custom_multichannels", "mirrored_channels"):
        for _, value in sorted(table(settings, key).items()):
            yield from strings(value)


def _conda_settled(settings: Settings) -> bool:
    """Return whether nothing is left that the public default would serve.

    `defaults` stands for the default channels; any other bare name is looked up below the alias.
    """
    if settings.get("offline") is True:
        return True
    channels = tuple(strings(settings.get("channels"))) or ("defaults",)
    bare = [name for name in channels if "://" not in name and not name.startswith("/")]
    custom = set(table(settings, "custom_channels")) | set(table(settings, "mirrored_channels"))
    by_alias = [name for name in bare if name != "defaults" and name not in custom]
    defaults_covered = "defaults" not in bare or "default_channels" in settings
    return defaults_covered and (not by_alias or "channel_alias" in settings)
