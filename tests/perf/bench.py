"""Measures time and memory in one run, with peers beside us where they are installed.

CPU seconds are user+system of the child and its children (getrusage), minimum of the
repetitions; wall time is the median; memory is the peak resident set of the largest process.
"""

from __future__ import annotations

import compileall
import json
import os
import platform
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PYTHON = sys.executable
PROFILE = "xccdf_org.ssgproject.content_profile_anssi_np_nt28_high"
SIZES = (100, 1_000, 5_000)


class Measured:
    """One measured command: CPU and wall seconds, peak memory in MiB, exit codes seen."""

    def __init__(self, name: str, command: list[str], *, repeat: int = 3) -> None:
        self.name = name
        self.cpu: list[float] = []
        self.wall: list[float] = []
        self.memory = 0.0
        self.codes: set[int] = set()
        for _ in range(repeat):
            self._once(command)

    def _once(self, command: list[str]) -> None:
        read, write = os.pipe()
        pid = os.fork()
        if pid == 0:  # a child of its own, so that its rusage counts one run alone
            os.close(read)
            started = time.perf_counter()
            done = subprocess.run(
                command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False
            )
            used = resource.getrusage(resource.RUSAGE_CHILDREN)
            answer = {
                "wall": time.perf_counter() - started,
                "cpu": used.ru_utime + used.ru_stime,
                "memory": used.ru_maxrss / 1024,
                "code": done.returncode,
            }
            os.write(write, json.dumps(answer).encode())
            os._exit(0)
        os.close(write)
        with os.fdopen(read) as pipe:
            answer = json.loads(pipe.read())
        os.waitpid(pid, 0)
        self.cpu.append(answer["cpu"])
        self.wall.append(answer["wall"])
        self.memory = max(self.memory, answer["memory"])
        self.codes.add(answer["code"])

    def row(self, base: float) -> str:
        """Return a line of the table; `base` is the CPU of a bare interpreter."""
        codes = ",".join(str(code) for code in sorted(self.codes))
        return (
            f"{self.name:<44}{min(self.cpu):>8.3f}{statistics.median(self.wall):>9.3f}"
            f"{self.memory:>9.1f}{min(self.cpu) / base:>9.1f}x  exit {codes}"
        )


def synthetic(records: int, folder: Path) -> Path:
    """Return an evidence file with `records` connections, to see how judging grows."""
    from auditor.evidence import (
        ASSUMED_SITE,
        SCHEMA,
        CollectorRun,
        Evidence,
        Origin,
        Subject,
        Tool,
        encode,
    )
    from auditor.evidence.network import Connection

    made = tuple(
        Connection(
            origin=Origin("sockets", "/proc/net/tcp", number + 2),
            protocol="tcp",
            family="ipv4",
            local_address="10.0.0.5",
            local_port=20000 + number % 40000,
            remote_address=f"10.{number % 200}.{number // 200 % 250}.{number % 250 + 1}",
            remote_port=443,
            state="ESTABLISHED",
            direction="out",
            pid=number,
            process="vllm",
        )
        for number in range(records)
    )
    evidence = Evidence(
        schema=SCHEMA,
        tool=Tool(name="auditor", version="0"),
        mode="host",
        subject=Subject(name="bench"),
        taken_at="2026-01-01T00:00:00Z",
        site=ASSUMED_SITE,
        runs=(
            CollectorRun(
                collector="sockets", title="s", kinds=("connection",), records=records, gaps=0
            ),
        ),
        records=made,
    )
    path = folder / f"evidence-{records}.json"
    path.write_bytes(encode(evidence))
    return path


