"""Takes the secrets out of a file's bytes before they are recorded."""

from __future__ import annotations

import re
from collections.abc import Iterator

from auditor.host._withheld_lines import without_secret_lines
from auditor.redaction import (
    REDACTED,
    is_secret_name,
    redact_arguments,
    redact_text,
    redact_value,
)

_OF_PROCESS = re.compile(r"^/proc/(?:self|\d+)/(?:task/\d+/)?(cmdline|environ)$")
_PASSWORDS = frozenset({"/etc/shadow", "/etc/gshadow", "/etc/shadow-", "/etc/gshadow-"})
# crypt(5): what may be told of a password is that there is one, whether it is locked, and the
# method that it is hashed with.
_HASHED = re.compile(r"(?P<lock>[!*]*)(?P<method>\$[\w-]{1,16}\$|)(?P<rest>.*)", re.DOTALL)
# Folders whose files are configuration: text, written by people and tools, at times with
# credentials in it. Kernel files and model files are neither.
_CONFIGURATION = ("/etc/", "/home/", "/root/", "/run/", "/usr/lib/", "/lib/", "/opt/", "/srv/",
                  "/var/", "/usr/local/", "/usr/share/")  # fmt: skip
# A key in DER begins with its version (RFC 5958, 8017), a certificate does not.
_DER_KEY = re.compile(rb"\x30(?:[\x00-\x7f]|\x81.|\x82..|\x83...)\x02\x01[\x00\x01]", re.DOTALL)
_PUBLIC = re.compile(
    r"-----BEGIN (?P<what>(?:TRUSTED |X509 )?CERTIFICATE|X509 CRL|DH PARAMETERS|PUBLIC KEY)-----\s"
    r"[A-Za-z0-9+/=\s]{0,131072}-----END (?P=what)-----"
)
# These hold no credential, and are keys by which facts are joined: byte for byte as they are.
_PLAIN = frozenset(
    {"/etc/machine-id", "/var/lib/dbus/machine-id", "/etc/passwd", "/etc/group", "/etc/os-release",
     "/usr/lib/os-release"}
)  # fmt: skip


def without_secrets(path: str, body: bytes, limit: int) -> bytes:
    """Return the bytes of a file as they may be kept, at most `limit` of them.

    Command lines, environments and password files are taken apart by their own form; every
    other text file of a configuration folder loses what looks like a credential.
    """
    match = _OF_PROCESS.match(path)
    if match is not None:
        strings = _text(body).split("\0")
        safe = redact_arguments(strings) if match[1] == "cmdline" else map(_variable, strings)
        return _bytes("\0".join(safe))[:limit]
    if path in _PASSWORDS:
        return _bytes("\n".join(map(_password, _text(body).split("\n"))))[:limit]
    if not path.startswith(_CONFIGURATION) or path in _PLAIN:
        return body
    if _DER_KEY.match(body):
        return _bytes(REDACTED)[:limit]
    if b"\0" in body:
        return body
    return _bytes(without_secret_lines(path, "".join(_parts(_text(body)))))[:limit]


def _parts(text: str) -> Iterator[str]:
    """Yield a text without what looks like a credential; certificates look so, and are none."""
    position = 0
    for match in _PUBLIC.finditer(text):
        yield redact_text(text[position : match.start()])
        yield match[0]
        position = match.end()
    yield redact_text(text[position:])


def _variable(string: str) -> str:
    name, separator, value = string.partition("=")
    if value and is_secret_name(name):
        return f"{name}={REDACTED}"
    return name + separator + redact_value(name, value)


def _password(line: str) -> str:
    fields = line.split(":")
    if len(fields) > 1 and fields[1]:
        parts = _HASHED.fullmatch(fields[1])
        rest = REDACTED if parts and parts["rest"] else ""
        fields[1] = f"{parts['lock']}{parts['method']}{rest}" if parts else REDACTED
    return ":".join(fields)


def _text(body: bytes) -> str:
    return body.decode("utf-8", "surrogateescape")


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
