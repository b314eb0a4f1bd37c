"""Pickles of plain Python data, in every protocol."""

from __future__ import annotations

import array
import collections
import datetime
import decimal
import fractions
import ipaddress
import pathlib
import pickle
import pickletools
import re
import types
import uuid

from scripts.benign import Corpus

_ROWS = [{"step": n, "loss": 1 / (n + 1), "tag": f"run-{n % 7}"} for n in range(300)]
_CYCLE: list[object] = [1]
_CYCLE.append(_CYCLE)
_ZONE = datetime.timezone(datetime.timedelta(hours=8))
OBJECTS: dict[str, object] = {
    "none": [None],
    "numbers": [0, -1, 255, 65536, 2**31, -(2**63), 2**200, 1.5, float("inf"), True, False],
    "complex": [1 + 2j, complex(0, -1)],
    "text": ["", "weights", "权重", "a\nb\\u0041", "x" * 3000],
    "bytes": [b"", b"\x00\xff" * 40, bytes(range(256)) * 300],
    "bytearray": bytearray(b"abc" * 100),
    "rows": _ROWS,
    "nested": {"a": [{"b": ({"c": [1, (2, (3, []))]},)}]},
    "deep": __import__("functools").reduce(lambda inner, _: [inner], range(40), 0),
    "cycle": _CYCLE,
    "shared": [_ROWS[0], _ROWS[0], [_ROWS[0]]],
    "vocabulary": {f"token{n}": n for n in range(2000)},
    "set": {1, 2, 3},
    "frozenset": frozenset({"a", "b"}),
    "empty": [[], {}, (), set(), frozenset()],
    "long_tuple": tuple(range(500)),
    "ordered": collections.OrderedDict(a=1, b=[2]),
    "counter": collections.Counter("parameters"),
    "default": collections.defaultdict(list, {"a": [1]}),
    "deque": collections.deque([1, 2, 3], maxlen=5),
    "moments": [
        datetime.date(2026, 1, 15), datetime.datetime(2026, 1, 15, 8, 0, tzinfo=datetime.UTC),
        datetime.datetime(2026, 1, 15, 16, 0, tzinfo=_ZONE), datetime.timedelta(days=2, seconds=3),
        datetime.time(8, 30),
    ],
    "decimal": [decimal.Decimal("1.10"), fractions.Fraction(1, 3)],
    "uuid": [uuid.UUID(int=7), uuid.UUID(int=2**127)],
    "addresses": [ipaddress.ip_address("10.0.0.1"), ipaddress.ip_network("fd00::/8")],
    "paths": [pathlib.PurePosixPath("/srv/models"), pathlib.PureWindowsPath("C:/models")],
    "array": [array.array("d", [1.0, 2.0]), array.array("i", range(100))],
    "range": [range(10), slice(1, 5, 2)],
    "pattern": re.compile(r"layer\.(\d+)\.weight"),
    "namespace": types.SimpleNamespace(epochs=3, rate=0.1),
    "types": [int, str, float, dict],
    "ellipsis": [..., NotImplemented],
}  # fmt: skip


def write(corpus: Corpus) -> None:
    """Write every object in every protocol, some of them optimized."""
    for name, value in OBJECTS.items():
        for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
            _one(corpus, f"python/{name}.p{protocol}.pkl", value, protocol)
    for name in ("rows", "shared", "ordered"):
        data = pickletools.optimize(pickle.dumps(OBJECTS[name], 4))
        corpus.add(
            f"python/{name}.optimized.pkl", lambda path, data=data: _put(path, data), "pickle"
        )


def _one(corpus: Corpus, path: str, value: object, protocol: int) -> None:
    corpus.add(path, lambda path: _put(path, pickle.dumps(value, protocol)), "pickle")


def _put(path: str, data: bytes) -> None:
    pathlib.Path(path).write_bytes(data)
