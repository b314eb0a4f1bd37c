"""Tells which kinds a rule needs in which mode, and where the evidence is blind to them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from msgspec import Struct

from auditor.evidence import COLLECTED, DERIVED, KINDS, Evidence, Gap, Origin, workload
from auditor.evidence.bundle import Mode
from auditor.policy.rules import Rule

# What the manifest readers yield; the rest of a host's kinds a manifest cannot tell of.
_ALSO_IN_MANIFESTS = (
    "ai_service", "dns_resolver", "environment_variable", "listening_port", "model_source",
    "proxy", "remote_reference", "search_domain",
)  # fmt: skip
# What runs in containers on a host is told in the same kinds as what a manifest asks for.
_ALSO_ON_HOSTS = frozenset({"container", "container_image", "volume_mount", "workload"})
# What the collector of model stores yields: all that evidence of stores alone can tell of.
_IN_STORES = frozenset({"model_file", "model_store", "store_anomaly"})
# What captures yield. A host's audit has them where a capture was given with it.
_IN_CAPTURES = frozenset({"capture", "flow", "name_query", "controller_talk"})
# What is looked for in captures only where somebody asks for it.
_ON_REQUEST = "controller_talk"
_ONE_SOURCE: dict[Mode, frozenset[str]] = {"models": _IN_STORES, "traffic": _IN_CAPTURES}
_MODE_WORDS: dict[Mode, str] = {
    "host": "hosts", "manifests": "manifests", "models": "model stores", "traffic": "captures",
}  # fmt: skip


class BlindSpot(Struct, frozen=True, order=True, kw_only=True):
    """Something that a rule would have had to see: `count` facts stand behind it."""

    kind: str
    subject: str
    reason: str
    origin: Origin
    count: int = 1
    reason_zh: str = ""


@cache
def collectable(mode: Mode) -> frozenset[str]:
    """Return the kinds that can be collected at all in a mode."""
    if mode in _ONE_SOURCE:
        return _ONE_SOURCE[mode]
    manifest_only = {kind for kind, t in COLLECTED.items() if t.__module__ == workload.__name__}
    if mode == "manifests":
        return frozenset(manifest_only | set(_ALSO_IN_MANIFESTS))
    return frozenset(set(COLLECTED) - manifest_only | _ALSO_ON_HOSTS)


def needed(rule: Rule, mode: Mode, sources: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """Return the collected kinds that the rule depends on in a mode, sorted.

    For a derived kind these are the kinds named in `of`, else all that it is derived from. Of
    stores or captures alone nothing is derived that needs more than they tell (mounts, for
    encryption).
    """
    if mode in _ONE_SOURCE and not collectable(mode).issuperset(sources.get(rule.each, ())):
        return ()
    kinds = rule.of or sources.get(rule.each, ()) if rule.each in DERIVED else (rule.each,)
    return tuple(sorted(set(kinds) & collectable(mode)))


def out_of_scope(rule: Rule, mode: Mode, kinds: tuple[str, ...], *, known: bool) -> str:
    """Return why the rule is not about evidence of this mode, or nothing where it is.

    `kinds` are the kinds that it needs; `known` is false where nothing derives its own kind,
    which is a blind spot and no reason to pass over the rule.
    """
    if rule.applies and mode not in rule.applies:
        about = " and ".join(_MODE_WORDS[each] for each in rule.applies)
        return f"this rule is about {about}; the evidence is of {_MODE_WORDS[mode]}"
    if not kinds and known:
        asked = ", ".join(words(kind) for kind in rule.of) or words(rule.each)
        return f"the evidence is of {_MODE_WORDS[mode]}, which do not tell of {asked}"
    return ""


def not_given(kinds: tuple[str, ...], evidence: Evidence) -> str:
    """Return why an audit need not tell of captures or of messages in them; nothing: it must.

    Nobody took or left out a capture where none was given, and none was dissected where nobody
    asked for it; a rule is then about evidence that is not there, and says so.
    """
    if not kinds or not _IN_CAPTURES.issuperset(kinds):
        return ""
    looked = {kind for run in evidence.runs for kind in run.kinds}
    told = looked | {gap.kind for gap in evidence.gaps}
    if evidence.mode == "host" and not _IN_CAPTURES & told:
        return "no capture was given (audit scan --capture FILE, audit traffic FILE)"
    if _ON_REQUEST in kinds and _ON_REQUEST not in told:
        return "industrial messages were not dissected (audit traffic --deep FILE)"
    return ""


def blind_spots(rule: Rule, evidence: Evidence, kinds: tuple[str, ...]) -> tuple[BlindSpot, ...]:
    """Return what the evidence does not show of the kinds that the rule needs, sorted.

    A gap counts where it is in a needed kind, in the rule's own, or in one that nobody knows.
    """
    spots = {
        _gap_spot(gap)
        for gap in evidence.gaps
        if gap.kind in kinds or gap.kind == rule.each or gap.kind not in KINDS
    }
    spots |= {_unlooked(rule, kind) for kind in _never_looked_at(rule, evidence, kinds)}
    told = {spot.origin.source for spot in spots}
    spots |= {
        BlindSpot(
            kind=rule.each,
            subject=item.path,
            reason=f"{item.path} could not be judged: {item.reason or 'no reason was given'}",
            reason_zh=f"未能评判 {item.path}：{item.reason or '未说明原因'}",  # noqa: RUF001 - Chinese
            origin=Origin("manifests", item.path),
        )
        for item in evidence.inputs
        if item.status == "gap" and item.path not in told
    }
    return tuple(sorted(spots))


def words(kind: str) -> str:
    """Return a kind as words in the plural: `dns_resolver` is `dns resolvers`."""
    text = kind.replace("_", " ")
    if text.endswith(("y",)) and not text.endswith(("ay", "ey")):
        return f"{text[:-1]}ies"
    if text.endswith(("s", "x", "ch")):
        return f"{text}es"
    return f"{text}s"


def _gap_spot(gap: Gap) -> BlindSpot:
    """Return a gap as a blind spot."""
    return BlindSpot(
        kind=gap.kind,
        subject=gap.origin.place,
        reason=f"{words(gap.kind)} could not be read ({gap.reason}): {gap.detail}",
        reason_zh=f"未能读取 {gap.kind}（{gap.reason}）：{gap.detail}",  # noqa: RUF001 - Chinese
        origin=gap.origin,
        count=gap.count,
    )


def _unlooked(rule: Rule, kind: str) -> BlindSpot:
    """Return the blind spot of a kind that no collector looked for."""
    return BlindSpot(
        kind=kind,
        subject=words(kind),
        reason=f"no collector looked for {words(kind)}",
        reason_zh=f"没有采集器查找 {kind}",
        origin=Origin("policy", rule.id),
    )


def _never_looked_at(rule: Rule, evidence: Evidence, kinds: tuple[str, ...]) -> tuple[str, ...]:
    """Return the needed kinds that no run of the evidence lists."""
    if not kinds:
        return (rule.each,)
    looked = {kind for run in evidence.runs for kind in run.kinds}
    return tuple(kind for kind in kinds if kind not in looked)
