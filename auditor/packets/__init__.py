"""Reads captures into flows, names and gaps: streaming, exact, every packet counted."""
