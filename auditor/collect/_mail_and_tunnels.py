"""Finds where mail is relayed, traps are sent, and tunnels are told to lead."""

from __future__ import annotations

import re
from collections.abc import Iterator

from auditor.collect._ini import entries
from auditor.collect._outbound import PUBLIC_DEFAULT, Place, Purpose, place_of
from auditor.collect._reading import Reading
from auditor.collect._structured import table, toml_settings
from auditor.collect._syslog import Shipment, without_comments

_POSTFIX = "/etc/postfix/main.cf"
_EXIM = "/etc/exim4/update-exim4.conf.conf"
_EXIM_KIND = "dc_eximconfig_configtype"
_NULLMAILER = "/etc/nullmailer/remotes"
_SNMP = ("/etc/snmp/snmpd.conf", "/etc/snmp/snmptrapd.conf")
_OPENVPN = ("/etc/openvpn", "/etc/openvpn/client")
_FRP = ("/etc/frp/frpc.toml", "/etc/frp/frpc.ini")
_MANAGER = ("/etc/NetworkManager/NetworkManager.conf",)
_MANAGER_FOLDERS = ("/etc/NetworkManager/conf.d", "/run/NetworkManager/conf.d",
                    "/usr/lib/NetworkManager/conf.d")  # fmt: skip
_MAILERS = (("msmtp", "/etc/msmtprc", r"^\s*host\s+(\S{1,255})"),
            ("ssmtp", "/etc/ssmtp/ssmtp.conf", r"(?i)^\s*mailhub\s*=\s*(\S{1,255})"),
            ("opensmtpd", "/etc/smtpd.conf",
             r"^\s*action\b.*\brelay host\s+\"?(\S{1,255}?)\"?\s*$"))  # fmt: skip
_TRAPS = re.compile(r"^\s*(?:trapsink|trap2sink|informsink)\s+(\S{1,255})")
_SESSION = re.compile(r"^\s*trapsess\s+.*?(\S{1,255})\s*$")
_REMOTE = re.compile(r"^\s*remote\s+(\S{1,255})(?:\s+(\d{1,5}))?", re.MULTILINE)
READS = (_POSTFIX, _EXIM, _NULLMAILER, *(path for _, path, _ in _MAILERS), *_SNMP,
         *(f"{folder}/*.conf" for folder in _OPENVPN), *_FRP, *_MANAGER,
         *(f"{folder}/*.conf" for folder in _MANAGER_FOLDERS))  # fmt: skip

Found = tuple[Purpose, Shipment]


def mail_and_tunnels(reading: Reading) -> Iterator[Found]:
    """Yield where mailers, SNMP agents, tunnels and the check of connectivity go."""
    for shipment in _mail(reading):
        yield "mail", shipment
    for path in _SNMP:
        for number, line in enumerate(
            without_comments(reading.text(path) or "").split("\n"), start=1
        ):
            match = _TRAPS.match(line[:4096]) or _SESSION.match(line[:4096])
            if match:
                # A transport may stand before: `udp:192.0.2.1:162`.
                name = re.sub(r"^(?:udp6?|tcp6?|dtlsudp|tlstcp|ssh):", "", match[1])
                yield "trap", _shipment("snmpd", "trap", place_of(name), path, number)
    for shipment in _tunnels(reading):
        yield "tunnel", shipment
    yield from _connectivity(reading)


def _mail(reading: Reading) -> Iterator[Shipment]:
    yield from _postfix(reading)
    settings = {entry.key: entry for entry in entries(reading.text(_EXIM) or "")}
    kind = settings[_EXIM_KIND].value.strip("'\"") if (
        _EXIM_KIND in settings) else ""  # fmt: skip
    if kind == "internet":
        yield _shipment("exim", "smtp", PUBLIC_DEFAULT, _EXIM, settings[_EXIM_KIND].line)
    elif kind in ("satellite", "smarthost") and "dc_smarthost" in settings:
        for host in settings["dc_smarthost"].value.strip("'\"").split(";"):
            name, _, port = host.strip().partition("::")
            place = place_of(name, port=int(port) if re.fullmatch(r"\d{1,5}", port) else 0)
            yield _shipment("exim", "smtp", place, _EXIM, settings["dc_smarthost"].line)
    for at, row in enumerate((reading.text(_NULLMAILER) or "").split("\n"), start=1):
        if row.strip() and not row.startswith("#"):
            yield _shipment("nullmailer", "smtp", place_of(row.split()[0]), _NULLMAILER, at)
    for service, path, pattern in _MAILERS:
        for number, line in enumerate((reading.text(path) or "").split("\n"), start=1):
            match = re.match(pattern, line[:4096])
            if match and not line.lstrip().startswith("#"):
                yield _shipment(service, "smtp", place_of(match[1]), path, number)


