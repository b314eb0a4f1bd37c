"""A sealed inference server: what the toolkit should find nothing to say against, as root."""

from __future__ import annotations

import hashlib

from . import certificates, disks, distribution, network, processes, ways
from .disks import Disk, Mapped, Mounted, Partition
from .distribution import Login
from .memory import Machine
from .model_files import safetensors
from .network import Card, Socket, Way
from .processes import Proc

RELEASE = "6.12.41-amd64"
AUDITOR = 3990
_VLLM, _OPS = 998, 1000
_ADDRESS = "10.20.0.11"
# A cache of the hub that was brought in by hand, as huggingface_hub lays it out.
_REPOSITORY = "models--Qwen--Qwen2.5-7B-Instruct"
_SNAPSHOT = f"/srv/models/{_REPOSITORY}/snapshots/{'a09a35458c' * 4}"
_ENVIRONMENT = (
    "LANG=C.UTF-8", "PATH=/opt/vllm/bin:/usr/bin:/bin", "HOME=/opt/vllm", "USER=vllm",
    "HF_HUB_OFFLINE=1", "TRANSFORMERS_OFFLINE=1", "HF_HUB_DISABLE_TELEMETRY=1",
    "HF_DATASETS_OFFLINE=1", "VLLM_NO_USAGE_STATS=1", "DO_NOT_TRACK=1",
    "VLLM_API_KEY=sample-not-a-real-key", "CUDA_VISIBLE_DEVICES=0",
)  # fmt: skip
_COMMAND = (
    "/opt/vllm/bin/python3", "/opt/vllm/bin/vllm", "serve", _SNAPSHOT,
    "--host", _ADDRESS, "--port", "8000", "--max-model-len", "32768",
    "--ssl-keyfile", "/etc/vllm/tls/server.key", "--ssl-certfile", "/etc/vllm/tls/server.pem",
)  # fmt: skip
_UNIT = f"""[Unit]
Description=vLLM for the line's assistants
After=network-online.target srv-models.mount

[Service]
User=vllm
Environment=HF_HUB_OFFLINE=1 TRANSFORMERS_OFFLINE=1 HF_DATASETS_OFFLINE=1
Environment=HF_HUB_DISABLE_TELEMETRY=1 VLLM_NO_USAGE_STATS=1 DO_NOT_TRACK=1
EnvironmentFile=/etc/vllm/environment
ExecStart=/opt/vllm/bin/vllm serve {_SNAPSHOT} --host 10.20.0.11

[Install]
WantedBy=multi-user.target
"""


def machine(auditor_uid: int = 0) -> Machine:
    """Return the server while the user `auditor_uid` audits it."""
    built = Machine("sealed-inference")
    _system(built)
    _storage(built)
    _services(built, auditor_uid)
    _settings(built)
    _models(built)
    return built


def _system(built: Machine) -> None:
    distribution.release(built, "Debian GNU/Linux", "12", "debian")
    distribution.uefi(built, secure_boot=True)
    distribution.board(built, "Example Systems", "AI-2400")
    distribution.processors(built, "Example Processor 8462Y")
    built.file("/sys/kernel/security/lockdown", "none [integrity] confidentiality\n")
    distribution.nvidia(built, "0000:41:00.0", "NVIDIA H100 80GB HBM3", "0x2330")
    distribution.accounts(
        built,
        (
            Login(name="root", uid=0, home="/root", home_mode=0o700),
            Login(name="ops", uid=_OPS, home="/home/ops", keys=(distribution.key("ops@plant"),)),
            Login(name="vllm", uid=_VLLM, home="/opt/vllm", program="/usr/sbin/nologin"),
        ),
        ("sudo:x:27:ops", "adm:x:4:ops"),
    )
    distribution.ssh(
        built, f"ListenAddress {_ADDRESS}", "PermitRootLogin no", "PasswordAuthentication no",
        "KbdInteractiveAuthentication no", "PermitEmptyPasswords no", "AllowTcpForwarding no",
        "GatewayPorts no", "X11Forwarding no", "PermitTunnel no", "UsePAM yes",
    )  # fmt: skip


