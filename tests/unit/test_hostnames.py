"""Names are compared by labels, addresses by value."""

from ipaddress import ip_address

import pytest

from auditor.hostnames import address_of, ascii_name, is_under


@pytest.mark.parametrize(
    "name, plain",
    [
        ("Corp.Example.", "corp.example"), ("a_b.corp.example", "a_b.corp.example"),
        ("bücher.example", "xn--bcher-kva.example"), ("evil。example", "evil.example"),
        ("x" * 63 + ".example", "x" * 63 + ".example"), ("localhost", "localhost"),
    ],
)  # fmt: skip
def test_a_name_has_one_form(name, plain):
    assert ascii_name(name) == plain


@pytest.mark.parametrize(
    "text",
    [
        "", ".", "a..b", "-a.example", "a-.example", "x" * 64 + ".example", "evil.example#.corp",
        "evil.example/.corp", "u@corp.example", "a b", "a\n.example", "*.corp.example", "a:80",
        "é" * 300, "a." * 200, "\0", "corp.example..",
    ],
)  # fmt: skip
def test_what_a_url_parser_could_read_differently_is_no_name(text):
    assert ascii_name(text) == ""


def test_labels_are_compared_whole():
    assert is_under("a.corp.example", "corp.example")
    assert is_under("corp.example", "corp.example")
    assert not is_under("evilcorp.example", "corp.example")
    assert not is_under("corp.example.evil.example", "corp.example")
    assert not is_under("corp.example", "")


@pytest.mark.parametrize(
    "text, address",
    [
        ("10.0.0.1", "10.0.0.1"), (" [fe80::1%eth0] ", "fe80::1"), ("::ffff:8.8.8.8", "8.8.8.8"),
        ("2001:DB8::1", "2001:db8::1"),
    ],
)  # fmt: skip
def test_addresses_are_read(text, address):
    assert address_of(text) == ip_address(address)


@pytest.mark.parametrize("text", ["127.1", "010.0.0.1", "corp.example", "", "10.0.0.0/8", "1.2.3"])
def test_what_is_no_address_is_none(text):
    assert address_of(text) is None
