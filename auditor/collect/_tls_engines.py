"""Reads how interfaces that command a machine or cluster speak: Docker, etcd, the kubelet."""

from __future__ import annotations

from collections.abc import Iterable

from auditor.collect._command_lines import CommandLine
from auditor.collect._ini import entries
from auditor.collect._reading import Reading
from auditor.collect._structured import json_settings, strings, table, yaml_settings
from auditor.collect._tls_listeners import (
    SOUND,
    Found,
    Listener,
    between,
    listener_of,
    weak_ciphers,
)

DOCKER = "/etc/docker/daemon.json"
KUBELET = "/var/lib/kubelet/config.yaml"
_ETCD_VARIABLES = ("/etc/default/etcd", "/etc/etcd/etcd.conf", "/etc/etcd.env")
READS = (DOCKER, KUBELET, *_ETCD_VARIABLES, "/etc/kubernetes/kubelet.conf")
_DOCKER_PORTS = (2375, 2376)
_KUBELET_PORT = 10250
_ETCD_PORTS = {"client": 2379, "peer": 2380}
_TRUE = frozenset({"1", "true", "yes", "on"})


def read(reading: Reading, lines: tuple[CommandLine, ...], found: Found) -> None:
    """Keep the listeners of all three."""
    _docker(reading, lines, found)
    _etcd(reading, lines, found)
    _kubelet(reading, lines, found)


def _docker(reading: Reading, lines: tuple[CommandLine, ...], found: Found) -> None:
    settings = json_settings(reading, DOCKER)
    daemons = [line for line in lines if line.program == "dockerd"]
    for line in daemons or [CommandLine(pid=0, arguments=("dockerd",))]:
        hosts = [*strings(settings.get("hosts")), *line.values("-H", "--host", "--hosts")]
        verified = settings.get("tlsverify") is True or line.is_on("--tlsverify")
        secure = verified or settings.get("tls") is True or line.is_on("--tls")
        certificate = line.value("--tlscert") or _text(settings.get("tlscert"))
        key = line.value("--tlskey") or _text(settings.get("tlskey"))
        for host in hosts:
            if not host.startswith("tcp://"):
                continue
            address, port = listener_of(host, _DOCKER_PORTS[secure])
            path = found.name(certificate, key, "docker") if secure else ""
            found.settings.append(
                Listener(
                    service="docker",
                    # `tcp://:2375` is every address; without any Docker takes loopback.
                    address="127.0.0.1" if host == "tcp://" else address,
                    port=port,
                    tls=secure,
                    control=True,
                    # Docker's own lowest version is 1.2 (tlsconfig of docker/go-connections).
                    protocols=SOUND,
                    peers_verified=verified,
                    certificates=(path,) if path else (),
                ).record(reading, DOCKER if host in strings(settings.get("hosts")) else line.path)
            )


def _etcd(reading: Reading, lines: tuple[CommandLine, ...], found: Found) -> None:
    for path, text in reading.texts(_ETCD_VARIABLES):
        values = {one.key: one.value.strip("\"'") for one in entries(text) if one.key}
        _etcd_listeners(reading, path, _Lookup(values, None), found)
    for one in lines:
        if one.program != "etcd":
            continue
        config = one.value("--config-file")
        if config:
            plain = yaml_settings(reading, config)
            _etcd_listeners(reading, config, _Lookup(_flat(plain), None), found)
        else:
            _etcd_listeners(reading, one.path, _Lookup({}, one), found)


class _Lookup:
    """A setting of etcd by its flag's name, as variable, in a file, or on the command line."""

    def __init__(self, values: dict[str, str], line: CommandLine | None) -> None:
        self._values = values
        self._line = line

    def __call__(self, name: str) -> str:
        if self._line is not None:
            return self._line.value(f"--{name}", f"-{name}") or ""
        return self._values.get(f"ETCD_{name.upper().replace('-', '_')}") or self._values.get(
            name, ""
        )

    def on(self, name: str) -> bool:
        if self._line is not None:
            return self._line.is_on(f"--{name}", f"-{name}")
        return self(name).lower() in _TRUE


def _flat(settings: dict[str, object]) -> dict[str, str]:
    """Return etcd's file as flags: what stands under `client-transport-security` among them."""
    flat = {name: str(value) for name, value in settings.items() if _is_scalar(value)}
    for section, prefix in (
        ("client-transport-security", ""),
        ("peer-transport-security", "peer-"),
    ):
        for name, value in table(settings, section).items():
            if _is_scalar(value):
                flat[f"{prefix}{name}"] = str(value)
    return flat


def _is_scalar(value: object) -> bool:
    return isinstance(value, str | int | bool)


def _etcd_listeners(reading: Reading, path: str, lookup: _Lookup, found: Found) -> None:
    for kind, port in _ETCD_PORTS.items():
        prefix = "peer-" if kind == "peer" else ""
        certificate, key = lookup(f"{prefix}cert-file"), lookup(f"{prefix}key-file")
        for url in filter(None, lookup(f"listen-{kind}-urls").split(",")):
            address, own = listener_of(url, port)
            secure = url.strip().startswith("https")
            named = found.name(certificate, key, "etcd") if secure and certificate else ""
            found.settings.append(
                Listener(
                    service=f"etcd {kind}",
                    address=address,
                    port=own,
                    tls=secure,
                    control=True,
                    protocols=between(lookup("tls-min-version") or "TLSv1.2"),
                    weak=weak_ciphers(lookup("cipher-suites")),
                    peers_verified=lookup.on(f"{prefix}client-cert-auth"),
                    certificates=(named,) if named else (),
                ).record(reading, path)
            )


def _kubelet(reading: Reading, lines: tuple[CommandLine, ...], found: Found) -> None:
    daemons = [line for line in lines if line.program == "kubelet"]
    config = next(filter(None, (line.value("--config") for line in daemons)), KUBELET)
    settings = yaml_settings(reading, config)
    if not settings:
        return
    anonymous = table(settings, "authentication", "anonymous").get("enabled", True)
    authority = table(settings, "authentication", "x509").get("clientCAFile")
    certificate, key = (_text(settings.get(name)) for name in ("tlsCertFile", "tlsPrivateKeyFile"))
    path = found.name(certificate, key, "kubelet")
    address = _text(settings.get("address")) or "*"
    found.settings.append(
        Listener(
            service="kubelet",
            address=listener_of(address)[0],
            port=_port(settings.get("port"), _KUBELET_PORT),
            tls=True,
            control=True,
            protocols=between(_text(settings.get("tlsMinVersion")) or "TLSv1.2"),
            weak=weak_ciphers(*_words(settings.get("tlsCipherSuites"))),
            peers_verified=anonymous is False and bool(authority),
            certificates=(path,) if path else (),
        ).record(reading, config)
    )
    read_only = _port(settings.get("readOnlyPort"), 0)
    if read_only:
        found.settings.append(
            Listener(
                service="kubelet read-only",
                address=listener_of(address)[0],
                port=read_only,
                control=True,
            ).record(reading, config)
        )


def _words(value: object) -> Iterable[str]:
    return tuple(strings(value))


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _port(value: object, default: int) -> int:
    known = isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 16
    return value if known and isinstance(value, int) else default
