"""A lock of any store holds, and of any store that differs in anything it does not."""

import os
import shutil
import tempfile
from pathlib import Path

from hypothesis import assume, given
from hypothesis import strategies as st

from auditor.api_models import check_lock, lock, merge_locks
from auditor.host.live import LiveHost
from auditor.models.lock import decode, encode

AT = "2026-11-26T08:00:00Z"
# Names as the kernel takes them: any bytes but the slash and the NUL.
NAMES = (
    st.binary(min_size=1, max_size=8)
    .filter(lambda raw: raw not in (b".", b"..") and not {0, 47} & set(raw))
    .map(os.fsdecode)
)
FILES = st.binary(max_size=4)
LINKS = NAMES.map(lambda name: ("link", name))
TREES = st.recursive(
    st.dictionaries(NAMES, FILES | LINKS, max_size=4),
    lambda below: st.dictionaries(NAMES, FILES | LINKS | below, max_size=4),
    max_leaves=12,
)


def build(folder, tree):
    folder.mkdir()
    for name, what in tree.items():
        if isinstance(what, dict):
            build(folder / name, what)
        elif isinstance(what, tuple):
            (folder / name).symlink_to(what[1])
        else:
            (folder / name).write_bytes(what)


def leaves(tree, above=()):
    """Return what a lock speaks of: files and links by their path."""
    found = {}
    for name, what in tree.items():
        if isinstance(what, dict):
            found |= leaves(what, (*above, name))
        else:
            found["/".join((*above, name))] = what
    return found


def circular(folder):
    """Return whether a link leads to itself: nothing can be said of such a one."""
    return any(
        path.is_symlink() and not path.exists() and loops(path) for path in folder.rglob("*")
    )


def loops(path):
    try:
        path.stat()
    except OSError as error:
        return error.errno == 40
    return False


class Stores:
    """A folder for two stores, and the host that reads them."""

    def __enter__(self):
        self.folder = Path(tempfile.mkdtemp())
        self.host = LiveHost()
        return self

    def __exit__(self, *_):
        self.host.close()
        shutil.rmtree(self.folder)

    def locked(self, tree, name="store", **options):
        build(self.folder / name, tree)
        assume(not circular(self.folder / name))
        return self.lock(name, **options)

    def lock(self, name="store", **options):
        return lock([f"{self.folder}/{name}"], host=self.host, at=AT, **options)

    def check(self, document, name="store"):
        return check_lock([f"{self.folder}/{name}"], document, host=self.host)


@given(TREES)
def test_what_was_locked_holds_and_is_read_as_it_was_written(tree):
    with Stores() as stores:
        document = stores.locked(tree)
        assert encode(decode(document)) == document
        entries = decode(document).stores[0].entries
        assert {entry.path for entry in entries} == leaves(tree).keys()
        assert stores.check(document) == ()


@given(TREES, TREES)
def test_two_stores_hold_to_one_lock_only_where_they_are_the_same(before, after):
    with Stores() as stores:
        document = stores.locked(before)
        build(stores.folder / "other", after)
        same = leaves(before) == leaves(after)
        assert bool(stores.check(document, "other")) != same


@given(TREES, st.data())
def test_any_single_change_is_told(tree, data):
    with Stores() as stores:
        document = stores.locked(tree)
        paths = sorted(leaves(tree))
        assume(paths)
        path = stores.folder / "store" / data.draw(st.sampled_from(paths))
        change = data.draw(st.sampled_from(["remove", "rename", "content", "kind"]))
        if change == "remove":
            path.unlink()
        elif change == "rename":
            path.rename(path.with_name(path.name[:4] + "-new"))
        elif change == "kind":
            path.unlink()
            os.mkfifo(path)
        elif path.is_symlink():
            target = str(path.readlink())
            path.unlink()
            path.symlink_to(target + "x")
        else:
            body = bytearray(path.read_bytes() or b"\0")
            body[-1] ^= 1 if path.stat().st_size else 0
            path.write_bytes(body)
        assert stores.check(document)


@given(TREES, st.integers(1, 5))
def test_any_number_of_parts_makes_the_same_whole(tree, parts):
    with Stores() as stores:
        whole = stores.locked(tree)
        made = [stores.lock(shard=f"{number}/{parts}") for number in range(1, parts + 1)]
        assert merge_locks(made[::-1]) == whole
