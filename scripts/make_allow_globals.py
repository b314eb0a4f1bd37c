"""Writes the tables of frameworks' classes into `policies/allow_globals.yaml`.

Run it with an interpreter that has the libraries (requirements-corpus.in). A class is listed
only if nothing of the library's runs when a pickle makes it, gives it a state or looks it up:
every special method that a loader could reach is one that a person has read (`READ` below), and
classes of compiled modules are listed one by one.
"""

from __future__ import annotations

import enum
import importlib
import inspect
import pkgutil
import re
import sys
import textwrap
import warnings
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

FILE = Path(__file__).resolve().parent.parent / "policies" / "allow_globals.yaml"
BEGIN = "# Written by scripts/make_allow_globals.py from here on, to the line of exceptions."
END = "exceptions: []"
REVIEWED = "2026-11-27"
# What loading may reach of a class: making it, its state, its attributes' look-up, its place in a
# dict, and its end.
HOOKS = (
    "__new__", "__setstate__", "__getattr__", "__getattribute__", "__setattr__", "__hash__",
    "__del__",
)  # fmt: skip
# What putting elements reaches of a container of the library's own, and what an enumeration's
# look-up does.
MORE_HOOKS = ((dict, "__setitem__"), (list, "append"), (list, "extend"), (set, "add"),
              (enum.Enum, "_missing_"))  # fmt: skip
# Read by two persons, and why it is let pass. Not here, for one: scipy.stats' rv_generic, whose
# __setstate__ executes a template that the state may replace; BatchEncoding of transformers, whose
# __getattr__ looks up in a plain dict, where NumPy then finds an array's address; Hyperparameter of
# scikit-learn, whose __new__ repeats an array as often as it is told; pandas' frames, whose
# _new_Index hands a dict of the file's to the __new__ of a class of the file's, which asks what it
# is given for an array, and whose columns of text are pyarrow's: _restore_array makes an array of
# buffers without a look at the offsets in them.
# What looks up or hands on attributes is safe only because no state may name an array's address
# (`_pickle_calls.py`): IsotonicRegression makes arrays of what it holds while it is loaded.
READ = {
    "sklearn.base.BaseEstimator.__setstate__": "compares versions, sets attributes",
    "sklearn.isotonic.IsotonicRegression.__setstate__": "interpolates between its numbers",
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor.__setstate__":
        "converts the nodes' number types",
    "sklearn.linear_model._passive_aggressive.PassiveAggressiveClassifier.__new__": "warns",
    "sklearn.linear_model._passive_aggressive.PassiveAggressiveRegressor.__new__": "warns",
    "sklearn.utils._bunch.Bunch.__setstate__": "does nothing",
    "sklearn.utils._bunch.Bunch.__getattr__": "looks up in its dict",
    "sklearn.utils._bunch.Bunch.__setattr__": "sets a key of its dict",
    "sklearn.utils._metadata_requests.MetadataRequest.__getattr__": "looks up in its parts",
    "sklearn.frozen._frozen.FrozenEstimator.__getattr__": "looks up in the estimator within",
    **dict.fromkeys(
        ("scipy.sparse._matrix.spmatrix.shape", "scipy.sparse._data._data_matrix.dtype",
         "scipy.sparse._compressed._cs_matrix.has_canonical_format",
         "scipy.sparse._compressed._cs_matrix.has_sorted_indices",
         "scipy.sparse._coo._coo_base.row", "scipy.sparse._coo._coo_base.col"),
        "sets numbers and flags, or reshapes",
    ),
    **dict.fromkeys(
        (f"sklearn.gaussian_process.kernels.{name}.theta"
         for name in ("Kernel", "KernelOperator", "CompoundKernel", "Exponentiation")),
        "sets numbers",
    ),
    "scipy.sparse._coo.coo_matrix.__setstate__": "renames two attributes",
    "xgboost.core.Booster.__setstate__": "hands bytes to the library's reader of models",
    "xgboost.core.Booster.__del__": "frees what __setstate__ has made",
    "lightgbm.basic.Booster.__setstate__": "hands a text to the library's reader of models",
    "lightgbm.basic.Booster.__del__": "frees what __setstate__ has made",
    "accelerate.state.PartialState.__getattr__": "raises",
    "accelerate.state.AcceleratorState.__getattr__": "raises",
    "transformers.utils.generic.ExplicitEnum._missing_": "raises",
}  # fmt: skip
# Hands what comes in to a function that its state names, in the middle of a pipeline: with one that
# loads what it is given, the first prediction would be a load of the file's own bytes.
KEPT = frozenset({"sklearn.preprocessing._function_transformer.FunctionTransformer"})
NEVER = frozenset(
    "tests test testing conftest externals experimental datasets __main__ setup callback"
    " _mocking _testing".split()
)


