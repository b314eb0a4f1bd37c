"""Finds the signatures of models in a store: by whom, about which folder, and over what."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from auditor.collect._reading import Reading
from auditor.errors import KeyFileError, SignatureError
from auditor.evidence.models import ModelSignature, SignatureState
from auditor.evidence.paths import recordable
from auditor.evidence.site import MODELS, Site
from auditor.host import Unreadable
from auditor.models import signature_bundle, signed_manifest, signing
from auditor.models.signed_manifest import ITSELF, Manifest
from auditor.models.signer_keys import Trusted, load_trusted
from auditor.stores import Contents, File, joined

_ENDS = (".sig", ".sigstore", ".sigstore.json", "claims.jsonl")
_HEAD = 4096
_MOST = 1000  # signatures of a store
_MOST_LINES = 64  # signatures of one file that holds several
_SAMPLE = 100


class Seal(Struct, frozen=True, kw_only=True):
    """A signature in a store: what it is worth before any file is compared."""

    file: File
    base: ModelSignature
    root: str
    manifest: Manifest | None = None
    signed: dict[str, dict[tuple[int, int], str]] = {}  # digests by part, by name


def seals(reading: Reading, contents: Contents, site: Site) -> Iterator[Seal]:
    """Yield the signatures among `contents`, 64 MiB at most, held against the site's signers."""
    yield from _Finder(reading, contents).found(_trusted(site))


class _Finder:
    """Looks for signatures in one store."""

    def __init__(self, reading: Reading, contents: Contents) -> None:
        self._reading = reading
        self._contents = contents
        self._left = signature_bundle.MAX_BUNDLE

    def found(self, trusted: Trusted) -> Iterator[Seal]:
        count = 0
        for folder in self._contents.below(self._contents.root):
            for name in folder.names():
                if not name.endswith(_ENDS):
                    continue
                file = self._contents.at(joined(folder.path, name))
                documents = self._documents(file) if file is not None else []
                count += len(documents)
                if count > _MOST:
                    detail = f"only the first {_MOST} signatures were looked at"
                    self._reading.miss(recordable(self._contents.root), "limit", detail)
                    return
                # It stands where its name does: in a hub's cache that is a link to a blob.
                at = File(joined(folder.path, name), file.size if file is not None else 0)
                for document in documents:
                    yield self._seal(at, document, trusted)

    def _documents(self, file: File) -> list[bytes]:
        """Return the Sigstore bundles in a file; one that is none of them has none."""
        host = self._reading.host
        try:
            if not signature_bundle.is_bundle(host.read(file.path, limit=_HEAD, head=True)):
                return []
            data = host.read(file.path, limit=self._left)
        except Unreadable as error:
            self._reading.miss(recordable(file.path), error.reason, error.detail)
            return [b""]  # which is no signature that holds
        self._left -= len(data)
        lines = data.split(b"\n") if file.name.endswith(".jsonl") else [data]
        if len(lines) > _MOST_LINES:
            detail = f"only the first {_MOST_LINES} signatures in it were looked at"
            self._reading.miss(recordable(file.path), "limit", detail)
        return [line for line in lines[:_MOST_LINES] if line.strip()]

    def _seal(self, file: File, document: bytes, trusted: Trusted) -> Seal:
        """Return what a signature is worth, and which folder or file it is about."""
        state: SignatureState = "valid"
        signer = ""
        manifest: Manifest | None = None
        method = ""
        try:
            bundle = signature_bundle.decode(document)
            method = bundle.method
            manifest = signed_manifest.decode(bundle.payload)
            signer = signing.verify(document, trusted).signer
        except signing.UntrustedError as error:
            state, signer = "untrusted", error.signer
        except signing.NotCheckedError:
            state = "not-checked"
        except signing.FalseSignatureError:
            state = "invalid"
        except SignatureError:
            state, manifest = "unreadable", None
        base = ModelSignature(
            state=state, signer=signer, method=method, source=recordable(file.path)
        )
        root = self._root(file, manifest)
        signed: dict[str, dict[tuple[int, int], str]] = {}
        for one in manifest.resources if manifest is not None else ():
            signed.setdefault(one.name, {})[one.begin, one.end] = one.digest
        return Seal(file=file, base=base, root=root, manifest=manifest, signed=signed)

    def _root(self, file: File, manifest: Manifest | None) -> str:
        """Return what is signed: the folder that holds most of the signed names, or the file.

        A signature lies in the model's folder, or beside it under the model's name.
        """
        stem = next(file.name.removesuffix(end) for end in _ENDS if file.name.endswith(end))
        beside = joined(file.folder, stem)
        names = sorted(manifest.names)[:_SAMPLE] if manifest is not None else []
        if manifest is not None and names == [ITSELF]:
            called = joined(file.folder, manifest.model)
            return beside if self._contents.at(beside) is not None else called
        roots = [file.folder, beside]
        if manifest is not None and "/" not in manifest.model:
            roots.append(joined(file.folder, manifest.model))
        there = [root for root in roots if self._contents.folder(root) is not None]
        return max(there, key=lambda root: self._count(root, names), default=file.folder)

    def _count(self, root: str, names: list[str]) -> int:
        return sum(self._contents.at(joined(root, name)) is not None for name in names)


def _trusted(site: Site) -> Trusted:
    """Return the keys of the site's signers of models; keys that sign none count for none."""
    trusted = Trusted()
    for signer in site.signers:
        if signer.role == MODELS:
            try:
                trusted += load_trusted(signer.public_key.encode(), name=signer.name)
            except KeyFileError:
                continue
    return trusted
