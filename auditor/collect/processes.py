"""Reads the processes, recognises AI services among them, and what they are set to reach."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import structs

from auditor.catalogues import runtimes
from auditor.catalogues._program import programs
from auditor.catalogues.runtimes import Recognition
from auditor.collect import Collector, Fact, Options
from auditor.collect._accelerator_users import READS as ACCELERATORS
from auditor.collect._accelerator_users import accelerator_uses, has_device_files
from auditor.collect._model_libraries import READS as LIBRARIES
from auditor.collect._model_libraries import by_libraries
from auditor.collect._process_table import ProcessTable, Seen
from auditor.collect._reading import Reading, lines
from auditor.collect._service_records import (
    Service,
    model_sources,
    remote_references,
    service_record,
    variables,
)
from auditor.collect._service_tunnels import is_gradio_share, tunnel_to, tunnels
from auditor.evidence import Coverage, GapReason
from auditor.evidence.host import (
    AcceleratorUse,
    AiService,
    EnvironmentVariable,
    ModelSource,
    Process,
)
from auditor.evidence.network import RemoteReference
from auditor.host import Host
from auditor.redaction import redact_arguments

NAME = "processes"
_ANCESTORS = 64
_OF_SERVICES = ("ai_service", "model_source", "remote_reference")


def _collect(host: Host, _options: Options) -> Iterator[Fact]:
    uses = Reading(host, NAME, "accelerator_use")
    # A process that could not be seen may hold an accelerator, where there is one.
    holdable = has_device_files(uses)
    kinds = ("accelerator_use",) if holdable else ()
    processes = Reading(host, NAME, "process", "environment_variable", *_OF_SERVICES, *kinds)
    environments = Reading(host, NAME, "environment_variable")
    services_unsure = Reading(host, NAME, *_OF_SERVICES)
    table = ProcessTable(host, processes, environments)
    seen = tuple(table.seen())
    users = _usernames(processes)
    recognised = _recognised(services_unsure, seen)
    services = {service.process.pid: service for service in _services(seen, recognised, users)}
    for process in seen:
        recognition = recognised[process.pid]
        yield _record(processes, process, recognition, users)
        if process.environment is None and _could_be_a_service(process, recognition):
            reason: GapReason = "limit" if process.folder in table.cut else "denied"
            detail = "its variables could not be read"
            services_unsure.miss(f"{process.folder}/environ", reason, detail)
    yield from _service_facts(processes, tuple(services.values()))
    yield from _set_variables(processes, seen, services, users)
    if holdable:
        yield from accelerator_uses(uses, seen, recognised, users)
    for reading in (processes, environments, services_unsure, uses):
        yield from reading.gaps()
    yield from _coverage(table, seen)


def _coverage(table: ProcessTable, seen: tuple[Seen, ...]) -> Iterator[Coverage]:
    there = table.total - table.raced
    programs = [process for process in seen if process.arguments != ()]
    read = sum(process.arguments is not None for process in programs)
    known = sum(process.environment is not None for process in programs)
    yield Coverage(what="processes", seen=len(seen), total=there)
    yield Coverage(what="command lines", seen=read, total=len(programs))
    yield Coverage(what="environments of processes", seen=known, total=len(programs))


def _recognised(reading: Reading, seen: tuple[Seen, ...]) -> dict[int, Recognition | None]:
    """Return what each process is: by its command line, else by what it started or has loaded."""
    found = {process.pid: _recognise(process) for process in seen}
    by_pid = {process.pid: process for process in seen}
    for process in seen:
        parent = by_pid.get(process.parent)
        if is_gradio_share(process) and parent is not None and found[parent.pid] is None:
            found[parent.pid] = _gradio(parent)
    for process in seen:
        if _is_own_program(process) and not _is_part_of_a_service(process, found, by_pid):
            found[process.pid] = by_libraries(reading, process)
    return found


def _recognise(process: Seen) -> Recognition | None:
    if not process.arguments:
        return None
    return runtimes.recognise(
        process.arguments,
        environment_names=tuple(process.environment or ()) if _is_python(process) else (),
        executable=process.executable or "",
        unwrap=False,
    )


def _gradio(process: Seen) -> Recognition | None:
    """Return that a program is Gradio's: nothing else starts the tunnel of that name."""
    runtime = runtimes.by_key("gradio")
    if runtime is None or not process.arguments:
        return None
    return Recognition(runtime=runtime, confidence="medium", arguments=process.arguments[1:])


def _is_own_program(process: Seen) -> bool:
    """Return whether Python runs a script or module (a worker of something runs `-c`)."""
    return _is_python(process) and any(programs(process.arguments or (), unwrap=False))


def _is_part_of_a_service(
    process: Seen, found: dict[int, Recognition | None], by_pid: dict[int, Seen]
) -> bool:
    current: Seen | None = process
    for _ in range(_ANCESTORS):
        if current is None or found[current.pid] is not None:
            return current is not None
        current = by_pid.get(current.parent)
    return True


def _is_python(process: Seen) -> bool:
    name = (process.executable or (process.arguments or ("",))[0]).rpartition("/")[2]
    return name.startswith(("python", "pypy"))