class Library(NamedTuple):
    """A distribution, the modules whose classes are listed, and what is listed by name.

    `modules` of `package.*` walk the package. `named` are globals of compiled modules and
    functions: their powers are given by hand.
    """

    table: str
    distribution: str
    modules: tuple[str, ...]
    named: dict[str, dict[str, tuple[str, ...]]]


SPARSE = "_bsr _coo _csc _csr _dia _lil"
LOSSES = (
    "HalfSquaredError AbsoluteError PinballLoss HuberLoss HalfPoissonLoss HalfGammaLoss "
    "HalfTweedieLoss HalfTweedieLossIdentity HalfBinomialLoss HalfMultinomialLoss ExponentialLoss"
)
LIBRARIES = (
    Library("scikit-learn", "scikit-learn", ("sklearn.*",), {
        # Reads its nodes by their number types and sizes; what they point at is believed.
        "sklearn.tree._tree": {"Tree": ("call", "build")},
        "sklearn._loss._loss": {f"Cy{name}": ("call",) for name in LOSSES.split()},
        "sklearn.linear_model._sgd_fast": dict.fromkeys(
            "EpsilonInsensitive Hinge ModifiedHuber SquaredEpsilonInsensitive SquaredHinge".split(),
            ("call",),
        ),
        # Named as what an estimator was set to; each computes with arrays alone.
        "sklearn.feature_selection._univariate_selection":
            dict.fromkeys("chi2 f_classif f_oneway f_regression r_regression".split(), ()),
        "sklearn.feature_selection._mutual_info":
            dict.fromkeys("mutual_info_classif mutual_info_regression".split(), ()),
        "sklearn.cluster._kmeans":
            dict.fromkeys("_kmeans_single_elkan _kmeans_single_lloyd".split(), ()),
    }),
    Library("scipy", "scipy", tuple(f"scipy.sparse.{name}" for name in SPARSE.split()), {}),
    Library("xgboost", "xgboost", ("xgboost.core", "xgboost.sklearn"), {}),
    Library("lightgbm", "lightgbm", ("lightgbm.basic", "lightgbm.sklearn"), {}),
    Library("transformers", "transformers", (
        "transformers.training_args", "transformers.training_args_seq2seq",
        "transformers.trainer_utils", "transformers.trainer_pt_utils",
        "transformers.tokenization_utils_base",
    ), {}),
    Library("accelerate", "accelerate", ("accelerate.state", "accelerate.utils.dataclasses"), {}),
    Library("peft", "peft", ("peft.config", "peft.tuners.*", "peft.utils.peft_types"), {}),
)  # fmt: skip


def modules(names: tuple[str, ...]) -> Iterator[ModuleType]:
    """Return the modules that are named and can be imported."""
    for name in names:
        if not name.endswith(".*"):
            yield importlib.import_module(name)
            continue
        top = importlib.import_module(name.removesuffix(".*"))
        yield top
        for found in pkgutil.walk_packages(top.__path__, f"{top.__name__}.", lambda _: None):
            if NEVER.isdisjoint(found.name.split(".")):
                try:
                    yield importlib.import_module(found.name)
                except Exception as error:  # noqa: BLE001 - what needs more libraries is left out
                    print(f"left out: {found.name}: {error}", file=sys.stderr)


