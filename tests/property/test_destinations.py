"""What must hold of every destination, whatever the site and the target."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, ip_address

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.collect._endpoint import endpoint
from auditor.collect._ini import entries
from auditor.collect._shell import file_assignments, pam_assignments, shell_assignments
from auditor.collect._units import words
from auditor.derive._cluster import Cluster
from auditor.derive._verdict import Question, judge, numeric_address
from auditor.derive.destinations import DERIVATION
from auditor.evidence import SCHEMA, Evidence, Origin, Site, Subject, Tool
from auditor.evidence.host import AiService, ModelSource, Variable
from auditor.evidence.site import Network
from auditor.evidence.workload import KubernetesService

HOST = Cluster(manifests=False, services={}, compose=frozenset())
AT = "2026-06-01T00:00:00Z"
ORIGIN = Origin("test", "/etc/test", 1)

addresses = st.one_of(st.ip_addresses(v=4), st.ip_addresses(v=6)).map(str)
networks = st.tuples(st.ip_addresses(v=4), st.integers(0, 32)).map(
    lambda pair: str(IPv4Network((pair[0], pair[1]), strict=False))
)
labels = st.from_regex(r"[a-z][a-z0-9]{0,8}", fullmatch=True)
names = st.lists(labels, min_size=2, max_size=4).map(".".join)
sites = st.builds(
    Site,
    networks=st.lists(st.builds(Network, cidr=networks, zone=labels), max_size=4).map(tuple),
    names=st.lists(names, max_size=3).map(tuple),
)
uses = st.sampled_from(["connection", "resolver", "time", "image", "model-source", "variable"])


def inside(site, target, use="connection"):
    return judge(site, HOST, AT, Question(target=target, port=443, use=use)).inside


@settings(max_examples=150, deadline=None)
@given(sites, st.one_of(addresses, networks), networks, uses)
def test_adding_a_network_never_makes_an_inside_target_outside(site, target, added, use):
    more = msgspec.structs.replace(site, networks=(*site.networks, Network(cidr=added)))
    assert not (inside(site, target, use) is True and inside(more, target, use) is not True)


@settings(max_examples=150, deadline=None)
@given(sites, st.ip_addresses(v=4))
def test_an_address_is_inside_exactly_where_a_network_or_its_nature_says_so(site, address):
    declared = any(address in IPv4Network(network.cidr) for network in site.networks)
    native = address.is_loopback or address in IPv4Network("0.0.0.0/32")
    local = any(address in IPv4Network(c) for c in ("169.254.0.0/16", "224.0.0.0/24"))
    local = local or address == IPv4Address("255.255.255.255")
    metadata = str(address).startswith(("169.254.169.254", "169.254.170.", "100.100.100.200"))
    if not metadata:
        assert inside(site, str(address)) is (declared or native or local)


@settings(max_examples=150, deadline=None)
@given(names, names, labels)
def test_a_name_is_inside_only_below_whole_labels(suffix, other, label):
    site = Site(names=(suffix,))
    assert inside(site, suffix) is True
    assert inside(site, f"{label}.{suffix}") is True
    assert inside(site, f"{suffix}.{other}.{label}") is not True or f"{other}.{label}".endswith(
        suffix
    )
    evil = f"{label}{suffix}"
    assert inside(site, evil) is not True or evil.endswith(f".{suffix}")


@settings(max_examples=150, deadline=None)
@given(sites, st.text(max_size=60), uses, st.booleans())
def test_no_text_crashes_or_is_inside_by_chance(site, target, use, manifests):
    cluster = Cluster(manifests=manifests, services={}, compose=frozenset())
    verdict = judge(site, cluster, AT, Question(target=target, port=0, use=use, namespace="ai"))
    assert verdict.how
    if verdict.inside is True and not verdict.address:
        assert verdict.zone in {"cluster", "inside", "this host"}


@settings(max_examples=100, deadline=None)
@given(st.ip_addresses(v=4))
def test_the_old_forms_of_an_address_are_that_address(address):
    number = int(address)
    a, b = number >> 24, number & 0xFFFFFF
    forms = (str(number), hex(number), f"{a}.{b}", f"{a:#o}".replace("0o", "0") + f".{b}")
    assert {numeric_address(form) for form in forms} == {address}
    assert numeric_address(f"::ffff:{address}") == address


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_removing_evidence_never_makes_a_model_source_or_name_inside(data):
    values = data.draw(
        st.dictionaries(
            st.sampled_from(["HF_HUB_OFFLINE", "HF_ENDPOINT", "VLLM_USE_MODELSCOPE"]),
            st.sampled_from(["0", "1", "http://10.0.0.1", None]),
        )
    )
    service = AiService(
        origin=ORIGIN, runtime="vllm", title="t", role="model-server", subject="ai/Pod/x:c",
        workload="ai/Pod/x", source_world="manifest", image="", arguments=(),
        environment=tuple(Variable(name=n, value=v) for n, v in sorted(values.items())),
        bind_address=None, port=None, api_key=None, tls=None, remote_code=None, confidence="high",
    )  # fmt: skip
    model = ModelSource(
        origin=ORIGIN, subject="ai/Pod/x:c", workload="ai/Pod/x", reference="a/b",
        scheme=data.draw(st.sampled_from(["hub-id", "uri", "unknown"])),
        host=data.draw(st.sampled_from(["", "s", "s.ai", "evil.example"])),
    )  # fmt: skip
    alias = KubernetesService(
        origin=ORIGIN, namespace="ai", name="s",
        service_type=data.draw(st.sampled_from(["ClusterIP", "ExternalName", None])),
        external_name="evil.example", external_ips=(), source_ranges=(),
    )  # fmt: skip
    whole = [service, model, alias]
    before = {d.inside for d in derived(whole) if d.source_kind == "model_source"}
    for removed in (service, alias):
        left = [record for record in whole if record is not removed]
        after = {d.inside for d in derived(left) if d.source_kind == "model_source"}
        assert not (after == {True} and before != {True})


def derived(records):
    evidence = Evidence(
        schema=SCHEMA, tool=Tool(name="t", version="0"), mode="manifests",
        subject=Subject(name="h"), taken_at=AT,
        site=Site(networks=(Network(cidr="10.0.0.0/8"),)), records=tuple(records),
    )  # fmt: skip
    return list(DERIVATION.derive(evidence))


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="aA0=\"'\\ \t\n;&|#$`{}[]:/@.-", max_size=200))
def test_the_readers_of_settings_take_any_text(text):
    for read in (shell_assignments, pam_assignments, file_assignments):
        assert all(found.name for found in read(text))
    for continuation in ("indent", "backslash", "none"):
        assert all(entry.line >= 1 for entry in entries(text, continuation=continuation))
    list(words(text))
    found = endpoint(text)
    assert found is None or "@" not in found.base


@settings(max_examples=150, deadline=None)
@given(
    names,
    st.integers(1, 65535),
    st.from_regex(r"[A-Za-z0-9.:%-]{1,12}", fullmatch=True),
    st.sampled_from(["", "/path", "/path?q=1", "#x", "?a@b"]),
)
def test_credentials_never_change_or_survive_in_an_address(name, port, secret, rest):
    found = endpoint(f"https://{secret}:{secret}@{name}:{port}{rest}")
    assert found is not None
    assert (found.host, found.port) == (name, port)
    assert found.base == f"https://{name}:{port}"


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.from_regex(r"[A-Z_][A-Z0-9_]{0,8}", fullmatch=True),
                          st.text(alphabet='abc /:.$"\\', max_size=20)), max_size=5))  # fmt: skip
def test_what_is_quoted_for_the_shell_is_read_back(pairs):
    script = "".join(f"export {name}='{value}'\n" for name, value in pairs)
    if not any(value.endswith("\\") for _, value in pairs):
        assert [(a.name, a.value) for a in shell_assignments(script)] == pairs


def test_an_ipv6_address_has_a_country_only_where_it_is_public():
    for text, has in (("2001:4860:4860::8888", True), ("2001:db8::1", False), ("fd00::1", False)):
        verdict = judge(Site(), HOST, AT, Question(target=text, port=0, use="connection"))
        assert bool(verdict.country) is has
        assert ip_address(verdict.address).version == 6
