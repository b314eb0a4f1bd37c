"""The cache of huggingface_hub: what its refs, links and names promise."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from auditor.stores import Odd, Told, huggingface_local, load, look, tool_of
from auditor.stores.huggingface import LAYOUT, digest_named
from tests.unit.stores.conftest import Memory

COMMIT = "a" * 40
REPO = "models--Qwen--Small"
SHA256, SHA1 = "b" * 64, "c" * 40
GOOD = {
    f"{REPO}/blobs/{SHA256}": "weights",
    f"{REPO}/blobs/{SHA1}": "config",
    f"{REPO}/snapshots/{COMMIT}/model.bin": Path(f"../../blobs/{SHA256}"),
    f"{REPO}/snapshots/{COMMIT}/config.txt": Path(f"../../blobs/{SHA1}"),
}


def test_a_pinned_cache_is_as_it_says(odd, told):
    assert odd(GOOD) == set()
    facts = told(GOOD)
    assert (facts[REPO].registry, facts[REPO].repository) == ("huggingface.co", "Qwen/Small")
    assert facts[f"{REPO}/snapshots/{COMMIT}"].revision == COMMIT


@pytest.mark.parametrize(
    ("name", "files", "anomaly", "path"),
    [
        ("a branch", {"refs/main": COMMIT}, "reference-mutable", "refs/main"),
        ("a pull request", {"refs/pr/1": COMMIT + "\n"}, "reference-mutable", "refs/pr/1"),
        ("a commit that is not there", {"refs/v1": "d" * 40}, "reference-broken", "refs/v1"),
        ("no commit", {"refs/main": "../../x"}, "reference-broken", "refs/main"),
        ("not text", {"refs/main": b"\xff\xfe"}, "reference-broken", "refs/main"),
        ("a snapshot of no commit", {"snapshots/main/x": "x"}, "reference-broken",
         "snapshots/main"),
        ("an orphan", {"blobs/" + "e" * 64: "x"}, "blob-orphan", "blobs/" + "e" * 64),
        ("unfinished", {"blobs/" + "e" * 64 + ".incomplete": "x"}, "download-unfinished",
         "blobs/" + "e" * 64 + ".incomplete"),
        ("a link beside blobs", {f"snapshots/{COMMIT}/x": Path(f"../{COMMIT}/model.bin"),
         "other": "x", f"snapshots/{COMMIT}/y": Path("../../other")}, "link-escaping",
         f"snapshots/{COMMIT}/y"),
        ("a dangling link", {f"snapshots/{COMMIT}/x": Path("../../blobs/gone")}, "link-dangling",
         f"snapshots/{COMMIT}/x"),
        ("a link out", {f"snapshots/{COMMIT}/x": Path("/etc/shadow")}, "link-escaping",
         f"snapshots/{COMMIT}/x"),
        ("a link into another repository", {f"snapshots/{COMMIT}/x":
         Path("../../../models--B--C/blobs/x"), "../models--B--C/blobs/x": "x"}, "link-escaping",
         f"snapshots/{COMMIT}/x"),
    ],
)  # fmt: skip
def test_what_is_not_as_the_cache_says(odd, name, files, anomaly, path):
    added = {}
    for where, data in files.items():
        added[where[3:] if where.startswith("../") else f"{REPO}/{where}"] = data
    assert (anomaly, f"{REPO}/{path}") in odd({**GOOD, **added}), name


def test_tokens_beside_the_cache_are_told_and_not_read(odd):
    assert odd(GOOD, {"/token": 0o600}) == {("credential", "/token")}


def test_data_sets_are_repositories_too(told):
    facts = told({"datasets--org--d/snapshots/" + COMMIT + "/x": "x"})
    assert facts["datasets--org--d"].repository == "datasets/org/d"


@pytest.mark.parametrize(
    ("path", "named"),
    [
        (f"/h/{REPO}/blobs/{SHA256}", f"sha256:{SHA256}"),
        (f"/h/{REPO}/blobs/{SHA1}", f"git-sha1:{SHA1}"),
        (f"/h/{REPO}/blobs/{'B' * 64}", ""),
        (f"/h/{REPO}/blobs/etag", ""),
        (f"/h/other/blobs/{SHA256}", ""),
        (f"/h/{REPO}/snapshots/{SHA256}", ""),
    ],
)
def test_the_digests_that_blobs_are_named_by(path, named):
    assert digest_named(path) == named


NOTE = ".cache/huggingface/download/sub/w.bin.metadata"
TAG = hashlib.sha256(b"w").hexdigest()


@pytest.mark.parametrize(
    ("note", "files", "computed", "anomalies"),
    [
        (f"{COMMIT}\n{TAG}\n1.5\n", {"sub/w.bin": "w"}, TAG, set()),
        (f"{COMMIT}\n{TAG}\n1.5\n", {"sub/w.bin": "x"}, "f" * 64, {("blob-digest", "sub/w.bin")}),
        (f"{COMMIT}\n{TAG}\n1.5\n", {"sub/w.bin": "x"}, "", set()),
        (f"{COMMIT}\n{TAG}\n1.5\n", {}, "", {("blob-missing", "sub/w.bin")}),
        (f"{COMMIT}", {"sub/w.bin": "x"}, "", set()),
        ("", {"sub/w.bin": "x"}, "", {("configuration-malformed", NOTE)}),
    ],
)
def test_what_a_filled_folder_notes_of_its_files(note, files, computed, anomalies):
    store = Memory({NOTE: note, **files})
    store.digests = lambda path: (f"sha256:{computed}",) if computed else None
    found = list(look(store))
    odd = {(o.anomaly, o.path.removeprefix("/store/")) for o in found if isinstance(o, Odd)}
    assert odd == anomalies
    told = {o.facts.revision for o in found if isinstance(o, Told)}
    assert told == ({COMMIT} if files and note else set())


def test_the_layouts_are_listed():
    assert load("huggingface_local") is huggingface_local.LAYOUT
    assert load("huggingface") is LAYOUT


def test_the_hub_is_known_by_its_folders():
    contents = Memory(GOOD).contents
    assert tool_of(contents.folders[contents.root]) == "huggingface"
