"""The live host reads without hanging, refuses what is no file, and never raises OSError."""

import os
import signal
import socket
import threading
from pathlib import Path

import pytest

from auditor.host import Absent, Unreadable, exists
from auditor.host.live import LiveHost


@pytest.fixture
def host():
    live = LiveHost()
    yield live
    live.close()


def reason(call, *arguments, **options):
    with pytest.raises(Unreadable) as caught:
        call(*arguments, **options)
    return caught.value.reason


def test_reads_regular_files_through_links(host, tmp_path):
    (tmp_path / "file").write_bytes(b"abc")
    (tmp_path / "link").symlink_to("folder/../file")
    (tmp_path / "folder").mkdir()
    assert host.read(f"{tmp_path}/link") == b"abc"
    assert host.readlink(f"{tmp_path}/link") == "folder/../file"
    assert host.stat(f"{tmp_path}/link").file_type == "symlink"


def test_limits(host, tmp_path):
    (tmp_path / "file").write_bytes(b"abcdef")
    path = f"{tmp_path}/file"
    assert host.read(path, limit=6) == b"abcdef"
    assert host.read(path, limit=3, head=True) == b"abc"
    assert reason(host.read, path, limit=5) == "limit"
    for name in "xyz":
        (tmp_path / name).touch()
    assert host.list(str(tmp_path), limit=4) == ("file", "x", "y", "z")
    assert reason(host.list, str(tmp_path), limit=3) == "limit"


def test_a_fifo_does_not_hang(host, tmp_path):
    os.mkfifo(tmp_path / "fifo")
    assert reason(host.read, f"{tmp_path}/fifo") == "unsupported"


def test_sockets_devices_and_folders_are_no_files(host, tmp_path):
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(tmp_path / "socket"))
    assert reason(host.read, f"{tmp_path}/socket") == "unsupported"
    listener.close()
    assert reason(host.read, "/dev/null") == "unsupported"
    assert reason(host.read, str(tmp_path)) == "unsupported"
    assert reason(host.list, f"{tmp_path}/socket") == "unsupported"


def test_loops_end(host, tmp_path):
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    assert reason(host.read, f"{tmp_path}/a") == "malformed"
    (tmp_path / "self").symlink_to("self/x")
    assert reason(host.read, f"{tmp_path}/self") == "malformed"


def test_absent_is_told_apart_from_refused(host, tmp_path):
    with pytest.raises(Absent):
        host.read(f"{tmp_path}/nothing")
    (tmp_path / "file").touch()
    with pytest.raises(Absent):
        host.read(f"{tmp_path}/file/below")
    (tmp_path / "dead").symlink_to("nowhere")
    with pytest.raises(Absent):
        host.read(f"{tmp_path}/dead")
    assert exists(host, f"{tmp_path}/dead")


@pytest.mark.parametrize("path", ["relative", "", "/a\0b", "/\ud800", "/" + "x" * 5000])
def test_paths_that_are_none(host, path):
    assert reason(host.read, path) in ("malformed", "absent")
    assert reason(host.stat, path) in ("malformed", "absent")
    assert reason(host.list, path) in ("malformed", "absent")
    assert reason(host.readlink, path) in ("malformed", "absent")


def test_names_that_are_not_utf8(host, tmp_path):
    (tmp_path / os.fsdecode(b"\xff\xfe")).write_bytes(b"x")
    (name,) = host.list(str(tmp_path))
    assert host.read(f"{tmp_path}/{name}") == b"x"


def test_procfs_is_read_to_its_end(host):
    assert host.read("/proc/self/status").startswith(b"Name:")
    assert host.read("/proc/net/dev")
    assert str(os.getpid()) in host.list("/proc")


def test_links_into_other_processes_are_told_but_not_followed(host):
    assert host.readlink("/proc/self/cwd") == str(Path.cwd())
    assert reason(host.read, "/proc/self/root/etc/passwd") == "unsupported"
    assert reason(host.list, "/proc/self/cwd") == "unsupported"
    assert reason(host.read, "/proc/self/../self/root/etc/passwd") == "unsupported"


