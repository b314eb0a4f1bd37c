"""Finds the policies and templates, in the installed wheel or in a checkout."""

from __future__ import annotations

from pathlib import Path

from auditor.errors import AuditError


def folder(name: str) -> Path:
    """Return the folder `policies` or `templates` that belongs to this copy of the toolkit.

    A wheel carries them under `auditor/_data`; a checkout (also an editable install, whose
    files pip copies elsewhere) has them beside the package.
    """
    package = Path(__file__).absolute().parent
    checkout = package.parent
    if (checkout / "pyproject.toml").is_file() and (checkout / name).is_dir():
        return checkout / name
    packaged = package / "_data" / name
    if packaged.is_dir():
        return packaged
    raise AuditError(
        f"the toolkit's own folder '{name}' is missing",
        where=str(packaged),
        hint="The installation is incomplete: install the wheel again",
    )
