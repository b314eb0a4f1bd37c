"""Reads which certificates AI services name in their arguments, and how Triton's ports differ."""

from __future__ import annotations

import re

from auditor.catalogues.runtimes import recognise
from auditor.collect._command_lines import CommandLine
from auditor.collect._reading import Reading
from auditor.collect._tls_listeners import SOUND, Found, Listener, listener_of

# `--ssl-certfile` (vLLM, LMDeploy …), `--tls-cert-path`, `--ssl-cert-file` (llama.cpp) and kin.
_CERTIFICATE = re.compile(r"^--?(?:\w+[-_])*(?:ssl|tls|server|https)?[-_]?cert(?:ificate)?"
                          r"(?:[-_]?(?:file|path|chain))?$")  # fmt: skip
_KEY = re.compile(r"^--?(?:\w+[-_])*(?:ssl|tls|server|https)[-_]?(?:private[-_])?key"
                  r"(?:[-_]?(?:file|path))?$|^--?keyfile$|^--?key[-_]file$")  # fmt: skip
_TRITON = "tritonserver"
_HTTP, _GRPC, _METRICS = 8000, 8001, 8002


def read(reading: Reading, lines: tuple[CommandLine, ...], found: Found) -> None:
    """Keep the certificates that recognised services name, and the listeners of Triton."""
    for line in lines:
        certificate = _value(line, _CERTIFICATE)
        if not certificate and line.program != _TRITON:
            continue  # recognition costs more than all else here
        recognition = recognise(line.arguments, executable="", unwrap=False)
        if recognition is None:
            continue
        key = _value(line, _KEY)
        named = ""
        if certificate.startswith("/"):
            named = found.name(certificate, key, recognition.runtime.key)
        if recognition.runtime.key == "triton":
            _triton(reading, line, named, found)


def _value(line: CommandLine, name: re.Pattern[str]) -> str:
    flags = {word.partition("=")[0] for word in line.arguments if word.startswith("-")}
    wanted = sorted(flag for flag in flags if len(flag) < 60 and name.match(flag))  # noqa: PLR2004
    return next((value for flag in wanted if (value := line.value(flag))), "")


def _triton(reading: Reading, line: CommandLine, named: str, found: Found) -> None:
    """Keep Triton's three listeners: TLS is there for gRPC alone (`--grpc-use-ssl`)."""
    secure = line.is_on("--grpc-use-ssl")
    ports = (("http", _HTTP), ("grpc", _GRPC), ("metrics", _METRICS))
    for kind, default in ports:
        if line.value(f"--allow-{kind}") in ("false", "0", "False"):
            continue
        address, _ = listener_of(line.value(f"--{kind}-address") or "*")
        port = line.value(f"--{kind}-port") or ""
        tls = secure and kind == "grpc"
        found.settings.append(
            Listener(
                service=f"triton {kind}",
                address=address,
                port=int(port) if port.isdecimal() and len(port) < 6 else default,  # noqa: PLR2004
                tls=tls,
                protocols=SOUND if tls else (),  # gRPC speaks nothing older than 1.2
                peers_verified=tls and line.is_on("--grpc-use-ssl-mutual"),
                certificates=(named,) if tls and named else (),
            ).record(reading, line.path)
        )
