"""Reads apt's configuration (apt.conf(5)) and its sources (sources.list(5))."""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import Struct

from auditor.collect._reading import Reading

_CONF = "/etc/apt/apt.conf"
_CONF_FOLDER = "/etc/apt/apt.conf.d"
_LIST = "/etc/apt/sources.list"
_SOURCES_FOLDER = "/etc/apt/sources.list.d"

READS = (_CONF, f"{_CONF_FOLDER}/*", _LIST, f"{_SOURCES_FOLDER}/*.list",
         f"{_SOURCES_FOLDER}/*.sources")  # fmt: skip

_TOKEN = re.compile(
    r"""(?P<comment>//[^\n]*|\#[^\n]*|/\*.*?(?:\*/|\Z))|(?P<newline>\n)|"(?P<quoted>[^"\n]*)"?"""
    r"""|(?P<mark>[{};])|(?P<word>[^\s{};"]+)|(?P<space>[^\S\n]+)""",
    re.DOTALL | re.VERBOSE,
)
_DEPTH_LIMIT = 50
_MIRROR_LISTS_LIMIT = 32


class AptSetting(Struct, frozen=True, kw_only=True):
    """A setting by its full name (`Acquire::http::Proxy`), where it stands."""

    name: str
    value: str
    path: str
    line: int


class AptSource(Struct, frozen=True, kw_only=True):
    """An address that apt takes packages from."""

    uri: str
    path: str
    line: int


def settings(reading: Reading) -> Iterator[AptSetting]:
    """Yield apt's settings in the order they apply; `#clear` is not weighed."""
    folder = tuple(
        path
        for path in reading.folder(_CONF_FOLDER)
        # apt reads names without an extension, and those that end in `.conf`.
        if "." not in path.rpartition("/")[2] or path.endswith(".conf")
    )
    for path in (*folder, _CONF):
        yield from _settings(path, reading.text(path) or "")


def _settings(path: str, text: str) -> Iterator[AptSetting]:
    """Yield the settings of one file: `A::B "value";`, also nested as `A { B "value"; };`."""
    scopes: list[str] = []
    words: list[str] = []
    line = 1
    for token in _TOKEN.finditer(text):
        kind = token.lastgroup
        if kind in {"quoted", "word"}:
            words.append(token[kind])
        elif token["mark"] == "{" and len(scopes) < _DEPTH_LIMIT:
            scopes.append(words[0] if words else "")
            words = []
        elif token["mark"]:
            if len(words) > 1:
                name = "::".join(scope for scope in (*scopes, words[0]) if scope)
                yield AptSetting(name=name, value=words[-1], path=path, line=line)
            words = []
            if token["mark"] == "}" and scopes:
                scopes.pop()
        line += token[0].count("\n")


def sources(reading: Reading) -> Iterator[AptSource]:
    """Yield the addresses of every enabled source; a `mirror+file:` is read through."""
    lists = [_LIST, *reading.folder(_SOURCES_FOLDER, ".list")]
    found = [source for path in lists for source in _one_line(path, reading.text(path) or "")]
    for path in reading.folder(_SOURCES_FOLDER, ".sources"):
        found += _deb822(path, reading.text(path) or "")
    followed: set[str] = set()
    for source in found:
        scheme, _, rest = source.uri.partition(":")
        if scheme.lower() != "mirror+file":
            yield source
        elif rest not in followed and len(followed) < _MIRROR_LISTS_LIMIT:
            followed.add(rest)
            yield from _mirror_list(reading, source, "/" + rest.lstrip("/"))


def _mirror_list(reading: Reading, source: AptSource, path: str) -> Iterator[AptSource]:
    """Yield the addresses of a mirror list (apt-transport-mirror(1)), one a line."""
    text = reading.text(path)
    if text is None:
        reading.miss(path, "absent", f"the mirror list that {source.path} names")
    for number, raw in enumerate((text or "").split("\n"), start=1):
        words = raw.partition("#")[0].split()
        if words:
            yield AptSource(uri=words[0], path=path, line=number)


def _one_line(path: str, text: str) -> Iterator[AptSource]:
    """Yield the addresses of `deb [options] URI suite component…` lines."""
    for number, raw in enumerate(text.split("\n"), start=1):
        line = raw.partition("#")[0].strip()
        kind, _, rest = line.partition(" ") if " " in line else line.partition("\t")
        if kind not in {"deb", "deb-src"}:
            continue
        rest = rest.strip()
        if rest.startswith("["):
            rest = rest.partition("]")[2]
        words = rest.split()
        if words:
            yield AptSource(uri=words[0], path=path, line=number)


def _deb822(path: str, text: str) -> Iterator[AptSource]:
    """Yield the addresses of stanzas with `URIs:`; `Enabled: no` switches a stanza off."""
    uris: list[AptSource] = []
    enabled = True
    field = ""
    for number, raw in enumerate([*text.split("\n"), ""], start=1):
        if not raw.strip():
            yield from uris if enabled else ()
            uris, enabled, field = [], True, ""
            continue
        if raw.startswith("#"):
            continue
        value = raw
        if not raw[0].isspace():
            field, _, value = raw.partition(":")
            field = field.strip().lower()
        if field == "uris":
            uris += [AptSource(uri=uri, path=path, line=number) for uri in value.split()]
        elif field == "enabled":
            enabled = value.strip().lower() not in {"no", "false", "0", "off", "without", "disable"}
