"""Documents are built within limits, and what is ambiguous is refused with its place."""

import subprocess
import sys

import pytest
import yaml.events

from auditor.errors import DocumentError
from auditor.yamldoc import Limits, Mapping, Scalar, Sequence, builder, load, load_all, pure

PARSERS = ["libyaml", "pure"]


@pytest.fixture(params=PARSERS)
def parser(request, monkeypatch):
    if request.param == "pure":
        monkeypatch.setattr("auditor.yamldoc.reader._parser", pure.PureParser)
    return request.param


def plain(text, **limits):
    return load(text.encode(), where="f.yaml", limits=Limits(**limits)).plain()


def refused(text, **limits):
    with pytest.raises(DocumentError) as caught:
        plain(text, **limits)
    return str(caught.value)


def test_positions_count_from_one(parser):
    node = load("a: 1\nlong:\n  - é: [x,  y]\n".encode(), where="f.yaml")
    assert isinstance(node, Mapping)
    inner = node.get("long")
    assert isinstance(inner, Sequence)
    assert (inner.line, inner.column) == (3, 3)
    mapping = inner.items[0]
    assert isinstance(mapping, Mapping)
    items = mapping.get("é")
    assert isinstance(items, Sequence)
    assert items.items[1].place("f.yaml") == "f.yaml:3:13"


def test_documents_are_told_apart(parser):
    documents = load_all(b"# c\n---\na: 1\n---\n---\n- 2\n...\n", where="f.yaml")
    assert [document.plain() for document in documents] == [{"a": 1}, None, [2]]
    assert load_all(b"# only a comment\n", where="f.yaml") == ()


def test_one_document_is_one_document(parser):
    assert "there is no document" in refused("# nothing\n")
    assert refused("a: 1\n---\nb: 2\n").startswith("f.yaml:3:1: one document is expected")


def test_a_key_given_twice_is_refused_with_both_places(parser):
    message = refused("image: a\nb: 1\nimage: c\n")
    assert message == "f.yaml:3:1: the key 'image' is given twice, first at 1:1"


@pytest.mark.parametrize("text", ["1: a\n'1': b\n", "yes: a\n'true': b\n", "{a: 1, a: 1}"])
def test_keys_that_are_one_key_in_json_are_refused(parser, text):
    assert "is given twice" in refused(text)


def test_keys_need_not_be_text(parser):
    assert plain("1: a\nyes: b\n1.5: c\n~: d\n010: e\n") == {
        "1": "a", "true": "b", "1.5": "c", "null": "d", "8": "e",
    }  # fmt: skip


def test_a_collection_is_no_key(parser):
    assert "a key must be a single value" in refused("? [a]\n: b\n")
    assert "a key must be a single value" in refused("&a [x]: 1\n")
    assert "a key must be a single value" in refused("a: &a {x: 1}\n*a : 2\n")


def test_merge_keys_fill_what_is_not_set(parser):
    text = "base: &b {x: 1, k: 2}\nmore: &m {k: 3, z: 4}\nuse: {<<: [*b, *m], k: 9}\n"
    assert plain(text)["use"] == {"x": 1, "k": 9, "z": 4}
    assert plain("<<: {a: 1}\nb: 2\n") == {"a": 1, "b": 2}


def test_a_quoted_merge_key_is_a_key(parser):
    assert plain("'<<': {a: 1}\n") == {"<<": {"a": 1}}


def test_a_merge_that_readers_disagree_on_is_refused(parser):
    message = refused("base: &b {privileged: false}\nuse:\n  privileged: true\n  <<: *b\n")
    assert message.startswith("f.yaml:4:3: << stands after the key 'privileged'")


@pytest.mark.parametrize("text", ["<<: 1\n", "<<: [1]\n", "<<: [[{a: 1}]]\n"])
def test_a_merge_of_anything_but_mappings_is_refused(parser, text):
    assert "<< takes a mapping" in refused(text)


def test_two_merge_keys_are_refused(parser):
    assert "is given twice" in refused("a: &a {x: 1}\nb: {<<: *a, <<: *a}\n")


def test_an_alias_stands_for_its_anchor(parser):
    assert plain("a: &x [1, {b: 2}]\nc: *x\n") == {"a": [1, {"b": 2}], "c": [1, {"b": 2}]}
    assert plain("&k key: *k\n") == {"key": "key"}


