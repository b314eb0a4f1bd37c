"""Reads how databases, caches, object and vector stores are set to speak."""

from __future__ import annotations

import posixpath
import re

from msgspec import Struct

from auditor.collect._globs import matching
from auditor.collect._reading import Reading
from auditor.collect._structured import strings, table, yaml_settings
from auditor.collect._tls_listeners import (
    SOUND,
    Found,
    Listener,
    between,
    is_local,
    listener_of,
    version,
    versions,
    weak_ciphers,
)
from auditor.hostnames import address_of

_REDIS = ("/etc/redis/redis.conf", "/etc/redis.conf", "/etc/valkey/valkey.conf")
_POSTGRES = ("/etc/postgresql/*/*/postgresql.conf", "/var/lib/pgsql/*/data/postgresql.conf",
             "/var/lib/pgsql/data/postgresql.conf")  # fmt: skip
_QDRANT = (
    "/etc/qdrant/config.yaml",
    "/qdrant/config/production.yaml",
    "/qdrant/config/config.yaml",
)
_MILVUS = ("/etc/milvus/configs/milvus.yaml", "/milvus/configs/milvus.yaml")
_ELASTIC = ("/etc/elasticsearch/elasticsearch.yml", "/etc/opensearch/opensearch.yml")
READS = (*_REDIS, *_POSTGRES, *_QDRANT, *_MILVUS, *_ELASTIC)
_FIRST_SOUND_POSTGRES = 12  # ssl_min_protocol_version came with it, and is TLSv1.2 by default
_SETTING = re.compile(r"^\s*([A-Za-z_][\w.-]*)\s*[=\s]\s*('(?:[^']|'')*'|[^#]*)")
_ON = frozenset({"on", "true", "yes", "1"})


class _Value(Struct, frozen=True, kw_only=True):
    text: str
    line: int


_Values = dict[str, _Value]


def read(reading: Reading, found: Found) -> None:
    """Keep the listeners of all of them."""
    for path in _REDIS:
        _redis(reading, path, found)
    for pattern in _POSTGRES:
        for path in matching(reading, pattern):
            _postgres(reading, path, found)
    for path in _QDRANT:
        _qdrant(reading, path, found)
    for path in _MILVUS:
        _milvus(reading, path, found)
    for path in _ELASTIC:
        _elastic(reading, path, found)


def _values(text: str) -> _Values:
    """Return the settings of `name value` or `name = 'value'` lines; the last one counts."""
    values: _Values = {}
    for number, line in enumerate(text.split("\n"), start=1):
        match = None if line.lstrip().startswith("#") else _SETTING.match(line)
        if match is not None:
            value = match[2].strip()
            quoted = value[:1] == "'" == value[-1:] and len(value) > 1
            values[match[1].lower()] = _Value(text=value[1:-1] if quoted else value, line=number)
    return values


def _said(values: _Values, name: str, default: str = "") -> str:
    return values[name].text.strip("\"'") if name in values else default


def _line(values: _Values, *names: str) -> int:
    return next((values[name].line for name in names if name in values), 0)


def _redis(reading: Reading, path: str, found: Found) -> None:
    text = reading.text(path)
    if text is None:
        return
    values = _values(text)
    clear, secure = _number(_said(values, "port", "6379")), _number(_said(values, "tls-port", "0"))
    key = _said(values, "tls-key-file")
    named = found.name(_said(values, "tls-cert-file"), key, "redis")
    for address in _said(values, "bind", "*").split():
        host = listener_of(address.removeprefix("-"))[0] if "::" not in address else "::1"
        host = "::" if address in ("::", "-::*", "::*") else host
        if clear:
            one = Listener(service="redis", address=host, port=clear)
            found.settings.append(one.record(reading, path, _line(values, "port", "bind")))
        if secure:
            one = Listener(
                service="redis", address=host, port=secure, tls=True,
                # redis.conf: by default 1.2 and 1.3, since there has been TLS in it (6.0).
                protocols=versions(_said(values, "tls-protocols").split()) or SOUND,
                weak=weak_ciphers(_said(values, "tls-ciphers")),
                peers_verified=_said(values, "tls-auth-clients", "yes") == "yes",
                certificates=(named,) if named else (),
            )  # fmt: skip
            found.settings.append(one.record(reading, path, _line(values, "tls-port")))


def _postgres(reading: Reading, path: str, found: Found) -> None:
    text = reading.text(path)
    if text is None:
        return
    values = _values(text)
    folder = posixpath.dirname(path)
    for more in reading.folder(f"{folder}/conf.d", ".conf"):
        values |= _values(reading.text(more) or "")
    on = _said(values, "ssl", "off").lower() in _ON
    base = _said(values, "data_directory", folder)
    named = found.name(_said(values, "ssl_cert_file", "server.crt"),
                       _said(values, "ssl_key_file", "server.key"), "postgresql",
                       base=base) if on else ""  # fmt: skip
    lowest = _said(values, "ssl_min_protocol_version") or _postgres_lowest(path)
    for address in _said(values, "listen_addresses", "localhost").split(","):
        host = listener_of(address.strip())[0]
        tls = _clear_is_refused(reading, values, folder) if on else False
        one = Listener(
            service="postgresql",
            address=host,
            port=_number(_said(values, "port", "5432")),
            # What pg_hba.conf says of others does not concern a listener of this host alone.
            tls=on if is_local(host) else tls,
            protocols=between(lowest) if lowest else (),
            weak=weak_ciphers(_said(values, "ssl_ciphers")),
            certificates=(named,) if named else (),
        )
        found.settings.append(one.record(reading, path, _line(values, "ssl", "listen_addresses")))


