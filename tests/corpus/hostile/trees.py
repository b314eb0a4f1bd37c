"""Class 11: trees of MessagePack, as Flax keeps a model, with a pickle where no array lies."""

from __future__ import annotations

from collections.abc import Iterator

from tests.corpus._case import Case
from tests.corpus._ops import attack
from tests.model_samples.flax import array, text, tree


def _trees() -> Iterator[tuple[str, bytes, str]]:
    weight, bad = array(), attack()
    sized = bytes([len(bad)])
    yield "pickle_behind", tree(w=weight) + bad, "a pickle behind the tree"
    yield "pickle_as_bytes", tree(w=weight, v=b"\xc4" + sized + bad), "a pickle among the values"
    other = b"\xc7" + sized + b"\x05" + bad
    yield "pickle_as_an_extension", tree(w=weight, v=other), "an extension that Flax does not know"
    objects = array((1,), "object", bad[:8])
    yield "array_of_objects", tree(w=weight, v=objects), "an array of objects"
    longer = array((2,), "int8", bad)
    yield "array_longer_than_its_shape", tree(w=weight, v=longer), "bytes that no element takes"
    words = b"a" * 158 + b"0" + bad[2:]
    first = text("w") + b"\xd9" + bytes([len(words)]) + words
    rest = b"".join(text(letter) + weight for letter in "bcdefghijkl")
    yield "pickle_to_others", b"\x8c" + first + rest, "a pickle to who reads opcodes"


def cases() -> Iterator[Case]:
    for label, data, why in _trees():
        yield Case(f"flax_{label}", data, "11", "flax/serialization.py", why)
