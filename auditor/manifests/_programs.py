"""Reads where the programs lead that a container's command runs: transfers, hubs, tunnels."""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import Struct

from auditor.evidence import Record
from auditor.evidence.network import RemoteReference
from auditor.hostnames import address_of, ascii_name
from auditor.manifests import _addresses
from auditor.manifests._environment import Environment
from auditor.manifests._reading import Cursor
from auditor.manifests._shell import Command, opened, too_long

_KIND = "remote_reference"
# Programs whose arguments name hosts, and their options that are followed by something else.
_FILE_OPTIONS = {
    "curl": ("-o", "--output", "-H", "--header", "-d", "--data", "-T", "-u", "--user", "-K", "-b",
             "-c", "-F", "-A", "-e", "-X", "-m", "-w", "--cacert", "--cert", "--key", "--retry"),
    "wget": ("-O", "-P", "-o", "-a", "-i", "-U", "--header", "--output-document"),
    "ssh": ("-i", "-F", "-o", "-p", "-l", "-c", "-m", "-E", "-S"),
    "nc": ("-w", "-p", "-s", "-i", "-q"),
}  # fmt: skip
_TALKING = frozenset({
    *_FILE_OPTIONS, "ncat", "netcat", "telnet", "ftp", "lftp", "aria2c", "autossh", "sshfs", "dig",
    "nslookup", "host", "drill", "ping", "traceroute", "socat", "grpcurl", "http", "https", "xh",
    "iperf3", "openssl", "ftpget", "tftp", "redis-cli",
})  # fmt: skip
_COPYING = frozenset({"scp", "sftp", "rsync", "git"})
_WORD = re.compile(
    r"@?(?:(?:tcp|udp|openssl|tcp4|tcp6)[:-])?(?:[^@\s:/]{1,64}@)?"
    r"(?P<host>[A-Za-z0-9_.-]{1,253}|\[[0-9A-Fa-f:.]{2,60}\])(?::(?P<port>\d{1,5})?)?(?:[:/,].*)?",
    re.IGNORECASE,
)
_PSEUDO_FILE = re.compile(r"/dev/(?:tcp|udp)/(?P<host>[^/\s\"']{1,253})/(?P<port>\d{1,5})")
# What a word without a path ends in when it names a file and no host.
_FILE_ENDINGS = frozenset({
    "gz", "tgz", "tar", "bz2", "xz", "zst", "zip", "bin", "json", "jsonl", "yaml", "yml", "txt",
    "pem", "crt", "key", "conf", "cfg", "ini", "toml", "log", "html", "csv", "parquet", "whl",
    "deb", "rpm", "gguf", "safetensors", "onnx", "pt", "pth", "so", "out", "tmp", "lock", "xml",
})  # fmt: skip
# Programs that connect out to their operator's network as soon as they run.
_TUNNELS = {
    "cloudflared": "argotunnel.com", "ngrok": "ngrok.com", "tailscaled": "tailscale.com",
    "tailscale": "tailscale.com",
}  # fmt: skip
_HUB_COMMANDS = {
    "huggingface-cli": ("download", "upload", "upload-large-folder", "repo"),
    "hf": ("download", "upload", "upload-large-folder", "repo", "jobs"),
    "modelscope": ("download", "upload"),
    "ollama": ("pull", "run", "push"),
}
_HUBS = {"modelscope": "modelscope.cn", "ollama": "registry.ollama.ai"}
_HUGGING_FACE = "huggingface.co"
_PYTHON_HUB = re.compile(
    r"\b(?:from_pretrained|snapshot_download|hf_hub_download|load_dataset|SentenceTransformer)"
    r"\(\s{0,9}(?:[a-z_]{1,40}\s{0,9}=\s{0,9})?[\"'][^\"'/.~\s][^\"'\s/]{0,96}/[^\"'\s/]{1,96}[\"']"
)
# Package tools, the words by which they fetch, and what tells that they take from a folder.
_INSTALLERS = frozenset({
    "pip", "pip3", "pipx", "conda", "mamba", "micromamba", "npm", "npx", "yarn", "pnpm", "apt",
    "apt-get", "apk", "dnf", "yum", "microdnf", "zypper", "cargo", "gem", "uv", "poetry", "helm",
})  # fmt: skip
_FETCHING = frozenset({"install", "update", "upgrade", "add", "sync", "create", "pull", "download"})
_FROM_FOLDER = frozenset({"--no-index", "--offline", "--no-network"})
_CHOOSES_SOURCE = (
    "PIP_INDEX_URL",
    "PIP_NO_INDEX",
    "UV_INDEX_URL",
    "UV_DEFAULT_INDEX",
    "UV_OFFLINE",
)
_INDEX_OPTIONS = ("-i", "--index-url", "--default-index", "--registry", "--repo", "-c", "--channel")
_TRUE = frozenset({"1", "true", "yes", "on"})