def mounted(tmp_path, *lines):
    """Return a host that believes in these mounts."""
    table = tmp_path / "mountinfo"
    root = "1 0 254:0 / / rw - ext4 /dev/vda rw"
    proc = "2 1 0:5 / /proc rw - proc proc rw"
    table.write_text("\n".join([root, proc, *lines]) + "\n")
    return LiveHost(mountinfo=str(table), deadline=0.3)


def test_a_remote_mount_is_read_by_a_worker(tmp_path):
    share = tmp_path / "share"
    (share / "sub").mkdir(parents=True)
    (share / "file").write_bytes(b"abc")
    (share / "link").symlink_to("file")
    (tmp_path / "into").symlink_to(share / "sub" / ".." / "file")
    os.mkfifo(share / "fifo")
    host = mounted(tmp_path, f"3 1 0:9 / {share} rw - nfs4 server:/x rw")
    assert host.read(f"{share}/link") == b"abc"
    assert host.read(f"{tmp_path}/into") == b"abc"
    assert host.list(str(share)) == ("fifo", "file", "link", "sub")
    assert host.stat(f"{share}/link").file_type == "symlink"
    assert host.readlink(f"{share}/link") == "file"
    assert host.encryption_policy(str(share)) == ""
    assert reason(host.read, f"{share}/fifo") == "unsupported"
    assert reason(host.read, f"{share}/file", limit=1) == "limit"
    with pytest.raises(Absent):
        host.read(f"{share}/nothing")
    worker = host._worker._child[0]
    host.close()
    with pytest.raises(ProcessLookupError):
        os.kill(worker, 0)


def test_a_mount_that_does_not_answer_is_given_up(tmp_path):
    share = tmp_path / "share"
    share.mkdir()
    host = mounted(tmp_path, f"3 1 0:9 / {share} rw - fuse.dead dead rw")
    assert host.list(str(share)) == ()
    os.kill(host._worker._child[0], signal.SIGSTOP)
    assert reason(host.list, str(share)) == "timeout"
    assert reason(host.stat, f"{share}/x") == "timeout"
    assert host._worker._child is None


def test_nothing_below_an_automount_point_is_touched(tmp_path):
    (tmp_path / "auto" / "home").mkdir(parents=True)
    (tmp_path / "into").symlink_to("auto/home")
    host = mounted(tmp_path, f"3 1 0:9 / {tmp_path}/auto rw - autofs auto rw")
    for path in (f"{tmp_path}/auto", f"{tmp_path}/auto/home", f"{tmp_path}/into/x"):
        assert reason(host.stat, path) == "unsupported"
        assert reason(host.list, path) == "unsupported"
    assert host._worker._child is None


def test_what_is_mounted_below_an_automount_point_is_read(tmp_path):
    (tmp_path / "auto" / "home").mkdir(parents=True)
    host = mounted(
        tmp_path,
        f"3 1 0:9 / {tmp_path}/auto rw - autofs auto rw",
        f"4 3 0:10 / {tmp_path}/auto/home rw - nfs server:/h rw",
    )
    assert host.list(f"{tmp_path}/auto/home") == ()
    host.close()


def test_without_a_mount_table_the_worker_reads_everything(tmp_path):
    (tmp_path / "file").write_bytes(b"abc")
    host = LiveHost(mountinfo=f"{tmp_path}/nothing")
    assert host.read(f"{tmp_path}/file") == b"abc"
    assert host._worker._child is not None
    host.close()


def test_a_worker_beside_threads_starts(tmp_path):
    stop = threading.Event()
    thread = threading.Thread(target=stop.wait)
    thread.start()
    host = LiveHost(mountinfo=f"{tmp_path}/nothing")
    assert "passwd" in host.list("/etc")
    host.close()
    stop.set()
    thread.join()


def test_device_mapper_is_not_loaded_to_ask_it(host):
    if os.path.lexists("/sys/class/misc/device-mapper"):
        pytest.skip("this kernel has device-mapper")
    assert reason(host.mapper_table, "name") == "unsupported"


def test_who_reads(host):
    assert host.live
    assert host.uid == os.geteuid()
    assert host.privileged == (os.geteuid() == 0)
    assert host.name == os.uname().nodename
