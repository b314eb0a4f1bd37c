"""Writes pickles opcode by opcode, so that tests can write what no pickler would."""

from __future__ import annotations

import struct

MARK, STOP, POP, DUP, NONE = b"(", b".", b"0", b"2", b"N"
REDUCE, BUILD, NEWOBJ, OBJ = b"R", b"b", b"\x81", b"o"
EMPTY_TUPLE, EMPTY_DICT, EMPTY_LIST, EMPTY_SET = b")", b"}", b"]", b"\x8f"
TUPLE, TUPLE1, TUPLE2, TUPLE3 = b"t", b"\x85", b"\x86", b"\x87"
SETITEM, SETITEMS, APPEND, APPENDS, ADDITEMS = b"s", b"u", b"a", b"e", b"\x90"
STACK_GLOBAL, MEMOIZE, BINPERSID = b"\x93", b"\x94", b"Q"
TRUE, FALSE = b"\x88", b"\x89"


def proto(version: int) -> bytes:
    return b"\x80" + bytes((version,))


def frame(body: bytes) -> bytes:
    return b"\x95" + struct.pack("<Q", len(body)) + body


def text(value: str) -> bytes:
    raw = value.encode("utf-8", "surrogatepass")
    return b"\x8c" + bytes((len(raw),)) + raw if len(raw) < 256 else longer(raw)


def longer(raw: bytes) -> bytes:
    return b"X" + struct.pack("<I", len(raw)) + raw


def raw(value: bytes) -> bytes:
    return b"B" + struct.pack("<I", len(value)) + value


def number(value: int) -> bytes:
    if 0 <= value < 256:
        return b"K" + bytes((value,))
    if -(1 << 31) <= value < 1 << 31:
        return b"J" + struct.pack("<i", value)
    size = value.bit_length() // 8 + 1
    return b"\x8a" + bytes((size,)) + value.to_bytes(size, "little", signed=True)


def lines(module: str, name: str) -> bytes:
    return b"c" + module.encode() + b"\n" + name.encode() + b"\n"


def named(module: str, name: str) -> bytes:
    return text(module) + text(name) + STACK_GLOBAL


def tuple_of(*parts: bytes) -> bytes:
    return MARK + b"".join(parts) + TUPLE


def dict_of(**parts: bytes) -> bytes:
    return EMPTY_DICT + MARK + b"".join(text(k) + v for k, v in parts.items()) + SETITEMS


def call(callee: bytes, *arguments: bytes) -> bytes:
    return callee + tuple_of(*arguments) + REDUCE


def new(made: bytes, *arguments: bytes) -> bytes:
    return made + tuple_of(*arguments) + NEWOBJ


def get(index: int) -> bytes:
    return b"h" + bytes((index,))


def put(index: int) -> bytes:
    return b"q" + bytes((index,))


def whole(*parts: bytes, version: int = 4) -> bytes:
    return proto(version) + b"".join(parts) + STOP


# NumPy


def dtype(name: str) -> bytes:
    return call(named("numpy", "dtype"), text(name), FALSE, TRUE)


def dtype_state(
    target: bytes, *, flags: int = 0, names: bytes = NONE, fields: bytes = NONE,
    subarray: bytes = NONE, size: int = -1, alignment: int | None = None,
) -> bytes:  # fmt: skip
    state = tuple_of(
        number(3),
        text("|"),
        subarray,
        names,
        fields,
        number(size),
        number(alignment if alignment is not None else min(size, 1)),
        number(flags),
    )
    return target + state + BUILD


def array(shape: tuple[int, ...], kind: bytes, contents: bytes) -> bytes:
    made = call(
        named("numpy._core.multiarray", "_reconstruct"),
        named("numpy", "ndarray"), tuple_of(number(0)), raw(b"b"),
    )  # fmt: skip
    sizes = tuple_of(*(number(size) for size in shape))
    return made + tuple_of(number(1), sizes, kind, FALSE, contents) + BUILD


def wrapper(shape: tuple[int, ...], kind: bytes, *, alignment: bytes | None = None) -> bytes:
    """Return joblib's wrapper, after which the array's bytes come."""
    members = {
        "subclass": named("numpy", "ndarray"),
        "shape": tuple_of(*(number(size) for size in shape)),
        "order": text("C"),
        "dtype": kind,
        "allow_mmap": TRUE,
    }
    if alignment is not None:
        members["numpy_array_alignment_bytes"] = alignment
    made = named("joblib.numpy_pickle", "NumpyArrayWrapper") + EMPTY_TUPLE + NEWOBJ
    return made + dict_of(**members) + BUILD


# PyTorch


def storage(key: str, kind: str, elements: int, *more: bytes) -> bytes:
    return (
        tuple_of(
            text("storage"), named("torch", kind), text(key), text("cpu"), number(elements), *more
        )
        + BINPERSID
    )


def tensor(stored: bytes, offset: int, size: tuple[int, ...], stride: tuple[int, ...]) -> bytes:
    return call(
        named("torch._utils", "_rebuild_tensor_v2"),
        stored, number(offset), tuple_of(*map(number, size)), tuple_of(*map(number, stride)),
        FALSE, call(named("collections", "OrderedDict")),
    )  # fmt: skip
