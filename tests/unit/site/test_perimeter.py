"""The perimeter holds what is declared and what cannot leave, and nothing else."""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from random import Random

import pytest

from auditor.evidence.site import ASSUMED_SITE, EgressException, Network, Site
from auditor.site import excepted, is_inside_name, listed, matches, zone_of

SITE = Site(
    networks=(
        Network(cidr="10.0.0.0/8", zone="wide"),
        Network(cidr="10.1.0.0/16", zone="narrow"),
        Network(cidr="2001:db8::/32", zone="six"),
    ),
    names=("corp.example", "bücher.example"),
)


def zone(address, site=SITE):
    network = zone_of(site, address)
    return network.zone if network else None


@pytest.mark.parametrize(
    "address, expected",
    [
        ("10.1.2.3", "narrow"), ("10.2.0.1", "wide"), ("2001:db8::5", "six"),
        ("::ffff:10.1.0.1", "narrow"), ("127.0.0.1", "this host"), ("127.255.0.1", "this host"),
        ("::1", "this host"), ("0.0.0.0", "this host"), ("::", "this host"),
        ("169.254.3.4", "link-local"), ("fe80::1%eth0", "link-local"),
        ("224.0.0.251", "link-local"), ("ff02::fb", "link-local"),
        ("255.255.255.255", "link-local"),
    ],
)  # fmt: skip
def test_inside(address, expected):
    assert zone(address) == expected


@pytest.mark.parametrize(
    "address",
    [
        "8.8.8.8", "192.168.1.1", "172.16.0.1", "11.0.0.1", "2001:db9::1", "fc00::1", "100.64.0.1",
        "239.1.1.1", "ff05::1", "::ffff:8.8.8.8", "64:ff9b::a01:1", "0.0.0.1", "corp.example", "",
        "10.1", "0x0a010001",
    ],
)  # fmt: skip
def test_outside(address):
    assert zone(address) is None


@pytest.mark.parametrize("address", ["169.254.169.254", "fd00:ec2::254", "100.100.100.200"])
def test_the_metadata_of_a_cloud_is_outside_unless_declared_by_itself(address):
    wide = Site(networks=(Network(cidr="100.64.0.0/10"), Network(cidr="169.254.0.0/16")))
    assert zone(address, ASSUMED_SITE) is None
    assert zone(address, wide) is None
    length = 128 if ":" in address else 32
    assert zone(address, Site(networks=(Network(cidr=f"{address}/{length}"),))) == "inside"


def test_a_declared_zone_wins_over_what_is_local_by_nature():
    site = Site(networks=(Network(cidr="169.254.7.0/24", zone="bmc"),))
    assert zone("169.254.7.1", site) == "bmc"
    assert zone("169.254.8.1", site) == "link-local"


def test_the_longest_prefix_wins_whatever_the_order_of_the_networks():
    rng = Random(7)
    for _site in range(20):
        texts = [_network(rng) for _network_of_site in range(40)]
        site = Site(networks=tuple(Network(cidr=text, zone=text) for text in texts))
        for _address in range(50):
            address = _address_near(rng, texts)
            holding = [text for text in texts if ip_address(address) in ip_network(text)]
            longest = max(holding, key=lambda text: ip_network(text).prefixlen, default=None)
            found = zone_of(site, address)
            assert (found and found.zone) == longest, (address, texts)


def _network(rng):
    """Return a network of public addresses, one of few so that they lie in one another."""
    few = rng.getrandbits(4), rng.getrandbits(2)
    address, prefixes = rng.choice(
        (
            (IPv4Address(0x08000000 | few[0] << 20 | few[1]), (8, 12, 16, 20, 30, 32)),
            (IPv6Address(0x2600 << 112 | few[0] << 64 | few[1]), (16, 48, 60, 64, 127, 128)),
        )
    )
    return str(ip_network(f"{address}/{rng.choice(prefixes)}", strict=False))


def _address_near(rng, texts):
    """Return an address in one of the networks, or beside it."""
    network = ip_network(rng.choice(texts))
    first = int(network.network_address) + rng.choice((-1, 0, 1, network.num_addresses))
    return str(type(network.network_address)(max(first, 1 << 24)))


def test_a_network_that_cannot_be_read_holds_nothing():
    assert zone("10.0.0.1", Site(networks=(Network(cidr="ten"),))) is None


@pytest.mark.parametrize(
    "name",
    ["corp.example", "A.Corp.Example.", "localhost", "x.localhost", "shop.xn--bcher-kva.example"],
)
def test_names_inside(name):
    assert is_inside_name(SITE, name)


@pytest.mark.parametrize(
    "name",
    [
        "evilcorp.example", "corp.example.evil.example", "evil.example#.corp.example",
        "corp", "", "u@corp.example", "localhost.evil.example", "example", "10.1.0.1",
    ],
)  # fmt: skip
def test_names_outside(name):
    assert not is_inside_name(SITE, name)


@pytest.mark.parametrize(
    "pattern, target",
    [
        ("reg.example", "REG.example."), (".reg.example", "a.reg.example"),
        ("10.1.0.0/16", "10.1.2.3"), ("10.1.2.3", "10.1.2.3"), ("2001:db8::/32", "[2001:db8::1]"),
    ],
)  # fmt: skip
def test_an_entry_names(pattern, target):
    assert matches(pattern, target)
    assert listed(("other.example", pattern), target)


@pytest.mark.parametrize(
    "pattern, target",
    [
        ("reg.example", "a.reg.example"), (".reg.example", "reg.example"),
        (".reg.example", "evilreg.example"), ("10.1.0.0/16", "10.2.0.1"), ("10.0.0.0/8", "::1"),
        ("", ""), (".", "a"), ("reg.example", ""),
    ],
)  # fmt: skip
def test_an_entry_does_not_name(pattern, target):
    assert not matches(pattern, target)
    assert not listed((pattern,), target)


EXCEPTION = EgressException(
    destination=".partner.example", port=443, owner="ops", reason="updates", expires="2026-12-31"
)


def exception(target="a.partner.example", port=443, at="2026-06-01T00:00:00Z", of=EXCEPTION):
    return excepted(Site(exceptions=(of,)), target, port, at)


def test_an_exception_holds_through_its_last_day():
    assert exception(at="2026-12-31T23:59:59Z") == EXCEPTION
    assert exception(at="2026-12-31") == EXCEPTION


def test_an_expired_exception_excepts_nothing():
    assert exception(at="2027-01-01T00:00:00Z") is None


@pytest.mark.parametrize("expires", ["", "never", "2026-13-01", "31.12.2026"])
def test_an_exception_without_a_date_excepts_nothing(expires):
    broken = EgressException(
        destination=".partner.example", owner="ops", reason="r", expires=expires
    )
    assert exception(of=broken) is None


def test_a_time_that_cannot_be_read_finds_no_exception():
    assert exception(at="") is None
    assert exception(at="yesterday") is None


def test_an_exception_holds_for_its_port_alone():
    assert exception(port=80) is None
    assert exception(port=0) is None


def test_an_exception_without_a_port_holds_for_all():
    every = EgressException(
        destination="192.0.2.0/24", owner="ops", reason="r", expires="2026-12-31"
    )
    assert exception("192.0.2.7", port=0, of=every) == every
    assert exception("198.51.100.7", port=0, of=every) is None
