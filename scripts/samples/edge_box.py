"""An edge box beside the machines of a line: a small accelerator, radios, and field buses."""

from __future__ import annotations

from . import containers, disks, distribution, network, processes, ways
from .disks import Disk, Mounted, Partition
from .distribution import Login
from .memory import Machine
from .model_files import gguf
from .network import Card, Socket, Way
from .processes import Proc

RELEASE = "6.8.12-tegra"
AUDITOR = 4410
_CONTAINER = "9c1f" * 16
_CONTAINER_NETWORK = 4026532561
_LLAMA = 1820
_EVERYWHERE = "0.0.0.0"  # noqa: S104 - described, not bound
_BRIDGED = "172.17.0.2"


def machine() -> Machine:
    """Return the box."""
    built = Machine("edge-box")
    _system(built)
    _storage(built)
    _network(built)
    _services(built)
    _settings(built)
    built.folder("/data/models", 0o755, 1000, 1000)
    built.file("/data/models/example-3b-q8.gguf",
               gguf("llama", "Example 3B Instruct", 4096, "apache-2.0"), 0o644, 1000,
               1000)  # fmt: skip
    return built


def _system(built: Machine) -> None:
    distribution.release(built, "Ubuntu", "24.04", "ubuntu", "debian")
    built.file("/proc/device-tree/model", "NVIDIA Jetson AGX Thor Developer Kit\0", 0o444)
    built.file("/proc/cpuinfo", "".join(
        f"processor\t: {n}\nBogoMIPS\t: 62.50\nFeatures\t: fp asimd aes pmull sha1 sha2\n"
        "CPU implementer\t: 0x41\nCPU part\t: 0xd42\n\n" for n in range(2)), 0o444)  # fmt: skip
    built.file("/sys/kernel/security/lockdown", "[none] integrity confidentiality\n")
    gpu = "/sys/devices/platform/17000000.gpu"
    built.file(f"{gpu}/uevent", "DRIVER=nvgpu\nOF_NAME=gpu\nOF_COMPATIBLE_0=nvidia,ga10b\n")
    built.link("/sys/bus/platform/devices/17000000.gpu", "../../../devices/platform/17000000.gpu")
    built.special("/dev/nvhost-gpu", "character", "505:1")
    distribution.accounts(
        built,
        (
            Login(name="root", uid=0, home="/root", home_mode=0o700),
            Login(name="line", uid=1000, home="/home/line",
                  password=distribution.with_password(), keys=(distribution.key("ops@plant"),)),
        ),
        ("sudo:x:27:line", "docker:x:998:line"),
    )  # fmt: skip
    distribution.ssh(built, "PermitRootLogin no", "PasswordAuthentication no",
                     "KbdInteractiveAuthentication no", "X11Forwarding no",
                     "Match User line", "    AllowTcpForwarding no")  # fmt: skip


def _storage(built: Machine) -> None:
    bus = "platform/bus@0/3460000.mmc/mmc_host/mmc0/mmc0:0001"
    card = Disk(name="mmcblk0", number="179:0", size=58, model="G1M15M", model_attribute="name",
                bus=bus)  # fmt: skip
    devices = (card, Partition(name="mmcblk0p1", number="179:1", size=57, disk=card))
    layer = "/var/lib/docker/overlay2"
    mounts = (
        Mounted(path="/", filesystem="ext4", device="/dev/mmcblk0p1", number="179:1"),
        Mounted(path="/tmp", filesystem="tmpfs", device="tmpfs", number="0:40",  # noqa: S108
                options="rw,nosuid,nodev"),
        Mounted(path=f"{layer}/1f2e/merged", filesystem="overlay", device="overlay", number="0:51",
                super_options=f"rw,lowerdir={layer}/l/AAA:{layer}/l/BBB,upperdir={layer}/1f2e/diff,"
                f"workdir={layer}/1f2e/work"),
    )  # fmt: skip
    disks.add(built, devices, mounts, AUDITOR)
    disks.swaps(built)
    for folder in ("/var/log", "/var/tmp"):  # noqa: S108 - described, not used
        built.folder(folder)


