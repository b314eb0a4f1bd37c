"""Every way to say `pass` wrongly, first; then what a judgement must hold."""

from __future__ import annotations

import msgspec
import pytest

from auditor.errors import PackError
from auditor.evidence import COLLECTED, Gap, Input, Origin
from auditor.evidence.host import AiService, Variable
from auditor.policy import engine, profile, waivers
from tests.unit.policy.worlds import (
    EVERYTHING,
    HERE,
    account,
    destination,
    evidence,
    judge,
    pack,
    resolver,
    rule_pack,
    verdicts,
)

DENIED = Gap(kind="account", reason="denied", detail="permission denied", origin=HERE)
UNSEEN = evidence(gaps=(DENIED,))


def test_a_record_that_meets_the_condition_passes_and_one_that_does_not_fails():
    found = judge(pack(), evidence(account("a"), account("b", password="empty")))
    assert [(f.subject, f.verdict) for f in found.findings] == [("b", "fail"), ("a", "pass")]
    rule = found.rules[0]
    assert (rule.verdict, rule.judged, rule.passed, rule.failed) == ("fail", 2, 1, 1)


def test_a_field_that_could_not_be_read_is_unknown_and_named():
    found = judge(pack(), evidence(account(password=None)))
    assert verdicts(found) == ["unknown"]
    assert found.findings[0].reason == "password could not be read"
    assert found.rules[0].verdict == "unknown"


@pytest.mark.parametrize(
    "require",
    [
        "object.uid == 1000 || object.password == 'set'",
        "object['password'] != 'empty'",
        "!(object.password == 'empty')",
        "true || object.password == 'set'",
        "object.uid == 1 ? object.password == 'set' : true",
        "[object.password].exists(p, p != 'empty')",
        "object.password == 'set' || object.password != 'set'",
    ],
)
def test_an_unread_field_is_unknown_wherever_the_condition_names_it(require):
    found = judge(rule_pack(require), evidence(account(password=None)))
    assert verdicts(found) == ["unknown"]


@pytest.mark.parametrize(
    ("require", "verdict"),
    [
        ("object.password == null || object.password == 'set'", "unknown"),
        ("object.password != null && object.password == 'set'", "fail"),
        ("!(object.password != null) || object.uid == 0", "unknown"),
    ],
)
def test_comparing_with_null_can_make_it_worse_but_never_a_pass(require, verdict):
    found = judge(rule_pack(require), evidence(account(password=None)))
    assert verdicts(found) == [verdict]


def test_a_when_that_cannot_be_read_is_unknown_and_never_leaves_the_record_out():
    for when in ("object.administrator", "object.administrator != null && object.administrator"):
        found = judge(
            rule_pack("object.uid != 0", when=when), evidence(account(administrator=None))
        )
        assert verdicts(found) == ["unknown"], when


def test_an_unread_value_inside_a_list_is_unknown():
    service = AiService(
        origin=HERE, runtime="vllm", title="vLLM", role="model-server", subject="s",
        workload="pid:1", source_world="host", image="", arguments=(),
        environment=(Variable(name="A", value="1"), Variable(name="B", value=None)),
        bind_address="", port=1, api_key=True, tls=True, remote_code=False, confidence="high",
    )  # fmt: skip
    safe = "!object.environment.exists(e, e.value == 'http://outside.example')"
    found = judge(rule_pack(safe, each="ai_service"), evidence(service))
    assert verdicts(found) == ["unknown"]
    assert found.findings[0].reason == "environment.value could not be read"
    named = "object.environment.exists(e, e.name == 'A')"
    assert verdicts(judge(rule_pack(named, each="ai_service"), evidence(service))) == ["pass"]
    unread = msgspec.structs.replace(service, environment=None)
    assert verdicts(judge(rule_pack(named, each="ai_service"), evidence(unread))) == ["unknown"]


def test_a_gap_in_the_kind_makes_the_rule_unknown_although_every_record_passes():
    gap = msgspec.structs.replace(DENIED, count=7)
    found = judge(pack(), evidence(account(), gaps=(gap,)))
    assert verdicts(found) == ["unknown", "pass"]
    assert found.rules[0].verdict == "unknown"
    assert found.findings[0].count == 7
    assert "permission denied" in found.findings[0].reason


