"""Writes protocol buffers that stand as text in their wire format, as far as a schema names them.

The notation is that of protobuf.dev/reference/protobuf/textformat-spec.
"""

from __future__ import annotations

import re
from array import array
from bisect import bisect_right
from collections.abc import Mapping

from auditor.formats._budget import Budget
from auditor.formats._errors import FormatError
from auditor.formats._protobuf import BYTES, MAX_NESTING, VARINT

MOST = 64 << 20
_SHOWN = 60
_MOST_UNKNOWN = 20
_BLANKS = rb"(?:[ \t\r\n\v\f]++|\#[^\n]*+)*+"
_TOKEN = re.compile(
    _BLANKS
    + rb"""(?:(?P<word>[A-Za-z_][A-Za-z0-9_]*+)
    |(?P<text>"[^"\\\n]*+(?:\\.[^"\\\n]*+)*+"|'[^'\\\n]*+(?:\\.[^'\\\n]*+)*+')
    |(?P<number>-?[ \t]*+[0-9.][0-9A-Za-z.]*+(?:(?<=[eE])[+-][0-9]++[fF]?)?|-[ \t]*+[A-Za-z]++)
    |(?P<sign>[][{}<>:,;/]))""",
    re.DOTALL | re.VERBOSE,
)
FIRST = re.compile(_BLANKS + rb"(?P<word>[A-Za-z_][A-Za-z0-9_]*+)" + _BLANKS + rb"(?P<sign>[:{<])")
_ESCAPE = re.compile(
    rb"\\(?:x([0-9A-Fa-f]{1,2})|([0-7]{1,3})|u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|(.))", re.DOTALL
)
_LETTERS = {
    b"a": b"\a", b"b": b"\b", b"f": b"\f", b"n": b"\n", b"r": b"\r", b"t": b"\t", b"v": b"\v",
    b"?": b"?", b"\\": b"\\", b"'": b"'", b'"': b'"',
}  # fmt: skip
_QUOTES = (b'"', b"'")
_CLOSES = {b"{": b"}", b"<": b">"}
# A length is written in so many bytes, whatever it is: it is known at the message's end.
_LENGTH = 5

# A message's fields by their names: the number, and what it is: `text`, `number` (an enumeration's
# word too), `nothing` for what is left out, or the message of that name.
Schema = Mapping[str, Mapping[str, tuple[int, str]]]


class Written:
    """A message in its wire format, and where its parts stood in the text.

    `unknown` are message, field and place of what the schema does not name in `closed` messages.
    """

    def __init__(self) -> None:
        """Start with nothing written."""
        self.wire = bytearray()
        self.unknown: list[tuple[str, str, int]] = []
        self._wire_places = array("Q")
        self._text_places = array("Q")

    def place(self, offset: int) -> int:
        """Return the place in the text of what begins at an offset of the wire format."""
        index = bisect_right(self._wire_places, offset) - 1
        return self._text_places[index] if offset >= 0 <= index else -1

    def varint(self, number: int, value: int, at: int) -> None:
        """Write a number."""
        self._tag(number, VARINT)
        self._mark(at)
        self.wire += _varint(value)

    def octets(self, number: int, value: bytes, at: int) -> None:
        """Write a text."""
        self._tag(number, BYTES)
        self.wire += _varint(len(value))
        self._mark(at)
        self.wire += value

    def begin(self, number: int, at: int) -> int:
        """Begin a message, and return where."""
        self._tag(number, BYTES)
        self.wire += bytes(_LENGTH)
        self._mark(at)
        return len(self.wire)

    def end(self, begun: int) -> None:
        """End the message that began there."""
        length = len(self.wire) - begun
        for index in range(_LENGTH):
            more = 0x80 if index < _LENGTH - 1 else 0
            self.wire[begun - _LENGTH + index] = (length >> (7 * index)) & 0x7F | more

    def _tag(self, number: int, wire: int) -> None:
        self.wire += _varint(number << 3 | wire)

    def _mark(self, at: int) -> None:
        self._wire_places.append(len(self.wire))
        self._text_places.append(at)


