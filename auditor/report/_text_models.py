"""Tells of model stores in the text summary: the stores, what needs attention, then the rest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from auditor.errors import ExitCode
from auditor.evidence.models import ModelAssessment, VerdictReason
from auditor.policy.summary import Summary
from auditor.report import Judgement
from auditor.report._figures import amount, size
from auditor.report._models import UNREAD, Artifact, Models, Shelf, models
from auditor.report._text import columns, visible, wrapped
from auditor.report._text_words import Language

WIDTH = 100
_SHOWN_STORES = 12
_SHOWN_SUSPECT = 20
_SHOWN_OTHERS = 15
_SHOWN_REASONS = 3
_SHOWN_NAMES = 5
_INDENT = " " * 4
_ICONS = {
    "dangerous": "[x]", "malformed": "[x]", "unlisted": "[!]", "not-inspectable": "[?]",
    UNREAD: "[?]", "framework": "[+]", "data": "[+]",
}  # fmt: skip
# Columns of the table: the words' keys, and how wide each is.
_COLUMNS = (
    ("verdict", 16), ("format", 12), ("parameters", 7), ("precision", 9), ("size", 10),
    ("license", 12),
)  # fmt: skip


def models_part(judgement: Judgement, summary: Summary, words: Language) -> Iterator[str]:
    """Yield the stores, the artifacts and the counts; short where all is well."""
    found = models(judgement.evidence.records, judgement.derived)
    if found.shelves:
        yield ""
        yield words["section_stores"].format(n=len(found.shelves))
    for shelf in found.shelves[:_SHOWN_STORES]:
        yield from _shelf(shelf, words)
    yield from _more(len(found.shelves) - _SHOWN_STORES, words)
    suspect = found.suspect
    if suspect:
        yield ""
        yield words["section_suspect"].format(n=len(suspect), total=len(found.artifacts))
        yield from _table(suspect, _SHOWN_SUSPECT, words)
    others = tuple(artifact for artifact in found.artifacts if artifact.harmless)
    if others:
        yield ""
        yield words["section_models"].format(n=len(others))
        yield from _table(others, _SHOWN_OTHERS, words)
    yield ""
    yield from _counts(found, words)
    yield from _field(words["exit"], _exit(judgement, summary, words))


def _shelf(shelf: Shelf, words: Language) -> Iterator[str]:
    store = shelf.store
    tool = visible(store.tool, limit=40)
    if store.files is None or store.size is None:
        parts = [words["store_unknown"].format(tool=tool)]
    else:
        counted = {"tool": tool, "files": f"{store.files:,}", "size": size(store.size)}
        parts = [words["store_of"].format(**counted)]
    if store.writers is None:
        parts.append(words["store_writers_unknown"])
    elif store.writers:
        parts.append(words[f"store_{store.writers}"])
    if not store.complete:
        parts.append(words["store_incomplete"])
    kinds = Counter(anomaly.anomaly for anomaly in shelf.anomalies)
    parts += [f"{count} {kind}" for kind, count in sorted(kinds.items())]
    text = f"{visible(store.path)}: {'; '.join(parts)}"
    yield from wrapped(text, width=WIDTH, first="  ", rest=_INDENT + "  ")


def _table(artifacts: tuple[Artifact, ...], shown: int, words: Language) -> Iterator[str]:
    head = "".join(_cell(words[f"head_{name}"], width) for name, width in _COLUMNS)
    yield f"{_INDENT}{head}{words['head_place']}"
    for artifact in artifacts[:shown]:
        yield from _row(artifact, words)
    yield from _more(len(artifacts) - shown, words)


def _row(artifact: Artifact, words: Language) -> Iterator[str]:
    file = artifact.file
    verdict = artifact.verdict or UNREAD
    icon = _ICONS[verdict] if artifact.harmless or verdict not in ("data", "framework") else "[x]"
    values = (
        words[UNREAD] if verdict == UNREAD else verdict,
        file.model_format,
        amount(file.parameters) if file.parameters is not None else "-",
        file.precision or "-",
        size(file.size),
        file.license or "-",
    )
    cells = "".join(_cell(value, width) for value, (_, width) in zip(values, _COLUMNS, strict=True))
    place = visible(artifact.place)
    if columns(cells) + columns(place) + len(_INDENT) <= WIDTH:
        yield f"{icon} {cells}{place}"
    else:
        yield f"{icon} {cells}".rstrip()
        yield from wrapped(place, width=WIDTH, first=_INDENT * 2, rest=_INDENT * 3)
    for line in _remarks(artifact, words):
        yield from wrapped(visible(line), width=WIDTH, first=_INDENT * 2, rest=_INDENT * 3)


def _remarks(artifact: Artifact, words: Language) -> Iterator[str]:
    """Yield what a row has no column for: why the verdict is bad, then where it came from."""
    file = artifact.file
    if not artifact.harmless:
        yield from (_reason(reason) for reason in file.reasons[:_SHOWN_REASONS])
        hidden = len(file.reasons) - _SHOWN_REASONS
        if hidden > 0:
            yield words["more"].format(n=hidden)
    if file.name_digest == "differs":
        yield words["digest_differs"]
    if file.signature.state == "invalid":
        yield words["signature_invalid"]
    if artifact.assessment is not None:
        yield from _exceptions(artifact.assessment, words)
    if artifact.origin:
        revision = f"@{file.revision[:12]}" if file.revision else ""
        yield words["from"].format(origin=artifact.origin + revision)
    if file.base_model:
        yield words["base"].format(base=file.base_model)


def _exceptions(assessment: ModelAssessment, words: Language) -> Iterator[str]:
    """Yield the globals that are asked for, and what the site's exceptions do about them."""
    if assessment.unlisted and assessment.verdict == "unlisted":
        yield words["asks_for"].format(names=_names(assessment.unlisted))
    if assessment.excepted:
        yield words["excepted"].format(names=_names(assessment.excepted))
    if assessment.refused:
        yield assessment.refused


