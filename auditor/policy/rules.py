"""What a pack holds: parameters, rules with their conditions and sentences, and examples."""

from __future__ import annotations

from functools import cached_property

from msgspec import Struct

from auditor.evidence import Record, Site
from auditor.evidence.bundle import Mode
from auditor.policy.analysis import Analysis, analyse
from auditor.policy.cel import Program, check_pattern, compile_condition
from auditor.policy.findings import Control, Severity, Text, Verdict
from auditor.policy.shapes import PARAMETER_SHAPES, Shape
from auditor.policy.template import Template, read_template

ParameterValue = bool | int | str | tuple[str, ...] | tuple[int, ...]
# The parameters that a pack declares, each with its type.
Types = tuple[tuple[str, str], ...]


class Parameter(Struct, frozen=True, kw_only=True):
    """A value that a site may retune by a profile; `type` is a key of `PARAMETER_SHAPES`."""

    name: str
    type: str
    default: ParameterValue
    description: Text


class Condition(Struct, frozen=True, kw_only=True, dict=True):
    """A CEL condition on records of a kind; it is read when it is first asked for."""

    source: str
    kind: str
    types: Types = ()

    @cached_property
    def analysis(self) -> Analysis:
        """Return what the condition depends on; raises `ExpressionError`."""
        found = analyse(self.source, self.kind, _shapes(self.types))
        for pattern in found.patterns:
            check_pattern(pattern)
        return found

    @cached_property
    def program(self) -> Program:
        """Return the program that the library makes; raises `ExpressionError`."""
        return compile_condition(self.source)


class Sentence(Struct, frozen=True, kw_only=True, dict=True):
    """A sentence with placeholders, in the report's languages; it is read when it is needed."""

    said: Text
    kind: str
    types: Types = ()

    @cached_property
    def en(self) -> Template:
        """Return the English template; raises `ExpressionError`."""
        return read_template(self.said.en, self.kind, _shapes(self.types))

    @cached_property
    def zh(self) -> Template | None:
        """Return the Chinese template, `None` where there is none; raises `ExpressionError`."""
        said = self.said.zh
        return read_template(said, self.kind, _shapes(self.types)) if said else None


class Example(Struct, frozen=True, kw_only=True):
    """A record, the verdict that the rule must give it, and what it is judged by."""

    expected: Verdict
    record: Record
    parameters: tuple[tuple[str, ParameterValue], ...]
    site: Site
    place: str


class Rule(Struct, frozen=True, kw_only=True):
    """One rule, as its pack gives it.

    `each` is the record kind that it is asked of, `of` narrows a derived kind to records made
    from these kinds, `when` to records that meet a condition. `require` is the condition that
    holds where all is well. Where `doubt` is true the verdict is `unknown`, and `because` says
    why. `given` looks at parameters and site alone: where it is false nothing is asked, and
    `otherwise` says why. `applies` are the modes of evidence that it is about.
    """

    id: str
    title: Text
    severity: Severity
    each: str
    of: tuple[str, ...]
    applies: tuple[Mode, ...]
    when: Condition | None
    require: Condition
    doubt: Condition | None
    because: Sentence | None
    given: Condition | None
    otherwise: Text
    observed: Sentence
    expected: Sentence
    remediation: Text
    controls: tuple[Control, ...]
    examples: tuple[Example, ...]
    place: str

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """Return every condition that the rule has, in the order in which they are asked."""
        every = (self.given, self.when, self.doubt, self.require)
        return tuple(condition for condition in every if condition is not None)


class Pack(Struct, frozen=True, kw_only=True):
    """Rules of one theme; `sha256` is over the bytes of the file, `place` the file."""

    name: str
    version: str
    title: Text
    parameters: tuple[Parameter, ...]
    rules: tuple[Rule, ...]
    sha256: str
    place: str


def _shapes(types: Types) -> dict[str, Shape]:
    return {name: PARAMETER_SHAPES[type_name] for name, type_name in types}
