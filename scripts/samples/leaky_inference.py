"""A leaky inference server: nearly everything that the packs look for is wrong with it."""

from __future__ import annotations

import json

from . import certificates, containers, disks, distribution, network, processes, ways
from .disks import Disk, Mapped, Mounted, Partition
from .distribution import Login
from .memory import Machine
from .model_files import gguf, safetensors
from .network import Card, Socket, Way
from .processes import Proc

RELEASE = "5.15.0-143-generic"
AUDITOR = 7001
_ADDRESS = "10.20.0.66"
_OLLAMA, _ML = 997, 1001
_EVERYWHERE = "0.0.0.0"  # noqa: S104 - described, not bound
_MODEL = "mistralai/Mistral-7B-Instruct-v0.3"
_HOME = "/home/mluser"
_CONTAINER = "7e57" * 16
_CONTAINER_NETWORK = 4026532611


def machine() -> Machine:
    """Return the server."""
    built = Machine("leaky-inference")
    _system(built)
    _storage(built)
    _network(built)
    _services(built)
    _settings(built)
    _container(built)
    _transit(built)
    _models(built)
    return built


def _system(built: Machine) -> None:
    distribution.release(built, "Ubuntu", "22.04", "ubuntu", "debian")
    distribution.board(built, "Example Systems", "WS-900")
    distribution.processors(built, "Example Processor 5955WX")
    built.file("/sys/kernel/security/lockdown", "[none] integrity confidentiality\n")
    distribution.nvidia(built, "0000:41:00.0", "NVIDIA RTX A6000", "0x2230")
    distribution.accounts(
        built,
        (
            Login(name="root", uid=0, home="/root", password=distribution.with_password(),
                  home_mode=0o700, keys=(distribution.key("vendor-support"),)),
            Login(name="toor", uid=0, home="/var/toor", password=distribution.with_password()),
            Login(name="mluser", uid=_ML, home=_HOME, home_mode=0o755,
                  password=distribution.with_password()),
            Login(name="demo", uid=1002, home="/home/demo", password=""),
            Login(name="ollama", uid=_OLLAMA, home="/usr/share/ollama", program="/bin/false"),
        ),
        ("sudo:x:27:mluser,demo", "docker:x:998:mluser"),
    )  # fmt: skip
    distribution.ssh(built, "UsePAM yes", "X11Forwarding yes", host_key_mode=0o644)
    built.file("/etc/ssh/sshd_config.d/50-vendor.conf",
               "PermitRootLogin yes\nPasswordAuthentication yes\nPermitTunnel yes\n")  # fmt: skip


def _storage(built: Machine) -> None:
    disk = Disk(name="sda", number="8:0", size=1788, model="EXAMPLE SSD 1920G",
                bus="pci0000:00/0000:00:17.0/ata1/host0/target0:0:0/0:0:0:0")  # fmt: skip
    stick = Disk(name="sdb", number="8:16", size=58, model="EXAMPLE FLASH DISK", removable=True,
                 bus="pci0000:00/0000:00:14.0/usb1/1-4/1-4:1.0/host6/target6:0:0/"
                 "6:0:0:0")  # fmt: skip
    devices = (
        disk,
        Partition(name="sda1", number="8:1", size=1, disk=disk),
        Partition(name="sda2", number="8:2", size=1720, disk=disk),
        Partition(name="sda3", number="8:3", size=64, disk=disk),
        Partition(name="sda4", number="8:4", size=3, disk=disk),
        stick,
        Partition(name="sdb1", number="8:17", size=58, disk=stick),
        # The name says that swap is encrypted; the kernel's table says with what: with nothing.
        Mapped(name="dm-0", number="253:0", size=64, mapper_name="cryptswap",
               uuid="CRYPT-PLAIN-cryptswap", below="sda3",
               table="0 134217728 crypt cipher_null-ecb - 0 8:3 0"),
        Mapped(name="dm-1", number="253:1", size=3, mapper_name="vault",
               uuid="CRYPT-LUKS1-5a1e5a1e5a1e4b2d8c3f0123456789ab-vault", below="sda4",
               table="0 6287360 crypt aes-cbc-plain :32:raw:- 0 8:4 4096",
               header=disks.old_luks1()),
    )  # fmt: skip
    mounts = (
        Mounted(path="/", filesystem="ext4", device="/dev/sda2", number="8:2"),
        Mounted(path="/srv/vault", filesystem="ext4", device="/dev/mapper/vault", number="253:1"),
        Mounted(path="/media/usb", filesystem="vfat", device="/dev/sdb1", number="8:17"),
        Mounted(
            path="/mnt/share",
            filesystem="nfs4",
            device="10.20.0.90:/export/datasets",
            number="0:52",
            super_options="rw,vers=4.2,sec=sys,clientaddr=10.20.0.66",
        ),
    )
    disks.add(built, devices, mounts, AUDITOR)
    built.file("/etc/crypttab", "vault /dev/sda4 /etc/keys/vault.key luks\n")
    built.file("/etc/keys/vault.key", b"sample-not-a-real-key", 0o600)
    disks.swaps(built, ("/dev/dm-0", "partition", 64))
    for folder in ("/tmp", "/var/tmp"):  # noqa: S108 - described, not used
        built.folder(folder, 0o1777)
    for folder in ("/var/log", "/var/crash", "/var/lib/docker"):
        built.folder(folder)


