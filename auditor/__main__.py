"""Runs the command: `python -m auditor`, and the script `audit`."""

from __future__ import annotations

import atexit
import gc
import os
import sys

# Python ends with 1 where an import fails, which here would mean that a finding was made.
_BROKEN = 4


def main() -> None:
    """Run the command; where it cannot even be loaded, say so and end with 4."""
    try:
        from auditor.cli import main as run
    except Exception as error:
        if os.environ.get("AUDIT_TRACEBACK"):
            raise
        sys.stderr.write(f"audit: the installation is incomplete: {ascii(str(error))[1:-1]}\n")
        sys.exit(_BROKEN)
    # What lives when the command ends goes with its process: to search it for circles before that
    # takes a tenth of a short command's time.
    atexit.register(gc.freeze)
    run()


if __name__ == "__main__":
    main()
