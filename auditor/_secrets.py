"""Knows a credential by its shape: published token prefixes, and strings too random to be words."""

from __future__ import annotations

import math
import re
from collections import Counter

# The shapes are the issuers' own, published so that scanners find them.
_SHAPES = re.compile(
    r"\bhf_[A-Za-z0-9]{16,}|\bsk-[A-Za-z0-9_-]{16,}|\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"
    r"|\bgh[pousr]_[A-Za-z0-9]{20,}|\bgithub_pat_[A-Za-z0-9_]{20,}|\bglpat-[A-Za-z0-9_-]{16,}"
    r"|\bxox[a-z]-[A-Za-z0-9-]{10,}|\bnvapi-[A-Za-z0-9_-]{20,}|\bAIza[A-Za-z0-9_-]{30,}"
    r"|\bya29\.[A-Za-z0-9_-]{20,}|\blsv2_[a-z]{2}_[A-Za-z0-9_]{20,}|\bhvs\.[A-Za-z0-9_-]{20,}"
    r"|\beyJ[A-Za-z0-9_-]{6,}\.eyJ[A-Za-z0-9_-]{6,}\.[A-Za-z0-9_-]*"
)
_CANDIDATE = re.compile(r"[A-Za-z0-9+/_=.:@~-]{20,}")
_HEX = re.compile(r"(?<![A-Za-z0-9])[0-9a-fA-F]{32,}(?![A-Za-z0-9])")
_PLACED = re.compile(r"^(?:[a-z0-9+.-]+:/|[./~]|sha\d+:|.*@sha\d+:)")
_SEGMENT = re.compile(r"[A-Za-z0-9+]{20,}={0,2}")
_BASE64 = re.compile(r"[A-Za-z0-9+/]{32,}={0,2}")
_ENOUGH_BITS = 3.7  # a random base-62 string of 20 characters has about 4.1, a name about 3.3


def is_secret_value(value: str) -> bool:
    """Return whether a value holds what looks like a credential."""
    return without_tokens(value, "") != value


def without_tokens(text: str, instead: str) -> str:
    """Return `text` with everything that looks like a credential replaced.

    Paths, URLs and digests after `sha256:` are left: they are evidence, and they look random.
    """
    text = _SHAPES.sub(instead, text)
    return _CANDIDATE.sub(lambda match: _weighed(match[0], instead), text)


def _weighed(candidate: str, instead: str) -> str:
    if _PLACED.match(candidate):
        return candidate
    text = _HEX.sub(lambda match: instead if _mixed(match[0]) else match[0], candidate)
    text = _BASE64.sub(lambda match: instead if _is_random(match[0]) else match[0], text)
    return _SEGMENT.sub(lambda match: instead if _is_random(match[0]) else match[0], text)


def _mixed(digits: str) -> bool:
    return any(c.isdigit() for c in digits) and any(c.isalpha() for c in digits)


def _is_random(text: str) -> bool:
    kinds = (
        any(c.islower() for c in text),
        any(c.isupper() for c in text),
        sum(c.isdigit() for c in text) > 1,
    )
    return all(kinds) and bits_a_character(text) >= _ENOUGH_BITS


def bits_a_character(text: str) -> float:
    """Return the Shannon entropy of a text in bits a character."""
    counts = Counter(text)
    return -sum(n / len(text) * math.log2(n / len(text)) for n in counts.values())