def _could_be_a_service(process: Seen, recognition: Recognition | None) -> bool:
    """Return whether unread variables could matter: it is a service, or could be one by them."""
    return recognition is not None or _is_python(process)


def _services(
    seen: tuple[Seen, ...], recognised: dict[int, Recognition | None], users: dict[int, str]
) -> Iterator[Service]:
    """Yield the services, those that belong together as one: see `_is_worker`."""
    by_pid = {process.pid: process for process in seen}
    relays = tunnels(seen)
    found: dict[int, Service] = {}
    taken: dict[str, int] = {}
    for process in sorted(seen, key=lambda one: (one.start_time, one.pid)):
        recognition = recognised[process.pid]
        parent = by_pid.get(process.parent)
        if recognition is None or (parent is not None and parent.arguments == process.arguments):
            continue
        service = Service(process=process, recognition=recognition, subject="")
        starter = found.get(process.parent)
        if starter is not None and _is_worker(service, starter):
            found[process.parent] = _with_variables(starter, service)
            continue
        subject = subject_of(process, users)
        taken[subject] = taken.get(subject, 0) + 1
        number = f" #{taken[subject]}" if taken[subject] > 1 else ""
        tunnel = tunnel_to(process, service.facts.port, relays, by_pid)
        found[process.pid] = structs.replace(service, subject=subject + number, tunnel=tunnel)
    yield from found.values()


def _is_worker(service: Service, starter: Service) -> bool:
    """Return whether a service is the part of another that does its work.

    It is of the same kind, listens on the same port and says the same, as the server that
    `mlflow server` starts: nothing that matters is set otherwise, only more may be set.
    """
    if starter.recognition.runtime.key != service.recognition.runtime.key:
        return False
    facts, own = starter.facts, service.facts
    same = structs.replace(own, models=facts.models) == facts
    known = set(starter.known or ()) <= set(service.known or ())
    return same and known and set(own.models) <= set(facts.models)


def _with_variables(starter: Service, worker: Service) -> Service:
    """Return the service with the variables that it gave to its worker."""
    if starter.process.environment is None or worker.process.environment is None:
        return starter
    environment = worker.process.environment | starter.process.environment
    process = structs.replace(starter.process, environment=environment)
    return structs.replace(starter, process=process)


def subject_of(process: Seen, users: dict[int, str]) -> str:
    """Return what a reader knows the process by, the same after a restart: no pid."""
    if process.unit and not process.container:
        return process.unit
    place = process.container or users.get(-1 if process.uid is None else process.uid, "")
    return f"{process.name} in {place}" if process.container else f"{process.name} ({place})"


def _record(
    reading: Reading, process: Seen, recognition: Recognition | None, users: dict[int, str]
) -> Process:
    arguments = process.arguments
    return Process(
        origin=reading.origin(process.folder),
        pid=process.pid,
        parent=process.parent,
        name=process.name,
        path=process.executable,
        cmdline=None if arguments is None else redact_arguments(arguments),
        uid=process.uid,
        username=users.get(-1 if process.uid is None else process.uid, ""),
        start_time=process.start_time,
        container=process.container,
        network_namespace=process.network_namespace,
        runtime=recognition.runtime.key if recognition is not None else "",
    )


def _service_facts(reading: Reading, services: tuple[Service, ...]) -> Iterator[Fact]:
    for service in services:
        yield service_record(reading, service)
        yield from model_sources(reading, service)
        yield from remote_references(reading, service)


def _set_variables(
    reading: Reading,
    seen: tuple[Seen, ...],
    services: dict[int, Service],
    users: dict[int, str],
) -> Iterator[EnvironmentVariable]:
    """Yield the variables that matter: of a service all such, of others the catalogued ones.

    What several processes of one subject share is told once.
    """
    told: set[tuple[str, str, str | None]] = set()
    for process in seen:
        service = services.get(process.pid)
        subject = service.subject if service else subject_of(process, users)
        for variable in variables(reading, process, subject, of_service=service is not None):
            known = (variable.subject, variable.name, variable.value)
            if known not in told:
                told.add(known)
                yield variable


def _usernames(reading: Reading) -> dict[int, str]:
    """Return user names by id; names are a courtesy, so that an unreadable file is no gap."""
    quiet = Reading(reading.host, NAME)
    names: dict[int, str] = {}
    for line in lines(quiet.text("/etc/passwd") or ""):
        fields = line.split(":")
        if len(fields) > 2 and fields[2].isdecimal() and len(fields[2]) < 11:  # noqa: PLR2004 - passwd(5)
            names.setdefault(int(fields[2]), fields[0])
    return names


COLLECTOR = Collector(
    title="Processes and AI services",
    yields=(
        Process, AiService, AcceleratorUse, ModelSource, EnvironmentVariable, RemoteReference,
    ),
    reads=(
        "/proc",
        "/proc/self/mountinfo",
        "/proc/self/ns/pid",
        "/proc/*/stat",
        "/proc/*/status",
        "/proc/*/cmdline",
        "/proc/*/exe",
        "/proc/*/cgroup",
        "/proc/*/ns/net",
        "/proc/*/environ",
        "/etc/passwd",
        *dict.fromkeys((*LIBRARIES, *ACCELERATORS)),
    ),
    collect=_collect,
)  # fmt: skip
