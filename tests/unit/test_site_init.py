"""A first site file declares what is private, leaves the rest to decide, and loads."""

import msgspec
import pytest

from auditor.evidence import SCHEMA, Evidence, Origin, Subject, Tool
from auditor.evidence.network import (
    DnsResolver,
    Interface,
    Mirror,
    Route,
    SearchDomain,
    TimeServer,
)
from auditor.evidence.site import ASSUMED_SITE
from auditor.evidence.storage import ModelStore
from auditor.site import load_site
from auditor.site_init import quoted, write_site

ORIGIN = Origin("test", "/etc/test")


def evidence(*records, name="gpu-1"):
    return Evidence(
        schema=SCHEMA, tool=Tool(name="t", version="0"), mode="host", subject=Subject(name=name),
        taken_at="2026-01-01T00:00:00Z", site=ASSUMED_SITE, records=records,
    )  # fmt: skip


def interface(*addresses, name="eth0"):
    return Interface(
        origin=ORIGIN, interface=name, link_type="ethernet", mac="", addresses=addresses,
        state="up", mtu=1500, driver="", physical=True,
    )  # fmt: skip


def route(destination):
    return Route(
        origin=ORIGIN,
        family="ipv4",
        destination=destination,
        gateway="",
        interface="eth0",
        metric=0,
    )


def resolver(address, *, stub=False):
    return DnsResolver(origin=ORIGIN, subject="host", address=address, port=53, stub=stub)


def mirror(ecosystem, host):
    return Mirror(
        origin=ORIGIN, ecosystem=ecosystem, subject="host", url="", host=host, explicit=bool(host)
    )


def store(path, holds="models", tool="huggingface"):
    return ModelStore(
        origin=ORIGIN, path=path, tool=tool, discovered_by="well-known", holds=holds, owner=0,
        writers="", files=1, size=1, complete=True,
    )  # fmt: skip


RECORDS = (
    interface("10.1.2.3/16", "fe80::1%eth0/64", "127.0.0.1/8", "203.0.113.5/24", "fd00:1::1/64"),
    route("0.0.0.0/0"), route("192.168.7.0/24"), route("169.254.0.0/16"), route("::/0"),
    resolver("10.1.0.53"), resolver("8.8.8.8"), resolver("127.0.0.53", stub=True),
    SearchDomain(origin=ORIGIN, subject="host", domain="plant.internal"),
    SearchDomain(origin=ORIGIN, subject="host", domain="corp.example"),
    SearchDomain(origin=ORIGIN, subject="host", domain="com"),
    TimeServer(origin=ORIGIN, service="chrony", address="ntp.plant.internal", explicit=True),
    TimeServer(origin=ORIGIN, service="chrony", address="pool.ntp.org", explicit=True),
    TimeServer(origin=ORIGIN, service="timesyncd", address="ntp.ubuntu.com", explicit=False),
    mirror("apt", "10.1.0.9"), mirror("docker", "10.1.0.8"), mirror("pip", ""),
    mirror("docker", "quay.io"), mirror("apt", "MIRROR.lan"), mirror("apt", "mirror.lan"),
    store("/srv/models"), store("/srv//models"), store("/data", holds="datasets"),
    store("/odd\udcff"), store("/bad\nname: x\u2028y: z"), store("/q\"uote'\\", holds="strange"),
)  # fmt: skip


def test_what_is_private_is_declared_and_the_rest_is_a_comment():
    text = write_site(evidence(*RECORDS))
    site = load_site(text.encode(), "site.yaml")
    assert [n.cidr for n in site.networks] == ["10.1.0.0/16", "192.168.7.0/24", "fd00:1::/64"]
    assert site.names == ("plant.internal",)
    assert site.resolvers == ("10.1.0.53",)
    assert site.time_servers == ("ntp.plant.internal",)
    assert site.registries == ("10.1.0.8",)
    assert site.mirrors == ("10.1.0.9", "mirror.lan")
    assert {s.path: s.holds for s in site.stores} == {
        "/srv/models": "models",
        "/data": "datasets",
        "/bad\nname: x\u2028y: z": "models",
        "/q\"uote'\\": "models",
    }
    assert site.jurisdiction.home == ""
    assert not site.assumed
    for comment in ('#  - "8.8.8.8"  # Google: outside', '#  - "corp.example"', '#  - "quay.io"'):
        assert comment in text
    assert "#  - cidr: 203.0.113.0/24" in text


def test_a_host_that_shows_nothing_gives_a_file_that_declares_nothing():
    site = load_site(write_site(evidence()).encode(), "site.yaml")
    assert site.networks == ()
    assert site.stores == ()
    assert site.name == "the site of gpu-1"


def test_taking_a_comment_sign_away_declares():
    text = write_site(evidence(resolver("192.0.2.53")))
    assert '#  - "192.0.2.53"' in text
    declared = text.replace('#  - "192.0.2.53"', '  - "192.0.2.53"')
    assert load_site(declared.encode(), "site.yaml").resolvers == ("192.0.2.53",)


@pytest.mark.parametrize("name", ["", "x\nnetworks: [10.0.0.0/8]", "a\u2028b", "\udcff", "#", "🦊"])
def test_a_hostile_host_name_declares_nothing(name):
    site = load_site(write_site(evidence(name=name)).encode(), "site.yaml")
    assert site.networks == ()


def test_text_is_quoted_on_one_line():
    assert quoted('a"b\\\n\x85\u2028🦊\udcff') == '"a\\"b\\\\\\u000a\\u0085\\u2028🦊?"'


@pytest.mark.parametrize("tool", ["", " ", "\t", "\u2028 "])
def test_a_store_whose_tool_has_a_blank_name_still_gives_a_file_that_loads(tool):
    found = msgspec.structs.replace(store("/srv/models"), tool=tool)
    (declared,) = load_site(write_site(evidence(found)).encode(), "site.yaml").stores
    assert declared.path == "/srv/models"
