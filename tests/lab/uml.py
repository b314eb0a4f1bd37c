"""Boots a User Mode Linux as an ordinary program, on this machine's own files, read-only."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

LAB = Path(__file__).resolve().parent
PACKAGE = "user-mode-linux"
DISKS = 6
# What the stacks are made with; the guest finds them where this machine has them.
TOOLS = ("cryptsetup", "integritysetup", "veritysetup", "dmsetup", "mdadm", "mkfs.btrfs", "mkfs.xfs",
         "mkfs.f2fs", "make-bcache", "mkfs.ext4", "modprobe", "addpart", "ecryptfs-add-passphrase")  # fmt: skip
_SBIN = "/usr/sbin:/usr/bin:/sbin:/bin"
BOOT_LIMIT = 300


class Unavailable(Exception):  # noqa: N818 - a reason to skip
    """The laboratory cannot be had here, and why."""


class Kernel(NamedTuple):
    """The program that is the kernel, and the folder of its modules."""

    program: Path
    modules: Path


def find(cache: Path) -> Kernel:
    """Return an installed kernel, or one fetched from the distribution into `cache`."""
    missing = [tool for tool in TOOLS if shutil.which(tool, path=_SBIN) is None]
    if missing:
        raise Unavailable(f"not installed: {', '.join(missing)}")
    installed = Kernel(Path("/usr/bin/linux.uml"), Path("/usr/lib/uml/modules"))
    if installed.program.exists() and installed.modules.is_dir():
        return installed
    if shutil.which("apt-get") is None or shutil.which("dpkg") is None:
        raise Unavailable(f"{PACKAGE} is not installed, and this is no Debian to fetch it from")
    cache.mkdir(parents=True, exist_ok=True)
    try:
        subprocess.run(
            ["apt-get", "download", PACKAGE], cwd=cache, check=True, capture_output=True, timeout=60
        )
        package = next(cache.glob(f"{PACKAGE}_*.deb"))
        subprocess.run(
            ["dpkg", "-x", package, cache / "root"], check=True, capture_output=True, timeout=60
        )
    except (subprocess.SubprocessError, StopIteration) as error:
        raise Unavailable(f"{PACKAGE} cannot be fetched: {error}") from error
    return Kernel(cache / "root/usr/bin/linux.uml", cache / "root/usr/lib/uml/modules")


def run(kernel: Kernel, folder: Path) -> Path:
    """Boot, have the stacks built and recorded, and return the folder of the results."""
    out = folder / "out"
    out.mkdir()
    disks = []
    for letter in "abcdefgh"[:DISKS]:
        disk = folder / f"ubd{letter}"
        with disk.open("wb") as file:
            file.truncate(1 << 30)
        disks.append(f"ubd{letter}={disk}")
    words = [
        str(kernel.program), "mem=700M", "root=/dev/root", "rootfstype=hostfs", "rootflags=/", "ro",
        "quiet", "con=null", "con0=fd:0,fd:1", *disks, f"LAB={LAB}", f"OUT={out}",
        f"MODULES={kernel.modules}", f"PYTHON={sys.executable}", f"init={LAB / 'guest.sh'}",
    ]  # fmt: skip
    environment = {"PATH": _SBIN, "TMPDIR": str(folder), "HOME": str(folder)}
    with (out / "console").open("wb") as console:
        try:
            subprocess.run(
                words, stdin=subprocess.DEVNULL, stdout=console, stderr=subprocess.STDOUT,
                timeout=BOOT_LIMIT, check=False, env=environment, start_new_session=True,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            pass
        except OSError as error:
            raise Unavailable(f"the kernel does not start: {error}") from error
    if not (out / "guest.log").exists():
        raise Unavailable(f"the kernel did not come up: {_tail(out / 'console')}")
    if not (out / "finished").exists():
        raise AssertionError(f"the laboratory broke off: {_tail(out / 'guest.log')}")
    return out


def _tail(path: Path) -> str:
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines() if path.exists() else []
    return " / ".join(lines[-5:])


def unprivileged() -> bool:
    return os.geteuid() != 0
