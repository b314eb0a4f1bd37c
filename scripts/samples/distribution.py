"""Writes what a distribution puts on a machine: its name, its accounts, its SSH server."""

from __future__ import annotations

import base64

from msgspec import Struct

from .memory import Machine

_SHADOW_GROUP = 42
_SYSTEM_ACCOUNTS = ("daemon:1:/usr/sbin", "bin:2:/bin", "sys:3:/dev", "www-data:33:/var/www",
                    "nobody:65534:/nonexistent")  # fmt: skip
_HASH = "$y$j9T$SAMPLE$not.a.real.hash.of.any.password.at.all"


class Login(Struct, frozen=True, kw_only=True):
    """An account; `program` is its shell, `password` what /etc/shadow holds.

    `keys` are the lines of its authorized_keys.
    """

    name: str
    uid: int
    home: str
    program: str = "/bin/bash"
    password: str = "!*"  # noqa: S105 - a locked account
    keys: tuple[str, ...] = ()
    home_mode: int = 0o750


def with_password() -> str:
    """Return a field of /etc/shadow that stands for a password that is set."""
    return _HASH


def key(comment: str) -> str:
    """Return a line of authorized_keys whose key nobody has the other half of."""
    return f"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI{'SAMPLE' * 7}A {comment}"


def release(machine: Machine, name: str, version: str, platform: str, like: str = "") -> None:
    """Put /etc/os-release, the host's name and its (made-up) machine id."""
    lines = [f'PRETTY_NAME="{name} {version}"', f'NAME="{name}"', f'VERSION_ID="{version}"',
             f'VERSION="{version}"', f"ID={platform}"]  # fmt: skip
    lines += [f"ID_LIKE={like}"] if like else []
    machine.file("/usr/lib/os-release", "".join(f"{line}\n" for line in lines))
    machine.link("/etc/os-release", "../usr/lib/os-release")
    machine.file("/etc/hostname", f"{machine.name}\n")
    digits = machine.name.encode().hex().ljust(32, "0")[:32]
    machine.file("/etc/machine-id", f"{digits}\n", 0o444)


def accounts(machine: Machine, logins: tuple[Login, ...], groups: tuple[str, ...]) -> None:
    """Put passwd, shadow, group and the homes; `groups` are further lines of /etc/group."""
    passwd, shadow, group = [], [], []
    for account in _SYSTEM_ACCOUNTS:
        name, uid, home = account.split(":")
        passwd.append(f"{name}:x:{uid}:{uid}:{name}:{home}:/usr/sbin/nologin")
        shadow.append(f"{name}:*:20400:0:99999:7:::")
        group.append(f"{name}:x:{uid}:")
    for login in logins:
        passwd.append(f"{login.name}:x:{login.uid}:{login.uid}::{login.home}:{login.program}")
        shadow.append(f"{login.name}:{login.password}:20400:0:99999:7:::")
        group.append(f"{login.name}:x:{login.uid}:")
        machine.folder(login.home, login.home_mode, login.uid, login.uid)
        if login.keys:
            folder = f"{login.home}/.ssh"
            machine.folder(folder, 0o700, login.uid, login.uid)
            body = "".join(f"{line}\n" for line in login.keys)
            machine.file(f"{folder}/authorized_keys", body, 0o600, login.uid, login.uid)
    machine.file("/etc/passwd", "".join(f"{line}\n" for line in passwd))
    machine.file("/etc/shadow", "".join(f"{line}\n" for line in shadow), 0o640, 0, _SHADOW_GROUP)
    machine.file("/etc/group", "".join(f"{line}\n" for line in (*group, *groups)))
    machine.file("/etc/sudoers", "Defaults env_reset\nroot ALL=(ALL:ALL) ALL\n"
                 "%sudo ALL=(ALL:ALL) ALL\n@includedir /etc/sudoers.d\n", 0o440)  # fmt: skip
    machine.folder("/etc/sudoers.d", 0o750)


