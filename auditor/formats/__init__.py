"""Inspects model files, one file a format: header-only, bounded, by content, never executed."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path

import msgspec
from msgspec import Struct

from auditor.evidence.models import VERDICTS, Role, Verdict, VerdictReason
from auditor.formats._budget import MAX_DEPTH, Budget
from auditor.formats._errors import FormatError
from auditor.formats._polyglot import zip_at_the_end
from auditor.formats._view import Memory, Paged, Part, View
from auditor.listing import constant_of, public_modules

__all__ = [
    "BLANKS",
    "SNIFFED",
    "Budget",
    "Context",
    "ExternalData",
    "FormatError",
    "Inspection",
    "Memory",
    "ModelFormat",
    "ModelHeader",
    "Paged",
    "Part",
    "View",
    "by_share",
    "inspect",
    "load",
    "names",
    "recognise",
    "worst",
]

# What a format is recognised by: this many bytes from a file's beginning.
SNIFFED = 1024
# What may stand before the first word of a text: blanks, and a byte order mark.
BLANKS = b" \t\n\r\v\f\xef"
_ORDER = Path(__file__).with_name("_order.json")
# So many objects are made before circles of them are looked for.
_BETWEEN_COLLECTIONS = 50_000
# The most reasons that are kept of one file; how many were left out is the last one's detail.
MAX_REASONS = 50
# What it costs to see what a file or a member is.
_SEEN = 60
_DETAIL = 300


class ModelHeader(Struct, frozen=True, kw_only=True):
    """What a model file says of itself; fields as in `ModelFile`."""

    architecture: str = ""
    name: str = ""
    parameters: int | None = None
    precision: str = ""
    context_length: int = 0
    tensors: int = 0
    license: str = ""
    base_model: str = ""
    repository: str = ""
    revision: str = ""
    producer: str = ""
    quantization: str = ""
    tokenizer: str = ""
    chat_template: str = ""
    custom_operators: tuple[str, ...] = ()
    datasets: tuple[str, ...] = ()


class ExternalData(Struct, frozen=True, order=True, kw_only=True):
    """Bytes that a model keeps in another file: `location` as written, bytes needed of it."""

    location: str
    needed: int


class Inspection(Struct, frozen=True, kw_only=True):
    """What was found out about one file or member; see `ModelFile` for the words."""

    model_format: str
    role: Role = "weights"
    header: ModelHeader = ModelHeader()
    verdict: Verdict = "data"
    reasons: tuple[VerdictReason, ...] = ()
    unlisted: tuple[str, ...] = ()
    external: tuple[ExternalData, ...] = ()


class Context(Struct, frozen=True, kw_only=True):
    """Where a reader stands: the file's budget, how deep, and in which member."""

    budget: Budget
    depth: int = 0
    member: str = ""

    def nested(self, view: View, member: str) -> Inspection | None:
        """Return what a member of the file is, `None` where it is nothing that is known.

        The reasons name the member. Too deep is a reason of its own, never silence.
        """
        path = f"{self.member}!{member}" if self.member else member
        if self.depth + 1 > MAX_DEPTH:
            detail = f"files lie more than {MAX_DEPTH} deep in each other"
            reason = VerdictReason(
                rule="limit-depth", verdict="not-inspectable", detail=detail, member=path
            )
            return Inspection(
                model_format="unknown", role="unknown", verdict=reason.verdict, reasons=(reason,)
            )
        deeper = Context(budget=self.budget, depth=self.depth + 1, member=path)
        return _inspect(view, deeper)

    def reason(
        self, rule: str, verdict: Verdict, detail: str, *, offset: int = -1, global_name: str = ""
    ) -> VerdictReason:
        """Return a reason at this place."""
        return VerdictReason(
            rule=rule, verdict=verdict, detail=detail[:_DETAIL], offset=offset,
            member=self.member, global_name=global_name[:_DETAIL],
        )  # fmt: skip


class ModelFormat(Struct, frozen=True, kw_only=True):
    """A model format.

    `recognises` is asked with the first 1024 bytes and the view, never with a name. Formats of
    a lower `rank` are asked first: 0 has a magic number, 5 a structure, 9 only a likeness.
    `inspect` raises `FormatError` and nothing else; `None` is for packing around what is not
    known. `holds_archives` is a format whose files may end with a zip archive, and that judges
    it: any other file that does means two things. `begins` are the bytes that a file may begin
    with; none stand for any. A format is not asked of a file that begins with another.
    """

    title: str
    recognises: Callable[[bytes, View], bool]
    inspect: Callable[[View, Context], Inspection | None]
    rank: int = 0
    holds_archives: bool = False
    begins: bytes = b""


@cache
def names() -> tuple[str, ...]:
    """Return the formats' names: the public files of this folder."""
    return public_modules(__path__)


