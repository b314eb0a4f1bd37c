"""Tells the types that an expression meets: those of records, of the site and of parameters."""

from __future__ import annotations

from functools import cache

from msgspec import Struct, inspect

from auditor.evidence import KINDS, Site


class Shape(Struct, frozen=True, kw_only=True):
    """A type: `base` is CEL's name of it, `struct` for a record or a part of one.

    `optional` is true where null (could not be read) is possible, `choices` are the only texts
    that a closed vocabulary knows, `fields` those of a struct, `element` that of a list.
    """

    base: str
    optional: bool = False
    choices: tuple[str, ...] = ()
    element: Shape | None = None
    fields: tuple[tuple[str, Shape], ...] = ()

    def field(self, name: str) -> Shape | None:
        """Return the shape of a field, or `None` where there is no such field."""
        return next((shape for known, shape in self.fields if known == name), None)

    def __str__(self) -> str:
        """Return the type as a rule's author would write it."""
        text = f"list({self.element})" if self.base == "list" and self.element else self.base
        return f"{text} or null" if self.optional else text


BOOL = Shape(base="bool")
INT = Shape(base="int")
DOUBLE = Shape(base="double")
STRING = Shape(base="string")
NULL = Shape(base="null")
ANY = Shape(base="any")
IP = Shape(base="ip")
CIDR = Shape(base="cidr")
URL = Shape(base="url")

_PLAIN = {
    inspect.BoolType: BOOL,
    inspect.IntType: INT,
    inspect.FloatType: DOUBLE,
    inspect.StrType: STRING,
}
# What a pack may declare a parameter to be.
PARAMETER_SHAPES = {
    "bool": BOOL,
    "int": INT,
    "string": STRING,
    "list(string)": Shape(base="list", element=STRING),
    "list(int)": Shape(base="list", element=INT),
}


@cache
def kind_shape(kind: str) -> Shape:
    """Return the shape of the records of one kind."""
    return _shape(inspect.type_info(KINDS[kind]))


@cache
def site_shape() -> Shape:
    """Return the shape of the declared site."""
    return _shape(inspect.type_info(Site))


def _shape(info: inspect.Type) -> Shape:
    """Return the shape of a msgspec type."""
    match info:
        case inspect.UnionType(types=types):
            return _union_shape(types)
        case inspect.StructType(fields=fields):
            parts = tuple((field.encode_name, _shape(field.type)) for field in fields)
            return Shape(base="struct", fields=parts)
        case inspect.VarTupleType(item_type=item):
            return Shape(base="list", element=_shape(item))
        case inspect.LiteralType(values=values):
            return Shape(base="string", choices=tuple(str(value) for value in values))
        case inspect.BoolType() | inspect.IntType() | inspect.FloatType() | inspect.StrType():
            return _PLAIN[type(info)]
        case _:
            raise TypeError(f"a record has a field of a type that rules do not know: {info}")


def _union_shape(types: tuple[inspect.Type, ...]) -> Shape:
    """Return the shape of `X | None`."""
    kept = [info for info in types if not isinstance(info, inspect.NoneType)]
    if len(kept) != 1:
        raise TypeError(f"a record has a field of several types: {types}")
    shape = _shape(kept[0])
    return Shape(
        base=shape.base,
        optional=len(kept) < len(types),
        choices=shape.choices,
        element=shape.element,
        fields=shape.fields,
    )
