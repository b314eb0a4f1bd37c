"""Reads how message brokers, object stores and the SSH daemon are set to speak."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase

from msgspec import Struct, field

from auditor.collect import _sshd as sshd
from auditor.collect._command_lines import CommandLine
from auditor.collect._ini import entries
from auditor.collect._reading import Reading
from auditor.collect._tls_listeners import (
    SOUND,
    Found,
    Listener,
    between,
    listener_of,
    weak_ciphers,
)
from auditor.host import Absent, Unreadable

_MOSQUITTO = "/etc/mosquitto/mosquitto.conf"
_MOSQUITTO_FOLDER = "/etc/mosquitto/conf.d"
_MINIO = "/etc/default/minio"
READS = (_MOSQUITTO, f"{_MOSQUITTO_FOLDER}/*.conf", _MINIO, *sshd.PLACES,
         "/etc/ssh/sshd_config.d/*")  # fmt: skip
_MQTT = 1883
_MINIO_PORT, _CONSOLE = 9000, "console"
# RFC 8758 (RC4), 9142 (key exchange with SHA-1 of small groups), and what OpenSSH has itself
# taken out of its defaults: CBC and 64-bit ciphers, MD5, cut MACs, DSA and RSA with SHA-1.
_WEAK_SSH = {
    "ciphers": ("3des-cbc", "blowfish-cbc", "cast128-cbc", "aes128-cbc", "aes192-cbc",
                "aes256-cbc", "arcfour", "arcfour128", "arcfour256",
                "rijndael-cbc@lysator.liu.se"),
    "macs": ("hmac-md5", "hmac-md5-96", "hmac-sha1-96", "hmac-md5-etm@openssh.com",
             "hmac-md5-96-etm@openssh.com", "hmac-sha1-96-etm@openssh.com", "hmac-ripemd160",
             "hmac-ripemd160@openssh.com"),
    "kexalgorithms": ("diffie-hellman-group1-sha1", "diffie-hellman-group14-sha1",
                      "diffie-hellman-group-exchange-sha1", "rsa1024-sha1"),
    "hostkeyalgorithms": ("ssh-rsa", "ssh-dss", "ssh-rsa-cert-v01@openssh.com",
                          "ssh-dss-cert-v01@openssh.com"),
}  # fmt: skip
_ALSO_CALLED = {"pubkeyacceptedalgorithms": "hostkeyalgorithms",
                "pubkeyacceptedkeytypes": "hostkeyalgorithms"}  # fmt: skip
_SSH = 22


def read(reading: Reading, lines: tuple[CommandLine, ...], found: Found) -> None:
    """Keep the listeners of all of them."""
    _mosquitto(reading, found)
    _minio(reading, lines, found)
    _sshd(reading, found)


class _Broker(Struct, kw_only=True):
    """A listener of the broker, as its lines follow one another."""

    port: int
    address: str
    path: str
    line: int
    values: dict[str, str] = field(default_factory=dict)


def _mosquitto(reading: Reading, found: Found) -> None:
    text = reading.text(_MOSQUITTO)
    if text is None:
        return
    files = [(_MOSQUITTO, text), *reading.texts(reading.folder(_MOSQUITTO_FOLDER, ".conf"))]
    brokers = list(_brokers(files))
    for broker in brokers:
        values = broker.values
        secure = "certfile" in values or "psk_file" in values
        base = "/etc/mosquitto"
        named = ""
        if secure:
            key = values.get("keyfile", "")
            named = found.name(values.get("certfile", ""), key, "mosquitto", base=base)
        lowest = values.get("tls_version", "")
        found.settings.append(
            Listener(
                service="mosquitto",
                address=broker.address,
                port=broker.port,
                tls=secure,
                protocols=between(lowest) if lowest else (),
                weak=weak_ciphers(values.get("ciphers", "")),
                peers_verified=values.get("require_certificate", "false").lower() == "true",
                certificates=(named,) if named else (),
            ).record(reading, broker.path, broker.line)
        )


def _brokers(files: list[tuple[str, str]]) -> Iterator[_Broker]:
    """Yield the listeners (mosquitto.conf(5)): what follows `listener` is that one's own.

    Without any, version 2 listens on loopback alone and version 1 everywhere: the address is
    then a word that nobody can resolve.
    """
    default = _Broker(port=_MQTT, address="default", path=_MOSQUITTO, line=0)
    current = default
    for path, text in files:
        for number, raw in enumerate(text.split("\n"), start=1):
            words = raw.split()
            if not words or words[0].startswith("#"):
                continue
            if words[0] in ("listener", "port") and len(words) > 1 and _is_port(words[1]):
                if current is not default:
                    yield current
                address = words[2] if len(words) > 2 else "*"  # noqa: PLR2004
                current = _Broker(port=int(words[1]), address=address, path=path, line=number,
                                  values=dict(default.values))  # fmt: skip
            else:
                current.values[words[0]] = " ".join(words[1:])
    yield current


def _is_port(text: str) -> bool:
    return text.isdecimal() and len(text) < 6  # noqa: PLR2004 - a port


def _minio(reading: Reading, lines: tuple[CommandLine, ...], found: Found) -> None:
    servers = [line for line in lines if line.program == "minio" and "server" in line.arguments]
    text = reading.text(_MINIO)
    if text is not None and not servers:
        values = {one.key: one.value.strip("\"'") for one in entries(text) if one.key}
        words = tuple(values.get("MINIO_OPTS", "").split())
        _minio_listener(reading, CommandLine(pid=0, arguments=("minio", *words)), _MINIO, found)
    for line in servers:
        _minio_listener(reading, line, line.path, found)


def _minio_listener(reading: Reading, line: CommandLine, path: str, found: Found) -> None:
    folder = line.value("--certs-dir", "-S")
    secure: bool | None = None  # without the flag: a folder of the home of who started it
    named = ""
    if folder:
        secure = _has_both(reading, folder)
        if secure:
            named = found.name(f"{folder}/public.crt", f"{folder}/private.key", "minio")
    address, port = listener_of(line.value("--address") or "", _MINIO_PORT)
    places = [("minio", address, port)]
    if line.value("--console-address"):
        places.append(("minio console", *listener_of(line.value("--console-address") or "")))
    for service, host, number in places:
        found.settings.append(
            Listener(
                service=service,
                address=host,
                port=number,
                tls=secure,
                protocols=SOUND,  # Go's crypto/tls, and MinIO names 1.2 as its lowest
                peers_verified=False,
                certificates=(named,) if named else (),
            ).record(reading, path)
        )


def _has_both(reading: Reading, folder: str) -> bool | None:
    try:
        names = reading.host.list(folder)
    except Absent:
        return False
    except Unreadable as error:
        reading.miss(folder, error.reason, error.detail)
        return None
    return "public.crt" in names and "private.key" in names


def _sshd(reading: Reading, found: Found) -> None:
    config = sshd.read(reading)
    if config is None:
        return
    weak: tuple[str, ...] | None = tuple(_weak_ssh(config))
    if config.doubtful:
        weak = weak or None
    for port in config.ports or [_SSH]:
        found.settings.append(
            Listener(
                service="sshd", address="*", port=port, tls=True, protocols=(), weak=weak
            ).record(reading, config.source)
        )


def _weak_ssh(config: sshd.SshdConfig) -> list[str]:
    """Return the weak algorithms that are switched on by name; `-` takes away (sshd_config(5))."""
    found: dict[str, None] = {}
    for keyword in (*_WEAK_SSH, *_ALSO_CALLED):
        value = config.values.get(keyword, "")
        if not value or value.startswith("-"):
            continue
        for pattern in value.lstrip("+^").split(","):
            for weak in _WEAK_SSH[_ALSO_CALLED.get(keyword, keyword)]:
                if fnmatchcase(weak, pattern.strip()):
                    found[weak] = None
    return sorted(found)
