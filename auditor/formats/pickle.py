"""Reads pickles by a machine that runs nothing: protocols 0 to 5, by content."""

from __future__ import annotations

from auditor.formats import ModelFormat
from auditor.formats._pickle_file import BEGINNINGS, inspect, looks_like

FORMAT = ModelFormat(
    title="pickle", recognises=looks_like, inspect=inspect, rank=8, begins=BEGINNINGS
)
