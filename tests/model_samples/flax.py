from __future__ import annotations


def text(value: str) -> bytes:
    return bytes([0xA0 | len(value)]) + value.encode()


def array(shape=(2, 2), name="float32", data=bytes(16), code=1) -> bytes:
    axes = bytes([0x90 | len(shape), *shape])
    inside = b"\x93" + axes + text(name) + b"\xc4" + bytes([len(data)]) + data
    return b"\xc7" + bytes([len(inside), code]) + inside


def tree(**values: bytes) -> bytes:
    pairs = (text(name) + value for name, value in values.items())
    return bytes([0x80 | len(values)]) + b"".join(pairs)


def sample() -> bytes:
    return tree(params=tree(bias=array((2,), data=bytes(8)), kernel=array()), step=b"\x07")