def test_a_gap_in_a_kind_that_nobody_knows_is_in_every_rule():
    gap = msgspec.structs.replace(DENIED, kind="something_new")
    assert verdicts(judge(pack(), evidence(account(), gaps=(gap,)))) == ["unknown", "pass"]


def test_a_gap_in_another_kind_is_not_this_rules():
    gap = msgspec.structs.replace(DENIED, kind="swap")
    assert verdicts(judge(pack(), evidence(account(), gaps=(gap,)))) == ["pass"]


def test_a_kind_that_no_collector_looked_for_is_unknown():
    kinds = [kind for kind in COLLECTED if kind != "account"]
    found = judge(pack(), evidence(kinds=kinds))
    assert verdicts(found) == ["unknown"]
    assert found.findings[0].reason == "no collector looked for accounts"


def test_records_do_not_make_up_for_a_run_that_lists_them_not():
    kinds = [kind for kind in COLLECTED if kind != "account"]
    assert judge(pack(), evidence(account(), kinds=kinds)).rules[0].verdict == "unknown"


def test_nothing_to_judge_is_not_applicable_and_says_why():
    rule = judge(pack(), evidence()).rules[0]
    assert (rule.verdict, rule.reason) == ("not-applicable", "there are no accounts to judge")
    found = judge(rule_pack("object.uid == 0", when="object.login"), evidence(account(login=False)))
    assert found.rules[0].reason == "none of 1 accounts meets the rule's 'when'"


def test_a_derived_rule_is_unknown_by_gaps_of_the_kinds_in_of_alone():
    by_resolver = rule_pack("object.approved", each="destination", of="[dns_resolver]")
    resolver_gap = Gap(kind="dns_resolver", reason="absent", detail="no file", origin=HERE)
    mirror_gap = msgspec.structs.replace(resolver_gap, kind="mirror")
    derived = (destination(),)
    world = evidence(resolver(), gaps=(mirror_gap,))
    assert verdicts(judge(by_resolver, world, derived)) == ["pass"]
    world = evidence(resolver(), gaps=(resolver_gap,))
    assert verdicts(judge(by_resolver, world, derived)) == ["unknown", "pass"]
    of_all = rule_pack("object.approved", each="destination")
    world = evidence(resolver(), gaps=(mirror_gap,))
    assert verdicts(judge(of_all, world, derived)) == ["unknown", "pass"]


def test_a_derived_rule_whose_source_nobody_looked_for_is_unknown():
    kinds = [kind for kind in EVERYTHING if kind != "connection"]
    of_all = rule_pack("object.approved", each="destination")
    found = judge(of_all, evidence(resolver(), kinds=kinds), (destination(),))
    assert verdicts(found) == ["unknown", "pass"]
    assert found.findings[0].reason == "no collector looked for connections"


def test_of_leaves_records_of_other_sources_out():
    by_resolver = rule_pack("object.approved", each="destination", of="[dns_resolver]")
    derived = (destination(source="mirror", approved=False), destination())
    assert verdicts(judge(by_resolver, evidence(resolver()), derived)) == ["pass"]


def test_a_host_rule_is_not_applicable_to_manifests_and_the_other_way_round():
    found = judge(pack(), evidence(mode="manifests"))
    assert found.rules[0].verdict == "not-applicable"
    assert found.rules[0].reason == "the evidence is of manifests, which do not tell of accounts"
    anywhere = rule_pack("!object.allows_anywhere", each="network_policy")
    assert "do not tell of network policies" in judge(anywhere, evidence()).rules[0].reason


def test_a_rule_on_containers_is_about_hosts_as_well():
    privileged = rule_pack("!object.privileged", each="container")
    found = judge(privileged, evidence(kinds=["account"]))
    assert found.findings[0].reason == "no collector looked for containers"


def test_a_manifest_that_was_not_judged_makes_every_applicable_rule_unknown():
    unread = Input(path="ai/broken.yaml", status="gap", reason="malformed")
    world = evidence(mode="manifests", inputs=(unread,))
    found = judge(rule_pack("!object.privileged", each="container"), world)
    assert verdicts(found) == ["unknown"]
    assert found.findings[0].reason == "ai/broken.yaml could not be judged: malformed"
    assert judge(pack(), world).rules[0].verdict == "not-applicable"


