"""An air-gapped data-sovereignty and compliance auditing toolkit for on-premise AI servers."""

from auditor._version import __version__

__all__ = ["__version__"]
