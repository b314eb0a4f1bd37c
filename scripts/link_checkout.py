"""Makes this checkout importable in its own virtual environment, and `audit` a command there.

An editable install would need a build backend and an unhashed requirement; a `.pth` file and
six lines of script need neither.
"""

from __future__ import annotations

import sys
import sysconfig
from pathlib import Path

SCRIPT = """#!{python}
from auditor.__main__ import main

main()
"""


def link(checkout: Path) -> None:
    """Write the `.pth` file and the `audit` script of the running interpreter's environment."""
    packages = Path(sysconfig.get_path("purelib"))
    (packages / "auditor-checkout.pth").write_text(f"{checkout}\n", encoding="utf-8")
    script = Path(sysconfig.get_path("scripts")) / "audit"
    script.write_text(SCRIPT.format(python=sys.executable), encoding="utf-8")
    script.chmod(0o755)


if __name__ == "__main__":
    link(Path(__file__).resolve().parent.parent)
