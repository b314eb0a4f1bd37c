"""The schema describes what the reader takes."""

import json
from pathlib import Path

import jsonschema_rs
import pytest

from auditor.site import load_site, site_schema
from auditor.yamldoc import load

SCHEMA = jsonschema_rs.validator_for(json.loads(site_schema()))

GOOD = """\
networks: [10.0.0.0/8, {cidr: 10.1.0.0/16, zone: a}]
names:
stores: [/srv, {path: /data, holds: logs}]
exceptions: [{destination: a.example, port: 1, owner: o, reason: r, expires: '2026-01-01'}]
jurisdiction: {home: DE}
"""


def test_what_the_reader_takes_the_schema_takes():
    load_site(GOOD.encode(), "site.yaml")
    assert SCHEMA.is_valid(load(GOOD.encode(), where="site.yaml").plain())


@pytest.mark.parametrize(
    "document",
    [
        {"netwroks": []}, {"assumed": True}, {"networks": [{"zone": "a"}]}, {"names": "a"},
        {"exceptions": [{"destination": "a"}]}, {"stores": [{"path": "relative"}]},
        {"jurisdiction": {"allowed": ["Germany"]}},
    ],
)  # fmt: skip
def test_mistakes_break_the_schema(document):
    assert not SCHEMA.is_valid(document)


def test_the_written_schema_is_the_current_one():
    written = Path(__file__).parents[3] / "docs" / "schema" / "site-1.json"
    assert written.read_bytes() == site_schema()


def test_the_schema_is_always_the_same_bytes():
    assert site_schema() == site_schema()
    assert site_schema().endswith(b"}\n")
