"""Whom to trust: only what the file says, for what and as long as it says."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from auditor.errors import KeyFileError
from auditor.seal.keys import SigningKey, allowed_signers_line
from auditor.seal.trust import load_public_keys


def test_pem_openssh_and_allowed_signers_may_be_mixed(key: SigningKey, p256: SigningKey) -> None:
    data = (
        key.public.pem
        + b"\n# a comment\n"
        + f"{p256.public.openssh} station two\n".encode()
        + allowed_signers_line(key.public, "ops@corp.example").encode()
    )
    found = load_public_keys(data, name="given")
    assert [(t.key, t.name) for t in found] == [
        (key.public, "given"),
        (p256.public, "station two"),
        (key.public, "ops@corp.example"),
    ]


@pytest.mark.parametrize(
    ("options", "counts"),
    [
        ("", True),
        ('namespaces="audit-report"', True),
        ('NAMESPACES="git,audit-*"', True),
        ('namespaces="git"', False),
        ('namespaces="*,!audit-report"', False),
        ("cert-authority", False),
        ('cert-authority,namespaces="audit-report"', False),
    ],
)
def test_a_line_for_another_purpose_trusts_nobody(
    key: SigningKey, options: str, counts: bool
) -> None:
    line = f"ops@corp.example {options} {key.public.openssh}".encode()
    if counts:
        assert load_public_keys(line)[0].key == key.public
    else:
        with pytest.raises(KeyFileError, match="no usable public key"):
            load_public_keys(line)


def test_a_quoted_namespace_may_hold_spaces_and_commas(key: SigningKey) -> None:
    line = f'a@corp.example namespaces="my files,audit-report",valid-after="20250101Z" {key.public.openssh}'
    (trusted,) = load_public_keys(line.encode())
    assert trusted.valid_after == datetime(2025, 1, 1, tzinfo=UTC)


def test_a_key_counts_only_within_its_time(key: SigningKey) -> None:
    line = f'a valid-after="20250101Z",valid-before="202601021530Z" {key.public.openssh}'
    (trusted,) = load_public_keys(line.encode())
    assert trusted.objection(datetime(2025, 6, 1, tzinfo=UTC)) == ""
    assert "only after" in trusted.objection(datetime(2024, 12, 31, tzinfo=UTC))
    assert "only before" in trusted.objection(datetime(2026, 1, 2, 15, 31, tzinfo=UTC))
    assert "not known" in trusted.objection(None)


@pytest.mark.parametrize(
    "options",
    [
        'valid-before="20260101"',
        'valid-before="20261301Z"',
        'valid-before="tomorrow"',
        "valid-before",
        "no-touch-required",
        'namespaces="a" valid-before="20260101Z"',
        "namespaces=audit-report",
        ",",
    ],
)
def test_an_option_that_is_not_understood_is_an_error_never_ignored(
    key: SigningKey, options: str
) -> None:
    with pytest.raises(KeyFileError):
        load_public_keys(f"a {options} {key.public.openssh}".encode(), where="signers")


def test_a_private_key_is_no_trust_anchor(key: SigningKey) -> None:
    with pytest.raises(KeyFileError, match="private key"):
        load_public_keys(key.pem())


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"# nothing\n",
        b"hello world",
        b"\xff\xfe",
        b"ssh-ed25519 AAAA",
        b"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA== x",
        b"ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAgQ",
        b"-----BEGIN PUBLIC KEY-----",
        b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----",
        b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----",
        b"x" * (1024 * 1024 + 1),
    ],
)
def test_what_holds_no_usable_key_is_refused(data: bytes) -> None:
    with pytest.raises(KeyFileError):
        load_public_keys(data)


def test_a_damaged_line_is_named_by_its_number(key: SigningKey) -> None:
    data = f"{key.public.openssh}\nssh-ed25519 AAAAdamaged\n".encode()
    with pytest.raises(KeyFileError, match="signers:2"):
        load_public_keys(data, where="signers")


def test_thousands_of_quotes_do_not_hang() -> None:
    with pytest.raises(KeyFileError):
        load_public_keys(b'"a' * 300_000)


@pytest.mark.parametrize("end", ["\u2028", "\x85", "\x0b", "\x0c", "\x1c", "\r"])
def test_a_comment_ends_where_ssh_keygen_ends_it_and_trusts_nobody(
    end: str, key: SigningKey, p256: SigningKey
) -> None:
    data = f"# not yet:{end}{p256.public.openssh}\n{key.public.openssh}\n".encode()
    assert [trusted.key for trusted in load_public_keys(data)] == [key.public]


def test_lines_of_windows_are_lines(key: SigningKey) -> None:
    data = (key.public.pem + key.public.openssh.encode() + b"\n").replace(b"\n", b"\r\n")
    assert [trusted.key for trusted in load_public_keys(data)] == [key.public, key.public]


def test_of_two_ends_of_validity_none_is_chosen(key: SigningKey) -> None:
    options = 'valid-before="20200101Z",valid-before="20990101Z"'
    with pytest.raises(KeyFileError, match="twice"):
        load_public_keys(f"ops {options} {key.public.openssh}".encode())
