"""Gathers what was found in an archive's members into one inspection of the archive."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec.structs import replace

from auditor.evidence.models import VERDICTS, Role, Verdict, VerdictReason
from auditor.formats import Context, FormatError, Inspection, ModelHeader, by_share, worst

# Reasons and names that are kept while members are judged; the weakest are dropped first.
_MOST = 200
_MOST_NAMES = 2000


class Gathered:
    """The reasons, names and headers of an archive's members, bounded."""

    def __init__(self) -> None:
        """Start with nothing found."""
        self.reasons: list[VerdictReason] = []
        self.unlisted: set[str] = set()
        self.verdict = worst(())
        self.models: list[Inspection] = []
        self.elements: dict[str, int] = {}
        self.tensors = 0
        self.operators: set[str] = set()
        self.producer = ""
        self.architecture = ""
        self.model_name = ""

    def tell(self, reasons: Iterable[VerdictReason]) -> None:
        """Add reasons; the verdict is never weaker than the strongest of them."""
        for reason in reasons:
            self.reasons.append(reason)
            self.verdict = worst((self.verdict, reason.verdict))
        if len(self.reasons) > 2 * _MOST:
            ranked = sorted(set(self.reasons), key=lambda r: (-VERDICTS.index(r.verdict), r))
            self.reasons = ranked[:_MOST]

    def weigh(self, verdict: Verdict) -> None:
        """Make the verdict no weaker than one that was given."""
        self.verdict = worst((self.verdict, verdict))

    def tell_error(self, error: FormatError, context: Context, rule: str) -> None:
        """Add what a reader raised as a reason."""
        verdict: Verdict = "malformed" if error.reason == "malformed" else "not-inspectable"
        named = error.rule or f"{rule}-{error.reason}"
        self.tell([context.reason(named, verdict, error.detail, offset=error.offset)])

    def name(self, unlisted: Iterable[str]) -> None:
        """Add globals that no table holds."""
        for word in unlisted:
            if len(self.unlisted) < _MOST_NAMES:
                self.unlisted.add(word)

    def add(self, found: Inspection | None) -> None:
        """Add what a member is; `None` is nothing that is known."""
        if found is None:
            return
        self.verdict = worst((self.verdict, found.verdict))
        self.tell(found.reasons)
        self.name(found.unlisted)
        self.operators.update(found.header.custom_operators)
        if found.header != ModelHeader() and len(self.models) < _MOST:
            self.models.append(found)

    def count(self, elements: Iterable[tuple[str, int]], tensors: int) -> None:
        """Add the elements of tensors by their number type."""
        for dtype, number in elements:
            self.elements[dtype] = self.elements.get(dtype, 0) + number
        self.tensors += tensors

    def inspection(
        self, model_format: str, role: Role, header: ModelHeader | None = None
    ) -> Inspection:
        """Return the archive's own inspection.

        Its header, where none is given, is that of the largest model in it, or what was counted
        of its tensors.
        """
        header = self._header() if header is None else header
        return Inspection(
            model_format=model_format, role=role, header=header, verdict=self.verdict,
            reasons=tuple(self.reasons), unlisted=tuple(self.unlisted),
        )  # fmt: skip

    def _header(self) -> ModelHeader:
        header = self._counted()
        return replace(
            header, architecture=self.architecture or header.architecture,
            name=self.model_name or header.name,
        )  # fmt: skip

    def _counted(self) -> ModelHeader:
        operators = tuple(sorted(self.operators))[:_MOST]
        if self.elements:
            return ModelHeader(
                parameters=sum(self.elements.values()), precision=by_share(self.elements),
                tensors=self.tensors, custom_operators=operators, producer=self.producer,
            )  # fmt: skip
        if len(self.models) == 1:
            return self.models[0].header
        known = [found.header.parameters or 0 for found in self.models]
        precisions = {found.header.precision for found in self.models}
        return ModelHeader(
            parameters=sum(known) if any(known) else None,
            precision=precisions.pop() if len(precisions) == 1 else "", custom_operators=operators,
            tensors=sum(found.header.tensors for found in self.models), producer=self.producer,
        )  # fmt: skip
