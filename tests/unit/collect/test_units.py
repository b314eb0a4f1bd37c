"""AI services that systemd would start: their settings are judged before they run."""

from __future__ import annotations

from pathlib import Path

import pytest

from auditor import derive
from auditor.collect import Options, load
from auditor.evidence import SCHEMA, CollectorRun, Evidence, Gap, Record, Site, Subject, Tool
from auditor.evidence.derived import ServiceExposure, ServiceSetting
from auditor.evidence.host import AiService, ModelSource
from auditor.host.tree import TreeHost

UNIT = "/etc/systemd/system/vllm.service"
START = "[Service]\nExecStart=/opt/vllm/bin/vllm serve Qwen/Qwen2.5-7B --host 10.20.0.11\n"
PID1 = {"/proc/1/cgroup": "0::/init.scope\n"}


@pytest.fixture
def service(plain_tree, collected):
    """Return `told(files) -> AiService` of the one unit that starts a runtime."""

    def told(files, refused=()):
        records, gaps = collected("units", plain_tree({**PID1, **files}), refused=refused)
        assert not gaps or refused
        return next(record for record in records if isinstance(record, AiService))

    return told


def environment(service: AiService) -> dict[str, str | None] | None:
    if service.environment is None:
        return None
    return {variable.name: variable.value for variable in service.environment}


def judged(host: TreeHost) -> tuple[Record, ...]:
    """Return what is derived of a host's units and variables."""
    facts = [
        fact for name in ("units", "variables") for fact in load(name).collect(host, Options())
    ]
    evidence = Evidence(
        schema=SCHEMA, tool=Tool(name="audit", version="0"), mode="host", site=Site(),
        subject=Subject(name="here"), taken_at="2026-01-15T08:00:00Z",
        runs=(CollectorRun(collector="units", title="", kinds=("ai_service",), records=1, gaps=0),),
        gaps=tuple(fact for fact in facts if isinstance(fact, Gap)),
        records=tuple(fact for fact in facts if isinstance(fact, Record)),
    )  # fmt: skip
    return derive.derive(evidence)


def setting(host: TreeHost, name: str) -> ServiceSetting:
    return next(
        record
        for record in judged(host)
        if isinstance(record, ServiceSetting) and record.setting == name
    )


def test_a_unit_that_does_not_run_is_a_service_with_its_settings(plain_tree, collected) -> None:
    records, gaps = collected("units", plain_tree({**PID1, UNIT: START}))
    found, source = records
    assert gaps == []
    assert isinstance(found, AiService)
    assert (found.runtime, found.subject, found.workload, found.bind_address, found.port) == (
        "vllm", "unit vllm.service", "unit:vllm.service", "10.20.0.11", 8000,
    )  # fmt: skip
    assert (found.origin.source, found.origin.line) == (UNIT, 2)
    assert isinstance(source, ModelSource)
    assert source.reference == "Qwen/Qwen2.5-7B"


@pytest.mark.parametrize("cgroup", ["vllm.service", "vllm@one.service"])
def test_one_that_runs_is_told_by_its_process_alone(plain_tree, collected, cgroup: str) -> None:
    unit = UNIT if "@" not in cgroup else UNIT.replace("vllm.", "vllm@.")
    files = {**PID1, unit: START, "/proc/71/cgroup": f"0::/system.slice/{cgroup}\n"}
    assert collected("units", plain_tree(files)) == ([], [])


def test_where_who_runs_is_not_known_nothing_is_told_and_that_is_a_gap(
    plain_tree, collected
) -> None:
    host = plain_tree({**PID1, UNIT: START, "/proc/71/cgroup": "0::/x\n"})
    for refused in ("/proc/71/cgroup", "/proc"):
        records, gaps = collected("units", host, refused=(refused,))
        assert records == []
        assert {gap.kind for gap in gaps} == {"ai_service", "model_source"}


def test_a_host_that_starts_no_runtime_does_not_look_at_its_processes(
    plain_tree, collected
) -> None:
    host = plain_tree({"/etc/systemd/system/x.service": "[Service]\nExecStart=/usr/bin/x\n"})
    assert collected("units", host, refused=("/proc",)) == ([], [])


@pytest.mark.parametrize(
    "files",
    [
        {UNIT: START + "Environment=HF_HUB_OFFLINE=1\n"},
        {UNIT: START + 'Environment="A=b c" "HF_HUB_OFFLINE=1"\n'},
        {UNIT: START + "EnvironmentFile=-/etc/vllm/env\n", "/etc/vllm/env": "HF_HUB_OFFLINE='1'\n"},
        {UNIT: START, f"{UNIT}.d/10.conf": "[Service]\nEnvironment=HF_HUB_OFFLINE=1\n"},
        {
            UNIT: START,
            "/usr/lib/systemd/system/service.d/1.conf": "[Service]\nEnvironment=HF_HUB_OFFLINE=1\n",
        },
        {
            UNIT: START,
            "/etc/systemd/system.conf": "[Manager]\nDefaultEnvironment=HF_HUB_OFFLINE=1\n",
        },
    ],
    ids=["unit", "quoted", "file", "drop-in", "every service", "manager"],
)
def test_each_place_that_a_service_gets_its_variables_from(service, plain_tree, files) -> None:
    assert environment(service(files)) == {"HF_HUB_OFFLINE": "1"}
    found = setting(plain_tree({**PID1, **files}), "hf-offline")
    assert (found.state, found.how) == ("safe", "")


