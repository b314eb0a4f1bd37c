"""Builds the recorded hosts of `samples/hosts`: the same descriptions give the same bytes."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from auditor import api  # noqa: E402 - found by the line above
from auditor.evidence import Evidence, Site  # noqa: E402
from auditor.host.record import RecordingHost  # noqa: E402
from scripts.samples import (  # noqa: E402
    edge_box,
    leaky_inference,
    locked_down_view,
    sealed_inference,
)
from scripts.samples.memory import Machine, MemoryHost  # noqa: E402

HOSTS = ROOT / "samples" / "hosts"
SITES = ROOT / "samples" / "sites"
RECORDED_AT = "2026-01-15T07:45:00Z"


class Sample(NamedTuple):
    """A machine, the site that it belongs to, and the user who recorded it."""

    machine: Callable[[], Machine]
    site: str = "plant.yaml"
    uid: int = 0
    groups: tuple[int, ...] = ()


SAMPLES = {
    "edge-box": Sample(edge_box.machine, site="line.yaml"),
    "leaky-inference": Sample(leaky_inference.machine),
    "locked-down-view": Sample(
        locked_down_view.machine, uid=locked_down_view.UID, groups=locked_down_view.GROUPS
    ),
    "sealed-inference": Sample(sealed_inference.machine),
}


def host(name: str) -> MemoryHost:
    """Return the machine of a sample, read with the rights of its user."""
    sample = SAMPLES[name]
    return MemoryHost(sample.machine(), uid=sample.uid, groups=sample.groups)


def site(name: str) -> Site:
    """Return the site that a sample belongs to."""
    return api.load_site(SITES / SAMPLES[name].site)


def scan(name: str) -> Evidence:
    """Return the evidence of the machine itself, as a live audit would take it."""
    return api.scan(host(name), site=site(name), at=RECORDED_AT)


def record(name: str, folder: Path) -> None:
    """Write the recording of a sample into `folder`: what the collectors asked, no more."""
    recorder = RecordingHost(host(name))
    api.scan(recorder, site=site(name), at=RECORDED_AT)
    recorder.save(folder, at=RECORDED_AT)


def main() -> None:
    """Build every sample anew in its place."""
    for name in SAMPLES:
        folder = HOSTS / name
        shutil.rmtree(folder, ignore_errors=True)
        record(name, folder)
        print(
            f"{folder.relative_to(ROOT)}: {sum(1 for f in folder.rglob('*') if f.is_file())} files"
        )


if __name__ == "__main__":
    main()
