"""Follows the names of files through TensorFlow's graphs: from a text to what opens it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Sized

from auditor.evidence.models import Verdict
from auditor.formats._budget import Budget
from auditor.formats._errors import FormatError
from auditor.formats._locations import escaping

# Which inputs of an operator name files, and what it does with them. Every SavedModel saves and
# restores: by a name that is given from outside, or by one beside the model.
_FILES: dict[str, tuple[tuple[int, ...], str]] = {
    **dict.fromkeys(("Save", "SaveSlices", "SaveV2"), ((0,), "writes")),
    **dict.fromkeys(("Restore", "RestoreSlice", "RestoreV2"), ((0,), "reads")),
    "MergeV2Checkpoints": ((0, 1), "moves and removes"),
    **dict.fromkeys(
        ("InitializeTableFromTextFile", "InitializeTableFromTextFileV2"), ((1,), "reads")
    ),
}
# What hands on a text, or makes one of several.
_HANDS_ON = frozenset({
    "Identity", "IdentityN", "StringJoin", "ReduceJoin", "ShardedFilename", "Reshape", "Squeeze",
    "ExpandDims", "Pack", "ConcatV2", "Select", "SelectV2", "Switch", "Merge", "EnsureShape",
    "StopGradient", "Snapshot", "Fill", "Tile", "StridedSlice", "Slice", "Gather", "GatherV2",
    "PlaceholderWithDefault", "StringStrip", "StringLower", "StringUpper", "Substr",
})  # fmt: skip
FOLLOWED = _HANDS_ON | set(_FILES)
# All that names are kept of in one graph, and how far a name is followed.
_MOST = 200_000
_MOST_STEPS = 10_000
_DEEPEST = 50


class Scope:
    """The texts of one graph or function, and where they go; names are those of its nodes."""

    def __init__(self) -> None:
        """Start with no node."""
        self._texts: dict[str, str] = {}
        self._inputs: dict[str, tuple[str, ...]] = {}
        self._opened: dict[tuple[str, str], int] = {}

    @property
    def opens(self) -> bool:
        """Whether anything in it opens a file."""
        return bool(self._opened)

    def text(self, name: str, value: str) -> None:
        """Keep a constant's text; raises `FormatError` (`limit`) beyond the bound."""
        self._bounded(self._texts)
        self._texts[name] = value

    def node(self, name: str, operator: str, inputs: Sequence[str], offset: int) -> None:
        """Keep a node that hands a text on, or opens it; raises `FormatError` (`limit`)."""
        plain = tuple(_node_of(one) for one in inputs if not one.startswith("^"))
        if operator in _HANDS_ON:
            self._bounded(self._inputs)
            self._inputs[name] = plain
        places, _ = _FILES.get(operator, ((), ""))
        for place in places:
            if place < len(plain):
                self._bounded(self._opened)
                self._opened.setdefault((operator, plain[place]), offset)

    def escapes(
        self, budget: Budget, assets: frozenset[str] = frozenset()
    ) -> Iterator[tuple[Verdict, str, int]]:
        """Yield what opens a file away from the model by a name of the graph's own, and where.

        A constant that is one of the `assets` stands for a file beside the model, whatever it
        says: its loader puts that file's name in. A name that is put together in more steps than
        are followed is not inspectable. Raises `FormatError` at the end of the budget.
        """
        for (operator, source), offset in self._opened.items():
            steps = [_MOST_STEPS]
            begun = False
            for piece in self._pieces(source, assets, steps):
                budget.step()
                # Behind something else a stroke only parts the two.
                part = piece if not begun else (piece or "").lstrip("/~")
                if piece and escaping(part or ""):
                    _, does = _FILES[operator]
                    detail = f"the operator {operator} {does} the file {piece[:100]!a}"
                    yield "dangerous", detail, offset
                    break
                begun = begun or piece != ""
            budget.step(max(1, _MOST_STEPS - steps[0]))
            if steps[0] < 0:
                detail = f"the name of a file that {operator} opens is made in too many steps"
                yield "not-inspectable", detail, offset

    def _pieces(
        self, name: str, assets: frozenset[str], steps: list[int], path: tuple[str, ...] = ()
    ) -> Iterator[str | None]:
        """Yield the texts that a name is put together of, in order; `None` is one not known.

        `path` are the nodes that lead here: what is made of itself is made of nothing.
        """
        steps[0] -= 1
        if name in self._texts:
            yield None if name in assets else self._texts[name]
        elif name not in self._inputs or steps[0] < 0 or name in path:
            yield None
        elif len(path) == _DEEPEST:
            steps[0] = -1
            yield None
        else:
            for one in self._inputs[name]:
                yield from self._pieces(one, assets, steps, (*path, name))

    @staticmethod
    def _bounded(kept: Sized) -> None:
        if len(kept) == _MOST:
            raise FormatError(f"more than {_MOST} nodes hand on texts", "limit")


def _node_of(output: str) -> str:
    """Return the node of an output: `name`, `name:0`, or `name:out:0` within a function."""
    return output.partition(":")[0]
