"""The digests of a store's files: all of them or a gap, on all cores, from a cache or anew."""

import hashlib
import os
import threading
import time
from pathlib import Path
from typing import NamedTuple

import pytest

from auditor.collect import Options
from auditor.collect import _digests as digests
from auditor.collect._digest_cache import DigestCache
from auditor.collect._digests import check, digests_of
from auditor.collect._hashing import Hashing, Job
from auditor.collect._reading import Reading
from auditor.errors import UsageError
from auditor.host import MIB, Unreadable
from auditor.host.live import LiveHost


class File(NamedTuple):
    path: str
    size: int


class Counting:
    """A live host that counts what it hashes."""

    def __init__(self, host):
        self._host = host
        self.hashed = []

    def __getattr__(self, name):
        return getattr(self._host, name)

    def digest(self, path, algorithms, **options):
        self.hashed.append(path)
        return self._host.digest(path, algorithms, **options)


@pytest.fixture
def host():
    live = LiveHost()
    yield Counting(live)
    live.close()


def sha256(data):
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def filled(folder, number, size=10):
    bodies = {}
    for n in range(number):
        path = folder / f"{n:04}"
        path.write_bytes(os.urandom(size))
        os.utime(path, ns=(10**18, 10**18))
        bodies[str(path)] = path.read_bytes()
    return bodies


def files(bodies):
    return [File(path, len(body)) for path, body in bodies.items()]


def hashed(host, wanted, root="", also=None, **options):
    reading = Reading(host, "stores", "model_file")
    options.setdefault("digests", ("sha256",))
    found = digests_of(host, wanted, Options(**options), reading, root=root, also=also or {})
    return found, list(reading.gaps())


def test_nobody_asked(host, tmp_path):
    bodies = filled(tmp_path, 3)
    assert hashed(host, files(bodies), digests=()) == ({}, [])
    assert host.hashed == []


@pytest.mark.parametrize("size", [10, 3 * MIB])
def test_every_file_has_its_digest(host, tmp_path, size):
    bodies = filled(tmp_path, 9, size)
    found, gaps = hashed(host, files(bodies))
    assert found == {path: (sha256(body),) for path, body in bodies.items()}
    assert not gaps


def test_further_algorithms_for_single_files(host, tmp_path):
    (tmp_path / "blob").write_bytes(b"abc")
    (tmp_path / "other").write_bytes(b"abc")
    blob, other = f"{tmp_path}/blob", f"{tmp_path}/other"
    found, _ = hashed(
        host, [File(blob, 3), File(other, 3)], also={blob: ("git-sha1", "sha256")}
    )  # fmt: skip
    assert found[blob] == (sha256(b"abc"), "git-sha1:f2ba8f84ab5c1bce84a7b441cb1959cfc7093b7f")
    assert found[other] == (sha256(b"abc"),)


def test_what_cannot_be_hashed_is_a_gap_and_never_a_digest(host, tmp_path):
    bodies = filled(tmp_path, 2)
    os.mkfifo(tmp_path / "fifo")
    wanted = [*files(bodies), File(f"{tmp_path}/fifo", 0), File(f"{tmp_path}/gone", 5)]
    found, gaps = hashed(host, wanted)
    assert found.keys() == bodies.keys()
    assert {(gap.reason, gap.kind) for gap in gaps} == {
        ("unsupported", "model_file"), ("absent", "model_file"),
    }  # fmt: skip


def test_the_parts_of_a_store_make_the_whole_and_overlap_nowhere(host, tmp_path):
    bodies = filled(tmp_path, 40)
    parts = [hashed(host, files(bodies), root=str(tmp_path), shard=f"{n}/3")[0] for n in (1, 2, 3)]
    assert all(parts)
    assert sum(len(part) for part in parts) == 40
    assert set().union(*parts) == bodies.keys()


def test_a_defect_in_a_thread_is_raised_and_ends_the_others(host, tmp_path, monkeypatch):
    bodies = filled(tmp_path, 8, 2 * MIB)

    def broken(path, algorithms, *, told):
        told(1)
        raise RuntimeError("a defect")

    monkeypatch.setattr(host, "digest", broken)
    with pytest.raises(RuntimeError, match="a defect"):
        hashed(host, files(bodies))
    assert threading.active_count() == 1


