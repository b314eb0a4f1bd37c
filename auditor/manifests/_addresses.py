"""Finds addresses in arguments, variables and configuration, and says what they are for."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal

from msgspec import Struct

from auditor.catalogues.operators import operator_of
from auditor.hostnames import address_of, ascii_name
from auditor.redaction import redact_text

Purpose = Literal["api", "telemetry", "tracing", "model-hub", "storage", "repository", "unknown"]

MAX_PORT = 65535
# Beyond this a value is a file in disguise; what lies behind is a gap.
MAX_TEXT = 256 * 1024
_URL = re.compile(
    r"(?<![A-Za-z0-9+.-])(?P<scheme>[A-Za-z][A-Za-z0-9+.-]{1,20})://"
    r"(?P<authority>[^\s/?#\"'<>\\,;|`\x00-\x1f]{0,512})"
)
_BARE = re.compile(
    r"(?P<host>[A-Za-z0-9_.-]{1,253}|\[[0-9A-Fa-f:.%]{2,60}\])(?::(?P<port>\d{1,5}))?(?:/.*)?"
)
_ADDRESS_NAME = re.compile(
    r"(?:^|[_.-])(?:URL|URI|ENDPOINT|HOST|HOSTNAME|ADDR|ADDRESS|SERVER|DSN|API_BASE|MIRROR|PROXY|DOMAIN|REPO|INDEX|REGISTRY)S?$",
    re.IGNORECASE,
)
_CAMEL_NAME = re.compile(
    r"[a-z0-9](?:Ur[li]|UR[LI]|Endpoint|Host|Addr|Address|Server|Mirror|Proxy|Registry|ApiBase)s?$"
)
_LAST_LABEL = re.compile(r"[a-z][a-z0-9-]*")
# Some parsers end the host at a backslash, others read on to the `@`.
_TWO_READINGS = re.compile(r"://[^\s/?#]{0,512}\\[^\s/?#]{0,512}@")
# A setting in a file of any kind: `host: x`, `"host": "x"`, `host = x`; `server x` of nginx and
# the `forward . x y` of CoreDNS.
_PAIR = re.compile(
    r"(?m)(?:^|[\s{,;\"'])(?P<key>[A-Za-z][A-Za-z0-9_.-]{1,60})[\"']?\s{0,8}[:=]\s{0,8}(?P<before>[\"']?)"
    r"(?P<value>[^\s\"',;{}\[\]]{3,260})"
)
_CODE = (".py", ".js", ".ts", ".lua", ".rb", ".go", ".rs", ".java", ".ipynb")
_FORWARD = re.compile(
    r"(?m)^[ \t]{0,99}(?:forward|proxy)[ \t]{1,9}\S{1,260}[ \t]{1,9}(?P<value>[^{\n]{3,500})"
)
_UPSTREAM = re.compile(
    r"(?m)^[ \t]{0,99}(?:server|upstream|nameserver)[ \t]{1,9}(?P<value>[^\s;{]{3,260})"
)
# In a file these name the server itself more often than another one.
_OWN_NAMES = re.compile(r"(?:^|[_.-])(?:HOSTNAME|DOMAIN|SERVER|REPO|INDEX)S?$", re.IGNORECASE)
# What stands for a value that only the cluster or the shell knows.
_PLACEHOLDER = re.compile(r"[${}<>*()%]")
# Schemes that lead to nothing outside the pod, or name no host.
_LOCAL_SCHEMES = frozenset(
    {"file", "pvc", "unix", "sqlite", "data", "dir", "local", "volume", "memory"}
)
# Schemes whose authority is a bucket or a repository, not a host.
BUCKET_HOSTS = {
    "gs": "storage.googleapis.com", "gcs": "storage.googleapis.com", "hf": "huggingface.co",
    "s3": "", "s3a": "", "s3n": "", "oss": "", "obs": "", "cos": "", "abfs": "", "abfss": "",
    "azure": "", "az": "", "modelscope": "modelscope.cn", "ngc": "nvcr.io",
}  # fmt: skip
_BY_CATEGORY: dict[str, Purpose] = {
    "inference-api": "api", "model-hub": "model-hub", "code-host": "repository",
    "object-store": "storage", "experiment-tracking": "tracing", "telemetry": "telemetry",
    "error-reporting": "telemetry",
}  # fmt: skip
_BY_NAME: tuple[tuple[re.Pattern[str], Purpose], ...] = (
    (re.compile(r"OTEL|OTLP|LANG(FUSE|SMITH|CHAIN)|MLFLOW|WANDB|COMET", re.IGNORECASE), "tracing"),
    (re.compile(r"TRACE|TRACING|JAEGER", re.IGNORECASE), "tracing"),
    (re.compile(r"SENTRY|DSN|TELEMETRY|POSTHOG|ANALYTICS|STATS", re.IGNORECASE), "telemetry"),
    (re.compile(r"HF_|HUGGING|MODELSCOPE|MODEL_?HUB", re.IGNORECASE), "model-hub"),
    (re.compile(r"S3|MINIO|BUCKET|OSS_|BLOB|STORAGE", re.IGNORECASE), "storage"),
    (re.compile(r"GIT|REPO", re.IGNORECASE), "repository"),
    (re.compile(r"OPENAI|ANTHROPIC|DASHSCOPE|LLM|API|INFERENCE|BASE_URL", re.IGNORECASE), "api"),
)  # fmt: skip


class Address(Struct, frozen=True, kw_only=True):
    """An address found: `host` as written (`` where only its bucket is known), port 0 unknown."""

    scheme: str
    host: str
    port: int
    url: str
    bucket: bool = False


class Found(Struct, frozen=True, kw_only=True):
    """The addresses in a text, and how many could not be told."""

    addresses: tuple[Address, ...]
    unclear: int = 0


def names_an_address(name: str) -> bool:
    """Return whether a variable or key of this name holds an address (`OPENAI_BASE_URL`)."""
    return bool(_ADDRESS_NAME.search(name) or _CAMEL_NAME.search(name))


def find(name: str, text: str) -> Found:
    """Return the addresses in the value `text` of the setting `name`.

    URLs are found wherever they stand. A bare `host:port` is one where the name says so, and it
    is an IP address or has a dot. What holds a placeholder is counted as unclear.
    """
    addresses: dict[Address, None] = {}
    unclear = int(len(text) > MAX_TEXT) + bool(_TWO_READINGS.search(text))
    # Without credentials first: a password may hold what looks like the end of the host.
    text = redact_text(text[:MAX_TEXT])
    for match in _URL.finditer(text):
        address = _of_url(match["scheme"].lower(), match["authority"])
        if address is None:
            unclear += 1
        elif address.scheme not in _LOCAL_SCHEMES:
            addresses[address] = None
    if not addresses and not unclear and "://" not in text:
        for part in text.split(","):
            address = _of_bare(part.strip())
            if address is not None and _leads_out(name, address):
                addresses[address] = None
    for address in _in_file(name, text):
        addresses[address] = None
    return Found(addresses=tuple(addresses), unclear=unclear)


def _leads_out(name: str, address: Address) -> bool:
    """Return whether a bare value is an address to go to: by its name, its port or its operator.

    `HOST=0.0.0.0` is where to listen, not where to go.
    """
    if _is_own(address.host):
        return False
    operator = operator_of(address.host) if address.url == address.host else None
    # A group of an API (`networking.k8s.io`) is called like a host as well: no service, no lead.
    is_service = operator is not None and operator.category in _BY_CATEGORY
    return names_an_address(name) or bool(address.port) or is_service


def _in_file(name: str, text: str) -> Iterator[Address]:
    """Yield the bare addresses in the settings of a file, or of JSON in a value.

    In code what is not quoted (`host = args.host`) is no text.
    """
    is_code = name.lower().endswith(_CODE)
    for match in _PAIR.finditer(text):
        quoted = match["before"] and text[match.end() : match.end() + 1] in ("'", '"')
        address = None if is_code and not quoted else _of_bare(match["value"])
        key = match["key"]
        own = _OWN_NAMES.search(key) is not None
        if address is not None and _leads_out("" if own else key, address):
            yield address
    for pattern in (_FORWARD, _UPSTREAM):
        for match in pattern.finditer(text):
            for word in match["value"].split():
                address = _of_bare(word)
                if address is not None and not _is_own(address.host):
                    yield address


def _of_url(scheme: str, authority: str) -> Address | None:
    """Return the address of a URL without user, path and query; `None` for a placeholder."""
    if scheme in _LOCAL_SCHEMES:
        return Address(scheme=scheme, host="", port=0, url=f"{scheme}://")
    written = authority.rpartition("@")[2]
    if scheme in BUCKET_HOSTS:
        bucket = written if not _PLACEHOLDER.search(written) else "…"
        host = BUCKET_HOSTS[scheme]
        return Address(scheme=scheme, host=host, port=0, url=f"{scheme}://{bucket}", bucket=True)
    host, port = _split(written)
    if _PLACEHOLDER.search(host) or not host or port is None:
        return None
    if address_of(host) is None and not ascii_name(host):
        return None
    return Address(scheme=scheme, host=host, port=port, url=f"{scheme}://{written}")


def _of_bare(text: str) -> Address | None:
    """Return the address that a bare `host`, `host:port` or IP address is."""
    whole = address_of(text)
    if whole is not None:
        return Address(scheme="", host=str(whole), port=0, url=text)
    match = _BARE.fullmatch(text)
    if match is None:
        return None
    host = match["host"].strip("[]")
    port = int(match["port"] or 0)
    is_name = (
        "." in host
        and bool(ascii_name(host))
        and bool(_LAST_LABEL.fullmatch(ascii_name(host).rpartition(".")[2]))
    )
    if port > MAX_PORT or not (is_name or address_of(host)):
        return None
    written = text.partition("/")[0] + ("/" if "/" in text else "")
    return Address(scheme="", host=host, port=port, url=written)


def _is_own(host: str) -> bool:
    """Return whether an address is every one of the machine's own, or its loopback."""
    address = address_of(host)
    return address is not None and (address.is_unspecified or address.is_loopback)


def _split(written: str) -> tuple[str, int | None]:
    """Return host and port of an authority; port 0 where none is given, `None` where no number."""
    if written.startswith("["):
        host, _, rest = written[1:].partition("]")
        port = rest.removeprefix(":")
    else:
        host, _, port = written.partition(":")
    if not port:
        return host, 0
    if not port.isascii() or not port.isdecimal() or int(port[:6]) > MAX_PORT:
        return host, None
    return host, int(port)


def purpose(name: str, host: str) -> Purpose:
    """Return what an address is for: what its operator offers, else what its setting says."""
    operator = operator_of(host) if host else None
    if operator is not None and operator.category in _BY_CATEGORY:
        return _BY_CATEGORY[operator.category]
    return next((use for pattern, use in _BY_NAME if pattern.search(name)), "unknown")
