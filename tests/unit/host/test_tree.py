"""A folder as a machine: nothing leads out of it, and a recording tells what was taken away."""

import json
import shutil

import pytest

from auditor.errors import AuditError
from auditor.host import Absent, Unreadable
from auditor.host.record import RecordingHost
from auditor.host.tree import TreeHost


@pytest.fixture
def image(tmp_path):
    root = tmp_path / "image"
    (root / "etc").mkdir(parents=True)
    (root / "etc/hostname").write_text("edge-1\n")
    (root / "proc/net").mkdir(parents=True)
    (root / "proc/net/tcp").write_text("table")
    (tmp_path / "secret").write_text("outside")
    return root


def reason(call, *arguments, **options):
    with pytest.raises(Unreadable) as caught:
        call(*arguments, **options)
    return caught.value.reason


def test_links_are_resolved_inside_the_folder(image):
    (image / "etc/name").symlink_to("/etc/hostname")
    (image / "etc/up").symlink_to("../../../../etc/hostname")
    (image / "etc/out").symlink_to(str(image.parent / "secret"))
    (image / "etc/dots").symlink_to("../../secret")
    (image / "all").symlink_to("/")
    host = TreeHost(image)
    assert host.name == "edge-1"
    assert host.read("/etc/name") == host.read("/etc/up") == b"edge-1\n"
    assert host.read("/all/all/etc/../etc/hostname") == b"edge-1\n"
    assert host.read("/../../etc/hostname") == b"edge-1\n"
    for path in ("/etc/out", "/etc/dots", "/../secret", "/all/../secret"):
        with pytest.raises(Absent):
            host.read(path)


def test_loops_end(image):
    (image / "a").symlink_to("/b")
    (image / "b").symlink_to("a")
    assert reason(TreeHost(image).read, "/a") == "malformed"


def test_a_plain_tree_does_not_tell_who_reads(image):
    host = TreeHost(image)
    assert (host.live, host.uid, host.privileged) == (False, None, False)
    assert reason(host.mapper_table, "x") == "unsupported"
    assert reason(host.encryption_policy, "/etc") == "unsupported"
    with pytest.raises(Absent):
        host.list("/sys")


def test_no_folder_is_an_error(tmp_path):
    with pytest.raises(AuditError):
        TreeHost(tmp_path / "nothing")


@pytest.fixture
def recorded(image, tmp_path):
    """Return the folder of a recording in which these questions were asked."""
    (image / "etc/link").symlink_to("hostname")
    (image / "etc/odd\x1b[31m").write_bytes(b"odd")
    host = RecordingHost(TreeHost(image))
    host.list("/etc")
    host.list("/proc/net")
    host.stat("/etc/hostname")
    host.read("/etc/link")
    host.readlink("/etc/link")
    host.read("/etc/hostname")
    host.read("/etc/odd\x1b[31m")
    host.read("/proc/net/tcp", limit=3, head=True)
    for ask in (host.read, host.stat):
        with pytest.raises(Absent):
            ask("/etc/nothing")
    with pytest.raises(Unreadable):
        host.read("/etc/hostname", limit=2)
    with pytest.raises(Unreadable):
        host.mapper_table("x")
    folder = tmp_path / "recorded"
    host.save(folder, at="2026-01-01T00:00:00Z")
    return folder


def test_a_recording_answers_what_was_asked(recorded):
    host = TreeHost(recorded)
    assert host.list("/etc") == ("hostname", "link", "odd\x1b[31m")
    assert host.read("/etc/link") == host.read("/etc/hostname") == b"edge-1\n"
    assert host.readlink("/etc/link") == "hostname"
    assert host.read("/etc/odd\x1b[31m") == b"odd"
    assert host.stat("/etc/hostname").size == 7
    assert host.read("/proc/net/tcp", limit=3, head=True) == b"tab"
    assert host.read("/proc/net/tcp", limit=2, head=True) == b"ta"
    with pytest.raises(Absent):
        host.read("/etc/nothing")
    assert reason(host.read, "/etc/hostname", limit=2) == "limit"
    assert reason(host.mapper_table, "x") == "unsupported"


def test_a_recorded_beginning_is_never_the_whole(recorded):
    host = TreeHost(recorded)
    assert reason(host.read, "/proc/net/tcp") == "limit"
    assert reason(host.read, "/proc/net/tcp", limit=99, head=True) == "limit"


def test_what_was_not_asked_is_not_absent(recorded):
    host = TreeHost(recorded)
    assert reason(host.read, "/usr/lib/x") == "not-collected"
    assert reason(host.list, "/sys") == "not-collected"
    assert reason(host.stat, "/etc/odd") == "absent"  # the folder was listed without it
    assert reason(host.mapper_table, "y") == "not-collected"
    assert reason(host.encryption_policy, "/etc") == "not-collected"


def test_below_what_was_absent_is_absent(recorded):
    assert reason(TreeHost(recorded).read, "/etc/nothing/below") == "absent"


def test_a_listed_name_that_was_never_read_is_told_apart(recorded, image):
    host = RecordingHost(TreeHost(image))
    host.list("/etc")
    host.save(recorded.parent / "again", at="")
    assert reason(TreeHost(recorded.parent / "again").read, "/etc/hostname") == "malformed"


@pytest.mark.parametrize(
    "gone", ["etc/hostname", "etc/link", "proc/net/tcp", "proc/net", "proc", ""]
)
def test_deletion_is_evident(recorded, gone):
    target = recorded / "tree" / gone
    shutil.rmtree(target) if target.is_dir() else target.unlink()
    host = TreeHost(recorded)
    asked = ["/etc/hostname", "/etc/link", "/proc/net/tcp"]
    lost = [path for path in asked if not (recorded / "tree" / path[1:]).exists()]
    assert lost
    for path in lost:
        assert reason(host.read, path, limit=3, head=True) == "malformed"


@pytest.mark.parametrize(
    "document",
    [
        "",
        "[]",
        "{}",
        '{"schema": "auditor.host/2", "name": "x"}',
        '{"schema": "auditor.host/1"}',
        '{"schema": "auditor.host/1", "name": "x", "entries": []}',
        '{"schema": "auditor.host/1", "name": "x", "entries": {"/a": {"type": "nothing"}}}',
        '{"schema": "auditor.host/1", "name": "x", "more": 1}',
        "[" * 100_000,
    ],
)
def test_a_damaged_recording_is_refused(tmp_path, document):
    (tmp_path / "host.json").write_text(document)
    with pytest.raises(AuditError):
        TreeHost(tmp_path)


def test_a_recording_written_by_hand_may_leave_links_to_be_followed(tmp_path):
    (tmp_path / "tree/run").mkdir(parents=True)
    (tmp_path / "tree/run/resolv.conf").write_text("x")
    entries = {
        "/etc/resolv.conf": {"type": "symlink", "link": "../run/resolv.conf"},
        "/run/resolv.conf": {"type": "file"},
        "/loop": {"type": "symlink", "link": "loop"},
    }
    document = {"schema": "auditor.host/1", "name": "x", "entries": entries}
    (tmp_path / "host.json").write_text(json.dumps(document))
    host = TreeHost(tmp_path)
    assert host.read("/etc/resolv.conf") == b"x"
    assert reason(host.read, "/loop") == "malformed"