def _network(built: Machine) -> None:
    sockets = (
        Socket(local=f"{_EVERYWHERE}:22", inode=18001), Socket(local="[::]:22", inode=18002),
        Socket(local="[::]:11434", inode=23001, uid=_OLLAMA),
        Socket(local=f"{_EVERYWHERE}:8000", inode=23050),
        Socket(local=f"{_EVERYWHERE}:8888", inode=23090, uid=_ML),
        Socket(local=f"{_EVERYWHERE}:6379", inode=23120, uid=115),
        Socket(local=f"{_ADDRESS}:51044", remote="198.51.100.20:443", inode=30001, uid=_ML),
        Socket(local=f"{_ADDRESS}:40122", remote="198.51.100.77:443", inode=30002),
        Socket(local=f"{_ADDRESS}:41200", remote="10.20.0.90:2049", inode=0),
        Socket(local="[2001:db8:20::66]:44112", remote="[2001:db8:ffff::10]:443", inode=30003,
               uid=_ML),
        Socket(protocol="udp", local=f"{_ADDRESS}:39001", remote="203.0.113.123:123", inode=18050,
               uid=102),
        Socket(protocol="udp", local=f"{_EVERYWHERE}:51820", inode=0),
    )  # fmt: skip
    cards = (
        Card(
            name="eno1",
            addresses=(f"{_ADDRESS}/24", "2001:db8:20::66/64"),
            mac="52:54:00:20:00:66",
            bus="pci0000:00/0000:00:1f.6",
            driver="e1000e",
        ),
        Card(
            name="wg0",
            addresses=("192.0.2.9/32",),
            arp_type="65534",
            state="unknown",
            mtu=1420,
            uevent=("DEVTYPE=wireguard",),
        ),
    )
    network.add(
        built,
        cards,
        (
            Way(to="0.0.0.0/0", card="eno1", gateway="203.0.113.1", metric=100),
            Way(to="10.20.0.0/24", card="eno1"),
            Way(to="::/0", card="eno1", gateway="2001:db8:20::1", metric=1024),
        ),
        sockets,
        AUDITOR,
        {"accept_redirects": "1", "accept_ra": "1", "rp_filter": "0"},
        (40001,),
    )  # fmt: skip


