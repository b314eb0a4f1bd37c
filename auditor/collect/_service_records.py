"""Makes the records of a recognised AI service: what it is, loads, is set to and points to."""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import Struct

from auditor.catalogues.runtimes import Recognition, Runtime, ServiceFacts, service_facts
from auditor.catalogues.settings import known_variable
from auditor.collect._endpoint import Endpoint, endpoint, is_url
from auditor.collect._process_table import Seen
from auditor.collect._purpose import purpose_of
from auditor.collect._reading import Reading
from auditor.evidence.host import AiService, EnvironmentVariable, ModelSource, Variable
from auditor.evidence.network import RemoteReference
from auditor.redaction import REDACTED, is_secret_name, redact_arguments, redact_value

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]{1,30}://[^\s\"'<>,;]{1,2000}")
_MOST_ADDRESSES = 500
# Addresses of this kind name a file or a bucket, no host; models of such are model sources.
_HOSTLESS = re.compile(r"(?i)^(?:file|unix|sqlite|pvc|s3|gs|hf|data)(?:\+\w+)?://")


class Service(Struct, frozen=True, kw_only=True):
    """A process that is an AI service, and what a reader knows it by.

    `tunnel` names a program that leads to it from outside, empty for none.
    """

    process: Seen
    recognition: Recognition
    subject: str
    tunnel: str = ""

    @property
    def workload(self) -> str:
        """Return what listening ports are joined by."""
        return f"pid:{self.process.pid}"

    @property
    def known(self) -> tuple[Variable, ...] | None:
        """Return its variables that a catalogue knows."""
        return known_variables(self.recognition.runtime, self.process.environment)

    @property
    def facts(self) -> ServiceFacts:
        """Return what its settings say."""
        recognition = self.recognition
        return service_facts(recognition.runtime, recognition.arguments, self.process.environment)


def service_record(reading: Reading, service: Service) -> AiService:
    """Return the service with its settings; secrets are out of arguments and variables."""
    runtime, facts = service.recognition.runtime, service.facts
    return AiService(
        origin=reading.origin(service.process.folder),
        runtime=runtime.key,
        title=runtime.title,
        role=runtime.role,
        subject=service.subject,
        workload=service.workload,
        source_world="host",
        image="",
        arguments=redact_arguments(service.process.arguments or ()),
        environment=known_variables(runtime, service.process.environment),
        bind_address=facts.bind_address,
        port=facts.port,
        api_key=facts.api_key,
        tls=facts.tls,
        remote_code=facts.remote_code,
        confidence=service.recognition.confidence,
        cors=facts.cors,
        tunnel=service.tunnel or facts.tunnel,
    )


def known_variables(
    runtime: Runtime, environment: dict[str, str] | None
) -> tuple[Variable, ...] | None:
    """Return the variables of a service that a catalogue knows, as they may be stored."""
    if environment is None:
        return None
    own = {
        name
        for setting in runtime.switches
        for name in (*setting.variables, *setting.off_variables)
    }
    return tuple(
        Variable(name=name, value=shown_value(name, value))
        for name, value in sorted(environment.items())
        if name in own or known_variable(name)
    )


def shown_value(name: str, value: str) -> str:
    """Return a value as stored: that a secret is set remains to be seen."""
    if is_secret_name(name):
        return REDACTED if value else ""
    found = endpoint(value) if is_url(value) else None
    return found.base if found else redact_value(name, value)


def model_sources(reading: Reading, service: Service) -> Iterator[ModelSource]:
    """Yield where the service is told to take models from."""
    for model in service.facts.models:
        yield ModelSource(
            origin=reading.origin(service.process.folder),
            subject=service.subject,
            workload=service.workload,
            reference=model.reference,
            scheme=model.scheme,
            host=model.host,
        )


def remote_references(reading: Reading, service: Service) -> Iterator[RemoteReference]:
    """Yield every address in the service's arguments and variables."""
    models = {model.reference for model in service.facts.models}
    told: set[tuple[str, str]] = set()
    for setting, url in _addresses(service.process):
        found = endpoint(url)
        if found is None or (setting, found.url) in told or found.url in models:
            continue
        if len(told) == _MOST_ADDRESSES:
            detail = f"more than {_MOST_ADDRESSES} addresses in one command line and environment"
            reading.miss(service.process.folder, "limit", detail)
            return
        told.add((setting, found.url))
        yield _reference(reading, service, setting, found)


def _reference(
    reading: Reading, service: Service, setting: str, found: Endpoint
) -> RemoteReference:
    return RemoteReference(
        origin=reading.origin(service.process.folder),
        subject=service.subject,
        setting=setting,
        url=found.base,
        host=found.host,
        port=found.port,
        purpose=purpose_of(setting.lstrip("-").replace("-", "_")),
    )


def _addresses(process: Seen) -> Iterator[tuple[str, str]]:
    flag = "argument"
    for argument in process.arguments or ():
        name = argument.partition("=")[0]
        flag = name if name.startswith("-") else flag
        for match in _URL.finditer(argument):
            if not _HOSTLESS.match(match[0]):
                yield flag, match[0]
        if not argument.startswith("-"):
            flag = "argument"
    for name, value in sorted((process.environment or {}).items()):
        for match in _URL.finditer(value):
            if not _HOSTLESS.match(match[0]):
                yield name, match[0]


def variables(
    reading: Reading, process: Seen, subject: str, *, of_service: bool
) -> Iterator[EnvironmentVariable]:
    """Yield the variables of a process that matter: see `EnvironmentVariable`."""
    for name, value in sorted((process.environment or {}).items()):
        secret = is_secret_name(name)
        if not (known_variable(name) or (of_service and (secret or is_url(value)))):
            continue
        yield EnvironmentVariable(
            origin=reading.origin(f"{process.folder}/environ"),
            scope="process",
            subject=subject,
            name=name,
            value="" if secret else shown_value(name, value),
            secret=secret,
            literal=bool(value),
        )
