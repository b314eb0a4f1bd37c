"""Reads LightGBM's models: text, of which the header tells how long each tree is."""

from __future__ import annotations

from auditor.evidence.models import VerdictReason
from auditor.formats import Context, FormatError, Inspection, ModelFormat, ModelHeader, View

_FIRST = b"tree\nversion="
_END = b"end of trees"
# A header with 100,000 features has about 5 MB.
_MOST_HEADER = 16 << 20
_STEP = 64 << 10
_MOST_TAIL = 16 << 20
_TEXT = 200


def recognises(head: bytes, _view: View) -> bool:
    """Return whether the first lines are those of a model (LightGBM, gbdt_model_text.cpp)."""
    return head.startswith(_FIRST)


def inspect(view: View, context: Context) -> Inspection:
    """Return what the header says; raises `FormatError`.

    The trees have to end where the header says, and what follows has to be text.
    """
    header, begin = _header(view)
    fields = dict(line.partition("=")[::2] for line in header)
    sizes = _numbers(fields.get("tree_sizes", ""))
    end = begin + sum(sizes)
    context.budget.step(len(sizes))
    reasons: list[VerdictReason] = []
    tail = view.at(end, min(view.size - end, _MOST_TAIL)) if end <= view.size else b""
    if not tail.lstrip().startswith(_END):
        raise FormatError(f"the trees do not end at byte {end}", rule="lightgbm-trees", offset=end)
    if b"\0" in tail or view.size - end > _MOST_TAIL:
        detail = "what follows the trees is no text"
        reasons.append(context.reason("lightgbm-tail", "malformed", detail, offset=end))
    return Inspection(
        model_format="lightgbm",
        header=ModelHeader(
            architecture=f"{fields.get('boosting', 'tree')} {fields.get('objective', '')}"[:_TEXT],
            producer=f"LightGBM {fields.get('version', '')}"[:_TEXT].strip(),
        ),
        reasons=tuple(reasons),
    )


def _header(view: View) -> tuple[list[str], int]:
    """Return the header's lines and where the trees begin: behind its first empty line."""
    data = b""
    while len(data) < min(view.size, _MOST_HEADER):
        data += view.at(len(data), max(_STEP, len(data)))
        end = data.find(b"\n\n")
        if end >= 0:
            return data[:end].decode("utf-8", "replace").split("\n")[1:], end + 2
    raise FormatError("the header has no end", rule="lightgbm-header")


def _numbers(text: str) -> list[int]:
    words = text.split()
    if not all(word.isascii() and word.isdigit() and len(word) < 20 for word in words):  # noqa: PLR2004 - 64 bits
        raise FormatError("the trees' sizes are no numbers", rule="lightgbm-header")
    return [int(word) for word in words]


FORMAT = ModelFormat(title="LightGBM", recognises=recognises, inspect=inspect, begins=_FIRST[:1])
