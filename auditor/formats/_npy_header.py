"""Parses the header of NumPy's array files: a Python literal, without Python's parser."""

from __future__ import annotations

import math
import re
from typing import NamedTuple

from auditor.formats._errors import FormatError
from auditor.formats._npy_types import Dtype, simple

_TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\")|(?P<number>\d{1,20})L?"
    r"|(?P<word>True|False|None)|(?P<sign>[{}\[\](),:]))"
)
_MAX_TOKENS = 100_000
_MAX_DEPTH = 20
_MAX_RANK = 64
_LARGEST = 1 << 62
_KEYS = {"descr", "fortran_order", "shape"}
_CLOSES = {"{": "}", "[": "]", "(": ")"}
Value = str | int | bool | None | list["Value"] | tuple["Value", ...] | dict[str, "Value"]


class Header(NamedTuple):
    """What a header says: the format's version, the number type and the shape's product."""

    version: str
    dtype: Dtype
    elements: int


def read(text: str, version: str) -> Header:
    """Return what a header says; raises `FormatError`.

    It is a dict of `descr`, `fortran_order` and `shape`, in any order (numpy/lib/format.py).
    """
    value = _Parser(text).whole()
    if not isinstance(value, dict) or set(value) != _KEYS:
        raise FormatError("the header is not a dict of descr, fortran_order and shape")
    shape = value["shape"]
    if not isinstance(shape, tuple) or len(shape) > _MAX_RANK:
        raise FormatError("the shape is no tuple")
    sizes = [size for size in shape if type(size) is int]
    elements = math.prod(sizes)
    if (
        len(sizes) != len(shape)
        or elements > _LARGEST
        or not isinstance(value["fortran_order"], bool)
    ):
        raise FormatError("the shape or the order is not what it has to be")
    return Header(version, dtype_of(value["descr"], 0), elements)


def dtype_of(value: Value, depth: int) -> Dtype:
    """Return the number type that a `descr` is: a short name, or a list of fields."""
    if isinstance(value, str):
        found = simple(value)
        if found is None:
            raise FormatError(f"the number type {value[:40]!r} is not known", "unsupported")
        return found
    if isinstance(value, tuple) and len(value) == 2:  # noqa: PLR2004 - a type and its shape
        inner = dtype_of(value[0], depth + 1)
        return inner._replace(size=inner.size * _product(value[1]))
    if not isinstance(value, list) or not value or depth > _MAX_DEPTH:
        raise FormatError("the number type is no name and no list of fields")
    size, objects = 0, False
    for field in value:
        if not isinstance(field, tuple) or len(field) not in (2, 3):
            raise FormatError("a field of the number type is none")
        inner = dtype_of(field[1], depth + 1)
        size += inner.size * (_product(field[2]) if len(field) > 2 else 1)  # noqa: PLR2004
        objects = objects or inner.objects
    return Dtype("V", size, objects=objects, label="V")


def _product(value: Value) -> int:
    sizes = value if isinstance(value, tuple) else (value,)
    product = 1
    for size in sizes:
        if type(size) is not int:
            raise FormatError("a field's shape is none")
        product *= size
        if product > _LARGEST:
            raise FormatError("an element is larger than any file")
    return product


class _Parser:
    """A literal of texts, natural numbers, tuples, lists and dicts."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._offset = 0
        self._left = _MAX_TOKENS

    def whole(self) -> Value:
        value = self._value(self._next(), 0)
        if self._text[self._offset :].strip(" \n\t"):
            raise FormatError("something follows the header's dict", rule="npy-header")
        return value

    def _next(self) -> str:
        match = _TOKEN.match(self._text, self._offset)
        self._left -= 1
        if match is None or self._left < 0:
            raise FormatError("the header is no literal of Python")
        self._offset = match.end()
        return match[0].strip()

    def _value(self, word: str, depth: int) -> Value:
        if depth > _MAX_DEPTH:
            raise FormatError("the header is nested too deeply", "limit")
        if word[0] in "'\"":
            return word[1:-1].replace("\\'", "'").replace("\\\\", "\\")
        if word[0].isdigit():
            return int(word.rstrip("L"))
        if word in ("True", "False", "None"):
            return None if word == "None" else word == "True"
        if word == "{":
            return self._dict(depth)
        if word in "([":
            items, commas = self._items(_CLOSES[word], depth)
            if word == "[":
                return items
            return items[0] if len(items) == 1 and not commas else tuple(items)
        raise FormatError("the header is no literal of Python")

    def _items(self, close: str, depth: int) -> tuple[list[Value], int]:
        items: list[Value] = []
        commas = 0
        while True:
            word = self._next()
            if word == close:
                return items, commas
            items.append(self._value(word, depth + 1))
            word = self._next()
            if word == close:
                return items, commas
            if word != ",":
                raise FormatError("the header is no literal of Python")
            commas += 1

    def _dict(self, depth: int) -> dict[str, Value]:
        members: dict[str, Value] = {}
        while True:
            word = self._next()
            if word == "}":
                return members
            if word[0] not in "'\"" or word[1:-1] in members or self._next() != ":":
                raise FormatError("a name in the header is none, or stands there twice")
            members[word[1:-1]] = self._value(self._next(), depth + 1)
            word = self._next()
            if word == "}":
                return members
            if word != ",":
                raise FormatError("the header is no literal of Python")
