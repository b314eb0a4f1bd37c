"""Builds machines of many processes or many mounts, to see what one more of either costs."""

from __future__ import annotations

from pathlib import Path

STATUS = "Name:\tworker\nUid:\t1000\t1000\t1000\t1000\nCapEff:\t0000000000000000\n"
RELEASE = 'ID=debian\nVERSION_ID="12"\nNAME="Debian GNU/Linux"\n'


def machine(folder: Path, *, processes: int = 100, mounts: int = 100) -> Path:
    """Return a folder as a machine of that many processes, all of them alike, and mounts."""
    write(folder / "etc/os-release", RELEASE)
    write(folder / "etc/hostname", "bench\n")
    write(folder / "etc/passwd", "root:x:0:0::/root:/bin/sh\n")
    write(folder / "proc/sys/kernel/osrelease", "6.1.0\n")
    table = "".join(mount(number) for number in range(mounts))
    write(folder / "proc/self/mountinfo", table)
    for pid in range(1, processes + 1):
        process(folder / "proc" / str(pid), pid)
    return folder


def process(folder: Path, pid: int) -> None:
    """Write what procfs shows of a worker in a service of its own."""
    zeros = " ".join(["0"] * 17)
    write(folder / "stat", f"{pid} (worker) S 1 {zeros} {pid} {' '.join(['0'] * 30)}\n")
    write(folder / "status", STATUS)
    write(folder / "cmdline", f"/usr/bin/python3\0/srv/worker.py\0--number\0{pid}\0")
    write(folder / "environ", "PATH=/usr/bin\0HF_HUB_OFFLINE=1\0LANG=C.UTF-8\0HOME=/srv\0")
    write(folder / "cgroup", f"0::/system.slice/worker-{pid}.service\n")
    link(folder / "exe", "/usr/bin/python3.11")
    link(folder / "ns/net", "net:[4026531840]")
    link(folder / "ns/mnt", "mnt:[4026531841]")
    for number in range(4):
        link(folder / f"fd/{number}", f"socket:[{pid * 10 + number}]")


def mount(number: int) -> str:
    """Return a line of mountinfo: the root, then what a node of Kubernetes has most of."""
    if not number:
        return "1 0 254:1 / / rw,relatime - ext4 /dev/vda1 rw\n"
    path = f"/var/lib/kubelet/pods/{number:08x}/volumes/kubernetes.io~projected/token"
    return f"{number + 1} 1 0:{number + 20} / {path} rw,relatime shared:{number} - tmpfs tmpfs rw\n"


def write(path: Path, text: str) -> None:
    """Write a file and the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def link(path: Path, target: str) -> None:
    """Make a symbolic link and the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.symlink_to(target)