def _postgres_lowest(path: str) -> str:
    """Return the default lowest version; the folder tells PostgreSQL's own version."""
    number = next((part for part in path.split("/") if part.isdecimal()), "")
    sound = len(number) < 4 and number and int(number) >= _FIRST_SOUND_POSTGRES  # noqa: PLR2004
    return "TLSv1.2" if sound else ""


def _clear_is_refused(reading: Reading, values: _Values, folder: str) -> bool | None:
    """Return whether pg_hba.conf lets nobody from elsewhere in without TLS (`hostssl` alone)."""
    path = _said(values, "hba_file", f"{folder}/pg_hba.conf")
    text = reading.text(path)
    if text is None:
        if reading.absent(path):
            reading.miss(path, "absent", "who may connect without TLS is not told")
        return None
    for line in text.split("\n"):
        words = line.split()
        if len(words) > 3 and words[0] in ("host", "hostnossl") and words[-1] != "reject":  # noqa: PLR2004
            address = address_of(words[3].partition("/")[0])
            if address is None or not address.is_loopback:
                return False
    return True


def _qdrant(reading: Reading, path: str, found: Found) -> None:
    settings = yaml_settings(reading, path)
    if not settings:
        return
    service, tls = table(settings, "service"), table(settings, "tls")
    on = service.get("enable_tls") is True
    named = found.name(_text(tls.get("cert")), _text(tls.get("key")), "qdrant") if on else ""
    for name, default in (("http_port", 6333), ("grpc_port", 6334)):
        port = service.get(name, default)
        if not isinstance(port, int) or isinstance(port, bool):
            continue
        found.settings.append(
            Listener(
                service="qdrant",
                address=listener_of(_text(service.get("host")) or "*")[0],
                port=port,
                tls=on,
                protocols=SOUND,  # rustls speaks no older version
                peers_verified=service.get("verify_https_client_certificate") is True,
                certificates=(named,) if named else (),
            ).record(reading, path)
        )


def _milvus(reading: Reading, path: str, found: Found) -> None:
    settings = yaml_settings(reading, path)
    if not settings:
        return
    mode = table(settings, "common", "security").get("tlsMode", 0)
    port = table(settings, "proxy").get("port", 19530)
    tls = table(settings, "tls")
    on = mode in (1, 2, "1", "2")
    named = ""
    if on:
        key = _text(tls.get("serverKeyPath"))
        named = found.name(_text(tls.get("serverPemPath")), key, "milvus")
    found.settings.append(
        Listener(
            service="milvus",
            address="*",
            port=port if isinstance(port, int) else 0,
            tls=on,
            protocols=SOUND,  # Go's crypto/tls: 1.2 is the lowest of a server that names none
            peers_verified=mode in (2, "2"),
            certificates=(named,) if named else (),
        ).record(reading, path)
    )


def _elastic(reading: Reading, path: str, found: Found) -> None:
    settings = _dotted(yaml_settings(reading, path))
    if not settings:
        return
    opensearch = "opensearch" in path
    prefix = "plugins.security.ssl.http." if opensearch else "xpack.security.http.ssl."
    on = str(settings.get(f"{prefix}enabled", False)).lower() == "true"
    hosts = tuple(strings(settings.get("http.host") or settings.get("network.host") or "_local_"))
    named = tuple(
        strings(settings.get(f"{prefix}{'pemcert_filepath' if opensearch else 'certificate'}"))
    )
    key = "".join(strings(settings.get(f"{prefix}{'pemkey_filepath' if opensearch else 'key'}")))
    kept = [found.name(one, key, "elasticsearch", base=posixpath.dirname(path)) for one in named]
    versions_on = tuple(strings(settings.get(f"{prefix}supported_protocols")))
    for host in hosts:
        found.settings.append(
            Listener(
                service="opensearch" if opensearch else "elasticsearch",
                address="localhost"
                if host in ("_local_", "_local:ipv4_")
                else listener_of(host)[0],
                port=_number(str(settings.get("http.port", 9200)).partition("-")[0]),
                tls=on,
                protocols=tuple(sorted({v for one in versions_on if (v := version(one))})),
                peers_verified=settings.get(f"{prefix}client_authentication") == "required",
                certificates=tuple(one for one in kept if one),
            ).record(reading, path)
        )


def _dotted(settings: object, prefix: str = "", depth: int = 0) -> dict[str, object]:
    """Return nested settings under dotted names, as the file may write them either way."""
    flat: dict[str, object] = {}
    if isinstance(settings, dict) and depth < 10:  # noqa: PLR2004 - nobody nests deeper
        for name, value in settings.items():
            if isinstance(value, dict):
                flat |= _dotted(value, f"{prefix}{name}.", depth + 1)
            else:
                flat[f"{prefix}{name}"] = value
    return flat


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 6 else 0  # noqa: PLR2004 - a port