def _storage(built: Machine) -> None:
    first = Disk(name="nvme0n1", number="259:0", size=894, model="EXAMPLE NVME 960G",
                 bus="pci0000:00/0000:00:1d.0/0000:02:00.0/nvme/nvme0")  # fmt: skip
    second = Disk(name="nvme1n1", number="259:4", size=3576, model="EXAMPLE NVME 3840G",
                  bus="pci0000:00/0000:00:1d.4/0000:03:00.0/nvme/nvme1")  # fmt: skip
    volume = "f2Qm1c" + "SAMPLE" * 9 + "a1b2"
    crypt = "aes-xts-plain64 :64:logon:- 0"
    devices = (
        first,
        Partition(name="nvme0n1p1", number="259:1", size=1, disk=first),
        Partition(name="nvme0n1p2", number="259:2", size=2, disk=first),
        Partition(name="nvme0n1p3", number="259:3", size=891, disk=first),
        second,
        Mapped(name="dm-0", number="254:0", size=890, mapper_name="luks-system",
               uuid="CRYPT-LUKS2-0f3d9a1e5b7c4d2f8a6b1c2d3e4f5a6b-luks-system", below="nvme0n1p3",
               header=disks.luks2(),
               table=f"0 1866465280 crypt {crypt} 259:3 32768"),
        Mapped(name="dm-1", number="254:1", size=800, mapper_name="vg0-root",
               uuid=f"LVM-{volume}root", below="dm-0", table="0 1677721600 linear 254:0 2048"),
        Mapped(name="dm-2", number="254:2", size=32, mapper_name="vg0-swap",
               uuid=f"LVM-{volume}swap", below="dm-0", table="0 67108864 linear 254:0 1677723648"),
        Mapped(name="dm-3", number="254:3", size=3576, mapper_name="luks-models",
               uuid="CRYPT-LUKS2-7c1b5e9d2a4f4b6c9d8e0f1a2b3c4d5e-luks-models", below="nvme1n1",
               header=disks.luks2(),
               table=f"0 7499382784 crypt {crypt} 259:4 32768"),
    )  # fmt: skip
    root = Mounted(path="/", filesystem="ext4", device="/dev/mapper/vg0-root", number="254:1",
                   super_options="rw,errors=remount-ro")  # fmt: skip
    mounts = (
        root,
        Mounted(path="/boot", filesystem="ext4", device="/dev/nvme0n1p2", number="259:2"),
        Mounted(path="/boot/efi", filesystem="vfat", device="/dev/nvme0n1p1", number="259:1"),
        Mounted(path="/tmp", filesystem="tmpfs", device="tmpfs", number="0:31",  # noqa: S108
                options="rw,nosuid,nodev", super_options="rw,size=16777216k"),
        Mounted(path="/srv/models", filesystem="ext4", device="/dev/mapper/luks-models",
                number="254:3", options="rw,nosuid,nodev,relatime"),
    )  # fmt: skip
    disks.add(built, devices, mounts, AUDITOR)
    disks.swaps(built, ("/dev/dm-2", "partition", 32))
    for folder in ("/var/log", "/var/tmp"):  # noqa: S108 - described, not used
        built.folder(folder)


def _services(built: Machine, auditor_uid: int) -> None:
    sockets = (
        Socket(local=f"{_ADDRESS}:22", inode=20114),
        Socket(local=f"{_ADDRESS}:8000", inode=31877, uid=_VLLM),
        Socket(local="127.0.0.1:39511", inode=31902, uid=_VLLM),
        Socket(local=f"{_ADDRESS}:8000", remote="10.20.0.40:51822", inode=41230, uid=_VLLM),
        Socket(local=f"{_ADDRESS}:22", remote="10.20.0.5:50112", inode=41533),
        Socket(protocol="udp", local=f"{_ADDRESS}:46021", remote="10.20.0.123:123", inode=22001,
               uid=996),
    )  # fmt: skip
    cards = (
        Card(name="enp65s0f0", addresses=("10.20.0.11/24", "fe80::5054:ff:fe20:11/64"),
             mac="52:54:00:20:00:11", bus="pci0000:40/0000:40:03.0/0000:65:00.0",
             driver="mlx5_core"),
    )  # fmt: skip
    network.add(
        built,
        cards,
        (
            Way(to="0.0.0.0/0", card="enp65s0f0", gateway="10.20.0.1", metric=100),
            Way(to="10.20.0.0/24", card="enp65s0f0", metric=100),
        ),
        sockets,
        AUDITOR,
    )  # fmt: skip
    auditor = Proc(
        pid=AUDITOR, name="python3", parent=3120, arguments=("python3", "-m", "auditor", "scan"),
        exe="/usr/bin/python3.11", uid=auditor_uid, gid=auditor_uid,
        environment=("PATH=/usr/bin:/bin", "LANG=C.UTF-8"),
        cgroup="/user.slice/user-1000.slice/session-4.scope", started=345_000,
    )  # fmt: skip
    processes.add_system(
        built, auditor, release=RELEASE, arch="x86_64", core="|/bin/false",
        cmdline=f"BOOT_IMAGE=/vmlinuz-{RELEASE} root=/dev/mapper/vg0-root ro quiet",
    )  # fmt: skip
    for process in (
        Proc(pid=612, name="systemd-journal", arguments=("/lib/systemd/systemd-journald",),
             exe="/usr/lib/systemd/systemd-journald", cgroup=processes.unit("systemd-journald")),
        Proc(pid=655, name="systemd-timesyn", arguments=("/lib/systemd/systemd-timesyncd",),
             exe="/usr/lib/systemd/systemd-timesyncd", uid=996, gid=996,
             files=((7, "socket:[22001]"),), cgroup=processes.unit("systemd-timesyncd")),
        Proc(pid=901, name="sshd", exe="/usr/sbin/sshd", files=((3, "socket:[20114]"),),
             arguments=("sshd: /usr/sbin/sshd -D [listener] 0 of 10-100 startups",),
             cgroup=processes.unit("ssh")),
        Proc(pid=3120, name="sshd", parent=901, arguments=("sshd: ops [priv]",),
             exe="/usr/sbin/sshd", files=((4, "socket:[41533]"),), cgroup=processes.unit("ssh"),
             started=344_000),
        Proc(pid=1544, name="vllm", arguments=_COMMAND, exe="/usr/bin/python3.11", uid=_VLLM,
             gid=_VLLM, environment=_ENVIRONMENT, cgroup=processes.unit("vllm"), started=60,
             files=((17, "socket:[31877]"), (23, "socket:[41230]"))),
        Proc(pid=1731, name="VLLM::EngineCor", parent=1544, arguments=("VLLM::EngineCore",),
             exe="/usr/bin/python3.11", uid=_VLLM, gid=_VLLM, environment=_ENVIRONMENT,
             cgroup=processes.unit("vllm"), started=85,
             files=((31, "socket:[31902]"), (40, "/dev/nvidia0"))),
    ):  # fmt: skip
        processes.add(built, process)
        built.link(f"/proc/{process.pid}/net", f"../{AUDITOR}/net")
    built.link("/proc/1/net", f"../{AUDITOR}/net")


