"""Takes the secrets out of lines of shell, and of settings that name a key and then its value."""

from __future__ import annotations

import re

from auditor.redaction import REDACTED, is_secret_name, redact_arguments

# Folders whose files are commands: crontabs, units, scripts.
_COMMANDS = ("/etc/cron", "/etc/anacrontab", "/var/spool/", "/etc/systemd/", "/usr/lib/systemd/",
             "/lib/systemd/", "/run/systemd/", "/usr/local/")  # fmt: skip
# Folders whose settings are written as a key, a blank and a value.
_SETTINGS = ("/etc/msmtprc", "/etc/ssmtp/", "/etc/nullmailer/", "/etc/fluent", "/etc/td-agent",
             "/etc/collectd", "/etc/nxlog", "/etc/openvpn/", "/etc/rsyslog",
             "/etc/redis/")  # fmt: skip
_SNMP = "/etc/snmp/"
_TRAP = re.compile(r"^\s*(?:trapsink|trap2sink|informsink)\s+\S+")
_NAMED = re.compile(r"^(\s*[\"']?([A-Za-z][\w.\-]{1,60})[\"']?\s+)(\S.*)$")
_PASS_OPTION = re.compile(r"(--?(?:pass|password|user)=)\S+")
_STATIC_KEY = re.compile(r"-----BEGIN OpenVPN Static key[^\n]*\n[\s\S]*?(?:-----END[^\n]*|\Z)")


def without_secret_lines(path: str, text: str) -> str:
    """Return the text of a file with its commands and settings redacted line by line."""
    text = _STATIC_KEY.sub(REDACTED, text)
    if path.startswith(_SNMP):
        return "\n".join(map(_snmp, text.split("\n")))
    if path.startswith(_COMMANDS) or text.startswith("#!"):
        return "\n".join(map(_command, text.split("\n")))
    if path.startswith(_SETTINGS):
        return "\n".join(map(_setting, text.split("\n")))
    return text


def _command(line: str) -> str:
    """Return a line of shell: its words are arguments."""
    return redact_arguments((f"{line} ",))[0][:-1] if line.strip() else line


def _setting(line: str) -> str:
    """Return a line `password secret`: a key, a blank and a value."""
    match = _NAMED.match(line)
    if match and is_secret_name(match[2]) and match[3][0] not in ":={[<":
        return f"{match[1]}{REDACTED}"
    return _PASS_OPTION.sub(rf"\1{REDACTED}", line)


def _snmp(line: str) -> str:
    """Return a line of snmpd.conf(5): communities and users stand in any place of it."""
    match = _TRAP.match(line)
    if match:
        return match[0]
    words = line.split()
    return f"trapsess {REDACTED} {words[-1]}" if words[:1] == ["trapsess"] else ""