def test_an_impatient_user_ends_every_thread(host, tmp_path):
    bodies = filled(tmp_path, 8, 4 * MIB)

    def impatient(_done, _total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        hashed(host, files(bodies), hashing=impatient)
    assert threading.active_count() == 1


def test_progress_ends_where_it_is_bound_to(host, tmp_path):
    bodies = filled(tmp_path, 5, 3 * MIB)
    heard = []
    hashed(host, files(bodies), hashing=lambda done, total: heard.append((done, total)))
    assert heard[-1] == (15 * MIB, 15 * MIB)
    assert heard == sorted(heard)


def test_the_digests_of_the_kernel_are_added_where_there_are_any(host, tmp_path, monkeypatch):
    bodies = filled(tmp_path, 2)
    first, second = bodies
    monkeypatch.setattr(
        host, "verity_digest", lambda path: "sha256:aa" if path == first else "", raising=False
    )
    found, gaps = hashed(host, files(bodies), digests=("sha256", "fs-verity"))
    assert found[first] == (sha256(bodies[first]), "fs-verity-sha256:aa")
    assert found[second] == (sha256(bodies[second]),)

    def never(path):
        raise Unreadable(path, "unsupported", "no")

    monkeypatch.setattr(host, "verity_digest", never, raising=False)
    found, gaps = hashed(host, files(bodies), digests=("sha256", "fs-verity"))
    assert found[first] == (sha256(bodies[first]),)
    assert not gaps


def test_no_thread_is_to_be_had(host, tmp_path, monkeypatch):
    def refused(self):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refused)
    bodies = filled(tmp_path, 4, 3 * MIB)
    jobs = [Job(path, len(body), ("sha256",)) for path, body in bodies.items()]
    assert Hashing(host).of(jobs) == {path: (sha256(body),) for path, body in bodies.items()}


@pytest.mark.parametrize(
    "options",
    [
        {"digests": ("crc32",)}, {"digests": ("SHA256",)}, {"digests": ("",)},
        {"shard": "0/3"}, {"shard": "4/3"}, {"shard": "1"}, {"shard": "1/0"}, {"shard": "-1/3"},
        {"shard": "1/3/4"}, {"shard": "1/1000000000000"}, {"shard": "١/٣"},
        {"digest_cache": "/nonexistent/cache"}, {"digest_cache": "/dev/null"},
    ],
)  # fmt: skip
def test_options_that_make_no_sense_are_refused_before_any_work(options):
    with pytest.raises(UsageError):
        check(Options(**options))


def test_a_digest_that_needs_a_package(monkeypatch):
    def lacking(name, _size, asked):
        raise Unreadable(asked, "unsupported", "BLAKE3 needs the package blake3")

    monkeypatch.setattr(digests, "hasher", lacking)
    with pytest.raises(UsageError, match="blake3"):
        check(Options(digests=("blake3",)))


# --- the cache -------------------------------------------------------------------------------


@pytest.fixture
def settled(monkeypatch):
    """Ten seconds have passed: the cache keeps no state of a file that may still change."""
    monkeypatch.setattr(DigestCache, "begin", lambda _: time.time_ns() + 10**10)


def test_a_second_run_reads_nothing(host, tmp_path, settled):
    (tmp_path / "store").mkdir()
    bodies = filled(tmp_path / "store", 5)
    first = remembered(host, bodies, tmp_path / "cache")
    host.hashed.clear()
    assert remembered(host, bodies, tmp_path / "cache") == first
    assert host.hashed == []
    assert (tmp_path / "cache").stat().st_mode & 0o777 == 0o600


def remembered(host, bodies, cache, **options):
    found, gaps = hashed(host, files(bodies), digest_cache=str(cache), **options)
    assert found.keys() == bodies.keys()
    assert not gaps
    return found


def test_another_digest_is_computed_and_kept_beside_the_first(host, tmp_path, settled):
    (tmp_path / "store").mkdir()
    bodies = filled(tmp_path / "store", 2)
    remembered(host, bodies, tmp_path / "cache")
    remembered(host, bodies, tmp_path / "cache", digests=("md5",))
    host.hashed.clear()
    both = remembered(host, bodies, tmp_path / "cache", digests=("md5", "sha256"))
    assert host.hashed == []
    assert all(digest[0].startswith("md5:") for digest in both.values())


def test_a_file_that_was_just_written_is_not_kept(host, tmp_path):
    (tmp_path / "store").mkdir()
    bodies = filled(tmp_path / "store", 2)  # its ctime is now, whatever its mtime says
    remembered(host, bodies, tmp_path / "cache")
    host.hashed.clear()
    remembered(host, bodies, tmp_path / "cache")
    assert len(host.hashed) == 2


