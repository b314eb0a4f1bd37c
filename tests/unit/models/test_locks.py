"""Locks of stores: whatever changes in a store is told, and what cannot be seen is not vouched for."""

import json
import os
import shutil
import socket

import msgspec
import pytest

from auditor import api_models
from auditor.api_models import check_lock, exit_code, lock, merge_locks
from auditor.collect import _locking as locking
from auditor.errors import AuditError, DocumentError, ExitCode, UsageError
from auditor.host import Unreadable
from auditor.host.live import LiveHost
from auditor.host.tree import TreeHost
from auditor.models.lock import Lock, encode

AT = "2026-11-26T08:00:00Z"


@pytest.fixture
def host():
    live = LiveHost()
    yield live
    live.close()


@pytest.fixture
def store(tmp_path):
    """A store in the manner of Hugging Face: blobs, and links to them."""
    root = tmp_path / "models"
    (root / "blobs").mkdir(parents=True)
    (root / "snapshots/main").mkdir(parents=True)
    (root / "blobs/aa").write_bytes(b"weights")
    (root / "blobs/bb").write_bytes(b"another")
    (root / "blobs/empty").touch()
    (root / "snapshots/main/model.bin").symlink_to("../../blobs/aa")
    (root / "snapshots/main/dangling").symlink_to("../../blobs/nothing")
    (root / "snapshots/folder").symlink_to("../blobs")
    (root / "name\nwith \x1b[2J\u202e lines").write_bytes(b"x")
    (root / os.fsdecode(b"no \xff utf-8")).write_bytes(b"x")
    (tmp_path / "outside.bin").write_bytes(b"outside")
    (root / "out").symlink_to("../outside.bin")
    return root


def locked(host, *paths, **options):
    return lock([str(path) for path in paths], host=host, at=AT, **options)


def told(host, document, *paths, **options):
    differences = check_lock([str(path) for path in paths], document, host=host, **options)
    return [(one.change, one.path) for one in differences]


def test_an_unchanged_store_holds(host, store):
    document = locked(host, store)
    assert told(host, document) == []
    assert told(host, document, store) == []
    assert locked(host, store) == document
    text = json.loads(document)
    assert document.isascii()
    assert text["stores"][0]["files"] == 5
    assert text["stores"][0]["links"] == 4
    assert document.count(b"\n   {") == 9  # an entry a line


def test_a_store_that_was_moved_holds(host, store, tmp_path):
    document = locked(host, store, algorithms=("sha256", "md5"))
    shutil.copytree(store, tmp_path / "elsewhere/deeper", symlinks=True)
    shutil.copy(tmp_path / "outside.bin", tmp_path / "elsewhere/outside.bin")
    assert told(host, document, tmp_path / "elsewhere/deeper") == []


def test_a_single_file(host, store):
    document = locked(host, store / "blobs/aa")
    assert told(host, document) == []
    (store / "blobs/aa").write_bytes(b"Weights")
    assert told(host, document) == [("changed", ".")]
    (store / "blobs/aa").unlink()
    assert told(host, document) == [("removed", ".")]


