"""Says what a judgement comes to: the verdict, three answers, its limits, six figures."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from auditor.evidence import Record
from auditor.evidence.derived import NamespaceEgress, StoreEncryption
from auditor.policy.findings import VERDICTS, AppliedRule
from auditor.policy.summary import Summary, summarize
from auditor.report import Judgement
from auditor.report._html_destinations import Destinations
from auditor.report._words import Words

Topic = Literal["leave", "kept", "reach"]
State = Literal["seen", "allowed", "fail", "error", "unknown", "waived", "pass", "none"]

# Which of the three questions a rule speaks to, by the record kind that it judges.
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
}
_TOPIC_ORDER: tuple[Topic, ...] = ("leave", "kept", "reach")
_ENCRYPTED = ("verified", "memory-only")


class Answer(Struct, frozen=True, kw_only=True):
    """One of the three questions, answered: `detail` counts the rules that decide it."""

    topic: Topic
    state: State
    question: str
    sentence: str
    detail: str


class Figure(Struct, frozen=True, kw_only=True):
    """A headline figure: `state` colours it (`good`, `bad`, `open`, `plain`)."""

    label: str
    value: str
    note: str
    state: str
    href: str


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
    answers = tuple(_answer(topic, judgement, places, words) for topic in _TOPIC_ORDER)
    mine = [a for a in answers if a.topic != "reach" and not _silent(a, judgement)]
    join = "" if words.language == "zh" else " "
    return Headline(
        outcome=summary.outcome,
        word=words(f"outcome.{summary.outcome}"),
        sentence=join.join(answer.sentence for answer in mine),
        reason=_reason(judgement, summary, words),
        answers=answers,
        notices=_notices(judgement, summary, words),
        figures=_figures(judgement, summary, places, words),
    )


def _silent(answer: Answer, judgement: Judgement) -> bool:
    """Return whether the headline leaves a question to the table: manifests keep no stores."""
    return (answer.topic, answer.state, judgement.evidence.mode) == ("kept", "none", "manifests")


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
        if state == "fail":
            return "seen" if places.observed_outside else "fail"
        if state in ("pass", "none") and places.counts["outside"]:
            return "allowed"
        if state == "pass" and places.counts["undecided"]:
            return "unknown"
    if topic == "kept" and state == "pass":
        stores = [record for record in derived if isinstance(record, StoreEncryption)]
        proven = all(store.encryption in _ENCRYPTED for store in stores)
        return "pass" if proven else "allowed"
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


def _figures(
    judgement: Judgement, summary: Summary, places: Destinations, words: Words
) -> tuple[Figure, ...]:
    judged = summary.rules_total - summary.rules_not_applicable
    undecided = summary.rules_unknown + summary.rules_errors
    outside = places.counts["outside"]
    threshold = words.term("severity", judgement.findings.fail_on)
    return (
        Figure(
            label=words("figure.blocking"),
            value=f"{summary.blocking:,}",
            note=words("figure.blocking.note", failed=summary.findings_failed, threshold=threshold),
            state="bad" if summary.blocking else "good",
            href="findings",
        ),
        Figure(
            label=words("figure.rules"),
            value=words("of", n=summary.rules_passed, total=judged),
            note=words("figure.rules.note", n=summary.rules_not_applicable),
            state="plain",
            href="rules",
        ),
        Figure(
            label=words("figure.undecided"),
            value=f"{undecided:,}",
            note=words(
                "figure.undecided.note", n=summary.findings_unknown + summary.findings_errors
            ),
            state="open" if undecided else "good",
            href="undecided",
        ),
        Figure(
            label=words("figure.outside"),
            value=f"{outside:,}",
            note=words(
                "figure.outside.note",
                observed=places.observed_outside,
                excepted=places.counts["excepted"],
            ),
            state="bad" if outside else "plain",
            href="destinations",
        ),
        _kept_figure(judgement.derived, judgement.evidence.mode, words),
        Figure(
            label=words("figure.coverage"),
            value=coverage(summary),
            note=words.count("figure.coverage.note", summary.gaps),
            state="open" if summary.gaps else "plain",
            href="limits",
        ),
    )


def _kept_figure(derived: tuple[Record, ...], mode: str, words: Words) -> Figure:
    """Return stores encrypted of stores found; for manifests, namespaces that deny egress."""
    if mode == "manifests":
        namespaces = [record for record in derived if isinstance(record, NamespaceEgress)]
        closed = sum(namespace.default_deny for namespace in namespaces)
        return Figure(
            label=words("figure.namespaces"),
            value=words("of", n=closed, total=len(namespaces)),
            note=words("figure.namespaces.note"),
            state="bad" if closed < len(namespaces) else "plain",
            href="workloads",
        )
    stores = [record for record in derived if isinstance(record, StoreEncryption)]
    encrypted = sum(store.encryption in _ENCRYPTED for store in stores)
    untold = sum(store.encryption in (None, "claimed", "remote", "declared") for store in stores)
    plain = len(stores) - encrypted - untold
    return Figure(
        label=words("figure.stores"),
        value=words("of", n=encrypted, total=len(stores)),
        note=words("figure.stores.note", plain=plain, untold=untold),
        state="bad" if plain else "open" if untold else "plain",
        href="stores",
    )


def coverage(summary: Summary) -> str:
    """Return coverage in percent, rounded down: 100 % is only said where nothing is missing."""
    if not summary.coverage_total:
        return "–"  # noqa: RUF001 - no figure
    return f"{100 * summary.coverage_seen // summary.coverage_total} %"
