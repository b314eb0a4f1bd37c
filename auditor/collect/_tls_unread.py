"""Finds services that run with settings which are not read: that is a gap, never silence."""

from __future__ import annotations

import re

from auditor.collect._command_lines import CommandLine
from auditor.collect._reading import Reading
from auditor.collect._tls_listeners import Found

# Program, and how its listeners' records begin.
_READ = {
    "nginx": "nginx", "haproxy": "haproxy", "apache2": "apache", "httpd": "apache",
    "redis-server": "redis", "valkey-server": "redis", "postgres": "postgresql",
    "mosquitto": "mosquitto", "milvus": "milvus", "etcd": "etcd", "kubelet": "kubelet",
}  # fmt: skip
# Programs that terminate TLS for others, whose settings this toolkit does not read.
_NOT_READ = frozenset({"caddy", "traefik", "envoy", "lighttpd", "stunnel", "stunnel4", "tengine",
                       "openresty", "rabbitmq-server", "emqx", "nats-server", "mongod",
                       "mysqld", "mariadbd", "vault", "consul"})  # fmt: skip
_OTHER_FILE = re.compile(r"(?:^|\s)-(?:c|f|conf)[=\s]*(/[^\s;]{1,500})")
_DEFAULT_FILES = (
    "/etc/nginx/nginx.conf", "/etc/haproxy/haproxy.cfg", "/etc/haproxy/conf.d",
    "/etc/apache2/apache2.conf", "/etc/httpd/conf/httpd.conf", "/etc/mosquitto/mosquitto.conf",
)  # fmt: skip
_BY_FILE = frozenset({"nginx", "haproxy", "apache2", "httpd", "mosquitto"})


def note(reading: Reading, lines: tuple[CommandLine, ...], found: Found) -> None:
    """Note as a gap each service that runs and of whose settings nothing was read."""
    known = {setting.service for setting in found.settings}
    for line in lines:
        program = _program(line)
        service = _READ.get(program)
        if program in _NOT_READ:
            reading.miss(
                f"settings of {program}", "unsupported",
                f"{program} runs, and its TLS settings are not read",
            )  # fmt: skip
        elif service is not None and not any(name.startswith(service) for name in known):
            reading.miss(
                f"settings of {program}", "absent",
                f"{program} runs, and tells of no listener where its settings are looked for",
            )  # fmt: skip
        elif program in _BY_FILE and (path := _other_file(line)):
            reading.miss(path, "unsupported", f"{program} reads this file instead of its usual one")


def _program(line: CommandLine) -> str:
    """Return the program's name, also where it has rewritten its command line (`nginx: …`)."""
    first = line.arguments[0].split()
    return first[0].removesuffix(":").rpartition("/")[2] if first else ""


def _other_file(line: CommandLine) -> str:
    files = [match[1].rstrip("/") for match in _OTHER_FILE.finditer(" ".join(line.arguments))]
    return next((path for path in files if path not in _DEFAULT_FILES), "")
