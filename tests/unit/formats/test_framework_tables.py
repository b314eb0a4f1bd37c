"""The tables of frameworks' classes: what loading would run is in none of them."""

from __future__ import annotations

import struct

import pytest

from auditor import formats
from auditor.data import folder
from auditor.formats import pickle
from auditor.formats._pickle_tables import entries
from auditor.yamldoc import Mapping, load
from tests.formats_reading import inspect


def framework():
    return {key: entry for key, entry in entries().items() if entry.table.tier == "framework"}


def text(value):
    raw = value.encode()
    return b"\x8c" + bytes([len(raw)]) + raw


def instance(module, name, state=b"}", protocol=4):
    """A pickle of an object made without __init__, and given a state."""
    made = text(module) + text(name) + b"\x93)\x81" + state + b"b."
    return b"\x80" + bytes([protocol]) + b"\x95" + struct.pack("<Q", len(made)) + made


@pytest.mark.parametrize(
    ("module", "name", "table"),
    [
        ("sklearn.linear_model._logistic", "LogisticRegression", "scikit-learn"),
        ("sklearn.pipeline", "Pipeline", "scikit-learn"),
        ("scipy.sparse._csr", "csr_matrix", "scipy"),
        ("xgboost.sklearn", "XGBClassifier", "xgboost"),
        ("lightgbm.basic", "Booster", "lightgbm"),
        ("transformers.training_args", "TrainingArguments", "transformers"),
        ("peft.tuners.lora.config", "LoraConfig", "peft"),
    ],
)
def test_a_class_of_a_framework_is_made_and_given_its_state(module, name, table):
    found = inspect(pickle, instance(module, name))
    assert (found.verdict, found.unlisted) == ("framework", ())
    assert entries()[module, name].table.name == table


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("scipy.stats._continuous_distns", "norm_gen"),  # its __setstate__ executes a template
        ("scipy.io._netcdf", "netcdf_file"),  # its __del__ writes
        ("sklearn.callback._transport", "ListenerHandle"),
        # Hands what a step before it gives to a function that the state names.
        ("sklearn.preprocessing._function_transformer", "FunctionTransformer"),
        ("sklearn.neighbors._kd_tree", "newObj"),  # calls what it is given
        ("pandas.core.indexes.base", "_new_Index"),
        ("xgboost.core", "DataIter"),
        ("torch.nn.modules.linear", "Linear"),
        ("transformers.modeling_utils", "PreTrainedModel"),
    ],
)
def test_what_runs_code_as_it_is_loaded_is_in_no_table(module, name):
    assert (module, name) not in entries()
    assert inspect(pickle, instance(module, name)).verdict == "unlisted"


def test_a_class_that_may_be_made_is_not_called():
    made = text("sklearn.pipeline") + text("Pipeline") + b"\x93)R."
    data = b"\x80\x04\x95" + struct.pack("<Q", len(made)) + made
    found = inspect(pickle, data)
    assert (found.verdict, found.unlisted) == ("unlisted", ("sklearn.pipeline.Pipeline",))


def test_a_function_to_call_later_may_be_named_and_nothing_else():
    name = ("sklearn.feature_selection._univariate_selection", "f_classif")
    entry = entries()[name]
    assert (entry.call, entry.new, entry.build, entry.items) == (False,) * 4
    made = text(name[0]) + text(name[1]) + b"\x93)R."
    data = b"\x80\x04\x95" + struct.pack("<Q", len(made)) + made
    assert inspect(pickle, data).verdict == "unlisted"


def test_what_may_be_called_is_few_and_no_function_of_python():
    called = {f"{module}.{name}" for (module, name), entry in framework().items() if entry.call}
    assert len(called) * 5 < len(framework())
    assert all(full.rpartition(".")[2].lstrip("_")[0].isupper() or "_rebuild_" in full
               for full in called)  # fmt: skip


def test_every_format_that_runs_instructions_is_a_format():
    document = load((folder("policies") / "models.yaml").read_bytes(), where="models.yaml")
    params = _member(document, "params")
    named = [item.text for item in _member(_member(params, "code_formats"), "default").items]
    assert set(named) <= set(formats.names())
    code = {"pickle", "joblib", "pytorch", "pytorch_legacy", "pytorch_tar"}
    assert code <= set(named)


def _member(node, name):
    assert isinstance(node, Mapping)
    return next(value for key, value in node.entries if key.name == name)