class Text:
    """A message that stands as text."""

    def __init__(
        self, data: bytes, budget: Budget, schema: Schema, enums: Mapping[str, int],
        closed: frozenset[str],
    ) -> None:  # fmt: skip
        """Read `data` by a schema; `enums` are the words that stand for numbers."""
        self._data = data
        self._budget = budget
        self._schema = schema
        self._enums = enums
        self._closed = closed
        self._at = 0
        self._begun = 0
        self._out = Written()

    def written(self, message: str) -> Written:
        """Return the message of that name in its wire format; raises `FormatError`."""
        self._fields(message, b"", 0)
        return self._out

    def _next(self) -> tuple[str, bytes]:
        """Return kind and bytes of the next token, nothing at the end."""
        match = _TOKEN.match(self._data, self._at)
        self._budget.step(2)
        if match is None:
            rest = re.compile(_BLANKS).match(self._data, self._at)
            self._begun = self._at = rest.end() if rest else self._at
            if self._at < len(self._data):
                raise self._broken("this is no token of the text format")
            return "", b""
        kind = match.lastgroup or ""
        self._begun, self._at = match.start(kind), match.end()
        return kind, match[kind]

    def _peek(self) -> bytes:
        kept, begun = self._at, self._begun
        _, token = self._next()
        self._at, self._begun = kept, begun
        return token

    def _broken(self, detail: str) -> FormatError:
        return FormatError(detail, offset=self._begun)

    def _fields(self, message: str, close: bytes, depth: int) -> None:
        """Read fields up to a sign, or to the end of all."""
        if depth > MAX_NESTING:
            raise FormatError(
                f"messages lie more than {MAX_NESTING} deep in each other", "limit",
                rule="limit-depth", offset=self._begun,
            )  # fmt: skip
        while True:
            kind, token = self._next()
            if kind == "sign" and token in b",;":
                continue
            if token == close:
                return
            if kind == "word":
                name = token.decode()
            elif token == b"[":
                name = self._extension()
            else:
                raise self._broken("a field has no name, or a message has no end")
            self._field(message, name, depth)

    def _extension(self) -> str:
        begun = self._begun
        while (token := self._next()[1]) != b"]":
            if not token:
                raise self._broken("the name of an extension has no end")
        return self._data[begun : begun + _SHOWN].decode("latin-1")

    def _field(self, message: str, name: str, depth: int) -> None:
        begun = self._begun
        number, kind = self._schema.get(message, {}).get(name, (0, "nothing"))
        if not number and message in self._closed and len(self._out.unknown) < _MOST_UNKNOWN:
            self._out.unknown.append((message, name[:_SHOWN], begun))
        colon = self._peek() == b":"
        if colon:
            self._next()
        if self._peek() != b"[":
            self._value(number, kind, depth, colon=colon)
            return
        self._next()
        while self._peek() != b"]":
            self._value(number, kind, depth, colon=colon)
            if self._peek() not in (b",", b"]"):
                raise self._broken("a list has no end")
            if self._peek() == b",":
                self._next()
        self._next()

    def _value(self, number: int, kind: str, depth: int, *, colon: bool) -> None:
        form, token = self._next()
        begun = self._begun
        if token in _CLOSES:
            if kind in ("text", "number"):
                raise self._broken("a message stands where a text or a number has to be")
            inner = self._out.begin(number, begun) if number else 0
            self._fields("" if kind == "nothing" else kind, _CLOSES[token], depth + 1)
            if number:
                self._out.end(inner)
        elif not colon or form in ("sign", ""):
            raise self._broken("a field has no value")
        elif kind == "nothing":
            while form == "text" and self._peek()[:1] in _QUOTES:
                self._next()
        elif kind != ("text" if form == "text" else "number"):
            raise self._broken("a field's value is of another kind than the field")
        elif form == "text":
            self._out.octets(number, self._joined(token), begun)
        else:
            self._out.varint(number, self._number(token), begun)

    def _joined(self, token: bytes) -> bytes:
        """Return a text without its escapes, with those that stand right behind it."""
        parts = [_unescaped(token[1:-1])]
        while self._peek()[:1] in _QUOTES:
            parts.append(_unescaped(self._next()[1][1:-1]))
        return b"".join(parts)

    def _number(self, token: bytes) -> int:
        word = token.decode("latin-1").replace(" ", "").replace("\t", "")
        if word in self._enums:
            return self._enums[word]
        digits = word.lstrip("-")
        octal = len(digits) > 1 and digits[0] == "0" and digits.isdigit()
        try:
            return int(word, 8 if octal else 0)
        except ValueError:
            # A word of a newer version: no number type that is known.
            return 0


def _varint(value: int) -> bytes:
    value %= 1 << 64
    out = bytearray()
    while value > 0x7F:  # noqa: PLR2004 - what fits the last byte
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def _unescaped(text: bytes) -> bytes:
    return _ESCAPE.sub(_escape, text) if b"\\" in text else text


def _escape(match: re.Match[bytes]) -> bytes:
    hexadecimal, octal, short, long, letter = match.groups()
    if hexadecimal or octal:
        return bytes((int(hexadecimal or octal, 16 if hexadecimal else 8) & 0xFF,))
    if short or long:
        return chr(min(int(short or long, 16), 0x10FFFF)).encode("utf-8", "surrogatepass")
    return _LETTERS.get(letter, b"\\" + letter)
