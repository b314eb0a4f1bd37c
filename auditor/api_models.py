"""The library's face for model stores: locks of them, and signatures of single models."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from auditor._version import __version__
from auditor.errors import AuditError, ExitCode, UsageError, worst
from auditor.evidence import Tool

if TYPE_CHECKING:
    from datetime import datetime

    from auditor.collect._signed_model import Compared
    from auditor.host import Host
    from auditor.models.differences import Difference
    from auditor.models.lock import Lock, Store
    from auditor.models.signer_keys import ModelSigner, Trusted
    from auditor.models.signing import Signed

Heard = Callable[[int, int], None]


def unheard(_done: int, _total: int) -> None:
    """Tell nobody how far it has come."""


def lock(  # noqa: PLR0913 - each is a choice of the user's
    paths: Sequence[str], *, host: Host, at: str, algorithms: tuple[str, ...] = ("sha256",),
    shard: str = "", cache: str = "", heard: Heard = unheard,
) -> bytes:  # fmt: skip
    """Return the lock of the stores at `paths` (absolute; folders or single files).

    `at` is its time (RFC 3339). `shard` (`i/n`) locks a part of each store, to be merged.
    Digests that `cache` (a file) knows are taken from there. `heard` hears bytes done and bytes
    in all. Raises `UsageError` for options that make no sense, `AuditError` where something of
    a store cannot be read: such a store has no lock.
    """
    from auditor.collect._digest_cache import DigestCache
    from auditor.collect._digests import check_algorithms
    from auditor.collect._locking import Locker
    from auditor.host._digests import ALGORITHMS, STRONG
    from auditor.models import lock as locks
    from auditor.models.shards import shard as part_of

    chosen = tuple(dict.fromkeys(algorithms))
    check_algorithms(chosen)
    part = part_of(shard)
    if not set(chosen) <= set(ALGORITHMS) or not set(chosen) & set(STRONG):
        raise UsageError(
            "a lock needs a digest of the bytes that nobody can forge", hint="Name sha256"
        )
    if not paths or len(set(paths)) != len(paths):
        raise UsageError("name the stores to be locked, each once")
    if cache:
        DigestCache(cache).close()
    locker = Locker(host, chosen, part, cache=cache, heard=heard)
    return locks.encode(
        locks.Lock(
            schema=locks.SCHEMA,
            tool=Tool(name="auditor", version=__version__),
            made_at=at,
            algorithms=chosen,
            shard=str(part),
            stores=tuple(locker.lock(path, path) for path in paths),
        )
    )


def check_lock(
    paths: Sequence[str], document: bytes, *, host: Host, shard: str = "", heard: Heard = unheard
) -> tuple[Difference, ...]:
    """Return how stores differ from their lock, the document; none: they are what they were.

    Without `paths` the stores are looked for where they were locked. A single path stands for
    the single store of a lock wherever it lies now; several are the names under which they
    were locked. `shard` checks a part alone. Nothing is taken from a cache: every byte is
    read again, but of files that the kernel itself holds to their digest (fs-verity).
    """
    from auditor.collect._digests import check_algorithms
    from auditor.collect._locking import Locker
    from auditor.host._digests import STRONG
    from auditor.models.lock import decode
    from auditor.models.shards import WHOLE
    from auditor.models.shards import shard as part_of

    held = decode(document)
    check_algorithms(held.algorithms)
    if not set(held.algorithms) & set(STRONG):
        raise AuditError("the lock holds no digest of the bytes that nobody can forge")
    asked = part_of(shard)
    if held.part != WHOLE and asked not in (WHOLE, held.part):
        raise UsageError(f"the lock holds part {held.shard} alone, not {asked}")
    part = held.part if asked == WHOLE else asked
    locker = Locker(host, held.algorithms, part, heard=heard)
    return tuple(
        difference for path, store in _at(paths, held) for difference in locker.check(path, store)
    )


def merge_locks(documents: Sequence[bytes]) -> bytes:
    """Return the lock of whole stores from those of all their parts; raises `AuditError`."""
    from auditor.models.lock import decode, encode
    from auditor.models.merging import merge

    return encode(merge([decode(document) for document in documents]))


def sign_model(  # noqa: PLR0913 - each is a choice of the user's
    path: str, *, host: Host, signer: ModelSigner, signature: str = "",
    hash_type: str = "sha256", shard_size: int = 0, allow_symlinks: bool = False,
    ignored: Sequence[str] = (), heard: Heard = unheard,
) -> bytes:  # fmt: skip
    """Return the signature of the model at `path` (absolute), OpenSSF Model Signing 1.0.

    `signature` is where it will be written: within the model it is left out. So are the paths
    `ignored`, relative to the model. `shard_size` in bytes signs parts of files, 0 whole ones.
    Raises `AuditError` where the model holds what cannot be signed.
    """
    from posixpath import basename, realpath

    from auditor.collect._digests import check_algorithms
    from auditor.collect._signed_model import SignedModel, relative_to
    from auditor.evidence.paths import recordable
    from auditor.models.signed_manifest import ALWAYS_IGNORED, HASHES, Manifest, is_plain
    from auditor.models.signing import sign

    if hash_type not in HASHES:
        raise UsageError(
            f"models are not signed with '{hash_type:.40}'", hint=f"Digests: {', '.join(HASHES)}"
        )
    check_algorithms((hash_type,))
    for name in ignored:
        if not is_plain(name):
            raise UsageError("this is no path within the model", where=name)
    real, own = realpath(path), realpath(signature) if signature else ""
    inside = relative_to(own, real)
    how = Manifest(
        model=recordable(basename(real)) or "model",
        hash_type=hash_type,
        resources=(),
        size=shard_size,
        allow_symlinks=allow_symlinks,
        ignored=tuple(dict.fromkeys((*ALWAYS_IGNORED, *ignored, *((inside,) if inside else ())))),
    )
    model = SignedModel(host, path, how, signature=own, heard=heard)
    return sign(model.manifest(), signer)


def verify_model(  # noqa: PLR0913 - each is a choice of the user's
    path: str, document: bytes, *, host: Host, trusted: Trusted, at: datetime,
    signature: str = "", ignore_unsigned: bool = False, heard: Heard = unheard,
) -> tuple[Signed, Compared]:  # fmt: skip
    """Return who signed the model at `path` (absolute), and how it differs from what was signed.

    `document` is the signature, `signature` the file that it was read from. Certificates must be
    valid at the time `at`. Raises `SignatureError` before any file is read where the signature
    is false, malformed or by nobody who is trusted. Nothing is taken from a cache.
    """
    from posixpath import realpath

    from auditor.collect._digests import check_algorithms
    from auditor.collect._signed_model import SignedModel
    from auditor.models.signing import verify

    signed = verify(document, trusted, at=at)
    check_algorithms((signed.manifest.hash_type,))
    own = realpath(signature) if signature else ""
    model = SignedModel(host, path, signed.manifest, signature=own, heard=heard)
    return signed, model.compared(ignore_unsigned=ignore_unsigned)


def exit_code(differences: Sequence[Difference]) -> ExitCode:
    """Return 1 where a store differs, 3 where it is merely not known whether it does, else 0."""
    return worst(
        *(
            ExitCode.UNDECIDED if one.change == "unreadable" else ExitCode.FINDING
            for one in differences
        )
    )


def _at(paths: Sequence[str], held: Lock) -> list[tuple[str, Store]]:
    """Return each store of a lock with the path at which it is to be checked."""
    if not paths:
        return [(store.root, store) for store in held.stores]
    if len(paths) == 1 == len(held.stores):
        return [(paths[0], held.stores[0])]
    by_root = {store.root: store for store in held.stores}
    strange = [path for path in paths if path not in by_root]
    if strange:
        raise AuditError(
            "the lock holds no store of this name",
            where=strange[0],
            hint=f"It holds {', '.join(by_root)[:200]}",
        )
    return [(path, by_root[path]) for path in dict.fromkeys(paths)]
