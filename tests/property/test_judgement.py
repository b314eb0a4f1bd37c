"""Whatever the evidence: less of it never makes a `pass`, and nothing escapes the engine."""

from __future__ import annotations

from contextlib import suppress
from unittest import mock

import msgspec
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from msgspec import inspect

from auditor import derive
from auditor.errors import DocumentError
from auditor.evidence import COLLECTED, DERIVED, KINDS, Gap, Origin, kind_of
from auditor.policy import judge as judge_module
from auditor.policy import scope
from auditor.policy.analysis import analyse
from auditor.policy.expression import ExpressionError, parse
from auditor.policy.findings import VERDICTS
from auditor.policy.pack import load_packs, read_pack
from tests.unit.policy.worlds import evidence, judge, pack_text

PACKS = load_packs()
NAMED = sorted({rule.each for pack in PACKS for rule in pack.rules})
QUICK = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
WORDS = st.sampled_from(
    ["", "a", "host", "10.0.0.1", "203.0.113.9", "::1", "0.0.0.0", "10.0.0.0/8", "no", "yes",
     "models", "swap", "dns_resolver", "connection", "root", "OPENAI_API_KEY", "/models", "https:",
     "\u202e<script>", "%eth0", "wireguard", "nfs4", "x" * 300],
) | st.text(max_size=8)  # fmt: skip


def value_of(info: inspect.Type) -> st.SearchStrategy:  # noqa: PLR0911 - a type a case
    """Return values of a msgspec type, null among them where it is allowed."""
    match info:
        case inspect.UnionType(types=types):
            return st.one_of([value_of(each) for each in types])
        case inspect.StructType(cls=cls, fields=fields):
            named = {f.name: value_of(f.type) for f in fields if f.name != "origin"}
            if any(f.name == "origin" for f in fields):
                named["origin"] = st.just(Origin("test", "/x", 1))
            return st.builds(cls, **named)
        case inspect.VarTupleType(item_type=item):
            return st.lists(value_of(item), max_size=3).map(tuple)
        case inspect.LiteralType(values=values):
            return st.sampled_from(values)
        case inspect.NoneType():
            return st.none()
        case inspect.BoolType():
            return st.booleans()
        case inspect.IntType():
            return st.integers(-5, 70000) | st.integers()
        case _:
            return WORDS


def optional_fields(kind: str) -> list[str]:
    """Return the fields of a kind that can be null."""
    fields = inspect.type_info(KINDS[kind]).fields
    return [f.name for f in fields if isinstance(f.type, inspect.UnionType)]


RULES = [rule for pack in PACKS for rule in pack.rules]
RECORD_OF = {kind: value_of(inspect.type_info(KINDS[kind])) for kind in NAMED}
OPTIONAL = [kind for kind in NAMED if optional_fields(kind)]
RECORDS = st.one_of(list(RECORD_OF.values()))
GAPS = st.builds(
    Gap,
    kind=st.sampled_from([*sorted(COLLECTED), "unheard_of"]),
    reason=st.sampled_from(["denied", "absent", "crashed"]),
    detail=WORDS,
    origin=st.just(Origin("test", "/gap")),
)
MODES = st.sampled_from(["host", "manifests", "models"])


def split(records):
    derived = [record for record in records if kind_of(record) in DERIVED]
    return [record for record in records if kind_of(record) not in DERIVED], derived


def judged(records, *, gaps=(), mode="host", kinds=tuple(COLLECTED)):
    collected, derived = split(records)
    return judge(PACKS, evidence(*collected, gaps=gaps, mode=mode, kinds=kinds), derived)


def passes(findings):
    single = {(f.rule, f.subject) for f in findings.findings if f.verdict == "pass"}
    return single | {(rule.id, "") for rule in findings.rules if rule.verdict == "pass"}


@QUICK
@given(st.lists(RECORDS, max_size=12), MODES, st.randoms(use_true_random=False))
def test_the_order_of_records_changes_nothing(records, mode, shuffler):
    shuffled = list(records)
    shuffler.shuffle(shuffled)
    assert judged(records, mode=mode) == judged(shuffled, mode=mode)


@QUICK
@given(st.lists(RECORDS, max_size=8), MODES)
def test_what_was_said_of_records_alike_is_what_would_be_said_again(records, mode):
    other = Origin("test", "/elsewhere")
    doubled = records + [msgspec.structs.replace(record, origin=other) for record in records]
    found = judged(doubled, mode=mode)
    with mock.patch.object(judge_module.Alike, "of", side_effect=lambda *_: {}):
        assert judged(doubled, mode=mode) == found


