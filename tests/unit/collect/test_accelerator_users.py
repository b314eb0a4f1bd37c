"""Programs that hold accelerators: what is known of them, and what could not be seen."""

from __future__ import annotations

from pathlib import Path

import pytest

from auditor.collect import Options, load
from auditor.evidence import Gap
from auditor.evidence.host import AcceleratorUse
from tests.unit.collect.conftest import Refusing
from tests.unit.collect.machine import process

NODES = {"/dev/nvidia0": "", "/dev/nvidia1": "", "/dev/nvidiactl": ""}


def holding(pid, arguments, *devices, name="python3", **more):
    files = process(pid, arguments, name=name, **more)
    held = {f"/proc/{pid}/fd/{n}": Path(f"/dev/{d}") for n, d in enumerate(devices, start=20)}
    return {**files, f"/proc/{pid}/fd/0": Path("/dev/null"), **held}


@pytest.fixture
def uses(plain_tree):
    def read(*parts, refused=()):
        host = plain_tree({name: value for part in parts for name, value in part.items()})
        facts = tuple(load("processes").collect(Refusing(host, refused), Options()))
        return (
            [fact for fact in facts if isinstance(fact, AcceleratorUse)],
            [f.reason for f in facts if isinstance(f, Gap) and f.kind == "accelerator_use"],
        )

    return read


def told(found):
    return [(use.process, use.runtime, use.devices) for use in found]


VLLM = ["/usr/bin/python3", "/opt/bin/vllm", "serve", "m"]


def test_a_program_that_nothing_knows(uses):
    (use,), gaps = uses(NODES, holding(7, ["/opt/xm", "-o"], "nvidia1", "nvidiactl", name="xm"))
    assert (use.process, use.path, use.runtime, use.devices) == (
        "xm",
        "/usr/bin/xm",
        "",
        ("nvidia1",),
    )
    assert gaps == []


def test_a_model_server_and_its_workers_are_one(uses):
    found, _ = uses(
        NODES,
        holding(40, VLLM, "nvidia0"),
        holding(41, ["VLLM::Worker"], "nvidia1", parent=40),
        holding(42, ["VLLM::Worker"], "nvidia0", parent=41),
    )
    assert told(found) == [("python3", "vllm", ("nvidia0", "nvidia1"))]


def test_a_server_that_holds_none_itself_stands_behind_its_worker(uses):
    worker = holding(41, ["/x/stub"], "nvidia0", parent=40, name="stub")
    found, _ = uses(NODES, holding(40, VLLM), worker)
    assert told(found) == [("stub", "vllm", ("nvidia0",))]


def test_what_is_typed_into_a_shell_is_no_part_of_the_tool_that_gave_it(uses):
    found, _ = uses(
        NODES,
        holding(40, ["/usr/bin/jupyter-lab"], name="jupyter-lab"),
        holding(41, ["/bin/bash", "-l"], name="bash", parent=40),
        holding(42, ["/tmp/xm"], "nvidia0", name="xm", parent=41),
    )
    assert told(found) == [("xm", "", ("nvidia0",))]


def test_another_program_is_not_hidden_behind_the_holder_that_started_it(uses):
    found, _ = uses(
        NODES,
        holding(40, ["/usr/bin/gnome-shell"], "nvidia0", name="gnome-shell"),
        holding(41, ["/tmp/xm"], "nvidia0", name="xm", parent=40),
    )
    assert [use.process for use in found] == ["gnome-shell", "xm"]


def test_processes_that_name_each_other_as_parents_end(uses):
    found, _ = uses(
        NODES,
        holding(40, ["/a"], "nvidia0", name="a", parent=41),
        holding(41, ["/a"], "nvidia0", name="a", parent=40),
    )
    assert len(found) >= 1


def test_control_files_and_screens_are_not_held_accelerators(uses):
    held = holding(7, ["/x"], "nvidiactl", "nvidia-uvm", "dri/renderD128", "nvidia0x", name="x")
    assert uses(NODES, held) == ([], [])


@pytest.mark.parametrize("device", ["kfd", "davinci3", "accel/accel0", "nvhost-gpu"])
def test_other_makers(uses, device):
    found, _ = uses({f"/dev/{device}": ""}, holding(7, ["/x"], device, name="x"))
    assert told(found) == [("x", "", (device,))]


@pytest.mark.parametrize("refused", ["/proc/7/fd", "/proc/7/fd/20"])
def test_open_files_that_are_refused_are_a_gap(uses, refused):
    held = holding(7, ["/x"], "nvidia0", name="x")
    assert uses(NODES, held, refused=(refused,)) == ([], ["denied"])


def test_a_process_that_tells_nothing_may_hold_one(uses):
    held = holding(7, ["/x"], "nvidia0", name="x")
    assert uses(NODES, held, refused=("/proc/7/stat",)) == ([], ["denied"])


def test_a_process_that_tells_nothing_holds_none_where_there_is_none(uses):
    other = holding(8, ["/y"], name="y")
    assert uses({"/dev/null": ""}, other, refused=("/proc/8/stat",)) == ([], [])


def test_device_files_that_are_refused_are_a_gap(uses):
    assert uses(holding(7, ["/x"], name="x"), refused=("/dev",)) == ([], ["denied"])


def test_a_machine_without_accelerators_is_asked_no_open_files(uses):
    held = holding(7, ["/x"], "nvidia0", name="x")
    assert uses(held, {"/dev/null": ""}, refused=("/proc/7/fd",)) == ([], [])


def test_a_kernel_thread_has_no_open_files(uses):
    thread = {**process(2, [], name="kthreadd"), "/proc/2/exe": None}
    assert uses(NODES, thread, refused=("/proc/2/fd",)) == ([], [])


def test_a_program_that_wiped_its_arguments_is_seen(uses):
    found, _ = uses(NODES, holding(7, [], "nvidia0", name="xm"))
    assert told(found) == [("xm", "", ("nvidia0",))]


@pytest.mark.parametrize("pid", [40, 41])
def test_a_command_line_that_is_refused_may_be_a_model_servers(uses, pid):
    worker = holding(41, ["/x/stub"], "nvidia0", parent=40, name="stub")
    found, _ = uses(NODES, holding(40, VLLM), worker, refused=(f"/proc/{pid}/cmdline",))
    assert told(found) == [("stub", None, ("nvidia0",))]
