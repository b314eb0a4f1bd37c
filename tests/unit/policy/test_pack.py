"""A mistake in a pack is found when it is loaded, with its place and what was meant."""

from __future__ import annotations

import pytest

from auditor.errors import PackError, UsageError
from auditor.policy.pack import load_packs, read_pack, shipped
from tests.unit.policy.worlds import pack, pack_text

REQUIRE = "\"object.password != 'empty'\""


@pytest.mark.parametrize(
    ("old", "new", "what", "hint"),
    [
        ("severity: high", "severity: hihg", "no severity", "'high'"),
        ("severity: high", "severty: high", "'severty' is not known", "'severity'"),
        ("each: account", "each: acount", "no record kind 'acount'", "'account'"),
        ("object.password !=", "object.pasword !=", "no field 'pasword'", "'password'"),
        ("object.password !=", "objct.password !=", "no variable 'objct'", "'object'"),
        ("!= 'empty'", "!= 'emtpy'", "'emtpy' is no value of this field", "'empty'"),
        (REQUIRE, '"startWith(object.username, \'a\')"', "no function 'startWith'", "startsWith"),
        (REQUIRE, "\"object.username.matches('(a')\"", "not a regular expression", "RE2"),
        (REQUIRE, "\"object.username.matches('(?=a)')\"", "not a regular expression", "RE2"),
        (REQUIRE, '"object.username.matches(object.shell)"', "must be a constant", ""),
        (REQUIRE, '"object.uid == \'0\'"', "never equal", ""),
        (REQUIRE, '"object.uid"', "true or false; this is a int", ""),
        (REQUIRE, '"object.password"', "true or false; this is a string", ""),
        (REQUIRE, '"object.uid == null"', "uid is never null", ""),
        (REQUIRE, '"object == null"', "the whole is not a value", ""),
        (REQUIRE, '"[object].exists(o, o.uid == 0)"', "the whole is not a value", ""),
        (REQUIRE, '"true"', "looks at no field of the record", ""),
        (REQUIRE, '"object.uid == 0 &&"', "a value is due here", ""),
        (REQUIRE, '"object.uid == params.x"', "'params' has no field 'x'", ""),
        (REQUIRE, '"has(object.uid)"', "there is no function 'has'", ""),
        ("mlps-3", "mpls-3", "no framework 'mpls-3'", "'mlps-3'"),
        ("8.1.4.1", "8.1.4.99", "mlps-3 has no clause '8.1.4.99'", ""),
        ("{username} has", "{usrname} has", "names nothing that a account has", "'username'"),
        ("expected: something", "expected: 'a { brace'", "a brace stands alone", ""),
        ("TST-ACC-001", "tst1", "'tst1' is no rule id", "PER-DNS-001"),
        ("fail: [{password: empty}]", "failed: []", "'failed' is no verdict here", "'fail'"),
        ("fail: [{password: empty}]", "fail: []", "has no example of 'fail'", ""),
        ("unknown: [{password: null}]", "unknown: []", "has no example of 'unknown'", ""),
        ("pass: [{password: set}]", "pass: [{pasword: set}]", "the example is no account", ""),
        ("pass: [{password: set}]", "pass: [{uid: x}]", "the example is no account", ""),
        ("severity: high", "severity: high\n    of: [swap]", "'of' is for derived kinds", ""),
        ("severity: high", "severity: high\n    applies: [hots]", "no mode", "'host'"),
        ("severity: high", "severity: high\n    because: x", "belong together", ""),
        ("severity: high", "severity: high\n    given: object.uid == 0\n    otherwise: x", "never at the record", ""),
        ("version: 1.0.0", "version: 1.0", "no version", ""),
        ("pack: test", "pack: Test Pack", "no pack name", ""),
        ("title: {en: Test, zh: 测试}", "title: Test\nparams: {p: {type: text, default: a, description: d}}", "'text' is no type", ""),
        ("title: {en: Test, zh: 测试}", "title: Test\nparams: {p: {type: int, default: a, description: d}}", "type int is due", ""),
        ("title: {en: Test, zh: 测试}", "title: Test\nparams: {p: {type: bool, default: 1, description: d}}", "type bool is due", ""),
        ("title: {en: Test, zh: 测试}", "title: Test\nparams: {p: {type: int, default: 1, description: d}}", "no condition reads the parameter 'p'", ""),
    ],
)  # fmt: skip
def test_a_mistake_is_refused_with_its_place(old, new, what, hint):
    with pytest.raises(PackError) as caught:
        pack((old, new))
    assert what in caught.value.what
    assert hint in caught.value.hint
    name, line, column = caught.value.where.split(":")
    assert name == "test.yaml"
    assert int(line) > 1
    assert int(column) > 0


def test_the_place_is_that_of_the_mistake():
    text = pack_text(("object.password !=", "object.pasword !="))
    with pytest.raises(PackError) as caught:
        read_pack(text.encode(), "test.yaml")
    line, column = (int(number) for number in caught.value.where.split(":")[1:])
    assert text.splitlines()[line - 1][column - 1 :].startswith('"object.pasword')
    assert "character 8" in caught.value.what


def test_a_pack_that_evaluates_nothing_is_refused():
    with pytest.raises(PackError, match="evaluates nothing"):
        read_pack(b"{pack: p, version: 1.0.0, title: T, rules: []}", "p.yaml")


@pytest.mark.parametrize(
    "text", [b"", b"[]", b"x", b"pack: p", b"\xff\xfe", b"a: b: c", b"[" * 9999]
)
def test_what_is_no_pack_is_refused(text):
    from auditor.errors import DocumentError

    with pytest.raises(DocumentError):
        read_pack(text, "p.yaml")


def test_rules_and_parameters_are_unique_over_all_packs(tmp_path):
    (tmp_path / "a.yaml").write_text(pack_text())
    (tmp_path / "b.yaml").write_text(pack_text(("pack: test", "pack: other")))
    with pytest.raises(PackError, match="TST-ACC-001 is also at"):
        load_packs([tmp_path])
    (tmp_path / "b.yaml").write_text(pack_text())
    with pytest.raises(PackError, match="'test' is there twice"):
        load_packs([tmp_path])


def test_packs_are_named_or_given_by_path(tmp_path):
    (tmp_path / "own.yaml").write_text(pack_text())
    loaded = load_packs(["perimeter", tmp_path / "own.yaml"])
    assert [pack.name for pack in loaded] == ["perimeter", "test"]
    with pytest.raises(UsageError) as caught:
        load_packs(["perimetre"])
    assert "'perimeter'" in caught.value.hint
    with pytest.raises(UsageError, match="no pack"):
        load_packs([tmp_path / "missing.yaml"])
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError, match=r"no pack \(\*\.yaml\)"):
        load_packs([tmp_path / "empty"])
    assert len(load_packs(["exposure", "exposure"])) == 1


def test_the_digest_is_over_the_files_bytes():
    import hashlib

    data = pack_text().encode()
    assert read_pack(data, "x").sha256 == hashlib.sha256(data).hexdigest()
    assert "perimeter" in shipped()
