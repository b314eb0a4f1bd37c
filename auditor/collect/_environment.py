"""Every place where a host sets variables outside running processes, read in one way."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Literal

from msgspec import Struct

from auditor.collect._homes import homes
from auditor.collect._reading import Reading
from auditor.collect._shell import (
    Assignment,
    file_assignments,
    pam_assignments,
    shell_assignments,
)
from auditor.collect._units import MANAGER_FILES, MANAGER_FOLDERS, UNIT_FOLDERS, service_variables

HOST = "host"
_PROFILES = (
    "/etc/profile",
    "/etc/bash.bashrc",
    "/etc/bashrc",
    "/etc/zsh/zshenv",
    "/etc/zshenv",
    "/etc/zsh/zprofile",
)
_PROFILE_FOLDER = "/etc/profile.d"
_SESSION_FOLDERS = ("/etc/environment.d", "/usr/lib/environment.d")
_DAEMON_FILES = ("/etc/default/docker", "/etc/sysconfig/docker")
_HOME_PROFILES = (
    ".profile",
    ".bash_profile",
    ".bash_login",
    ".bashrc",
    ".zshenv",
    ".zprofile",
    ".zshrc",
)
_HOME_SESSION_FOLDER = ".config/environment.d"

READS = (
    "/etc/environment",
    *_PROFILES,
    f"{_PROFILE_FOLDER}/*.sh",
    *(f"{folder}/*.conf" for folder in _SESSION_FOLDERS),
    *_DAEMON_FILES,
    *MANAGER_FILES,
    *(f"{folder}/*.conf" for folder in MANAGER_FOLDERS),
    *(f"{folder}/*.service" for folder in UNIT_FOLDERS),
    *(f"{folder}/*.service.d/*.conf" for folder in UNIT_FOLDERS),
    "files named by EnvironmentFile=",
    "/etc/passwd",
    *(f"~/{name}" for name in _HOME_PROFILES),
    f"~/{_HOME_SESSION_FOLDER}/*.conf",
)

Scope = Literal["system", "user", "service"]
_Parser = Callable[[str], Iterator[Assignment]]


class SetVariable(Struct, frozen=True, kw_only=True):
    """A variable, for whom it is set and where; `value` `None` where only a shell could tell."""

    scope: Scope
    subject: str
    name: str
    value: str | None
    source: str
    line: int


def set_variables(reading: Reading) -> Iterator[SetVariable]:
    """Yield every variable set for the whole host, for a service or for an account."""
    yield from _file(reading, "/etc/environment", pam_assignments, "system", HOST)
    for path in (*_PROFILES, *reading.folder(_PROFILE_FOLDER, ".sh")):
        yield from _file(reading, path, shell_assignments, "system", HOST)
    for folder in _SESSION_FOLDERS:
        for path in reading.folder(folder, ".conf"):
            yield from _file(reading, path, file_assignments, "system", HOST)
    for path in _DAEMON_FILES:
        yield from _file(reading, path, shell_assignments, "service", "docker")
    yield from _services(reading)
    yield from _accounts(reading)


def _services(reading: Reading) -> Iterator[SetVariable]:
    for variable in service_variables(reading):
        yield SetVariable(
            scope="service",
            subject=variable.unit,
            name=variable.name,
            value=variable.value,
            source=variable.source,
            line=variable.line,
        )


def _accounts(reading: Reading) -> Iterator[SetVariable]:
    for home in homes(reading):
        subject = f"user {home.username}"
        for name in _HOME_PROFILES:
            path = f"{home.path}/{name}"
            yield from _file(reading, path, shell_assignments, "user", subject)
        for path in reading.folder(f"{home.path}/{_HOME_SESSION_FOLDER}", ".conf"):
            yield from _file(reading, path, file_assignments, "user", subject)


def _file(
    reading: Reading, path: str, parse: _Parser, scope: Scope, subject: str
) -> Iterator[SetVariable]:
    text = reading.text(path)
    for assignment in parse(text or ""):
        yield SetVariable(
            scope=scope,
            subject=subject,
            name=assignment.name,
            value=assignment.value,
            source=path,
            line=assignment.line,
        )
