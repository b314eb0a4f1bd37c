"""What changed among the model files of two audits, and what nobody can know."""

import msgspec
import pytest

from auditor import api
from auditor.commands.listing import diff
from auditor.errors import ExitCode
from auditor.evidence import SCHEMA, Evidence, Gap, Origin, Subject, Tool, encode
from auditor.evidence.models import ModelFile, ModelSignature
from auditor.evidence.site import ASSUMED_SITE
from auditor.evidence.storage import ModelStore
from auditor.models.drift import drift, model_drift

HERE = Origin("stores", "/m")
NAMED = "sha256:" + "a" * 64
OTHER = "sha256:" + "b" * 64


def model(path="/m/a.gguf", *, store="/m", size=10, digests=(NAMED,), **fields):
    return ModelFile(
        origin=HERE, path=path, store=store, model_format="gguf", size=size, architecture="",
        name="", parameters=None, precision="", context_length=0, tensors=0, license="",
        base_model="", verdict=fields.pop("verdict", "data"), digests=digests, **fields,
    )  # fmt: skip


def store(path="/m", *, complete=True):
    return ModelStore(
        origin=HERE, path=path, tool="folder", discovered_by="option", holds="models", owner=0,
        writers="", files=1, size=1, complete=complete,
    )  # fmt: skip


def evidence(*records, gaps=(), mode="models"):
    return Evidence(
        schema=SCHEMA, tool=Tool(name="auditor", version="0"), mode=mode,
        subject=Subject(name="/m"), site=ASSUMED_SITE, taken_at="2026-11-26T08:00:00Z", records=records, gaps=gaps,
    )  # fmt: skip


def told(before, after, **options):
    return [(one.change, one.worse) for one in model_drift(before, after, **options)]


@pytest.mark.parametrize(
    "before, after, expected",
    [
        ([model()], [model()], []),
        ([], [model()], [("added", False)]),
        ([model()], [], [("removed", False)]),
        ([model()], [model("/m/b.gguf")], [("moved", False)]),
        ([model()], [model(digests=(OTHER,))], [("changed", True)]),
        ([model()], [model(digests=(), size=11)], [("changed", True)]),
        ([model()], [model(digests=())], [("unproven", False)]),
        ([model(digests=())], [model(digests=())], [("unproven", False)]),
        ([model()], [model(digests=("md5:aa",))], [("unproven", False)]),
        ([model()], [model(digests=("md5:aa", NAMED))], []),
        ([model()], [model(digests=(OTHER,), revision="v2")], [("changed", False)]),
        ([model()], [model(digests=(OTHER,), role="index")], [("changed", False)]),
        ([model()], [model(verdict="dangerous")], [("verdict", True)]),
        ([model()], [model(verdict=None)], [("verdict", True)]),
        ([model(verdict="unlisted")], [model(verdict="framework")], [("verdict", False)]),
        (
            [model(signature=ModelSignature(state="valid", signer="k"))],
            [model(signature=ModelSignature(state="none"))],
            [("re-signed", True)],
        ),
        (
            [model(signature=ModelSignature(state="valid", signer="k"))],
            [model(signature=ModelSignature(state="valid", signer="l"))],
            [("re-signed", False)],
        ),
        # Two copies, of which one is renamed; the kernel's digest depends on how it was made.
        (
            [model(), model("/m/b.gguf")],
            [model(), model("/m/c.gguf"), model("/m/d.gguf")],
            [("moved", False), ("added", False)],
        ),
        (
            [model(digests=("fs-verity-sha256:aa",))],
            [model(digests=("fs-verity-sha256:bb",))],
            [("unproven", False)],
        ),
    ],
)
def test_changes(before, after, expected):
    assert told(before, after) == expected


def test_a_moved_file_tells_where_it_was():
    (change,) = model_drift([model()], [model("/m/b.gguf")])
    assert (change.before, change.after, change.path) == ("/m/a.gguf", "/m/b.gguf", "/m/b.gguf")


def test_nothing_is_gone_from_a_store_that_was_not_seen_whole():
    assert told([model()], [], unseen=["/m"]) == [("unseen", False)]
    assert told([], [model()], unseen_before=["/m"]) == [("unseen", False)]
    assert told([model()], [], unseen=["/other"]) == [("removed", False)]


def gap(source, count=1, kind="model_file"):
    return Gap(
        kind=kind, reason="denied", detail="no", origin=Origin("stores", source), count=count
    )


@pytest.mark.parametrize(
    "after, expected",
    [
        (evidence(store()), "removed"),
        (evidence(store(complete=False)), "unseen"),
        (evidence(), "unseen"),
        (evidence(mode="host"), "removed"),
        (evidence(gaps=(gap("/x"),), mode="host"), "unseen"),
        (evidence(store(), gaps=(gap("/m/a.gguf"),)), "unseen"),
        (evidence(store(), gaps=(gap("/mm"),)), "removed"),
        (evidence(store(), gaps=(gap("/mm", 2),)), "unseen"),
        (evidence(store(), gaps=(gap("/m", kind="process"),)), "removed"),
    ],
)
def test_what_an_audit_did_not_see(after, expected):
    assert [one.change for one in drift(evidence(store(), model()), after)] == [expected]


def test_audit_diff_tells_it(tmp_path, capsys):
    folders = []
    for name, record in (("a", model()), ("b", model(digests=(OTHER,)))):
        folder = tmp_path / name
        folder.mkdir()
        taken = evidence(store(), record)
        (folder / "evidence.json").write_bytes(encode(taken))
        judged = api.evaluate(taken, api.Criteria())
        (folder / "findings.json").write_bytes(findings(judged))
        folders.append(folder)
    assert diff(*folders) == ExitCode.FINDING
    said = capsys.readouterr().out
    assert f"worse  model changed   /m/a.gguf  {NAMED} → {OTHER}" in said
    assert diff(folders[0], folders[0]) == ExitCode.PASS
    (folders[0] / "evidence.json").unlink()
    assert diff(*folders) == ExitCode.PASS


def findings(judged):
    from auditor.policy.findings import encode as encoded

    return encoded(judged.findings)


def test_a_change_can_be_written_as_json():
    assert b"removed" in msgspec.json.encode(model_drift([model()], []))