def changes(store):
    aa, bb = store / "blobs/aa", store / "blobs/bb"
    model = store / "snapshots/main/model.bin"

    def relink(path, target):
        path.unlink()
        path.symlink_to(target)

    def retype(path, make):
        path.unlink()
        make(path)

    return {
        "a changed byte": (lambda: aa.write_bytes(b"weighty"), [("changed", "blobs/aa")]),
        "a longer file": (lambda: aa.write_bytes(b"weights!"), [("changed", "blobs/aa")]),
        "a cut file": (lambda: aa.write_bytes(b""), [("changed", "blobs/aa")]),
        "an added file": ((store / "x").touch, [("added", "x")]),
        "an added link": (lambda: (store / "x").symlink_to("blobs/aa"), [("added", "x")]),
        "an added pipe": (lambda: os.mkfifo(store / "x"), [("added", "x")]),
        "a removed file": (bb.unlink, [("removed", "blobs/bb")]),
        "a removed link": (model.unlink, [("removed", "snapshots/main/model.bin")]),
        "a removed empty file": ((store / "blobs/empty").unlink, [("removed", "blobs/empty")]),
        "a swapped link": (
            lambda: relink(model, "../../blobs/bb"),
            [("retargeted", "snapshots/main/model.bin")],
        ),
        "a link to the same file by other words": (
            lambda: relink(model, "../../blobs/../blobs/aa"),
            [("retargeted", "snapshots/main/model.bin")],
        ),
        "a link that led nowhere": (
            lambda: (store / "blobs/nothing").write_bytes(b"now"),
            [("added", "blobs/nothing"), ("retargeted", "snapshots/main/dangling")],
        ),
        "a renamed file": (
            lambda: bb.rename(store / "blobs/cc"),
            [("removed", "blobs/bb"), ("added", "blobs/cc")],
        ),
        "a file in the place of a link": (
            lambda: retype(model, lambda path: path.write_bytes(b"weights")),
            [("retyped", "snapshots/main/model.bin")],
        ),
        "a link in the place of a file": (
            lambda: retype(bb, lambda path: path.symlink_to("aa")),
            [("retyped", "blobs/bb")],
        ),
        "a pipe in the place of a file": (
            lambda: retype(bb, os.mkfifo), [("retyped", "blobs/bb")],
        ),
        "a folder in the place of a file": (
            lambda: retype(bb, lambda path: path.mkdir()), [("removed", "blobs/bb")],
        ),
        "swapped contents": (
            lambda: (aa.write_bytes(b"another"), bb.write_bytes(b"weights")),
            [("changed", "blobs/aa"), ("changed", "blobs/bb")],
        ),
        "what a link out of the store leads to": (
            lambda: (store.parent / "outside.bin").write_bytes(b"Outside"), [("changed", "out")],
        ),
        "a link out of the store that leads nowhere now": (
            (store.parent / "outside.bin").unlink, [("retargeted", "out")],
        ),
        "a link out of the store to a pipe": (
            lambda: retype(store.parent / "outside.bin", os.mkfifo), [("unreadable", "out")],
        ),
    }  # fmt: skip


NAMES = tuple(changes(__import__("pathlib").Path("/nowhere")))


@pytest.mark.parametrize("name", NAMES)
def test_every_change_is_told(host, store, name):
    document = locked(host, store)
    change, expected = changes(store)[name]
    change()
    assert told(host, document) == expected


def test_a_link_that_passes_through_a_place_outside(host, store, tmp_path):
    """The link and both files stay as they are; what it leads to does not."""
    (tmp_path / "hop").symlink_to("models/blobs/aa")
    (store / "hopping").symlink_to("../hop")
    document = locked(host, store)
    (tmp_path / "hop").unlink()
    (tmp_path / "hop").symlink_to("models/blobs/bb")
    assert told(host, document) == [("retargeted", "hopping")]


def test_a_store_that_is_gone(host, store):
    document = locked(host, store)
    shutil.rmtree(store)
    assert {change for change, _ in told(host, document)} == {"removed"}
    assert len(told(host, document)) == 9


# --- what a lock cannot hold ------------------------------------------------------------------


@pytest.mark.parametrize("defect", ["pipe", "socket", "link to a folder outside", "link loop"])
def test_what_cannot_be_vouched_for_has_no_lock(host, store, tmp_path, defect):
    if defect == "pipe":
        os.mkfifo(store / "x")
    elif defect == "socket":
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(os.path.relpath(store / "x"))
        listener.close()
    elif defect == "link to a folder outside":
        (tmp_path / "folder").mkdir()
        (store / "x").symlink_to(tmp_path / "folder")
    else:
        (store / "x").symlink_to("x")
    with pytest.raises(AuditError, match="cannot be locked"):
        locked(host, store)


