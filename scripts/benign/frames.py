"""Tables and sparse matrices: pandas, Arrow and SciPy."""

from __future__ import annotations

import pickle
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet
from scipy import interpolate, sparse

from scripts.benign import Corpus, joblib_kind

_OUTSIDE = "pandas makes its blocks and indexes by functions that are given a class"


def write(corpus: Corpus) -> None:
    """Write tables and matrices in each way that they are kept."""
    dense = np.eye(6)
    for layout in ("csr", "csc", "coo", "bsr", "dia", "lil"):
        for kind in ("matrix", "array"):
            value = getattr(sparse, f"{layout}_{kind}")(dense)
            _pickled(corpus, f"scipy/{layout}_{kind}", value, "framework")
        if layout != "lil":
            corpus.add(f"scipy/{layout}.npz", lambda path, v=value: sparse.save_npz(path, v), "npz")
    spline = interpolate.make_interp_spline(np.arange(8), np.arange(8) ** 2)
    why = "keeps a function of SciPy, to call it later"
    _pickled(corpus, "scipy/spline", spline, "unlisted", why)
    frame = pd.DataFrame({"a": [1, 2], "b": ["x", "y"], "c": pd.to_datetime(["2026-01-15"] * 2)})
    for name, value in {"frame": frame, "series": frame["a"], "index": frame.index}.items():
        _pickled(corpus, f"pandas/{name}", value, "unlisted", _OUTSIDE)
    corpus.add("pandas/frame.gz.pkl", lambda path: frame.to_pickle(path, compression="gzip"),
               "pickle", "unlisted", why=_OUTSIDE)  # fmt: skip
    table = pa.Table.from_pandas(frame)
    for packing in ("none", "snappy", "zstd", "gzip"):
        corpus.add(f"arrow/{packing}.parquet",
                   lambda path, p=packing: pa.parquet.write_table(table, path, compression=p),
                   "parquet")  # fmt: skip
    corpus.add("arrow/table.feather", lambda path: pa.feather.write_feather(table, path), "arrow")


def _pickled(corpus: Corpus, path: str, value: object, verdict: str, why: str = "") -> None:
    for protocol in (2, 4, 5):
        corpus.add(f"{path}.p{protocol}.pkl",
                   lambda path, p=protocol: Path(path).write_bytes(pickle.dumps(value, p)),
                   "pickle", verdict, why=why)  # fmt: skip
    corpus.add(f"{path}.joblib", lambda path: joblib.dump(value, path),
               joblib_kind(value), verdict, why=why)  # fmt: skip
