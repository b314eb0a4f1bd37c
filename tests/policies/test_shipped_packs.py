"""The packs and catalogues that are shipped keep what they promise."""

from __future__ import annotations

import typing

import pytest

from auditor import derive, manifests
from auditor.data import folder
from auditor.evidence import COLLECTED, kind_of
from auditor.policy import controls, examples, scope
from auditor.policy.pack import load_packs, shipped

PACKS = load_packs()
RULES = [rule for pack in PACKS for rule in pack.rules]
# Read by the derivation, but leading nowhere by themselves.
LEAD_NOWHERE = {"ai_service", "workload"}


@pytest.mark.parametrize("name", shipped())
def test_every_example_is_judged_as_said(name):
    wrong = [result for result in examples.run(load_packs([name])) if not result.holds]
    assert wrong == []


def test_there_are_enough_rules_for_hosts_and_for_manifests():
    sources = derive.sources()

    def about(mode):
        return [
            rule
            for rule in RULES
            if scope.needed(rule, mode, sources) and (not rule.applies or mode in rule.applies)
        ]

    assert len(about("host")) >= 50
    assert len(about("manifests")) >= 22


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_every_rule_speaks_both_languages_and_gives_evidence_for_a_framework(rule):
    for text in (rule.title, rule.remediation):
        assert text.en
        assert any("\u4e00" <= character <= "\u9fff" for character in text.zh)
    assert rule.observed.zh
    assert rule.expected.zh
    assert len({control.framework for control in rule.controls}) >= 3
    assert not rule.title.en.endswith(".")


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_what_was_observed_is_true_whatever_the_verdict(rule):
    shown = {part.path[0] for part in rule.observed.en.parts if part.path}
    chinese = {part.path[0] for part in rule.observed.zh.parts if part.path}
    required = {path[0] for path in rule.require.analysis.reads}
    assert shown == chinese
    assert shown & (required | {"target", "reference"})


def test_the_rules_give_evidence_for_many_frameworks():
    assert len({control.framework for rule in RULES for control in rule.controls}) >= 12


def test_every_kind_that_a_destination_comes_from_is_judged():
    judged = {kind for rule in RULES if rule.each == "destination" for kind in rule.of}
    assert set(derive.sources()["destination"]) - LEAD_NOWHERE == judged


def test_no_use_of_a_reference_or_mirror_falls_between_two_rules():
    by_source = {
        source: [rule for rule in RULES if rule.of == (source,) and rule.when]
        for source in ("mirror", "remote_reference")
    }
    uses = ("api", "telemetry", "tracing", "model-hub", "storage", "repository", "variable",
            "package-mirror", "model-mirror", "container-registry", "anything")  # fmt: skip
    from auditor.evidence import ASSUMED_SITE
    from auditor.policy import cel
    from auditor.policy.functions import functions

    for rules in by_source.values():
        for use in uses:
            session = cel.Session({"params": {}, "site": {}}, functions(ASSUMED_SITE))
            session.bind({"use": use})
            assert sum(session.holds(rule.when.program) for rule in rules) == 1, use


def test_what_manifests_can_tell_of_is_what_their_readers_yield():
    yielded = {kind_of(t) for name in manifests.names() for t in manifests.load(name).yields}
    assert scope.collectable("manifests") == yielded


def test_every_purpose_of_a_store_is_judged():
    from typing import get_args

    from auditor.evidence.site import StorePurpose

    judged = {rule.when.source for rule in RULES if rule.each == "store_encryption"}
    for purpose in get_args(StorePurpose):
        assert f"object.holds == '{purpose}'" in judged


@pytest.mark.parametrize("framework", controls.frameworks())
def test_a_catalogue_reads_and_its_ids_are_found_without_reading_it(framework):
    loaded = controls.load_framework(framework)
    ids = [clause.id for clause in loaded.clauses]
    assert len(ids) == len(set(ids)) > 0
    assert set(ids) == controls.clause_ids(framework)
    for clause in loaded.clauses:
        assert clause.evidence in ("technical", "partial", "document")
        assert clause.title.en


def test_a_clause_that_only_papers_can_show_is_claimed_by_no_rule():
    documents = {
        (framework, clause.id)
        for framework in controls.frameworks()
        for clause in controls.load_framework(framework).clauses
        if clause.evidence == "document"
    }
    claimed = {(c.framework, c.id) for rule in RULES for c in rule.controls} & documents
    assert claimed == set()


def test_the_packs_are_the_files_of_the_folder():
    # Tables, not rules: what the readers of pickles allow.
    files = {path.stem for path in folder("policies").glob("*.yaml")} - {"allow_globals"}
    assert [pack.name for pack in PACKS] == sorted(files)
    assert all(kind in COLLECTED for rule in RULES for kind in rule.of)


def test_no_purpose_of_an_outbound_target_falls_between_two_rules():
    from auditor.evidence import ASSUMED_SITE
    from auditor.evidence.channels import OutboundTarget
    from auditor.policy import cel
    from auditor.policy.functions import functions

    rules = [rule for rule in RULES if rule.of == ("outbound_target",)]
    for purpose in typing.get_args(typing.get_type_hints(OutboundTarget)["purpose"]):
        session = cel.Session({"params": {}, "site": {}}, functions(ASSUMED_SITE))
        session.bind({"use": purpose})
        assert sum(session.holds(rule.when.program) for rule in rules) == 1, purpose


def test_every_category_of_agents_is_judged_by_one_rule():
    from auditor.catalogues.agents import agents
    from auditor.evidence import ASSUMED_SITE
    from auditor.policy import cel
    from auditor.policy.functions import functions

    rules = [rule for rule in RULES if rule.each == "agent"]
    for category in {known.category for known in agents()}:
        session = cel.Session({"params": {}, "site": {}}, functions(ASSUMED_SITE))
        session.bind({"category": category})
        assert sum(session.holds(rule.when.program) for rule in rules) == 1, category