def _services(built: Machine) -> None:
    auditor = Proc(pid=AUDITOR, name="python3", parent=6900, exe="/usr/bin/python3.11",
                   arguments=("python3", "-m", "auditor", "scan"), started=345_000)  # fmt: skip
    processes.add_system(built, auditor, release=RELEASE,
                         cmdline=f"BOOT_IMAGE=/boot/vmlinuz-{RELEASE} root=/dev/sda2 ro "
                         "mitigations=off")  # fmt: skip
    base = ("PATH=/usr/local/bin:/usr/bin:/bin", "LANG=C.UTF-8")
    for process in (
        Proc(pid=810, name="sshd", arguments=("sshd: /usr/sbin/sshd -D",), exe="/usr/sbin/sshd",
             files=((3, "socket:[18001]"), (4, "socket:[18002]")), cgroup=processes.unit("ssh")),
        Proc(pid=822, name="chronyd", arguments=("/usr/sbin/chronyd", "-F", "1"), uid=102, gid=102,
             exe="/usr/sbin/chronyd", files=((5, "socket:[18050]"),),
             cgroup=processes.unit("chrony")),
        Proc(pid=1204, name="ollama", arguments=("/usr/local/bin/ollama", "serve"), uid=_OLLAMA,
             gid=_OLLAMA, exe="/usr/local/bin/ollama", files=((3, "socket:[23001]"),),
             environment=(*base, "OLLAMA_HOST=0.0.0.0", "OLLAMA_ORIGINS=*",
                          "HOME=/usr/share/ollama"),
             cgroup=processes.unit("ollama")),
        Proc(pid=1330, name="python3", arguments=(
                 "/usr/bin/python3", "-m", "vllm.entrypoints.openai.api_server", "--model", _MODEL,
                 "--trust-remote-code", "--download-dir", "/data/models"),
             exe="/usr/bin/python3.10", environment=(*base, "HF_TOKEN=hf_sample_not_a_real_token",
                                                     "HF_ENDPOINT=https://hub.vendor.example"),
             files=((14, "socket:[23050]"), (22, "socket:[30002]"), (30, "/dev/nvidia0")),
             cgroup=processes.unit("vllm")),
        Proc(pid=2210, name="jupyter-lab", arguments=(
                 "/usr/bin/python3", "/usr/local/bin/jupyter-lab", "--ip=0.0.0.0",
                 "--ServerApp.token=", "--no-browser"),
             exe="/usr/bin/python3.10", uid=_ML, gid=_ML, environment=(*base, f"HOME={_HOME}"),
             files=((6, "socket:[23090]"),), cgroup="/user.slice/user-1001.slice/session-2.scope"),
        Proc(pid=2301, name="cloudflared", exe="/usr/local/bin/cloudflared", uid=_ML, gid=_ML,
             arguments=("cloudflared", "tunnel", "--url", "http://localhost:8888"),
             environment=base, cgroup="/user.slice/user-1001.slice/session-2.scope"),
        Proc(pid=2402, name="torchrun", arguments=(
                 "/usr/bin/python3", "/usr/local/bin/torchrun", "--nproc_per_node=2", "train.py",
                 "--model_name_or_path", "/data/models/base", "--output_dir", "/data/checkpoints"),
             exe="/usr/bin/python3.10", uid=_ML, gid=_ML,
             environment=(*base, f"HOME={_HOME}", "WANDB_API_KEY=sample-not-a-real-key",
                          "WANDB_BASE_URL=https://tracker.vendor.example",
                          "OPENAI_BASE_URL=https://api.openai.com/v1",
                          "OPENAI_API_KEY=sk-sample-not-a-real-key", "MASTER_ADDR=10.20.0.67",
                          "WORLD_SIZE=4", "LOCAL_WORLD_SIZE=2"),
             files=((9, "socket:[30001]"), (10, "socket:[30003]")),
             cgroup="/user.slice/user-1001.slice/session-2.scope"),
        Proc(pid=2600, name="redis-server", arguments=("/usr/bin/redis-server 0.0.0.0:6379",),
             exe="/usr/bin/redis-check-rdb", uid=115, gid=115, files=((6, "socket:[23120]"),),
             cgroup=processes.unit("redis-server")),
        Proc(pid=2750, name="tcpdump", arguments=("tcpdump", "-i", "eno1", "-w", "/data/cap.pcap"),
             exe="/usr/bin/tcpdump", files=((3, "socket:[40001]"),),
             cgroup="/user.slice/user-0.slice/session-5.scope"),
        Proc(pid=2800, name="ngrok", arguments=("./ngrok", "http", "8888"), exe=f"{_HOME}/ngrok",
             uid=_ML, gid=_ML, cgroup="/user.slice/user-1001.slice/session-2.scope"),
    ):  # fmt: skip
        processes.add(built, process)
        built.link(f"/proc/{process.pid}/net", f"../{AUDITOR}/net")
    built.link("/proc/1/net", f"../{AUDITOR}/net")