def _network(built: Machine) -> None:
    usb = "platform/bus@0/3610000.usb/usb1/1-3/1-3:1.4"
    cards = (
        Card(name="eth0", addresses=("10.20.8.31/24",), mac="48:b0:2d:00:08:31",
             bus="platform/bus@0/14160000.pcie/pci0004:00/0004:00:00.0/0004:01:00.0",
             driver="r8168"),
        Card(name="wlan0", addresses=("192.168.77.12/24",), mac="48:b0:2d:00:08:32",
             bus="platform/bus@0/14100000.pcie/pci0001:00/0001:00:00.0/0001:01:00.0",
             driver="rtl88x2ce", uevent=("DEVTYPE=wlan",), folders=("wireless", "phy80211")),
        Card(name="wwan0", addresses=("100.64.12.9/30",), mac="02:50:f3:00:00:00", bus=usb,
             driver="qmi_wwan", state="unknown", uevent=("DEVTYPE=wwan",)),
        Card(name="docker0", addresses=("172.17.0.1/16",), mac="02:42:5a:00:00:01",
             uevent=("DEVTYPE=bridge",), folders=("bridge", "brif")),
        Card(name="veth3f2a1b0", mac="be:11:5a:00:00:02"),
    )  # fmt: skip
    routes = (
        Way(to="0.0.0.0/0", card="eth0", gateway="10.20.8.1", metric=100),
        Way(to="0.0.0.0/0", card="wwan0", gateway="100.64.12.10", metric=700),
        Way(to="10.20.8.0/24", card="eth0", metric=100),
        Way(to="192.168.77.0/24", card="wlan0", metric=600),
        Way(to="100.64.12.8/30", card="wwan0", metric=700),
        Way(to="172.17.0.0/16", card="docker0"),
    )
    sockets = (
        Socket(local="10.20.8.31:22", inode=12001),
        Socket(local=f"{_EVERYWHERE}:1883", inode=12100, uid=110),
        Socket(local=f"{_EVERYWHERE}:502", inode=12200, uid=1000),
        Socket(local=f"{_EVERYWHERE}:8080", inode=12300),
        Socket(local="10.20.8.31:40100", remote="10.20.8.60:502", inode=12201, uid=1000),
        Socket(local="192.168.77.12:50222", remote="192.0.2.80:8883", inode=12101, uid=110),
        Socket(protocol="udp", local="127.0.0.1:323", inode=12400),
    )
    # The container engine switches forwarding on.
    network.add(built, cards, routes, sockets, AUDITOR, {"forwarding": "1"})
    network.namespace(
        built,
        (Card(name="eth0", addresses=(f"{_BRIDGED}/16",)),),
        (Way(to="0.0.0.0/0", card="eth0", gateway="172.17.0.1"),
         Way(to="172.17.0.0/16", card="eth0")),
        (Socket(local=f"{_EVERYWHERE}:8080", inode=88001),),
        _LLAMA,
    )  # fmt: skip


