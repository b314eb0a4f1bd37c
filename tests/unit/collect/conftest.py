"""A folder as a machine, from a dict of paths."""

from __future__ import annotations

from pathlib import Path

import pytest

from auditor.collect import Options, load
from auditor.evidence import Gap
from auditor.host import Unreadable
from auditor.host.tree import TreeHost

PASSWD = "root:x:0:0:root:/root:/bin/bash\nalice:x:1000:1000::/home/alice:/bin/bash\n"


class Refusing:
    """A host that refuses the paths given, as an ordinary user's view would."""

    def __init__(self, host, refused, reason="denied"):
        self._host, self._refused, self._reason = host, tuple(refused), reason

    def __getattr__(self, name):
        method = getattr(self._host, name)
        if name not in {"read", "list", "stat", "readlink"}:
            return method

        def asked(path, **keywords):
            if path.startswith(self._refused):
                raise Unreadable(path, self._reason, "permission denied")
            return method(path, **keywords)

        return asked


@pytest.fixture
def plain_tree(tmp_path):
    """Return `make(files) -> TreeHost`; a value that is a `Path` makes a symbolic link."""

    def make(files):
        root = tmp_path / "root"
        for path, content in {"/etc/passwd": PASSWD, **files}.items():
            target = root / path.lstrip("/")
            target.parent.mkdir(parents=True, exist_ok=True)
            if isinstance(content, Path):
                target.symlink_to(content)
            elif isinstance(content, bytes):
                target.write_bytes(content)
            elif content is not None:
                target.write_text(content, encoding="utf-8")
            else:
                target.unlink(missing_ok=True)
        return TreeHost(root)

    return make


@pytest.fixture
def collected():
    """Return `run(name, host, refused=()) -> (records, gaps)` of one collector."""

    def run(name, host, *, refused=()):
        facts = list(load(name).collect(Refusing(host, refused) if refused else host, Options()))
        gaps = [fact for fact in facts if isinstance(fact, Gap)]
        return [fact for fact in facts if not isinstance(fact, Gap)], gaps

    return run


def pci(address, vendor, device, pci_class, driver="", **attributes):
    """Return a device on the PCI bus, as sysfs has it."""
    folder = f"/sys/bus/pci/devices/{address}"
    files = {
        f"{folder}/vendor": f"{vendor}\n",
        f"{folder}/device": f"{device}\n",
        f"{folder}/class": f"{pci_class}\n",
    }
    if driver:
        files[f"{folder}/driver"] = Path(f"../../../../bus/pci/drivers/{driver}")
    return {**files, **{f"{folder}/{name}": value for name, value in attributes.items()}}


@pytest.fixture
def accelerators(plain_tree, collected):
    """Return what reads the accelerators of a tree of files, and the reasons of its gaps."""

    def read(*parts, **options):
        files = {name: value for part in parts for name, value in part.items()}
        records, gaps = collected("accelerators", plain_tree(files), **options)
        return records, [gap.reason for gap in gaps]

    return read