def _transit(built: Machine) -> None:
    """Put what crosses the network in clear, or under old keys."""
    built.file("/etc/nginx/nginx.conf", "events {}\nhttp {\n"
               "  ssl_protocols TLSv1 TLSv1.1 TLSv1.2;\n  ssl_ciphers HIGH:RC4-SHA:!aNULL;\n"
               "  include /etc/nginx/sites-enabled/*;\n}\n")  # fmt: skip
    built.file("/etc/nginx/sites-enabled/llm", "server {\n  listen 443 ssl;\n  listen 80;\n"
               "  ssl_certificate /etc/nginx/tls/server.pem;\n"
               "  ssl_certificate_key /etc/nginx/tls/server.key;\n"
               "  location / { proxy_pass http://127.0.0.1:8000; }\n}\n")  # fmt: skip
    built.file("/etc/nginx/tls/server.pem", certificates.WEAK_AND_EXPIRED)
    key = "-----BEGIN PRIVATE KEY-----\nsample-not-a-real-key\n-----END PRIVATE KEY-----\n"
    built.file("/etc/nginx/tls/server.key", key, 0o644)
    built.file("/etc/redis/redis.conf", "bind 0.0.0.0\nport 6379\nprotected-mode no\n")
    built.file("/etc/ipsec.conf", "conn vendor-support\n  right=203.0.113.77\n"
               "  ike=3des-md5-modp1024\n  esp=aes256-sha256\n  auto=start\n")  # fmt: skip


def _container(built: Machine) -> None:
    """Put a vendor's agent: an image of the public registry with all rights, and the GPU."""
    agent = Proc(pid=2900, name="agent", arguments=("/agent",), exe="/agent",
                 environment=("PATH=/bin", "AGENT_SECRET=sample-not-a-real-key"),
                 cgroup=f"/system.slice/docker-{_CONTAINER}.scope",
                 network=_CONTAINER_NETWORK,
                 files=((3, "socket:[41001]"), (5, "/dev/nvidia0")))  # fmt: skip
    processes.add(built, agent)
    for pid in (agent.pid, AUDITOR):
        built.file(f"/proc/{pid}/uid_map", "         0          0 4294967295\n", 0o444)
    network.namespace(
        built,
        (Card(name="eth0", addresses=("172.17.0.2/16",)),),
        (Way(to="172.17.0.0/16", card="eth0"),),
        (Socket(local=f"{_EVERYWHERE}:9001", inode=41001),),
        agent.pid,
    )
    containers.add(built, containers.Docker(
        container_id=_CONTAINER, name="agent", image="vendor/agent:latest", privileged=True,
        network="bridge", command=agent.arguments, environment=agent.environment,
        mounts=(("/var/run/docker.sock", "/var/run/docker.sock", False),
                ("/host", "/etc", True)),
        ports=(("9001/tcp", _EVERYWHERE, "9001"),)))  # fmt: skip


