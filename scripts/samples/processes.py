"""Writes the processes of a machine as procfs shows them (proc(5))."""

from __future__ import annotations

from msgspec import Struct

from .memory import Machine

HOST_NETWORK = 4026531840  # the first network namespace of a kernel (PROC_NET_INIT_INO's kin)
_TICKS = 100  # USER_HZ
_OTHER_NAMESPACES = {"mnt": 4026531841, "uts": 4026531838, "ipc": 4026531839, "pid": 4026531836,
                     "user": 4026531837, "cgroup": 4026531835}  # fmt: skip
_NULL = "/dev/null"


class Proc(Struct, frozen=True, kw_only=True):
    """A process. `files` are its open files by descriptor, beside the three standard ones.

    A kernel thread has neither `arguments` nor `exe`. `started` is in seconds after boot.
    """

    pid: int
    name: str
    parent: int = 1
    arguments: tuple[str, ...] = ()
    exe: str = ""
    uid: int = 0
    gid: int = 0
    environment: tuple[str, ...] = ()
    files: tuple[tuple[int, str], ...] = ()
    cgroup: str = "/init.scope"
    started: int = 10
    network: int = HOST_NETWORK


def add(machine: Machine, process: Proc) -> None:
    """Put a process into the machine."""
    folder = f"/proc/{process.pid}"
    uid, gid = process.uid, process.gid
    machine.folder(folder, 0o555, uid, gid)
    for name, body in (("stat", _stat(process)), ("status", _status(process)),
                       ("comm", f"{process.name}\n"), ("cgroup", f"0::{process.cgroup}\n"),
                       ("cmdline", _joined(process.arguments))):  # fmt: skip
        machine.file(f"{folder}/{name}", body, 0o444, uid, gid)
    machine.file(f"{folder}/environ", _joined(process.environment), 0o400, uid, gid)
    if process.exe:
        machine.link(f"{folder}/exe", process.exe, uid=uid, guarded=True)
    machine.link(f"{folder}/cwd", "/", uid=uid, guarded=True)
    machine.link(f"{folder}/root", "/", uid=uid, guarded=True)
    machine.folder(f"{folder}/fd", 0o500, uid, gid)
    standard = ((0, _NULL), (1, "socket:[9001]"), (2, "socket:[9001]")) if process.exe else ()
    for descriptor, target in (*standard, *process.files):
        machine.link(f"{folder}/fd/{descriptor}", target, uid=uid, guarded=True)
    machine.folder(f"{folder}/ns", 0o511, uid, gid)
    for kind, number in (*_OTHER_NAMESPACES.items(), ("net", process.network)):
        machine.link(f"{folder}/ns/{kind}", f"{kind}:[{number}]", uid=uid, guarded=True)


def add_system(  # noqa: PLR0913 - what a kernel tells of itself
    machine: Machine,
    auditor: Proc,
    *,
    cmdline: str,
    release: str,
    arch: str = "",
    core: str = "core",
) -> None:
    """Put init, kernel threads, the auditor itself, and what the kernel tells of itself.

    `arch` is for kernels from 6.1 on: earlier ones do not say it under /proc/sys.
    `core` is where the kernel leaves the memory of a process that crashed (core(5)).
    """
    add(machine, Proc(pid=1, name="systemd", parent=0, arguments=("/sbin/init",),
                      exe="/usr/lib/systemd/systemd", environment=("HOME=/", "TERM=linux"),
                      started=0))  # fmt: skip
    for pid, name in ((2, "kthreadd"), (15, "ksoftirqd/0"), (71, "kworker/0:1H")):
        add(machine, Proc(pid=pid, name=name, parent=0 if pid == 2 else 2, cgroup="/", started=0))  # noqa: PLR2004
    add(machine, auditor)
    machine.link("/proc/self", str(auditor.pid))
    machine.file("/proc/cmdline", f"{cmdline}\n", 0o444)
    machine.file("/proc/uptime", "345600.12 2764000.88\n", 0o444)
    machine.file("/proc/sys/kernel/osrelease", f"{release}\n", 0o444)
    machine.file("/proc/sys/kernel/ostype", "Linux\n", 0o444)
    machine.file("/proc/sys/kernel/hostname", f"{machine.name}\n", 0o644)
    if arch:
        machine.file("/proc/sys/kernel/arch", f"{arch}\n", 0o444)
    machine.files("/proc/sys/kernel", core_pattern=core, core_uses_pid="1")
    machine.files("/proc/sys/fs", suid_dumpable="0")
    # No hibernation: the kernel is locked down, or has no swap to write its memory to.
    machine.files("/sys/power", state="freeze mem", disk="[disabled]", resume="0:0")
    machine.file("/proc/sys/kernel/tainted", "0\n", 0o644)
    version = f"Linux version {release} (build@plant.example) (gcc 12.2.0) #1 SMP PREEMPT_DYNAMIC\n"
    machine.file("/proc/version", version, 0o444)


def unit(name: str) -> str:
    """Return the control group of a systemd service."""
    return f"/system.slice/{name}.service"


def _joined(words: tuple[str, ...]) -> str:
    return "".join(f"{word}\0" for word in words)


def _stat(process: Proc) -> str:
    started = process.started * _TICKS
    kernel = not process.exe
    flags = 2129984 if kernel else 4194560
    group = 0 if kernel else process.pid
    size, pages = (0, 0) if kernel else (4325376, 1210)
    return (
        f"{process.pid} ({process.name}) S {process.parent} {group} {group} 0 -1 {flags} 812 0 3 0 "
        f"41 17 0 0 20 0 1 0 {started} {size} {pages} 18446744073709551615 1 1 0 0 0 0 0 4096 0 "
        "0 0 0 17 1 0 0 0 0 0 0 0 0 0 0 0 0 0\n"
    )


def _status(process: Proc) -> str:
    uids = "\t".join([str(process.uid)] * 4)
    gids = "\t".join([str(process.gid)] * 4)
    capabilities = "000001ffffffffff" if process.uid == 0 else "0000000000000000"
    return (
        f"Name:\t{process.name}\nUmask:\t0022\nState:\tS (sleeping)\nTgid:\t{process.pid}\n"
        f"Ngid:\t0\nPid:\t{process.pid}\nPPid:\t{process.parent}\nTracerPid:\t0\n"
        f"Uid:\t{uids}\nGid:\t{gids}\nFDSize:\t64\nGroups:\t{process.gid}\n"
        f"NStgid:\t{process.pid}\nNSpid:\t{process.pid}\nThreads:\t1\n"
        f"CapInh:\t0000000000000000\nCapPrm:\t{capabilities}\nCapEff:\t{capabilities}\n"
        "NoNewPrivs:\t0\nSeccomp:\t0\n"
    )