def _postfix(reading: Reading) -> Iterator[Shipment]:
    """Yield the relay of postconf(5); without one mail goes to whoever takes it, anywhere."""
    text = reading.text(_POSTFIX)
    if text is None:
        return
    joined = re.sub(r"\n[ \t]+(?=\S)", " ", without_comments(text))
    values = {entry.key: entry for entry in entries(joined)}
    relay = values.get("relayhost")
    transport = values.get("default_transport")
    if relay is not None and relay.value:
        for host in re.split(r"[,\s]+", relay.value):
            yield _shipment("postfix", "smtp", _relay(host), _POSTFIX, relay.line)
    elif transport is None or not transport.value.startswith(("error", "discard", "local")):
        yield _shipment("postfix", "smtp", PUBLIC_DEFAULT, _POSTFIX, 0)


def _relay(text: str) -> Place:
    """Return where a relay is: brackets say that its name is taken as it is (no MX)."""
    match = re.fullmatch(r"\[([^\]]{1,255})\](?::(\d{1,5}))?", text)
    if match is None:
        return place_of(text)
    host = match[1].removeprefix("IPv6:").removeprefix("ipv6:")
    return place_of(f"[{host}]" if ":" in host else host, port=int(match[2] or 0))


def _tunnels(reading: Reading) -> Iterator[Shipment]:
    for folder in _OPENVPN:
        for path in reading.folder(folder, ".conf", ".ovpn"):
            text = without_comments(reading.text(path) or "")
            for match in _REMOTE.finditer(text):
                line = text.count("\n", 0, match.start(1)) + 1
                place = place_of(match[1], encrypted=True, port=int(match[2] or 0))
                yield _shipment("openvpn", "openvpn", place, path, line)
    for path in _FRP:
        if path.endswith(".toml"):
            settings = toml_settings(reading, path)
            server, said = settings.get("serverAddr"), str(settings.get("serverPort"))
        else:
            found = {e.key: e.value for e in entries(reading.text(path) or "")}
            server, said = found.get("server_addr"), found.get("server_port", "")
        if isinstance(server, str):
            number = int(said) if re.fullmatch(r"\d{1,5}", said) else 0
            yield _shipment("frpc", "frp", place_of(server, port=number), path, 0)
    services = table(toml_settings(reading, "/etc/rathole/client.toml"), "client")
    if isinstance(services.get("remote_addr"), str):
        place = place_of(str(services["remote_addr"]))
        yield _shipment("rathole", "rathole", place, "/etc/rathole/client.toml", 0)


def _connectivity(reading: Reading) -> Iterator[Found]:
    """Yield the address that NetworkManager asks whether the Internet is there."""
    dropins = reading.by_name(_MANAGER_FOLDERS, ".conf")
    uri: Found | None = None
    for path in (*_MANAGER, *dropins):
        for entry in entries(reading.text(path) or ""):
            if entry.section != "connectivity":
                continue
            if entry.key == "uri":
                place = place_of(entry.value)
                shipment = _shipment("NetworkManager", "http", place, path, entry.line)
                uri = ("connectivity", shipment) if entry.value else None
            elif entry.key == "enabled" and entry.value.lower() in ("false", "0", "no", "off"):
                uri = None
    if uri is not None:
        yield uri


def _shipment(service: str, tool: str, place: Place, path: str, line: int) -> Shipment:
    return Shipment(service=service, tool=tool, place=place, path=path, line=line)