class Run(Struct, frozen=True, kw_only=True):
    """A command of a container with its places, and the environment that it runs in."""

    subject: str
    image: str
    texts: tuple[tuple[Cursor, str], ...]
    environment: Environment
    cursor: Cursor


def leads(run: Run) -> Iterator[Record]:
    """Yield an address for every host that a command names or is known to call."""
    words = [text for _, text in run.texts]
    if too_long(words):
        for kind in (_KIND, "ai_service"):
            what = "a command is longer than is read of it"
            run.cursor.problems.add(kind, "limit", what, run.cursor)
    image = run.image.partition("@")[0].rpartition("/")[2].partition(":")[0]
    if image in _TUNNELS:
        yield _reference(run, image, _TUNNELS[image])
    seen: dict[tuple[str, str, int], None] = {}
    for command in opened(words):
        for program, host, port in _of_command(run, command):
            seen[program, host, port] = None
    for text in words:
        for match in _PSEUDO_FILE.finditer(text):
            seen["/dev/tcp", match["host"], int(match["port"])] = None
        if _PYTHON_HUB.search(text):
            seen.update(dict.fromkeys(_hugging_face(run, "python")))
    for program, host, port in seen:
        yield _reference(run, program, host, port)


def _reference(run: Run, program: str, host: str, port: int = 0) -> RemoteReference:
    cursor = run.texts[0][0] if run.texts else run.cursor
    return RemoteReference(
        origin=cursor.origin,
        subject=run.subject,
        setting=program,
        url=f"{host}:{port}" if port else host,
        host=host,
        port=port,
        purpose=_addresses.purpose(program, host),
    )


def _of_command(run: Run, command: Command) -> Iterator[tuple[str, str, int]]:
    """Yield program, host and port of what one command calls; notes what cannot be told."""
    name, words = command.name, command.words[1:]
    if name in _TALKING or name in _COPYING:
        for host, port in _hosts(name, words):
            yield name, host, port
    elif name in _TUNNELS and not any(word in ("version", "--version", "status") for word in words):
        yield name, _TUNNELS[name], 0
    elif name in _HUB_COMMANDS and any(word in _HUB_COMMANDS[name] for word in words[:2]):
        yield from _hugging_face(run, name) if name not in _HUBS else [(name, _HUBS[name], 0)]
    elif name == "python" or name.startswith("python3"):
        if words[:2] == ("-m", "pip"):
            _installs(run, "pip", words[2:])
    elif name in _INSTALLERS:
        _installs(run, name, words)
    elif name == "rclone":
        _unknown(run, "where the remotes of rclone lead is not in the manifests")


def _hosts(name: str, words: tuple[str, ...]) -> Iterator[tuple[str, int]]:
    """Yield the hosts among the arguments of a program that transfers or talks.

    What has a scheme is read with every other address; a name without a dot is the cluster's.
    """
    options = _FILE_OPTIONS.get(name, ())
    for before, word in zip(("", *words), words, strict=False):
        is_plain = not word.startswith("-") and "://" not in word and before not in options
        if not is_plain or (name in _COPYING and ":" not in word):
            continue
        match = _WORD.fullmatch(word)
        if match is None:
            continue
        host = match["host"].strip("[]")
        last = ascii_name(host).rpartition(".")[2]
        is_file = last in _FILE_ENDINGS and host == word
        is_name = "." in host.strip(".") and bool(re.fullmatch(r"[a-z][a-z0-9-]+", last))
        if address_of(host) is not None or (is_name and not is_file):
            yield host, int(match["port"] or 0)


def _hugging_face(run: Run, program: str) -> list[tuple[str, str, int]]:
    """Return where the hub's client goes: nowhere when offline, to its endpoint, or to the hub."""
    values = {setting.name: setting.value for setting in run.environment.settings}
    if (values.get("HF_HUB_OFFLINE") or "").strip().lower() in _TRUE:
        return []
    endpoint = values.get("HF_ENDPOINT", "")
    decides_elsewhere = bool(run.environment.unresolved) or None in (
        endpoint, values.get("HF_HUB_OFFLINE", ""),
    )  # fmt: skip
    if decides_elsewhere:
        _unknown(run, "which hub a download asks is decided by what is not in the manifests")
        return []
    # An endpoint that is set is an address of its own, read with the other variables.
    return [] if endpoint else [(program, _HUGGING_FACE, 443)]


def _installs(run: Run, name: str, words: tuple[str, ...]) -> None:
    """Note a package tool that fetches from where its own settings, in the image, tell."""
    fetches = name == "npx" or any(word in _FETCHING for word in words[:3])
    chosen = any(word.partition("=")[0] in _INDEX_OPTIONS for word in words) or any(
        setting.name in _CHOOSES_SOURCE and setting.value for setting in run.environment.settings
    )
    if fetches and not chosen and not _FROM_FOLDER & set(words):
        _unknown(run, f"from where {name} takes packages at the start is not in the manifests")


def _unknown(run: Run, what: str) -> None:
    run.cursor.problems.add(_KIND, "not-collected", what, run.cursor)
