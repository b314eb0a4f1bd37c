"""Turns bytes into checked text, and text into a stream of YAML events."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Protocol, cast

from msgspec import Struct

from auditor.errors import DocumentError

if TYPE_CHECKING:
    import yaml

_KIB = 1024
_MIB = 1024 * _KIB

# YAML 1.1, chapter 5: what a stream may hold. Everything else hides text from a human reader.
# Named one by one: to compile what may be there takes twenty times as long.
_NOT_PRINTABLE = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")
_DIRECTIVE = re.compile(r"^%(?:TAG|YAML)", re.MULTILINE)
# An even run of backslashes before it is backslashes escaped, and no part of the escape.
_SURROGATES = re.compile(
    r"(?<!\\)(?P<slashes>(?:\\\\)*)\\u(?P<high>[dD][89abAB][0-9a-fA-F]{2})"
    r"\\u(?P<low>[dD][c-fC-F][0-9a-fA-F]{2})"
)
# libyaml compares each %TAG with all before it: ten thousand of them are a denial of service.
_MOST_DIRECTIVES = 100


class _Parser(Protocol):
    """What the two parsers have in common."""

    def get_event(self) -> yaml.Event | None:
        """Return the next event, or `None` after the last."""


class Limits(Struct, frozen=True, kw_only=True):
    """What a document may cost: `nodes` and `depth` count aliases as if written out."""

    size: int = 16 * _MIB
    nodes: int = 500_000
    depth: int = 100


DEFAULT = Limits()


def read(data: bytes, *, where: str, limits: Limits) -> str:
    """Return the text of a stream: UTF-8, or UTF-16 with a byte order mark.

    Raises `DocumentError` for a stream too large, of another encoding, or with NUL or control
    characters in it.
    """
    if len(data) > limits.size:
        raise DocumentError(
            f"the file is larger than {limits.size} bytes, too large to be read",
            where=f"{where}:1:1",
        )
    text = _decode(data, where)
    bad = _NOT_PRINTABLE.search(text)
    if bad is not None:
        code = ord(bad[0])
        raise DocumentError(
            f"character U+{code:04X} is not allowed in YAML",
            where=_place(text, bad.start(), where),
            hint="Is this a text file?" if code == 0 else "",
        )
    if sum(1 for _ in _DIRECTIVE.finditer(text)) > _MOST_DIRECTIVES:
        raise DocumentError("the file has too many % directives", where=f"{where}:1:1")
    return _pair_surrogates(text)


def _pair_surrogates(text: str) -> str:
    r"""Return JSON text with escaped surrogate pairs as one escape each, as YAML wants them.

    JSON writes a character beyond U+FFFF as two escapes (RFC 8259, section 7); YAML has `\U`
    for it and refuses the halves. Half a pair stays, and is refused.
    """
    if not text.lstrip("\ufeff \t\r\n").startswith(("{", "[")):
        return text

    def join(match: re.Match[str]) -> str:
        high, low = int(match["high"], 16), int(match["low"], 16)
        return f"{match['slashes']}\\U{0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00):08X}"

    return _SURROGATES.sub(join, text)


def events(text: str, *, where: str) -> Iterator[yaml.Event]:
    """Yield the events of checked text, by libyaml where PyYAML was built with it.

    Events are safe where PyYAML's own C composer is not: that one recurses in C, and crashes
    the interpreter on 50,000 opening brackets. Here the consumer stops at its depth limit.
    """
    from yaml import YAMLError

    # The C parser raises ValueError of its own making for some damaged input.
    try:
        parser = _parser(text)
        while (event := parser.get_event()) is not None:
            yield event
    except (YAMLError, ValueError) as error:
        raise _document_error(error, where) from error


def _parser(text: str) -> _Parser:
    """Return libyaml's parser, or the slower pure one that reads the same language."""
    try:
        from yaml._yaml import CParser
    except ImportError:
        from auditor.yamldoc.pure import PureParser

        return cast("_Parser", PureParser(text))
    return cast("_Parser", CParser(text))


def _decode(data: bytes, where: str) -> str:
    if data.startswith((b"\xff\xfe\x00\x00", b"\x00\x00\xfe\xff")):
        raise DocumentError("the file is UTF-32", where=f"{where}:1:1", hint="Save it as UTF-8")
    wide = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    encoding = "utf-16" if wide else "utf-8"
    try:
        return data.decode(encoding).removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        before = data[: error.start].decode(encoding, "replace")
        raise DocumentError(
            f"the file is not valid {encoding.upper()}",
            where=_place(before, len(before), where),
            hint="Save it as UTF-8",
        ) from error


def _place(text: str, position: int, where: str) -> str:
    line = text.count("\n", 0, position) + 1
    column = position - (text.rfind("\n", 0, position) + 1) + 1
    return f"{where}:{line}:{column}"


def _document_error(error: Exception, where: str) -> DocumentError:
    from yaml import MarkedYAMLError

    if not isinstance(error, MarkedYAMLError):
        return DocumentError(f"this is not YAML: {error!s:.200}", where=f"{where}:1:1")
    mark = error.problem_mark or error.context_mark
    words = ", ".join(part for part in (error.context, error.problem) if part)
    place = f"{where}:{mark.line + 1}:{mark.column + 1}" if mark else f"{where}:1:1"
    return DocumentError(f"this is not YAML: {words}", where=place)