def unread(kind: type) -> str:
    """Return the first special method of a class that loading reaches and nobody has read."""
    if issubclass(kind, tuple) and tuple in kind.__bases__ and hasattr(kind, "_fields"):
        return ""  # a named tuple's own __new__ makes a tuple of its arguments
    hooks = HOOKS
    if issubclass(kind, enum.Enum):
        hooks = ("__setstate__", "__getattr__", "__setattr__", "__del__")
    for hook in (*hooks, *(name for base, name in MORE_HOOKS if issubclass(kind, base))):
        owner = next(part for part in (*kind.__mro__, None) if part is None or hook in vars(part))
        if owner is None or owner.__module__ in ("builtins", "enum"):
            continue
        where = f"{owner.__module__}.{owner.__qualname__}.{hook}"
        if vars(owner)[hook] is not None and where not in READ:
            return where
    return _setter(kind)


def _setter(kind: type) -> str:
    """Return a property that a state with slots sets, where no __setstate__ comes first."""
    if hasattr(kind, "__setstate__"):
        return ""
    for part in kind.__mro__:
        for name, value in vars(part).items():
            where = f"{part.__module__}.{part.__qualname__}.{name}"
            if isinstance(value, property) and value.fset is not None and where not in READ:
                return f"{where} (setter)"
    return ""


def powers(kind: type, module: ModuleType) -> tuple[str, ...] | None:
    """Return what a class's entry lets it do, `None` where it gets none."""
    compiled = not (module.__file__ or "").endswith(".py")
    if compiled or kind.__module__ != module.__name__ or issubclass(kind, BaseException):
        return None
    if isinstance(kind, enum.EnumMeta):
        # A look-up among the members; one without members would make a new class.
        return ("call",) if len(kind) and not unread(kind) else None
    if type(kind).__name__ not in ("type", "ABCMeta") or getattr(kind, "_is_protocol", False):
        return None
    calls = f"{kind.__module__}.{kind.__name__}" in KEPT
    hook = "calls what it keeps" if calls else unread(kind)
    if hook:
        print(f"left out: {kind.__module__}.{kind.__name__}: {hook}", file=sys.stderr)
        return None
    items = ("items",) if issubclass(kind, (dict, list, set)) else ()
    return ("new", "build", *items)


def entries(library: Library) -> dict[str, dict[str, tuple[str, ...]]]:
    """Return a library's globals, by module and name, with their powers."""
    found = {module: dict(names) for module, names in library.named.items()}
    for module in modules(library.modules):
        for name, kind in sorted(vars(module).items()):
            if inspect.isclass(kind) and kind.__qualname__ == name:
                given = powers(kind, module)
                if given is not None:
                    found.setdefault(module.__name__, {}).setdefault(name, given)
    return found


def lines(library: Library) -> Iterator[str]:
    """Return a library's table in YAML."""
    release = re.sub(r"\+.*", "", version(library.distribution))
    yield f"- name: {library.table}"
    yield "  tier: framework"
    yield "  owner: auditor"
    yield f"  source: {library.distribution} {release}"
    yield f"  reviewed: {REVIEWED}"
    yield "  powers: [new, build]"
    yield "  globals:"
    for module, names in sorted(entries(library).items()):
        if all(given == ("new", "build") for given in names.values()):
            text = textwrap.fill(" ".join(sorted(names)), 92, break_on_hyphens=False)
            yield f"    {module}: >-"
            yield textwrap.indent(text, "      ")
        else:
            yield f"    {module}:"
            for name, given in sorted(names.items()):
                yield f"      {name}: [{', '.join(given)}]"


def main() -> None:
    """Replace what the file has of frameworks by what is installed here."""
    warnings.simplefilter("ignore")
    text = FILE.read_text(encoding="utf-8")
    head = text.partition(BEGIN)[0].removesuffix(END + "\n")
    tables = "\n".join(line for library in LIBRARIES for line in lines(library))
    FILE.write_text(f"{head}{BEGIN}\n{tables}\n{END}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
