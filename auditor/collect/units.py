"""Judges the AI services that systemd would start, before they run."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from msgspec import Struct

from auditor.catalogues.runtimes import Recognition, recognise, service_facts
from auditor.collect import Collector, Fact, Options
from auditor.collect._process_table import unit_of
from auditor.collect._reading import Reading
from auditor.collect._service_records import known_variables
from auditor.collect._units import (
    EVERY_SERVICE,
    MANAGER_FILES,
    MANAGER_FOLDERS,
    UNIT_FOLDERS,
    manager_variables,
    service_files,
    settings,
    variables_of,
    words,
)
from auditor.evidence.host import AiService, ModelSource, Variable
from auditor.host import KIB, Absent, Host, Unreadable
from auditor.redaction import redact_arguments

NAME = "units"
_MOST_UNITS = 200
# What systemd takes before the program's path (systemd.service(5), table of prefixes).
_PREFIXES = re.compile(r"[@\-:+!|]*")
_VARIABLE = re.compile(r"\$(?:\{(\w+)\}|(\w+))")
_INSTANCE = re.compile(r"@[^@]*(?=\.service$)")
_OF_SERVICES = frozenset({"DefaultEnvironment"})


class _Command(Struct, frozen=True, kw_only=True):
    """The program that a unit starts; `literal` where no variable is put in (`:` before it)."""

    arguments: tuple[str, ...]
    literal: bool
    path: str
    line: int


class _Unit(Struct, frozen=True, kw_only=True):
    """A unit that starts an AI runtime; the first of `paths` is its own file."""

    name: str
    paths: tuple[str, ...]
    command: _Command
    recognition: Recognition


def _collect(host: Host, _options: Options) -> Iterator[Fact]:
    reading = Reading(host, NAME, "ai_service", "model_source")
    files = service_files(reading)
    everyone = tuple(files.pop(EVERY_SERVICE, ()))
    found = list(islice(_all_starting(reading, files), _MOST_UNITS + 1))
    if len(found) > _MOST_UNITS:
        reading.miss(found.pop().command.path, "limit", f"more than {_MOST_UNITS} such units")
    running = _running(reading) if found else None
    for unit in found:
        if running is not None and _INSTANCE.sub("@", unit.name) not in running:
            yield from _facts(reading, unit, everyone)
    yield from reading.gaps()


def _all_starting(reading: Reading, files: dict[str, list[str]]) -> Iterator[_Unit]:
    for name, paths in sorted(files.items()):
        yield from _starting(reading, name, paths)


def _starting(reading: Reading, name: str, paths: list[str]) -> Iterator[_Unit]:
    """Yield a unit where what it starts is an AI runtime of the catalogue."""
    commands: list[_Command] = []
    for path in paths:
        for entry in settings(reading, path, "Service", "ExecStart"):
            if entry.key == "ExecStart":
                # An empty one takes back those before it.
                commands = (
                    [*commands, _command(entry.value, path, entry.line)] if entry.value else []
                )
    for command in commands:
        recognition = recognise(command.arguments)
        if recognition is not None:
            yield _Unit(name=name, paths=tuple(paths), command=command, recognition=recognition)
            return


def _command(value: str, path: str, line: int) -> _Command:
    prefix = _PREFIXES.match(value)
    marks = prefix[0] if prefix else ""
    found = tuple(word.replace("%%", "%") for word in words(value[len(marks) :]))
    if "@" in marks:  # the second word is what the program is to be called
        found = (*found[:1], *found[2:])
    return _Command(arguments=found, literal=":" in marks, path=path, line=line)


def _running(reading: Reading) -> frozenset[str] | None:
    """Return the units that have processes, instances as their template; `None` if not known.

    Who runs is told by the processes. What may run unseen would be told twice, so that it is
    not told here, and that is a gap.
    """
    before = reading.losses
    try:
        names = reading.host.list("/proc")
    except Unreadable as error:
        reading.miss("/proc", error.reason, f"which units run is not known: {error.detail}")
        return None
    found = {
        _INSTANCE.sub("@", unit_of(_cgroup(reading, f"/proc/{name}/cgroup")))
        for name in names
        if name.isdecimal()
    }
    return frozenset(found) if reading.losses == before else None


def _cgroup(reading: Reading, path: str) -> str:
    try:
        return reading.host.read(path, limit=64 * KIB).decode("utf-8", "replace")
    except Absent:
        return ""  # it has ended meanwhile
    except Unreadable as error:
        reading.miss(path, error.reason, f"which units run is not known: {error.detail}")
        return ""


def _facts(reading: Reading, unit: _Unit, everyone: tuple[str, ...]) -> Iterator[Fact]:
    environment = _environment(reading, unit, everyone)
    command = unit.command
    arguments = command.arguments
    if not command.literal:
        arguments = tuple(_expanded(arguments, environment or {}))
    recognition = recognise(arguments) or unit.recognition
    runtime = recognition.runtime
    told = {name: value for name, value in (environment or {}).items() if value is not None}
    facts = service_facts(runtime, recognition.arguments, None if environment is None else told)
    subject, workload = f"unit {unit.name}", f"unit:{unit.name}"
    yield AiService(
        origin=reading.origin(command.path, command.line),
        runtime=runtime.key,
        title=runtime.title,
        role=runtime.role,
        subject=subject,
        workload=workload,
        source_world="host",
        image="",
        arguments=redact_arguments(arguments),
        environment=None if environment is None else _known(recognition, environment),
        bind_address=facts.bind_address,
        port=facts.port,
        api_key=facts.api_key,
        tls=facts.tls,
        remote_code=facts.remote_code,
        confidence=recognition.confidence,
        cors=facts.cors,
        tunnel=facts.tunnel,
    )
    for model in facts.models:
        yield ModelSource(
            origin=reading.origin(command.path, command.line),
            subject=subject,
            workload=workload,
            reference=model.reference,
            scheme=model.scheme,
            host=model.host,
        )


def _known(recognition: Recognition, environment: dict[str, str | None]) -> tuple[Variable, ...]:
    """Return the variables that a catalogue knows, those passed on with a value not known."""
    named = {name: value or "" for name, value in environment.items()}
    return tuple(
        Variable(name=one.name, value=None) if environment[one.name] is None else one
        for one in known_variables(recognition.runtime, named) or ()
    )


def _environment(
    reading: Reading, unit: _Unit, everyone: tuple[str, ...]
) -> dict[str, str | None] | None:
    """Return what the unit sets for its service; `None` where one of the files is not known.

    `/etc/environment` and the profiles of shells are read at logins (pam_env(8)): no service
    sees them, and they do not count here.
    """
    before = reading.losses
    paths = (*unit.paths[:1], *everyone, *unit.paths[1:])
    found: dict[str, str | None] = {
        variable.name: variable.value for variable in manager_variables(reading, _OF_SERVICES)
    }
    found |= {
        name: variable.value for name, variable in variables_of(reading, unit.name, paths).items()
    }
    dropped: set[str] = set()
    for path in paths:
        for entry in settings(reading, path, "Service"):
            if entry.key == "EnvironmentFile" and "%" in entry.value.replace("%%", ""):
                return None  # which file it is depends on the instance
            if entry.key == "PassEnvironment":
                found |= dict.fromkeys(words(entry.value))
            elif entry.key == "UnsetEnvironment":
                dropped.update(word.partition("=")[0] for word in words(entry.value))
    if reading.losses > before:
        return None
    return {name: value for name, value in found.items() if name not in dropped}


def _expanded(arguments: tuple[str, ...], environment: dict[str, str | None]) -> Iterator[str]:
    """Yield the arguments with the variables of the unit in them; others stay as written."""
    for argument in arguments:
        if re.fullmatch(r"\$\w+", argument) and environment.get(argument[1:]) is not None:
            yield from (environment[argument[1:]] or "").split()
        else:
            yield _VARIABLE.sub(lambda match: _value(match, environment), argument)


def _value(match: re.Match[str], environment: dict[str, str | None]) -> str:
    value = environment.get(match[1] or match[2])
    return match[0] if value is None or match[2] else value


COLLECTOR = Collector(
    title="AI services that systemd would start",
    yields=(AiService, ModelSource),
    reads=(
        *(f"{folder}/*.service" for folder in UNIT_FOLDERS),
        *(f"{folder}/*.service.d/*.conf" for folder in UNIT_FOLDERS),
        *MANAGER_FILES,
        *(f"{folder}/*.conf" for folder in MANAGER_FOLDERS),
        "files that EnvironmentFile= names",
        "/proc/*/cgroup",
    ),
    collect=_collect,
)
