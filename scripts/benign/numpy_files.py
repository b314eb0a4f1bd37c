"""Arrays as NumPy writes them: npy of every version, npz, and arrays in pickles and joblib."""

from __future__ import annotations

import pickle
from pathlib import Path

import joblib
import numpy as np

from scripts.benign import Corpus

_DTYPES = (
    "?", "i1", "u1", "<i2", ">i2", "<u2", "<i4", ">i4", "<u4", "<i8", ">i8", "<u8", "<f2", "<f4",
    ">f4", "<f8", ">f8", "<c8", "<c16", "S5", "U7", "<M8[s]", "<m8[ms]", "V6",
)  # fmt: skip
_RECORD = np.dtype([("id", "<i4"), ("name", "U8"), ("box", "<f4", (2, 2)), ("at", "<M8[D]")])


def write(corpus: Corpus) -> None:
    """Write arrays of every number type and shape."""
    made = {name.strip("<>?") or "bool": np.zeros((3, 4), dtype) for name, dtype in _named()}
    for name, values in made.items():
        corpus.add(f"numpy/{name}.npy", lambda path, v=values: np.save(path, v), "npy",
                   parameters=12)  # fmt: skip
        for protocol in (0, 2, 4, 5):
            _pickled(corpus, f"numpy/{name}.p{protocol}.pkl", values, protocol)
    _shapes(corpus)
    _objects(corpus)
    _archives(corpus, made)
    _joblib(corpus, made)
    for name in ("MT19937", "PCG64", "PCG64DXSM", "Philox", "SFC64"):
        generator = np.random.Generator(getattr(np.random, name)(7))
        for protocol in (2, 4, 5):
            _pickled(corpus, f"numpy/random_{name}.p{protocol}.pkl", generator, protocol)
    _pickled(corpus, "numpy/random_state.pkl", np.random.RandomState(7), 4)
    _pickled(corpus, "numpy/masked.pkl", np.ma.masked_equal(np.arange(6), 3), 4)
    _pickled(corpus, "numpy/scalars.pkl", [np.float32(1), np.int64(2), np.bool_(True)], 4)
    _pickled(corpus, "numpy/dtypes.pkl", [np.dtype("<f4"), _RECORD, np.dtype("O")], 4)


def _named() -> list[tuple[str, str]]:
    return [(name.replace("<", "le_").replace(">", "be_").replace("[", "_").strip("]"), name)
            for name in _DTYPES]  # fmt: skip


def _shapes(corpus: Corpus) -> None:
    cases = {
        "scalar": np.array(3.0), "empty": np.zeros((0, 4)), "five": np.ones((1, 2, 3, 2, 1)),
        "fortran": np.asfortranarray(np.ones((5, 7))), "view": np.arange(40)[::2],
        "records": np.zeros(4, _RECORD), "recarray": np.rec.array([(1, 2.0)], names="a,b"),
        "wide": np.zeros(2, [(f"a_rather_long_field_name_{n}", "<f4") for n in range(2500)]),
    }  # fmt: skip
    for name, values in cases.items():
        corpus.add(f"numpy/{name}.npy", lambda path, v=values: np.save(path, v), "npy")

    def versioned(path: str, number: int) -> None:
        with Path(path).open("wb") as file:
            np.lib.format.write_array(file, np.ones(3), version=(number, 0))

    for number in (1, 2, 3):
        corpus.add(f"numpy/version{number}.npy", lambda p, n=number: versioned(p, n), "npy")


def _objects(corpus: Corpus) -> None:
    values = np.array([{"a": 1}, [2, "three"], None, b"four"], dtype=object)
    corpus.add("numpy/objects.npy", lambda path: np.save(path, values, allow_pickle=True), "npy")
    corpus.add("numpy/objects.npz", lambda path: np.savez(path, a=values, b=np.ones(3)), "npz")
    corpus.add("numpy/objects.joblib", lambda path: joblib.dump({"a": values}, path), "joblib")


def _archives(corpus: Corpus, made: dict[str, np.ndarray]) -> None:
    arrays = {name: values for name, values in made.items() if values.dtype.kind in "fiu"}
    corpus.add("numpy/all.npz", lambda path: np.savez(path, **arrays), "npz",
               tensors=len(arrays))  # fmt: skip
    corpus.add("numpy/small.npz", lambda path: np.savez_compressed(path, **arrays), "npz")
    corpus.add("numpy/one.npz", lambda path: np.savez(path, np.ones((100, 100))), "npz",
               parameters=10_000)  # fmt: skip


def _joblib(corpus: Corpus, made: dict[str, np.ndarray]) -> None:
    state = {"weights": np.ones((20, 30), "<f4"), "names": ["a", "b"], "more": made}
    packings: dict[str, object] = {
        "plain": 0, "zlib": ("zlib", 3), "gzip": ("gzip", 3), "bz2": ("bz2", 3), "xz": ("xz", 3),
        "lzma": ("lzma", 3), "nine": 9,
    }  # fmt: skip
    for name, packing in packings.items():
        corpus.add(
            f"numpy/state_{name}.joblib",
            lambda path, packing=packing: joblib.dump(state, path, compress=packing), "joblib",
        )  # fmt: skip
    for protocol in range(2, 6):
        corpus.add(
            f"numpy/state_p{protocol}.joblib",
            lambda path, protocol=protocol: joblib.dump(state, path, protocol=protocol), "joblib",
        )  # fmt: skip


def _pickled(corpus: Corpus, path: str, value: object, protocol: int) -> None:
    corpus.add(path, lambda path: Path(path).write_bytes(pickle.dumps(value, protocol)), "pickle")