def _reason(reason: VerdictReason) -> str:
    place = f" ({reason.place})" if reason.place else ""
    return f"{reason.words}{place}"


def _names(names: tuple[str, ...]) -> str:
    more = f", … +{len(names) - _SHOWN_NAMES}" if len(names) > _SHOWN_NAMES else ""
    return ", ".join(names[:_SHOWN_NAMES]) + more


def _counts(found: Models, words: Language) -> Iterator[str]:
    verdicts = ", ".join(
        f"{count} {words[UNREAD] if name == UNREAD else name}"
        for name, count in found.by_verdict
        if count
    )
    formats = ", ".join(f"{count} {visible(name, limit=40)}" for name, count in found.by_format)
    yield from _field(words["by_verdict"], verdicts or "0")
    if formats:
        yield from _field(words["by_format"], formats)
    if found.anomalies:
        kinds = Counter(anomaly.anomaly for anomaly in found.anomalies)
        text = ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items()))
        yield from _field(words["anomalies"], text)


def _exit(judgement: Judgement, summary: Summary, words: Language) -> str:
    """Return what the exit code means."""
    code = summary.exit_code
    if code == ExitCode.PASS:
        return words["exit_0" if summary.outcome == "compliant" else "exit_0_allowed"]
    return words[f"exit_{int(code)}"].format(threshold=judgement.findings.fail_on)


def _field(name: str, value: str) -> list[str]:
    first = f"  {name:<11} " if name.isascii() else f"  {name}  "
    return wrapped(value, width=WIDTH, first=first, rest=" " * 14)


def _more(hidden: int, words: Language) -> Iterator[str]:
    if hidden > 0:
        yield f"{_INDENT}{words['more'].format(n=hidden)}"


def _cell(text: str, width: int) -> str:
    """Return a text in a column of its own, cut where it is wider, and never glued to the next."""
    shown = visible(text, limit=width - 1)
    while columns(shown) > width - 1:
        shown = shown[:-2] + "…"
    return shown + " " * (width - columns(shown))
