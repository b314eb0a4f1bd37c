"""The values on a symbolic pickle machine's stack: what was written, never what it would become."""

from __future__ import annotations

from auditor.formats._pickle_tables import Entry


class Raw:
    """Bytes that were written literally, by their place in the view."""

    __slots__ = ("length", "offset")

    def __init__(self, offset: int, length: int) -> None:
        """Name `length` bytes from `offset` on."""
        self.offset = offset
        self.length = length


class Changeable(Raw):
    """A byte array: bytes without a hash."""

    __slots__ = ()


class Text(Raw):
    """A text too long to keep, by the place of its UTF-8."""

    __slots__ = ()


class Line(Text):
    """A long text of protocol 0, by the place of its escapes; `letters` is -1 where unknown."""

    __slots__ = ("letters",)

    def __init__(self, offset: int, length: int, letters: int) -> None:
        """Name `length` bytes of escapes from `offset` on, which are `letters` characters."""
        super().__init__(offset, length)
        self.letters = letters


class Quoted(Raw):
    """A long text of Python 2, which is bytes, by the place of its escapes; `letters` as above."""

    __slots__ = ("letters",)

    def __init__(self, offset: int, length: int, letters: int) -> None:
        """Name `length` bytes of escapes from `offset` on, which are `letters` bytes."""
        super().__init__(offset, length)
        self.letters = letters


class Encoded:
    """The bytes that `_codecs.encode` makes of a text in an encoding."""

    __slots__ = ("codec", "text")

    def __init__(self, text: str | Text, codec: str) -> None:
        """Keep the text and the codec's name."""
        self.text = text
        self.codec = codec


class List(list[object]):
    """A list that the stream fills."""

    __slots__ = ()


class Dict(list[object]):
    """A dict that the stream fills: key, value, key, value …, as they were set."""

    __slots__ = ()


class Set(list[object]):
    """A set, its elements as they were added."""

    __slots__ = ()


class Frozen(Set):
    """A frozen set."""

    __slots__ = ()


class Global:
    """Something that is imported, in `full`; `entry` is what a table says of it, `None` none."""

    __slots__ = ("entry", "full", "module", "name")

    def __init__(self, module: str, name: str, entry: Entry | None) -> None:
        """Keep the name and the entry."""
        self.module = module
        self.name = name
        self.entry = entry
        self.full = f"{module}.{name}"


class Unkept(Global):
    """An import that may be called or handed over, never kept: whoever gets it might call it."""

    __slots__ = ()


class Holding(tuple[object, ...]):  # noqa: SLOT001 - a tuple can have no slots
    """A tuple with an `Unkept` somewhere in it; `told` once that is known of it."""

    told = False


def tuple_of(values: list[object]) -> tuple[object, ...]:
    """Return a tuple of values."""
    return tuple(values) if NOT_KEPT.isdisjoint(map(type, values)) else Holding(values)


class Obj:
    """What a call of a global gives; `facts` is what the checks know of it (a dtype, a size)."""

    __slots__ = ("built", "facts", "made_by")

    def __init__(self, made_by: Global, facts: object = None) -> None:
        """Keep the global that was called."""
        self.made_by = made_by
        self.facts = facts
        self.built = False


class Opaque:
    """A value that nothing is known of: the reason already lies with the machine."""

    __slots__ = ()


OPAQUE = Opaque()
NOT_KEPT = frozenset((Unkept, Holding))
Plain = None | bool | int | float | str | Raw | Encoded


def is_plain(value: object) -> bool:
    """Return whether a value is a constant: a number, a text, bytes, `None`."""
    return value is None or isinstance(value, (int, float, str, Raw, Encoded))
