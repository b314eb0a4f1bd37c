from __future__ import annotations

from tests.pickle_ops import APPENDS, EMPTY_LIST, MARK, dtype, number, text, whole, wrapper


def sample() -> bytes:
    """Return a list of an array of 2 × 3 floats and a word."""
    array = wrapper((2, 3), dtype("f4"), alignment=number(16)) + b"\x01\xff" + b"\0" * 24
    return whole(EMPTY_LIST, MARK, array, text("x"), APPENDS)
