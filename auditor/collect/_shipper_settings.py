"""Finds where shippers of logs and metrics are told to send, in their settings files."""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import Struct

from auditor.collect._outbound import Place, Purpose, place_of
from auditor.collect._reading import Reading
from auditor.collect._structured import (
    Settings,
    json_settings,
    strings,
    table,
    toml_settings,
    yaml_settings,
)
from auditor.collect._syslog import Shipment, without_comments

_DEPTH = 12
_FOUND = 200


class _Source(Struct, frozen=True, kw_only=True):
    """A shipper's settings: below `under` (any depth) the values of `keys` are addresses."""

    service: str
    paths: tuple[str, ...]
    under: tuple[str, ...]
    keys: tuple[str, ...]


_STRUCTURED = (
    _Source(service="filebeat", paths=("/etc/filebeat/filebeat.yml",), under=("output",),
            keys=("hosts", "cloud.id")),
    _Source(service="metricbeat", paths=("/etc/metricbeat/metricbeat.yml",), under=("output",),
            keys=("hosts",)),
    _Source(service="auditbeat", paths=("/etc/auditbeat/auditbeat.yml",), under=("output",),
            keys=("hosts",)),
    _Source(service="journalbeat", paths=("/etc/journalbeat/journalbeat.yml",), under=("output",),
            keys=("hosts",)),
    _Source(service="promtail", paths=("/etc/promtail/config.yml", "/etc/promtail/config.yaml"),
            under=("clients", "client"), keys=("url",)),
    _Source(service="vector", paths=("/etc/vector/vector.yaml", "/etc/vector/vector.toml"),
            under=("sinks",), keys=("endpoint", "endpoints", "address", "uri", "bootstrap_servers",
                                    "url")),
    _Source(service="telegraf", paths=("/etc/telegraf/telegraf.conf",), under=("outputs",),
            keys=("urls", "url", "servers", "brokers", "address")),
    _Source(service="fluent-bit", paths=("/etc/fluent-bit/fluent-bit.yaml",), under=("outputs",),
            keys=("host", "Host", "uri")),
    _Source(service="datadog-agent", paths=("/etc/datadog-agent/datadog.yaml",), under=(),
            keys=("dd_url", "logs_dd_url", "site")),
    _Source(service="newrelic-infra", paths=("/etc/newrelic-infra.yml",), under=(),
            keys=("collector_url", "identity_url")),
    _Source(service="otelcol",
            paths=("/etc/otelcol/config.yaml", "/etc/otelcol-contrib/config.yaml",
                   "/etc/otel/config.yaml"),
            under=("exporters",), keys=("endpoint", "traces_endpoint", "metrics_endpoint",
                                        "logs_endpoint", "brokers")),
    _Source(service="prometheus", paths=("/etc/prometheus/prometheus.yml",),
            under=("remote_write",), keys=("url",)),
    _Source(service="borgmatic", paths=("/etc/borgmatic/config.yaml",), under=(),
            keys=("repositories", "path")),
)  # fmt: skip
_BACKUP = frozenset({"borgmatic", "rclone"})

