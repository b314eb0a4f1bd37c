"""Real storage stacks on a kernel of its own, judged as root and as a user beside their peers."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
import table
import uml
import verdicts

pytestmark = [pytest.mark.lab, pytest.mark.slow]
# Set to keep what was recorded: `LAB_KEEP=1 make test-lab` renews recordings and page.
KEEP = bool(os.environ.get("LAB_KEEP"))


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("lab")
    try:
        return uml.run(uml.find(folder / "kernel"), folder)
    except uml.Unavailable as reason:
        pytest.skip(str(reason))


def test_at_least_as_many_stacks_as_were_ever_recorded(results: Path) -> None:
    built = {stack.name for stack in verdicts.stacks(results)}
    recorded = {stack.name for stack in verdicts.stacks(table.RECORDINGS)}
    assert len(built) >= 25
    assert recorded - built == set()


@pytest.mark.parametrize("uid", verdicts.USERS)
def test_no_verdict_is_better_than_the_truth(results: Path, uid: int) -> None:
    judged = verdicts.judged(results, uid)
    wrong = {
        stack.name: judged[stack.name]
        for stack in verdicts.stacks(results)
        if judged[stack.name].encryption not in verdicts.allowed(stack, uid)
    }
    assert wrong == {}


def test_the_page_can_be_written(results: Path) -> None:
    assert "| stack |" in table.page(results)
    if KEEP:
        shutil.rmtree(table.RECORDINGS, ignore_errors=True)
        verdicts.keep(results, table.RECORDINGS)
        table.PAGE.write_text(table.page(table.RECORDINGS), encoding="utf-8")
