"""Makes the records of a running container, so that the rules for manifests judge it as well."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from auditor.catalogues import images
from auditor.catalogues.runtimes import Recognition, recognise, service_facts
from auditor.catalogues.settings import known_variable
from auditor.collect._container_members import Member
from auditor.collect._container_state import NetworkMode, State
from auditor.collect._programs import programs
from auditor.collect._reading import Reading
from auditor.collect._service_records import known_variables, shown_value
from auditor.evidence import Record
from auditor.evidence.containers import RunningContainer
from auditor.evidence.host import AiService, Variable
from auditor.evidence.workload import Container, ContainerImage, VolumeMount, Workload
from auditor.redaction import redact_arguments

_TOKEN = "/var/run/secrets/kubernetes.io/serviceaccount"  # noqa: S105 - a path
_SHORT = 12


class Running(Struct, frozen=True, kw_only=True):
    """A container that runs, and what its processes tell beyond its state on disk."""

    state: State
    member: Member
    network_mode: NetworkMode | None
    host_pid: bool | None
    uid: int | None

    @property
    def workload(self) -> str:
        """Return the label of its workload."""
        return workload_label(self.state)

    @property
    def subject(self) -> str:
        """Return what its image and volumes are known by."""
        return f"{self.workload}:{self.state.name}"


def workload_label(state: State) -> str:
    """Return the label of a container's workload: its pod, or the container itself."""
    if state.pod:
        return f"{state.namespace}/Pod/{state.pod}"
    return f"{state.engine}/Container/{state.name}"


def records(reading: Reading, running: Running) -> Iterator[Record]:
    """Yield what there is to say of a container; what its engine does not keep is a gap."""
    state = running.state
    yield from _image(reading, running)
    if state.is_sandbox:
        return  # it only holds the pod's namespaces: its containers tell of them
    yield _running(reading, running)
    if state.rights is not None:
        yield _container(reading, running)
    for mount in state.mounts or ():
        yield VolumeMount(
            origin=reading.origin(state.source),
            subject=running.subject,
            path=mount.path,
            volume_type=mount.volume_type,
            source=mount.source,
            read_only=mount.read_only,
        )
    yield from _service(reading, running)


def workload(reading: Reading, containers: tuple[Running, ...]) -> Iterator[Workload]:
    """Yield the workload that containers are: a pod of several, or one by itself."""
    first = containers[0]
    modes = [one.network_mode for one in containers]
    pids = [one.host_pid for one in containers]
    if None in modes or None in pids:
        what = "which namespaces a container shares with the host could not be read"
        reading.miss(first.state.source, "denied", what)
        return
    state = first.state
    yield Workload(
        origin=reading.origin(state.source),
        resource="Pod" if state.pod else "Container",
        api_version="",
        namespace=state.namespace if state.pod else state.engine,
        name=state.pod or state.name,
        path="",
        containers=len(containers),
        host_network="host" in modes,
        host_pid=True in pids,
        service_account_token=any(
            mount.path == _TOKEN for one in containers for mount in one.state.mounts or ()
        ),
        dns_policy="",
        network_isolated=set(modes) == {"none"},
        labels=(),
    )


def _running(reading: Reading, running: Running) -> RunningContainer:
    state = running.state
    return RunningContainer(
        origin=reading.origin(state.source),
        engine=state.engine,
        container_id=state.container_id[:_SHORT],
        name=state.name,
        workload=running.workload,
        image=state.image,
        image_digest=state.image_digest,
        privileged=state.rights.privileged if state.rights else None,
        network_mode=running.network_mode,
        host_pid=running.host_pid,
        published=state.published,
        restart=state.restart,
        user=state.rights.user if state.rights else None,
        namespace=state.namespace,
        pod=state.pod,
        environment=_variables(state.environment),
        processes=len(running.member.pids),
    )


def _variables(environment: dict[str, str] | None) -> tuple[Variable, ...] | None:
    if environment is None:
        return None
    return tuple(
        Variable(name=name, value=shown_value(name, value))
        for name, value in sorted(environment.items())
        if known_variable(name)
    )


def _container(reading: Reading, running: Running) -> Container:
    """Return the container as a manifest would tell it; what runs decides who it runs as."""
    state, rights = running.state, running.state.rights
    assert rights is not None  # noqa: S101 - the caller has looked
    uid = rights.uid if rights.uid is not None else running.uid
    return Container(
        origin=reading.origin(state.source),
        workload=running.workload,
        name=state.name,
        image=state.image,
        init=False,
        privileged=rights.privileged,
        run_as_root=None if uid is None else uid == 0,
        read_only_root=rights.read_only_root,
        added_capabilities=rights.added_capabilities,
        pull_policy="",
        kept_from_root=bool(uid),
    )


def _image(reading: Reading, running: Running) -> Iterator[ContainerImage]:
    state = running.state
    if state.is_sandbox and not state.image:
        return
    parsed = images.parse(state.image)
    if parsed is None:
        what = "the engine keeps no name of the image that runs"
        reading.miss(state.source, "absent", what)
        return
    yield ContainerImage(
        origin=reading.origin(state.source),
        subject=running.subject,
        reference=state.image,
        registry=parsed.registry,
        explicit_registry=bool(parsed.registry),
        repository=parsed.repository,
        tag=parsed.tag,
        digest=parsed.digest,
    )


def _service(reading: Reading, running: Running) -> Iterator[AiService]:
    """Yield the AI service that only the image tells of: no process in it was recognised."""
    state, member = running.state, running.member
    for program in programs(reading, member.pids):
        if recognise(program.arguments, executable=program.path or "", unwrap=False):
            return  # the collector of processes tells of it
    found = recognise(state.arguments, state.image, tuple(state.environment or ()))
    if found is None or found.confidence == "low":
        return
    yield _service_record(reading, running, found)


def _service_record(reading: Reading, running: Running, found: Recognition) -> AiService:
    state, runtime = running.state, found.runtime
    facts = service_facts(runtime, found.arguments, state.environment)
    return AiService(
        origin=reading.origin(state.source),
        runtime=runtime.key,
        title=runtime.title,
        role=runtime.role,
        subject=f"{state.name} in {state.engine}:{state.container_id[:_SHORT]}",
        workload=f"pid:{running.member.pids[0]}",
        source_world="host",
        image=state.image,
        arguments=redact_arguments(state.arguments),
        environment=known_variables(runtime, state.environment),
        bind_address=facts.bind_address,
        port=facts.port,
        api_key=facts.api_key,
        tls=facts.tls,
        remote_code=facts.remote_code,
        confidence=found.confidence,
        cors=facts.cors,
        tunnel=facts.tunnel,
    )
