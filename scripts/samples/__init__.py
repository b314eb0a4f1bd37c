"""Builds the recorded hosts of `samples/hosts` from descriptions of machines that never were."""
