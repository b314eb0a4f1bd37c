"""Compares the model files of two audits: what came, went, moved, or is not what it was."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Literal

from msgspec import Struct

from auditor.evidence.bundle import Evidence
from auditor.evidence.models import VERDICTS, ModelFile
from auditor.evidence.storage import ModelStore

Kind = Literal[
    "added", "removed", "moved", "changed", "unproven", "verdict", "re-signed", "unseen",
]  # fmt: skip
_Key = tuple[str, str]
_LIVING = frozenset({"dataset", "index", "optimizer"})


class ModelChange(Struct, frozen=True, kw_only=True):
    """One thing that differs: `before` and `after` are what it was and is, `` where it was not.

    `changed` is other content under the same name; `unproven` the same name and size without a
    digest on both sides that could be compared; `moved` the same content under another name
    (`before` the old path); `verdict` and `re-signed` an other verdict or signature; `unseen` a
    file that one of the audits did not see in a store that it did not see whole. `worse` says
    that somebody has to look at it.
    """

    store: str
    path: str
    change: Kind
    before: str
    after: str
    worse: bool = False


def drift(before: Evidence, after: Evidence) -> tuple[ModelChange, ...]:
    """Return what differs between the model files of two audits of one host."""
    files, later = (
        [one for one in evidence.records if isinstance(one, ModelFile)]
        for evidence in (before, after)
    )
    return model_drift(
        files,
        later,
        unseen_before=_unseen({file.store for file in later}, before),
        unseen=_unseen({file.store for file in files}, after),
    )


def _unseen(stores: set[str], evidence: Evidence) -> set[str]:
    """Return those of `stores` that an audit did not see whole, or did not look at."""
    seen = {one.path: one.complete for one in evidence.records if isinstance(one, ModelStore)}
    gaps = [gap for gap in evidence.gaps if gap.kind in ("model_store", "model_file")]
    everywhere = any(gap.count > 1 for gap in gaps)
    return {
        store
        for store in stores
        if not seen.get(store, evidence.mode == "host" and not gaps)
        or everywhere
        or any(f"{gap.origin.source}/".startswith(f"{store.rstrip('/')}/") for gap in gaps)
    }


def model_drift(
    before: Sequence[ModelFile],
    after: Sequence[ModelFile],
    *,
    unseen_before: Iterable[str] = (),
    unseen: Iterable[str] = (),
) -> tuple[ModelChange, ...]:
    """Return what differs between two states of model files, by store and path.

    `unseen_before` and `unseen` are the stores that were not seen whole earlier and later:
    there nobody knows whether a file has come, or has gone.
    """
    earlier, later = _by_key(before), _by_key(after)
    gone = [file for key, file in earlier.items() if key not in later]
    come = [file for key, file in later.items() if key not in earlier]
    changes = list(_moved(gone, come))
    moved = {(change.store, change.path) for change in changes} | {
        (change.store, change.before) for change in changes
    }
    hidden, hidden_before = frozenset(unseen), frozenset(unseen_before)
    changes += [_gone(file, hidden) for file in gone if _key(file) not in moved]
    changes += [_come(file, hidden_before) for file in come if _key(file) not in moved]
    for key in earlier.keys() & later.keys():
        changes += _differing(earlier[key], later[key])
    return tuple(sorted(changes, key=lambda one: (one.store, one.path, one.change)))


def _by_key(files: Sequence[ModelFile]) -> dict[_Key, ModelFile]:
    return {_key(file): file for file in files}


def _key(file: ModelFile) -> _Key:
    return (file.store, file.path)


def _moved(gone: list[ModelFile], come: list[ModelFile]) -> Iterator[ModelChange]:
    """Yield the files whose content is under another name of the same store now, each once."""
    left: dict[tuple[str, str], list[ModelFile]] = {}
    for file in gone:
        if file.sha256:
            left.setdefault((file.store, file.sha256), []).append(file)
    for file in come:
        same = left.get((file.store, file.sha256), []) if file.sha256 else []
        if same:
            yield _change(file, "moved", same.pop(0).path, file.path)


def _gone(file: ModelFile, hidden: frozenset[str]) -> ModelChange:
    change: Kind = "unseen" if file.store in hidden else "removed"
    return _change(file, change, _content(file), "")


def _come(file: ModelFile, hidden: frozenset[str]) -> ModelChange:
    change: Kind = "unseen" if file.store in hidden else "added"
    return _change(file, change, "", _content(file))


def _differing(old: ModelFile, new: ModelFile) -> Iterator[ModelChange]:
    same = _same_content(old, new)
    if same is False:
        yield _change(new, "changed", _content(old), _content(new), worse=_is_silent(old, new))
    elif same is None:
        yield _change(new, "unproven", _content(old), _content(new))
    if old.verdict != new.verdict:
        worse = _rank(new) > _rank(old)
        yield _change(
            new, "verdict", old.verdict or "unknown", new.verdict or "unknown", worse=worse
        )
    if old.signature != new.signature:
        worse = old.signature.state == "valid" and new.signature.state != "valid"
        yield _change(new, "re-signed", _signature(old), _signature(new), worse=worse)


def _is_silent(old: ModelFile, new: ModelFile) -> bool:
    """Return whether other content came without another revision to account for it.

    One revision of a model has one content. Indexes and data sets are there to be written to.
    """
    same_revision = (old.repository, old.revision) == (new.repository, new.revision)
    return same_revision and new.role not in _LIVING


def _same_content(old: ModelFile, new: ModelFile) -> bool | None:
    """Return whether two files hold the same, `None` where no digest of both tells."""
    if old.size != new.size:
        return False
    known = dict(digest.split(":", 1) for digest in old.digests if ":" in digest)
    told = dict(digest.split(":", 1) for digest in new.digests if ":" in digest)
    # The kernel's digest depends on how it was made: another one need not be other content.
    both = [name for name in known if name in told and not name.startswith("fs-verity")]
    if not both:
        return None
    return all(known[name] == told[name] for name in both)


def _rank(file: ModelFile) -> int:
    """Return how bad a verdict is; an unknown one is as bad as one that cannot be had."""
    return VERDICTS.index(file.verdict or "not-inspectable")


def _content(file: ModelFile) -> str:
    return f"sha256:{file.sha256}" if file.sha256 else f"{file.size} bytes"


def _signature(file: ModelFile) -> str:
    signer = f" by {file.signature.signer}" if file.signature.signer else ""
    return f"{file.signature.state}{signer}"


def _change(
    file: ModelFile, change: Kind, before: str, after: str, *, worse: bool = False
) -> ModelChange:
    return ModelChange(
        store=file.store, path=file.path, change=change, before=before, after=after, worse=worse
    )
