"""Processes are told as they are seen, AI services recognised, and secrets never kept."""

import importlib.util
from pathlib import Path

import msgspec
import pytest

from auditor.collect import Options, load
from auditor.evidence import Coverage, Gap, Record, kind_of
from auditor.host import Unreadable

_spec = importlib.util.spec_from_file_location("machine", Path(__file__).with_name("machine.py"))
machine = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(machine)
process = machine.process

DOCKER = "0::/system.slice/docker-" + "ab12" * 16 + ".scope\n"


def run(host):
    facts = list(load("processes").collect(host, Options()))
    records = [fact for fact in facts if isinstance(fact, Record)]
    return (
        records,
        [f for f in facts if isinstance(f, Gap)],
        [f for f in facts if isinstance(f, Coverage)],
    )


def of(records, kind):
    return [record for record in records if kind_of(record) == kind]


VLLM = process(
    4121,
    ["/usr/bin/python3", "/opt/bin/vllm", "serve", "Qwen/Qwen2.5-7B", "--api-key", "s3cret-value",
     "--otlp-traces-endpoint", "http://u:pw@traces.corp.example:4317/x?y=1"],
    environ=["HF_TOKEN=hf_abcdefghijklmnopqrst", "HF_HUB_OFFLINE=1", "HF_ENDPOINT=http://u:pw@hub.corp.example/",
             "MY_PASSWORD=geheim1", "HOME=/root", "CALLBACK=https://app.corp.example/hook?sig=1"],
    cgroup="0::/system.slice/vllm.service\n",
)  # fmt: skip


def test_a_service_with_everything_it_is_set_to(plain_tree):
    records, gaps, coverage = run(plain_tree(VLLM))
    assert gaps == []
    assert all(item.seen == item.total for item in coverage)
    (service,) = of(records, "ai_service")
    assert (service.runtime, service.subject, service.workload) == (
        "vllm",
        "vllm.service",
        "pid:4121",
    )
    assert (service.bind_address, service.port, service.api_key) == ("0.0.0.0", 8000, True)
    assert service.confidence == "high"
    assert {v.name: v.value for v in service.environment}["HF_HUB_OFFLINE"] == "1"
    assert [m.reference for m in of(records, "model_source")] == ["Qwen/Qwen2.5-7B"]
    references = {(r.setting, r.url) for r in of(records, "remote_reference")}
    assert ("--otlp-traces-endpoint", "http://traces.corp.example:4317") in references
    assert ("HF_ENDPOINT", "http://hub.corp.example") in references
    (one,) = of(records, "process")
    assert (one.pid, one.parent, one.uid, one.username) == (4121, 1, 1000, "alice")
    assert one.runtime == "vllm"


def test_secrets_are_in_no_record(plain_tree):
    records, _, _ = run(plain_tree(VLLM))
    stored = b"".join(msgspec.json.encode(record) for record in records)
    for secret in (b"s3cret", b"abcdefghij", b"geheim1", b"u:pw", b"sig=1"):
        assert secret not in stored
    variables = {v.name: v for v in of(records, "environment_variable")}
    assert variables["MY_PASSWORD"].secret
    assert (variables["MY_PASSWORD"].value, variables["MY_PASSWORD"].literal) == ("", True)
    assert "HOME" not in variables


class Denying:
    """A host on which paths with these ends are refused, or gone."""

    def __init__(self, host, *ends, reason="denied"):
        self._host, self._ends, self._reason = host, ends, reason

    def __getattr__(self, name):
        method = getattr(self._host, name)
        if name not in {"read", "list", "stat", "readlink"}:
            return method

        def asked(path, **options):
            if path.endswith(self._ends):
                raise Unreadable(path, self._reason, "permission denied")
            return method(path, **options)

        return asked


def test_an_unreadable_environment_is_a_gap_and_never_a_default(plain_tree):
    records, gaps, coverage = run(Denying(plain_tree(VLLM), "/environ"))
    (service,) = of(records, "ai_service")
    assert service.environment is None
    assert service.api_key is True
    assert {(g.kind, g.reason) for g in gaps} == {
        ("environment_variable", "denied"),
        ("ai_service", "denied"),
        ("model_source", "denied"),
        ("remote_reference", "denied"),
    }
    assert ("environments of processes", 0, 1) in [(c.what, c.seen, c.total) for c in coverage]


def test_an_unreadable_command_line_might_be_a_model_server(plain_tree):
    records, gaps, _ = run(Denying(plain_tree(VLLM), "/cmdline"))
    (one,) = of(records, "process")
    assert one.cmdline is None
    assert {"ai_service", "model_source"} <= {gap.kind for gap in gaps}