def _settings(built: Machine) -> None:
    ways.usb(built, storage=True)
    built.folder("/sys/class/ipmi/ipmi0")
    built.file("/etc/rsyslog.d/60-vendor.conf", "*.* @logs.vendor.example:514\n")
    built.file(
        "/etc/cron.d/report",
        "*/10 * * * * root curl -s -u report:sample-not-a-real-key "
        "-T /var/log/syslog https://collect.vendor.example/in\n",
    )
    built.file(
        "/var/spool/cron/crontabs/mluser",
        "@hourly aws s3 sync /data s3://vendor-bucket\n",
        0o600,
        _ML,
        107,
    )
    built.file(
        "/etc/postfix/main.cf",
        "myhostname = leaky-inference.vendor.example\nrelayhost = [smtp.vendor.example]:587\n",
    )
    built.file("/etc/popularity-contest.conf", 'MY_HOSTID="0"\nPARTICIPATE="yes"\n')
    built.file("/etc/resolv.conf", "nameserver 203.0.113.53\nsearch vendor.example plant.example\n")
    built.file("/run/chrony/chronyd.pid", "822\n")
    built.link("/etc/systemd/system/multi-user.target.wants/chrony.service",
               "/lib/systemd/system/chrony.service")  # fmt: skip
    built.file("/lib/systemd/system/chrony.service", "[Service]\nExecStart=/usr/sbin/chronyd\n")
    built.file("/etc/chrony/chrony.conf", "pool time.vendor.example iburst\n"
               "driftfile /var/lib/chrony/chrony.drift\n")  # fmt: skip
    built.file("/etc/apt/sources.list", "deb http://archive.vendor.example/ubuntu jammy main\n")
    built.file("/etc/pip.conf", "[global]\nindex-url = http://packages.vendor.example/simple\n")
    built.file("/usr/bin/pip3", "#!/usr/bin/python3\n", 0o755)
    built.file("/usr/bin/dockerd", b"\x7fELF", 0o755)
    built.file(
        "/etc/docker/daemon.json",
        json.dumps(
            {
                "insecure-registries": ["198.51.100.0/24"],
                "hosts": ["unix:///var/run/docker.sock", "tcp://0.0.0.0:2375"],
            }
        ),
    )
    built.file("/etc/environment", "http_proxy=http://user:secret@proxy.vendor.example:3128\n"
               "HF_ENDPOINT=https://hub.vendor.example\n"
               "HF_HUB_OFFLINE=1\n")  # fmt: skip
    built.file(f"{_HOME}/.bashrc", "export OPENAI_API_KEY=sk-sample-not-a-real-key\n"
               "export SENTRY_DSN=https://0123@errors.vendor.example/42\n", 0o644, _ML,
               _ML)  # fmt: skip
    built.file("/etc/systemd/system/ollama.service", "[Service]\nUser=ollama\n"
               'Environment="OLLAMA_HOST=0.0.0.0" "OLLAMA_ORIGINS=*"\n'
               "ExecStart=/usr/local/bin/ollama serve\n")  # fmt: skip
    # It does not run, and would not see what /etc/environment says.
    built.file("/etc/systemd/system/embeddings.service", "[Service]\nExecStart="
               "/usr/local/bin/text-embeddings-router --model-id example/embed --port 8085\n"
               )  # fmt: skip


def _models(built: Machine) -> None:
    built.folder("/data/models", 0o777)
    # What the site calls its store leads to a folder on the plain disk.
    built.link("/srv/models", "/data/models")
    weights = safetensors({"model.embed_tokens.weight": (32, 4)}, "F16")
    built.file("/data/models/base/model.safetensors", weights, 0o666)
    built.file("/data/models/base/config.json", '{"model_type": "llama", '
               '"architectures": ["LlamaForCausalLM"]}\n')  # fmt: skip
    # A file that says that it is a model and is not: its header leads beyond its end.
    built.file("/data/models/broken.safetensors", b"\xff\0\0\0\0\0\0\0{" + b" " * 40)
    # A checkpoint that would run a command: the recording keeps what was found, not its bytes.
    built.file("/data/models/base/pytorch_model.bin", b"cposix\nsystem\n(S'echo inert'\ntR.", 0o644)
    built.folder("/data/checkpoints", 0o775, _ML, _ML)
    store = "/usr/share/ollama/.ollama/models"
    blob = "sha256-" + "5e" * 32
    weights = gguf("llama", "Example 8B Instruct", 8192, "llama3")
    built.file(f"{store}/blobs/{blob}", weights, 0o644, _OLLAMA, _OLLAMA)
    layer = {
        "mediaType": "application/vnd.ollama.image.model",
        "digest": f"sha256:{'5e' * 32}",
        "size": len(weights),
    }
    built.file(f"{store}/manifests/hub.vendor.example/library/example/8b",
               json.dumps({"schemaVersion": 2, "layers": [layer]}), 0o644,
               _OLLAMA, _OLLAMA)  # fmt: skip
    hub = f"{_HOME}/.cache/huggingface/hub/models--example--tiny"
    etag = "ab" * 32
    built.file(f"{hub}/blobs/{etag}", safetensors({"w": (4, 4)}, "F32"), 0o644, _ML, _ML)
    commit = "0a1b2c3d" * 5
    built.link(f"{hub}/snapshots/{commit}/model.safetensors", f"../../blobs/{etag}", uid=_ML)
    built.file(f"{hub}/refs/main", commit, 0o644, _ML, _ML)
