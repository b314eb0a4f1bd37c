"""Judges evidence by packs of rules: pure."""
