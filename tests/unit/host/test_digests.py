"""Digests: of exactly the bytes that are there, or none at all."""

import hashlib
import os
import threading
import time

import pytest

from auditor.host import MIB, Unreadable
from auditor.host import _digests as digests
from auditor.host import _patient as patient
from auditor.host.live import LiveHost
from auditor.host.record import RecordingHost
from auditor.host.tree import TreeHost


@pytest.fixture
def host():
    live = LiveHost()
    yield live
    live.close()


@pytest.fixture
def remote(tmp_path, monkeypatch):
    """A host that reads everything through workers, in small turns: its mount table is empty."""
    monkeypatch.setattr(patient, "_STRETCH", MIB)
    (tmp_path / "mountinfo").write_text("")
    live = LiveHost(mountinfo=str(tmp_path / "mountinfo"))
    yield live
    live.close()


def reason(call, *arguments, **options):
    with pytest.raises(Unreadable) as caught:
        call(*arguments, **options)
    return caught.value.reason


def sha256(data):
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


SIZES = (0, 1, MIB, 2 * MIB - 1, 2 * MIB, 2 * MIB + 1, 5 * MIB + 7)


@pytest.mark.parametrize("size", SIZES)
def test_files_of_every_size(host, remote, tmp_path, size):
    data = os.urandom(size)
    (tmp_path / "file").write_bytes(data)
    path = f"{tmp_path}/file"
    assert host.digest(path, ("sha256",)) == (sha256(data),)
    assert remote.digest(path, ("sha256",)) == (sha256(data),)
    assert TreeHost(tmp_path).digest("/file", ("sha256",)) == (sha256(data),)


def test_several_algorithms_in_the_order_that_was_asked_for(host, tmp_path):
    (tmp_path / "file").write_bytes(b"abc")
    found = host.digest(f"{tmp_path}/file", ("git-sha1", "md5", "sha512", "blake2b", "sha256"))
    assert [digest.partition(":")[0] for digest in found] == [
        "git-sha1", "md5", "sha512", "blake2b", "sha256",
    ]  # fmt: skip
    # `printf abc | git hash-object --stdin`
    assert found[0] == "git-sha1:f2ba8f84ab5c1bce84a7b441cb1959cfc7093b7f"
    assert found[1] == "md5:900150983cd24fb0d6963f7d28e17f72"
    assert found[3] == f"blake2b:{hashlib.blake2b(b'abc').hexdigest()}"
    assert found[4] == sha256(b"abc")


@pytest.mark.skipif("sm3" not in hashlib.algorithms_available, reason="OpenSSL has no SM3")
def test_sm3(host, tmp_path):
    (tmp_path / "file").write_bytes(b"abc")  # GB/T 32905-2016, appendix A.1
    assert host.digest(f"{tmp_path}/file", ("sm3",)) == (
        "sm3:66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0",
    )


def test_what_cannot_be_computed_here_is_told(host, tmp_path, monkeypatch):
    (tmp_path / "file").write_bytes(b"abc")

    def lacking(name, *_arguments, **_options):
        raise ValueError(name)

    def missing(name):
        raise ImportError(name)

    monkeypatch.setattr(digests.hashlib, "new", lacking)
    monkeypatch.setattr(digests, "import_module", missing)
    for algorithm in ("sm3", "blake3", "crc32", ""):
        assert reason(host.digest, f"{tmp_path}/file", (algorithm,)) == "unsupported"


def test_a_span_is_a_part_of_the_file(host, remote, tmp_path):
    data = os.urandom(2 * MIB + 100)
    (tmp_path / "file").write_bytes(data)
    path = f"{tmp_path}/file"
    for begin, end in ((0, 0), (0, 10), (5, 2 * MIB + 5), (2 * MIB, 2 * MIB + 100)):
        assert host.digest(path, ("sha256",), span=(begin, end)) == (sha256(data[begin:end]),)
        assert remote.digest(path, ("sha256",), span=(begin, end)) == (sha256(data[begin:end]),)
    for span in ((0, len(data) + 1), (10, 5), (-1, 5)):
        assert reason(host.digest, path, ("sha256",), span=span) == "malformed"


def test_it_is_told_how_far_reading_has_come(host, tmp_path):
    (tmp_path / "file").write_bytes(bytes(4 * MIB + 5))
    heard = []
    host.digest(f"{tmp_path}/file", ("sha256",), told=heard.append)
    assert heard == [2 * MIB, 2 * MIB, 5]


