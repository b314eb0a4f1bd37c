"""Reads one rule of a pack, and refuses whatever could make it judge wrongly."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import get_args

import msgspec

from auditor.errors import PackError
from auditor.evidence import ASSUMED_SITE, COLLECTED, DERIVED, KINDS, Record, Site
from auditor.evidence.bundle import Mode
from auditor.policy import controls
from auditor.policy.comparison import closest
from auditor.policy.findings import Control, Text, Verdict
from auditor.policy.reading import Reader
from auditor.policy.rules import Condition, Example, ParameterValue, Rule, Sentence
from auditor.policy.shapes import Shape, kind_shape
from auditor.yamldoc import Node

_ID = re.compile(r"[A-Z][A-Z0-9]*(-[A-Z0-9]+)*-\d{3}")
_REQUIRED = (
    "id", "title", "severity", "each", "require", "observed", "expected", "remediation",
    "controls", "examples",
)  # fmt: skip
_OPTIONAL = ("of", "applies", "given", "otherwise", "when", "unknown", "because")
_MODES: tuple[Mode, ...] = get_args(Mode)
_EXPECTED: tuple[Verdict, ...] = ("pass", "fail", "unknown", "not-applicable")


class RuleReader:
    """Reads the rules of one pack; `parameters` are the types that the pack declares."""

    def __init__(self, reader: Reader, parameters: Mapping[str, str]) -> None:
        """Keep the file's reader and the types of its parameters."""
        self._reader = reader
        self._types = parameters
        self._named = tuple(parameters.items())

    def rule(self, node: Node) -> Rule:
        """Return a rule; raises `PackError` with the place of the first mistake."""
        reader = self._reader
        found = reader.mapping(node, _REQUIRED, _OPTIONAL)
        kind = self._kind(found["each"], tuple(KINDS))
        of = self._of(found.get("of"), kind)
        for one, other in (("unknown", "because"), ("given", "otherwise")):
            if (one in found) != (other in found):
                raise reader.wrong(node, f"'{one}' and '{other}' belong together")
        rule = Rule(
            id=self._id(found["id"]),
            title=reader.said(found["title"]),
            severity=reader.severity(found["severity"]),
            each=kind,
            of=of,
            applies=self._applies(found.get("applies")),
            when=self._condition(found.get("when"), kind),
            require=self._required(found["require"], kind),
            doubt=self._condition(found.get("unknown"), kind),
            because=self._sentence(found["because"], kind) if "because" in found else None,
            given=self._given(found.get("given"), kind),
            otherwise=reader.said(found["otherwise"]) if "otherwise" in found else Text(en=""),
            observed=self._sentence(found["observed"], kind),
            expected=self._sentence(found["expected"], kind),
            remediation=reader.said(found["remediation"]),
            controls=self._controls(found["controls"]),
            examples=self._examples(found["examples"], kind, of),
            place=node.place(reader.where),
        )
        self._check_examples(found["examples"], rule)
        return rule

    def _id(self, node: Node) -> str:
        """Return the rule's id."""
        text = self._reader.text(node)
        if not _ID.fullmatch(text):
            raise self._reader.wrong(node, f"'{text}' is no rule id", "Write it as PER-DNS-001")
        return text

    def _kind(self, node: Node, known: tuple[str, ...]) -> str:
        """Return a record kind."""
        text = self._reader.text(node)
        if text not in known:
            raise self._reader.wrong(
                node, f"there is no record kind '{text}' here", closest(text, known)
            )
        return text

    def _of(self, node: Node | None, kind: str) -> tuple[str, ...]:
        """Return the source kinds that a derived kind is narrowed to."""
        if node is None:
            return ()
        if kind not in DERIVED:
            raise self._reader.wrong(node, f"'of' is for derived kinds; a {kind} is collected")
        kinds = tuple(self._kind(item, tuple(COLLECTED)) for item in self._reader.items(node))
        if not kinds:
            raise self._reader.wrong(node, "'of' names no kind")
        return kinds

    def _applies(self, node: Node | None) -> tuple[Mode, ...]:
        """Return the modes that the rule is about; none means: wherever its kinds are found."""
        if node is None:
            return ()
        texts = self._reader.texts(node)
        for text, item in zip(texts, self._reader.items(node), strict=True):
            if text not in _MODES:
                raise self._reader.wrong(item, f"'{text}' is no mode", closest(text, _MODES))
        if not texts:
            raise self._reader.wrong(node, "'applies' names no mode")
        return tuple(mode for mode in _MODES if mode in texts)

    def _required(self, node: Node, kind: str) -> Condition:
        """Return the condition that holds where all is well: it must look at the record."""
        condition = self._condition(node, kind)
        if condition is None or not condition.analysis.reads:
            raise self._reader.wrong(node, "the condition looks at no field of the record")
        return condition

    def _given(self, node: Node | None, kind: str) -> Condition | None:
        """Return the condition on parameters and site alone."""
        condition = self._condition(node, kind)
        if node and condition and condition.analysis.reads:
            raise self._reader.wrong(node, "'given' looks at params and site, never at the record")
        return condition

    def _condition(self, node: Node | None, kind: str) -> Condition | None:
        """Return a condition, read by our own checker and by the library."""
        if node is None:
            return None
        condition = Condition(source=self._reader.text(node), kind=kind, types=self._named)
        self._reader.checked(node, lambda: (condition.analysis, condition.program))
        return condition

    def _sentence(self, node: Node, kind: str) -> Sentence:
        """Return a sentence with placeholders."""
        sentence = Sentence(said=self._reader.said(node), kind=kind, types=self._named)
        self._reader.checked(node, lambda: (sentence.zh, sentence.en))
        return sentence

    def _controls(self, node: Node) -> tuple[Control, ...]:
        """Return the clauses that the rule gives evidence for; each must be in a catalogue."""
        reader = self._reader
        found = []
        for key, value in reader.entries(node):
            if key.name not in controls.frameworks():
                raise reader.wrong(
                    key, f"there is no framework '{key.name}'",
                    closest(key.name, controls.frameworks()),
                )  # fmt: skip
            known = controls.clause_ids(key.name)
            for clause, item in zip(reader.texts(value), reader.items(value), strict=True):
                if clause not in known:
                    raise reader.wrong(
                        item, f"{key.name} has no clause '{clause}'",
                        closest(clause, tuple(sorted(known))),
                    )  # fmt: skip
                found.append(Control(framework=key.name, id=clause))
        return tuple(sorted(found))

    def _examples(self, node: Node, kind: str, of: tuple[str, ...]) -> tuple[Example, ...]:
        """Return the examples, each a record that the rule must judge as said."""
        found = []
        for key, value in self._reader.entries(node):
            expected = next((verdict for verdict in _EXPECTED if verdict == key.name), None)
            if expected is None:
                raise self._reader.wrong(
                    key, f"'{key.name}' is no verdict here", closest(key.name, _EXPECTED)
                )
            found += [self._example(item, expected, kind, of) for item in self._reader.items(value)]
        return tuple(found)

    def _example(self, node: Node, expected: Verdict, kind: str, of: tuple[str, ...]) -> Example:
        """Return one example: fields that it leaves out get a neutral value of their type."""
        place = node.place(self._reader.where)
        parameters: list[tuple[str, ParameterValue]] = []
        fields = neutral(kind_shape(kind))
        if of:
            fields["source_kind"] = of[0]
        site = ASSUMED_SITE
        for key, value in self._reader.entries(node):
            if key.name == "site":
                site = self._site(value)
            elif key.name == "with":
                parameters = [self._set(name, item) for name, item in self._reader.entries(value)]
            else:
                fields[key.name] = value.plain()
        fields["origin"] = {"collector": "example", "source": place}
        return Example(
            expected=expected,
            record=self._record(node, fields, kind),
            parameters=tuple(parameters),
            site=site,
            place=place,
        )

    def _site(self, node: Node) -> Site:
        """Return the site that an example is judged against."""
        try:
            return msgspec.convert(node.plain(), Site)
        except msgspec.ValidationError as error:
            raise self._reader.wrong(node, f"the example's site is wrong: {error}") from error

    def _set(self, key: Node, value: Node) -> tuple[str, ParameterValue]:
        """Return a parameter that an example sets."""
        name = self._reader.text(key)
        if name not in self._types:
            raise self._reader.wrong(
                key, f"there is no parameter '{name}'", closest(name, tuple(self._types))
            )
        return name, self._reader.parameter(value, self._types[name])

    def _record(self, node: Node, fields: dict[str, object], kind: str) -> Record:
        """Return the record that an example describes."""
        try:
            return msgspec.convert({**fields, "kind": kind}, KINDS[kind])
        except msgspec.ValidationError as error:
            raise self._reader.wrong(node, f"the example is no {kind}: {error}") from error

    def _check_examples(self, node: Node, rule: Rule) -> None:
        """Refuse a rule that does not show how it passes, fails and (where it can) doubts."""
        shown = {example.expected for example in rule.examples}
        doubtful = rule.doubt or any(condition.analysis.optional for condition in rule.conditions)
        wanted: tuple[Verdict, ...] = ("pass", "fail", "unknown") if doubtful else ("pass", "fail")
        for verdict in wanted:
            if verdict not in shown:
                raise PackError(
                    f"{rule.id} has no example of '{verdict}'", where=node.place(self._reader.where)
                )


def neutral(shape: Shape) -> dict[str, object]:
    """Return a value for every field of a struct: false, 0, an empty text, an empty list.

    A field that can be null gets a value too: an example says itself what could not be read.
    """
    return {name: _neutral(field) for name, field in shape.fields}


def _neutral(shape: Shape) -> object:
    """Return the neutral value of a type."""
    if shape.base == "struct":
        return neutral(shape)
    if shape.choices:
        return shape.choices[0]
    plain: dict[str, object] = {"bool": False, "int": 0, "double": 0.0, "list": []}
    return plain.get(shape.base, "")
