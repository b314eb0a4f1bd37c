"""Collects where the machine would write its memory: hibernation, kernel crashes, core dumps."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from typing import Literal

from auditor.collect import Collector, Fact, Options
from auditor.collect._paths import resolve
from auditor.collect._reading import Reading, lines
from auditor.evidence import Origin
from auditor.evidence.paths import recordable
from auditor.evidence.volumes import MemoryDump
from auditor.host import Absent, Host, Unreadable

NAME = "memory_dumps"
_RESUME = "/sys/power/resume"
_DISK = "/sys/power/disk"
_CMDLINE = "/proc/cmdline"
_LOADED = "/sys/kernel/kexec_crash_loaded"
_REDHAT = "/etc/kdump.conf"
_DEBIAN = "/etc/default/kdump-tools"
_PATTERN = "/proc/sys/kernel/core_pattern"
_CRASHES = "/var/crash"
_BY = {
    "UUID": "/dev/disk/by-uuid", "LABEL": "/dev/disk/by-label",
    "PARTUUID": "/dev/disk/by-partuuid", "PARTLABEL": "/dev/disk/by-partlabel",
}  # fmt: skip
_NUMBER = re.compile(r"[0-9]{1,7}:[0-9]{1,7}")
# Programs that take a core dump and keep nothing of it.
_DROPS = frozenset({"/bin/false", "/usr/bin/false", "/bin/true", "/usr/bin/true"})

Mechanism = Literal["hibernation", "kdump", "core"]
Target = Literal["device", "folder", "program", "working-folder", "remote", "none"]
_SETTING = re.compile(r"""^\s*(?:export\s+)?(\w+)=["']?([^"'#\s]*)""")


def _collect(host: Host, _: Options) -> Iterator[Fact]:
    reading = Reading(host, NAME, "memory_dump")
    yield from _hibernation(host, reading)
    yield from _kernel_crash(host, reading)
    yield from _core(host, reading)
    yield from reading.gaps()


def _hibernation(host: Host, reading: Reading) -> Iterator[MemoryDump]:
    """Yield the device of the hibernation image (swsusp-and-swap-files.rst), if one is set."""
    told = reading.text(_RESUME)
    if told is None:
        _must_be_there(reading, "/sys/power")
        return  # a kernel without hibernation
    if "[disabled]" in (reading.text(_DISK) or ""):
        return  # locked down, or switched off on the kernel's command line
    number = told.strip()
    if _NUMBER.fullmatch(number) and number != "0:0":
        yield _dump(reading.origin(_RESUME), "hibernation", "device", f"/dev/block/{number}")
        return
    if number != "0:0":
        reading.malformed(_RESUME, 0, "no device number")
        return
    for word in (reading.text(_CMDLINE) or "").split():
        name, _, value = word.partition("=")
        if name == "resume" and value:
            device = _device(host, value)
            yield _dump(reading.origin(_CMDLINE), "hibernation", "device", device)


def _kernel_crash(host: Host, reading: Reading) -> Iterator[MemoryDump]:
    """Yield where a crash kernel would write, where one is loaded."""
    told = reading.text(_LOADED)
    if told is None:
        _must_be_there(reading, "/sys/kernel")
        return
    if told.strip() != "1":
        return
    found = [*_redhat(reading), *_debian(reading)]
    if not found:
        found = [_dump(reading.origin(_LOADED), "kdump", "folder", _CRASHES)]
    for dump in found:
        yield _resolved(host, reading, dump)


def _redhat(reading: Reading) -> Iterator[MemoryDump]:
    """Yield the targets of kdump.conf(5): a device, another machine, or a folder of this one."""
    text = reading.text(_REDHAT)
    if text is None:
        return
    folder = _CRASHES
    elsewhere = False
    for number, line in enumerate(lines(text), start=1):
        name, _, value = line.split("#", 1)[0].strip().partition(" ")
        value = value.strip()
        if name == "path" and value:
            folder = value
        elif name in ("nfs", "ssh") and value:
            elsewhere = True
            yield _dump(reading.origin(_REDHAT, number), "kdump", "remote", value)
        elif name in ("raw", "ext4", "ext3", "ext2", "xfs", "btrfs", "minix") and value:
            elsewhere = True
            yield _dump(reading.origin(_REDHAT, number), "kdump", "device", value)
    if not elsewhere:
        yield _dump(reading.origin(_REDHAT), "kdump", "folder", folder)


def _debian(reading: Reading) -> Iterator[MemoryDump]:
    """Yield the targets of kdump-tools: another machine, or a folder."""
    text = reading.text(_DEBIAN)
    if text is None:
        return
    settings = {m[1]: m[2] for line in lines(text) if (m := _SETTING.match(line))}
    remote = [settings[name] for name in ("NFS", "SSH", "FTP") if settings.get(name)]
    for target in remote:
        yield _dump(reading.origin(_DEBIAN), "kdump", "remote", target)
    if not remote:
        folder = settings.get("KDUMP_COREDIR") or _CRASHES
        yield _dump(reading.origin(_DEBIAN), "kdump", "folder", folder)


def _core(host: Host, reading: Reading) -> Iterator[MemoryDump]:
    """Yield where the kernel puts core dumps (core(5))."""
    text = reading.text(_PATTERN)
    if text is None:
        if not reading.missed(_PATTERN):
            reading.miss(_PATTERN, "absent", "where core dumps go is not told")
        return
    pattern = text.strip()
    if pattern.startswith("|"):
        program = pattern[1:].split()[0] if pattern[1:].split() else ""
        kind: Target = "none" if program in _DROPS else "program"
        yield _dump(reading.origin(_PATTERN), "core", kind, program)
    elif pattern.startswith("/"):
        dump = _dump(reading.origin(_PATTERN), "core", "folder", posixpath.dirname(pattern))
        yield _resolved(host, reading, dump)
    elif pattern.startswith("@"):
        yield _dump(reading.origin(_PATTERN), "core", "program", pattern)
    else:
        yield _dump(reading.origin(_PATTERN), "core", "working-folder", pattern)


def _resolved(host: Host, reading: Reading, dump: MemoryDump) -> MemoryDump:
    """Return a folder as it is without links: it is that one's disk that counts."""
    if dump.target_type == "device":
        return _dump(dump.origin, dump.mechanism, "device", _device(host, dump.target))
    if dump.target_type != "folder":
        return dump
    try:
        path, _ = resolve(host, dump.target)
    except Absent:
        return dump  # made when it is needed, on what lies there now
    except Unreadable as error:
        reading.miss(dump.target, error.reason, error.detail)
        return dump
    return _dump(dump.origin, dump.mechanism, "folder", path)


def _device(host: Host, target: str) -> str:
    """Return the device file that a name leads to (`UUID=…`, a link of udev's), or the name."""
    name, separator, value = target.partition("=")
    path = f"{_BY[name]}/{value}" if separator and name in _BY else target
    try:
        return resolve(host, path)[0]
    except Unreadable:
        # Kept as it is written: what is known under no device's name is judged unknown.
        return target


def _must_be_there(reading: Reading, folder: str) -> None:
    """Note that nothing follows from a file's absence where its whole folder is missing."""
    if not reading.missed(folder) and not reading.present(folder):
        reading.miss(folder, "absent", "the kernel's own view is not there")


def _dump(origin: Origin, mechanism: Mechanism, target_type: Target, target: str) -> MemoryDump:
    return MemoryDump(
        origin=origin, mechanism=mechanism, target_type=target_type, target=recordable(target)
    )


COLLECTOR = Collector(
    title="Where memory would be written: hibernation, kernel crashes, core dumps",
    yields=(MemoryDump,),
    reads=(_RESUME, _DISK, _CMDLINE, _LOADED, _REDHAT, _DEBIAN, _PATTERN),
    collect=_collect,
)
