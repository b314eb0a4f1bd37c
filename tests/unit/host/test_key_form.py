"""Key files are told by their first line, and reading that far shows no key."""

from __future__ import annotations

import base64

import pytest

from auditor.host._key_form import HEAD, form_of


def openssh(cipher):
    begin = b"openssh-key-v1\0" + len(cipher).to_bytes(4, "big") + cipher + b"\0\0\0\x06bcrypt"
    body = base64.b64encode(begin + bytes(200))
    return b"-----BEGIN OPENSSH PRIVATE KEY-----\n" + body[:70] + b"\n" + body[70:]


@pytest.mark.parametrize(
    ("body", "form"),
    [
        (b"-----BEGIN PRIVATE KEY-----\nMC4CAQ", "open"),
        (b"-----BEGIN EC PRIVATE KEY-----\r\nMHcC", "open"),
        (b"-----BEGIN RSA PRIVATE KEY-----\nMIIE", "open"),
        (b"-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK", "passphrase"),
        (b"-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIIF", "passphrase"),
        (openssh(b"none"), "open"),
        (openssh(b"aes256-ctr"), "passphrase"),
        (b"-----BEGIN OPENSSH PRIVATE KEY-----\n!!!!", "other"),
        (b"-----BEGIN CERTIFICATE-----\nMIID", "public"),
        (b"-----BEGIN PUBLIC KEY-----\nMIID", "public"),
        (b"hunter2\n", "other"),
        (b"\x30\x82\x04\xa4", "other"),
        (b"", "other"),
        (b"-----BEGIN PRIVATE KEY", "other"),
    ],
)
def test_form(body, form):
    assert form_of(body[:HEAD]) == form


def test_a_name_that_only_holds_the_words_is_no_key():
    assert form_of(b"# -----BEGIN PRIVATE KEY-----") == "other"