def test_a_folder_that_leads_to_itself_ends(host, store):
    (store / "blobs/above").symlink_to("..")
    document = locked(host, store)
    assert told(host, document) == []


def test_a_store_without_an_end_has_no_lock(host, store, monkeypatch):
    monkeypatch.setattr(locking, "MAX_ENTRIES", 8)
    with pytest.raises(AuditError, match="more than"):
        locked(host, store)
    monkeypatch.setattr(locking, "MAX_ENTRIES", 100)
    monkeypatch.setattr(locking, "MAX_DEPTH", 1)
    (store / "snapshots/a/b").mkdir(parents=True)
    with pytest.raises(AuditError, match="deep"):
        locked(host, store)


class Refusing:
    """A live host that may not read some paths."""

    live = True

    def __init__(self, host, operation, path):
        self._host, self._operation, self._path = host, operation, path

    def __getattr__(self, name):
        call = getattr(self._host, name)
        if name != self._operation:
            return call

        def refused(path, *arguments, **options):
            if path == self._path:
                raise Unreadable(path, "denied", "permission denied")
            return call(path, *arguments, **options)

        return refused


@pytest.mark.parametrize(
    "operation, path, hidden",
    [
        ("list", "blobs", ["blobs"]),
        ("stat", "blobs/aa", ["blobs/aa"]),
        ("digest", "blobs/aa", ["blobs/aa"]),
        ("readlink", "snapshots/main/model.bin", ["snapshots/main/model.bin"]),
    ],
)
def test_what_may_not_be_seen_is_not_known_and_neither_gone_nor_the_same(
    host, store, operation, path, hidden
):
    document = locked(host, store)
    blind = Refusing(host, operation, f"{store}/{path}")
    found = check_lock([], document, host=blind)
    assert [("unreadable", name) for name in hidden] == [
        (one.change, one.path) for one in found if one.change == "unreadable"
    ][: len(hidden)]
    assert not any(one.change in ("removed", "changed", "added") for one in found)
    with pytest.raises(AuditError, match="permission denied"):
        locked(blind, store)


def test_what_the_kernel_holds_to_its_digest_is_not_read_again(host, store, monkeypatch):
    aa = f"{store}/blobs/aa"
    monkeypatch.setattr(host, "verity_digest", lambda path: "sha256:ab" * (path == aa))
    document = locked(host, store)
    assert document.count(b'"verity":"sha256:ab"') == 1
    blind = Refusing(host, "digest", aa)
    assert told(blind, document) == []
    # Another digest of the kernel's, or none, proves nothing: the bytes are read.
    monkeypatch.setattr(host, "verity_digest", lambda path: "sha256:cd" * (path == aa))
    assert told(host, document) == []
    assert told(blind, document) == [("unreadable", "blobs/aa")]
    (store / "blobs/aa").write_bytes(b"Weights")
    assert told(host, document) == [("changed", "blobs/aa")]


def test_exit_codes(host, store):
    document = locked(host, store)
    assert exit_code(check_lock([], document, host=host)) == ExitCode.PASS
    blind = Refusing(host, "list", f"{store}/blobs")
    (store / "snapshots/main/model.bin").unlink()
    assert exit_code(check_lock([], document, host=blind)) == ExitCode.FINDING
    (store / "snapshots/main/model.bin").symlink_to("../../blobs/aa")
    found = [one for one in check_lock([], document, host=blind) if one.change == "unreadable"]
    assert exit_code(found) == ExitCode.UNDECIDED


def test_an_image_or_recorded_tree(store, tmp_path):
    tree = TreeHost(tmp_path)
    document = locked(tree, "/models")
    assert told(tree, document) == []
    (store / "blobs/aa").write_bytes(b"Weights")
    assert told(tree, document) == [("changed", "blobs/aa")]


