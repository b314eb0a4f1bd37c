"""What is found by listing, and what is refused."""

from __future__ import annotations

import pytest

from auditor import collect, listing
from auditor.collect import Collector


def test_helpers_are_not_listed() -> None:
    names = listing.public_modules(collect.__path__)
    assert "sockets" in names
    assert list(names) == sorted(names)
    assert not [name for name in names if name.startswith("_")]


def test_a_module_without_its_constant_is_refused() -> None:
    with pytest.raises(TypeError, match="COLLECTOR is not a Collector"):
        listing.constant_of("auditor.errors", "COLLECTOR", Collector)


def test_a_constant_of_another_type_is_refused() -> None:
    with pytest.raises(TypeError, match="is not a str"):
        listing.constant_of("auditor.collect.sockets", "COLLECTOR", str)
