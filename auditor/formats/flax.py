"""Reads Flax's trees of arrays in MessagePack: nothing is called but the makers of arrays.

flax/serialization.py: extension 1 is an array, 2 a complex number, 3 a number of NumPy's; an
array is `[shape, name of its number type, bytes]`, in MessagePack again.
"""

from __future__ import annotations

import math

from auditor.formats import (
    Budget,
    Context,
    FormatError,
    Inspection,
    ModelFormat,
    ModelHeader,
    Part,
    View,
    by_share,
)
from auditor.formats._gathered import Gathered
from auditor.formats._msgpack import Item, item_at, items

_ARRAY, _COMPLEX, _SCALAR = 1, 2, 3
# Number types by the names that NumPy and JAX have for them, and bytes of an element.
_TYPES = {
    "float64": ("F64", 8), "float32": ("F32", 4), "float16": ("F16", 2), "bfloat16": ("BF16", 2),
    "int64": ("I64", 8), "int32": ("I32", 4), "int16": ("I16", 2), "int8": ("I8", 1),
    "uint64": ("U64", 8), "uint32": ("U32", 4), "uint16": ("U16", 2), "uint8": ("U8", 1),
    "bool": ("BOOL", 1), "complex64": ("C64", 8), "complex128": ("C128", 16), "int4": ("I4", 1),
    "uint4": ("U4", 1), "int2": ("I2", 1), "uint2": ("U2", 1), "float8_e4m3fn": ("F8_E4M3", 1),
    "float8_e4m3": ("F8_E4M3", 1), "float8_e5m2": ("F8_E5M2", 1), "float8_e3m4": ("F8_E3M4", 1),
    "float8_e4m3fnuz": ("F8_E4M3FNUZ", 1), "float8_e5m2fnuz": ("F8_E5M2FNUZ", 1),
    "float8_e4m3b11fnuz": ("F8_E4M3B11FNUZ", 1), "float8_e8m0fnu": ("F8_E8M0", 1),
    "float4_e2m1fn": ("F4", 1),
}  # fmt: skip
_MAPS = (*range(0x81, 0x90), 0xDE, 0xDF)
_TREE = bytes(_MAPS)
_LONGEST_NAME = 40
_MOST_AXES = 64
# So many items from its beginning on a tree shows its first array, or is taken for none.
_TRIED = 400
# Steps for an array.
_READ = 12


def recognises(head: bytes, view: View) -> bool:
    """Return whether it is a table by names whose first array is one as Flax writes them."""
    if not head or head[0] not in _TREE:
        return False
    budget = Budget()
    budget.steps = _TRIED
    try:
        for item in items(view, budget):
            if item.key and item.kind != "text":
                return False
            if item.kind == "extension" and item.code != _COMPLEX:
                return item.code in (_ARRAY, _SCALAR) and _shape_of(view, item) is not None
    except FormatError:
        return False
    return False


def inspect(view: View, context: Context) -> Inspection:
    """Return what the arrays are; raises `FormatError` where the tree is cut or not in order."""
    gathered = Gathered()
    gathered.producer = "Flax"
    try:
        for item in items(view, context.budget):
            _judge(view, item, context, gathered)
    except FormatError as error:
        gathered.tell_error(error, context, "flax")
    header = ModelHeader(
        parameters=sum(gathered.elements.values()), precision=by_share(gathered.elements),
        tensors=gathered.tensors, producer=gathered.producer,
    )  # fmt: skip
    return gathered.inspection("flax", "weights", header)


def _judge(view: View, item: Item, context: Context, gathered: Gathered) -> None:
    if item.key and item.kind != "text":
        raise FormatError("a name in the tree is no text", rule="flax-name", offset=item.begin)
    if item.kind == "bytes" and item.length:
        # Whoever put them there may load them.
        gathered.add(context.nested(Part(view, item.begin, item.length), f"bytes at {item.begin}"))
    if item.kind != "extension":
        return
    context.budget.step(_READ)
    if item.code == _COMPLEX:
        _check_complex(view, item)
    elif item.code in (_ARRAY, _SCALAR):
        label, elements = _array(view, item)
        gathered.count([(label, elements)], 1)
    else:
        detail = f"an extension of type {item.code}, which Flax does not know"
        told = context.reason("flax-extension", "not-inspectable", detail, offset=item.begin)
        gathered.tell([told])


def _array(view: View, item: Item) -> tuple[str, int]:
    """Return number type and elements of an array; raises `FormatError`."""
    found = _shape_of(view, item)
    if found is None:
        raise FormatError("an array is none", rule="flax-array", offset=item.begin)
    shape, name, length = found
    if name not in _TYPES:
        detail = f"the number type {name!r} is not known"
        raise FormatError(detail, "unsupported", rule="flax-type", offset=item.begin)
    label, width = _TYPES[name]
    elements = math.prod(shape)
    if elements * width != length:
        detail = f"an array of {elements} elements ({label}) has {length} bytes"
        raise FormatError(detail, rule="flax-array", offset=item.begin)
    return label, elements


def _shape_of(view: View, item: Item) -> tuple[list[int], str, int] | None:
    """Return an array's shape, the name of its number type, and how many bytes it has."""
    inside = Part(view, item.begin, item.length)
    outer = item_at(inside, 0)
    if outer.kind != "array" or outer.length != 3:  # noqa: PLR2004 - shape, name, bytes
        return None
    axes = item_at(inside, outer.end)
    if axes.kind != "array" or axes.length > _MOST_AXES:
        return None
    shape: list[int] = []
    at = axes.end
    for _ in range(axes.length):
        axis = item_at(inside, at)
        if axis.kind != "number" or not isinstance(axis.number, int) or axis.number < 0:
            return None
        shape.append(axis.number)
        at = axis.end
    name = item_at(inside, at)
    if name.kind != "text" or name.length > _LONGEST_NAME:
        return None
    content = item_at(inside, name.end)
    if content.kind != "bytes" or content.end != inside.size:
        return None
    text = inside.at(name.begin, name.length).decode("ascii", "backslashreplace")
    return shape, text, content.length


def _check_complex(view: View, item: Item) -> None:
    inside = Part(view, item.begin, item.length)
    outer = item_at(inside, 0)
    if outer.kind == "array" and outer.length == 2:  # noqa: PLR2004 - real and imaginary part
        real = item_at(inside, outer.end)
        imaginary = item_at(inside, real.end)
        if real.kind == imaginary.kind == "number" and imaginary.end == inside.size:
            return
    raise FormatError("a complex number is none", rule="flax-complex", offset=item.begin)


# Rank 9: what is a pickle as well is judged as one.
FORMAT = ModelFormat(title="Flax", recognises=recognises, inspect=inspect, rank=9, begins=_TREE)