@QUICK
@given(st.lists(RECORDS, max_size=12), st.lists(GAPS, min_size=1, max_size=3), MODES)
def test_a_gap_never_adds_a_pass(records, gaps, mode):
    assert passes(judged(records, gaps=gaps, mode=mode)) <= passes(judged(records, mode=mode))


@QUICK
@given(st.lists(RECORDS, min_size=1, max_size=12), st.sampled_from(sorted(COLLECTED)), MODES)
def test_a_source_that_turns_into_a_gap_never_adds_a_pass(records, lost, mode):
    kept = [record for record in records if lost not in (kind_of(record), source(record))]
    gap = Gap(kind=lost, reason="absent", detail="gone", origin=Origin("test", "/gone"))
    assert passes(judged(kept, gaps=[gap], mode=mode)) <= passes(judged(records, mode=mode))


@QUICK
@given(st.lists(RECORDS, max_size=8), st.sampled_from(sorted(COLLECTED)), MODES)
def test_a_collector_that_did_not_run_never_adds_a_pass(records, lost, mode):
    kinds = tuple(kind for kind in COLLECTED if kind != lost)
    assert passes(judged(records, mode=mode, kinds=kinds)) <= passes(judged(records, mode=mode))


@settings(parent=QUICK, max_examples=150)
@given(st.one_of([RECORD_OF[kind] for kind in OPTIONAL]), MODES)
def test_a_field_that_turns_unreadable_never_adds_a_pass(record, mode):
    before = passes(judged([record], mode=mode))
    for field in optional_fields(kind_of(record)):
        blind = msgspec.structs.replace(record, **{field: None})
        after = {rule for rule, subject in passes(judged([blind], mode=mode)) if not subject}
        assert after <= {rule for rule, _ in before}, field


@QUICK
@given(st.lists(RECORDS, max_size=8), st.sampled_from(RULES), MODES, st.data())
def test_a_rule_with_a_gap_in_what_it_needs_neither_passes_nor_steps_aside(
    records, rule, mode, data
):
    needed = scope.needed(rule, mode, derive.sources())
    assume(needed and not rule.given and (not rule.applies or mode in rule.applies))
    lost = data.draw(st.sampled_from(needed))
    gap = Gap(kind=lost, reason="denied", detail="no", origin=Origin("test", "/gone"))
    found = judged(records, gaps=[gap], mode=mode)
    verdict = next(each.verdict for each in found.rules if each.id == rule.id)
    assert verdict in ("fail", "error", "unknown")


@QUICK
@given(st.lists(RECORDS, max_size=12), st.lists(GAPS, max_size=2), MODES)
def test_counts_agree_and_every_rule_has_a_reason_or_a_finding(records, gaps, mode):
    found = judged(records, gaps=gaps, mode=mode)
    assert [rule.id for rule in found.rules] == [rule.id for p in PACKS for rule in p.rules]
    for rule in found.rules:
        mine = [f.verdict for f in found.findings if f.rule == rule.id]
        counts = (rule.passed, rule.failed, rule.unknown, rule.errors, rule.waived)
        assert sum(counts) == len(mine)
        assert bool(mine) != bool(rule.reason)
        assert rule.verdict == next((v for v in VERDICTS if v in mine), "not-applicable")


@settings(max_examples=150, deadline=None)
@given(
    st.text(alphabet="object.tls&|!()[]'\"=<>? :,+-*/%x1\\\n", max_size=60) | st.text(max_size=40)
)
def test_no_text_breaks_the_reader_of_expressions(source):
    with suppress(ExpressionError):
        parse(source)
        analyse(source, "ai_service", {})


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_no_damage_to_a_pack_escapes_as_anything_but_its_error(data):
    text = pack_text()
    start = data.draw(st.integers(0, len(text)))
    cut = data.draw(st.integers(0, 20))
    piece = data.draw(st.text(alphabet="{}[]:,'\"&*!|> -\nabc\x00", max_size=6))
    damaged = text[:start] + piece + text[start + cut :]
    with suppress(DocumentError):
        read_pack(damaged.encode("utf-8", "replace"), "p.yaml")


def source(record):
    return getattr(record, "source_kind", "")
