"""The loader reads what PyYAML writes, and never fails but with a DocumentError."""

import subprocess
import sys

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.errors import DocumentError
from auditor.yamldoc import Mapping, Node, Scalar, Sequence, load, load_all, pure, reader

TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc", "Cn", "Co"]), max_size=12)
VALUES = st.none() | st.booleans() | st.integers(-(2**63), 2**63) | TEXT
VALUES |= st.floats(allow_nan=False, allow_infinity=False)
TREES = st.recursive(
    VALUES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)
# Characters that YAML cares about, so that noise is often nearly YAML.
NOISE = st.text(st.sampled_from(list("ab01: -[]{},&*!|>'\"%@#?\n\t <~.=\\é\u2028")), max_size=60)


@given(tree=TREES)
@settings(max_examples=150, deadline=None)
def test_what_pyyaml_writes_is_read_back(tree):
    # Quoted and tagged: in plain style PyYAML writes '1e3' bare, a number for the cluster.
    data = yaml.safe_dump(tree, allow_unicode=True, default_style='"').encode()
    assert load(data, where="f.yaml").plain() == tree


@given(text=NOISE)
@settings(max_examples=300, deadline=None)
def test_any_text_is_read_or_refused(text):
    for document in read_or_refused(text.encode()):
        check(document)


@given(data=st.binary(max_size=80))
@settings(max_examples=150, deadline=None)
def test_any_bytes_are_read_or_refused(data):
    for document in read_or_refused(data):
        check(document)


@given(text=NOISE)
@settings(max_examples=150, deadline=None)
def test_where_both_read_it_pyyaml_reads_the_same_shape(text):
    try:
        ours = [document.plain() for document in load_all(text.encode(), where="f.yaml")]
        theirs = list(yaml.load_all(text, Loader=yaml.BaseLoader))
    except (DocumentError, yaml.YAMLError, TypeError):
        return
    if "<<" not in text:
        assert shape(ours) == shape(theirs)


@given(text=NOISE)
@settings(max_examples=100, deadline=None)
def test_both_parsers_read_the_same(text):
    def outcome(parser):
        before = reader._parser
        reader._parser = parser
        try:
            return [document.plain() for document in load_all(text.encode(), where="f.yaml")]
        except DocumentError:
            return "refused"
        finally:
            reader._parser = before

    by_c, by_python = outcome(reader._parser), outcome(pure.PureParser)
    if "refused" not in (by_c, by_python):
        assert repr(by_c) == repr(by_python)


def read_or_refused(data):
    """Return the documents, none where they are refused with a place."""
    refusal = None
    try:
        return load_all(data, where="f.yaml")
    except DocumentError as error:
        refusal = error
    assert refusal.where.startswith("f.yaml:")
    return ()


def shape(value):
    """Return a value without its scalars: BaseLoader keeps them all as text."""
    if isinstance(value, dict):
        return [shape(item) for item in value.values()]
    return [shape(item) for item in value] if isinstance(value, list) else "scalar"


def check(node: Node) -> None:
    assert node.line >= 1
    assert node.column >= 1
    if isinstance(node, Mapping):
        names = list(node.names())
        assert len(names) == len(set(names))
        for key, value in node.entries:
            check(key)
            check(value)
            assert node.get(key.name) == value
    elif isinstance(node, Sequence):
        for item in node.items:
            check(item)
    else:
        assert isinstance(node, Scalar)


DIFFERENT = ("y", "Y", "n", "N")  # PyYAML keeps these as text, go-yaml v2 does not.


@given(text=st.from_regex(r"[-+]?[0-9a-fxo_.eE:~]{1,8}|[yYnNoOtTfF][a-zA-Z]{0,4}", fullmatch=True))
@settings(max_examples=300, deadline=None)
def test_scalars_resolve_as_yaml_1_1_where_both_agree_on_the_type(text):
    """PyYAML and go-yaml differ on sexagesimals, 0o, exponents and dates: never on these."""
    if text in DIFFERENT:
        return
    theirs = yaml.safe_load(text) if ":" not in text else text
    ours = load(text.encode(), where="f.yaml").plain() if ":" not in text else text
    if isinstance(theirs, (bool, type(None))) or isinstance(ours, (bool, type(None))):
        assert ours is theirs
    elif (
        isinstance(theirs, int) and not isinstance(ours, str) and not text.startswith(("-0", "+0"))
    ):
        assert ours == theirs


def test_reading_does_not_depend_on_the_hash_seed():
    code = (
        "from auditor.yamldoc import load;"
        "print(load(b'a: &x {c: 1, b: 2}\\nz: {<<: *x, d: 3}\\n', where='f').plain())"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", code], env={"PYTHONHASHSEED": seed}, capture_output=True,
            text=True, check=True, timeout=20,
        ).stdout
        for seed in ("1", "2")
    }  # fmt: skip
    assert len(outputs) == 1
