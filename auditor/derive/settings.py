"""Tells for each AI service how the settings stand that decide whether something leaves."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import structs

from auditor.catalogues.runtimes import recognise
from auditor.catalogues.settings import Setting, own_flags, own_variables, settings_of
from auditor.derive import Derivation
from auditor.derive._cluster import Cluster, cluster_of
from auditor.derive._switches import Inside, Situation, flag_value, observed, state_of
from auditor.derive._verdict import Question, judge
from auditor.evidence import Evidence, Record
from auditor.evidence.derived import ServiceSetting
from auditor.evidence.host import AiService, EnvironmentVariable
from auditor.evidence.workload import KubernetesService, Workload


def _derive(evidence: Evidence) -> Iterator[Record]:
    """Yield a record for each service and each setting that concerns it."""
    cluster = cluster_of(evidence)
    logins = _of_logins(evidence)
    for record in evidence.records:
        if isinstance(record, AiService):
            yield from _of_service(evidence, cluster, logins, record)


def _of_service(
    evidence: Evidence, cluster: Cluster, logins: dict[str, str], service: AiService
) -> Iterator[ServiceSetting]:
    started = _started(service)
    for setting in settings_of(service.runtime):
        situation = structs.replace(started, inside=_inside(evidence, cluster, service, setting))
        if service.runtime not in setting.runtimes and not _concerns(setting, situation):
            continue
        state = state_of(setting, situation)
        yield ServiceSetting(
            origin=service.origin,
            source_kind="ai_service",
            setting=setting.id,
            runtime=service.runtime,
            subject=service.subject,
            effect=setting.effect,
            state=state,
            value=observed(setting, situation),
            safe_value=setting.safe,
            leaves=setting.leaves,
            verified=setting.verified != "no",
            how=_in_vain(setting, logins) if state == "unset" else "",
        )


def _of_logins(evidence: Evidence) -> dict[str, str]:
    """Return where variables are set that logins alone get (pam_env(8), profiles of shells).

    It is a remark for the reader: what could not be read of such variables decides nothing, so
    that `environment_variable` is none of the sources.
    """
    return {
        record.name: f"{record.name}={record.value} in {record.origin.source}"
        for record in evidence.records
        if isinstance(record, EnvironmentVariable)
        and record.scope in ("system", "user")
        and not record.secret
        and record.value
    }


def _in_vain(setting: Setting, logins: dict[str, str]) -> str:
    found = [logins[switch.variable] for switch in setting.switches if switch.variable in logins]
    return f"{', '.join(found)} is for logins: no service sees it" if found else ""


def _started(service: AiService) -> Situation:
    """Return what the service was started with; addresses cannot be told yet."""
    environment = (
        None
        if service.environment is None
        else {variable.name: variable.value for variable in service.environment}
    )
    return Situation(
        environment=environment, arguments=_own_arguments(service), inside=lambda _: None
    )


def _own_arguments(service: AiService) -> tuple[str, ...] | None:
    """Return the arguments of the service's own program, without a shell's around it."""
    if service.arguments is None:
        return None
    found = recognise(service.arguments, service.image)
    same = found is not None and found.runtime.key == service.runtime
    return found.arguments if found is not None and same else service.arguments


def _inside(evidence: Evidence, cluster: Cluster, service: AiService, setting: Setting) -> Inside:
    """Return the question whether a host is inside, as the service's own names are resolved.

    What is fetched may come from a mirror that the site declares for that use alone.
    """
    namespace = service.workload.partition("/")[0] if service.source_world == "manifest" else ""
    use = "model-mirror" if setting.effect == "fetch" else "telemetry"

    def inside(host: str) -> bool | None:
        question = Question(target=host, port=0, use=use, namespace=namespace)
        return judge(evidence.site, cluster, evidence.taken_at, question).inside

    return inside


def _concerns(setting: Setting, situation: Situation) -> bool:
    """Return whether a setting of any runtime concerns this service: a trace of it is there.

    Where the environment or the arguments could not be read there is a gap in `ai_service`,
    which leaves every rule about settings undecided: forty records more would say no more.
    """
    environment = situation.environment or {}
    if any(name in environment for name in own_variables(setting)):
        return True
    arguments = situation.arguments or ()
    return any(flag_value(arguments, flag) is not None for flag in own_flags(setting))


DERIVATION = Derivation(
    title="Settings of AI services that decide whether something leaves",
    yields=ServiceSetting,
    sources=(AiService, KubernetesService, Workload),
    derive=_derive,
)