def private_key() -> str:
    """Return the beginning of an OpenSSH key without a passphrase, and no key behind it."""
    begin = b"openssh-key-v1\0" + b"\0\0\0\x04none" * 2 + bytes(7) + b"\x01" + bytes(4)
    body = base64.b64encode(begin).decode()
    return (
        f"-----BEGIN OPENSSH PRIVATE KEY-----\n{body}\nsample-not-a-real-key\n"
        "-----END OPENSSH PRIVATE KEY-----\n"
    )


def ssh(machine: Machine, *lines: str, host_key_mode: int = 0o600) -> None:
    """Put an sshd_config that first includes its drop-ins, as Debian ships it, and a host key."""
    machine.file("/etc/ssh/ssh_host_ed25519_key", private_key(), host_key_mode)
    body = "Include /etc/ssh/sshd_config.d/*.conf\n" + "".join(f"{line}\n" for line in lines)
    machine.file("/etc/ssh/sshd_config", body)
    machine.folder("/etc/ssh/sshd_config.d")
    machine.file("/usr/sbin/sshd", b"\x7fELF", 0o755)


def uefi(machine: Machine, *, secure_boot: bool) -> None:
    """Put the firmware's variables: four bytes of attributes, then the value."""
    guid = "8be4df61-93ca-11d2-aa0d-00e098032b8c"
    folder = "/sys/firmware/efi/efivars"
    machine.file(f"{folder}/SecureBoot-{guid}", b"\x06\0\0\0" + bytes([secure_boot]))
    machine.file(f"{folder}/SetupMode-{guid}", b"\x06\0\0\0\0")


def board(machine: Machine, vendor: str, product: str) -> None:
    """Put what the firmware tells of the machine (DMI)."""
    folder = "/sys/class/dmi/id"
    machine.files(folder, sys_vendor=vendor, product_name=product, board_vendor=vendor,
                  bios_vendor="Example Firmware", chassis_type="23")  # fmt: skip


def processors(machine: Machine, model: str, *, virtual: bool = False) -> None:
    """Put a short /proc/cpuinfo of two processors."""
    flags = "fpu vme de pse tsc msr sse sse2 avx2 aes" + (" hypervisor" if virtual else "")
    body = "".join(
        f"processor\t: {number}\nvendor_id\t: GenuineIntel\nmodel name\t: {model}\n"
        f"flags\t\t: {flags}\n\n"
        for number in range(2)
    )
    machine.file("/proc/cpuinfo", body, 0o444)


def nvidia(machine: Machine, address: str, model: str, device: str) -> None:
    """Put a GPU with NVIDIA's driver: its PCI device and the driver's own files."""
    folder = f"/sys/devices/pci0000:40/0000:40:01.0/{address}"
    machine.files(folder, vendor="0x10de", device=device, **{"class": "0x030200"},
                  subsystem_vendor="0x10de", subsystem_device="0x16c1")  # fmt: skip
    machine.file(f"{folder}/uevent", "DRIVER=nvidia\nPCI_CLASS=30200\n")
    machine.link(
        f"/sys/bus/pci/devices/{address}", f"../../../devices/pci0000:40/0000:40:01.0/{address}"
    )
    machine.link(f"{folder}/driver", "/sys/bus/pci/drivers/nvidia")
    machine.folder("/sys/bus/pci/drivers/nvidia")
    machine.files("/sys/module/nvidia", version="550.90.07")
    machine.file("/proc/driver/nvidia/version", "NVRM version: NVIDIA UNIX x86_64 Kernel Module  "
                 "550.90.07  Fri May 31 09:35:42 UTC 2024\nGCC version:  gcc version 12.2.0\n",
                 0o444)  # fmt: skip
    machine.file(f"/proc/driver/nvidia/gpus/{address}/information",
                 f"Model: \t\t {model}\nIRQ:   \t\t 127\n"
                 "GPU UUID: \t GPU-????????-????-????-????-????????????\n"
                 f"Video BIOS: \t ??.??.??.??.??\nBus Type: \t PCIe\n"
                 f"Bus Location: \t {address}\nDevice Minor: \t 0\n",
                 0o444)  # fmt: skip
    machine.special("/dev/nvidia0", "character", "195:0", 0o666)
    machine.special("/dev/nvidiactl", "character", "195:255", 0o666)
