"""Addresses in settings: found wherever they stand, and never guessed where two readings differ."""

from __future__ import annotations

import pytest

from auditor.manifests._addresses import find, names_an_address, purpose


def hosts(name, text):
    found = find(name, text)
    return [(a.host, a.port) for a in found.addresses], found.unclear


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        (
            "X",
            "see https://api.openai.com/v1 and http://b.example:81",
            [("api.openai.com", 0), ("b.example", 81)],
        ),
        ("X", '{"url":"https://a.example/x","b":1}', [("a.example", 0)]),
        ("X", "https://user:secret@a.example/", [("a.example", 0)]),
        ("X", "https://[2001:db8::1]:8443/x", [("2001:db8::1", 8443)]),
        ("DB_HOST", "db.partner.example:5432", [("db.partner.example", 5432)]),
        ("DB_HOST", "203.0.113.7", [("203.0.113.7", 0)]),
        ("NODES_ENDPOINTS", "a.example:1,b.example:2", [("a.example", 1), ("b.example", 2)]),
        ("VERSION", "1.2.3", []),
        ("MODEL", "qwen.gguf", []),
        ("OLLAMA_HOST", "0.0.0.0:11434", []),
        ("X", "file:///etc/x pvc://models/a", []),
        ("X", "gs://bucket/x", [("storage.googleapis.com", 0)]),
    ],
)
def test_what_is_found(name, text, expected):
    assert hosts(name, text) == (expected, 0)


@pytest.mark.parametrize(
    "text",
    ["http://$(HOST)/", "https://${REGION}.a.example", "http://{host}/", "http://a.example:port/",
     "http://a.example:99999/", "https://evil.example\\@inside.corp.example/", "http://exa mple/%"[:7]],
)  # fmt: skip
def test_what_is_not_clear_is_said_to_be_so(text):
    assert hosts("X", text)[1] > 0


def test_a_password_is_not_taken_for_a_host():
    found = find("X", "postgres://u:se/cret@db.example/x")
    assert "cret" not in repr(found)


def test_names_of_settings_that_hold_addresses():
    assert all(
        map(
            names_an_address,
            ("OPENAI_BASE_URL", "S3_ENDPOINT", "host", "--api-host", "NODES_ENDPOINTS"),
        )
    )
    assert not any(map(names_an_address, ("GHOST", "CURL", "HOSTED", "REPORT")))


def test_the_operator_decides_what_an_address_is_for():
    assert purpose("X", "api.openai.com") == "api"
    assert purpose("HF_ENDPOINT", "mirror.corp.example") == "model-hub"
    assert purpose("X", "a.example") == "unknown"
