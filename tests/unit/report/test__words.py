"""Both languages say everything, and every word that the report uses is there."""

from __future__ import annotations

import re
import string
from typing import get_args

import pytest

from auditor.data import folder
from auditor.evidence import GapReason, derived, host
from auditor.evidence.site import StorePurpose
from auditor.policy.findings import SEVERITIES, VERDICTS
from auditor.report._controls import STATES
from auditor.report._html_destinations import STANDINGS
from auditor.report._text import DEFAULT_LIMIT, visible
from auditor.report._words import CATALOGUES, Words

EN, ZH = CATALOGUES["en"], CATALOGUES["zh"]


def placeholders(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name}


def test_both_catalogues_have_the_same_keys():
    assert EN.keys() == ZH.keys()


@pytest.mark.parametrize("key", sorted(EN))
def test_both_languages_fill_in_the_same(key):
    assert placeholders(EN[key]) == placeholders(ZH[key])
    assert "|" not in ZH[key]
    for form in (EN[key].split("|")[-1], ZH[key]):
        assert placeholders(form) == placeholders(EN[key])
    for sentence in (*EN[key].split("|"), ZH[key]):
        assert sentence
        assert visible(sentence) == sentence
        assert len(sentence) < DEFAULT_LIMIT - 50, "longer sentences would be cut"


def test_chinese_is_chinese():
    same = {key for key in EN if EN[key] == ZH[key]}
    assert same == {"times", "device.gpu", "device.npu", "col.tls"}


def uses(pattern: str) -> set[str]:
    found = set()
    for path in sorted(folder("templates").glob("report*.j2")):
        found |= set(re.findall(pattern, path.read_text(encoding="utf-8")))
    return found


def test_every_word_of_the_templates_is_in_the_catalogue():
    single = uses(r"""\bt\(["']([a-z_.]+)["'](?! ~)""")
    counted = uses(r"""\bt\.count\(["']([a-z_.]+)["']""")
    assert len(single) > 100
    assert single | counted <= EN.keys()
    assert not {key for key in single if "|" in EN[key]}, "a plural without a number"
    begun = uses(r"""\bt\(["']([a-z_.]+\.)["'] ~""")
    assert all(any(key.startswith(prefix) for key in EN) for prefix in begun)


def values(record: type, field: str) -> set[str]:
    kind = record.__annotations__[field]
    text = kind if isinstance(kind, str) else str(kind)
    return set(re.findall(r"""["']([a-z-]+)["']""", text))


@pytest.mark.parametrize(
    "family, vocabulary",
    [
        ("verdict", set(VERDICTS)),
        ("severity", set(SEVERITIES)),
        ("reason", set(get_args(GapReason))),
        ("holds", set(get_args(StorePurpose))),
        ("standing", set(STANDINGS)),
        ("control", set(STATES)),
        ("encryption", values(derived.StoreEncryption, "encryption")),
        ("setting", values(derived.ServiceSetting, "state")),
        ("reach", values(derived.ServiceExposure, "reach")),
        ("role", values(host.AiService, "role")),
        ("confidence", values(host.AiService, "confidence")),
        ("device", values(host.Accelerator, "device_type")),
    ],
)
def test_every_value_of_a_vocabulary_has_a_word(family, vocabulary):
    assert len(vocabulary) > 2
    assert {f"{family}.{value}" for value in vocabulary} <= EN.keys()


def test_numbers_decide_the_form_and_are_grouped():
    words = Words("en")
    assert words.count("rules_fail", 1) == "1 fails"
    assert words.count("rules_fail", 1200) == "1,200 fail"
    assert words("of", n=1000, total=2000) == "1,000 of 2,000"
    assert Words("zh").count("rules_fail", 2) == "2 条不通过"


def test_a_missing_word_is_an_error_and_an_unknown_value_is_itself():
    words = Words("en")
    with pytest.raises(KeyError):
        words("no.such.key")
    assert words.term("use", "something-new") == "something-new"
    assert words.kind("store_encryption") == "store encryption"
    assert Words("zh").kind("store_encryption") == "存储加密"
    assert Words("zh").kind("something_new") == "something new"


def test_evidence_in_a_placeholder_is_not_a_format():
    assert Words("en")("approved_by", name="{0.__class__}") == "(approved by {0.__class__})"
