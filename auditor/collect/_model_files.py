"""Reads the headers of a store's model files, and the configuration that lies beside them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TypeVar

import msgspec
from msgspec import Struct

from auditor.collect._paths import recordable
from auditor.collect._reading import Reading
from auditor.collect._store_walk import File
from auditor.evidence import GapReason
from auditor.evidence.models import ModelFile
from auditor.formats import Inspection
from auditor.host import MIB, Absent, Host, Unreadable

MAX_MODEL_FILES = 5_000
MAX_LOOKED_AT = 20_000
_CONFIG = 2 * MIB
_TEXT = 200
_COMMIT = re.compile(rb"[0-9a-f]{40}")
_Kind = TypeVar("_Kind")
_BLOB = re.compile(r"(?P<repository>.*/models--(?P<name>[^/]+))/blobs/[^/]+")


class _TextConfig(Struct):
    """The part of a multimodal model's configuration that describes its language model."""

    max_position_embeddings: int | None = None


class _Config(Struct):
    """The fields of a `config.json` of transformers that are used here."""

    architectures: list[str] | None = None
    max_position_embeddings: int | None = None
    text_config: _TextConfig | None = None

    @property
    def context(self) -> int:
        """Return the longest context, 0 where it is not told."""
        inner = self.text_config.max_position_embeddings if self.text_config else None
        return max(self.max_position_embeddings or inner or 0, 0)


class _AdapterConfig(Struct):
    """The fields of PEFT's `adapter_config.json` that are used here."""

    base_model_name_or_path: str | None = None


class ModelFiles:
    """Reads the model files of one machine's stores."""

    def __init__(self, host: Host, reading: Reading) -> None:
        """Read from `host`; a file that is not what it seems is a gap in `reading`."""
        self._host = host
        self._reading = reading
        self._configs: dict[str, _Config] = {}
        self._folders: dict[str, str] = {}
        self.recognised = 0
        self.read = 0

    def of(self, store: str, files: tuple[File, ...]) -> Iterator[ModelFile]:
        """Yield the model files among a store's files, recognised by content alone."""
        if len(files) > MAX_LOOKED_AT:
            detail = f"only the first {MAX_LOOKED_AT} files were looked at"
            self._reading.miss(recordable(store), "limit", detail)
        found = 0
        for file in files[:MAX_LOOKED_AT]:
            inspected = self._inspect(file)
            if inspected is None:
                continue
            if found == MAX_MODEL_FILES:
                detail = f"only the first {MAX_MODEL_FILES} model files were read"
                self._reading.miss(recordable(store), "limit", detail)
                return
            found += 1
            self.recognised += 1
            if inspected.verdict in ("malformed", "not-inspectable"):
                told = inspected.reasons[0]
                reason: GapReason = "malformed" if told.verdict == "malformed" else "unsupported"
                self._reading.miss(recordable(file.path), reason, told.detail)
            else:
                self.read += 1
            yield self._record(store, file, inspected)

    def _inspect(self, file: File) -> Inspection | None:
        if not file.size:
            return None
        try:
            return self._host.inspect_model(file.path)
        except Absent:
            return None  # removed while we looked
        except Unreadable as error:
            self._reading.miss(recordable(file.path), error.reason, error.detail)
            return None

    def _record(self, store: str, file: File, inspected: Inspection) -> ModelFile:
        header = inspected.header
        folder = self._configured_in(file.path)
        config = self._config(folder)
        architectures = config.architectures or [""]
        blob = _BLOB.fullmatch(file.path)
        repository = blob["name"].replace("--", "/", 1) if blob else ""
        return ModelFile(
            origin=self._reading.origin(recordable(file.path)),
            path=recordable(file.path),
            store=recordable(store),
            model_format=inspected.model_format,
            role=inspected.role,
            verdict=inspected.verdict,
            reasons=inspected.reasons,
            unlisted=inspected.unlisted,
            producer=header.producer,
            quantization=header.quantization,
            tokenizer=header.tokenizer,
            chat_template=header.chat_template,
            custom_operators=header.custom_operators,
            datasets=header.datasets,
            size=file.size,
            architecture=header.architecture or architectures[0][:_TEXT],
            name=header.name or recordable(repository),
            parameters=header.parameters,
            precision=header.precision,
            context_length=header.context_length or config.context,
            tensors=header.tensors,
            license=header.license,
            base_model=header.base_model or self._base_model(folder),
        )

    def _configured_in(self, path: str) -> str:
        """Return the folder whose `config.json` is a file's: for a blob, that of a snapshot."""
        blob = _BLOB.fullmatch(path)
        if blob is None:
            return path.rpartition("/")[0]
        repository = blob["repository"]
        if repository not in self._folders:
            self._folders[repository] = self._snapshot(repository)
        return self._folders[repository]

    def _snapshot(self, repository: str) -> str:
        try:
            names = self._host.list(f"{repository}/snapshots")
        except Unreadable:
            # The walk of the store has already told what of it cannot be read.
            return repository
        try:
            main = self._host.read(f"{repository}/refs/main", limit=_TEXT).strip()
        except Unreadable:
            main = b""
        chosen = main.decode() if _COMMIT.fullmatch(main) else ""
        return f"{repository}/snapshots/{chosen if chosen in names else next(iter(names), '')}"

    def _config(self, folder: str) -> _Config:
        if folder not in self._configs:
            found = self._json(f"{folder}/config.json", _Config)
            self._configs[folder] = found or _Config()
        return self._configs[folder]

    def _base_model(self, folder: str) -> str:
        adapter = self._json(f"{folder}/adapter_config.json", _AdapterConfig)
        return (adapter.base_model_name_or_path or "")[:_TEXT] if adapter else ""

    def _json(self, path: str, kind: type[_Kind]) -> _Kind | None:
        try:
            return msgspec.json.decode(self._host.read(path, limit=_CONFIG), type=kind)
        except Absent:
            return None
        except Unreadable as error:
            self._reading.miss(recordable(path), error.reason, error.detail)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            self._reading.miss(
                recordable(path), "malformed", f"not a configuration: {error}"[:_TEXT]
            )
        return None
