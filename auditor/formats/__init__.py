"""Reads the headers of model files, one file a format: bounded, never executed."""
