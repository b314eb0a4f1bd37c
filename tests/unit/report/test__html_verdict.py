"""The first page's sentences, and the ways in which they could say more than is known."""

from __future__ import annotations

import msgspec
import pytest

from auditor.policy.findings import VERDICTS
from auditor.report._html_destinations import destinations
from auditor.report._html_figures import coverage
from auditor.report._html_verdict import headline
from auditor.report._words import Words

EN = Words("en")


def answers(judgement):
    page = headline(judgement, destinations(judgement.derived), EN)
    return {answer.topic: answer.state for answer in page.answers}, page


def judged(judgements, verdict, each, derived=()):
    rule = judgements.rule("PER-ONE-001", each, verdict)
    found = (judgements.finding(rule.id, "x", verdict),) if verdict != "not-applicable" else ()
    return msgspec.structs.replace(
        judgements.leaky(),
        derived=derived,
        findings=judgements.findings(rules=(rule,), findings=found, unused_waivers=()),
    )


@pytest.mark.parametrize("verdict", VERDICTS)
@pytest.mark.parametrize(
    "topic, each",
    [("leave", "destination"), ("kept", "store_encryption"), ("reach", "service_exposure")],
)
def test_only_a_pass_sounds_like_one(judgements, verdict, topic, each):
    states, page = answers(judged(judgements, verdict, each))
    assert states[topic] == {"not-applicable": "none"}.get(verdict, verdict)
    assert all(state == "none" for other, state in states.items() if other != topic)
    sound = {"leave": "No way out was found", "kept": "Every store that was judged is encrypted"}
    if topic in sound:
        assert (sound[topic] in page.sentence) == (verdict == "pass")


def test_rules_that_hold_do_not_hide_a_target_outside(judgements):
    outside = judgements.destination("203.0.113.9")
    states, page = answers(judged(judgements, "pass", "destination", (outside,)))
    assert states["leave"] == "allowed"
    assert "No way out" not in page.sentence
    assert "Targets outside were found" in page.sentence
    states, _ = answers(judged(judgements, "not-applicable", "destination", (outside,)))
    assert states["leave"] == "allowed"


def test_a_target_that_cannot_be_placed_leaves_the_question_open(judgements):
    unknown = judgements.destination("cache", inside=None, approved=None)
    states, page = answers(judged(judgements, "pass", "destination", (unknown,)))
    assert states["leave"] == "unknown"
    assert "could not be decided" in page.sentence


def test_an_excepted_target_does_not_spoil_a_pass(judgements):
    excepted = judgements.destination("ntp.example", inside=False, approved=True)
    states, _ = answers(judged(judgements, "pass", "destination", (excepted,)))
    assert states["leave"] == "pass"


@pytest.mark.parametrize(
    "encryption", ["plaintext", "mixed", "claimed", "remote", "declared", None]
)
def test_rules_that_hold_do_not_encrypt_a_store(judgements, encryption):
    store = judgements.store("/srv", encryption, ())
    states, page = answers(judged(judgements, "pass", "store_encryption", (store,)))
    assert states["kept"] == "allowed"
    assert "Every store" not in page.sentence
    figure = page.figures[4]
    assert figure.value == "0 of 1"
    assert figure.state in ("bad", "open")


def test_talking_is_said_only_of_a_socket_that_was_seen(judgements):
    configured = judgements.destination("hub.models.example")
    seen = judgements.destination("203.0.113.9", basis="observed")
    excepted = judgements.destination("203.0.113.9", basis="observed", approved=True)
    assert answers(judged(judgements, "fail", "destination", (configured,)))[0]["leave"] == "fail"
    assert answers(judged(judgements, "fail", "destination", (seen,)))[0]["leave"] == "seen"
    assert answers(judged(judgements, "fail", "destination", (excepted,)))[0]["leave"] == "fail"


def test_nothing_judged_is_inconclusive_and_says_so(judgements):
    judgement = msgspec.structs.replace(
        judgements.leaky(), findings=judgements.findings(rules=(), findings=())
    )
    _, page = answers(judgement)
    assert page.outcome == "inconclusive"
    assert "Nothing was judged." in page.reason


def test_a_threshold_hides_no_finding_from_the_reason(judgements):
    judgement = msgspec.structs.replace(
        judgements.leaky(), findings=judgements.findings(fail_on="critical")
    )
    _, page = answers(judgement)
    assert "3 findings are of severity critical or above." in page.reason
    assert "7 findings below critical remain." in page.reason


def test_tolerated_unknowns_are_said(judgements):
    judgement = msgspec.structs.replace(
        judgements.sealed(), findings=judgements.findings(allow_unknown=True)
    )
    _, page = answers(judgement)
    assert any("--allow-unknown" in notice for notice in page.notices)


def test_coverage_is_rounded_down(judgements):
    whole = headline(judgements.sealed(), destinations(()), EN)
    assert whole.figures[5].value == "79 %"

    class Counted:
        coverage_seen = 9_999
        coverage_total = 10_000

    assert coverage(Counted) == "99 %"
    Counted.coverage_seen = Counted.coverage_total = 0
    assert coverage(Counted) == "–"


def test_manifests_do_not_speak_of_stores(judgements):
    _, page = answers(judgements.manifests())
    assert page.sentence == "These workloads are set up so that data can leave."
    assert page.figures[4].value == "0 of 1"


def test_there_is_always_a_sentence(judgements):
    _, page = answers(
        msgspec.structs.replace(
            judgements.manifests(), findings=judgements.findings(rules=(), findings=()), derived=()
        )
    )
    assert "was not judged" in page.sentence
