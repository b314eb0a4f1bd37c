"""Signed models on a host: what may be signed, and every difference from what was signed."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
from pathlib import Path

import pytest
from model_signers import key, pem, signer

from auditor import api_models
from auditor.collect import Options
from auditor.collect import _store_seals as store_seals
from auditor.collect._reading import Reading
from auditor.collect._store_signatures import Signatures
from auditor.collect._store_walk import Walker
from auditor.collect.stores import COLLECTOR
from auditor.errors import AuditError, SignatureError, UsageError
from auditor.evidence import Gap
from auditor.evidence.models import ModelFile, StoreAnomaly
from auditor.evidence.site import Signer, Site
from auditor.host import Unreadable
from auditor.host.live import LiveHost
from auditor.models import signed_manifest
from auditor.models.signed_manifest import Manifest, Resource
from auditor.models.signer_keys import ModelSigner, Trusted
from auditor.models.signing import sign

AT = dt.datetime(2026, 1, 15, tzinfo=dt.UTC)


def gguf(name: bytes = b"x") -> bytes:
    text = len(name).to_bytes(8, "little") + name
    word = len(b"general.name").to_bytes(8, "little") + b"general.name"
    return (
        b"GGUF" + (3).to_bytes(4, "little") + bytes(8) + (1).to_bytes(8, "little")
        + word + (8).to_bytes(4, "little") + text
    )  # fmt: skip


@pytest.fixture
def made_by():
    return signer()


@pytest.fixture
def model(tmp_path):
    folder = tmp_path / "hub" / "m"
    (folder / "sub").mkdir(parents=True)
    (folder / ".git").mkdir()
    (folder / "model.gguf").write_bytes(gguf())
    (folder / "sub" / "config.json").write_text("{}")
    (folder / ".git" / "index").write_text("changes")
    return folder


def signed(folder: Path, made_by: ModelSigner, **how: object) -> Path:
    out = folder / "model.sig" if folder.is_dir() else folder.with_name(f"{folder.name}.sig")
    document = api_models.sign_model(
        str(folder), host=LiveHost(), signer=made_by, signature=str(out), **how
    )
    out.write_bytes(document)
    return out


def verified(folder: Path, signature: Path, made_by: ModelSigner, **how: object):
    trusted = Trusted(keys=((made_by.public, "plant"),))
    return api_models.verify_model(
        str(folder), signature.read_bytes(), host=LiveHost(), trusted=trusted, at=AT,
        signature=str(signature), **how,
    )[1]  # fmt: skip


def changes(compared) -> list[tuple[str, str]]:
    return [(one.change, one.path) for one in compared.differences]


@pytest.mark.parametrize("how", [{}, {"shard_size": 7}, {"hash_type": "blake2b"}])
def test_what_was_signed_is_there(model, made_by, how):
    compared = verified(model, signed(model, made_by, **how), made_by)
    assert changes(compared) == []
    assert compared.files == 2
    assert compared.left_out == (".git",)


@pytest.mark.parametrize("how", [{}, {"shard_size": 7}])
@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda m: (m / "model.gguf").write_bytes(gguf(b"y")), [("changed", "model.gguf")]),
        (lambda m: (m / "model.gguf").write_bytes(gguf()[:-1]), [("changed", "model.gguf")]),
        (lambda m: (m / "model.gguf").write_bytes(gguf() + b"z"), [("changed", "model.gguf")]),
        (lambda m: (m / "new.py").write_text("x"), [("added", "new.py")]),
        (lambda m: (m / "sub" / ".git").write_text("x"), [("added", "sub/.git")]),
        (lambda m: (m / "sub" / "config.json").unlink(), [("removed", "sub/config.json")]),
        (lambda m: (m / "MODEL.gguf").write_bytes(gguf()), [("added", "MODEL.gguf")]),
        (lambda m: os.mkfifo(m / "pipe"), [("added", "pipe")]),
        (lambda m: (m / "lnk").symlink_to("model.gguf"), [("added", "lnk")]),
    ],
    ids=["byte", "cut", "longer", "added", "git-below", "removed", "case", "fifo", "link"],
)
def test_every_difference_is_told(model, made_by, how, change, told):
    signature = signed(model, made_by, **how)
    change(model)
    assert changes(verified(model, signature, made_by)) == told


def test_a_file_that_became_a_link(model, made_by):
    signature = signed(model, made_by)
    (model / "model.gguf").rename(model.parent / "other")
    (model / "model.gguf").symlink_to("../other")
    assert changes(verified(model, signature, made_by)) == [("retyped", "model.gguf")]


def test_unsigned_files_may_be_accepted_and_are_told(model, made_by):
    signature = signed(model, made_by)
    (model / "new.txt").write_text("x")
    compared = verified(model, signature, made_by, ignore_unsigned=True)
    assert changes(compared) == []
    assert compared.left_out == (".git", "new.txt")
    (model / "model.gguf").write_bytes(gguf(b"z"))
    (model / "sub" / "config.json").unlink()
    compared = verified(model, signature, made_by, ignore_unsigned=True)
    assert changes(compared) == [("changed", "model.gguf"), ("removed", "sub/config.json")]


def test_what_a_signature_leaves_out_is_told(model, made_by):
    (model / "cache").mkdir()
    (model / "cache" / "x").write_text("x")
    signature = signed(model, made_by, ignored=("cache",))
    assert verified(model, signature, made_by).left_out == (".git", "cache")
    assert not changes(verified(model, signature, made_by))


def test_a_single_file(model, made_by):
    file = model / "model.gguf"
    signature = signed(file, made_by)
    assert signature.name == "model.gguf.sig"
    assert changes(verified(file, signature, made_by)) == []
    file.write_bytes(gguf(b"z"))
    assert changes(verified(file, signature, made_by)) == [("changed", ".")]


def test_a_single_file_by_its_name_as_the_specification_has_it(model, made_by):
    file = model / "model.gguf"
    digest = hashlib.sha256(gguf()).hexdigest()
    how = Manifest(
        model="model.gguf", hash_type="sha256", resources=(Resource("model.gguf", -1, -1, digest),)
    )
    signature = model.parent / "x.sig"
    signature.write_bytes(sign(how, made_by))
    assert changes(verified(file, signature, made_by)) == []


@pytest.fixture
def snapshot(tmp_path):
    repository = tmp_path / "hub" / "models--a--b"
    (repository / "blobs").mkdir(parents=True)
    (repository / "blobs" / "aaaa").write_bytes(gguf())
    folder = repository / "snapshots" / ("0" * 40)
    folder.mkdir(parents=True)
    (folder / "model.gguf").symlink_to("../../blobs/aaaa")
    return folder


def test_a_hub_snapshot_is_signed_through_its_links(snapshot, made_by):
    with pytest.raises(AuditError, match="links are not signed"):
        signed(snapshot, made_by)
    signature = signed(snapshot, made_by, allow_symlinks=True)
    assert changes(verified(snapshot, signature, made_by)) == []
    (snapshot / "../../blobs/bbbb").write_bytes(gguf(b"evil"))
    (snapshot / "model.gguf").unlink()
    (snapshot / "model.gguf").symlink_to("../../blobs/bbbb")
    assert changes(verified(snapshot, signature, made_by)) == [("changed", "model.gguf")]


@pytest.mark.parametrize(
    ("target", "says"),
    [
        ("/etc/hostname", "out of the model's repository"),
        ("../../../outside", "out of the model's repository"),
        ("../../blobs", "links? out of|folder|unsupported"),
        ("nowhere", "nothing is"),
        (".", "folder"),
    ],
)
def test_links_that_are_never_signed(snapshot, made_by, target, says):
    (snapshot / "../../../outside").write_text("x")
    (snapshot / "more").symlink_to(target)
    with pytest.raises(AuditError, match=says):
        signed(snapshot, made_by, allow_symlinks=True)


def test_a_link_that_leads_out_since_it_was_signed(snapshot, made_by, tmp_path):
    signature = signed(snapshot, made_by, allow_symlinks=True)
    (tmp_path / "same").write_bytes(gguf())
    (snapshot / "model.gguf").unlink()
    (snapshot / "model.gguf").symlink_to(tmp_path / "same")
    assert changes(verified(snapshot, signature, made_by)) == [("retyped", "model.gguf")]


def test_what_cannot_be_signed(model, made_by, tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(AuditError, match="nothing in it"):
        signed(tmp_path / "empty", made_by)
    with pytest.raises(AuditError, match="no such model"):
        signed(tmp_path / "absent", made_by)
    os.mkfifo(model / "pipe")
    with pytest.raises(AuditError, match="a fifo"):
        signed(model, made_by)
    (model / "pipe").unlink()
    (model / os.fsdecode(b"\xff.bin")).write_bytes(b"x")
    with pytest.raises(AuditError, match="no UTF-8"):
        signed(model, made_by)
    for how in ({"hash_type": "md5"}, {"ignored": ("../x",)}):
        with pytest.raises(UsageError):
            signed(model, made_by, **how)


class Refusing(LiveHost):
    """A host that hashes nothing, as a disk that fails."""

    def digest(self, path, *_, **__):
        raise Unreadable(path, "denied", "it cannot be read")


def test_what_cannot_be_read_is_not_known(model, made_by):
    signature = signed(model, made_by)
    trusted = Trusted(keys=((made_by.public, ""),))
    _, compared = api_models.verify_model(
        str(model), signature.read_bytes(), host=Refusing(), trusted=trusted, at=AT,
        signature=str(signature),
    )  # fmt: skip
    assert {one.change for one in compared.differences} == {"unreadable"}


def test_a_false_signature_is_refused_before_any_file_is_read(model, made_by):
    signature = signed(model, made_by)
    with pytest.raises(SignatureError):
        api_models.verify_model(
            str(model), signature.read_bytes(), host=None, trusted=Trusted(), at=AT
        )


def scanned(store: Path, made_by: ModelSigner | None, **options: object):
    site = Site()
    if made_by is not None:
        text = made_by.public.pem.decode()
        site = Site(signers=(Signer(name="plant", public_key=text, role="models"),))
    options = {"digests": ("sha256",), **options}
    asked = Options(stores=(str(store),), site=site, discover=False, **options)
    return list(COLLECTOR.collect(LiveHost(), asked))


def states(facts) -> dict[str, str]:
    return {Path(f.path).name: f.signature.state for f in facts if isinstance(f, ModelFile)}


@pytest.mark.parametrize("how", [{}, {"shard_size": 7}, {"hash_type": "blake2b"}])
def test_a_store_tells_what_is_signed_by_whom(model, made_by, how):
    signed(model, made_by, **how)
    facts = scanned(model.parent, made_by)
    (file,) = (f for f in facts if isinstance(f, ModelFile) and f.path.endswith("model.gguf"))
    assert (file.signature.state, file.signature.signer) == ("valid", "plant")
    assert (file.signature.method, file.signature.source) == ("key", str(model / "model.sig"))
    assert not [f for f in facts if isinstance(f, Gap)]
    assert states(scanned(model.parent, None))["model.gguf"] == "untrusted"
    assert states(scanned(model.parent, signer()))["model.gguf"] == "untrusted"
    assert states(scanned(model.parent, made_by, digests=()))["model.gguf"] == "not-checked"
    (model / "model.gguf").write_bytes(gguf(b"y"))
    assert states(scanned(model.parent, made_by))["model.gguf"] == "invalid"
    assert states(scanned(model.parent, None))["model.gguf"] == "invalid"


def test_only_signers_of_models_count(model, made_by):
    signed(model, made_by)
    text = made_by.public.pem.decode()
    site = Site(signers=(Signer(name="auditor", public_key=text, role="auditor"),))
    asked = Options(stores=(str(model),), site=site, discover=False, digests=("sha256",))
    assert states(COLLECTOR.collect(LiveHost(), asked))["model.gguf"] == "untrusted"


def test_a_file_that_was_added_to_a_signed_model(model, made_by):
    signed(model, made_by)
    (model / "more.gguf").write_bytes(gguf(b"more"))
    (model.parent / "beside.gguf").write_bytes(gguf(b"beside"))
    found = states(scanned(model.parent, made_by))
    assert found == {"model.gguf": "valid", "more.gguf": "invalid", "beside.gguf": "none"}


def test_a_file_that_is_gone_is_told_of_its_signature(model, made_by):
    signed(model, made_by)
    (model / "sub" / "config.json").unlink()
    (one,) = (f for f in scanned(model, made_by) if isinstance(f, StoreAnomaly))
    assert one.anomaly == "index-mismatch"
    assert "sub/config.json" in one.detail


def test_a_signature_beside_its_model(model, made_by):
    signed(model, made_by).rename(model.parent / "m.sig")
    assert states(scanned(model.parent, made_by))["model.gguf"] == "valid"


def test_a_signature_of_a_single_file(model, made_by):
    signed(model / "model.gguf", made_by)
    (model / "other.gguf").write_bytes(gguf(b"other"))
    assert states(scanned(model, made_by)) == {"model.gguf": "valid", "other.gguf": "none"}


def test_a_hub_snapshot_in_a_store(snapshot, made_by):
    signed(snapshot, made_by, allow_symlinks=True)
    assert states(scanned(snapshot.parents[2], made_by))["aaaa"] == "valid"


def test_a_file_that_became_a_link_in_a_store(model, made_by):
    signed(model, made_by)
    (model / "model.gguf").rename(model.parent / "other")
    (model / "model.gguf").symlink_to("../other")
    assert states(scanned(model.parent, made_by))["other"] == "invalid"


def test_a_cache_of_digests_proves_nothing(model, made_by, tmp_path, monkeypatch):
    signed(model, made_by)
    cache = str(tmp_path / "cache")
    assert states(scanned(model, made_by, digest_cache=cache))["model.gguf"] == "valid"
    monkeypatch.setattr(
        "auditor.collect._digest_cache.DigestCache.recall",
        lambda *_: pytest.fail("the digest of a signed file was taken from the cache"),
    )
    (model / "sub" / "config.json").unlink()
    (model / ".git" / "index").unlink()
    (model / "model.sig").rename(model / "m.sig")
    monkeypatch.setattr(store_seals, "_ENDS", (".sig",))
    facts = scanned(model / "model.gguf", made_by, digest_cache=cache)
    assert states(facts)["model.gguf"] == "valid"


def test_a_broken_signature_is_unreadable(model, made_by):
    document = json.loads(signed(model, made_by).read_bytes())
    document["dsseEnvelope"]["payloadType"] = "x"
    (model / "model.sig").write_text(json.dumps(document))
    assert states(scanned(model, made_by))["model.gguf"] == "unreadable"


def test_a_false_signature_is_invalid(model, made_by):
    document = json.loads(signed(model, made_by).read_bytes())
    document["dsseEnvelope"]["signatures"][0]["sig"] = "MAYCAQECAQE="
    (model / "model.sig").write_text(json.dumps(document))
    assert states(scanned(model, made_by))["model.gguf"] == "invalid"


def test_a_keyless_signature_is_not_checked(model, made_by):
    document = json.loads(signed(model, made_by).read_bytes())
    document["verificationMaterial"] = {"certificate": {"rawBytes": "AAAA"}, "tlogEntries": [{}]}
    (model / "model.sig").write_text(json.dumps(document))
    assert states(scanned(model, made_by))["model.gguf"] == "not-checked"


def test_other_signatures_are_not_ours(model, made_by):
    (model / "model.sig").write_text("-----BEGIN SSH SIGNATURE-----")
    assert states(scanned(model, made_by))["model.gguf"] == "none"


def test_a_valid_signature_beside_a_stranger_s(model, made_by):
    first = signed(model, signer())
    first.rename(model / "a.sig")
    signed(model, made_by, ignored=("a.sig",))
    assert states(scanned(model, made_by))["model.gguf"] == "valid"


def test_several_signatures_in_one_file(model, made_by):
    document = signed(model, made_by).read_bytes()
    (model / "model.sig").unlink()
    (model / "claims.jsonl").write_bytes(document + b"\n" + document + b"\n")
    assert states(scanned(model, made_by))["model.gguf"] == "valid"


def test_a_site_s_key_of_another_kind_counts_for_nothing(model, made_by):
    signed(model, made_by)
    text = pem(key().public_key()).decode().replace("MFkw", "MFkx")
    site = Site(signers=(Signer(name="x", public_key=text, role="models"),))
    asked = Options(stores=(str(model),), site=site, discover=False, digests=("sha256",))
    assert states(COLLECTOR.collect(LiveHost(), asked))["model.gguf"] == "untrusted"


def test_manifests_name_what_they_ignore():
    how = Manifest(model="m", hash_type="sha256", resources=(), ignored=("cache", "model.sig"))
    assert [how.ignores(p) for p in ("cache", "cache/x", "cached", "a/cache", ".git/x", "a/.git")] \
        == [True, True, False, False, True, False]  # fmt: skip
    assert signed_manifest.is_plain("a/b c")


def test_a_file_of_two_names_is_signed_under_both(model, made_by):
    (model.parent / "a.gguf").hardlink_to(model / "model.gguf")
    signed(model, made_by)
    assert states(scanned(model.parent, made_by)) == {"a.gguf": "valid"}
    assert states(scanned(model / "model.gguf", made_by)) == {"model.gguf": "valid"}
    (model / "model.gguf").write_bytes(gguf(b"y"))
    assert states(scanned(model.parent, made_by)) == {"a.gguf": "invalid"}


def test_more_signatures_than_are_read(model, made_by, monkeypatch):
    signed(model, made_by)
    monkeypatch.setattr(store_seals.signature_bundle, "MAX_BUNDLE", 100)
    facts = scanned(model, made_by)
    assert states(facts)["model.gguf"] == "unreadable"
    assert {f.reason for f in facts if isinstance(f, Gap)} == {"limit"}


@pytest.mark.parametrize("allowed", [False, True])
def test_a_link_to_a_folder_elsewhere_since_it_was_signed(model, made_by, tmp_path, allowed):
    signature = signed(model, made_by, allow_symlinks=allowed)
    (model / "more").symlink_to(tmp_path)
    assert changes(verified(model, signature, made_by)) == [("added", "more")]
    compared = verified(model, signature, made_by, ignore_unsigned=True)
    assert (changes(compared), compared.left_out) == ([], (".git", "more"))


def test_a_link_in_a_ring(model, made_by):
    signature = signed(model, made_by, allow_symlinks=True)
    (model / "a").symlink_to("b")
    (model / "b").symlink_to("a")
    assert changes(verified(model, signature, made_by)) == [("added", "a"), ("added", "b")]


def mismatches(facts) -> set[str]:
    return {
        Path(fact.path).name
        for fact in facts
        if isinstance(fact, StoreAnomaly) and fact.anomaly == "signature-mismatch"
    }


@pytest.mark.parametrize("how", [{}, {"shard_size": 7}])
@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda m: None, set()),
        (lambda m: (m / "sub" / "config.json").write_text('{"auto_map": 1}'), {"config.json"}),
        (lambda m: (m / "modeling.py").write_text("import os"), {"modeling.py"}),
        (lambda m: (m / ".git" / "index").write_text("other"), set()),
        (lambda m: (m / "notes.sig").write_text("none of ours"), {"notes.sig"}),
    ],
    ids=["as-signed", "configuration-changed", "code-added", "ignored", "no-signature"],
)
def test_a_file_beside_the_weights_that_is_not_what_was_signed(model, made_by, how, change, told):
    signed(model, made_by, **how)
    change(model)
    facts = scanned(model.parent, made_by)
    assert mismatches(facts) == told
    assert states(facts)["model.gguf"] == "valid"


def test_a_configuration_that_an_older_signature_names_otherwise_is_as_it_was_signed(
    model, made_by
):
    signed(model, made_by).rename(model / "old.sig")
    (model / "sub" / "config.json").write_text('{"new": 1}')
    (model / "model.sig").write_bytes(
        api_models.sign_model(
            str(model), host=LiveHost(), signer=made_by, signature=str(model / "model.sig"),
            ignored=("old.sig",),
        )
    )  # fmt: skip
    assert mismatches(scanned(model.parent, made_by)) == set()


def test_a_configuration_that_was_not_hashed_is_not_called_false(model, made_by):
    signed(model, made_by)
    (model / "sub" / "config.json").write_text("[]")
    assert mismatches(scanned(model.parent, made_by, digests=())) == set()


def test_a_false_signature_is_told_once_by_its_own_file(model, made_by):
    signature = signed(model, made_by)
    document = json.loads(signature.read_text())
    document["dsseEnvelope"]["signatures"][0]["sig"] = "MAYCAQECAQE="
    signature.write_text(json.dumps(document))
    assert mismatches(scanned(model.parent, made_by)) == {"model.sig"}


def test_what_git_keeps_is_told_as_unsigned_by_whatever_signature(model, made_by):
    manifest = Manifest(
        model="m",
        hash_type="sha256",
        resources=tuple(
            Resource(name, -1, -1, hashlib.sha256((model / name).read_bytes()).hexdigest())
            for name in ("model.gguf", "sub/config.json")
        ),
        ignored=("model.sig",),
    )
    (model / "model.sig").write_bytes(sign(manifest, made_by))
    assert verified(model, model / "model.sig", made_by).left_out == (".git",)


def test_another_s_signature_excuses_no_code_that_was_put_into_a_signed_model(model, made_by):
    signed(model, made_by)
    (model / "modeling.py").write_text("import os")
    (model / "more.gguf").write_bytes(gguf(b"more"))
    signed(model / "modeling.py", signer())
    signed(model / "more.gguf", signer())
    facts = scanned(model.parent, made_by)
    assert mismatches(facts) == {"modeling.py"}
    assert states(facts) == {"model.gguf": "valid", "more.gguf": "invalid"}


def test_a_thousand_signatures_that_cannot_be_read_cost_no_more_than_one(model, made_by):
    for number in range(50):
        bundle = '{"mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json"}'
        (model / f"{number}.sig").write_text(bundle)
    site = Site()
    reading = Reading(LiveHost(), "stores", "model_file")
    walk = Walker(reading).walk(str(model), LiveHost().stat(str(model)))
    asked = Options(site=site, digests=("sha256",))
    found = Signatures(reading, walk.contents, asked, walk.names)
    assert len(found._signed[str(model / "model.gguf")]) == 1
    assert states(scanned(model, made_by))["model.gguf"] == "unreadable"
