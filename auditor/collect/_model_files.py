"""Inspects a store's files one by one, and tells each with what its store says of it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from sys import intern
from typing import Literal

import msgspec

from auditor.collect._reading import Reading
from auditor.collect._store_external import external
from auditor.collect._store_layouts import Knowledge
from auditor.collect._store_signatures import Signatures
from auditor.collect._store_view import StoreView
from auditor.collect._store_walk import Bounds
from auditor.collect._unknown_files import is_named_like_a_model, program, unknown_content
from auditor.evidence.models import ModelFile
from auditor.evidence.paths import recordable
from auditor.formats import Inspection, worst
from auditor.host import Absent, Unreadable
from auditor.stores import LOW, File, Odd, named_by_digest, odd

_JUDGED = ("data", "framework", "unlisted", "dangerous")
_UNREAD = Inspection(model_format="unknown", role="unknown")
# huggingface_hub keeps an empty file for each one that a repository has not.
_NOT_THERE = "/.no_exist/"
_MOST_LINKS = 50
# What is there to be written to: that it changes meanwhile is no news.
_LIVING = ("dataset", "index", "optimizer")


class ModelFiles:
    """Tells the model files of one machine's stores; `total` of them, `seen` with a verdict."""

    def __init__(self, reading: Reading) -> None:
        """Read through `reading`; a file that cannot be opened is a gap in it."""
        self._reading = reading
        self.total = 0
        self.seen = 0

    def of(  # noqa: PLR0913 - what is known of a store
        self,
        store: str,
        view: StoreView,
        knowledge: Knowledge,
        files: list[File],
        bounds: Bounds,
        *,
        signatures: Signatures,
    ) -> Iterator[ModelFile | Odd]:
        """Yield the model files among a store's files, and what of them is odd.

        What a file is, its content tells alone. Its name counts where the content says nothing:
        then a file that is named like a model is told as one that cannot be judged.
        """
        if len(files) > bounds.opened:
            detail = f"only the first {bounds.opened} files were looked at"
            self._reading.miss(recordable(store), "limit", detail)
        judged = {one.path: one.inspection for one in knowledge.judged}
        told = 0
        for file in islice(files, bounds.opened):
            names = knowledge.names(file)
            yield from self._digest(view, file)
            opened, inspected = self._inspect(file)
            if opened and inspected is None:
                yield from self._program(file)
                inspected = None if file.path in judged else _by_name(file, names, knowledge)
            inspected = _both(inspected, judged.get(file.path))
            if inspected is None:
                yield from signatures.unlike((file.path, *names), view.digests(file.path) or ())
                continue
            if told == bounds.told:
                detail = f"only the first {bounds.told} model files are told"
                self._reading.miss(recordable(store), "limit", detail)
                return
            if opened and inspected.role not in _LIVING:
                self._settled(file)
            told += 1
            self.total += 1
            self.seen += opened and inspected.verdict in _JUDGED
            record = self._record(store, view, knowledge, file, inspected, opened=opened)
            yield signatures.on(record, (file.path, *names))
            yield from external(view, file, names, inspected, self._reading)

    def _inspect(self, file: File) -> tuple[bool, Inspection | None]:
        """Return whether a file could be read, and what it is."""
        if not file.size:
            return True, None
        try:
            return True, self._reading.host.inspect_model(file.path)
        except Absent:
            return True, None  # removed while we looked
        except Unreadable as error:
            self._reading.miss(recordable(file.path), error.reason, error.detail)
            return False, _UNREAD

    def _settled(self, file: File) -> None:
        """Note where a file is not any more what was listed, and hashed, before it was read."""
        try:
            now = self._reading.host.stat(file.path)
        except Absent:
            return  # removed while we looked
        except Unreadable as error:
            self._reading.miss(recordable(file.path), error.reason, error.detail)
            return
        changed = now.ctime_ns & LOW
        here = (now.size, now.inode or file.inode, changed or file.changed_ns)
        if here != (file.size, file.inode or now.inode, file.changed_ns or changed):
            self._reading.miss(recordable(file.path), "malformed", "it changed while it was read")

    def _program(self, file: File) -> Iterator[Odd]:
        found = program(self._reading, file) if file.size else None
        if found is not None:
            yield found

    def _digest(self, view: StoreView, file: File) -> Iterator[Odd]:
        if _name_digest(view, file) == "differs":
            computed = ", ".join(view.digests(file.path) or ())
            yield odd(file.path, "blob-digest", f"named by another digest than {computed}")

    def _record(  # noqa: PLR0913 - what a record is made of
        self,
        store: str,
        view: StoreView,
        knowledge: Knowledge,
        file: File,
        inspected: Inspection,
        *,
        opened: bool,
    ) -> ModelFile:
        header = inspected.header
        facts = knowledge.facts(file)
        path = recordable(file.path)
        return ModelFile(
            origin=self._reading.origin(path),
            path=path,
            store=recordable(store),
            model_format=inspected.model_format,
            size=file.size,
            architecture=header.architecture or facts.architecture,
            name=header.name or recordable(facts.name) or header.repository,
            parameters=header.parameters,
            precision=intern(header.precision),  # one text for all files that have it
            context_length=header.context_length or facts.context_length,
            tensors=header.tensors,
            license=header.license or facts.license,
            base_model=header.base_model or facts.base_model,
            role=facts.role if facts.role == "adapter" else inspected.role,
            verdict=inspected.verdict if opened else None,
            reasons=inspected.reasons,
            unlisted=inspected.unlisted,
            registry=recordable(facts.registry),
            repository=recordable(facts.repository),
            revision=recordable(facts.revision),
            digests=view.digests(file.path) or (),
            name_digest=_name_digest(view, file),
            links=tuple(recordable(path) for path in knowledge.names(file)[:_MOST_LINKS]),
            producer=facts.producer or header.producer,
            quantization=header.quantization or facts.quantization,
            tokenizer=header.tokenizer or facts.tokenizer,
            chat_template=header.chat_template or facts.chat_template,
            custom_operators=header.custom_operators,
            datasets=header.datasets or facts.datasets,
            remote_code=facts.remote_code,
        )


def _both(content: Inspection | None, layout: Inspection | None) -> Inspection | None:
    """Return what a file is by its content, and by what its store says that it is for."""
    if content is None or layout is None:
        return content or layout
    known = {(reason.rule, reason.detail) for reason in content.reasons}
    more = (one for one in layout.reasons if (one.rule, one.detail) not in known)
    return msgspec.structs.replace(
        content,
        verdict=worst((content.verdict, layout.verdict)),
        reasons=(*content.reasons, *more),
    )


def _by_name(file: File, names: tuple[str, ...], knowledge: Knowledge) -> Inspection | None:
    if not file.size and _NOT_THERE in file.path:
        return None
    called = (file.name, *(name.rpartition("/")[2] for name in names))
    if is_named_like_a_model(called) or knowledge.facts(file).role is not None:
        return unknown_content(file.size)
    return None


def _name_digest(
    view: StoreView, file: File
) -> Literal["", "matches", "differs", "not-asked"] | None:
    """Return how a file's digest compares with the one that its store names it by."""
    named = named_by_digest(file.path)
    if not named:
        return ""
    computed = view.digests(file.path)
    if computed is None:
        return "not-asked" if not view.hashed else None
    algorithm = named.partition(":")[0]
    mine = [digest for digest in computed if digest.startswith(f"{algorithm}:")]
    if not mine:
        return "not-asked"
    return "matches" if named in mine else "differs"