@pytest.mark.parametrize("name", ["host", "remote"])
@pytest.mark.parametrize("change", ["grows", "shrinks", "is written to", "is another"])
def test_a_file_that_changes_while_it_is_read_has_no_digest(request, name, tmp_path, change):
    path = tmp_path / "file"
    path.write_bytes(bytes(5 * MIB))
    os.utime(path, ns=(1, 1))

    def heard(_):
        if change == "grows":
            with path.open("ab") as file:
                file.write(b"more")
        elif change == "shrinks":
            os.truncate(path, 10)
        elif change == "is written to":
            with path.open("r+b") as file:
                file.write(b"x")
        else:
            other = tmp_path / "other"
            other.write_bytes(bytes(5 * MIB))
            os.utime(other, ns=(1, 1))
            other.replace(path)

    host = request.getfixturevalue(name)
    assert reason(host.digest, str(path), ("sha256",), told=heard) == "malformed"


def test_what_is_no_file_is_refused(host, remote, tmp_path):
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "broken").symlink_to("nowhere")
    for reader in (host, remote):
        assert reason(reader.digest, f"{tmp_path}/fifo", ("sha256",)) == "unsupported"
        assert reason(reader.digest, str(tmp_path), ("sha256",)) == "unsupported"
        assert reason(reader.digest, f"{tmp_path}/broken", ("sha256",)) == "absent"
        assert reason(reader.digest, "/dev/zero", ("sha256",)) == "unsupported"
    assert reason(host.digest, "/proc/self/status", ("sha256",)) == "malformed"


def test_a_terabyte_of_holes_is_refused_at_once(host, tmp_path):
    with (tmp_path / "sparse").open("wb") as file:
        file.truncate(1 << 40)
    assert reason(host.digest, f"{tmp_path}/sparse", ("sha256",)) == "limit"


def test_threads_share_the_worker_of_slow_mounts(remote, tmp_path):
    paths = []
    for number in range(8):
        (tmp_path / f"{number}").write_bytes(bytes([number]) * (MIB + number))
        paths.append(f"{tmp_path}/{number}")
    found = {}

    def one(path):
        found[path] = remote.digest(path, ("sha256",))

    threads = [threading.Thread(target=one, args=(path,)) for path in paths]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {
        path: (sha256(bytes([number]) * (MIB + number)),) for number, path in enumerate(paths)
    }


def test_a_mount_that_falls_silent_is_given_up_once_by_all(tmp_path, monkeypatch):
    (tmp_path / "mountinfo").write_text("")
    paths = []
    for number in range(6):
        (tmp_path / f"{number}").write_bytes(b"x")
        paths.append(f"{tmp_path}/{number}")
    monkeypatch.setattr(patient.digests, "of_file", lambda *_arguments, **_options: time.sleep(60))
    live = LiveHost(mountinfo=str(tmp_path / "mountinfo"), deadline=0.2)
    reasons = []
    threads = [
        threading.Thread(target=lambda p=path: reasons.append(reason(live.digest, p, ("md5",))))
        for path in paths
    ]
    begun = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert reasons == ["timeout"] * 6
    assert time.monotonic() - begun < 5
    live.close()


def test_no_algorithm_is_no_digest(host, remote, tmp_path):
    (tmp_path / "file").write_bytes(b"abc")
    assert host.digest(f"{tmp_path}/file", ()) == remote.digest(f"{tmp_path}/file", ()) == ()


def test_a_recording_holds_digests_and_no_bytes(host, tmp_path):
    secret = os.urandom(1000)
    (tmp_path / "file").write_bytes(secret)
    (tmp_path / "link").symlink_to("file")
    recorder = RecordingHost(host)
    path = f"{tmp_path}/file"
    first = recorder.digest(path, ("sha256",))
    both = recorder.digest(path, ("md5", "sha256"))
    part = recorder.digest(path, ("sha256",), span=(1, 5))
    recorder.readlink(f"{tmp_path}/link")
    assert reason(recorder.digest, f"{tmp_path}/gone", ("sha256",)) == "absent"
    (tmp_path / "file").write_bytes(b"another by now")
    assert recorder.digest(path, ("sha256",)) == first
    recorder.save(tmp_path / "recording", at="2026-11-26T08:00:00Z")
    tree = TreeHost(tmp_path / "recording")
    assert tree.digest(path, ("sha256", "md5")) == (both[1], both[0])
    assert tree.digest(f"{tmp_path}/link", ("sha256",)) == first
    assert tree.digest(path, ("sha256",), span=(1, 5)) == part
    assert reason(tree.digest, path, ("sha512",)) == "not-collected"
    assert reason(tree.digest, f"{tmp_path}/gone", ("sha256",)) == "absent"
    assert not any(secret in file.read_bytes() for file in tmp_path.rglob("recording/**/*.json"))
