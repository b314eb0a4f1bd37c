"""Finds where this host's tools take packages, models and images from."""

from __future__ import annotations

from collections.abc import Iterator

from auditor.collect import Collector, Fact, Options
from auditor.collect import _environment as environment
from auditor.collect import _packages as packages
from auditor.collect import _python_packages as python_packages
from auditor.collect import _registries as registries
from auditor.collect._homes import Home, homes
from auditor.collect._mirror_records import Mirrors, Place
from auditor.collect._reading import Reading
from auditor.evidence.network import Mirror
from auditor.host import Host

NAME = "mirrors"
# Variables that replace a tool's public default, and those that add to it.
_REPLACING = {
    "PIP_INDEX_URL": "pip",
    "UV_INDEX_URL": "uv",
    "UV_DEFAULT_INDEX": "uv",
    "CONDA_CHANNEL_ALIAS": "conda",
    "NPM_CONFIG_REGISTRY": "npm",
    "HF_ENDPOINT": "huggingface",
    "GOPROXY": "go",
}
_ADDING = {
    "PIP_EXTRA_INDEX_URL": "pip",
    "PIP_FIND_LINKS": "pip",
    "UV_INDEX": "uv",
    "UV_EXTRA_INDEX_URL": "uv",
    "UV_FIND_LINKS": "uv",
    "UV_PYTHON_INSTALL_MIRROR": "uv",
    "HF_MIRROR": "huggingface",
}
_SWITCHES = {
    "PIP_NO_INDEX": "pip",
    "UV_OFFLINE": "uv",
    "UV_NO_INDEX": "uv",
    "CONDA_OFFLINE": "conda",
    "HF_HUB_OFFLINE": "huggingface",
    "TRANSFORMERS_OFFLINE": "huggingface",
}
_HUB_PROGRAMS = ("/usr/local/bin/hf", "/usr/bin/hf", "/usr/local/bin/huggingface-cli",
                 "/usr/bin/huggingface-cli")  # fmt: skip
_HUB_HOME_PROGRAMS = (".local/bin/hf", ".local/bin/huggingface-cli")
# Words of GOPROXY that are no address (go help goproxy).
_GO_WORDS = frozenset({"direct", "off"})
_TRUE = frozenset({"1", "yes", "true", "on"})


def _collect(host: Host, _options: Options) -> Iterator[Fact]:
    reading = Reading(host, NAME, "mirror")
    mirrors = Mirrors(reading)
    accounts = homes(reading)
    _variables(reading, mirrors)
    packages.system_packages(reading, mirrors)
    packages.npm(reading, mirrors, accounts)
    python_packages.pip(reading, mirrors, accounts)
    python_packages.uv(reading, mirrors, accounts)
    python_packages.conda(reading, mirrors, accounts)
    registries.docker(reading, mirrors)
    registries.rancher(reading, mirrors)
    registries.containerd(reading, mirrors)
    registries.podman(reading, mirrors, accounts)
    _hub(mirrors, accounts)
    yield from mirrors.records()
    yield from reading.gaps()


def _variables(reading: Reading, mirrors: Mirrors) -> None:
    """Keep the mirrors that variables name, whoever they are set for."""
    for variable in environment.set_variables(reading):
        name = variable.name.upper()
        ecosystem = _REPLACING.get(name) or _ADDING.get(name)
        if name in _SWITCHES and (variable.value or "").lower() in _TRUE:
            mirrors.settle(_SWITCHES[name], variable.subject)
        if ecosystem is None:
            continue
        place = Place(
            ecosystem=ecosystem,
            subject=variable.subject,
            path=variable.source,
            line=variable.line,
        )
        if variable.value is None:
            where = f"{place.path}:{place.line}"
            reading.miss(where, "unsupported", f"only a shell could expand {variable.name}")
            continue
        for address in _addresses(name, variable.value):
            mirrors.configure(place, address, settles=name in _REPLACING)


def _addresses(name: str, value: str) -> tuple[str, ...]:
    """Return the addresses in a variable's value: several for most, `NAME=URL` for uv."""
    if name == "GOPROXY":
        words = value.replace("|", ",").split(",")
        return tuple(word for word in words if word.strip() not in _GO_WORDS)
    words = value.split()
    if name in {"UV_INDEX", "UV_DEFAULT_INDEX"}:
        return tuple(word.rpartition("=")[2] if "=" in word.partition("://")[0] else word
                     for word in words)  # fmt: skip
    return tuple(words)


def _hub(mirrors: Mirrors, accounts: tuple[Home, ...]) -> None:
    """Keep that a model hub's own command is left to the public hub."""
    programs = [f"{home.path}/{name}" for home in accounts for name in _HUB_HOME_PROGRAMS]
    mirrors.default_where_present("huggingface", *_HUB_PROGRAMS, *programs)


COLLECTOR = Collector(
    title="Package, model and image mirrors",
    yields=(Mirror,),
    reads=(*environment.READS, *packages.READS, *python_packages.READS, *registries.READS),
    collect=_collect,
)