def test_an_exception_in_a_condition_is_an_error_with_its_reason():
    broken = rule_pack("ip(object.username).isLoopback()")
    found = judge(broken, evidence(account("not-an-address")))
    assert verdicts(found) == ["error"]
    assert "not-an-address" in found.findings[0].reason
    assert found.rules[0].verdict == "error"


def test_a_record_that_cannot_be_converted_is_an_error_and_not_judged_as_the_one_before():
    hostile = account("\udc80", password="empty")
    world = evidence(account("fine"), hostile, account("later"))
    reading_it = rule_pack("object.username != 'root' && object.password != 'empty'")
    assert sorted(verdicts(judge(reading_it, world))) == ["error", "pass", "pass"]
    assert sorted(verdicts(judge(pack(), world))) == ["fail", "pass", "pass"]


def test_a_list_too_long_is_an_error_and_no_hang():
    arguments = ("x",) * 10_001
    service = AiService(
        origin=HERE, runtime="", title="t", role="tool", subject="s", workload="w",
        source_world="host", image="", arguments=arguments, environment=(), bind_address="",
        port=0, api_key=True, tls=True, remote_code=False, confidence="low",
    )  # fmt: skip
    each = "object.arguments.all(a, object.arguments.exists(b, a == b))"
    assert verdicts(judge(rule_pack(each, each="ai_service"), evidence(service))) == ["error"]


def test_doubt_is_unknown_and_says_why():
    doubtful = rule_pack("object.uid == 1000", unknown="object.username == 'ops'")
    found = judge(doubtful, evidence(account("ops"), account("dev")))
    assert [(f.verdict, f.reason) for f in found.findings] == [
        ("unknown", "doubtful"),
        ("pass", ""),
    ]


def test_the_strongest_verdict_is_the_rules():
    assert engine._strongest(["pass", "unknown", "waived"]) == "unknown"
    assert engine._strongest(["pass", "waived"]) == "waived"
    assert engine._strongest(["pass", "error", "unknown"]) == "error"
    assert engine._strongest(["fail", "error"]) == "fail"
    assert engine._strongest([]) == "not-applicable"


def test_findings_do_not_depend_on_the_order_of_records():
    records = [account(f"u{n}", password=("set", "empty", None)[n % 3]) for n in range(9)]
    one = judge(pack(), evidence(*records))
    other = judge(pack(), evidence(*reversed(records)))
    assert one == other


def test_a_finding_tells_what_was_seen_and_keeps_its_fingerprint():
    finding = judge(pack(), evidence(account("b", password="empty"))).findings[0]
    assert finding.observed == "b has empty"
    assert finding.observed_zh == "b 为 empty"
    assert finding.origin == HERE
    assert finding.fingerprint == judge(pack(), evidence(account("b"))).findings[0].fingerprint
    assert len(finding.fingerprint) == 32


def test_no_rules_is_refused():
    with pytest.raises(PackError, match="no rule to evaluate"):
        judge((), evidence(account()))


WAIVER = """
waivers:
- {rule: TST-ACC-001, subject: "b*", owner: zhang, approved_by: ciso, reason: ticket 7, expires: 2026-11-26}
- {rule: TST-ACC-001, subject: nobody, owner: li, approved_by: ciso, reason: ticket 8, expires: 2030-01-01}
"""


def test_a_waived_finding_stays_visible_with_owner_and_date():
    accepted = waivers.load_waivers(WAIVER.encode(), "waivers.yaml")
    found = judge(pack(), evidence(account("bob", password="empty")), waivers=accepted)
    finding = found.findings[0]
    assert finding.verdict == "waived"
    assert finding.waiver is not None
    assert (finding.waiver.owner, finding.waiver.expires) == ("zhang", "2026-11-26")
    assert found.rules[0].verdict == "waived"
    assert len(found.unused_waivers) == 1
    assert "nobody" in found.unused_waivers[0]


def test_an_expired_waiver_waives_nothing_and_the_finding_says_so():
    accepted = waivers.load_waivers(WAIVER.encode(), "waivers.yaml")
    found = judge(
        pack(), evidence(account("bob", password="empty")), waivers=accepted,
        judged_at="2026-11-27T00:00:00Z",
    )  # fmt: skip
    assert verdicts(found) == ["fail"]
    assert found.findings[0].reason == "the waiver of zhang expired on 2026-11-26"
    assert len(found.unused_waivers) == 2