def _settings(built: Machine) -> None:
    ways.usb(built, storage=False)
    ways.tpm(built)
    built.file(
        "/etc/rsyslog.conf",
        '*.* action(type="omfwd" target="logs.plant.example" '
        'port="6514" protocol="tcp" StreamDriver="gtls" StreamDriverMode="1")\n',
    )
    built.file(
        "/etc/cron.d/backup",
        "15 2 * * * root restic -r sftp:backup@backup.plant.example:/srv/ai backup /etc\n",
    )
    built.file("/etc/resolv.conf", "search plant.example\nnameserver 10.20.0.53\n")
    built.file("/etc/systemd/timesyncd.conf", "[Time]\nNTP=ntp1.plant.example\nFallbackNTP=\n")
    built.file("/usr/lib/systemd/systemd-timesyncd", b"\x7fELF", 0o755)
    built.file("/run/systemd/timesync/synchronized", "")
    built.file("/etc/apt/sources.list.d/plant.sources", "Types: deb\n"
               "URIs: https://mirror.plant.example/debian\n"
               "Suites: bookworm\nComponents: main\n")  # fmt: skip
    built.file(
        "/etc/pip.conf", "[global]\nindex-url = https://mirror.plant.example/python/simple\n"
    )
    built.file("/usr/bin/pip3", "#!/usr/bin/python3\n", 0o755)
    built.file("/etc/environment", 'PATH="/usr/local/bin:/usr/bin:/bin"\n')
    built.file("/etc/systemd/system/vllm.service", _UNIT)
    built.file("/etc/vllm/environment", "VLLM_API_KEY=sample-not-a-real-key\n", 0o600)
    built.file("/etc/vllm/tls/server.pem", certificates.SERVER, 0o644)
    key = "-----BEGIN PRIVATE KEY-----\nsample-not-a-real-key\n-----END PRIVATE KEY-----\n"
    built.file("/etc/vllm/tls/server.key", key, 0o600, _VLLM, _VLLM)


def _models(built: Machine) -> None:
    owner = {"uid": _VLLM, "gid": _VLLM}
    built.folder("/srv/models", 0o750, **owner)
    hub = f"/srv/models/{_REPOSITORY}"
    built.folder(hub, 0o750, **owner)
    shape = {"model.embed_tokens.weight": (16, 8), "model.norm.weight": (8,)}
    config = (
        '{"architectures": ["Qwen2ForCausalLM"], "model_type": "qwen2", '
        '"max_position_embeddings": 32768, "torch_dtype": "bfloat16"}\n'
    )
    files = {
        "model-00001-of-00001.safetensors": safetensors(shape),
        "config.json": config.encode(),
        "LICENSE": b"Apache License, Version 2.0\n",
    }
    # Fetched at a commit: no reference that could lead elsewhere the next time.
    for name, body in files.items():
        blob = hashlib.sha256(body).hexdigest()
        built.file(f"{hub}/blobs/{blob}", body, 0o640, **owner)
        built.link(f"{_SNAPSHOT}/{name}", f"../../blobs/{blob}", uid=_VLLM)
