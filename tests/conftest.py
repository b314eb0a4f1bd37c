"""How property tests look for examples: the same ones in every run, or ever new (`make fuzz`)."""

from __future__ import annotations

import gc
import os
import sys
from pathlib import Path

import pytest
from hypothesis import settings

from auditor import api

# Helpers that tests of several folders share are imported by their own names.
sys.path.insert(0, str(Path(__file__).resolve().parent))

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "0"))

# A run that fails must fail again; nothing is written beside the tests, which may be read-only.
settings.register_profile("repeatable", derandomize=True, database=None, deadline=None)
settings.register_profile("fuzz", derandomize=False, database=None, deadline=None, print_blob=True)
settings.load_profile("fuzz" if EXAMPLES else "repeatable")


def pytest_collection_finish() -> None:
    """Leave thousands of collected tests out of every later search for garbage."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)  # as the command has it


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give every property test the number of examples asked for, also where it names its own."""
    if not EXAMPLES:
        return
    for item in items:
        test = getattr(item, "obj", None)
        if getattr(test, "is_hypothesis_test", False):
            test = getattr(test, "__func__", test)
            given = test._hypothesis_internal_use_settings
            test._hypothesis_internal_use_settings = settings(
                given, max_examples=max(EXAMPLES, given.max_examples), derandomize=False
            )


@pytest.fixture(scope="session")
def criteria() -> api.Prepared:
    """Return the shipped packs without profile and waivers, read once for all tests."""
    return api.prepare(api.Criteria())
