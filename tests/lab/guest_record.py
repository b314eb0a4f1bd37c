"""Records, inside the laboratory's machine, what storage asks; and asks the peers the same."""

from __future__ import annotations

import ctypes
import json
import os
import subprocess
import sys
from pathlib import Path

LAB = Path(__file__).resolve().parent
sys.path.insert(0, str(LAB.parents[1]))

from auditor import collect  # noqa: E402 - found by the line above
from auditor.host.live import LiveHost  # noqa: E402
from auditor.host.record import RecordingHost  # noqa: E402

COLLECTORS = ("storage", "luks", "stores")
AT = "2026-01-15T08:00:00Z"
OUT = Path("/run/out")
OUT_OF_USER = Path("/run/rec")
USERS = (0, 65534)


def rows() -> list[list[str]]:
    return [line.split("\t") for line in (OUT / "stacks.tsv").read_text().splitlines()]


def record(phase: str) -> None:
    """Record twice, as root and as a user of no rights, who may not even read this program."""
    swaps = phase != "stacks"
    names = [row[0] for row in rows() if row[0].startswith("swap-") == swaps]
    options = collect.Options(stores=tuple(f"/mnt/{name}" for name in names))
    collectors = [collect.load(name) for name in COLLECTORS if name in collect.names()]
    if phase == "swap-none":  # everything is loaded while it may be
        for collector in collectors:
            list(collector.collect(LiveHost(), options))
    for uid in USERS:
        child = os.fork()
        if child == 0:
            save(collectors, options, uid, OUT_OF_USER / f"{phase}-{uid}")
            os._exit(0)
        if os.waitpid(child, 0)[1]:
            raise SystemExit(f"recording {phase} as {uid} broke off")


def save(
    collectors: list[collect.Collector], options: collect.Options, uid: int, folder: Path
) -> None:
    os.setgroups([])
    os.setgid(uid)
    os.setuid(uid)
    host = RecordingHost(LiveHost())
    for collector in collectors:
        list(collector.collect(host, options))
    host.save(folder, at=AT)


def peers() -> dict[str, dict[str, object]]:
    """Return, by stack, what the call behind osquery, lsblk and cryptsetup say of its device."""
    library = ctypes.CDLL("libcryptsetup.so.12")
    library.crypt_status.restype = ctypes.c_int
    library.crypt_status.argtypes = [ctypes.c_void_p, ctypes.c_char_p]
    found: dict[str, dict[str, object]] = {}
    for name, _, device, _ in rows():
        if device == "-" or name.startswith("swap-"):
            continue
        mapped = device.removeprefix("/dev/mapper/")
        status = library.crypt_status(None, mapped.encode()) if mapped != device else 0
        kind = subprocess.run(
            ["lsblk", "-dno", "TYPE", device], capture_output=True, text=True, check=False
        )
        number = Path(device).stat().st_rdev
        slaves = Path(f"/sys/dev/block/{os.major(number)}:{os.minor(number)}/slaves")
        below = sorted(one.name for one in slaves.iterdir()) if slaves.is_dir() else []
        luks = [
            subprocess.run(["cryptsetup", "isLuks", f"/dev/{one}"], check=False).returncode == 0
            for one in below
        ]
        found[name] = {
            "crypt_status": status in (2, 3),
            "lsblk": kind.stdout.strip(),
            "isLuks": any(luks),
        }
    return found


def versions() -> dict[str, str]:
    """Return what the verdicts were taken with."""
    from auditor._version import __version__

    def first(*words: str) -> str:
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        return done.stdout.split("\n", 1)[0].strip()

    return {
        "kernel": os.uname().release,
        "cryptsetup": first("cryptsetup", "--version").split()[1],
        "lsblk": first("lsblk", "--version").split()[-1],
        "audit": __version__,
        "recorded on": (OUT / "date").read_text().strip(),
    }


if __name__ == "__main__":
    for line in sys.stdin:
        record(line.strip())
        if line.strip() == "stacks":
            (OUT / "peers.json").write_text(json.dumps(peers(), indent=1, sort_keys=True))
            (OUT / "versions.json").write_text(json.dumps(versions(), indent=1, sort_keys=True))
        print("done", flush=True)