@pytest.mark.parametrize(
    "files",
    [
        {"/etc/environment": "HF_HUB_OFFLINE=1\n"},
        {"/etc/profile": "export HF_HUB_OFFLINE=1\n"},
        {"/etc/profile.d/ai.sh": "export HF_HUB_OFFLINE=1\n"},
        {"/etc/environment.d/ai.conf": "HF_HUB_OFFLINE=1\n"},
        {"/home/alice/.bashrc": "export HF_HUB_OFFLINE=1\n"},
    ],
    ids=lambda files: next(iter(files)),
)
def test_what_logins_alone_get_makes_no_service_safe(service, plain_tree, files) -> None:
    assert environment(service({UNIT: START, **files})) == {}
    found = setting(plain_tree({**PID1, UNIT: START, **files}), "hf-offline")
    assert found.state == "unset"
    assert found.how == f"HF_HUB_OFFLINE=1 in {next(iter(files))} is for logins: no service sees it"


@pytest.mark.parametrize(
    "line",
    [
        "UnsetEnvironment=HF_HUB_OFFLINE",
        "UnsetEnvironment=HF_HUB_OFFLINE=1",
        "Environment=",
    ],
)
def test_what_is_taken_back_is_not_set(service, line: str) -> None:
    assert environment(service({UNIT: f"{START}Environment=HF_HUB_OFFLINE=1\n{line}\n"})) == {}


def test_the_managers_own_variables_are_no_services(service) -> None:
    files = {"/etc/systemd/system.conf": "[Manager]\nManagerEnvironment=HF_HUB_OFFLINE=1\n"}
    assert environment(service({UNIT: START, **files})) == {}


@pytest.mark.parametrize(
    "line", ["PassEnvironment=HF_HUB_OFFLINE", "EnvironmentFile=/etc/vllm/%i.env"]
)
def test_what_is_known_when_it_starts_alone_is_not_known(service, plain_tree, line: str) -> None:
    files = {UNIT: f"{START}{line}\n"}
    assert environment(service(files)) in (None, {"HF_HUB_OFFLINE": None})
    assert setting(plain_tree({**PID1, **files}), "hf-offline").state is None


def test_a_file_of_variables_that_is_refused_leaves_them_unknown(service) -> None:
    files = {UNIT: START + "EnvironmentFile=/etc/vllm/env\n", "/etc/vllm/env": "A=1\n"}
    found = service(files, ("/etc/vllm",))
    assert found.environment is None


@pytest.mark.parametrize(
    ("command", "bind"),
    [
        ("-/opt/vllm/bin/vllm serve m --host 0.0.0.0", "0.0.0.0"),
        ("@/opt/vllm/bin/vllm server-of-models serve m --host 127.0.0.1", "127.0.0.1"),
        ("!!/opt/vllm/bin/vllm serve m --host ${HOST}", "10.0.0.7"),
        ("/opt/vllm/bin/vllm serve m $WORDS", "10.0.0.8"),
        ("/bin/sh -c 'exec vllm serve m --host 10.0.0.9'", "10.0.0.9"),
        ("/opt/vllm/bin/vllm serve m \\\n  --host 10.0.0.6", "10.0.0.6"),
    ],
)
def test_commands_as_systemd_reads_them(service, command: str, bind: str) -> None:
    text = f"[Service]\nEnvironment=HOST=10.0.0.7 'WORDS=--host 10.0.0.8'\nExecStart={command}\n"
    assert service({UNIT: text}).bind_address == bind


def test_an_empty_command_takes_back_those_before(plain_tree, collected) -> None:
    drop_in = "[Service]\nExecStart=\nExecStart=/usr/bin/sleep 1\n"
    files = {**PID1, UNIT: START, f"{UNIT}.d/x.conf": drop_in}
    assert collected("units", plain_tree(files)) == ([], [])


def test_a_masked_unit_starts_nothing(plain_tree, collected) -> None:
    host = plain_tree({
        **PID1, UNIT: Path("/dev/null"), "/usr/lib/systemd/system/vllm.service": START,
    })  # fmt: skip
    assert collected("units", host)[0] == []


def test_secrets_of_a_command_are_not_kept(service) -> None:
    found = service({UNIT: START.rstrip() + " --api-key sk-abcdefghijklmnop0123456789\n"})
    assert found.api_key is True
    assert "abcdefghijklmnop" not in repr(found)


def test_it_would_listen_where_its_settings_say(plain_tree) -> None:
    host = plain_tree({**PID1, UNIT: START.replace("10.20.0.11", "0.0.0.0")})
    found = [record for record in judged(host) if isinstance(record, ServiceExposure)]
    assert [(one.reach, one.published_by, one.port) for one in found] == [
        ("everywhere", "unit", 8000)
    ]