def test_anchors_end_with_their_document(parser):
    assert "there is no anchor &x" in refused("a: &x 1\n---\nb: *x\n")


def test_an_alias_to_itself_is_refused(parser):
    assert "contains itself" in refused("a: &x [1, *x]\n")
    assert "contains itself" in refused("&x {a: *x}\n")


def test_an_alias_bomb_is_refused(parser):
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 12)]
    assert "alias bomb" in refused("\n".join(lines))


def test_a_merge_bomb_is_refused(parser):
    lines = ["a0: &a0 {k: v}"]
    lines += [f"a{i}: &a{i} {{<<: [{', '.join([f'*a{i - 1}'] * 10)}]}}" for i in range(1, 12)]
    assert "alias bomb" in refused("\n".join(lines))


def test_aliases_deepen_the_document(parser):
    lines = ["a0: &a0 [x]"] + [f"a{i}: &a{i} [*a{i - 1}]" for i in range(1, 120)]
    assert "nested deeper" in refused("\n".join(lines))


@pytest.mark.parametrize("opening", ["[", "{", "- ", "? ", "{a: ", "[[],", "a: [", "[{a: "])
def test_deep_nesting_is_refused(parser, opening):
    assert "f.yaml" in refused(opening * 300)


def test_depth_is_counted_exactly(parser):
    assert plain("[" * 100 + "]" * 100) is not None
    assert "nested deeper than 100" in refused("[" * 101 + "]" * 101)


def test_many_nodes_are_refused(parser):
    assert "more than 100 nodes" in refused("[" + "x, " * 100 + "]", nodes=100)
    assert "more than 100 nodes" in refused("---\n" * 102, nodes=100)


def test_broken_yaml_is_told_with_its_place(parser):
    assert refused("a: 1\nb: : c\n").startswith("f.yaml:2:")
    assert refused("a: [1\n").startswith("f.yaml:2:")
    assert refused("\tb: 1\n").startswith("f.yaml:1:1")


def test_a_collection_node_is_never_a_key_by_accident():
    """The builder trusts `_check_key`; without it, it must still not make a wrong mapping."""
    state = builder._Builder("f.yaml", Limits())
    state._check_key = lambda node: None
    events = [
        yaml.events.MappingStartEvent(None, None, True),
        yaml.events.SequenceStartEvent(None, None, True),
        yaml.events.SequenceEndEvent(),
        yaml.events.ScalarEvent(None, None, (True, False), "x"),
    ]
    for event in events:
        state.take(event)
    with pytest.raises(TypeError):
        state.take(yaml.events.MappingEndEvent())


def test_scalars_know_their_name_in_json():
    def name(value, text):
        return Scalar(line=1, column=1, value=value, text=text).name

    assert [name("a", "a"), name(True, "yes"), name(False, "no"), name(None, "~")] == [
        "a", "true", "false", "null",
    ]  # fmt: skip
    assert [name(8, "010"), name(1.5, "1.50")] == ["8", "1.50"]


HOSTILE = """
import sys
from auditor.errors import DocumentError
from auditor.yamldoc import load_all
opening, count = sys.argv[1], int(sys.argv[2])
data = opening.encode() * count
if opening == "block":
    data = b"".join(b" " * depth + b"a:\\n" for depth in range(2000))
if opening == "%":
    data = b"".join(b"%%TAG !a%d! x\\n" % number for number in range(count))
try:
    load_all(data[: 16 * 1024 * 1024], where="f.yaml")
except DocumentError as error:
    print("refused")
"""


@pytest.mark.parametrize("opening", ["[", "{", "- ", "? ", "{a: ", "block", "%", "&a ", "!", "'x"])
@pytest.mark.parametrize("count", [50_000, 5_000_000])
def test_hostile_nesting_does_not_crash_the_interpreter(opening, count):
    """PyYAML's C composer dies of these (SIGSEGV); a child process tells a crash from an error."""
    done = subprocess.run(
        [sys.executable, "-c", HOSTILE, opening, str(count if opening != "%" else 50_000)],
        capture_output=True, text=True, timeout=20, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (0, "refused\n"), done.stderr
