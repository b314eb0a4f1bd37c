"""Reads from arguments and environment how a service listens, and what it loads; pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Literal

from msgspec import Struct

from auditor.catalogues._runtime import Runtime, Setting
from auditor.redaction import redact_url

Cors = Literal["any", "limited", "untold"]
Scheme = Literal["hub-id", "uri", "path", "volume", "unknown"]
Environment = Mapping[str, str | None]

_FALSE = frozenset({"", "0", "false", "no", "off", "none", "disabled", "n", "f"})
_TRUE = frozenset({"1", "true", "yes", "on", "enabled", "y", "t"})
_EVERY_ADDRESS = {"*": "0.0.0.0", "": "0.0.0.0", "localhost": "127.0.0.1"}  # noqa: S104 - read, not bound
_HUB_ID = re.compile(r"^[A-Za-z0-9][\w.-]*(?:/[A-Za-z0-9][\w.-]*)?(?::[\w.-]+)?(?:@[\w.-]+)?$")
_WEB = frozenset({"http", "https", "oci", "git", "ssh", "ftp", "docker", "tcp"})
_ABBREVIATION = 8  # argparse takes any unambiguous beginning of a long option
_NO_VALUE = object()


class ModelReference(Struct, frozen=True, kw_only=True):
    """A model as a service is told to take it: see `ModelSource`.

    `host` is empty where the scheme leads to a service and not to a host (`s3://bucket`).
    """

    reference: str
    scheme: Scheme
    host: str


class ServiceFacts(Struct, frozen=True, kw_only=True):
    """What the settings of a service say; `None` where they cannot be read or told.

    `cors` is `any` where web pages of every origin may call it, `untold` where the catalogue
    does not know of it. `tunnel` is the switch that opens a relay outside, empty for none.
    """

    bind_address: str | None
    port: int | None
    api_key: bool | None
    tls: bool | None
    remote_code: bool | None
    cors: Cors | None
    tunnel: str | None
    models: tuple[ModelReference, ...]


class _Values(Struct):
    """The settings as found: `flags` in their order, `readable` what could be read at all."""

    flags: list[tuple[str, str | None]]
    environment: Environment | None
    arguments_known: bool
    configured: bool
    known: frozenset[str]


def service_facts(
    runtime: Runtime, arguments: Sequence[str] | None, environment: Environment | None
) -> ServiceFacts:
    """Return what a service's arguments and environment say of it.

    `None` for either means that it could not be read: what it might have set is then `None`,
    never the default. A variable whose value is `None` counts likewise.
    """
    flags = list(_flags(arguments or ()))
    values = _Values(
        flags=flags,
        environment=environment,
        arguments_known=arguments is not None,
        known=_known_flags(runtime),
        configured=any(name in map(_plain, runtime.config_flags) for name, _ in flags),
    )
    address, port = _address(runtime, values)
    return ServiceFacts(
        bind_address=address,
        port=port,
        api_key=_is_on(runtime.api_key, values),
        tls=_is_on(runtime.tls, values),
        remote_code=_is_on(runtime.remote_code, values),
        cors=_cors(runtime.cors, values),
        tunnel=_tunnel(runtime.tunnel, values),
        models=tuple(dict.fromkeys(_models(runtime, arguments or (), values))),
    )


def model_reference(text: str) -> ModelReference:
    """Return a model reference by its form; a user or query in a URI is dropped."""
    scheme, separator, rest = text.partition("://")
    if separator:
        return _of_uri(scheme.lower(), rest, redact_url(text))
    if text.startswith(("/", "./", "../", "~", "$(", "${")) or text in (".", ".."):
        unknown = text.startswith("$")
        return ModelReference(reference=text, scheme="unknown" if unknown else "path", host="")
    return ModelReference(
        reference=text, scheme="hub-id" if _HUB_ID.match(text) else "unknown", host=""
    )


def _of_uri(scheme: str, rest: str, safe: str) -> ModelReference:
    if scheme == "pvc":
        return ModelReference(reference=safe, scheme="volume", host="")
    if scheme == "file":
        return ModelReference(reference=safe, scheme="path", host="")
    if scheme in ("hf", "huggingface", "modelscope", "ms"):
        return ModelReference(reference=safe, scheme="hub-id", host="")
    host = ""
    if scheme in _WEB:
        authority = re.split(r"[/?#]", rest.rpartition("@")[2] or rest, maxsplit=1)[0]
        host = re.sub(r":\d*$", "", authority)
    return ModelReference(reference=safe, scheme="uri", host=host)


def _plain(flag: str) -> str:
    """Return a flag in one spelling: programs take `_` for `-` in long ones."""
    return flag.replace("_", "-") if flag.startswith("--") else flag


def _flags(arguments: Sequence[str]) -> Iterator[tuple[str, str | None]]:
    """Yield each flag with its value, `None` where no value follows."""
    for number, word in enumerate(arguments):
        if not word.startswith("-") or len(word) < 2:  # noqa: PLR2004 - a lone dash is a file
            continue
        name, separator, value = word.partition("=")
        if separator:
            yield _plain(name), value.strip("\"'")
            continue
        following = arguments[number + 1] if number + 1 < len(arguments) else None
        is_value = following is not None and not re.match(r"^--?[A-Za-z]", following)
        yield _plain(name), following if is_value else None


def _found(setting: Setting, values: _Values) -> Iterator[str | object | None]:
    """Yield what sets it, strongest first; `_NO_VALUE` for a flag that stands alone.

    `None` is something that sets it but whose value is not known.
    """
    wanted = [_plain(flag) for flag in setting.flags]
    for name, value in values.flags[::-1]:
        if name in wanted or (name not in values.known and _abbreviates(name, wanted)):
            yield _NO_VALUE if value is None else value
    for name in setting.variables:
        if values.environment is not None and name in values.environment:
            yield values.environment[name]


def _abbreviates(name: str, wanted: list[str]) -> bool:
    return len(name) >= _ABBREVIATION and any(flag.startswith(name) for flag in wanted)


def _known_flags(runtime: Runtime) -> frozenset[str]:
    return frozenset(_plain(flag) for setting in runtime.switches for flag in setting.flags)


def _undecided(setting: Setting, values: _Values) -> bool:
    """Return whether something that could not be read may have set it."""
    return (
        (not values.arguments_known and bool(setting.flags))
        or (values.environment is None and bool(setting.variables))
        or values.configured
    )


def _is_on(setting: Setting, values: _Values) -> bool | None:
    environment = values.environment or {}
    if any((environment.get(name) or "").lower() not in _FALSE for name in setting.off_variables):
        return False
    for negated in (f"--no-{_plain(flag)[2:]}" for flag in setting.flags):
        if any(name == negated for name, _ in values.flags):
            return False
    for value in _found(setting, values):
        if value is _NO_VALUE:
            return True
        return None if value is None else str(value).strip().lower() not in _FALSE
    if _undecided(setting, values):
        return None
    return None if setting.default is None else bool(setting.default)


def _cors(setting: Setting | None, values: _Values) -> Cors | None:
    """Return which origins are let in: all by `*` or a switch that is on, else those named."""
    if setting is None:
        return "untold"
    for value in _found(setting, values):
        if value is None:
            return None
        text = setting.bare if value is _NO_VALUE else str(value).strip().lower()
        is_on = text not in _FALSE
        everybody = "*" in text or (is_on and text in _TRUE)
        return "any" if everybody != setting.inverted else "limited"
    if _undecided(setting, values):
        return None
    return "any" if setting.default == "any" else "limited"


def _tunnel(setting: Setting | None, values: _Values) -> str | None:
    """Return the switch that opens a tunnel; empty where none is on."""
    if setting is None:
        return ""
    for flag in setting.flags:
        if _is_on(Setting(default=False, flags=(flag,)), values):
            return flag
    for variable in setting.variables:
        if _is_on(Setting(default=False, variables=(variable,)), values):
            return variable
    return None if _undecided(setting, values) else ""


def _address(runtime: Runtime, values: _Values) -> tuple[str | None, int | None]:
    """Return where it listens: an address setting may carry a port too (`0.0.0.0:11434`)."""
    bind: str | None = None
    carried: int | None = None
    bind_known = port_known = False
    for value in _found(runtime.bind, values):
        bind_known = True
        if value is _NO_VALUE:
            bind = runtime.bind.bare or None
        elif isinstance(value, str):
            bind, carried = split_address(value)
        break
    port: int | None = None
    for value in _found(runtime.port, values):
        if isinstance(value, str) and value.strip().isdecimal() and len(value.strip()) < 6:  # noqa: PLR2004
            port, port_known = int(value), True
        elif isinstance(value, str):
            port = split_address(value)[1]
            port_known = port is not None
        else:
            port_known = True
        break
    if not bind_known and not _undecided(runtime.bind, values):
        bind = runtime.bind.default if isinstance(runtime.bind.default, str) else None
    if carried is not None and not port_known:
        return bind, carried
    if not port_known and not _undecided(runtime.port, values):
        port = runtime.port.default if isinstance(runtime.port.default, int) else None
    return bind, port


def split_address(text: str) -> tuple[str, int | None]:
    """Return host and port of `host`, `host:port`, `:port`, `[v6]:port` or a URL of those."""
    bare = text.strip().rpartition("://")[2].partition("/")[0]
    host, port = bare, ""
    if bare.startswith("["):
        host, _, port = bare[1:].partition("]")
        port = port.removeprefix(":")
    elif bare.count(":") == 1:
        host, _, port = bare.partition(":")
    number = int(port) if port.isdecimal() and len(port) < 6 else None  # noqa: PLR2004
    return _EVERY_ADDRESS.get(host, host), number


def _models(
    runtime: Runtime, arguments: Sequence[str], values: _Values
) -> Iterator[ModelReference]:
    for value in _found(runtime.model, values):
        if isinstance(value, str) and value:
            yield model_reference(value)
    positional = _positional(runtime, arguments)
    if positional:
        yield model_reference(positional)


def _positional(runtime: Runtime, arguments: Sequence[str]) -> str:
    """Return the model that stands behind a subcommand without a flag, or an empty text."""
    for phrase in runtime.positional_model:
        words = phrase.split()
        for start in range(len(arguments) - len(words) + 1):
            if list(arguments[start : start + len(words)]) == words:
                return _first_word(arguments[start + len(words) :])
    first = _first_word(arguments)
    # Behind an image whose entry point already says `serve`, the model comes first.
    bare = bool(runtime.positional_model) and "/" in first and bool(_HUB_ID.match(first))
    return first if runtime.positional_first or bare else ""


def _first_word(arguments: Sequence[str]) -> str:
    return arguments[0] if arguments and not arguments[0].startswith("-") else ""