def peers(out: Path) -> list[tuple[str, list[str], int]]:
    """Return the commands of the tools that are installed, told to write to `out` alone.

    They check other things than we do: what they cost is a measure of the host, not a race.
    """
    found = []
    if shutil.which("lynis"):
        files = ["--logfile", str(out / "lynis.log"), "--report-file", str(out / "lynis.dat")]
        words = ["lynis", "audit", "system", "--quick", "--no-colors", *files]
        found.append(("lynis audit system --quick", words, 1))
    streams = sorted(Path("/usr/share/xml/scap").rglob("ssg-debian*-ds.xml"))
    if shutil.which("oscap") and streams:
        words = ["oscap", "xccdf", "eval", "--profile", PROFILE, "--report", str(out / "oscap.html"),
                 "--results-arf", str(out / "arf.xml"), str(streams[-1])]  # fmt: skip
        found.append((f"oscap xccdf eval ({streams[-1].stem})", words, 3))
    return found


def growth(audit: list[str], out: Path, base: float) -> None:
    """Print what machines of many processes and of many mounts cost, and one more of either."""
    from trees import machine

    for what in ("processes", "mounts"):
        measured = []
        for number in SIZES:
            tree = machine(out / f"{what}-{number}", **{what: number})
            words = [*audit, "scan", "--root", str(tree), "--at", "2026-01-01", "-q"]
            found = Measured(f"audit scan, {number:,} {what}", [*words, "-o", f"{tree}.out"])
            print(found.row(base), flush=True)
            measured.append(min(found.cpu))
        each = (measured[-1] - measured[0]) / (SIZES[-1] - SIZES[0]) * 1000
        print(f"one of the {what} more: {each:.2f} ms of CPU")


def begin() -> float:
    """Say where this is measured, and return the CPU seconds of a bare interpreter.

    What was edited since it last ran is compiled before: who installed it has it compiled.
    """
    compileall.compile_dir(ROOT / "auditor", quiet=1)
    print(f"{time.strftime('%Y-%m-%d')}, {platform.system()} {platform.release()}, {os.cpu_count()} cores, "
          f"Python {platform.python_version()} ({platform.python_build()[1]}; {platform.python_compiler()}), "
          f"load {os.getloadavg()[0]:.1f}")  # fmt: skip
    print(f"{'command':<44}{'CPU s':>8}{'wall s':>9}{'MiB':>9}{'bare':>10}")
    bare = Measured("python -c pass", [PYTHON, "-c", "pass"], repeat=9)
    base = min(bare.cpu)
    print(bare.row(base))
    return base


def main() -> None:
    """Print the table."""
    sys.path.insert(0, str(ROOT))
    out = Path(tempfile.mkdtemp(prefix="auditor-bench-"))
    audit = [PYTHON, "-m", "auditor"]
    base = begin()
    commands = [
        ("audit --help", [*audit, "--help"], 7),
        ("audit scan -o DIR (this host)", [*audit, "scan", "-o", str(out / "host"), "-q"], 5),
        ("audit scan (text)", [*audit, "scan"], 3),
    ]
    for host in sorted(path for path in (ROOT / "samples" / "hosts").iterdir() if path.is_dir()):
        folder = str(out / host.name)
        words = [*audit, "scan", "--root", str(host), "--at", "2026-01-01", "-o", folder, "-q"]
        commands.append((f"audit scan --root {host.name}", words, 3))
    commands.append(
        ("audit gate samples/manifests", [*audit, "gate", str(ROOT / "samples/manifests")], 3)
    )
    commands += [
        (f"audit evaluate, {size} connections", [*audit, "evaluate", str(synthetic(size, out))], 1)
        for size in (1_000, 10_000, 50_000)
    ]
    commands += peers(out)
    for name, command, repeat in commands:
        print(Measured(name, command, repeat=repeat).row(base), flush=True)
    growth(audit, out, base)
    import bench_models
    import bench_traffic

    bench_models.tell(out, base)
    bench_traffic.tell(out, base)
    for peer in ("lynis", "oscap"):
        if not shutil.which(peer):
            print(f"{peer}: not installed, not measured")
    shutil.rmtree(out)


if __name__ == "__main__":
    main()
