"""Boosted trees of XGBoost and LightGBM: their own formats, and their wrappers in pickles."""

from __future__ import annotations

import pickle
from pathlib import Path

import joblib
import lightgbm
import numpy as np
import xgboost

from scripts.benign import Corpus, joblib_kind

_FEATURES = np.random.default_rng(1).normal(size=(60, 5))
_CLASSES = (_FEATURES[:, 0] > 0).astype(int)
_XGB = {
    "gbtree": {"booster": "gbtree", "objective": "binary:logistic"},
    "gblinear": {"booster": "gblinear"}, "dart": {"booster": "dart"},
    "multi": {"objective": "multi:softprob", "num_class": 2},
    "poisson": {"objective": "count:poisson"},
}  # fmt: skip
_LGB = {
    "gbdt": {"objective": "binary"}, "dart": {"boosting": "dart"}, "rf": {
        "boosting": "rf", "bagging_fraction": 0.5, "bagging_freq": 1},
    "multi": {"objective": "multiclass", "num_class": 2}, "poisson": {"objective": "poisson"},
}  # fmt: skip


def write(corpus: Corpus) -> None:
    """Write every booster in every format it has."""
    for name, settings in _XGB.items():
        data = xgboost.DMatrix(_FEATURES, _CLASSES)
        booster = xgboost.train({**settings, "nthread": 1, "verbosity": 0}, data, 3)
        for suffix in ("json", "ubj"):
            corpus.add(f"trees/xgboost_{name}.{suffix}", booster.save_model, "xgboost")
        _pickled(corpus, f"trees/xgboost_{name}", booster)
    for name, settings in _LGB.items():
        data = lightgbm.Dataset(_FEATURES, _CLASSES)
        booster = lightgbm.train({**settings, "num_threads": 1, "verbose": -1}, data, 3)
        corpus.add(f"trees/lightgbm_{name}.txt", booster.save_model, "lightgbm")
        _pickled(corpus, f"trees/lightgbm_{name}", booster)
    wrappers = [
        *(getattr(xgboost, f"XGB{kind}")(n_estimators=3, n_jobs=1)
          for kind in ("Classifier", "Regressor", "RFClassifier", "RFRegressor")),
        *(getattr(lightgbm, f"LGBM{kind}")(n_estimators=3, n_jobs=1, verbose=-1)
          for kind in ("Classifier", "Regressor")),
    ]  # fmt: skip
    for model in wrappers:
        _pickled(corpus, f"trees/{type(model).__name__}", model.fit(_FEATURES, _CLASSES))


def _pickled(corpus: Corpus, path: str, model: object) -> None:
    for protocol in (2, 4, 5):
        corpus.add(f"{path}.p{protocol}.pkl",
                   lambda path, p=protocol: Path(path).write_bytes(pickle.dumps(model, p)),
                   "pickle", "framework")  # fmt: skip
    corpus.add(f"{path}.gz.joblib", lambda path: joblib.dump(model, path, ("gzip", 3)),
               joblib_kind(model), "framework")  # fmt: skip