def _services(built: Machine) -> None:
    auditor = Proc(pid=AUDITOR, name="python3", parent=4300, exe="/usr/bin/python3.12",
                   arguments=("python3", "-m", "auditor", "scan"), started=345_000)  # fmt: skip
    processes.add_system(built, auditor, release=RELEASE,
                         arch="aarch64",
                         cmdline="root=/dev/mmcblk0p1 rw rootwait")  # fmt: skip
    for process in (
        Proc(pid=640, name="chronyd", arguments=("/usr/sbin/chronyd", "-F", "1"),
             exe="/usr/sbin/chronyd", uid=102, gid=102, files=((6, "socket:[12400]"),),
             cgroup=processes.unit("chrony")),
        Proc(pid=702, name="sshd", arguments=("sshd: /usr/sbin/sshd -D",), exe="/usr/sbin/sshd",
             files=((3, "socket:[12001]"),), cgroup=processes.unit("ssh")),
        Proc(pid=880, name="mosquitto", exe="/usr/sbin/mosquitto", uid=110, gid=110,
             arguments=("/usr/sbin/mosquitto", "-c", "/etc/mosquitto/mosquitto.conf"),
             files=((5, "socket:[12100]"), (8, "socket:[12101]")),
             cgroup=processes.unit("mosquitto")),
        Proc(pid=910, name="modbus-gateway", exe="/opt/gateway/bin/modbus-gateway", uid=1000,
             gid=1000, arguments=("/opt/gateway/bin/modbus-gateway", "--unit", "3"),
             files=((4, "socket:[12200]"), (7, "socket:[12201]")),
             cgroup=processes.unit("modbus-gateway")),
        Proc(pid=1780, name="docker-proxy", exe="/usr/bin/docker-proxy", parent=760,
             arguments=("/usr/bin/docker-proxy", "-proto", "tcp", "-host-ip", _EVERYWHERE,
                        "-host-port", "8080", "-container-ip", _BRIDGED, "-container-port", "8080"),
             files=((4, "socket:[12300]"),), cgroup=processes.unit("docker")),
        Proc(pid=760, name="dockerd", exe="/usr/bin/dockerd",
             arguments=("/usr/bin/dockerd", "-H", "fd://"), cgroup=processes.unit("docker")),
        Proc(pid=_LLAMA, name="llama-server", parent=1790, exe="/app/llama-server", uid=1000,
             gid=1000, arguments=("/app/llama-server", "--host", _EVERYWHERE, "--port", "8080",
                                  "-m", "/models/example-3b-q8.gguf"),
             environment=("PATH=/usr/bin:/bin", "LLAMA_ARG_CTX_SIZE=4096"),
             files=((3, "socket:[88001]"),), network=_CONTAINER_NETWORK,
             cgroup=f"/system.slice/docker-{_CONTAINER}.scope"),
    ):  # fmt: skip
        processes.add(built, process)
        if process.pid != _LLAMA:
            built.link(f"/proc/{process.pid}/net", f"../{AUDITOR}/net")
    built.link("/proc/1/net", f"../{AUDITOR}/net")
    containers.add(built, containers.Docker(
        container_id=_CONTAINER, name="llm", user="1000:1000", read_only=True,
        image="registry.plant.example/ai/llama-server:b4719", image_digest="sha256:" + "a4" * 32,
        command=("/app/llama-server", "--host", _EVERYWHERE, "--port", "8080",
                 "-m", "/models/example-3b-q8.gguf"),
        environment=("PATH=/usr/bin:/bin", "LLAMA_ARG_CTX_SIZE=4096"),
        mounts=(("/models", "/data/models", True),),
        ports=(("8080/tcp", _EVERYWHERE, "8080"),)))  # fmt: skip


def _settings(built: Machine) -> None:
    ways.usb(built, storage=True)
    ways.radio(built, "/sys/class/ieee80211/phy0", "rtl88x2ce", blocked=False)
    ways.radio(built, "/sys/class/bluetooth/hci0", "btusb", blocked=True)
    built.link("/sys/class/usbmisc/cdc-wdm0/device/driver", "/sys/bus/usb/drivers/qmi_wwan")
    built.file("/etc/cron.d/telemetry", '0 * * * * line curl -fsS "$REPORT_URL"\n')
    built.file("/etc/resolv.conf", "nameserver 10.20.8.1\n")
    built.file("/run/chrony/chronyd.pid", "640\n")
    built.link("/etc/systemd/system/multi-user.target.wants/chrony.service",
               "/lib/systemd/system/chrony.service")  # fmt: skip
    built.file("/lib/systemd/system/chrony.service", "[Service]\nExecStart=/usr/sbin/chronyd\n")
    built.file("/etc/chrony/chrony.conf", "server ntp1.plant.example iburst\nmakestep 1 3\n")
    built.file("/etc/apt/sources.list", "deb https://mirror.plant.example/ubuntu noble main\n")
    built.file("/usr/bin/dockerd", b"\x7fELF", 0o755)
    built.file("/etc/mosquitto/mosquitto.conf", "listener 1883\nallow_anonymous true\n")
    built.file("/etc/docker/daemon.json",
               '{"registry-mirrors": ["https://registry.plant.example"]}\n')  # fmt: skip
