"""Says what a judgement comes to: the verdict, the answers, its limits, six figures."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from auditor.evidence import Record
from auditor.evidence.bundle import Mode
from auditor.evidence.crossing import TrafficDestination
from auditor.evidence.derived import StoreEncryption
from auditor.evidence.models import ModelAssessment
from auditor.policy.findings import VERDICTS, AppliedRule
from auditor.policy.summary import Summary, summarize
from auditor.report import Judgement
from auditor.report._html_destinations import Destinations
from auditor.report._html_figures import ENCRYPTED, Figure, figures
from auditor.report._words import Words

Topic = Literal["leave", "kept", "reach", "models"]
State = Literal["seen", "allowed", "fail", "error", "unknown", "waived", "pass", "none"]

# Which of the questions a rule speaks to, by the record kind that it judges.
_TOPICS: dict[str, Topic] = {
    "destination": "leave",
    "service_setting": "leave",
    "namespace_egress": "leave",
    "network_policy": "leave",
    "connection": "leave",
    "route": "leave",
    "dns_resolver": "leave",
    "proxy": "leave",
    "time_server": "leave",
    "mirror": "leave",
    "remote_reference": "leave",
    "model_source": "leave",
    "container_image": "leave",
    "channel": "leave",
    "usb_storage_policy": "leave",
    "raw_socket": "leave",
    "capability_holder": "leave",
    "bpf_program": "leave",
    "network_namespace": "leave",
    "interface_policy": "leave",
    "agent": "leave",
    "outbound_target": "leave",
    "tunnel": "leave",
    "fabric": "leave",
    "certificate": "reach",
    "certificate_validity": "reach",
    "tls_setting": "reach",
    "endpoint_transport": "reach",
    "store_encryption": "kept",
    "block_device": "kept",
    "swap": "kept",
    "service_exposure": "reach",
    "listening_port": "reach",
    "ingress": "reach",
    "kubernetes_service": "reach",
    "model_assessment": "models",
    "model_file": "models",
    "model_store": "models",
    "store_anomaly": "models",
    "traffic_destination": "leave",
    "asked_domain": "leave",
    "zone_traffic": "leave",
    "traffic_indicator": "leave",
    "capture_view": "leave",
}
_ASKED: dict[Mode, tuple[Topic, ...]] = {
    "host": ("leave", "kept", "reach", "models"),
    "manifests": ("leave", "kept", "reach"),
    "models": ("models",),
    "traffic": ("leave",),
}


class Answer(Struct, frozen=True, kw_only=True):
    """One of the questions, answered: `detail` counts the rules that decide it."""

    topic: Topic
    state: State
    question: str
    sentence: str
    detail: str


class Headline(Struct, frozen=True, kw_only=True):
    """The first page: `reason` says why the outcome is what it is, `notices` what limits it."""

    outcome: str
    word: str
    sentence: str
    reason: str
    answers: tuple[Answer, ...]
    notices: tuple[str, ...]
    figures: tuple[Figure, ...]


def headline(judgement: Judgement, places: Destinations, words: Words) -> Headline:
    """Return the first page of a judgement."""
    summary = summarize(judgement.evidence, judgement.findings)
    asked = _ASKED[judgement.evidence.mode]
    answers = tuple(_answer(topic, judgement, places, words) for topic in asked)
    mine = [answer for answer in answers if not _silent(answer, judgement)]
    join = "" if words.language == "zh" else " "
    return Headline(
        outcome=summary.outcome,
        word=words(f"outcome.{summary.outcome}"),
        sentence=join.join(answer.sentence for answer in mine),
        reason=_reason(judgement, summary, words),
        answers=answers,
        notices=_notices(judgement, summary, words),
        figures=figures(judgement, summary, places, words),
    )


def _silent(answer: Answer, judgement: Judgement) -> bool:
    """Return whether the headline leaves a question to the table: manifests keep no stores.

    Of a host's models it speaks only where something is wrong with them.
    """
    mode = judgement.evidence.mode
    if answer.topic == "models":
        return mode == "host" and answer.state != "fail"
    kept = (answer.topic, answer.state, mode) == ("kept", "none", "manifests")
    return kept or answer.topic == "reach"


def _answer(topic: Topic, judgement: Judgement, places: Destinations, words: Words) -> Answer:
    rules = [rule for rule in judgement.findings.rules if _TOPICS.get(rule.each) == topic]
    state = _checked(topic, _state(rules), judgement.derived, places)
    mode = judgement.evidence.mode
    return Answer(
        topic=topic,
        state=state,
        question=words(f"question.{topic}.{mode}"),
        sentence=words(f"answer.{topic}.{mode}.{'unknown' if state == 'error' else state}"),
        detail=_rule_counts(rules, words),
    )


def _checked(
    topic: Topic, state: State, derived: tuple[Record, ...], places: Destinations
) -> State:
    """Return the state that the facts bear: rules that hold do not make a way out vanish.

    A profile may leave a rule out, and a pack may not have one: then what was found is said to
    be `allowed`, never absent.
    """
    if topic == "leave":
        crossed = any(r.approved is not True for r in derived if isinstance(r, TrafficDestination))
        if state == "fail":
            return "seen" if places.observed_outside or crossed else "fail"
        if state in ("pass", "none") and (crossed or places.counts["outside"]):
            return "allowed"
        if state == "pass" and places.counts["undecided"]:
            return "unknown"
    if topic == "kept" and state == "pass":
        stores = [record for record in derived if isinstance(record, StoreEncryption)]
        proven = all(store.encryption in ENCRYPTED for store in stores)
        return "pass" if proven else "allowed"
    if topic == "models" and state == "pass":
        files = [record for record in derived if isinstance(record, ModelAssessment)]
        safe = all(file.verdict in ("data", "framework") for file in files)
        return "pass" if safe else "allowed"
    return state


def _state(rules: list[AppliedRule]) -> State:
    """Return the strongest verdict among the rules; `none` where nothing was judged."""
    found = {rule.verdict for rule in rules}
    for verdict in VERDICTS:
        if verdict in found and verdict != "not-applicable":
            return verdict
    return "none"


def _rule_counts(rules: list[AppliedRule], words: Words) -> str:
    """Return `Rules: 3 fail, 1 undecided, 9 hold`."""
    verdicts = [rule.verdict for rule in rules]
    counts = (
        ("rules_fail", verdicts.count("fail")),
        ("rules_undecided", verdicts.count("unknown") + verdicts.count("error")),
        ("rules_waived", verdicts.count("waived")),
        ("rules_hold", verdicts.count("pass")),
    )
    parts = [words.count(key, n) for key, n in counts if n]
    return words("rules_of", counts=words("comma").join(parts)) if parts else words("rules_none")


def _reason(judgement: Judgement, summary: Summary, words: Words) -> str:
    """Return why the outcome is what it is, from the summary's figures alone."""
    threshold = words.term("severity", judgement.findings.fail_on)
    below = summary.findings_failed - summary.blocking
    undecided = summary.rules_unknown + summary.rules_errors
    parts = []
    if summary.blocking:
        parts.append(words.count("reason.blocking", summary.blocking, threshold=threshold))
    if undecided:
        parts.append(words.count("reason.undecided", undecided))
    unread = sum(item.status == "gap" for item in judgement.evidence.inputs)
    if unread:
        parts.append(words.count("reason.inputs", unread))
    if not (summary.rules_passed or summary.rules_failed or summary.rules_waived):
        parts.append(words("reason.nothing"))
    if summary.outcome == "compliant":
        parts.append(words.count("reason.compliant", summary.rules_passed))
    if below:
        parts.append(words.count("reason.below", below, threshold=threshold))
    if summary.findings_waived:
        parts.append(words.count("reason.waived", summary.findings_waived))
    return ("" if words.language == "zh" else " ").join(parts)


def _notices(judgement: Judgement, summary: Summary, words: Words) -> tuple[str, ...]:
    """Return what limits the verdict, in plain sentences."""
    evidence = judgement.evidence
    host = evidence.mode == "host"
    notices = [
        (evidence.site.assumed, words("notice.assumed")),
        (host and not evidence.subject.privileged, words("notice.unprivileged")),
        (host and evidence.subject.recorded, words("notice.recorded")),
        (summary.gaps > 0, words.count("notice.gaps", summary.gaps)),
        (judgement.findings.allow_unknown, words("notice.allow_unknown")),
        (bool(judgement.findings.unused_waivers), words("notice.unused_waivers")),
    ]
    return tuple(sentence for holds, sentence in notices if holds)
