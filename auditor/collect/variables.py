"""Finds variables that matter here where a host, its services and its accounts set them."""

from __future__ import annotations

from collections.abc import Iterator

from auditor.catalogues.settings import known_variable
from auditor.collect import Collector, Fact, Options
from auditor.collect._endpoint import Endpoint, endpoint, is_url
from auditor.collect._environment import READS, SetVariable, set_variables
from auditor.collect._purpose import is_proxy_or_mirror, purpose_of
from auditor.collect._reading import Reading
from auditor.evidence.host import EnvironmentVariable
from auditor.evidence.network import RemoteReference
from auditor.host import Host
from auditor.redaction import is_secret_name, redact_value

NAME = "variables"


def _collect(host: Host, _options: Options) -> Iterator[Fact]:
    reading = Reading(host, NAME, "environment_variable", "remote_reference")
    for variable in set_variables(reading):
        yield from _facts(reading, variable)
    yield from reading.gaps()


def _facts(reading: Reading, variable: SetVariable) -> Iterator[Fact]:
    """Yield what a variable says, where it matters: a setting, an address or a credential."""
    secret = is_secret_name(variable.name)
    address = is_url(variable.value or "")
    if not (secret or address or known_variable(variable.name)):
        return
    origin = reading.origin(variable.source, variable.line)
    found = endpoint(variable.value or "") if address else None
    yield EnvironmentVariable(
        origin=origin,
        scope=variable.scope,
        subject=variable.subject,
        name=variable.name,
        value=_kept(variable, found, secret=secret),
        secret=secret,
        literal=bool(variable.value),
    )
    if not address or is_proxy_or_mirror(variable.name):
        # The collectors of proxies and mirrors make records of their own of these.
        return
    if found is None:
        reading.malformed(variable.source, variable.line, f"{variable.name}: not an address")
        return
    yield RemoteReference(
        origin=origin,
        subject=variable.subject,
        setting=variable.name,
        url=found.base,
        host=found.host,
        port=found.port,
        purpose=purpose_of(variable.name),
    )


def _kept(variable: SetVariable, found: Endpoint | None, *, secret: bool) -> str | None:
    """Return the value as it may be stored: of an address where it leads, of a secret nothing."""
    if variable.value is None:
        return None
    if secret:
        return ""
    return found.base if found else redact_value(variable.name, variable.value)


COLLECTOR = Collector(
    title="Variables of the host, its services and accounts",
    yields=(EnvironmentVariable, RemoteReference),
    reads=READS,
    collect=_collect,
)