@cache
def load(name: str) -> ModelFormat:
    """Return one format by its file's name."""
    return constant_of(f"{__name__}.{name}", "FORMAT", ModelFormat)


@cache
def _order() -> tuple[tuple[int, str, bytes], ...]:
    """Return rank, name and first bytes of the formats, those that are asked first in front.

    They are known of those in the table before their files are loaded; `make docs` writes it.
    """
    written = msgspec.json.decode(_ORDER.read_bytes(), type=dict[str, tuple[int, str]])
    known = {name: (rank, begins.encode("latin-1")) for name, (rank, begins) in written.items()}
    found = ((name, known.get(name) or told_of(name)) for name in names())
    return tuple(sorted((rank, name, begins) for name, (rank, begins) in found))


def told_of(name: str) -> tuple[int, bytes]:
    """Return a format's rank and the bytes that its files begin with, as its own file says."""
    form = load(name)
    return form.rank, form.begins


@cache
def _beginning_with(first: int) -> tuple[tuple[str, Callable[[bytes, View], bool]], ...]:
    """Return the formats whose files may begin with a byte, those asked first in front."""
    fitting = (name for _, name, begins in _order() if not begins or first in begins)
    return tuple((name, load(name).recognises) for name in fitting)


def recognise(view: View) -> str:
    """Return the format's name that a file's content shows, `` for none."""
    head = view.at(0, SNIFFED)
    if not head:
        return ""
    for name, recognises in _beginning_with(head[0]):
        if recognises(head, view):
            return name
    return ""


def inspect(view: View) -> Inspection | None:
    """Return what a file is and whether it is safe to load, `None` where it is no model file.

    Never raises for what a file holds: what cannot be read is a verdict with its reason.
    """
    # What is made here is bounded, and in no circles but those of a hostile pickle.
    before = gc.get_threshold()
    gc.set_threshold(before[0] and max(before[0], _BETWEEN_COLLECTIONS), *before[1:])
    try:
        return _inspect(view, Context(budget=Budget(view.size)))
    finally:
        gc.set_threshold(*before)


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """Return the strongest verdict, `data` for none."""
    return max(verdicts, key=VERDICTS.index, default="data")


def by_share(elements: dict[str, int]) -> str:
    """Return the number types that make up a model, the largest share first: `F8_E4M3+BF16`.

    Those with less than a hundredth of the elements are left out.
    """
    total = sum(elements.values())
    kinds = sorted(elements.items(), key=lambda item: (-item[1], item[0]))
    return "+".join(kind for kind, count in kinds if count * 100 >= total > 0)


def _inspect(view: View, context: Context) -> Inspection | None:
    context.budget.step(_SEEN)
    name = recognise(view)
    context.budget.owe_for(view)
    if not name:
        return None
    form = load(name)
    try:
        found = form.inspect(view, context)
    except FormatError as error:
        verdict: Verdict = "malformed" if error.reason == "malformed" else "not-inspectable"
        rule = error.rule or f"{name}-{error.reason}"
        reason = context.reason(rule, verdict, error.detail, offset=error.offset)
        return Inspection(model_format=name, role="unknown", verdict=verdict, reasons=(reason,))
    if found is None:
        return None
    return _bounded(found if form.holds_archives else _with_archive(found, view, context))


def _with_archive(found: Inspection, view: View, context: Context) -> Inspection:
    """Return the inspection with the zip archive that other readers find at the file's end.

    Whoever opens an archive looks for its end, not for its beginning: the last tensor of a
    safetensors file may be a whole `.keras`.
    """
    at = zip_at_the_end(view)
    context.budget.owe_for(view)
    if at < 0:
        return found
    detail = "the file is a zip archive as well: what it holds depends on who reads it"
    reason = context.reason("polyglot-zip", "malformed", detail, offset=at)
    return msgspec.structs.replace(found, reasons=(*found.reasons, reason))


def _bounded(found: Inspection) -> Inspection:
    """Return the inspection with its reasons in order, and a verdict no weaker than they are."""
    if not found.reasons and not found.unlisted:
        return found
    ranked = sorted(set(found.reasons), key=lambda r: (-VERDICTS.index(r.verdict), r))
    verdict = worst((found.verdict, *(reason.verdict for reason in ranked)))
    if len(ranked) > MAX_REASONS:
        left = len(ranked) - MAX_REASONS
        more = VerdictReason(rule="more", verdict="data", detail=f"and {left} more reasons")
        ranked = [*ranked[:MAX_REASONS], more]
    unlisted = tuple(sorted(set(found.unlisted)))
    return msgspec.structs.replace(found, verdict=verdict, reasons=tuple(ranked), unlisted=unlisted)