def test_without_proc_everything_is_a_gap(plain_tree):
    with pytest.raises(Unreadable):
        run(plain_tree({}))
    with pytest.raises(Unreadable):
        run(plain_tree({"/proc/cpuinfo": ""}))


def test_a_process_that_tells_nothing_is_a_gap(plain_tree):
    _, gaps, coverage = run(plain_tree({**VLLM, "/proc/4121/stat": None}))
    assert {gap.kind for gap in gaps} >= {"process", "ai_service"}
    assert ("processes", 0, 1) in [(c.what, c.seen, c.total) for c in coverage]


def test_a_malformed_stat_is_a_gap(plain_tree):
    _, gaps, _ = run(plain_tree({**VLLM, "/proc/4121/stat": "4121 (x"}))
    assert {(gap.kind, gap.reason) for gap in gaps} >= {("process", "malformed")}


def test_like_gaps_are_rolled_up(plain_tree):
    files = {}
    for pid in range(10, 40):
        files |= process(pid, ["sleep", "1"], name="sleep")
    _, gaps, _ = run(Denying(plain_tree(files), "/environ"))
    assert [(gap.kind, gap.count) for gap in gaps] == [("environment_variable", 30)]


def test_a_worker_with_its_parents_command_is_part_of_it(plain_tree):
    files = process(10, ["vllm", "serve", "m"], name="vllm", start=1)
    files |= process(11, ["vllm", "serve", "m"], name="vllm", parent=10, start=2)
    records, _, _ = run(plain_tree(files))
    assert [service.workload for service in of(records, "ai_service")] == ["pid:10"]
    assert [p.runtime for p in of(records, "process")] == ["vllm", "vllm"]


def test_two_of_a_kind_are_told_apart_by_their_age(plain_tree):
    files = process(10, ["qdrant"], name="qdrant", start=9)
    files |= process(11, ["qdrant"], name="qdrant", start=2)
    records, _, _ = run(plain_tree(files))
    assert {s.subject: s.workload for s in of(records, "ai_service")} == {
        "qdrant (alice)": "pid:11",
        "qdrant (alice) #2": "pid:10",
    }


def test_containers_are_named(plain_tree):
    records, _, _ = run(plain_tree(process(10, ["ollama", "serve"], name="ollama", cgroup=DOCKER)))
    assert of(records, "process")[0].container == "docker:ab12ab12ab12"
    assert of(records, "ai_service")[0].subject == "ollama in docker:ab12ab12ab12"


def test_hostile_names_and_endless_lines(plain_tree):
    name = ") R 1 (\x1b[31m<b>"
    files = process(10, ["x"], name="x")
    files["/proc/10/stat"] = files["/proc/10/stat"].replace("(x)", f"({name})")
    files["/proc/10/cmdline"] = b"\xff\xfe\0" + b"A" * 1_000_000
    files["/proc/10/exe"] = Path("/usr/bin/x (deleted)")
    records, gaps, _ = run(plain_tree(files))
    (one,) = of(records, "process")
    assert one.name == name
    assert one.parent == 1
    assert one.cmdline == ("\ufffd\ufffd",)
    assert ("process", "limit") in {(gap.kind, gap.reason) for gap in gaps}


def test_a_container_sees_only_itself(plain_tree):
    files = {**VLLM, "/proc/self/ns/pid": Path("pid:[4026532999]")}
    _, gaps, _ = run(plain_tree(files))
    assert ("process", "unsupported") in {(gap.kind, gap.reason) for gap in gaps}


def test_hidden_processes_are_a_gap(plain_tree):
    mounts = "22 27 0:21 / /proc rw - proc proc rw,hidepid=invisible\n"
    _, gaps, _ = run(plain_tree({**VLLM, "/proc/self/mountinfo": mounts}))
    assert ("process", "denied") in {(gap.kind, gap.reason) for gap in gaps}
    shown = mounts.replace("hidepid=invisible", "hidepid=0")
    assert run(plain_tree({"/proc/self/mountinfo": shown}))[1] == []


def test_python_with_a_tools_variables_is_weakly_recognised(plain_tree):
    files = process(10, ["python3", "app.py"], environ=["GRADIO_SERVER_NAME=0.0.0.0"])
    (service,) = of(run(plain_tree(files))[0], "ai_service")
    assert (service.runtime, service.confidence, service.bind_address) == (
        "gradio",
        "low",
        "0.0.0.0",
    )
