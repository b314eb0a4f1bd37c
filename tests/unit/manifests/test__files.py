"""Every file considered is listed, judged or with the reason why not; nothing hangs."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from auditor import manifests
from auditor.errors import UsageError
from auditor.manifests import _files

POD = "apiVersion: v1\nkind: Pod\nspec: {containers: [{name: c, image: a.example/b:1}]}\n"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    made = Path("in")
    made.mkdir()
    return made


def inputs(*paths):
    return {item.path: item for item in manifests.read(tuple(map(Path, paths))).inputs}


def test_every_file_of_a_folder_is_listed_in_order(folder):
    for name in ("b.yaml", "a.YML", "c.json", "sub/d.yaml"):
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(POD if name != "c.json" else '{"a": 1}')
    (folder / "notes.txt").write_text("{")
    listed = manifests.read((folder,))
    assert [i.path for i in listed.inputs] == [
        "in/a.YML",
        "in/b.yaml",
        "in/c.json",
        "in/sub/d.yaml",
    ]
    assert {i.status for i in listed.inputs} == {"judged"}
    assert listed.inputs[2].reason == "no manifest in 1 of 1 documents"
    assert "1 neither YAML nor JSON" in next(r.title for r in listed.runs if r.collector == "files")


def test_version_control_is_left_out_and_hidden_folders_are_not(folder):
    for name in (".git", ".deploy"):
        (folder / name).mkdir()
        (folder / name / "a.yaml").write_text(POD)
    assert list(inputs("in")) == ["in/.deploy/a.yaml"]


def test_a_path_that_is_not_there_is_a_mistake_of_the_user(folder):
    with pytest.raises(UsageError, match="no such file"):
        manifests.read((Path("nowhere.yaml"),))


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("helm.yaml", "a: {{ .Values.x }}\n", "unsupported"),
        ("quoted.yaml", 'kind: Pod\nname: "{{ .Release.Name }}"\n', "unsupported"),
        ("deploy.yaml.j2", POD, "unsupported"),
        ("kustomization.yaml", "resources: [a.yaml]\n", "unsupported"),
        ("broken.yaml", "a: [1\n", "malformed"),
        ("twice.yaml", "a: 1\na: 2\n", "malformed"),
        ("deep.yaml", "[" * 50_000, "malformed"),
        ("bomb.yaml", "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
            f"{c}: &{c} [{','.join(['*' + p] * 9)}]\n" for p, c in zip("abcdefgh", "bcdefghi", strict=True)
        ), "malformed"),
        ("nul.yaml", "a: \x00\n", "malformed"),
    ],
)  # fmt: skip
def test_what_cannot_be_judged_is_a_gap_with_its_reason(folder, name, text, reason):
    (folder / name).write_text(text)
    (folder / "good.yaml").write_text(POD)
    listed = manifests.read((folder,))
    by_path = {item.path: item for item in listed.inputs}
    assert by_path[f"in/{name}"].status == "gap"
    assert by_path[f"in/{name}"].reason.startswith(reason)
    assert by_path["in/good.yaml"].status == "judged"
    assert [gap.reason for gap in listed.gaps] == [reason]


def test_an_empty_file_is_judged_and_says_so(folder):
    (folder / "empty.yaml").write_text("# nothing\n---\n")
    item = inputs("in")["in/empty.yaml"]
    assert (item.status, item.documents, item.reason) == ("judged", 0, "no document in it")


def test_a_named_file_without_any_manifest_is_not_judged(folder):
    (folder / "values.yaml").write_text("image: x\n")
    assert inputs("in/values.yaml")["in/values.yaml"].status == "gap"
    assert inputs("in")["in/values.yaml"].status == "judged"


def test_a_fifo_a_link_out_and_a_loop_end_as_gaps(folder):
    os.mkfifo(folder / "pipe.yaml")
    (folder / "loop.yaml").symlink_to("loop.yaml")
    Path("outside.yaml").write_text(POD)
    (folder / "out.yaml").symlink_to("../outside.yaml")
    (folder / "up").symlink_to("..")
    listed = inputs("in")
    assert {path: item.status for path, item in listed.items()} == {
        "in/pipe.yaml": "gap", "in/loop.yaml": "gap", "in/out.yaml": "gap", "in/up": "gap",
    }  # fmt: skip


def test_a_link_within_the_folder_is_judged_under_its_own_name(folder):
    (folder / "a.yaml").write_text(POD)
    (folder / "b.yaml").symlink_to("a.yaml")
    listed = manifests.read((folder,))
    assert [(i.path, i.status) for i in listed.inputs] == [
        ("in/a.yaml", "judged"),
        ("in/b.yaml", "judged"),
    ]
    assert "symbolic link" in listed.inputs[1].reason
    assert len([r for r in listed.records if r.origin.source == "in/b.yaml"]) == 0


def test_a_file_named_twice_is_read_once(folder):
    (folder / "a.yaml").write_text(POD)
    assert list(inputs("in", "in/a.yaml", "./in")) == ["in/a.yaml"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_an_unreadable_file_or_folder_is_denied(folder):
    (folder / "a.yaml").write_text(POD)
    (folder / "a.yaml").chmod(0)
    (folder / "sub").mkdir(mode=0)
    assert [i.reason.partition(":")[0] for i in inputs("in").values()] == ["denied", "denied"]


def test_a_large_file_is_beyond_the_limit(folder, monkeypatch):
    monkeypatch.setattr(_files, "MAX_BYTES", 10)
    (folder / "a.yaml").write_text(POD)
    assert inputs("in")["in/a.yaml"].reason.startswith("limit")


def test_too_many_files_and_too_deep_folders_are_beyond_the_limit(folder, monkeypatch):
    monkeypatch.setattr(_files, "MAX_ENTRIES", 2)
    monkeypatch.setattr(_files, "MAX_DEPTH", 1)
    for number in range(4):
        (folder / f"{number}.yaml").write_text(POD)
    assert inputs("in")["in"].reason.startswith("limit")
    deep = Path("deep/a/b/c")
    deep.mkdir(parents=True)
    assert inputs("deep")["deep/a/b"].reason.startswith("limit")


def test_names_that_attack_stay_text(folder):
    hostile = b"\x1b[2J\xff\n.yaml"
    (folder / os.fsdecode(hostile)).write_text(POD)
    ((path, item),) = inputs("in").items()
    assert path == "in/\x1b[2J\\xff\n.yaml"
    assert item.status == "judged"
    path.encode()