# Line by line: `Server "host" "port"` and `Host host`; each with the pattern of its lines.
_LINES: tuple[tuple[str, tuple[str, ...], str], ...] = (
    ("collectd", ("/etc/collectd/collectd.conf", "/etc/collectd.conf"),
     r"^\s*(?:Server|URL)\s+\"(?P<host>[^\"]{1,500})\"(?:\s+\"?(?P<port>\d{1,5})\"?)?"),
    ("zabbix-agent", ("/etc/zabbix/zabbix_agentd.conf", "/etc/zabbix/zabbix_agent2.conf",
                      "/etc/zabbix_agentd.conf"),
     r"^\s*ServerActive\s*=\s*(?P<host>\S{1,2000})"),
    ("fluent-bit", ("/etc/fluent-bit/fluent-bit.conf", "/etc/td-agent-bit/td-agent-bit.conf"),
     r"(?i)^\s*host\s+(?P<host>\S{1,500})"),
    ("fluentd", ("/etc/fluent/fluentd.conf", "/etc/fluent/fluent.conf",
                 "/etc/td-agent/td-agent.conf"),
     r"^\s*(?:host|hosts|endpoint|endpoint_url|brokers|url)\s+(?P<host>\S{1,2000})"),
    ("alloy", ("/etc/alloy/config.alloy", "/etc/grafana-agent.river"),
     r"^\s*(?:url|endpoint)\s*=\s*\"(?P<host>[^\"]{1,500})\""),
    ("nxlog", ("/etc/nxlog/nxlog.conf", "/etc/nxlog.conf"), r"^\s*Host\s+(?P<host>\S{1,500})"),
    ("splunkforwarder", ("/opt/splunkforwarder/etc/system/local/outputs.conf",),
     r"^\s*server\s*=\s*(?P<host>\S{1,2000})"),
    ("wazuh-agent", ("/var/ossec/etc/ossec.conf",),
     r"^\s*<address>\s*(?P<host>[^<\s]{1,255})\s*</address>"),
    ("rclone", ("/root/.config/rclone/rclone.conf", "/etc/rclone.conf"),
     r"^\s*(?:endpoint|url|host)\s*=\s*(?P<host>\S{1,500})"),
)  # fmt: skip
_COLLECTS = re.compile(r"^\s*\[?(?:INPUT|FILTER|PARSER|SERVICE)\]?\s*$|^\s*<(?:source|filter)\b")
_SENDS = re.compile(r"^\s*\[?OUTPUT\]?\s*$|^\s*<(?:match|server)\b")
READS = (
    *(path for source in _STRUCTURED for path in source.paths),
    *(path for _, paths, _ in _LINES for path in paths),
)


def shipper_shipments(reading: Reading) -> Iterator[Shipment]:
    """Yield where the shippers whose settings are there send to."""
    for source in _STRUCTURED:
        for path in source.paths:
            found = _values(_load(reading, path), source.under, source.keys, 0)
            for number, text in enumerate(found):
                if number == _FOUND:
                    reading.miss(path, "limit", f"more than {_FOUND} addresses")
                    break
                yield _shipment(source.service, text, 0, path, 0)
    for service, paths, pattern in _LINES:
        for path in paths:
            yield from line_shipments(reading.text(path) or "", path, service, pattern)


def purpose_of(service: str) -> Purpose:
    """Return whether a service of this file makes backups or ships."""
    return "backup" if service in _BACKUP else "shipping"


def _load(reading: Reading, path: str) -> Settings:
    if path.endswith((".toml", "telegraf.conf")):
        return toml_settings(reading, path)
    return json_settings(reading, path) if path.endswith(".json") else yaml_settings(reading, path)


def _values(
    settings: object, under: tuple[str, ...], keys: tuple[str, ...], depth: int
) -> Iterator[str]:
    """Yield the texts at `keys`, below one of `under` where such are named.

    A key may be written with dots: `output.elasticsearch` begins with `output`.
    """
    if depth > _DEPTH:
        return
    if isinstance(settings, list):
        for item in settings:
            yield from _values(item, under, keys, depth + 1)
        return
    for key, value in table(settings).items():
        inside = not under or key.partition(".")[0] in under
        if not under and (key in keys or key.rpartition(".")[2] in keys):
            yield from strings(value)
            yield from _values(value, under, keys, depth + 1)
        elif inside:
            last = key.rpartition(".")[2]
            if under and last in keys:
                yield from strings(value)
            yield from _values(value, (), keys, depth + 1)


def line_shipments(text: str, path: str, service: str, pattern: str) -> Iterator[Shipment]:
    """Yield the addresses of a file of lines; those that a service takes from are left out."""
    matcher = re.compile(pattern)
    takes = False
    for number, line in enumerate(without_comments(text).split("\n"), start=1):
        if _COLLECTS.match(line):
            takes = True
        elif _SENDS.match(line):
            takes = False
        match = None if takes else matcher.match(line[:4096])
        if match:
            port = match["port"] if "port" in matcher.groupindex else None
            for host in match["host"].split(","):
                yield _shipment(service, host, int(port or 0), path, number)


def _shipment(service: str, text: str, port: int, path: str, line: int) -> Shipment:
    place: Place = place_of(text.strip(), port=port)
    return Shipment(service=service, tool=service, place=place, path=path, line=line)
