"""Every estimator of scikit-learn that fits on little data: by pickle, joblib and skops."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator
from pathlib import Path

import joblib
import numpy as np
import skops.io
from sklearn import compose, ensemble, linear_model, model_selection, pipeline, preprocessing
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.utils import all_estimators

from scripts.benign import Corpus, joblib_kind

_PACKINGS = (0, 3, ("gzip", 3), ("bz2", 3), ("xz", 3), ("lzma", 3), ("zlib", 9))
# What these keep is made by functions that take a class and make it: no table holds them.
_BY_A_FUNCTION = "a search tree of a compiled module, made by a function that is given its class"
_A_FUNCTION = "keeps a function of NumPy or SciPy, to call it later"


def write(corpus: Corpus) -> None:
    """Write each estimator twice and more."""
    for number, (name, model) in enumerate(_fitted()):
        why = _why(name, model)
        verdict = "unlisted" if why else "framework"
        protocol = number % 6
        data = pickle.dumps(model, protocol)
        corpus.add(f"sklearn/{name}.p{protocol}.pkl",
                   lambda path, data=data: Path(path).write_bytes(data), "pickle", verdict, why=why,
                   )  # fmt: skip
        packing = _PACKINGS[number % len(_PACKINGS)]
        kind = joblib_kind(model)
        corpus.add(f"sklearn/{name}.joblib",
                   lambda path, m=model, p=packing: joblib.dump(m, path, compress=p), kind, verdict,
                   why=why)  # fmt: skip
        if not number % 4:
            corpus.add(f"sklearn/{name}.skops", lambda path, m=model: skops.io.dump(m, path),
                       "skops", verdict, why=why)  # fmt: skip


def _why(name: str, model: object) -> str:
    """Return why an estimator is outside the tables, as its own pickle shows it."""
    text = pickle.dumps(model, 4)
    if b"newObj" in text:
        return _BY_A_FUNCTION
    if b"FunctionTransformer" in text:
        return "hands what comes in to a function that its state may name"
    if b"array_api_compat" in text or name == "FeatureAgglomeration":
        return _A_FUNCTION
    return ""


def _fitted() -> Iterator[tuple[str, object]]:
    numbers = np.random.default_rng(0)
    features = np.abs(numbers.normal(size=(30, 4)))
    classes = (features[:, 0] > 0.5).astype(int)
    texts = [f"sensor {n % 3} alarm {n % 5} line" for n in range(30)]
    both = np.column_stack([classes, 1 - classes])
    tries: tuple[Callable[[object], object], ...] = (
        lambda model: model.fit(features, classes),
        lambda model: model.fit(features, both),
        lambda model: model.fit(texts, classes),
        lambda model: model.fit(features[:, 0], classes),
        lambda model: model.fit(features, features[:, :2]),
    )
    for name, kind in all_estimators():
        made = _first(kind, tries)
        if made is not None:
            yield name, made
    yield from _composed(features, classes, texts)


def _first(kind: type, tries: tuple[Callable[[object], object], ...]) -> object:
    """Return an estimator by the first data that it takes, `None` where it takes none."""
    for attempt in tries:
        try:
            model = kind()
            attempt(model)
        except Exception:  # noqa: BLE001, S112 - it takes other data, or other estimators
            continue
        return model
    return None


def _composed(
    features: np.ndarray, classes: np.ndarray, texts: list[str]
) -> Iterator[tuple[str, object]]:
    forest = ensemble.RandomForestClassifier(5, random_state=0)
    scaled = pipeline.make_pipeline(preprocessing.StandardScaler(), forest)
    yield "pipeline", scaled.fit(features, classes)
    columns = compose.make_column_transformer(
        (preprocessing.StandardScaler(), [0, 1]), (preprocessing.OneHotEncoder(), [2])
    )
    yield "columns", columns.fit(np.round(features))
    logistic = linear_model.LogisticRegression()
    search = model_selection.GridSearchCV(logistic, {"C": [0.1, 1]}, cv=2)
    yield "search", search.fit(features, classes)
    voting = ensemble.VotingClassifier([("a", logistic), ("b", forest)])
    yield "voting", voting.fit(features, classes)
    stacking = ensemble.StackingClassifier([("a", logistic), ("b", forest)], cv=2)
    yield "stacking", stacking.fit(features, classes)
    yield "tfidf", pipeline.make_pipeline(TfidfVectorizer(), logistic).fit(texts, classes)
    yield "counts", CountVectorizer(ngram_range=(1, 2)).fit(texts)
    yield "log1p", preprocessing.FunctionTransformer(np.log1p).fit(features)
