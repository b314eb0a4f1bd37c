"""Measures the reading of captures, beside tcpdump, tshark, ndpiReader and softflowd.

`python tests/perf/bench_traffic.py [PACKETS]`: captures of a quarter of that and of all of it
(1 million) are made anew, and every command reads them in one run, so that the ratios hold. CPU
seconds are user+system, minimum of the repetitions; the page cache is warm for all alike. Peaks
below some 15 MiB cannot be seen: a child begins as a copy of the Python that starts it.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MILLION = 1_000_000
# What we compute of every capture and no peer does: told apart, so that like is held against like.
DIGEST = "openssl dgst -sha256"
_PCAP_HEADER = 24
MEMORY_MEASURED = ("packets.read", "audit traffic")
READ = "import sys;from pathlib import Path;from auditor import packets;c=packets.read((Path(sys.argv[1]),));sys.exit(bool(c.gaps))"


def peers(capture: str, out: Path) -> list[tuple[str, list[str], int]]:
    """Return the commands of the tools that are installed: name, words, repetitions."""
    fields = ["-e", "ip.src", "-e", "ip.dst", "-e", "tcp.srcport", "-e", "udp.srcport", "-e", "dns.qry.name",
              "-e", "tls.handshake.extensions_server_name", "-e", "http.host"]  # fmt: skip
    # ndpiReader's own rows go to a file; softflowd stays in the foreground and exports to the
    # loopback's discard port; with a control socket it would wait and read nothing.
    flows = ["softflowd", "-d", "-r", capture, "-n", "127.0.0.1:9"]
    flows += ["-p", str(out / "softflowd.pid"), "-c", "none"]
    found = [
        ("tcpdump -nr", ["tcpdump", "-nr", capture], 5),
        ("tshark -T fields", ["tshark", "-n", "-r", capture, "-T", "fields", *fields], 1),
        ("ndpiReader", ["ndpiReader", "-q", "-i", capture, "-w", str(out / "ndpi.txt")], 5),
        ("softflowd", flows, 3),
        (DIGEST, ["openssl", "dgst", "-sha256", capture], 3),
    ]
    return [(name, words, repeat) for name, words, repeat in found if shutil.which(words[0])]


def ours(capture: str) -> list[tuple[str, list[str], int]]:
    """Return our commands: the reading alone, and with judgement and report."""
    site = [
        word for path in ROOT.glob("samples/sites/plant.yaml") for word in ("--site", str(path))
    ]
    return [
        ("packets.read", [sys.executable, "-c", READ, capture], 5),
        ("audit traffic", [sys.executable, "-m", "auditor", "traffic", capture, *site], 3),
    ]


def tell(out: Path, base: float, packets: int = MILLION) -> None:
    """Make the captures, print the table and the ratios."""
    from bench import Measured

    seen: dict[tuple[str, int], Measured] = {}
    for count in (packets // 4, packets):
        path = out / f"mixed-{count}.pcap"
        # In a process of its own: what a forked child needs at least is what this one needs.
        words = [sys.executable, "-m", "tests.captures", str(path), str(count)]
        print(path.name, subprocess.check_output(words, cwd=ROOT, text=True).strip())
        _cache(path)
        for name, words, repeat in [*ours(str(path)), *peers(str(path), out)]:
            if count != packets and name not in MEMORY_MEASURED:
                continue
            found = seen[name, count] = Measured(f"{name}, {count:,}", words, repeat=repeat)
            print(found.row(base), flush=True)
        if count != packets:
            _same_flows(path, seen, base)
            path.unlink()
    _ratios(seen, packets)


def _same_flows(path: Path, seen, base: float) -> None:
    """Measure four times the packets of the same flows: memory must not grow with packets."""
    from bench import Measured

    again = path.with_name("again.pcap")
    with again.open("wb") as out, path.open("rb") as file:
        for start in (0, *[_PCAP_HEADER] * 3):
            file.seek(start)
            shutil.copyfileobj(file, out)
    found = Measured("packets.read, its packets four times", ours(str(again))[0][1], repeat=1)
    print(found.row(base), flush=True)
    once = next(one for (name, _count), one in seen.items() if name == "packets.read")
    print(
        f"packets.read: peak {once.memory:.0f} → {found.memory:.0f} MiB for 4 times the packets of the same flows"
    )
    again.unlink()


def _cache(path: Path) -> None:
    """Read a file once, so that it is in the page cache before the first command is measured."""
    with path.open("rb") as file:
        while file.read(1 << 20):
            pass


def _ratios(seen, packets: int) -> None:
    for mine in MEMORY_MEASURED:
        whole, quarter = seen[mine, packets], seen[mine, packets // 4]
        for name in ("tcpdump -nr", "tshark -T fields", "ndpiReader", "softflowd"):
            if (name, packets) in seen:
                theirs = min(seen[name, packets].cpu)
                alone = ""
                if (DIGEST, packets) in seen:
                    left = min(whole.cpu) - min(seen[DIGEST, packets].cpu)
                    alone = f"; without the file's SHA-256 {left / theirs:.3f} ×"
                print(f"{mine}: {min(whole.cpu) / theirs:.3f} × the CPU of {name}{alone}")
            else:
                print(f"{name}: not installed, not measured")
        grown = (min(whole.cpu) - min(quarter.cpu)) / min(quarter.cpu)
        print(
            f"{mine}: peak {quarter.memory:.0f} → {whole.memory:.0f} MiB; CPU grows {grown + 1:.2f}-fold for 4 times the packets"
        )


def main() -> None:
    """Print the table alone."""
    sys.path.insert(0, str(ROOT / "tests/perf"))
    from bench import begin

    out = Path(tempfile.mkdtemp(prefix="auditor-bench-traffic-"))
    try:
        tell(out, begin(), int(sys.argv[1]) if len(sys.argv) > 1 else MILLION)
    finally:
        shutil.rmtree(out)


if __name__ == "__main__":
    main()