def test_a_check_never_asks_a_cache(host, store, tmp_path, monkeypatch):
    cache = str(tmp_path / "cache")
    first = locked(host, store, cache=cache)
    monkeypatch.setattr(locking, "DigestCache", None)
    assert told(host, first) == []


# --- options ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "options",
    [
        {"algorithms": ()}, {"algorithms": ("md5",)}, {"algorithms": ("git-sha1", "md5")},
        {"algorithms": ("fs-verity",)}, {"algorithms": ("sha256", "fs-verity")},
        {"algorithms": ("crc32",)}, {"shard": "3/2"}, {"cache": "/dev/null"},
    ],
)  # fmt: skip
def test_options_that_make_no_sense(host, store, options):
    with pytest.raises(UsageError):
        locked(host, store, **options)


def test_paths_that_make_no_sense(host, store):
    for paths in ((), (store, store)):
        with pytest.raises(UsageError):
            locked(host, *paths)
    with pytest.raises(AuditError):
        locked(host, store / "nothing")
    document = locked(host, store / "blobs", store / "snapshots/main/model.bin")
    assert told(host, document, store / "blobs") == []
    with pytest.raises(AuditError, match="no store of this name"):
        told(host, document, store)


# --- parts ------------------------------------------------------------------------------------


def test_parts_are_joined_to_the_lock_of_the_whole(host, store):
    parts = [locked(host, store, shard=f"{n}/3") for n in (1, 2, 3)]
    assert merge_locks(parts) == merge_locks([parts[2], parts[0], parts[1], parts[0]])
    assert merge_locks(parts) == locked(host, store)
    for part in parts:
        assert told(host, part) == []
    assert merge_locks([locked(host, store)]) == locked(host, store)


def test_a_part_is_checked_alone(host, store):
    whole = locked(host, store)
    parts = [locked(host, store, shard=f"{n}/3") for n in (1, 2, 3)]
    (store / "blobs/aa").write_bytes(b"Weights")
    (store / "new").touch()
    everything = sorted(told(host, whole))
    assert everything == [("added", "new"), ("changed", "blobs/aa")]
    shares = [told(host, whole, shard=f"{n}/3") for n in (1, 2, 3)]
    assert sorted(one for share in shares for one in share) == everything
    assert [told(host, part) for part in parts] == shares
    with pytest.raises(UsageError):
        told(host, parts[0], shard="2/3")


@pytest.mark.parametrize(
    "defect", ["missing", "nothing", "another number", "algorithms", "stores", "differ"]
)
def test_parts_that_do_not_fit_are_refused(host, store, defect):
    one, two, three = (locked(host, store, shard=f"{n}/3") for n in (1, 2, 3))
    if defect == "differ":
        for path in store.glob("blobs/*"):
            path.write_bytes(b"else")
        for path in store.glob("na*"):
            path.write_bytes(b"else")
    wrong = {
        "missing": lambda: [one, three],
        "nothing": list,
        "another number": lambda: [one, two, locked(host, store, shard="3/4")],
        "algorithms": lambda: [one, two, locked(host, store, shard="3/3", algorithms=("sha512",))],
        "stores": lambda: [one, two, locked(host, store / "blobs", shard="3/3")],
        "differ": lambda: [one, two, three, *(locked(host, store, shard=f"{n}/3") for n in (1, 2, 3))],
    }[defect]()  # fmt: skip
    with pytest.raises(AuditError):
        merge_locks(wrong)


# --- the document -----------------------------------------------------------------------------


def edited(document, change):
    text = json.loads(document)
    change(text)
    # Written as the toolkit writes it, so that only the change can be why it is refused.
    from auditor.models import lock as locks

    return locks.encode(locks.msgspec.convert(text, locks.Lock))


def entry(text, path="blobs/aa"):
    return next(one for one in text["stores"][0]["entries"] if one["path"] == path)


