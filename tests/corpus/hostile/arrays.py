"""Class 11: NumPy's arrays end to end, one of which is a program or followed by one."""

from __future__ import annotations

from collections.abc import Iterator

from tests.corpus._case import Case
from tests.corpus._ops import attack

LINE = b'{"in_size": 2, "depth": 2}\n'
REFERENCE = "equinox/_serialisation.py"


def array(descr: str, shape: str, data: bytes) -> bytes:
    text = f"{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}".ljust(117) + "\n"
    return b"\x93NUMPY\1\0" + len(text).to_bytes(2, "little") + text.encode() + data


def _sequences() -> Iterator[tuple[str, bytes, str]]:
    floats = array("<f4", "(2,)", bytes(8))
    bad = array("|O", "(1,)", attack())
    yield "objects_first", bad + floats, "the first array is a pickle that makes the call"
    yield "objects_in_the_middle", floats + bad + floats, "an array in the middle makes the call"
    yield "objects_last", floats * 3 + bad, "the last array is a pickle that makes the call"
    yield "objects_behind_blanks", floats + bad + b"\n" + floats, "the call, and a byte too many"
    yield "pickle_between", floats + attack() + floats, "a pickle between two arrays"
    yield "pickle_behind", floats * 2 + attack(), "a pickle behind the last array"
    yield (
        "shape_too_short",
        floats + array("<f4", "(1,)", attack()),
        "more bytes than the shape has",
    )
    hidden = array("|O", "(0,)", attack()) + floats
    yield "objects_of_no_element", hidden, "an array of nothing has its pickle all the same"


def cases() -> Iterator[Case]:
    for label, data, why in _sequences():
        yield Case(f"npy_sequence_{label}", data, "11", REFERENCE, why)
        yield Case(f"equinox_{label}", LINE + data, "11", REFERENCE, why)
    behind = attack() + b"\n" + array("<f4", "(1,)", bytes(4))
    yield Case("equinox_pickle_as_its_line", behind, "11", REFERENCE, "the first line is a pickle")
