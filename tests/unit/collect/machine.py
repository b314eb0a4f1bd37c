"""Writes the files that procfs would show of made-up processes."""

from __future__ import annotations

from pathlib import Path

STATUS = "Name:\tx\nUid:\t{uid}\t{uid}\t{uid}\t{uid}\n"


def process(
    pid,
    arguments,
    *,
    name="python3",
    parent=1,
    uid=1000,
    start=100,
    environ=(),
    cgroup="0::/\n",
    sockets=(),
):
    """Return the files of one process: cmdline, environ and the rest of `/proc/<pid>`."""
    folder = f"/proc/{pid}"
    fields = " ".join(["S", str(parent), *["0"] * 17, str(start), *["0"] * 30])
    files = {
        f"{folder}/stat": f"{pid} ({name}) {fields}\n",
        f"{folder}/status": STATUS.format(uid=uid),
        f"{folder}/comm": f"{name}\n",
        f"{folder}/cmdline": b"".join(a.encode() + b"\0" for a in arguments),
        f"{folder}/environ": b"".join(e.encode() + b"\0" for e in environ),
        f"{folder}/cgroup": cgroup,
        f"{folder}/exe": Path(f"/usr/bin/{name}"),
        f"{folder}/ns/net": Path("net:[4026531840]"),
    }
    for number, inode in enumerate(sockets, start=3):
        files[f"{folder}/fd/{number}"] = Path(f"socket:[{inode}]")
    return files
