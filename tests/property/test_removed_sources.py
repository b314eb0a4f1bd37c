"""Taking a source away never adds a pass: the recorded hosts lose files, folders and rights."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
from comparison import HOSTS, NAMES, Judged, crashed, judged, whole, worse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from auditor.evidence import encode
from auditor.evidence.volumes import LuksFacts
from auditor.formats import Inspection
from auditor.host import DEFAULT_ENTRIES, DEFAULT_LIMIT, Absent, Host, Stat, Unreadable
from auditor.host._key_form import KeyForm
from auditor.host.record import RecordingHost
from auditor.host.tree import TreeHost

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "0")) or 25

VIEWS = ("/proc", "/proc/net", "/proc/self/mountinfo", "/proc/swaps", "/sys", "/sys/class/block",
         "/sys/class/net", "/etc", "/etc/passwd", "/etc/shadow")  # fmt: skip
CLOCK = "/clock"  # no path leads to it, but a kernel may refuse to tell of it
HOW = ("denied", "silent", "closed", "lost")

# Each of these is taken away whole, one at a time.
SOURCES = (
    "/proc/net", "/proc/self/mountinfo", "/proc/swaps", "/proc/cmdline", "/proc/sys", "/proc/1",
    "/proc", "/sys", "/sys/class/block", "/sys/class/net", "/sys/devices", "/sys/kernel",
    "/sys/firmware", "/sys/bus", "/etc", "/etc/passwd", "/etc/shadow", "/etc/group",
    "/etc/sudoers", "/etc/ssh", "/etc/resolv.conf", "/etc/systemd", "/etc/apt", "/etc/pip.conf",
    "/etc/docker", "/etc/nginx", "/etc/environment", "/etc/chrony", "/usr", "/usr/lib", "/usr/bin",
    "/run", "/var", "/var/log", "/tmp", "/home", "/root", "/opt", "/srv", "/data", "/dev", CLOCK,
)  # fmt: skip


@dataclass(frozen=True)
class Loss:
    """What became of a path and of everything below it.

    `lost` bodies are missing from a recording, `denied` and `silent` answer nothing at all,
    `closed` may be seen but not read, `gone` is not there and never was.
    """

    path: str
    how: str

    def covers(self, path: str) -> bool:
        return path == self.path or path.startswith(f"{self.path}/")


class Damaged:
    """A host that has lost something."""

    def __init__(self, host: Host, losses: tuple[Loss, ...]) -> None:
        self._host = host
        self._losses = losses

    @property
    def name(self) -> str:
        return self._host.name

    @property
    def live(self) -> bool:
        return False

    @property
    def uid(self) -> int | None:
        return self._host.uid

    @property
    def privileged(self) -> bool:
        return self._host.privileged

    def read(self, path: str, *, limit: int = DEFAULT_LIMIT, head: bool = False) -> bytes:
        self._check(path, "read")
        return self._host.read(path, limit=limit, head=head)

    def list(self, path: str, *, limit: int = DEFAULT_ENTRIES) -> tuple[str, ...]:
        self._check(path, "list")
        return self._host.list(path, limit=limit)

    def stat(self, path: str) -> Stat:
        self._check(path, "stat")
        return self._host.stat(path)

    def readlink(self, path: str) -> str:
        self._check(path, "readlink")
        return self._host.readlink(path)

    def mapper_table(self, name: str) -> tuple[str, ...]:
        self._check("/dev/mapper/control", "table")
        return self._host.mapper_table(name)

    def luks_header(self, device: str) -> LuksFacts:
        self._check(f"/dev/{device}", "header")
        return self._host.luks_header(device)

    def loop_backing(self, device: str) -> tuple[str, int]:
        self._check(f"/dev/{device}", "header")
        return self._host.loop_backing(device)

    def key_form(self, path: str) -> KeyForm:
        self._check(path, "read")
        return self._host.key_form(path)

    def encryption_policy(self, path: str) -> str:
        self._check(path, "policy")
        return self._host.encryption_policy(path)

    def inspect_model(self, path: str) -> Inspection | None:
        self._check(path, "read")
        return self._host.inspect_model(path)

    def digest(self, path: str, algorithms: tuple[str, ...], **options) -> tuple[str, ...]:
        self._check(path, "read")
        return self._host.digest(path, algorithms, **options)

    def verity_digest(self, path: str) -> str:
        self._check(path, "policy")
        return self._host.verity_digest(path)

    def clock_synchronized(self) -> bool:
        self._check(CLOCK, "clock")
        return self._host.clock_synchronized()

    def _check(self, path: str, operation: str) -> None:
        for loss in self._losses:
            if loss.covers(path):
                _lose(path, loss.how, operation)


def _lose(path: str, how: str, operation: str) -> None:
    if how == "gone":
        raise Absent(path)
    if how == "denied":
        raise Unreadable(path, "denied", "permission denied")
    if how == "silent":
        raise Unreadable(path, "timeout", "the file system did not answer")
    if how == "closed" and operation in ("read", "list", "policy", "table", "header", "clock"):
        raise Unreadable(path, "denied", "permission denied")
    if how == "lost" and operation == "read":
        raise Unreadable(path, "malformed", "the recording lists it, the folder lacks it")


@cache
def remembered(name: str) -> Host:
    """Return the sample, each of its files read once."""
    return RecordingHost(TreeHost(HOSTS / name))


@cache
def paths(name: str) -> tuple[str, ...]:
    """Every path that the recording answers for, and every folder above one."""
    tree = TreeHost(HOSTS / name)
    recorded = tree._recording
    assert recorded is not None
    found = {CLOCK, "/dev/mapper/control", *recorded.entries} - {"/"}
    found |= {f"/dev/{name}" for name in recorded.luks_headers} | set(recorded.key_forms)
    for path in tuple(found):
        parts = path.split("/")
        found |= {"/".join(parts[:end]) for end in range(2, len(parts))}
    return tuple(sorted(found))


def assert_nothing_better(name: str, *losses: Loss) -> None:
    """Assert it of the sample with something lost: what is lost stands in the failure."""
    after = judged(name, Damaged(remembered(name), losses))
    assert (losses, worse(whole(name), after), crashed(after.evidence)) == (losses, [], [])


def assert_recording_not_better(name: str, folder: Path) -> Judged:
    after = judged(name, TreeHost(folder))
    assert (worse(whole(name), after), crashed(after.evidence)) == ([], [])
    return after


@pytest.mark.parametrize("name", NAMES)
def test_each_source_denied_adds_no_pass(name: str) -> None:
    for source in SOURCES:
        if any(Loss(source, "denied").covers(path) for path in paths(name)):
            assert_nothing_better(name, Loss(source, "denied"))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("source", VIEWS)
def test_a_view_of_the_kernel_that_is_not_there_adds_no_pass(name: str, source: str) -> None:
    """A missing file may well be a fact; a missing `/proc` or `/etc` says nothing of a machine."""
    assert_nothing_better(name, Loss(source, "gone"))


@pytest.mark.parametrize("name", NAMES)
@given(data=st.data())
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
def test_sources_taken_away_at_random_add_no_pass(name: str, data: st.DataObject) -> None:
    loss = st.builds(Loss, st.sampled_from(paths(name)), st.sampled_from(HOW))
    losses = data.draw(st.lists(loss, min_size=1, max_size=4, unique=True))
    assert_nothing_better(name, *losses)


@pytest.mark.parametrize("name", NAMES)
def test_each_process_denied_adds_no_pass(name: str) -> None:
    for path in paths(name):
        if path.startswith("/proc/") and path.count("/") == 2 and path[6:].isdecimal():
            assert_nothing_better(name, Loss(path, "denied"))


@pytest.fixture
def copy(tmp_path: Path):
    def made(name: str) -> Path:
        return Path(shutil.copytree(HOSTS / name, tmp_path / name))

    return made


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("source", ["proc/net", "proc", "sys", "etc", "usr", ""])
def test_a_folder_deleted_from_a_recording_adds_no_pass(copy, name: str, source: str) -> None:
    folder = copy(name)
    if not (folder / "tree" / source).exists():
        return
    shutil.rmtree(folder / "tree" / source)
    after = assert_recording_not_better(name, folder)
    assert after.evidence.gaps != whole(name).evidence.gaps


@pytest.mark.parametrize("name", NAMES)
def test_bodies_cut_in_half_are_gaps_and_add_no_pass(copy, name: str) -> None:
    """Cut at the end of a line, many a file still reads well: the recording's digests tell."""
    folder = copy(name)
    bodies = [path for path in sorted((folder / "tree").rglob("*")) if path.is_file()]
    for body in [path for path in bodies if path.stat().st_size][::8]:
        data = body.read_bytes()
        body.write_bytes(b"".join(data.splitlines(keepends=True)[: data.count(b"\n") // 2]))
        assert_recording_not_better(name, folder)
        body.write_bytes(data)
    for body in bodies:
        body.write_bytes(body.read_bytes()[: body.stat().st_size // 2])
    assert_recording_not_better(name, folder)


@pytest.mark.parametrize("name", NAMES)
def test_a_recording_without_its_index_passes_nothing_new(copy, name: str) -> None:
    folder = copy(name)
    (folder / "host.json").unlink()
    assert assert_recording_not_better(name, folder).outcome != "compliant"


@pytest.mark.parametrize("name", NAMES)
def test_a_plain_tree_of_the_same_bodies_passes_nothing_that_needs_a_machine(
    copy, name: str
) -> None:
    """The bodies alone, as an image: no link, no mode, no table, and most files absent."""
    after = judged(name, TreeHost(copy(name) / "tree"))
    assert crashed(after.evidence) == []
    assert after.outcome != "compliant"
    proven = {rule for rule in after.passed_rules if rule.startswith("ENC-")}
    assert proven == set()


@pytest.mark.parametrize("name", NAMES)
def test_a_host_that_is_not_there_at_all_passes_nothing(tmp_path: Path, name: str) -> None:
    after = judged(name, TreeHost(tmp_path))
    assert after.passes == []
    assert after.outcome == "inconclusive"


@pytest.mark.parametrize("name", NAMES)
def test_the_same_recording_gives_the_same_bytes(name: str) -> None:
    again = judged(name, TreeHost(HOSTS / name))
    assert encode(again.evidence) == encode(whole(name).evidence)


def test_the_comparison_sees_a_pass_that_is_new() -> None:
    assert worse(whole("leaky-inference"), whole("sealed-inference")) != []
    assert worse(whole("sealed-inference"), whole("sealed-inference")) == []
