"""What a model signature is over: names and digests of a model's files (OpenSSF Model Signing)."""

from __future__ import annotations

import hashlib
import json
import posixpath
import re
from collections.abc import Iterable, Iterator
from typing import Literal

import msgspec
from msgspec import Struct

from auditor.errors import SignatureError

STATEMENT = "https://in-toto.io/Statement/v1"
PREDICATE = "https://model_signing/signature/v1.0"
# What version 0.2 of the tool wrote: no list of what is left out, and a broken encoding.
OLD_PREDICATES = ("https://model_signing/Digests/v0.1", "https://model_signing/signature/v0.1")
# Digests that the specification knows, and the hex digits of each.
HASHES = {"sha256": 64, "blake2b": 128, "blake3": 64}
SHARD_SIZE = 1_000_000_000
# Never signed, at the top of a model alone (specification 6.2).
ALWAYS_IGNORED = (".git", ".gitattributes", ".github", ".gitignore")
# The name of the one file of a model that is a single file, as the reference writes it.
ITSELF = "."
_SHARD = re.compile(r"(?s)(.+):(\d{1,19}):(\d{1,19})")
_HEX = re.compile(r"[0-9a-f]+")

Method = Literal["files", "shards"]


class Resource(Struct, frozen=True, order=True):
    """A signed content: the file `name`, its bytes `begin` to `end` (-1: all), and their digest."""

    name: str
    begin: int
    end: int
    digest: str


class Manifest(Struct, frozen=True, kw_only=True):
    """Everything that is signed of a model, and how it was gathered.

    `model` is what the signer called it, which proves nothing. `ignored` are paths that were
    left out, and all below them; `size` is that of a shard in bytes, 0 for whole files.
    """

    model: str
    hash_type: str
    resources: tuple[Resource, ...]
    size: int = 0
    allow_symlinks: bool = False
    ignored: tuple[str, ...] = ()

    @property
    def names(self) -> frozenset[str]:
        """Return the files, by their paths in the model."""
        return frozenset(resource.name for resource in self.resources)

    def ignores(self, path: str) -> bool:
        """Return whether a path of the model is left out, by the signature or always."""
        return any(
            path == name or path.startswith(f"{name}/") for name in (*self.ignored, *ALWAYS_IGNORED)
        )


class _Resource(Struct, frozen=True):
    name: str
    algorithm: str
    digest: str


class _Serialization(Struct, frozen=True):
    method: Method
    hash_type: str
    allow_symlinks: bool
    shard_size: int | float | None = None
    ignore_paths: tuple[str, ...] = ()


class _Predicate(Struct, frozen=True):
    resources: tuple[_Resource, ...]
    serialization: _Serialization


class _Subject(Struct, frozen=True):
    digest: dict[str, str]
    name: str = ""


class _Statement(Struct, frozen=True):
    subject: tuple[_Subject, ...]
    predicate: _Predicate


def encode(manifest: Manifest) -> bytes:
    """Return the in-toto statement of a manifest, its resources sorted by code points."""
    algorithm = _algorithm(manifest.hash_type, manifest.size)
    named = sorted((_full_name(one), one.digest) for one in manifest.resources)
    serialization: dict[str, object] = {
        "method": "shards" if manifest.size else "files",
        "hash_type": manifest.hash_type,
        "allow_symlinks": manifest.allow_symlinks,
        "ignore_paths": list(manifest.ignored),
    }
    if manifest.size:
        serialization["shard_size"] = manifest.size
    statement = {
        "_type": STATEMENT,
        "subject": [{"name": manifest.model, "digest": {"sha256": _root(d for _, d in named)}}],
        "predicateType": PREDICATE,
        "predicate": {
            "serialization": serialization,
            "resources": [
                {"name": name, "algorithm": algorithm, "digest": digest} for name, digest in named
            ],
        },
    }
    return msgspec.json.encode(statement)


def decode(payload: bytes) -> Manifest:
    """Return the manifest of a signed statement.

    Raises `SignatureError` for another statement, for what contradicts itself, and for names
    that could mean anything but a file of the model.
    """
    document = _document(payload)
    if document.get("_type") != STATEMENT:
        raise SignatureError("it signs something else than an in-toto statement of version 1")
    kind = document.get("predicateType")
    if kind in OLD_PREDICATES:
        raise SignatureError("it was made before version 1.0 of the format: have it signed again")
    if kind != PREDICATE:
        raise SignatureError("it signs something else than a model")
    try:
        statement = msgspec.convert(document, _Statement)
    except msgspec.ValidationError as error:
        raise SignatureError(f"what it signs is malformed: {error}"[:200]) from error
    return _manifest(statement)


