"""The report's own words in its languages: both catalogues hold the same keys."""

from __future__ import annotations

from auditor.report._terms import KINDS_ZH, TERMS
from auditor.report._terms_containers import CONTAINER_KINDS_ZH, CONTAINER_TERMS
from auditor.report._terms_models import MODEL_KINDS_ZH, MODEL_TERMS
from auditor.report._terms_traffic import TRAFFIC_KINDS_ZH, TRAFFIC_TERMS
from auditor.report._terms_volumes import VOLUME_KINDS_ZH, VOLUME_TERMS
from auditor.report._words_en import EN
from auditor.report._words_zh import ZH

LANGUAGES = {"en": "en", "zh": "zh-CN"}
_PAIRS = TERMS | VOLUME_TERMS | CONTAINER_TERMS | MODEL_TERMS | TRAFFIC_TERMS
CATALOGUES = {
    "en": EN | {key: pair[0] for key, pair in _PAIRS.items()},
    "zh": ZH | {key: pair[1] for key, pair in _PAIRS.items()},
}
_KINDS_ZH = KINDS_ZH | VOLUME_KINDS_ZH | CONTAINER_KINDS_ZH | MODEL_KINDS_ZH | TRAFFIC_KINDS_ZH


class Words:
    """The words of one language: `words("key", n=3)`; an unknown key is a `KeyError`."""

    def __init__(self, language: str) -> None:
        """Choose the language; an unknown one is English."""
        self.language = language if language in CATALOGUES else "en"
        self.tag = LANGUAGES[self.language]
        self._catalogue = CATALOGUES[self.language]

    def __call__(self, key: str, **values: str | int) -> str:
        """Return the words of `key`, its `{placeholders}` filled; numbers get separators."""
        shown = {
            name: f"{value:,}" if isinstance(value, int) else value
            for name, value in values.items()
        }
        return self._catalogue[key].format(**shown)

    def count(self, key: str, n: int, **values: str | int) -> str:
        """Return the words of `key` for `n` things; English has `one|many`."""
        one, _, many = self._catalogue[key].partition("|")
        form = many if many and n != 1 else one
        shown = {
            name: f"{value:,}" if isinstance(value, int) else value
            for name, value in values.items()
        }
        return form.format(n=f"{n:,}", **shown)

    def term(self, family: str, value: str) -> str:
        """Return the word for a value of a vocabulary, or the value where it has none."""
        return self._catalogue.get(f"{family}.{value}", value)

    def kind(self, kind: str) -> str:
        """Return the words for a record kind."""
        plain = kind.replace("_", " ")
        return _KINDS_ZH.get(kind, plain) if self.language == "zh" else plain
