"""Reads deployment manifests into the same records as the host collectors, one file a kind."""
