"""Invariants of the perimeter, and a first site file that always loads."""

from ipaddress import ip_address, ip_network

from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.errors import SiteError
from auditor.evidence import SCHEMA, Evidence, Origin, Subject, Tool
from auditor.evidence.network import DnsResolver, Interface, Mirror, Route, SearchDomain
from auditor.evidence.site import EgressException, Network, Site
from auditor.evidence.storage import ModelStore
from auditor.site import excepted, is_inside_name, load_site, zone_of
from auditor.site_init import write_site

ADDRESSES = st.ip_addresses().map(str)
LABEL = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,8}[a-z0-9])?", fullmatch=True)
NAMES = st.lists(LABEL, min_size=2, max_size=4).map(".".join)
ORIGIN = Origin("test", "/x")


@st.composite
def networks(draw):
    address = ip_address(draw(ADDRESSES))
    length = draw(st.integers(0, address.max_prefixlen))
    return Network(cidr=str(ip_network((address, length), strict=False)), zone=draw(LABEL))


@given(declared=st.lists(networks(), max_size=4), more=networks(), address=ADDRESSES)
@settings(max_examples=200, deadline=None)
def test_declaring_a_network_never_puts_an_address_outside(declared, more, address):
    before = zone_of(Site(networks=tuple(declared)), address)
    after = zone_of(Site(networks=(*declared, more)), address)
    assert before is None or after is not None


@given(declared=st.lists(networks(), max_size=5), address=ADDRESSES)
@settings(max_examples=200, deadline=None)
def test_the_zone_does_not_depend_on_the_order_and_is_the_narrowest(declared, address):
    found = zone_of(Site(networks=tuple(declared)), address)
    other = zone_of(Site(networks=tuple(reversed(declared))), address)
    assert (found is None) == (other is None)
    if found is not None:
        assert other is not None
        assert ip_network(found.cidr).prefixlen == ip_network(other.cidr).prefixlen


@given(suffix=NAMES, prefix=LABEL, tail=NAMES)
@settings(max_examples=200, deadline=None)
def test_no_name_becomes_inside_by_resemblance(suffix, prefix, tail):
    site = Site(names=(suffix,))
    assert is_inside_name(site, f"{prefix}.{suffix}")
    assert not is_inside_name(site, f"{prefix}{suffix}") or f"{prefix}{suffix}" == suffix
    evil = f"{suffix}.{tail}"
    assert is_inside_name(site, evil) == (evil == suffix or evil.endswith(f".{suffix}"))


@given(name=st.text(max_size=40))
@settings(max_examples=200, deadline=None)
def test_only_letters_digits_and_hyphens_are_inside(name):
    if is_inside_name(Site(names=("corp.example",)), name):
        assert name.encode("idna").lower().rstrip(b".").endswith((b"corp.example", b"localhost"))


@given(name=NAMES, day=st.dates(), at=st.dates())
@settings(max_examples=100, deadline=None)
def test_an_exception_excepts_until_it_expires_and_not_after(name, day, at):
    site = Site(
        exceptions=(
            EgressException(destination=name, owner="o", reason="r", expires=day.isoformat()),
        )
    )
    found = excepted(site, name, 443, f"{at.isoformat()}T12:00:00Z")
    assert (found is not None) == (at <= day)


@given(
    data=st.binary(max_size=120) | st.text(max_size=80).map(lambda t: t.encode("utf-8", "ignore"))
)
@settings(max_examples=150, deadline=None)
def test_any_site_file_is_read_or_refused_with_a_place(data):
    refusal = None
    try:
        site = load_site(data, "site.yaml")
    except SiteError as error:
        refusal = error
    else:
        assert not site.assumed
    assert refusal is None or refusal.where.startswith("site.yaml:")


ANY = st.text(max_size=25) | st.text(st.sampled_from("ab\n\"'#:-{}[]\\ \u2028\udcff."), max_size=25)


@st.composite
def records(draw):
    text = draw(ANY)
    kind = draw(st.integers(0, 5))
    if kind == 0:
        return DnsResolver(origin=ORIGIN, subject="h", address=text, port=53, stub=False)
    if kind == 1:
        return SearchDomain(origin=ORIGIN, subject="h", domain=text)
    if kind == 2:
        return Mirror(
            origin=ORIGIN, ecosystem="docker", subject="h", url="", host=text, explicit=True
        )
    if kind == 3:
        return ModelStore(
            origin=ORIGIN, path=draw(st.sampled_from(["", "/"])) + text, tool=draw(ANY),
            discovered_by="option", holds=draw(ANY), owner=0, writers="", files=0, size=0,
            complete=True,
        )  # fmt: skip
    if kind == 4:
        return Route(
            origin=ORIGIN, family="ipv4", destination=draw(networks()).cidr, gateway="",
            interface=text, metric=0,
        )  # fmt: skip
    return Interface(
        origin=ORIGIN, interface=text, link_type="", mac="", addresses=(draw(ADDRESSES), text),
        state="up", mtu=0, driver="", physical=True,
    )  # fmt: skip


@given(found=st.lists(records(), max_size=8), name=ANY)
@settings(max_examples=250, deadline=None)
def test_a_first_site_file_always_loads_and_declares_nothing_public(found, name):
    evidence = Evidence(
        schema=SCHEMA, tool=Tool(name="t", version="0"), mode="host", subject=Subject(name=name),
        taken_at="2026-01-01T00:00:00Z", site=Site(), records=tuple(found),
    )  # fmt: skip
    site = load_site(write_site(evidence).encode(), "site.yaml")
    assert all(
        ip_network(network.cidr).is_private or network.cidr.startswith("100.")
        for network in site.networks
    )
    assert site.exceptions == ()
    assert site.signers == ()
