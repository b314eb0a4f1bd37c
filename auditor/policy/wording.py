"""Holds the sentences of findings: those that somebody is to read, and each of them once."""

from __future__ import annotations

from collections.abc import Container, Mapping
from typing import Literal

from msgspec import Struct

from auditor.policy.findings import Finding, Verdict

Language = Literal["en", "zh"]

_MOST = 10_000


class Sentences(Struct, frozen=True, kw_only=True):
    """Which sentences findings are to hold: who reads a part of them needs no others."""

    languages: tuple[Language, ...] = ("en", "zh")
    of_passes: bool = True


EVERY = Sentences()
NONE = Sentences(languages=())


def shown_in(language: str) -> Sentences:
    """Return the sentences of what did not pass, in a language and in the one it falls back on."""
    return Sentences(languages=("en", "zh") if language == "zh" else ("en",), of_passes=False)


class Wording:
    """How findings are put: the same sentence of a thousand findings is held once.

    Findings without sentences that differ in nothing but their record are one, but for the rules
    `apart`: waivers look at what those are about.
    """

    def __init__(
        self,
        parameters: Mapping[str, object],
        sentences: Sentences = EVERY,
        apart: Container[str] = (),
    ) -> None:
        """Put sentences with the values of `parameters`."""
        self.parameters = parameters
        self._sentences = sentences
        self._apart = apart
        self._known: dict[str, str] = {}
        self._alike: dict[tuple[str, Verdict], Finding] = {}

    def holds(self, verdict: Verdict, language: Language) -> bool:
        """Return whether findings of this verdict have their sentences in a language."""
        told = self._sentences.of_passes or verdict != "pass"
        return told and language in self._sentences.languages

    def once(self, sentence: str) -> str:
        """Return a sentence that equals this one, the one that is held where one is."""
        if len(self._known) < _MOST:
            return self._known.setdefault(sentence, sentence)
        return self._known.get(sentence, sentence)

    def shared(self, rule: str, verdict: Verdict) -> Finding | None:
        """Return the finding that stands for all of a rule and verdict, where one may."""
        return self._alike.get((rule, verdict))

    def share(self, finding: Finding) -> Finding:
        """Let a finding stand for those that are counted with it."""
        told = any(self.holds(finding.verdict, language) for language in ("en", "zh"))
        if not told and finding.rule not in self._apart:
            self._alike[finding.rule, finding.verdict] = finding
        return finding