def test_a_waiver_covers_no_unknown_unless_it_says_so():
    text = WAIVER.replace("owner: zhang", "accepts: [fail, unknown], owner: zhang")
    world = evidence(account("bob", password=None))
    accepted = waivers.load_waivers(WAIVER.encode(), "w")
    assert verdicts(judge(pack(), world, waivers=accepted)) == ["unknown"]
    accepted = waivers.load_waivers(text.encode(), "w")
    assert verdicts(judge(pack(), world, waivers=accepted)) == ["waived"]


def test_a_disabled_rule_does_not_vanish():
    chosen = profile.load_profile(b"{profile: plant, disable: [TST-ACC-001]}", "p.yaml")
    found = judge(pack(), evidence(account(password="empty")), profile=chosen)
    assert found.findings == ()
    assert found.rules[0].verdict == "not-applicable"
    assert found.rules[0].reason == "disabled by profile plant"
    assert found.profile == "plant"


def test_a_rule_that_waits_for_a_declaration_says_what_it_waits_for():
    waiting = pack(
        ("each: account", "each: account\n    given: size(params.names) > 0\n    otherwise: no names"),
        ("object.password != 'empty'", "object.username in params.names"),
        ("pass: [{password: set}]", "pass: [{username: a, with: {names: [a]}}]"),
        ("title: {en: Test, zh: 测试}", "title: Test\nparams: {names: {type: list(string), default: [], description: d}}"),
    )  # fmt: skip
    found = judge(waiting, evidence(account(), gaps=(DENIED,)))
    assert (found.rules[0].verdict, found.rules[0].reason) == ("not-applicable", "no names")
    chosen = profile.load_profile(b"{profile: p, set: {names: [ops]}}", "p.yaml")
    assert verdicts(judge(waiting, evidence(account()), profile=chosen)) == ["pass"]


def test_severity_is_retuned_by_a_profile():
    chosen = profile.load_profile(b"{profile: p, severity: {TST-ACC-001: low}}", "p.yaml")
    found = judge(pack(), evidence(account(password="empty")), profile=chosen)
    assert found.rules[0].severity == found.findings[0].severity == "low"


def test_two_gaps_at_one_place_are_two_findings():
    other = Gap(kind="account", reason="malformed", detail="line 3", origin=Origin("test", "/x"))
    found = judge(pack(), evidence(gaps=(DENIED, other)))
    assert verdicts(found) == ["unknown", "unknown"]


def test_what_was_not_seen_is_held_against_what_the_rule_expects_never_its_title():
    words = '{en: "{username} has a password", zh: "{username} 设有口令"}'
    (finding,) = judge(pack(("expected: something", f"expected: {words}")), UNSEEN).findings
    assert (finding.expected, finding.expected_zh) == (
        "username has a password",
        "username 设有口令",
    )


def test_reasons_are_told_in_chinese_too():
    unread = judge(pack(), evidence(account(password=None))).findings[0]
    assert (unread.why("en"), unread.why("zh")) == (
        "password could not be read",
        "未能读取 password",
    )
    unseen = judge(pack(), UNSEEN).findings[0]
    assert "未能读取 account" in unseen.why("zh")


def test_records_that_are_judged_alike_keep_their_own_subjects_and_sentences():
    world = evidence(
        account("a"), account("b", uid=7), account("c", password="empty"),
        account("d", password="empty", uid=7), account("e", password=None),
        account("f", password=None),
    )  # fmt: skip
    found = judge(pack(), world).findings
    assert {(one.subject, one.verdict, one.observed) for one in found} == {
        ("a", "pass", "a has set"), ("b", "pass", "b has set"),
        ("c", "fail", "c has empty"), ("d", "fail", "d has empty"),
        ("e", "unknown", "e has unknown"), ("f", "unknown", "f has unknown"),
    }  # fmt: skip
    assert len({one.fingerprint for one in found}) == 6


@pytest.mark.parametrize("name", ["nought", "nothing"])
def test_what_differs_in_a_field_that_is_asked_is_asked_again(name):
    values = {"nought": (0, 1, 0), "nothing": (1, 0, 1)}[name]
    world = evidence(*(account(f"u{at}", authorized_keys=n) for at, n in enumerate(values)))
    found = judge(rule_pack("object.authorized_keys == 0"), world).findings
    assert {one.subject: one.verdict for one in found} == {
        f"u{at}": "fail" if n else "pass" for at, n in enumerate(values)
    }