@pytest.mark.parametrize("change", ["same size and mtime", "another file in its place"])
def test_a_changed_file_is_hashed_again(host, tmp_path, settled, change):
    (tmp_path / "store").mkdir()
    bodies = filled(tmp_path / "store", 1)
    first = remembered(host, bodies, tmp_path / "cache")
    path = next(iter(bodies))
    if change == "same size and mtime":
        with Path(path).open("r+b") as file:
            file.write(b"x")
        os.utime(path, ns=(10**18, 10**18))
    else:
        (tmp_path / "other").write_bytes(b"0123456789")
        os.utime(tmp_path / "other", ns=(10**18, 10**18))
        (tmp_path / "other").replace(path)
    assert remembered(host, bodies, tmp_path / "cache") != first


HEADER = b'{"schema":"auditor.digest-cache/1"}\n'


def poisoned(path):
    """Return the line that a forger would write for a file."""
    status = os.lstat(path)
    device = f"{os.major(status.st_dev)}:{os.minor(status.st_dev)}"
    state = f"{device} {status.st_ino} {status.st_size} {status.st_mtime_ns} {status.st_ctime_ns}"
    return b'{"file":"%s","digests":["sha256:%s"]}\n' % (state.encode(), b"ab" * 32)


def test_the_forged_line_of_these_tests_would_be_believed(host, tmp_path):
    bodies = filled(tmp_path, 1)
    path = next(iter(bodies))
    (tmp_path / "cache").write_bytes(HEADER + poisoned(path))
    (tmp_path / "cache").chmod(0o600)
    assert remembered(host, bodies, tmp_path / "cache")[path] == (f"sha256:{'ab' * 32}",)


@pytest.mark.parametrize(
    "defect", ["others may write", "a line that is no JSON", "a line of another kind",
               "a digest that is none", "another name", "another owner", "a line without an end"],
)  # fmt: skip
def test_a_cache_that_others_may_have_written_is_not_believed_and_made_anew(
    host, tmp_path, settled, defect
):
    bodies = filled(tmp_path, 1)
    path = next(iter(bodies))
    cache = tmp_path / "cache"
    more = {
        "a line that is no JSON": b"{]\n",
        "a line of another kind": b'{"file":"x"}\n',
        "a digest that is none": b'{"file":"x","digests":["sha256:\\u001b[2J"]}\n',
        "a line without an end": b"x" * 100_000,
    }
    cache.write_bytes(HEADER + poisoned(path) + more.get(defect, b""))
    cache.chmod(0o622 if defect == "others may write" else 0o600)
    if defect == "another name":
        os.link(cache, tmp_path / "twin")
    if defect == "another owner":
        if os.geteuid():
            pytest.skip("only root may give a file away")
        os.chown(cache, 12345, 12345)
    assert remembered(host, bodies, cache)[path] == (sha256(bodies[path]),)
    assert cache.stat().st_uid == os.geteuid()
    assert cache.stat().st_mode & 0o777 == 0o600
    host.hashed.clear()
    remembered(host, bodies, cache)
    assert host.hashed == []


def test_a_run_that_was_killed_in_the_midst_of_a_line_goes_on(host, tmp_path, settled):
    (tmp_path / "store").mkdir()
    bodies = filled(tmp_path / "store", 3)
    cache = tmp_path / "cache"
    first = remembered(host, bodies, cache)
    cache.write_bytes(cache.read_bytes()[:-20])
    host.hashed.clear()
    assert remembered(host, bodies, cache) == first
    assert len(host.hashed) == 1
    host.hashed.clear()
    assert remembered(host, bodies, cache) == first
    assert host.hashed == []


@pytest.mark.parametrize("content", [b"GGUF\x03\0\0\0", b"{}", HEADER[:-5]])
def test_what_is_no_cache_is_left_alone(tmp_path, content):
    path = tmp_path / "model.gguf"
    path.write_bytes(content)
    with pytest.raises(UsageError):
        check(Options(digest_cache=str(path)))
    assert path.read_bytes() == content
    (tmp_path / "link").symlink_to("model.gguf")
    os.mkfifo(tmp_path / "fifo")
    for name in ("link", "fifo", "."):
        with pytest.raises(UsageError):
            check(Options(digest_cache=f"{tmp_path}/{name}"))


def test_two_runs_at_once_do_not_write_into_one_another(host, tmp_path, settled):
    (tmp_path / "store").mkdir()
    bodies = filled(tmp_path / "store", 2)
    cache = tmp_path / "cache"
    first = DigestCache(str(cache))
    assert remembered(host, bodies, cache)
    assert cache.read_bytes() == HEADER
    first.close()