def _document(payload: bytes) -> dict[str, object]:
    try:
        document = json.loads(payload.decode("utf-8"), object_pairs_hook=_once)
    except (ValueError, RecursionError) as error:
        raise SignatureError("what it signs is no JSON") from error
    if not isinstance(document, dict):
        raise SignatureError("what it signs is no statement")
    return document


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """Return an object whose names stand in it once: of two, readers take different ones."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("twice the same name")
    return found


def _manifest(statement: _Statement) -> Manifest:
    how = statement.predicate.serialization
    size = _shard_size(how)
    if how.hash_type not in HASHES:
        raise SignatureError(f"its digests are {how.hash_type!r:.40}, which is not known here")
    if len(statement.subject) != 1:
        raise SignatureError("it names not one model")
    resources = tuple(_resource(one, how.hash_type, size) for one in statement.predicate.resources)
    if not resources:
        raise SignatureError("it signs no file at all")
    if len({(one.name, one.begin) for one in resources}) != len(resources):
        raise SignatureError("it names a file twice")
    # The digest is over them as they stand there: older tools sort otherwise.
    root = _root(one.digest for one in resources)
    if statement.subject[0].digest.get("sha256") != root:
        raise SignatureError("its digest of the model is not that of its files")
    if size:
        _check_shards(resources, size)
    return Manifest(
        model=statement.subject[0].name,
        hash_type=how.hash_type,
        resources=resources,
        size=size,
        allow_symlinks=how.allow_symlinks,
        ignored=tuple(_ignored(path) for path in how.ignore_paths),
    )


def _shard_size(how: _Serialization) -> int:
    size = how.shard_size
    if how.method == "files":
        return 0
    if size is None or not 0 < size < 2**63 or size != int(size):
        raise SignatureError("it signs shards of no size")
    return int(size)


def _algorithm(hash_type: str, size: int) -> str:
    """Return what the reference calls the digest of a whole file or a shard."""
    return f"{hash_type}-sharded-{size}" if size else hash_type


def _full_name(resource: Resource) -> str:
    if resource.begin < 0:
        return resource.name
    return f"{resource.name}:{resource.begin}:{resource.end}"


def _resource(told: _Resource, hash_type: str, size: int) -> Resource:
    if told.algorithm not in (hash_type, _algorithm(hash_type, size)):
        raise SignatureError(f"a digest is {told.algorithm!r:.60}, and not {hash_type}")
    if len(told.digest) != HASHES[hash_type] or not _HEX.fullmatch(told.digest):
        raise SignatureError(f"the digest of {told.name!r:.120} is none")
    if not size:
        return Resource(_name(told.name), -1, -1, told.digest)
    match = _SHARD.fullmatch(told.name)
    if match is None:
        raise SignatureError(f"{told.name!r:.120} does not name a part of a file")
    return Resource(_name(match[1]), int(match[2]), int(match[3]), told.digest)


def _name(name: str) -> str:
    if name != ITSELF and not is_plain(name):
        raise SignatureError(f"{name!r:.120} does not name a file of the model")
    return name


def _ignored(path: str) -> str:
    if not is_plain(path):
        raise SignatureError(f"{path!r:.120} does not name something to be left out of the model")
    return path


def is_plain(path: str) -> bool:
    """Return whether this is the one spelling of a path within a folder, and no folder above."""
    return (
        bool(path)
        and "\0" not in path
        and path == posixpath.normpath(path)
        and not path.startswith(("/", "../"))
        and path not in (".", "..")
    )


def _root(digests: Iterable[str]) -> str:
    """Return the digest of the whole model: SHA-256 over the raw digests (specification 6.5.1)."""
    whole = hashlib.sha256()
    for digest in digests:
        whole.update(bytes.fromhex(digest))
    return whole.hexdigest()


def _check_shards(resources: tuple[Resource, ...], size: int) -> None:
    """Raise `SignatureError` where the shards of a file leave a gap, or are of other sizes."""
    parts: dict[str, list[Resource]] = {}
    for one in resources:
        parts.setdefault(one.name, []).append(one)
    for name, shards in parts.items():
        if [one.begin for one in sorted(shards)] != [n * size for n in range(len(shards))]:
            raise SignatureError(f"the parts of {name!r:.120} do not follow one another")
        if any(one.end <= one.begin for one in shards) or any(
            one.end - one.begin != size for one in sorted(shards)[:-1]
        ) or max(one.end - one.begin for one in shards) > size:  # fmt: skip
            raise SignatureError(f"the parts of {name!r:.120} are of other sizes than they say")


def shards_of(size: int, shard: int) -> Iterator[tuple[int, int]]:
    """Yield begin and end of each shard of a file; an empty file has none (specification 6.3.2)."""
    for begin in range(0, size, shard):
        yield begin, min(begin + shard, size)
