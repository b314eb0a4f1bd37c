"""Reads where the system's package tools and npm take packages from."""

from __future__ import annotations

import re

from auditor.collect import _apt as apt
from auditor.collect._environment import HOST
from auditor.collect._homes import Home
from auditor.collect._ini import entries
from auditor.collect._mirror_records import Mirrors, Place
from auditor.collect._reading import Reading

_DNF_MAIN = ("/etc/dnf/dnf.conf", "/etc/yum.conf")
_DNF_REPOSITORIES = "/etc/yum.repos.d"
_DNF_VARIABLES = ("/etc/dnf/vars", "/etc/yum/vars")
_ZYPPER_REPOSITORIES = "/etc/zypp/repos.d"
_REPOSITORY_KEYS = frozenset({"baseurl", "mirrorlist", "metalink"})
_NPM_FILES = ("/etc/npmrc", "/usr/etc/npmrc", "/usr/local/etc/npmrc")
_NPM_PROGRAMS = ("/usr/bin/npm", "/usr/local/bin/npm")
_VARIABLE = re.compile(r"\$\{?(\w+)\}?")
_FALSE = frozenset({"0", "no", "false", "off"})

READS = (
    *apt.READS,
    *_DNF_MAIN,
    f"{_DNF_REPOSITORIES}/*.repo",
    *(f"{folder}/*" for folder in _DNF_VARIABLES),
    f"{_ZYPPER_REPOSITORIES}/*.repo",
    *_NPM_FILES,
    "~/.npmrc",
)


def system_packages(reading: Reading, mirrors: Mirrors) -> None:
    """Keep the sources of apt, dnf (or yum) and zypper; none of them has a default of its own."""
    for source in apt.sources(reading):
        place = Place(ecosystem="apt", subject=HOST, path=source.path, line=source.line)
        mirrors.configure(place, source.uri)
    for path in (*_DNF_MAIN, *reading.folder(_DNF_REPOSITORIES, ".repo")):
        _repositories(reading, mirrors, "dnf", path)
    for path in reading.folder(_ZYPPER_REPOSITORIES, ".repo"):
        _repositories(reading, mirrors, "zypper", path)


def _repositories(reading: Reading, mirrors: Mirrors, ecosystem: str, path: str) -> None:
    """Keep the addresses of the enabled repositories in one file (dnf.conf(5))."""
    found = tuple(entries(reading.text(path) or "", continuation="indent"))
    disabled = {
        entry.section
        for entry in found
        if entry.key.lower() == "enabled" and entry.value.lower() in _FALSE
    }
    for entry in found:
        if entry.section in disabled or entry.key.lower() not in _REPOSITORY_KEYS:
            continue
        place = Place(ecosystem=ecosystem, subject=HOST, path=path, line=entry.line)
        for address in entry.value.replace(",", " ").split():
            mirrors.configure(place, _substituted(reading, address))


def _substituted(reading: Reading, address: str) -> str:
    """Return the address with dnf's variables in its host replaced by what their files say."""
    scheme, separator, rest = address.partition("://")
    host, slash, path = rest.partition("/")
    if "$" not in host:
        return address

    def value(match: re.Match[str]) -> str:
        for folder in _DNF_VARIABLES:
            text = reading.text(f"{folder}/{match[1]}")
            if text is not None:
                return text.strip()
        return match[0]

    return f"{scheme}{separator}{_VARIABLE.sub(value, host)}{slash}{path}"


def npm(reading: Reading, mirrors: Mirrors, accounts: tuple[Home, ...]) -> None:
    """Keep npm's registries (npmrc), scoped ones too; a credential's line is never looked at."""
    for path in _NPM_FILES:
        _npmrc(reading, mirrors, HOST, path)
    for home in accounts:
        _npmrc(reading, mirrors, f"user {home.username}", f"{home.path}/.npmrc")
    mirrors.default_where_present("npm", *_NPM_PROGRAMS)


def _npmrc(reading: Reading, mirrors: Mirrors, subject: str, path: str) -> None:
    for entry in entries(reading.text(path) or ""):
        key = entry.key.lower()
        place = Place(ecosystem="npm", subject=subject, path=path, line=entry.line)
        if key == "registry":
            mirrors.configure(place, entry.value)
        elif key.startswith("@") and key.endswith(":registry"):
            # A scope's registry leaves the default in place for everything else.
            mirrors.configure(place, entry.value, settles=False)
