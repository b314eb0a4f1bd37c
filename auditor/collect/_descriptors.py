"""Walks the open files of all processes once: who holds which socket and which BPF program."""

from __future__ import annotations

import re

from auditor.collect._reading import Reading
from auditor.host import Absent, Unreadable

_SOCKET = re.compile(r"socket:\[(\d{1,20})\]")
_PROGRAM = re.compile(r"anon_inode:\[?bpf[-_](?:prog|link)\]?")
_TYPE = re.compile(
    r"^(?:prog_type:\s*(?P<type>\d{1,4})|link_type:\s*(?P<link>\w{1,40}))\s*$", re.MULTILINE
)
# A process may hold a million files; one that holds more than this is read no further.
_FILES_LIMIT = 100_000
READS = ("/proc/*/fd", "/proc/*/fdinfo of BPF programs")

# enum bpf_prog_type of include/uapi/linux/bpf.h, in its order.
PROGRAM_TYPES = (
    "unspec", "socket_filter", "kprobe", "sched_cls", "sched_act", "tracepoint", "xdp",
    "perf_event", "cgroup_skb", "cgroup_sock", "lwt_in", "lwt_out", "lwt_xmit", "sock_ops",
    "sk_skb", "cgroup_device", "sk_msg", "raw_tracepoint", "cgroup_sock_addr", "lwt_seg6local",
    "lirc_mode2", "sk_reuseport", "flow_dissector", "cgroup_sysctl", "raw_tracepoint_writable",
    "cgroup_sockopt", "tracing", "struct_ops", "ext", "lsm", "sk_lookup", "syscall", "netfilter",
)  # fmt: skip
# Those that see or shape packets or addresses, by program and by link type.
OF_NETWORK = frozenset({
    "socket_filter", "sched_cls", "sched_act", "xdp", "cgroup_skb", "cgroup_sock", "lwt_in",
    "lwt_out", "lwt_xmit", "sock_ops", "sk_skb", "sk_msg", "cgroup_sock_addr", "lwt_seg6local",
    "sk_reuseport", "flow_dissector", "sk_lookup", "netfilter", "tcx", "netns", "netkit", "sockmap",
    "cgroup",
})  # fmt: skip


class Descriptors:
    """What the processes hold open: `sockets` by inode, `programs` as (process id, type).

    `refused` are the folders of processes that did not show their files, `ended` counts those
    that ended meanwhile.
    """

    def __init__(self, reading: Reading, pids: tuple[int, ...]) -> None:
        """Read the descriptors of `pids`; what is refused is kept, for the caller to weigh."""
        self._reading = reading
        self.sockets: dict[int, int] = {}
        self.programs: list[tuple[int, str]] = []
        self.refused: list[str] = []
        self.ended = 0
        for pid in pids:
            self._walk(pid)

    def _walk(self, pid: int) -> None:
        folder = f"/proc/{pid}/fd"
        try:
            names = self._reading.host.list(folder, limit=_FILES_LIMIT)
        except Absent:
            self.ended += 1
            return
        except Unreadable:
            self.refused.append(folder)
            return
        for name in names:
            target = self._target(f"{folder}/{name}", folder)
            found = _SOCKET.fullmatch(target)
            if found:
                # A socket is its first holder's; systemd's (pid 1) only where nobody else has it.
                inode = int(found[1])
                if self.sockets.get(inode, 1) == 1:
                    self.sockets[inode] = pid
            elif _PROGRAM.fullmatch(target):
                self._program(pid, f"/proc/{pid}/fdinfo/{name}")

    def _target(self, path: str, folder: str) -> str:
        try:
            return self._reading.host.readlink(path)
        except Absent:
            return ""  # closed meanwhile
        except Unreadable:
            if folder not in self.refused[-1:]:
                self.refused.append(folder)
            return ""

    def _program(self, pid: int, path: str) -> None:
        try:
            text = self._reading.host.read(path, limit=65536).decode("ascii", "replace")
        except Absent:
            return  # closed meanwhile
        except Unreadable as error:
            self._reading.miss(path, error.reason, error.detail)
            return
        found = _TYPE.search(text)
        if found is None:
            self._reading.malformed(path, 1, "a BPF program that does not say its type")
        elif found["link"]:
            self.programs.append((pid, found["link"]))
        else:
            number = int(found["type"])
            known = number < len(PROGRAM_TYPES)
            self.programs.append((pid, PROGRAM_TYPES[number] if known else f"type {number}"))
