"""The version, in a file of its own so that `--version` costs no metadata look-up."""

__version__ = "0.1.0"
