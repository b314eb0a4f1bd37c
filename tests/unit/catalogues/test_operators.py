"""Operators are found by whole labels, the longest suffix first."""

import pytest

from auditor.catalogues import operators as catalogue
from auditor.catalogues.operators import operator_of, operators
from auditor.errors import AuditError
from auditor.hostnames import address_of, ascii_name
from auditor.site.countries import COUNTRIES


@pytest.mark.parametrize(
    "name, suffix",
    [
        ("api.openai.com", "openai.com"), ("OPENAI.COM.", "openai.com"),
        ("x.openai.azure.com", "openai.azure.com"), ("x.azure.com", "azure.com"),
        ("bedrock-runtime.eu-west-1.amazonaws.com", "bedrock-runtime.*.amazonaws.com"),
        ("b.s3.eu-west-1.amazonaws.com", "s3.*.amazonaws.com"),
        ("s3.amazonaws.com", "s3.amazonaws.com"), ("ec2.amazonaws.com", "amazonaws.com"),
        ("us-central1-aiplatform.googleapis.com", "*-aiplatform.googleapis.com"),
        ("aiplatform.googleapis.com", "aiplatform.googleapis.com"),
        ("8.8.8.8", "8.8.8.8"), ("::ffff:8.8.8.8", "8.8.8.8"),
        ("2001:4860:4860:0::8888", "2001:4860:4860::8888"),
    ],
)  # fmt: skip
def test_the_longest_suffix_wins(name, suffix):
    found = operator_of(name)
    assert found is not None
    assert found.suffix == suffix


@pytest.mark.parametrize(
    "name",
    [
        "evilopenai.com", "openai.com.evil.example", "openai.com#.evil.example", "openai", "com",
        "", ".", "8.8.8.8.evil.example", "x.8.8.8.8", "8.8.8.80", "1.1.1", "corp.example",
        "-aiplatform.googleapis.com.evil.example", "*", "u@openai.com",
    ],
)  # fmt: skip
def test_nobody_is_taken_for_another(name):
    assert operator_of(name) is None


def test_a_label_that_only_resembles_the_pattern_is_the_wider_operators():
    found = operator_of("evilaiplatform.googleapis.com")
    assert found is not None
    assert found.suffix == "googleapis.com"


def test_the_catalogue_is_whole():
    entries = operators()
    assert len(entries) >= 200
    suffixes = [entry.suffix for entry in entries]
    assert len(suffixes) == len(set(suffixes))
    for entry in entries:
        assert entry.country in COUNTRIES or entry.country == ""
        assert entry.operator
        probe = entry.suffix.replace("*-", "a-").replace("*", "a")
        assert address_of(probe) is not None or ascii_name(probe) == probe
        assert operator_of(probe) == entry or "*" in entry.suffix


def test_a_damaged_catalogue_is_an_error_that_names_it(tmp_path, monkeypatch):
    (tmp_path / "catalogues").mkdir()
    file = tmp_path / "catalogues" / "operators.csv"
    header = "suffix,operator,country,category,risk,verified,note\n"
    file.write_text(header + "a.example,A,US,nonsense,low,no,\n", encoding="utf-8")
    monkeypatch.setattr(catalogue.data, "folder", lambda name: tmp_path)
    with pytest.raises(AuditError, match=r"operators\.csv"):
        operators()