DEFECTS = {
    "another schema": lambda text: text.update(schema="auditor.models-lock/2"),
    "no time": lambda text: text.update(made_at="yesterday"),
    "no algorithm": lambda text: text.update(algorithms=[]),
    "an algorithm twice": lambda text: text.update(algorithms=["sha256", "sha256"]),
    "no part": lambda text: text.update(shard="0/1"),
    "a part with a blank": lambda text: text.update(shard=" 1/1"),
    "a part with zeros": lambda text: text.update(shard="01/01"),
    "no store": lambda text: text.update(stores=[]),
    "a store twice": lambda text: text["stores"].append(text["stores"][0]),
    "wrong totals": lambda text: text["stores"][0].update(files=6),
    "wrong size": lambda text: text["stores"][0].update(size=6),
    "an entry twice": lambda text: text["stores"][0]["entries"].insert(0, entry(text)),
    "not sorted": lambda text: text["stores"][0]["entries"].reverse(),
    "an absolute path": lambda text: entry(text).update(path="/etc/passwd"),
    "a path that leaves": lambda text: entry(text).update(path="blobs/../../aa"),
    "a path with a dot": lambda text: entry(text).update(path="blobs/./aa"),
    "a path with a NUL": lambda text: entry(text).update(path="blobs/a\0"),
    "no digest": lambda text: entry(text).update(digests=[]),
    "a digest of another algorithm": lambda text: entry(text).update(digests=["md5:" + "a" * 32]),
    "a digest too many": lambda text: entry(text)["digests"].append("md5:" + "a" * 32),
    "a digest that is none": lambda text: entry(text).update(digests=["sha256:\x1b[2J"]),
    "a kernel's digest that is none": lambda text: entry(text).update(verity="x"),
    "a negative size": lambda text: entry(text).update(size=-1),
    "a file with a target": lambda text: entry(text).update(target="x"),
    "a link without one": lambda text: entry(text, "out").update(target=""),
    "a link inside and outside": lambda text: entry(text, "out").update(leads_to="blobs/aa"),
    "a link that leads above": lambda text: entry(text, "snapshots/folder").update(leads_to="../x"),
}


@pytest.mark.parametrize("defect", DEFECTS)
def test_a_lock_that_cannot_be_so_is_refused(host, store, defect):
    document = edited(locked(host, store), DEFECTS[defect])
    with pytest.raises(DocumentError):
        check_lock([], document, host=host)


@pytest.mark.parametrize(
    "document",
    [b"", b"null", b"[]", b"{}", b"[" * 100_000, b'{"schema": 1}', b"\xff", b"GGUF"],
)
def test_what_is_no_lock(host, document):
    with pytest.raises(DocumentError):
        check_lock([], document, host=host)


def test_only_the_canonical_bytes_are_a_lock(host, store):
    document = locked(host, store)
    text = json.loads(document)
    twice = document.replace(b'"size":7,', b'"size":9,"size":7,')
    for other in (json.dumps(text).encode(), document + b"\n", document.rstrip(), twice):
        assert other != document
        with pytest.raises(DocumentError):
            check_lock([], other, host=host)


def test_an_entry_of_another_part_is_refused(host, store):
    whole = json.loads(locked(host, store))
    with pytest.raises(DocumentError, match="another part"):
        check_lock([], edited(json.dumps(whole), lambda text: text.update(shard="1/3")), host=host)


def test_progress(host, store):
    heard = []
    locked(host, store, heard=lambda done, total: heard.append((done, total)))
    assert heard[-1] == (23, 23)
    assert api_models.unheard(1, 2) is None


def test_a_lock_of_digests_that_anybody_can_forge_is_refused(host, store):
    document = json.loads(locked(host, store / "blobs", algorithms=("sha256", "md5")))
    document["algorithms"] = ["md5"]
    for entry in document["stores"][0]["entries"]:
        entry["digests"] = entry["digests"][1:]
    weak = encode(msgspec.convert(document, Lock))
    with pytest.raises(AuditError, match="forge"):
        check_lock([], weak, host=host)
